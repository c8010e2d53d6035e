"""Vouching for a file as a whole: every byte of it but the gap in which the credential that says so stands.

Pages, fonts, dictionaries, tables: nothing can be exchanged, added or left out, and the credential can stand nowhere else. Behind the file only
the signature of the issuer may follow (see pades.py), as it was foreseen when the file was drawn: its update is known but for the
moment and the signature itself. The page that verifies offline (static/js/verify-offline.js) does the same.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

_DIGITS, _SHA256 = re.compile(r"[0-9]{10}"), re.compile(r"[0-9a-f]{64}")
_WHEN, _SIGNATURE = re.compile(rb"/M\(D:[0-9]{14}\+00'00'\)"), re.compile(rb"/Contents<[0-9a-f]*>")
BLANK: Mapping[str, str] = {"at": "0" * 10, "size": "0" * 10, "sha256": "0" * 64, "update": "0" * 64}
"""As long as what will be said: it lies in the file it speaks of."""


def _hash(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def update_digest(update: bytes) -> str:
    """The digest of an update that adds a signature, without its moment and the signature: these are not known before."""
    update = _WHEN.sub(b"/M(D:00000000000000+00'00')", update, count=1)
    return _hash(_SIGNATURE.sub(lambda found: b"/Contents<" + b"0" * (len(found[0]) - 11) + b">", update, count=1))


def vouched(pdf: bytes, at: int, length: int, update: bytes) -> dict[str, str]:
    """What is said of a file whose credential, so many bytes long, stands at `at`; `update` is what a signature would add to it."""
    return {"at": f"{at:010d}", "size": f"{len(pdf):010d}", "sha256": _hash(pdf[:at], pdf[at + length :]), "update": update_digest(update)}


def is_whole(pdf: bytes, said: Any, held: bytes) -> bool:
    """Whether the file is what was said of it, with the credential `held` in its place, and nothing but a signature behind it."""
    if not isinstance(said, Mapping) or said.keys() != BLANK.keys() or not all(isinstance(one, str) for one in said.values()):
        return False
    if not (_DIGITS.fullmatch(said["at"]) and _DIGITS.fullmatch(said["size"]) and _SHA256.fullmatch(said["sha256"])):
        return False
    at, size = int(said["at"]), int(said["size"])
    end = at + len(held)
    if not end <= size <= len(pdf) or pdf[at:end] != held or _hash(pdf[:at], pdf[end:size]) != said["sha256"]:
        return False
    return len(pdf) == size or update_digest(pdf[size:]) == said["update"]
