"""A client made of PyPI `authlib`. Input: JSON order on stdin. Output: JSON of what it saw."""

import json
import sys

import requests
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

order = json.load(sys.stdin)
about = requests.get(order["issuer"] + "/.well-known/openid-configuration", timeout=10).json()
keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=10).json())

session = OAuth2Session(order["client_id"], scope="openid", token_endpoint_auth_method="none")
token = session.fetch_token(about["token_endpoint"], username=order["username"], password=order["password"], grant_type="password")
claims = jwt.decode(token["id_token"], keys, algorithms=["RS256"]).claims
print(json.dumps({"password": {"expires_in": token["expires_in"], "sub": claims["sub"]}}))
