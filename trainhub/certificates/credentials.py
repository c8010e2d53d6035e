"""The signed snapshot of a certificate: what it says, under the key of this installation, readable without it.

The credential is JSON: {"type", "version", "site", "key", "certificate": {...}, "signature"}. The Ed25519 signature is over
the canonical form (`chain.canonical`: sorted keys, no blanks, UTF-8) of everything but "signature"; `key` names the public
key, published at /.well-known/trainhub-certificates.json. It says what was issued, not whether it still stands: that only
the verification page knows. `page` is the digest of what the PDF draws, `file` vouches for the whole of it (`layouts/whole.py`; version 1
had none). Pure, apart from the cryptography.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from trainhub.certificates import signers
from trainhub.certificates.chain import canonical, parsed
from trainhub.certificates.layouts.reading import Read
from trainhub.certificates.layouts.whole import is_whole
from trainhub.certificates.signers import Signer, Trust, key_id
from trainhub.certificates.types import Looked
from trainhub.kernel.i18n import _

TYPE = "trainhub-certificate"
VERSION = 2
"""Of the credential. Version 1 vouched for the streams of its file only."""
KEYS_VERSION = 1
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


def unsigned_key(public: bytes) -> dict[str, str]:
    """A key as it is published."""
    return {"key": key_id(public), "algorithm": "Ed25519", "public_key": _b64(public)}


def vouching(public: bytes) -> bytes:
    """What a key signs for the one that follows it."""
    return canonical({"type": "trainhub-key", **unsigned_key(public)})


def published(keys: Iterable[bytes], site: str, vouched: Mapping[bytes, tuple[bytes, bytes]] | None = None) -> dict[str, Any]:
    """What is published for those who verify offline: the keys that hold, the present one first.

    `vouched`: which key vouches for one, and the signature; who trusts that key may trust this one.
    """
    said = {public: {"vouched": {"by": key_id(by), "signature": _b64(signature)}} for public, (by, signature) in (vouched or {}).items()}
    return {
        "type": TYPE,
        "version": KEYS_VERSION,
        "site": site,
        "verify": f"{site}/V/{{number}}/{{code}}",
        "canonical": "JSON, sorted keys, separators ',' and ':', UTF-8, without the member 'signature'",
        "keys": [{**unsigned_key(public), **said.get(public, {})} for public in keys],
    }


def unsigned(snapshot: Snapshot, *, signer: Signer, site: str, page: str, file: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What is signed; without `file` it is what version 1 signed."""
    return {
        "type": TYPE,
        "version": VERSION if file is not None else 1,
        "site": site,
        "key": key_id(signer.public),
        "page": page,
        **({"file": dict(file)} if file is not None else {}),
        "certificate": snapshot.as_dict(),
    }


def signed(body: Mapping[str, Any], signer: Signer) -> dict[str, Any]:
    """The signed credential; equal input gives equal bytes (Ed25519 signatures are deterministic)."""
    return {**body, "signature": _b64(signer.sign(canonical(body)))}


def draft(body: Mapping[str, Any]) -> bytes:
    """As many bytes as the signed one has."""
    return canonical({**body, "signature": _b64(bytes(64))})


def is_signed(found: Mapping[str, Any], trust: Trust) -> bool:
    """Whether the credential carries a good signature of a trusted key."""
    body = {name: value for name, value in found.items() if name != "signature"}
    public = trust.named(str(found.get("key", "")))
    try:
        signature = unb64(str(found.get("signature", "")))
    except ValueError:
        return False
    return public is not None and signers.is_signed(canonical(body), signature, public)


def looked_at(pdf: bytes, read: Read, found: Mapping[str, Any], badge: Mapping[str, Any] | None) -> Looked | None:
    """How much of a file its signed credential vouches for; None when the file is not what was signed."""
    if found.get("version") == VERSION:
        return Looked.WHOLE_FILE if is_whole(pdf, found.get("file"), canonical(found)) else None
    ours = sorted(canonical(one) for one in (found, badge) if one is not None)  # a page could hide in an attachment of another form
    is_drawn = read.seal and found.get("page") == read.seal and sorted(read.attachments) == ours
    return Looked.CONTENT_STREAMS if is_drawn and found.get("version") == 1 else None


def other_code() -> str:
    """What is said when a file holds another code than the one given beside it."""
    return _("文件中的核验码与给出的核验码不同：文件与核验码不属于同一张（同一版）证书，请逐位核对，或分别查验。")


def parse(data: bytes) -> dict[str, Any] | None:
    """A credential from the bytes of an attachment; None when they are something else."""
    found = parsed(data)
    if not isinstance(found, dict) or found.get("type") != TYPE or not isinstance(found.get("certificate"), dict):
        return None
    return found
