"""Values of accounts and sign-in."""

from __future__ import annotations

from enum import StrEnum


class LoginKind(StrEnum):
    """By what a person signs in."""

    USERNAME = "username"
    STUDENT_NO = "student_no"
    PHONE = "phone"
    EMAIL = "email"


class AccountState(StrEnum):
    """An invited account has no password yet."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"
    DELETED = "deleted"


class Channel(StrEnum):
    """By what a code or a link reaches a person."""

    EMAIL = "email"
    SMS = "sms"


class LinkPurpose(StrEnum):
    """What a one-time link lets its holder do."""

    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"  # noqa: S105


class ClaimState(StrEnum):
    """What became of a number that somebody said of themselves."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """Nothing is left to decide: an office gave or corrected the number of the holder."""


class RequestKind(StrEnum):
    """What a person may ask about their own data (PIPL)."""

    CORRECTION = "correction"
    DELETION = "deletion"


class RequestState(StrEnum):
    """The life of such a request."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
