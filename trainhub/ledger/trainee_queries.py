"""The persons on the rosters of a training organisation, a year of completion at a time, as a list whose accounts are opened at once.

A roster holds no telephone and no e-mail: who gets an account of it chooses a user name with the first password.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, select

from trainhub.identity import queries as identity_queries
from trainhub.identity.groups import Group, Listed, Why
from trainhub.identity.permissions import HEADS, OPENERS
from trainhub.kernel.access import Grant, Identity, Role, ScopeKind
from trainhub.kernel.db import portions, session
from trainhub.kernel.i18n import _
from trainhub.ledger.models import TrainingRecord
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people import reach
from trainhub.people.models import Person

KIND = "trainees"
YEARS = 10_000
"""The key of a list is the organisation's id times this, plus the year."""
STANDS = TrainingRecord.cancelled_at.is_(None)
PART = 900


def key_of(organisation_id: int, year: int) -> int:
    """Under which the trainees of an organisation in a year are known."""
    return organisation_id * YEARS + year


def trainee_group(key: int) -> Group | None:
    """The trainees of an organisation who completed a training in a year: a trainee over the organisation."""
    organisation_id, year = divmod(key, YEARS)
    organisation = organisations.by_id(organisation_id)
    if organisation is None or not date.min.year <= year <= date.max.year:
        return None
    title = _("%(name)s %(year)s 年培训学员", name=organisation.name, year=year)
    return Group(KIND, key, title, (Role.TRAINEE,), organisations.subject_of(organisation), organisation_id=organisation.id)


def trainees_named(text: str) -> int | None:
    """The list of `ORGANISATION/YEAR`."""
    code, _slash, year = text.rpartition("/")
    organisation = organisations.by_code(code.strip())
    return key_of(organisation.id, int(year)) if organisation is not None and len(year) == 4 and year.isascii() and year.isdigit() else None


def trainee_members(group: Group, today: date) -> list[Listed]:
    """The humans by name, each once; `key` is the mask of their number.

    Theirs alone to invite are those whom nobody else trained, and of whom nobody else keeps anything (`people.queries.KEPT`), and who study, teach, work as
    mentors and hold accounts nowhere the head of the organisation has no say: the link lets its reader act as the person, and anybody may write a name and a number into a roster.
    """
    year = group.id % YEARS
    stays = func.coalesce(Person.merged_into_id, Person.id)
    trained = select(stays).select_from(TrainingRecord).join(Person, Person.id == TrainingRecord.person_id)
    trained = trained.where(
        TrainingRecord.organisation_id == group.organisation_id, STANDS, TrainingRecord.completed_on.between(date(year, 1, 1), date(year, 12, 31))
    )
    columns = (Person.id, Person.name, Person.id_mask, Person.email, Person.phone)
    rows = session().execute(select(*columns).where(Person.id.in_(trained)).order_by(Person.pinyin, Person.name, Person.id)).all()
    elsewhere = _elsewhere([row.id for row in rows], group.organisation_id or 0, today)
    return [Listed(r.id, r.name, r.id_mask, r.email, r.phone, why=Why.ELSEWHERE if r.id in elsewhere else None, names_itself=True) for r in rows]


def _elsewhere(person_ids: Collection[int], organisation_id: int, today: date) -> set[int]:
    head = Identity(account_id=0, person_id=None, name="", grants=tuple(Grant(role, ScopeKind.ORGANISATION, organisation_id) for role in HEADS))
    found = reach.beyond_reach(person_ids, head, today)
    rows = people.rows_of_humans(person_ids)
    human = {row: key for key, of_one in rows.items() for row in of_one}
    trained = TrainingRecord.organisation_id != organisation_id
    wanted = sorted(human)
    for part in portions(wanted, PART):
        found.update(
            human[key] for key in session().scalars(select(TrainingRecord.person_id).where(TrainingRecord.person_id.in_(part), trained, STANDS))
        )
    found.update(key for key, keepers in people.kept_by(person_ids).items() if keepers - {organisation_id})
    found.update(identity_queries.closed_above(person_ids, head, today=today))
    return found


def organisations_of_trainees(person_ids: Collection[int]) -> dict[int, set[int]]:
    """Who trained these persons, by records that stand: see `people.queries.ROSTERS`."""
    trained: dict[int, set[int]] = {}
    wanted = sorted(person_ids)
    for some in portions(wanted, PART):
        statement = select(TrainingRecord.person_id, TrainingRecord.organisation_id).where(TrainingRecord.person_id.in_(some), STANDS)
        for person_id, organisation_id in session().execute(statement.distinct()):
            trained.setdefault(person_id, set()).add(organisation_id)
    return trained


def trainee_listing(identity: Identity, text: str, _today: date) -> Any:
    """The lists of the organisations inside the reader's scope, the latest year first."""
    year = sa.cast(sa.extract("year", TrainingRecord.completed_on), sa.Integer)
    lists = (
        select(Organisation.id.label("organisation_id"), Organisation.name, Organisation.code, Organisation.pinyin, year.label("year"))
        .join(TrainingRecord, TrainingRecord.organisation_id == Organisation.id)
        .where(organisations.inside(identity, OPENERS), STANDS)
        .distinct()
        .subquery()
    )
    here = (TrainingRecord.organisation_id == lists.c.organisation_id, year == lists.c.year, STANDS)
    stays = func.coalesce(Person.merged_into_id, Person.id)
    humans = select(func.count(sa.distinct(stays))).select_from(TrainingRecord).join(Person, Person.id == TrainingRecord.person_id)
    accounts = select(identity_queries.with_account(TrainingRecord.person_id)).select_from(TrainingRecord)
    title = lists.c.name.concat(sa.literal(" ")).concat(sa.cast(lists.c.year, sa.String))
    statement: Any = select(
        (lists.c.organisation_id * YEARS + lists.c.year).label("key"),
        title.label("title"),
        lists.c.code.label("sub"),
        humans.where(*here).correlate(lists).scalar_subquery().label("members"),
        accounts.where(*here).correlate(lists).scalar_subquery().label("accounts"),
    )
    if text:
        statement = statement.where(organisations.matches(text, title, lists.c.pinyin, lists.c.code))
    return statement.order_by(lists.c.year.desc(), lists.c.pinyin, lists.c.organisation_id)
