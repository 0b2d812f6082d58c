"""Checks many deliveries with PyPI `standardwebhooks`, and CodeB's own signature as its documentation describes it.

Input: JSON order {secret, deliveries: [{headers, body_base64}]} on stdin. Output: how many are genuine, and how many are still after a change.
"""

import base64
import hashlib
import hmac
import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

order = json.load(sys.stdin)
webhook = Webhook(order["secret"])


def is_genuine(headers, body):
    mine = "sha256=" + hmac.new(order["secret"].encode(), body, hashlib.sha256).hexdigest()
    try:
        webhook.verify(body, headers)
    except WebhookVerificationError:
        return False
    return hmac.compare_digest(mine, headers["X-CodeB-Signature"])


genuine = forged = 0
for delivery in order["deliveries"]:
    body = base64.b64decode(delivery["body_base64"])
    genuine += is_genuine(delivery["headers"], body)
    forged += is_genuine(delivery["headers"], body + b" ")
print(json.dumps([genuine, forged]))
