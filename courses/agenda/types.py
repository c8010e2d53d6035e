"""Values of the calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ItemKind(StrEnum):
    """What happens."""

    RUN_STARTS = "run_starts"
    RUN_ENDS = "run_ends"
    WITHDRAW_ENDS = "withdraw_ends"
    RELEASE = "release"
    DUE = "due"
    CUTOFF = "cutoff"
    REVIEW_DUE = "review_due"
    LIVE = "live"
    ANNOUNCEMENT = "announcement"
    ELSEWHERE = "elsewhere"
    """What other rooms know of a person: placements, leave, visits, deadlines of rounds"""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing with a date. `uid` stays the same when its date moves; `is_whole_day` has no hour; `url` is a path of this site.

    `sequence` rises whenever it is changed, where that is known.
    `waits`: what the learner still has to do before it opens, a sentence each; its date is known all the same.
    """

    uid: str
    kind: ItemKind
    title: str
    course: str
    starts_at: datetime
    ends_at: datetime | None
    is_whole_day: bool
    url: str
    waits: tuple[str, ...] = ()
    sequence: int = 0
