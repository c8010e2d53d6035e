"""Issuing and verifying as it is done here, at the addresses that the W3C's test suites ask: for those suites only.

    python benchmarks/judges/adapter.py [--port 40443] [--refuse]

Answers POST /credentials/issue and /credentials/verify (the part of VC API that vc-di-eddsa-test-suite and
vc-data-model-2.0-test-suite use) over TLS with a certificate made at the start, on 127.0.0.1. What is issued here says what a certificate says:
an issuer that is handed a credential answers with one of its own, and with `--refuse` refuses everything but its own shape. In a checkout
of a suite `localConfig.cjs` names this address as issuer and verifier with the tags `eddsa-rdfc-2022` and `vc2.0`.
"""

from __future__ import annotations

import argparse
import json
import ssl
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

import _issued  # noqa: E402 - the certificates of the benchmarks

from trainhub.certificates import documents, tasks  # noqa: E402
from trainhub.certificates.openbadges import Badge, signed, verified  # noqa: E402
from trainhub.certificates.signers import SeedSigner, Trust, multikey  # noqa: E402

SIGNER = SeedSigner(b"benchmark benchmark benchmark 32")
ISSUER = f"did:key:{multikey(SIGNER.public)}"
"""The suites look keys up by did:key; the platform publishes its own by did:web. Nothing else differs."""


class Refuses(Exception):
    """The answer is 400 with this reason."""


def certificate() -> Badge:
    """What one certificate says that was really issued, in an instance that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder, _issued.instance(Path(folder)) as issuer_id:
        return documents.badge_of(_issued.issue(issuer_id, 1)[0], tasks.maker(), is_public=False)


def issue(body: Mapping[str, Any], *, badge: Badge, refuses: bool) -> dict[str, Any]:
    """A credential of this project: nobody can have one of another shape issued here."""
    asked = body.get("credential")
    if refuses and (not isinstance(asked, Mapping) or Badge.read(asked) is None):
        raise Refuses("only certificates are issued here")
    return signed(replace(badge, issuer=ISSUER), SIGNER)


def verify(body: Mapping[str, Any]) -> dict[str, Any]:
    """Whether a credential verifies: as it is asked of a file that somebody uploads, apart from the database."""
    given = body.get("verifiableCredential")
    if not isinstance(given, Mapping) or verified(given, ISSUER, Trust((SIGNER.public,))) is None:
        raise Refuses("changed, not issued here, or no certificate")
    return {"verified": True, "checks": ["proof"], "errors": [], "warnings": []}


class Handler(BaseHTTPRequestHandler):
    """Two addresses; JSON in, JSON out."""

    refuses = False
    badge: Badge

    def do_POST(self) -> None:
        """Answer one request."""
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
            if not isinstance(body, Mapping):
                raise Refuses("no object")
            if self.path.endswith("/credentials/issue"):
                status, answer = 201, issue(body, badge=self.badge, refuses=self.refuses)
            elif self.path.endswith("/credentials/verify"):
                status, answer = 200, verify(body)
            else:
                status, answer = 404, {"errors": ["no such address"]}
        except (Refuses, ValueError) as bad:
            status, answer = 400, {"verified": False, "errors": [str(bad)]}
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """The suite tells what it asks."""


def _encrypted(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "both.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "both.pem")
    return context


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=40443)
    parser.add_argument("--refuse", action="store_true", help="refuse to issue what is no certificate, instead of answering with one")
    options = parser.parse_args()
    Handler.refuses, Handler.badge = options.refuse, certificate()
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    with tempfile.TemporaryDirectory() as folder:
        server.socket = _encrypted(Path(folder)).wrap_socket(server.socket, server_side=True)
    print(f"https://127.0.0.1:{options.port} issues as {ISSUER}", flush=True)
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
