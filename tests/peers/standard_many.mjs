// Checks many deliveries with npm `standardwebhooks`, and CodeB's own signature as its documentation describes it.
//
// Input: JSON order {secret, deliveries: [{headers, body_base64}]} on stdin. Output: how many are genuine, and how many are still after a change.

import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';

const order = JSON.parse(readFileSync(0, 'utf8'));
const webhook = new Webhook(order.secret);

function isGenuine(headers, body) {
  const mine = 'sha256=' + createHmac('sha256', order.secret).update(body).digest('hex');
  try {
    webhook.verify(body, headers);
  } catch {
    return false;
  }
  return mine === headers['X-CodeB-Signature'];
}

const found = [0, 0];
for (const { headers, body_base64 } of order.deliveries) {
  const body = Buffer.from(body_base64, 'base64');
  found[0] += isGenuine(headers, body);
  found[1] += isGenuine(headers, Buffer.concat([body, Buffer.from(' ')]));
}
console.log(JSON.stringify(found));
