"""Guesses of one's own password, which is asked again before anything that would keep the holder out: counted like those of signing in."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import delete

from trainhub.identity import passwords
from trainhub.identity.models import Account, SignInAttempt
from trainhub.identity.operations._support import PasswordRefused
from trainhub.identity.operations.accounts import name_hash
from trainhub.identity.operations.signing_in import count_attempt, forget_attempt
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _

TELLING = frozenset({"password_wrong", "login_taken"})
"""Refusals that tell a guesser something: that this was not the password, that somebody signs in by a name."""


def check_own_password(*, account: Account, password: str) -> None:
    """Raise PasswordRefused unless this is the account's password."""
    if not passwords.is_password(account.password_hash, password):
        raise PasswordRefused(_("当前密码不正确。"), field="password", code="password_wrong")


def count_own_password(*, account_id: int, origin: str, now: datetime, today: date) -> None:
    """Count a try before the password is looked at, in a transaction of its own. Raises Locked."""
    count_attempt(counted_as=_counted(account_id), origin=origin, now=now, today=today, words=_too_often)


def own_password_was_right(*, account_id: int) -> None:
    """Forget the tries: what was asked is done."""
    session().execute(delete(SignInAttempt).where(SignInAttempt.name_hash == _counted(account_id)))


def own_password_told_nothing(*, account_id: int) -> None:
    """Take the last try back: it was refused for something that no guesser learns from."""
    forget_attempt(_counted(account_id))


def _counted(account_id: int) -> str:
    return name_hash(f"own-password:{account_id}")


def _too_often(at: str) -> str:
    return _("输错当前密码的次数过多，请在%(at)s之后再试；忘记密码请退出后点“忘记密码”。", at=at)
