"""The signed snapshot of a certificate: what it says, under the key of this installation, readable without it.

The credential is JSON: {"type", "version", "site", "key", "certificate": {...}, "signature"}. The Ed25519 signature is over
the canonical form (`chain.canonical`: sorted keys, no blanks, UTF-8) of everything but "signature"; `key` names the public
key, published at /.well-known/trainhub-certificates.json. It says what was issued, not whether it still stands: that only
the verification page knows. `page` is the digest of what the PDF draws. Pure, apart from the cryptography.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trainhub.certificates.chain import canonical

TYPE = "trainhub-certificate"
VERSION = 1
FILE = "certificate.json"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is signed of a certificate."""

    number: str
    edition: int
    code: str
    kind: str
    template: str
    issued_on: date
    facts: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able; whole numbers and texts only, so that the canonical form is the same everywhere."""
        return {
            "number": self.number,
            "edition": self.edition,
            "code": self.code,
            "kind": self.kind,
            "template": self.template,
            "issued_on": self.issued_on.isoformat(),
            "facts": dict(self.facts),
        }


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_key(seed: bytes) -> bytes:
    """The 32 bytes that check what the seed signs."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(public: bytes) -> str:
    """The short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def published(seed: bytes, site: str) -> dict[str, Any]:
    """What is published for those who verify offline."""
    public = public_key(seed)
    return {
        "type": TYPE,
        "version": VERSION,
        "site": site,
        "verify": f"{site}/V/{{number}}/{{code}}",
        "canonical": "JSON, sorted keys, separators ',' and ':', UTF-8, without the member 'signature'",
        "keys": [{"key": key_id(public), "algorithm": "Ed25519", "public_key": _b64(public)}],
    }


def credential(snapshot: Snapshot, *, seed: bytes, site: str, page: str = "") -> dict[str, Any]:
    """The signed credential; equal input gives equal bytes (Ed25519 signatures are deterministic)."""
    body: dict[str, Any] = {
        "type": TYPE,
        "version": VERSION,
        "site": site,
        "key": key_id(public_key(seed)),
        "page": page,
        "certificate": snapshot.as_dict(),
    }
    return {**body, "signature": _b64(Ed25519PrivateKey.from_private_bytes(seed).sign(canonical(body)))}


def is_signed(found: Mapping[str, Any], public: bytes) -> bool:
    """Whether the credential carries a good signature of the public key."""
    body = {name: value for name, value in found.items() if name != "signature"}
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(_unb64(str(found.get("signature", ""))), canonical(body))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def parse(data: bytes) -> dict[str, Any] | None:
    """A credential from the bytes of an attachment; None when they are something else."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("type") != TYPE or not isinstance(found.get("certificate"), dict):
        return None
    return found
