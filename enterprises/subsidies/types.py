"""Values of training subsidies (FJ-16d, 000:745: 省人社厅按照规定给予培训经费补助; the amount is not in the documents)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ClaimState(StrEnum):
    """The life of a claim of one training organisation."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    SAMPLED = "sampled"
    APPROVED = "approved"
    PAID = "paid"
    REJECTED = "rejected"


class ItemState(StrEnum):
    """The life of one person and course inside a claim. What is paid and ordered back stays paid until the money has come in (`clawed_back`)."""

    CLAIMED = "claimed"
    REFUSED = "refused"
    PAID = "paid"
    CLAWED_BACK = "clawed_back"


LIVE_ITEMS = (ItemState.CLAIMED, ItemState.PAID)
"""States in which a person and course are taken: no second claim beside them."""


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount a person and course from a day on; empty category or course: any. The narrowest rate applies."""

    category: str
    course: str
    amount_fen: int
    since: date
    until: date | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A counted completion that may be claimed. `person_id` is the person of the record, `human_id` that person or whom they were merged
    into: claims are counted by the human of today, and keep the person, so that a parting later on changes whose they are."""

    record_id: int
    human_id: int
    course: str
    category: str
    completed_on: date
    person_id: int


@dataclass(frozen=True, slots=True)
class Priced:
    """A candidate with the amount of its rate."""

    candidate: Candidate
    amount_fen: int


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Candidates left out of a claim, by reason."""

    claimed_before: int = 0
    same_course_twice: int = 0
    no_rate: int = 0
