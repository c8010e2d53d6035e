"""A page of the records behind a figure, without reading those before it: the kept facts say how many rows each day holds.

The lists are in the order of days. Where the kept sums know all that is asked for, they give the number of rows and the days of a
page, and only those days are read from the ledger, the rows before the page by their keys alone. What they do not know (a course, late entries, a county's office) is counted up
to `MOST_COUNTED` rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from trainhub.kernel import paging
from trainhub.kernel.access import Identity, ScopeKind
from trainhub.kernel.db import session
from trainhub.ledger.models import TrainingRecord
from trainhub.organisations import queries as organisations
from trainhub.oversight.goals import rules
from trainhub.oversight.goals.models import Goal, GoalFact, GoalPerson
from trainhub.oversight.goals.permissions import VIEWERS
from trainhub.oversight.goals.queries.counting import PROVINCE, drill
from trainhub.oversight.goals.queries.courses import kept_course
from trainhub.oversight.goals.queries.enrolling import enrolments

MOST_COUNTED = 10_000
"""How far rows are counted that the kept sums do not know, and up to how many rows a list is sorted by something else than days."""
BY_DAY = ("", "on", "-on")


def people_page(goal: Goal, identity: Identity, *, number: int, size: int, **asked: Any) -> paging.Page[Any]:
    """A page of the persons who make a figure (see `drill`)."""
    return _page(drill, GoalPerson, GoalPerson.on, GoalFact.persons, goal, identity, number, size, asked)


def enrolments_page(goal: Goal, identity: Identity, *, number: int, size: int, **asked: Any) -> paging.Page[Any]:
    """A page of the completions that make a figure (see `enrolments`)."""
    return _page(enrolments, TrainingRecord, TrainingRecord.completed_on, GoalFact.enrolments, goal, identity, number, size, asked)


def is_unsorted(sort: str, total: int, is_more: bool) -> bool:
    """Whether a list is too long to be sorted as asked while somebody waits: it is in the order of days then, and its page says so."""
    return sort not in BY_DAY and (is_more or total > MOST_COUNTED)


def _page(
    rows: Any, table: Any, day: Any, measure: Any, goal: Goal, identity: Identity, number: int, size: int, asked: dict[str, Any]
) -> paging.Page[Any]:
    counts = None if asked["course"] or asked["late"] or not _is_kept(goal, identity) else _by_day(goal, identity, measure, asked)
    statement = rows(goal, identity, **asked)
    whole = None if counts is not None else _of_course(goal, identity, measure, asked)
    if counts is not None:
        total, is_more = sum(count for _day, count in counts), False
    elif whole is not None:
        total, is_more = min(whole, MOST_COUNTED), whole > MOST_COUNTED
    else:
        total, is_more = paging.count_of(statement, MOST_COUNTED)
    if is_unsorted(asked["sort"], total, is_more):
        asked = asked | {"sort": ""}
        statement = rows(goal, identity, **asked)
    if counts is None or asked["sort"] not in BY_DAY:
        page = paging.paginate(_keys(statement, table), number=number, size=size, counted=(total, is_more))
        return replace(page, items=_rows(statement, table, page.items), whole=whole)
    number = min(number, max(1, -(-total // size)))
    ordered = counts if asked["sort"] == "on" else counts[::-1]
    days = rules.days_of_page(ordered, (number - 1) * size, size)
    if days is None:
        return paging.Page((), number, size, 0)
    first, last = sorted((days.first, days.last))
    keys = session().scalars(_keys(statement, table).where(day.between(first, last)).limit(size).offset(days.skip)).all()
    return paging.Page(_rows(statement, table, keys), number, size, total)


def _keys(statement: Any, table: Any) -> Any:
    """The same list in the same order, of its keys alone: the rows before a page are passed over without reading what they tell."""
    return statement.with_only_columns(table.id, maintain_column_froms=True)


def _rows(statement: Any, table: Any, keys: Sequence[int]) -> list[Any]:
    """The rows of a page, in the order of their keys; one that a refresh of the facts took away since the keys were read is left out."""
    if not keys:
        return []
    found = session().execute(statement.add_columns(table.id.label("page_key")).where(table.id.in_(keys)).order_by(None))
    rows = {row.page_key: row for row in found}
    return [rows[key] for key in keys if key in rows]


def _is_kept(goal: Goal, identity: Identity) -> bool:
    """Whether the kept sums can tell what the identity may see: they know reporting units and organisations, not counties."""
    if identity.everywhere(*VIEWERS):
        return goal.refreshed_at is not None
    codes = {grant.region_code for grant in identity.grants if grant.role in VIEWERS and grant.kind is ScopeKind.REGION}
    return goal.refreshed_at is not None and codes <= {PROVINCE, *(code for code, _name in organisations.prefecture_choices())}


def _of_course(goal: Goal, identity: Identity, measure: Any, asked: dict[str, Any]) -> int | None:
    """How many rows a course has, from its kept sums: they know it in a reporting unit or in all, for who sees everything."""
    is_narrowed = asked["late"] or asked["category"] or asked["base_id"] or asked["month"] or asked["since"]
    if not asked["course"] or is_narrowed or not identity.everywhere(*VIEWERS):
        return None
    if goal.refreshed_at is None:
        return None
    return kept_course(goal, asked["course"], asked["region"])[0 if measure is GoalFact.persons else 1]


def _by_day(goal: Goal, identity: Identity, measure: Any, asked: dict[str, Any]) -> list[tuple[date, int]]:
    statement: Any = (
        select(GoalFact.on, func.sum(measure))
        .where(
            GoalFact.goal_id == goal.id,
            organisations.scope(identity, VIEWERS, organisations=(GoalFact.organisation_id,), region=GoalFact.prefecture),
        )
        .group_by(GoalFact.on)
        .order_by(GoalFact.on)
    )
    for column, wanted in (
        (GoalFact.prefecture, asked["region"]),
        (GoalFact.category, asked["category"]),
        (GoalFact.organisation_id, asked["base_id"]),
    ):
        if wanted:
            statement = statement.where(column == wanted)
    days = rules.days_of_months(asked["since"], asked["month"])
    if days is not None:
        statement = statement.where(GoalFact.on.between(*days))
    return [(day, int(count)) for day, count in session().execute(statement) if count]
