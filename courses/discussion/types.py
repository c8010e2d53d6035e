"""Values of discussions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ThreadFilter(StrEnum):
    """Which threads of a forum are listed."""

    ALL = "all"
    UNANSWERED = "unanswered"
    QUESTIONS = "questions"
    MINE = "mine"
    FOLLOWED = "followed"


class Hidden(StrEnum):
    """Why the text of a post is not shown."""

    REMOVED = "removed"
    REPORTED = "reported"


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes: a person, as one of the staff or as a learner with a seat."""

    person_id: int
    is_staff: bool


@dataclass(frozen=True, slots=True)
class Mention:
    """One `@name` or `@name#number` of a text: the spellings a name may have, longest first; `person_id` when a number was given."""

    names: tuple[str, ...]
    person_id: int | None = None


@dataclass(frozen=True, slots=True)
class ThreadRow:
    """One thread in a list. `author` is empty when the reader may not know it, `title` while what it begins with is under report."""

    id: int
    title: str
    author: str
    is_question: bool
    is_answered: bool
    is_pinned: bool
    is_locked: bool
    posts: int
    created_at: datetime
    last_at: datetime
    block_title: str


@dataclass(frozen=True, slots=True)
class PostRow:
    """One post as its reader sees it. `author` is empty when the reader may not know it."""

    id: int
    author: str
    is_mine: bool
    is_staff: bool
    is_anonymous: bool
    is_accepted: bool
    is_first: bool
    hidden: Hidden | None
    html: str
    posted_at: datetime
    edited_at: datetime | None
    images: tuple[int, ...]
    open_reports: int


@dataclass(frozen=True, slots=True)
class Shut:
    """The blocks whose threads a learner does not read: those `closed` to him now, and those `gone` that were never for everybody.

    In what is gone nobody can tell any more for whom it would be open: a thread of it is left to who wrote in it, and to the staff.
    """

    closed: frozenset[int] = frozenset()
    gone: frozenset[int] = frozenset()


OPEN = Shut()


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One reported post in the queue of the staff."""

    post_id: int
    thread_id: int
    thread_title: str
    author: str
    html: str
    reports: int
    reasons: tuple[str, ...]
    first_at: datetime
    is_edited: bool = False


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody who can be mentioned; `mention` is what stands behind the @ (with a number when the name is not alone)."""

    person_id: int
    name: str
    mention: str
    is_staff: bool
