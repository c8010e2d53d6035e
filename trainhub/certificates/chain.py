"""The hash chain of a certificate's history. Pure: values in, text out."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

GENESIS = "0" * 64
_HALVES = re.compile("[\ud800-\udfff]")


def canonical(data: Any) -> bytes:
    """JSON with sorted keys, no blanks and plain characters: equal data gives equal bytes (texts and whole numbers only)."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parsed(data: bytes) -> Any:
    """JSON that somebody presents; None for what is none. Halves of a surrogate pair, which no file of ours can hold and nothing can
    print or sign, become U+FFFD: then the signature does not hold, as for any other change."""
    try:
        return json.loads(_HALVES.sub("\N{REPLACEMENT CHARACTER}", json.dumps(json.loads(data), ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None


def table(rows: Iterable[tuple[int, Mapping[str, Any], Sequence[Any]]]) -> bytes:
    """A list of (person, facts, evidence) as one line of canonical JSON each: what the checksum of a selection is taken of."""
    return b"".join(canonical({"person": person, "facts": facts, "evidence": evidence}) + b"\n" for person, facts, evidence in rows)


def issued_as(
    *, kind: str, template: str, template_version: int, issuer_id: int, person_id: int, evidence: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a certificate is beside its words: of which kind, drawn from what, by whom, for whom, resting on what."""
    return {
        "kind": kind,
        "template": template,
        "template_version": template_version,
        "issuer": issuer_id,
        "person": person_id,
        "evidence": [dict(one) for one in evidence],
    }


def digest(
    before: str,
    *,
    number: str,
    edition: int,
    facts: Mapping[str, Any],
    event: str,
    state: str,
    reason: str,
    document: str,
    on: date,
    at: datetime,
    by_account_id: int | None,
    code: str = "",
    issued: Mapping[str, Any] | None = None,
) -> str:
    """SHA-256 over an event, the facts and the code of its certificate, what it was issued as (`issued_as`), and the hash before.

    Early events were written without the code, those of before this was part of it without what it was issued as: their hashes stand as they are.
    """
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    fields = [before, number, edition, dict(facts), event, state, reason, document, on.isoformat(), instant, by_account_id]
    fields += [code] if code else []
    fields += [dict(issued)] if issued is not None else []
    return hashlib.sha256(canonical(fields)).hexdigest()


def together(hashes: Iterable[str]) -> str:
    """One SHA-256 over the hashes of a portion, in the order of their certificates' numbers: the audit log keeps it for all of them."""
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


MARK = 32
"""Hex digits of a hash by which one of a portion is told from the others: too many to find another history that begins alike."""


def marks(hashes: Iterable[str]) -> list[str]:
    """How each hash of a portion begins, in the same order: says which one was rewritten once `together` says that one was."""
    return [one[:MARK] for one in hashes]


def holds(links: Iterable[tuple[str, str, str]], genesis: str = GENESIS) -> bool:
    """Whether links of (hash before, stored hash, recomputed hash) make one chain from `genesis` on."""
    before = genesis
    for said, stored, computed in links:
        if said != before or stored != computed:
            return False
        before = stored
    return True
