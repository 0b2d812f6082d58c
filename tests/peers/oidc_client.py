"""A client made of PyPI `authlib`. Input: JSON order on stdin. Output: JSON of what it saw."""

import html
import json
import os
import re
import sys
from urllib.parse import urljoin

# The library refuses plain HTTP otherwise; here everything is on this machine.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.jwk import KeySet

order = json.load(sys.stdin)
about = requests.get(order["issuer"] + "/.well-known/openid-configuration", timeout=10).json()
keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=10).json())


def sign_in(browser, url):
    """A browser without JavaScript: goes to the page, fills in the form, says where it was sent."""
    page = browser.get(url, timeout=10).text
    action = html.unescape(re.search(r'<form method="post" action="([^"]*)"', page)[1])
    request = html.unescape(re.search(r'name="request" value="([^"]*)"', page)[1])
    form = {"request": request, "username": order["username"], "password": order["password"]}
    return browser.post(urljoin(url, action), data=form, allow_redirects=False, timeout=10).headers["location"]


def checked(token, client_id, nonce=None):
    """The claims of an identity token: signature, issuer, audience, time, nonce."""
    claims = jwt.decode(token, keys, algorithms=["RS256"]).claims
    expected = {"iss": {"essential": True, "value": order["issuer"]}, "aud": {"essential": True, "value": client_id}}
    if nonce:
        expected["nonce"] = {"essential": True, "value": nonce}
    jwt.JWTClaimsRegistry(**expected).validate(claims)
    return claims


def with_code(client_id, secret, proof):
    session = OAuth2Session(
        client_id,
        secret,
        scope="openid profile email offline_access",
        redirect_uri=order["redirect_uri"],
        code_challenge_method="S256",
        token_endpoint_auth_method=proof,
    )
    verifier, nonce = generate_token(48), generate_token(16)
    url, state = session.create_authorization_url(about["authorization_endpoint"], code_verifier=verifier, nonce=nonce)
    location = sign_in(requests.Session(), url)
    token = session.fetch_token(about["token_endpoint"], authorization_response=location, code_verifier=verifier, state=state)
    claims = checked(token["id_token"], client_id, nonce)
    info = session.get(about["userinfo_endpoint"], timeout=10).json()
    fresh = session.refresh_token(about["token_endpoint"], refresh_token=token["refresh_token"])
    seen = {"sub": claims["sub"], "email": info["email"], "refreshed": checked(fresh["id_token"], client_id)["sub"] == claims["sub"]}
    seen["revoked"] = session.revoke_token(about["revocation_endpoint"], token=fresh["refresh_token"]).status_code
    try:
        session.refresh_token(about["token_endpoint"], refresh_token=fresh["refresh_token"])
    except OAuthError as error:
        seen["refreshAfterwards"] = error.error
    return seen


def with_password():
    session = OAuth2Session("codeb-admin", scope="openid", token_endpoint_auth_method="none")
    token = session.fetch_token(
        about["token_endpoint"], username=order["username"], password=order["password"], grant_type="password"
    )
    return {"expires_in": token["expires_in"], "sub": checked(token["id_token"], "codeb-admin")["sub"]}


confidential = order["confidential"]
print(
    json.dumps(
        {
            "password": with_password(),
            "public": with_code(order["public"]["id"], None, "none"),
            "post": with_code(confidential["id"], confidential["secret"], "client_secret_post"),
            "basic": with_code(confidential["id"], confidential["secret"], "client_secret_basic"),
        }
    )
)
