"""Accounts and the names they sign in by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BindParameter, bindparam, or_, select
from sqlalchemy.orm import aliased

from trainhub.identity.models import Account, LoginName, PasswordHistory, RoleGrant
from trainhub.identity.queries.grants import active, rests
from trainhub.identity.rules import SCHOOL_CODE, TypedName, is_short_code, normalise_login
from trainhub.identity.types import AccountState, LoginKind
from trainhub.kernel.access import Role
from trainhub.kernel.db import portions, session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.people.models import Person
from trainhub.people.queries import has_student_number, humans_of, of_human, rows_of_humans
from trainhub.people.rules import school_number_spellings


def account(account_id: int) -> Account:
    """The account. Raises NotFound."""
    found = session().get(Account, account_id)
    if found is None:
        raise NotFound(_("没有这个账号。"))
    return found


def accounts_by_id(account_ids: Iterable[int]) -> dict[int, Account]:
    """Accounts by id; asked in portions."""
    wanted, found = sorted(set(account_ids)), dict[int, Account]()
    for start in range(0, len(wanted), 500):
        rows = session().scalars(select(Account).where(Account.id.in_(wanted[start : start + 500])))
        found.update({row.id: row for row in rows})
    return found


def account_of_person(person_id: int) -> Account | None:
    """The person's account, whatever its state."""
    return session().scalar(_OF_PERSON, {"person": person_id})


_OF_PERSON = select(Account).where(Account.person_id == bindparam("person"))
"""Made once, as what is asked for each account that is opened: to build it costs more than to ask."""


def lacks_number(person_id: int | None) -> bool:
    """Whether nobody registered an identity document of a human, and they said none themselves."""
    if person_id is None:
        return False
    held = select(Person.id).where(of_human(Person.id, person_id), Person.id_mask != "").limit(1)
    return session().scalar(held) is None


_FIRST = (AccountState.ACTIVE, AccountState.INVITED, AccountState.DISABLED)
_HELD = select(Account.person_id, Account.id, Account.state, Account.last_sign_in_at).where(
    Account.person_id.in_(sa.bindparam("wanted", expanding=True)), Account.state != AccountState.DELETED
)
"""Made once: asked whenever somebody is told something."""


def accounts_of_persons(person_ids: Iterable[int]) -> dict[int, int]:
    """Account id by person id, for those who have an account that is not deleted: whom to notify.

    Of two persons who were merged each may have one: told is the account that is in use, whichever of the rows is named. That is an
    active one before others, the one signed in to last, and of two that nobody ever used the one of the person who stays.
    """
    rows = rows_of_humans(person_ids)
    wanted, found = sorted(frozenset().union(*rows.values())), dict[int, tuple[int, float, int]]()
    for some in portions(wanted):
        for person_id, account_id, state, used_at in session().execute(_HELD, {"wanted": some}):
            found[person_id or 0] = (_FIRST.index(state), -used_at.timestamp() if used_at is not None else 0.0, account_id)
    standing = humans_of(key for key, of_one in rows.items() if len(of_one) > 1)
    chosen = {}
    for person_id, of_one in rows.items():
        held = [(*found[key][:2], key != standing.get(key, key), found[key][2]) for key in of_one if key in found]
        if held:
            chosen[person_id] = min(held)[-1]
    return chosen


def with_account(person_id: Any) -> sa.ColumnElement[int]:
    """SQL: how many of the persons that rows name have an account that is not closed; of merged persons either's counts (`accounts_of_persons`)."""
    named, same = aliased(Person), aliased(Person)
    stays = sa.func.coalesce(named.merged_into_id, named.id)
    held = (
        select(Account.id)
        .select_from(named)
        .join(same, sa.or_(same.id == stays, same.merged_into_id == stays))
        .join(Account, Account.person_id == same.id)
        .where(named.id == person_id, Account.state != AccountState.DELETED)
    )
    return sa.func.count(sa.distinct(sa.case((held.exists(), person_id))))


def display_names(account_ids: Iterable[int | None]) -> dict[int, str]:
    """Names of accounts by id; one query."""
    wanted = {key for key in account_ids if key is not None}
    rows = session().execute(select(Account.id, Account.display_name).where(Account.id.in_(wanted))).all() if wanted else ()
    return {key: name for key, name in rows}


def accounts_of_holder(account_id: int) -> list[int]:
    """Every account of the human who holds this one, itself first: two persons who were merged may each have had one."""
    person_id = session().scalar(select(Account.person_id).where(Account.id == account_id))
    if person_id is None:
        return [account_id]
    statement = select(Account.id).where(of_human(Account.person_id, person_id), Account.id != account_id).order_by(Account.id)
    return [account_id, *session().scalars(statement)]


def all_of_human(person_id: int) -> list[Account]:
    """Every account of a human, whichever of their person rows is named."""
    return list(session().scalars(select(Account).where(of_human(Account.person_id, person_id)).order_by(Account.id)))


def kinds_beside(account_id: int, person: Person) -> list[LoginKind]:
    """Of which kinds the account signs in by an address, but not by the one on the person's file: its mail goes elsewhere than the file says."""
    names: dict[LoginKind, set[str]] = {}
    for one in login_names(account_id):
        names.setdefault(one.kind, set()).add(one.value)
    on_file = ((LoginKind.EMAIL, person.email), (LoginKind.PHONE, person.phone))
    return [kind for kind, value in on_file if value and kind in names and normalise_login(kind, value) not in names[kind]]


def is_same_holder(one_id: int | None, other_id: int | None) -> bool:
    """Whether two accounts are of one human: a second account is not a second pair of eyes. Nobody is nobody."""
    return one_id is not None and other_id is not None and (one_id == other_id or other_id in accounts_of_holder(one_id))


_HOLDING = (
    select(RoleGrant.account_id)
    .join(Account, Account.id == RoleGrant.account_id)
    .where(Account.state.in_((AccountState.ACTIVE, AccountState.INVITED)))
    .distinct()
    .order_by(RoleGrant.account_id)
)
_RESTS = rests()


def accounts_holding(
    *roles: Role, today: date | None = None, organisation_id: int | None = None, programme_id: int | None = None, region_code: str | None = None
) -> list[int]:
    """Accounts that hold one of the roles, ordered by id: whom to notify.

    A named scope asks for grants over exactly that scope; without one, over any scope. Without `today` every grant counts
    that was not ended; with it none that rests.
    """
    statement = _HOLDING.where(RoleGrant.role.in_(roles), RoleGrant.ended_at.is_(None) if today is None else sa.and_(active(today), ~_RESTS))
    for column, value in ((RoleGrant.organisation_id, organisation_id), (RoleGrant.programme_id, programme_id), (RoleGrant.region_code, region_code)):
        if value is not None:
            statement = statement.where(column == value)
    return list(session().scalars(statement))


def holders_at(roles: Collection[Role], organisation_ids: Collection[int], *, today: date) -> set[int]:
    """Accounts that hold one of the roles over exactly one of many organisations on a day, and it does not rest: whom to notify."""
    found: set[int] = set()
    wanted = sorted(organisation_ids)
    for start in range(0, len(wanted), 900):
        statement = (
            select(RoleGrant.account_id)
            .join(Account, Account.id == RoleGrant.account_id)
            .where(
                RoleGrant.role.in_(list(roles)),
                RoleGrant.organisation_id.in_(wanted[start : start + 900]),
                active(today),
                ~rests(),
                Account.state.in_((AccountState.ACTIVE, AccountState.INVITED)),
            )
        )
        found.update(session().scalars(statement))
    return found


def without_holder(role: Role, organisation_ids: Collection[int]) -> frozenset[int]:
    """The organisations over which nobody holds a role that was not ended (as `accounts_holding` counts): somebody else has to be told."""
    holds = (RoleGrant.role == role, RoleGrant.ended_at.is_(None), Account.state.in_((AccountState.ACTIVE, AccountState.INVITED)))
    held = select(RoleGrant.organisation_id).join(Account, Account.id == RoleGrant.account_id).where(*holds).distinct()
    left = set(organisation_ids)
    for part in portions(sorted(left)):
        left.difference_update(session().scalars(held.where(RoleGrant.organisation_id.in_(part))))
    return frozenset(left)


def names_typed(typed: TypedName) -> list[LoginName]:
    """Login names that fit what was typed; several accounts mean that the university's code is needed.

    A student number that nobody has as it was typed is also looked for without its dashes: so the older ones are stored. A school is also found by the
    end of its code that everybody knows it by (10386 of 4135010386), where no code is just that.
    """
    is_number, (number, *older) = LoginName.kind == LoginKind.STUDENT_NO, typed.numbers
    is_typed = or_(LoginName.value == typed.value, sa.and_(is_number, LoginName.value == number))
    if typed.phone is not None:
        is_typed = or_(is_typed, sa.and_(LoginName.kind == LoginKind.PHONE, LoginName.value == typed.phone))
    found: list[LoginName] = []
    for is_there in _places(typed.scope):
        for is_asked in (is_typed, *(sa.and_(is_number, LoginName.value == one) for one in older)):
            found = found or list(session().scalars(select(LoginName).where(is_asked, is_there).order_by(LoginName.id)))
    return found


def names_of_who_types(typed: TypedName) -> list[LoginName]:
    """The same for somebody who signs in or resets a password: a user name that became somebody's number later stays its holder's, who has no school to put
    in front. An operator who names another's account is asked which."""
    found = names_typed(typed)
    chosen = [one for one in found if one.kind is LoginKind.USERNAME]
    return chosen if chosen and len({one.account_id for one in found}) > 1 else found


def _places(scope: str | None) -> list[sa.ColumnElement[bool]]:
    """At which schools a name is looked for, one after the other."""
    if scope is None:
        return [sa.true()]
    is_number = LoginName.kind == LoginKind.STUDENT_NO
    places = [sa.and_(is_number, LoginName.scope == scope)]
    if is_short_code(scope):
        places.append(sa.and_(is_number, sa.func.length(LoginName.scope) == SCHOOL_CODE, LoginName.scope.endswith(scope, autoescape=True)))
    return places


def login_names(account_id: int) -> list[LoginName]:
    """What the account signs in by."""
    return list(session().scalars(select(LoginName).where(LoginName.account_id == account_id).order_by(LoginName.kind, LoginName.id)))


def login_name(kind: LoginKind, value: str, scope: str = "") -> LoginName | None:
    """Who has this name, already normalised."""
    return session().scalar(_NAMED, {"kind": kind, "value": value, "scope": scope})


_NAMED = select(LoginName).where(LoginName.kind == bindparam("kind"), LoginName.value == bindparam("value"), LoginName.scope == bindparam("scope"))
_SPELLINGS: BindParameter[list[str]] = bindparam("spellings", expanding=True)
_STUDENT_NUMBERS = select(LoginName.id).where(LoginName.kind == LoginKind.STUDENT_NO, LoginName.value.in_(_SPELLINGS)).limit(1)


def is_student_number(value: str) -> bool:
    """Whether a normalised name is a student's number at some university, signed in by or not: nobody may take it for a user name."""
    spellings = [normalise_login(LoginKind.STUDENT_NO, one) for one in school_number_spellings(value)]
    return session().scalar(_STUDENT_NUMBERS, {"spellings": spellings}) is not None or has_student_number(value)


def email_of(account_id: int) -> str:
    """Where the account's e-mail goes: its sign-in address, else the person's; empty when there is none."""
    login = session().scalar(
        select(LoginName.value).where(LoginName.account_id == account_id, LoginName.kind == LoginKind.EMAIL).order_by(LoginName.id).limit(1)
    )
    if login:
        return login
    return session().scalar(select(Person.email).join(Account, Account.person_id == Person.id).where(Account.id == account_id)) or ""


def password_history(account_id: int, count: int) -> list[str]:
    """The last `count` password hashes, newest first."""
    return list(
        session().scalars(
            select(PasswordHistory.password_hash).where(PasswordHistory.account_id == account_id).order_by(PasswordHistory.id.desc()).limit(count)
        )
    )
