"""Values of notices."""

from __future__ import annotations

from enum import StrEnum


class MailState(StrEnum):
    """What became of the e-mail of a notice."""

    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
