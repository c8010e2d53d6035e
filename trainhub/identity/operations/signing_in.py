"""Signing in and out.

`start_sign_in` counts the attempt before the password is checked, so that parallel guesses are counted too; the slow hash is
then computed between two transactions, while nobody's write waits; `finish_sign_in` forgets the failures and opens a session.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, update

from trainhub.identity import passwords, queries, rules
from trainhub.identity.models import Account, SignInAttempt, UserSession
from trainhub.identity.operations._support import AccountRefused, Locked, number, token_hash
from trainhub.identity.operations.accounts import name_hash
from trainhub.identity.types import AccountState
from trainhub.kernel import audit, proxies
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.i18n import _


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """An attempt that was counted; `account_id` is None for an unknown name."""

    account_id: int | None
    password_hash: str
    counted_as: str

    def is_right(self, password: str) -> bool:
        """Whether the password fits; takes as long for a name that nobody has."""
        return passwords.is_password(self.password_hash, password)


@dataclass(frozen=True, slots=True, repr=False)
class SignedIn:
    """The right password was given. `token` is the new session's; None when the second factor is still asked."""

    account: Account
    token: str | None


def start_sign_in(*, name: str, origin: str, now: datetime, today: date) -> Attempt:
    """Count an attempt. Raises Locked while the name or the address waits, AccountRefused when the name needs a university's code."""
    typed = rules.typed_name(name)
    names = queries.names_of_who_types(typed)
    ids = {found.account_id for found in names}
    if len(ids) > 1:
        raise AccountRefused(_school_first(typed), field="username", code="name_ambiguous")
    # The row lock makes parallel guesses queue, so that each sees the attempts before it.
    account = session().get(Account, ids.pop(), with_for_update=True) if ids else None
    counted_as = name_hash(f"account:{account.id}" if account else f"name:{typed.counted}")
    count_attempt(counted_as=counted_as, origin=origin, now=now, today=today)
    is_open = account is not None and account.state is AccountState.ACTIVE
    return Attempt(account.id if account and is_open else None, account.password_hash if account and is_open else "", counted_as)


def _school_first(typed: rules.TypedName) -> str:
    """What to type instead, by a code that no school has: that of one of the schools would tell whoever types a number where its holder studies."""
    whole, short = rules.with_school(typed.value.upper(), rules.INVENTED_SCHOOL)
    if typed.scope is None:
        return _(
            "有多所学校使用这个学号，请在前面加上你的学校代码和“/”，例如 %(whole)s，或学校代码的后5位，例如 %(short)s。", whole=whole, short=short
        )
    return _("有多所学校使用这个学号，请在前面加上你的学校的完整代码和“/”，例如 %(whole)s。", whole=whole)


def _locked(at: str) -> str:
    return _("连续失败次数过多，账号已暂时锁定，请在%(at)s之后再试；忘记密码可以申请重置。", at=at)


def count_attempt(*, counted_as: str, origin: str, now: datetime, today: date, words: Callable[[str], str] = _locked) -> None:
    """Refuse while locked, else write the attempt down. Raises Locked (own.lockout.attempts, own.lockout.minutes) in `words` of what was tried."""
    hold(f"attempt:{counted_as}")  # parallel guesses queue, so that each sees those before it
    attempts = number("own.lockout.attempts", today)
    window = timedelta(minutes=number("own.lockout.minutes", today))
    until = rules.locked_until(queries.failures_of(counted_as, attempts), attempts=attempts, window=window)
    if until is not None and until > now:
        raise Locked(words(_clock_after(until)), retry_after=int((until - now).total_seconds()) + 1)
    place = proxies.counted_as(origin)[:64]
    if queries.failures_from(place, now - window) >= rules.ORIGIN_FAILURES:
        raise Locked(
            _("来自这个网络地址的失败登录、注册和重置申请过多，请在%(n)d分钟后再试。", n=int(window.total_seconds() // 60)),
            retry_after=int(window.total_seconds()),
        )
    session().add(SignInAttempt(name_hash=counted_as, origin=place, at=now))
    session().flush()


def _clock_after(instant: datetime) -> str:
    """The first whole minute after an instant, on the wall clock."""
    return (local(instant) + timedelta(seconds=59)).strftime("%H:%M")


def finish_sign_in(attempt: Attempt, *, is_right: bool, password: str, origin: str, agent: str, now: datetime, today: date) -> SignedIn | None:
    """End an attempt: None for a wrong one (its failure stays counted), else a session or the question for the second factor."""
    account = session().get(Account, attempt.account_id) if attempt.account_id is not None else None
    if not is_right or account is None or account.state is not AccountState.ACTIVE:
        if account is not None:
            _note_lock(account, attempt.counted_as, origin, now, today)
        return None
    if passwords.needs_renewal(account.password_hash):
        account.password_hash = passwords.hash_password(password)
    if account.totp_confirmed_at is not None:
        forget_attempt(attempt.counted_as)
        return SignedIn(account, None)
    return SignedIn(account, open_session(account=account, origin=origin, agent=agent, now=now, today=today))


def _note_lock(account: Account, counted_as: str, origin: str, now: datetime, today: date) -> None:
    attempts = number("own.lockout.attempts", today)
    window = timedelta(minutes=number("own.lockout.minutes", today))
    if rules.locked_until(queries.failures_of(counted_as, attempts), attempts=attempts, window=window) is not None:
        audit.record(by=as_identity(account, origin), did="identity.account.locked", on=account)


def forget_attempt(counted_as: str) -> None:
    """Take back the attempt that was counted in advance and turned out right; earlier failures stay until the session opens."""
    last = queries.last_attempt(counted_as)
    if last is not None:
        session().execute(delete(SignInAttempt).where(SignInAttempt.id == last))


def open_session(*, account: Account, origin: str, agent: str, now: datetime, today: date) -> str:
    """Open a session and forget the failures; returns the token for the cookie, which only the browser keeps."""
    token = secrets.token_urlsafe(32)
    row = UserSession(
        account_id=account.id,
        token_hash=token_hash(token),
        created_at=now,
        expires_at=now + timedelta(hours=number("own.session.hours_max", today)),
        origin=origin[:64],
        agent=agent[:300],
    )
    session().add(row)
    session().execute(delete(SignInAttempt).where(SignInAttempt.name_hash == name_hash(f"account:{account.id}")))
    # Not through the row's version: two people signing in by one account do not disturb each other.
    session().execute(update(Account).where(Account.id == account.id).values(last_sign_in_at=now).execution_options(synchronize_session=False))
    session().flush()
    audit.record(by=as_identity(account, origin), did="identity.session.opened", on=account, data={"session": row.id})
    return token


def as_identity(account: Account, origin: str) -> Identity:
    """Who acts on their own account while signing in: no role yet."""
    return Identity(account_id=account.id, person_id=account.person_id, name=account.display_name, origin=origin)


def sign_out(*, by: Identity, now: datetime) -> None:
    """End the session of this browser."""
    if by.session_id is None:
        return
    ended: int = (
        session()
        .execute(update(UserSession).where(UserSession.id == by.session_id, UserSession.revoked_at.is_(None)).values(revoked_at=now))
        .rowcount  # type: ignore[attr-defined]
    )
    if ended and by.account_id is not None:
        audit.record(by=by, did="identity.session.closed", on=("account", by.account_id))


def failures_now(*, account: Account, now: datetime, today: date) -> tuple[int, datetime | None]:
    """For administrators: failures inside the current window, and until when the account is locked (None: it is not)."""
    attempts = number("own.lockout.attempts", today)
    window = timedelta(minutes=number("own.lockout.minutes", today))
    failures = queries.failures_of(name_hash(f"account:{account.id}"), attempts)
    until = rules.locked_until(failures, attempts=attempts, window=window)
    return len([at for at in failures if at > now - window]), until if until is not None and until > now else None
