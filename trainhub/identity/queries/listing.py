"""Lists: accounts inside a reader's scope, the audit log, requests about personal data, who lets trainees register."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, exists, func, or_, select

from trainhub.identity.models import Account, Consent, DataRequest, LoginName, Registration, RoleGrant, UserSession
from trainhub.identity.permissions import DEPARTMENTS, LOG_READERS, MANAGERS
from trainhub.identity.queries.grants import active, rests
from trainhub.identity.rules import mask_login, needs_guardian
from trainhub.identity.types import AccountState, RequestState
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.audit_words import blind_things, in_words
from trainhub.kernel.clock import end_of, start_of
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.types import OrganisationState
from trainhub.people.models import Employment, Person, Student, Teacher
from trainhub.policy.book import book
from trainhub.programmes.models import Programme

VIEWERS = (*MANAGERS, *DEPARTMENTS, Role.AUDITOR)


def visible_to(identity: Identity, *, today: date) -> ColumnElement[bool]:
    """Accounts inside the reader's scope: their person studies, teaches or works there, or they hold a role there; and one's own."""

    def hosted(ids: Any) -> ColumnElement[bool]:
        return RoleGrant.organisation_id.in_(select(BaseHost.base_id).where(BaseHost.organisation_id.in_(ids), BaseHost.until.is_(None)))

    def children(ids: Any) -> ColumnElement[bool]:
        return RoleGrant.organisation_id.in_(select(Organisation.id).where(Organisation.parent_id.in_(ids)))

    def taught(ids: Any) -> ColumnElement[bool]:
        return RoleGrant.programme_id.in_(select(Programme.id).where(Programme.university_id.in_(ids)))

    scope = organisations.scope
    everything = scope(identity, VIEWERS)
    if isinstance(everything, sa.sql.elements.True_):
        return everything
    students = select(Student.person_id).where(scope(identity, VIEWERS, organisations=(Student.university_id,), programmes=(Student.programme_id,)))
    teachers = select(Teacher.person_id).where(scope(identity, VIEWERS, organisations=(Teacher.university_id,), programmes=(Teacher.programme_id,)))
    employed = select(Employment.person_id).where(
        scope(identity, VIEWERS, organisations=(Employment.organisation_id,)),
        Employment.verified_at.is_not(None),
        or_(Employment.until.is_(None), Employment.until >= today),
    )
    university = select(Programme.university_id).where(Programme.id == RoleGrant.programme_id).correlate(RoleGrant).scalar_subquery()
    home = (
        select(Organisation.region_code)
        .where(Organisation.id == sa.func.coalesce(RoleGrant.organisation_id, university))
        .correlate(RoleGrant)
        .scalar_subquery()
    )
    holders = select(RoleGrant.account_id).where(
        active(today),
        or_(
            scope(
                identity,
                VIEWERS,
                organisations=(RoleGrant.organisation_id, hosted, children, taught),
                programmes=(RoleGrant.programme_id,),
                region=home,
            ),
            scope(identity, VIEWERS, region=RoleGrant.region_code),
        ),
    )
    own = Account.person_id == identity.person_id if identity.person_id is not None else sa.false()
    return or_(Account.person_id.in_(students), Account.person_id.in_(teachers), Account.person_id.in_(employed), Account.id.in_(holders), own)


@dataclass(frozen=True, slots=True)
class AccountFilter:
    """What the list of accounts is narrowed to; opened on a day of `since` to `until`, both included."""

    text: str = ""
    role: Role | None = None
    state: AccountState | None = None
    since: date | None = None
    until: date | None = None


ACCOUNT_SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Account.display_name,),
    "state": (Account.state, Account.display_name),
    "seen": (Account.last_sign_in_at,),
    "made": (Account.created_at,),
}


def accounts_listing(identity: Identity, wanted: AccountFilter, *, today: date, sort: str = "") -> organisations.Statement:
    """Accounts as columns, ordered by name unless sorted otherwise."""
    statement: organisations.Statement = (
        select(
            Account.id,
            Account.display_name,
            Account.state,
            Account.last_sign_in_at,
            Account.totp_confirmed_at,
            Account.created_at,
            Person.id_mask,
        )
        .outerjoin(Person, Person.id == Account.person_id)
        .where(visible_to(identity, today=today))
    )
    if wanted.text:
        by_name = select(LoginName.account_id).where(organisations.matches(wanted.text, LoginName.value))
        statement = statement.where(or_(organisations.matches(wanted.text, Account.display_name, Person.pinyin), Account.id.in_(by_name)))
    if wanted.state is not None:
        statement = statement.where(Account.state == wanted.state)
    if wanted.since is not None:
        statement = statement.where(Account.created_at >= start_of(wanted.since))
    if wanted.until is not None:
        statement = statement.where(Account.created_at <= end_of(wanted.until))
    if wanted.role is not None:
        statement = statement.where(Account.id.in_(select(RoleGrant.account_id).where(RoleGrant.role == wanted.role, active(today), ~rests())))
    return organisations.ordered_or(statement, sort, ACCOUNT_SORTS, Account.display_name, Account.id)


def roles_and_logins(account_ids: list[int], *, today: date, is_masked: bool = True) -> tuple[dict[int, list[Role]], dict[int, list[str]]]:
    """Distinct roles, but those that rest, and login names of the accounts of one page, telephones and addresses masked: two queries."""
    roles: dict[int, list[Role]] = {key: [] for key in account_ids}
    for key, role in session().execute(
        select(RoleGrant.account_id, RoleGrant.role).where(RoleGrant.account_id.in_(account_ids), active(today), ~rests()).order_by(RoleGrant.id)
    ):
        if role not in roles[key]:
            roles[key].append(role)
    logins: dict[int, list[str]] = {key: [] for key in account_ids}
    for key, kind, value in session().execute(
        select(LoginName.account_id, LoginName.kind, LoginName.value)
        .where(LoginName.account_id.in_(account_ids))
        .order_by(LoginName.kind, LoginName.id)
    ):
        logins[key].append(mask_login(kind, value) if is_masked else value)
    return roles, logins


def open_organisations() -> list[tuple[int, str]]:
    """Verified organisations that let trainees register themselves."""
    statement = (
        select(Organisation.id, Organisation.name)
        .where(Organisation.allows_self_registration.is_(True), Organisation.state == OrganisationState.VERIFIED)
        .order_by(Organisation.pinyin, Organisation.id)
    )
    return [(key, name) for key, name in session().execute(statement)]


def registration(token_hash: str) -> Registration | None:
    """The registration behind a page's token."""
    return session().scalar(select(Registration).where(Registration.token_hash == token_hash))


# -- audit --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Who, what, on what, when (days of Shanghai, both included)."""

    who: str = ""
    did: str = ""
    """The beginning of a code."""
    said: tuple[str, ...] = ()
    """Codes whose words have what was typed (see `dids_in_words`): asked once, not for each portion of an export."""
    on_kind: str = ""
    on_id: str = ""
    origin: str = ""
    """The beginning of an address, so that a network can be asked for."""
    since: date | None = None
    until: date | None = None
    sort: str = ""
    """One of AUDIT_SORTS, "-" before it for the other way round; empty: the newest first."""


AUDIT_SORTS: dict[str, tuple[Any, ...]] = {
    "at": (),  # events are numbered as they are written
    "who": (AuditEvent.actor,),
    "origin": (AuditEvent.origin,),
    "did": (AuditEvent.did,),
    "on": (AuditEvent.on_kind, AuditEvent.on_id),
}


def _by(who: str) -> ColumnElement[bool]:
    """The events of a name, or of the account that signs in as it."""
    accounts = select(LoginName.account_id).where(LoginName.value == who.casefold())
    return or_(func.lower(AuditEvent.actor).contains(who.lower(), autoescape=True), AuditEvent.account_id.in_(accounts))


def is_known_actor(who: str) -> bool:
    """Whether a name is that of an account, or of anybody or anything the log tells of."""
    account = or_(
        func.lower(Account.display_name).contains(who.lower(), autoescape=True),
        Account.id.in_(select(LoginName.account_id).where(LoginName.value == who.casefold())),
    )
    return any(session().scalar(select(one)) for one in (exists().where(account), exists().where(_by(who))))


def reads_whole_log(identity: Identity) -> bool:
    """Whether every event is shown; an auditor of an organisation sees some (`_done_there`)."""
    return identity.everywhere(*LOG_READERS)


def _done_there(identity: Identity) -> ColumnElement[bool]:
    """What accounts did that never held a role outside the auditor's organisations, their departments, programmes and the bases they lead: the log does
    not say for whom somebody acts, so who acts for others, too, is left out. So are the things that rooms keep blind: who judges them for others needs no role there."""

    def led(ids: Any) -> ColumnElement[bool]:
        hosts = (BaseHost.organisation_id.in_(ids), BaseHost.is_lead, BaseHost.until.is_(None))
        return RoleGrant.organisation_id.in_(select(BaseHost.base_id).where(*hosts))

    def children(ids: Any) -> ColumnElement[bool]:
        return RoleGrant.organisation_id.in_(select(Organisation.id).where(Organisation.parent_id.in_(ids)))

    def taught(ids: Any) -> ColumnElement[bool]:
        return RoleGrant.programme_id.in_(select(Programme.id).where(Programme.university_id.in_(ids)))

    places = (RoleGrant.organisation_id, children, taught, led)
    inside = select(RoleGrant.id).where(organisations.scope(identity, (Role.AUDITOR,), organisations=places))
    some = select(RoleGrant.account_id).where(RoleGrant.id.in_(inside))
    beyond = select(RoleGrant.account_id).where(RoleGrant.id.not_in(inside))
    blind = [AuditEvent.did.startswith(f"{thing}.", autoescape=True) for thing in blind_things()]
    return sa.and_(AuditEvent.account_id.in_(some), AuditEvent.account_id.not_in(beyond), sa.not_(or_(sa.false(), *blind)))


def audit_listing(wanted: AuditFilter, identity: Identity) -> organisations.Statement:
    """Events that the reader may see, newest first unless sorted otherwise."""
    statement: organisations.Statement = select(
        AuditEvent.id,
        AuditEvent.at,
        AuditEvent.actor,
        AuditEvent.account_id,
        AuditEvent.origin,
        AuditEvent.did,
        AuditEvent.on_kind,
        AuditEvent.on_id,
        AuditEvent.data,
    )
    if not reads_whole_log(identity):
        statement = statement.where(_done_there(identity))
    if wanted.who:
        statement = statement.where(_by(wanted.who))
    if wanted.did:
        statement = statement.where(or_(AuditEvent.did.startswith(wanted.did, autoescape=True), AuditEvent.did.in_(wanted.said)))
    if wanted.on_kind:
        statement = statement.where(AuditEvent.on_kind == wanted.on_kind)
    if wanted.on_id:
        statement = statement.where(AuditEvent.on_id == wanted.on_id)
    if wanted.origin:
        statement = statement.where(AuditEvent.origin.startswith(wanted.origin, autoescape=True))
    if wanted.since is not None:
        statement = statement.where(AuditEvent.at >= start_of(wanted.since))
    if wanted.until is not None:
        statement = statement.where(AuditEvent.at <= end_of(wanted.until))
    return organisations.ordered_or(statement, wanted.sort, AUDIT_SORTS, AuditEvent.id.desc(), unique=AuditEvent.id)


def audit_kinds() -> list[str]:
    """The kinds of objects in the log."""
    return _each(AuditEvent.on_kind)


def dids_in_words(text: str) -> list[str]:
    """What was done, of all that the log knows, whose words in the reader's language have this text in them."""
    asked = text.casefold()
    return [did for did in _each(AuditEvent.did) if (words := in_words(did)) != did and asked in words.casefold()]


def is_known_deed(code: str) -> bool:
    """Whether the log knows something done whose code begins so."""
    return session().scalar(select(AuditEvent.id).where(AuditEvent.did.startswith(code, autoescape=True)).limit(1)) is not None


def _each(column: Any) -> list[str]:
    """The values of an indexed column of the log, each by one step in the index: a DISTINCT would read the whole of a long log."""
    values = select(sa.func.min(column).label("value")).where(column > "").cte("each", recursive=True)
    following = select(sa.func.min(column)).where(column > values.c.value).correlate(values).scalar_subquery()
    values = values.union_all(select(following).where(values.c.value.is_not(None)))
    return list(session().scalars(select(values.c.value).where(values.c.value.is_not(None))))


def audit_stream(wanted: AuditFilter, identity: Identity, *, portion: int = 1000) -> Iterator[Any]:
    """The events of a filter, in its order, in portions, so that a long export needs little memory.

    Each portion begins after the last row of the one before: what is written meanwhile moves no row from one portion into the next.
    """
    columns = (*AUDIT_SORTS.get(wanted.sort.removeprefix("-"), ()), AuditEvent.id)
    key, ordered_by = sa.tuple_(*columns), [column.key for column in columns]
    is_up = wanted.sort.removeprefix("-") in AUDIT_SORTS and not wanted.sort.startswith("-")
    last: tuple[Any, ...] | None = None
    while True:
        statement = audit_listing(wanted, identity).limit(portion)
        if last is not None:
            statement = statement.where(key > last if is_up else key < last)
        rows = session().execute(statement).all()
        if not rows:
            return
        yield from rows
        last = tuple(getattr(rows[-1], name) for name in ordered_by)


# -- personal data ------------------------------------------------------------------------------------------------------


def requests_of(account_id: int) -> list[DataRequest]:
    """A person's requests, newest first."""
    return list(session().scalars(select(DataRequest).where(DataRequest.account_id == account_id).order_by(DataRequest.id.desc())))


REQUEST_SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Account.display_name,),
    "kind": (DataRequest.kind,),
    "asked": (DataRequest.asked_at,),
    "state": (DataRequest.state,),
}


def requests_listing(state: RequestState | None = None, text: str = "", sort: str = "") -> organisations.Statement:
    """Requests with the asker's name, open ones first, then the oldest, unless sorted otherwise."""
    statement: organisations.Statement = select(
        DataRequest.id, DataRequest.kind, DataRequest.state, DataRequest.text, DataRequest.asked_at, DataRequest.decided_at, Account.display_name
    ).join(Account, Account.id == DataRequest.account_id)
    if state is not None:
        statement = statement.where(DataRequest.state == state)
    if text:
        statement = statement.where(organisations.matches(text, Account.display_name, DataRequest.text))
    return organisations.ordered_or(statement, sort, REQUEST_SORTS, DataRequest.state != RequestState.OPEN, DataRequest.id)


def data_request(request_id: int) -> DataRequest | None:
    """One request."""
    return session().get(DataRequest, request_id)


def consents_of(account_id: int) -> list[Consent]:
    """All consents of an account, newest first."""
    return list(session().scalars(select(Consent).where(Consent.account_id == account_id).order_by(Consent.id.desc())))


def sessions_of(account_id: int) -> list[UserSession]:
    """All sessions of an account, newest first."""
    return list(session().scalars(select(UserSession).where(UserSession.account_id == account_id).order_by(UserSession.id.desc()).limit(200)))


def is_child(person_id: int | None, on: date) -> bool:
    """Whether a guardian consents for this person (privacy.guardian_age)."""
    if person_id is None:
        return False
    birth_on = session().scalar(select(Person.birth_on).where(Person.id == person_id))
    return needs_guardian(birth_on, on, int(book().at("privacy.guardian_age", on=on).value))  # type: ignore[arg-type]


def grant_organisations(identity: Identity) -> list[tuple[int, str]]:
    """Organisations inside the reader's scope, for granting roles there."""
    statement = (
        select(Organisation.id, Organisation.name)
        .where(Organisation.state != OrganisationState.CLOSED, organisations.inside(identity, (*MANAGERS, *DEPARTMENTS)))
        .order_by(Organisation.pinyin, Organisation.id)
    )
    return [(key, name) for key, name in session().execute(statement)]


def all_accounts(wanted: AccountFilter, identity: Identity, *, today: date) -> list[Any]:
    """Every account of a filter, for commands."""
    return list(session().execute(accounts_listing(identity, wanted, today=today)))
