"""The signed snapshot of a certificate: what it says, under the key of this installation, readable without it.

The credential is JSON: {"type", "version", "site", "key", "certificate": {...}, "signature"}. The Ed25519 signature is over
the canonical form (`chain.canonical`: sorted keys, no blanks, UTF-8) of everything but "signature"; `key` names the public
key, published at /.well-known/trainhub-certificates.json. It says what was issued, not whether it still stands: that only
the verification page knows. `page` is the digest of what the PDF draws. Pure, apart from the cryptography.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trainhub.certificates import signers
from trainhub.certificates.chain import canonical
from trainhub.certificates.signers import Signer, Trust, key_id

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


def unb64(text: str) -> bytes:
    """Base 64 as it stands in addresses, without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def published(keys: Iterable[bytes], site: str) -> dict[str, Any]:
    """What is published for those who verify offline: the keys that hold, the present one first."""
    return {
        "type": TYPE,
        "version": VERSION,
        "site": site,
        "verify": f"{site}/V/{{number}}/{{code}}",
        "canonical": "JSON, sorted keys, separators ',' and ':', UTF-8, without the member 'signature'",
        "keys": [{"key": key_id(public), "algorithm": "Ed25519", "public_key": _b64(public)} for public in keys],
    }


def credential(snapshot: Snapshot, *, signer: Signer, site: str, page: str = "") -> dict[str, Any]:
    """The signed credential; equal input gives equal bytes (Ed25519 signatures are deterministic)."""
    body: dict[str, Any] = {
        "type": TYPE,
        "version": VERSION,
        "site": site,
        "key": key_id(signer.public),
        "page": page,
        "certificate": snapshot.as_dict(),
    }
    return {**body, "signature": _b64(signer.sign(canonical(body)))}


def is_signed(found: Mapping[str, Any], trust: Trust) -> bool:
    """Whether the credential carries a good signature of a trusted key."""
    body = {name: value for name, value in found.items() if name != "signature"}
    public = trust.named(str(found.get("key", "")))
    try:
        signature = unb64(str(found.get("signature", "")))
    except ValueError:
        return False
    return public is not None and signers.is_signed(canonical(body), signature, public)


def parse(data: bytes) -> dict[str, Any] | None:
    """A credential from the bytes of an attachment; None when they are something else."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("type") != TYPE or not isinstance(found.get("certificate"), dict):
        return None
    return found
