# SPDX-License-Identifier: EUPL-1.2
"""Those outside whom the gateway asks, on loopback: witnesses of the log (tlog-witness, judged by tests/client/witness_once.c) and a time-stamping authority (RFC 3161, made
of `openssl ts`). Each can be told to be away, or to answer wrongly."""
import contextlib
import http.server
import pathlib
import ssl
import subprocess
import threading

import harness

WITNESS_ONCE = harness.BUILD / "tests" / "client" / "witness_once"


class Server:
    """An HTTP server with one handler for POST; `away` answers 503, `asked` counts."""

    def __init__(self, tls=None):
        self.away = False
        self.asked = 0
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:
                    outer.asked += 1
                    status, content_type, answer = (503, "text/plain", b"") if outer.away else outer.answer(self.path, self.headers, body)
                with contextlib.suppress(OSError):  # the courier may have been killed
                    self.reply(status, content_type, answer)

            def reply(self, status, content_type, answer):
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:  # an ssl.SSLContext
            self.http.socket = tls.wrap_socket(self.http.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.http.server_port}"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


class TlsAuthority:
    """Certificates for servers, made with openssl."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.name = name
        self.ca = self.folder / f"{name}.pem"
        self.openssl("req", "-x509", *self.key(name), "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def key(self, name):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"

    def server(self, name, alternative):
        """An ssl.SSLContext with a certificate for `alternative` ("IP:127.0.0.1")."""
        self.openssl("req", *self.key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / f"{name}.ext").write_text(f"subjectAltName={alternative}\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{self.name}.pem", "-CAkey", f"{self.name}.key", "-CAcreateserial", "-days", "2", "-extfile", f"{name}.ext",
                     "-out", f"{name}.crt")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / f"{name}.crt", self.folder / f"{name}.key")
        return context


class Witness(Server):
    """A witness of one log; `log_key` is set when the log exists."""

    def __init__(self, folder, name, number, tls=None):
        super().__init__(tls)
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.name = name
        self.seed = f"{number:064x}"
        self.log_key = None
        self.key = subprocess.run([WITNESS_ONCE, "key", name, self.seed], check=True, capture_output=True, text=True).stdout.strip()
        self.setting = f"witness = {self.key} {self.url}/w"

    def answer(self, path, _, body):
        assert path == "/w/add-checkpoint", path
        done = subprocess.run([WITNESS_ONCE, self.folder, self.name, self.seed, self.log_key], input=body, check=True, capture_output=True)
        status, content_type, _, rest = done.stdout.split(b"\n", 3)
        return int(status), content_type.decode(), rest


class TimestampAuthority(Server):
    """`openssl ts` behind HTTP. `lie` is what it does wrong: None, "imprint" (dates something else), "nonce" (answers another query for the same), "signer" (another authority signs)."""

    CONFIG = "[ts]\nsigner_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\nserial = serial\naccuracy = secs:1\ness_cert_id_alg = sha256\n"

    def __init__(self, folder, tls=None):
        super().__init__(tls)
        self.folder = pathlib.Path(folder) / "tsa"
        self.folder.mkdir()
        self.lie = None
        (self.folder / "ts.conf").write_text(self.CONFIG)
        (self.folder / "serial").write_text("01\n")
        for name in ("tsa", "other"):
            self.make(name)
        self.ca = self.folder / "tsa-ca.pem"

    def openssl(self, *arguments):
        return subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, check=True, capture_output=True).stdout

    def make(self, name):
        key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        self.openssl("req", "-x509", *key, "-keyout", f"{name}-ca.key", "-out", f"{name}-ca.pem", "-subj", f"/CN={name}-ca", "-days", "2")
        self.openssl("req", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={name}")
        (self.folder / "ext").write_text("extendedKeyUsage=critical,timeStamping\n")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{name}-ca.pem", "-CAkey", f"{name}-ca.key", "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", f"{name}.pem")

    def answer(self, _, headers, body):
        assert headers["Content-Type"] == "application/timestamp-query"
        (self.folder / "query").write_bytes(body)
        if self.lie == "imprint":
            self.openssl("ts", "-query", "-digest", "00" * 32, "-sha256", "-cert", "-out", "query")
        if self.lie == "nonce":
            imprint = body[body.index(b"\x04\x20") + 2:][:32]  # the only OCTET STRING of 32 octets
            self.openssl("ts", "-query", "-digest", imprint.hex(), "-sha256", "-cert", "-out", "query")
        signer = "other" if self.lie == "signer" else "tsa"
        self.openssl("ts", "-reply", "-config", "ts.conf", "-section", "ts", "-queryfile", "query", "-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-out", "reply")
        return 200, "application/timestamp-reply", (self.folder / "reply").read_bytes()
