"""A provider of OpenID Connect on loopback, for tests of signing in with an account elsewhere."""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "stackshare"
CLIENT_SECRET = "not a secret"


class Provider:
    """Discovery, authorize, token with a signed id_token, userinfo, keys. `person` holds the claims of who is there."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.refuses = False
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.codes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.get(self)

            def do_POST(self) -> None:
                provider.post(self)

            def log_message(self, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(timeout=10)

    def answer(self, handler: BaseHTTPRequestHandler, status: int, body: Any, **headers: str) -> None:
        raw = json.dumps(body).encode()
        handler.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(raw)),
            **headers,
        }.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(raw)

    def get(self, handler: BaseHTTPRequestHandler) -> None:
        address = urlsplit(handler.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/.well-known/openid-configuration":
            names = {
                "authorization_endpoint": "authorize",
                "token_endpoint": "token",
                "userinfo_endpoint": "userinfo",
                "jwks_uri": "keys",
            }
            config = {name: f"{self.url}/{path}" for name, path in names.items()}
            self.answer(handler, 200, config | {"issuer": self.url})
        elif address.path == "/authorize":
            back = {"state": query["state"]}
            if self.refuses:
                back["error"] = "access_denied"
            else:
                back["code"] = secrets.token_hex(8)
                self.codes[back["code"]] = query | {"person": dict(self.person)}
            self.answer(handler, 302, {}, Location=f"{query['redirect_uri']}?{urlencode(back)}")
        elif address.path == "/userinfo":
            person = self.tokens.get(handler.headers.get("Authorization", "").removeprefix("Bearer "))
            self.answer(handler, 200 if person else 401, person or {})
        elif address.path == "/keys":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            self.answer(handler, 200, {"keys": [key | {"kid": "1", "use": "sig", "alg": "RS256"}]})
        else:
            self.answer(handler, 404, {})

    def post(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            asked is None
            or form.get("client_secret") != CLIENT_SECRET
            or asked.get("code_challenge") != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            self.answer(handler, 400, {"error": "invalid_grant"})
            return
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "iat": now, "exp": now + 60, **asked["person"]}
        token = secrets.token_hex(8)
        self.tokens[token] = asked["person"]
        id_token = jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"})
        self.answer(handler, 200, {"access_token": token, "token_type": "Bearer", "id_token": id_token})
