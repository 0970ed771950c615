# SPDX-License-Identifier: EUPL-1.2
"""A real identity provider (provider/provider.mjs), what a person does in a browser there, and a bad mood that can stand between it and the gateway."""
import base64
import contextlib
import html
import http.client
import http.cookiejar
import http.server
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.error
import urllib.parse
import urllib.request

import browser
import harness

MODULES = pathlib.Path(os.environ.get("SLUSS_PORTAL_MODULES", harness.TOP / "gateway" / "portal" / "node_modules"))
REDIRECT = "https://localhost/login/return"


def available():
    return shutil.which("node") is not None and (MODULES / "oidc-provider").is_dir()


@contextlib.contextmanager
def running(port=0):
    """The provider; gives its URL."""
    script = harness.TOP / "tests" / "e2e" / "provider" / "provider.mjs"
    process = subprocess.Popen(["node", script, MODULES, REDIRECT, str(port)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = process.stdout.readline().strip()
        while line and not line.isdigit():
            line = process.stdout.readline().strip()
        assert line, "the provider does not start"
        yield f"http://127.0.0.1:{line}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class Between(http.server.ThreadingHTTPServer):
    """Stands before the provider's token and key endpoints. `mood` is what it does with the next requests: None passes them on; a function gets (path, body, headers)
    and gives (status, body) or None to pass it on."""
    daemon_threads = True

    def __init__(self, target, tls=None):
        self.target = target
        self.mood = None
        self.seen = []  # (path, headers, body) of every request
        super().__init__(("127.0.0.1", 0), BetweenHandler)
        if tls:  # an ssl.SSLContext
            self.socket = tls.wrap_socket(self.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()

    def pass_on(self, method, path, body, headers):
        host = urllib.parse.urlsplit(self.target).netloc
        connection = http.client.HTTPConnection(host, timeout=20)
        try:
            connection.request(method, path, body, {k: v for k, v in headers.items() if k in ("Content-Type", "Authorization")})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


class BetweenHandler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def handle_one(self, method):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
        self.server.seen.append((self.path, dict(self.headers), body))
        answer = self.server.mood(self.path, body, self.headers) if self.server.mood else None
        status, octets = answer or self.server.pass_on(method, self.path, body, self.headers)
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

    def do_GET(self):
        self.handle_one("GET")

    def do_POST(self):
        self.handle_one("POST")


class Forger(Between):
    """A provider with one more key, and no scruples: its tokens are remade as a mood says."""
    KID = "forger"

    def __init__(self, target):
        super().__init__(target)
        self.folder = tempfile.mkdtemp(prefix="sluss-")
        self.key, self.strange = browser.Browser(None, self.folder), browser.Browser(None, self.folder)
        self.forge(None)

    def close(self):
        super().close()
        shutil.rmtree(self.folder)

    def keys(self):
        jwks = json.loads(self.pass_on("GET", "/jwks", None, {})[1])
        x, y = (browser.base64url(half) for half in (self.key.public[1:33], self.key.public[33:]))
        return {"keys": [*jwks["keys"], {"kty": "EC", "crv": "P-256", "kid": self.KID, "x": x, "y": y}]}

    def forge(self, mood):
        """None: tokens as they are. "same": signed anew by the other key, which counts too. Else that, and one thing wrong: "audience", "expired", "nonce", "key" (one that
        nobody vouched for)."""
        changes = {None: {}, "same": {}, "key": {}, "audience": {"aud": "another"}, "expired": {"iat": 1700000000, "exp": 1700000300}, "nonce": {"nonce": "another"}}[mood]

        def answer(path, body, headers):
            if path == "/jwks":
                return answer_json(200, self.keys())
            status, octets = self.pass_on("POST", path, body, headers)
            if mood is None:
                return status, octets
            claims = json.loads(base64.urlsafe_b64decode(json.loads(octets)["id_token"].split(".")[1] + "=="))
            signed = ".".join(browser.base64url(json.dumps(part).encode()) for part in ({"alg": "ES256", "kid": self.KID}, {**claims, **changes}))
            key = self.strange if mood == "key" else self.key
            return answer_json(status, {"id_token": f"{signed}.{browser.base64url(key.sign(signed.encode()))}"})
        self.mood = answer


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def log_in(url, account):
    """What a person does: follows the provider's pages, types `account`, agrees. Gives the query that the provider sends back."""
    opener = urllib.request.build_opener(NoRedirect(), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    form = None
    for _ in range(20):
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with opener.open(urllib.request.Request(url, data), timeout=20) as response:
                page = response.read().decode()
        except urllib.error.HTTPError as answer:
            with answer:
                assert answer.code in (302, 303), (answer.code, answer.read())
                url, form = urllib.parse.urljoin(url, answer.headers["Location"]), None
            if url.startswith(REDIRECT):
                return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))
            continue
        action = html.unescape(re.search(r'<form[^>]*action="([^"]+)"', page).group(1))
        prompt = re.search(r'name="prompt" value="(\w+)"', page).group(1)
        form = {"prompt": prompt, **({"login": account, "password": "x"} if prompt == "login" else {})}
        url = urllib.parse.urljoin(url, action)
    raise AssertionError("the provider sends one from page to page")


class LoginBrowser(browser.Browser):
    """A browser that logs in with a provider."""

    def begin(self, issuer, **changes):
        return self.call("SessionService/Begin", "BeginLoginRequest", {"issuer_id": issuer, "session_key": self.public, "language": "sv", **changes}, "BeginLoginResponse")

    def finish_request(self, login_id, back):
        authority = self.gateway.authority.encode() + b"\0"
        return {"login_id": login_id, "code": back["code"], "state": back["state"],
                "signature": self.sign(b"sluss-login-v1\0", authority, login_id.encode() + b"\0", back["code"].encode())}

    def finish(self, login_id, back, **changes):
        answer = self.call("SessionService/Finish", "FinishLoginRequest", {**self.finish_request(login_id, back), **changes}, "FinishLoginResponse")
        if answer.ok:
            self.session = answer.message["session"]
        return answer

    def go(self, issuer, account):
        """Begin, and what the person does: (login id, what came back)."""
        begun = self.begin(issuer)
        assert begun.ok, (begun.code, begun.text)
        return begun.message["login_id"], log_in(begun.message["authorization_url"], account)

    def log_in(self, issuer, account):
        return self.finish(*self.go(issuer, account))


def issuer_line(url, between, **pairs):
    """One `issuer` setting whose endpoints are the provider's page, and `between`'s token and keys."""
    pairs = {"url": url, "authorize": url + "/auth", "token": between + "/token", "jwks": between + "/jwks", **pairs}
    return "issuer = " + " ".join(f'{k}="{v}"' for k, v in pairs.items() if v is not None) + "\n"


@contextlib.contextmanager
def gateway(lines, secret="s3cret:/+ x", files=None):
    """A running gateway whose settings end with `lines`; keys/idp-secret has the secret, and keys/ the `files` (name: octets)."""
    folder = tempfile.mkdtemp(prefix="sluss-")
    made = None
    try:
        made = harness.Gateway(folder)
        with made.settings.open("a") as file:
            file.write(f"redirect_url = {REDIRECT}\n" + lines)
        (made.state / "keys" / "idp-secret").write_text(secret + "\n")
        (made.state / "keys" / "idp-secret").chmod(0o600)
        for name, octets in (files or {}).items():
            (made.state / "keys" / name).write_bytes(octets)
        yield made.start()
    finally:
        if made:
            made.stop()
        shutil.rmtree(folder, ignore_errors=True)


def pin(birth, number):
    """A personal identity number: birth date, three digits, and the check digit of the last nine."""
    total = 0
    for i, digit in enumerate((birth + number)[2:]):
        value = int(digit) * (2 - i % 2)
        total += value // 10 + value % 10
    return birth + number + str(-total % 10)


def answer_json(status, value):
    return status, json.dumps(value).encode()
