"""What the operations of accounts share: policy numbers, hashes of tokens, refusals."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from trainhub.identity.models import Account
from trainhub.identity.rules import vouches
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused, TooMany
from trainhub.policy.book import book


class AccountRefused(Refused):
    """An account cannot be made or changed like this."""

    code = "account_refused"


class GrantRefused(Refused):
    """A role cannot be given or ended by this person, or not over this scope."""

    code = "grant_refused"
    status = 403


class GrantMisfit(GrantRefused):
    """The role, its scope or its days do not fit together: a mistake in the form, not a lack of rights."""

    status = 422


class LinkRefused(Refused):
    """A one-time link or code is unknown, used or expired; it names the page that helps."""

    code = "link_refused"

    def __init__(self, message: str, *, code: str, page: tuple[str, Any] | None = None) -> None:
        super().__init__(message, code=code)
        self.page = page


class PasswordRefused(Refused):
    """A new password does not satisfy the demands."""

    code = "password_refused"


class Locked(TooMany):
    """Too many failures; the message says when to try again."""

    code = "locked"


def note_handled(account: Account, *, by: Identity, now: datetime) -> None:
    """Note on an account that somebody who vouches for nobody had a way into it; what the holder does alone, or a school, changes nothing."""
    if by.account_id != account.id and not vouches(by):
        account.handled_at, account.handled_by_id = now, by.account_id
        session().flush()


def number(key: str, on: date) -> int:
    """A whole number of the policy book on a day."""
    value: Any = book().at(key, on=on).value
    return int(value)


def token_hash(token: str) -> str:
    """SHA-256 of a random token: what the database keeps of it."""
    return hashlib.sha256(token.encode()).hexdigest()
