"""How a print run is cut into files, whether its blanks add up, what a certificate is for and what tells two apart. Pure: values in, values out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from trainhub.certificates.types import Kind, SheetState

LEAST_CHUNK, MOST_CHUNK, USUAL_CHUNK = 500, 5_000, 2_000
MOST_BLANKS = 100_000
_NAMES_ITS_HOLDER = re.compile(r"(.+):(?:person|student):\d+|(supervision:.+):\d+")


def plan_chunks(keys: Iterable[tuple[Hashable, Hashable]], limit: int) -> list[tuple[int, int]]:
    """(first, last) positions, from 1, of the files of a run whose items are in order.

    `keys` tells of each item what a file must share (layout, issuer) and which section it belongs to (base, class). A section
    is cut only when it alone is longer than `limit`.
    """
    chunks: list[list[int]] = []
    position, open_key = 0, None
    for (shared, _section), rows in groupby(keys):
        length = sum(1 for _row in rows)
        while length:
            room = limit - (chunks[-1][1] - chunks[-1][0] + 1) if chunks and open_key == (shared,) else 0
            if not room or (length > room and length <= limit):
                chunks.append([position + 1, position])
                open_key, room = (shared,), limit
            taken = min(length, room)
            chunks[-1][1] += taken
            position += taken
            length -= taken
    return [(first, last) for first, last in chunks]


@dataclass(frozen=True)
class Reconciliation:
    """The blanks of a run: what was taken must be used, spoiled or given back, and every page that may be handed out must lie on one.

    `lacking`: such pages without a blank. One whose certificate was revoked, suspended or replaced since it was drawn needs none.
    """

    lacking: int
    taken: int
    used: int
    spoiled: int
    returned: int

    @property
    def total(self) -> int:
        """Blanks handed out."""
        return self.taken + self.used + self.spoiled + self.returned

    @property
    def is_even(self) -> bool:
        """Whether the run can be closed: every page has its blank; what is left over is given back then."""
        return self.lacking == 0


def reconcile(lacking: int, counts: Mapping[SheetState, int]) -> Reconciliation:
    """The sums of a run from its pages without a blank and how many of its blanks are in each state."""
    taken, used, spoiled, returned = (counts.get(one, 0) for one in (SheetState.TAKEN, SheetState.USED, SheetState.SPOILED, SheetState.RETURNED))
    return Reconciliation(lacking, taken, used, spoiled, returned)


def serials(first: str, count: int) -> list[str]:
    """So many serials from the first on: letters stay, the digits at the end count up in their width.

    Raises ValueError when there are no digits, the count is out of range, or the digits overflow.
    """
    digits = len(first) - len(first.rstrip("0123456789"))
    if not digits or not first.isascii() or len(first) > 30 or not 1 <= count <= MOST_BLANKS:
        raise ValueError(first)
    prefix, start = first[: len(first) - digits], int(first[len(first) - digits :])
    if len(str(start + count - 1)) > digits:
        raise ValueError(first)
    return [f"{prefix}{number:0{digits}d}" for number in range(start, start + count)]


TELLS_APART: dict[Kind, tuple[str, ...]] = {
    Kind.TRAINING: ("course", "class_name", "ends_on"),
    Kind.EXAM: ("exam", "level", "taken_on"),
    Kind.MENTOR: ("enterprise", "programme", "starts_on", "ends_on"),
    Kind.COMPLETION: ("course",),
    Kind.PLACEMENT: ("base", "starts_on"),
    Kind.CAPSTONE: ("topic",),
}
"""The facts by which two certificates of a kind for one person and issuer are two: with the same, the second is not issued."""


def asked_key(kind: Kind, issuer_id: int, person_id: int, facts: Mapping[str, Any]) -> str:
    """The stable name of what a certificate of a batch certifies."""
    apart = "\n".join(str(facts.get(name) or "") for name in TELLS_APART[kind])
    return f"{batch_keys(kind, issuer_id)}{hashlib.sha256(apart.encode()).hexdigest()[:24]}:person:{person_id}"


def batch_keys(kind: Kind, issuer_id: int) -> str:
    """What the keys of an issuer's batches of a kind begin with; the rooms name their certificates otherwise."""
    return f"{kind.value}:{issuer_id}:"


def is_same_thing(kind: Kind, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether the facts of two certificates of a kind, of one person by one issuer, name the same thing."""
    apart = TELLS_APART.get(kind, ())
    return bool(apart) and all(str(one.get(name) or "") == str(other.get(name) or "") for name in apart)


def is_of_a_list(kind: Kind, asked_key: str) -> bool:
    """Whether a certificate was issued from a list or a selection: then its facts are all that tells what it is for."""
    return asked_key.startswith(f"{kind.value}:") and ":person:" in asked_key


def is_twice(kind: Kind, one: tuple[str, Mapping[str, Any]], other: tuple[str, Mapping[str, Any]]) -> bool:
    """Whether two certificates of a kind, of one human by one issuer, are for the same thing; of each its asked key and its facts.

    Two that rules issued for two records (a course of two years, two placements) are two, whatever they say.
    """
    thing = thing_of(one[0])
    if thing and thing == thing_of(other[0]):
        return True
    return is_same_thing(kind, one[1], other[1]) and (is_of_a_list(kind, one[0]) or is_of_a_list(kind, other[0]))


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """The facts in which two that are asked for as one certificate contradict each other, in the order of the first."""
    return [name for name in dict.fromkeys((*one, *other)) if str(one.get(name) or "") != str(other.get(name) or "")]


def thing_of(asked_key: str) -> str:
    """What a certificate was asked for, without whose it is; empty when the key names no holder (one placement, one capstone)."""
    found = _NAMES_ITS_HOLDER.fullmatch(asked_key)
    return (found[1] or found[2]) if found else ""
