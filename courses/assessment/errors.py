"""What the bank and the quizzes refuse, in words for the person."""

from __future__ import annotations

from trainhub.kernel.errors import Refused


class BadQuestion(Refused):
    """A question that cannot be answered or graded as it is."""

    code = "bad_question"


class NoAttempt(Refused):
    """No further attempt, or nothing to attempt."""

    code = "no_attempt"


class TooLate(Refused):
    """The attempt is handed in, or its time is over."""

    code = "too_late"


class OtherWindow(Refused):
    """The attempt is open in another window or on another device."""

    code = "other_window"
    status = 409
