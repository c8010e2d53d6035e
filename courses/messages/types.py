"""Values of announcements and messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ConversationRow:
    """One conversation in a list, as its reader sees it."""

    id: int
    run_id: int
    course_title: str
    run_code: str
    learner_name: str
    subject: str
    last_at: datetime
    messages: int
    is_unread: bool


@dataclass(frozen=True, slots=True)
class AnnouncementRow:
    """One announcement for learners."""

    id: int
    title: str
    html: str
    published_at: datetime
