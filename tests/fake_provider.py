"""An OpenID Connect provider of a test's own on 127.0.0.1, which tells what the test wants."""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET, KEY_ID = "parley", "a secret of the two", "key-1"


class Provider:
    """`person` is what it says of whoever signs in; `claims` and `key` can be made wrong."""

    def __init__(self):
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.signing_key = self.key
        self.person = {"sub": "4711", "email": "ann@example.org", "email_verified": True}
        self.claims, self.told_otherwise, self.with_token = {}, {}, True
        self.asked, self.challenges = [], {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def sign_in(self, address):
        """What the person's browser brings back from there: the query with code and state."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert asked["client_id"] == CLIENT
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        self.challenges["the-code"] = asked["code_challenge"]
        return {"code": "the-code", "state": asked["state"]}

    def _handler(provider):  # noqa: N805 - the handler's own name is self
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args):
                pass

            def do_GET(self):  # noqa: N802 - as the library calls it
                provider.asked.append(self.path)
                if self.path.startswith("/authorize?"):
                    self._send_back()
                else:
                    self._answer(200, provider.told(self.path))

            def _send_back(self):
                """As somebody who is signed in there and agrees at once."""
                asked = parse_qs(urlsplit(self.path).query)
                brought = urlencode(provider.sign_in(self.path))
                self.send_response(302)
                self.send_header("Location", f"{asked['redirect_uri'][0]}?{brought}")
                self.end_headers()

            def do_POST(self):  # noqa: N802
                provider.asked.append(self.path)
                length = int(self.headers["Content-Length"])
                typed = parse_qs(self.rfile.read(length).decode())
                told = provider.token({name: values[0] for name, values in typed.items()})
                self._answer(200 if told else 400, told or {"error": "invalid_grant"})

            def _answer(self, status, told):
                body = json.dumps(told).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler

    def told(self, path):
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/person",
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        if path == "/keys":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return {"keys": [key | {"kid": KEY_ID, "alg": "RS256", "use": "sig"}]}
        return self.person | self.told_otherwise

    def token(self, typed):
        """A code is good once, for the site with the secret that began with its verifier."""
        challenge = self.challenges.pop(typed.get("code"), None)
        digest = hashlib.sha256(typed.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if typed.get("client_secret") != SECRET or challenge != proof:
            return None
        told = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}
        return told | ({"id_token": self._id_token()} if self.with_token else {})

    def _id_token(self):
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "sub": self.person["sub"], "iat": now}
        claims |= {"exp": now + 60} | self.claims
        return jwt.encode(claims, self.signing_key, "RS256", headers={"kid": KEY_ID})
