"""Questions about notices and e-mails."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from trainhub.identity.models import Account, LoginName
from trainhub.identity.queries.owned import Owned
from trainhub.identity.queries.standing import withdrew
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel.clock import end_of, start_of
from trainhub.kernel.db import session
from trainhub.notifications.labels import MAIL_STATES
from trainhub.notifications.models import MailMessage, Notice
from trainhub.notifications.types import MailState
from trainhub.organisations.queries import Statement, ordered_or
from trainhub.people.models import Person


@cache
def _rows() -> tuple[Any, ...]:
    """Accounts and persons by other names; made once: each copies every column of its table, a millisecond."""
    return (*(aliased(Account) for _one in range(4)), aliased(Person), aliased(Person))


def of_holder(account_id: Any) -> sa.ColumnElement[bool]:
    """SQL: a notice to any account of the human who holds this one.

    Notices go to the account of the person who stays; of two persons who were merged each may have an account, and whichever
    of them is used shows what was told to either. What was told before an account was closed and opened again is not shown.
    """
    itself, mine, other, anew, named, same = _rows()
    stays = func.coalesce(named.merged_into_id, named.id)
    second = (
        select(other.id)
        .select_from(mine)
        .join(named, named.id == mine.person_id)
        .join(same, or_(same.id == stays, same.merged_into_id == stays))
        .join(other, other.person_id == same.id)
        .where(mine.id == account_id)
        .correlate(Account)
    )
    # A union, and no "or": this is asked with every page, and a database reads every account where it cannot use both indexes.
    held = sa.union(select(itself.id).where(itself.id == account_id).correlate(Account), second)
    before = select(anew.id).where(anew.id == Notice.account_id, anew.reopened_at > Notice.created_at).correlate(Notice).exists()
    clause: sa.ColumnElement[bool] = sa.and_(Notice.account_id.in_(held), ~before)
    return clause


def unread_of(account_id: Any) -> sa.ScalarSelect[int]:
    """How many notices of the human who holds an account are unread, as a part of a larger statement."""
    return select(func.count()).select_from(Notice).where(of_holder(account_id), Notice.read_at.is_(None)).correlate(Account).scalar_subquery()


def known_keys(keys: Iterable[str]) -> set[str]:
    """Which unique keys were told before; asked in portions, because a database takes so many values at once."""
    wanted = list(keys)
    known: set[str] = set()
    for start in range(0, len(wanted), 500):
        known.update(k for k in session().scalars(select(Notice.unique_key).where(Notice.unique_key.in_(wanted[start : start + 500]))) if k)
    return known


def wanting_email(account_ids: Collection[int]) -> set[int]:
    """Which of the accounts want e-mail: those who took their consent back want none until they give it again."""
    wanted = list(account_ids)
    found: set[int] = set()
    for start in range(0, len(wanted), 500):
        found.update(
            session().scalars(select(Account.id).where(Account.id.in_(wanted[start : start + 500]), Account.wants_email.is_(True), ~withdrew()))
        )
    return found


def notices_of(account_id: int, *, only_unread: bool = False) -> Statement:
    """The notices of the human who holds an account, newest first."""
    statement: Statement = (
        select(Notice.id, Notice.kind, Notice.message, Notice.values, Notice.url, Notice.created_at, Notice.read_at)
        .where(of_holder(account_id))
        .order_by(Notice.created_at.desc(), Notice.id.desc())
    )
    return statement.where(Notice.read_at.is_(None)) if only_unread else statement


def notice_url(account_id: int, notice_id: int) -> str | None:
    """Where a notice leads; None when the holder of the account has no such notice."""
    return session().scalar(select(Notice.url).where(Notice.id == notice_id, of_holder(account_id)))


def waiting_notices(digest_until: datetime, limit: int) -> list[Any]:
    """Notices whose e-mail waits, with reader, language and address, grouped by reader; a digest's only until its hour. What waited when an account was
    closed is not sent to whoever has it since; whoever took their consent back since has no address here."""
    address = (
        select(LoginName.value)
        .where(LoginName.account_id == Account.id, LoginName.kind == LoginKind.EMAIL)
        .order_by(LoginName.id)
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    statement = (
        select(
            Notice.id,
            Notice.account_id,
            Notice.message,
            Notice.values,
            Notice.url,
            Account.display_name,
            Account.language,
            Account.wants_digest,
            sa.case((withdrew(), ""), else_=func.coalesce(address, Person.email, "")).label("address"),
        )
        .join(Account, Account.id == Notice.account_id)
        .outerjoin(Person, Person.id == Account.person_id)
        .where(
            Notice.mail_state == MailState.WAITING,
            Account.state.in_((AccountState.ACTIVE, AccountState.INVITED)),
            or_(Account.wants_digest.is_(False), Notice.created_at <= digest_until),
            or_(Account.reopened_at.is_(None), Account.reopened_at <= Notice.created_at),
        )
        .order_by(Notice.account_id, Notice.id)
        .limit(limit)
    )
    return list(session().execute(statement))


def sent_to_nobody() -> list[int]:
    """E-mails that were sent to an address by which the register knows nobody (any more): of who was deleted, who never confirmed a registration.

    Anti-joins over each set once: NOT IN compares every address with every person on PostgreSQL as soon as the set is too large to be hashed.
    """
    address = func.lower(MailMessage.address)
    persons = select(func.lower(Person.email).label("email")).where(Person.email != "").distinct().subquery()
    statement = (
        select(MailMessage.id)
        .outerjoin(LoginName, sa.and_(LoginName.kind == LoginKind.EMAIL, LoginName.value == address))
        .outerjoin(persons, persons.c.email == address)
        .where(MailMessage.state == MailState.SENT, MailMessage.address != "", LoginName.id.is_(None), persons.c.email.is_(None))
    )
    return list(session().scalars(statement.order_by(MailMessage.id)))


def due_mail(now: datetime) -> list[int]:
    """The next e-mails whose turn it is."""
    return list(
        session().scalars(
            select(MailMessage.id)
            .where(MailMessage.state == MailState.WAITING, MailMessage.next_try_at <= now)
            .order_by(MailMessage.next_try_at, MailMessage.id)
            .limit(10)
        )
    )


def mails_to(account_id: int) -> Owned:
    """The e-mails to the addresses of an account and its person. Their text stays out: while one waits it may hold a link that signs in, afterwards
    it is erased."""
    person = select(func.lower(Person.email)).join(Account, Account.person_id == Person.id).where(Account.id == account_id, Person.email != "")
    logins = select(LoginName.value).where(LoginName.account_id == account_id, LoginName.kind == LoginKind.EMAIL)
    columns = (
        MailMessage.created_at,
        MailMessage.address.label("sent_to"),
        MailMessage.subject.label("mail_subject"),
        MailMessage.state,
        MailMessage.sent_at,
    )
    mine = func.lower(MailMessage.address).in_(sa.union(logins, person))
    statement: Statement = select(*columns).where(mine).order_by(MailMessage.id)
    return Owned(statement, {"state": MAIL_STATES})


def mail_by_state() -> dict[MailState, int]:
    """How many e-mails the queue holds, by state."""
    return {state: count for state, count in session().execute(select(MailMessage.state, func.count(MailMessage.id)).group_by(MailMessage.state))}


MAIL_SORTS: dict[str, tuple[Any, ...]] = {
    "address": (MailMessage.address,),
    "subject": (MailMessage.subject,),
    "at": (MailMessage.created_at,),
    "tries": (MailMessage.tries,),
    "state": (MailMessage.state,),
}


def outbox(state: MailState | None, sort: str = "", *, since: date | None = None, until: date | None = None) -> Statement:
    """E-mails, newest first unless sorted otherwise; written on a day of `since` to `until`, both included."""
    statement: Statement = select(
        MailMessage.id,
        MailMessage.address,
        MailMessage.subject,
        MailMessage.text,
        MailMessage.state,
        MailMessage.tries,
        MailMessage.created_at,
        MailMessage.sent_at,
        MailMessage.problem,
    )
    if state is not None:
        statement = statement.where(MailMessage.state == state)
    if since is not None:
        statement = statement.where(MailMessage.created_at >= start_of(since))
    if until is not None:
        statement = statement.where(MailMessage.created_at <= end_of(until))
    return ordered_or(statement, sort, MAIL_SORTS, MailMessage.id.desc(), unique=MailMessage.id)


def notices_told(account_id: int) -> list[Any]:
    """The notices of the human who holds an account, newest first, for the page "my data"."""
    statement = select(Notice.created_at, Notice.message, Notice.values, Notice.read_at).where(of_holder(account_id)).order_by(Notice.id.desc())
    return list(session().execute(statement))
