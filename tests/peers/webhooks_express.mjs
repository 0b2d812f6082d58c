// An Express receiver that checks both schemes: CodeB's own as its documentation describes it, and npm `standardwebhooks`.
// Input: JSON order {port, secret} on stdin. It serves until it is ended. Its answers say what it found.
import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';
import { Webhook } from 'standardwebhooks';

const order = JSON.parse(await new Response(process.stdin).text());
const app = express();

function isCodeb(raw, headers) {
  const mine = Buffer.from('sha256=' + createHmac('sha256', order.secret).update(raw).digest('hex'));
  return ['x-codeb-signature', 'x-codeb-signature-next'].some((name) => {
    const theirs = Buffer.from(headers[name] ?? '');
    return mine.length === theirs.length && timingSafeEqual(mine, theirs);
  });
}

app.post('/hook', express.raw({ type: '*/*' }), (request, response) => {
  if (!isCodeb(request.body, request.headers)) return response.status(401).send('not codeb');
  try {
    const event = new Webhook(order.secret).verify(request.body, request.headers);
    return response.send(`genuine ${event.event} ${request.headers['x-codeb-event']}`);
  } catch {
    return response.status(401).send('not standard');
  }
});

app.listen(order.port, '127.0.0.1');
