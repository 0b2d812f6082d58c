"""A Flask receiver that checks both schemes: CodeB's own as its documentation describes it, and PyPI `standardwebhooks`.

Input: JSON order {port, secret} on stdin. It serves until it is ended. Its answers say what it found.
"""

import hashlib
import hmac
import json
import logging
import sys

from flask import Flask, request
from standardwebhooks import Webhook, WebhookVerificationError

order = json.load(sys.stdin)
app = Flask(__name__)
logging.getLogger("werkzeug").disabled = True


@app.post("/hook")
def hook():
    body = request.get_data()
    mine = "sha256=" + hmac.new(order["secret"].encode(), body, hashlib.sha256).hexdigest()
    theirs = [request.headers.get(name, "") for name in ("X-CodeB-Signature", "X-CodeB-Signature-Next")]
    if not any(hmac.compare_digest(mine, signature) for signature in theirs):
        return "not codeb", 401
    try:
        event = Webhook(order["secret"]).verify(body, dict(request.headers))
    except WebhookVerificationError:
        return "not standard", 401
    return f"genuine {event['event']} {request.headers['X-CodeB-Event']}", 200


app.run(host="127.0.0.1", port=order["port"])
