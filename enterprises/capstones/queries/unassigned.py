"""The students of a cohort without a capstone: a list of everybody's (002:576 全体学生) is whole only with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from enterprises.capstones.models import Capstone
from enterprises.capstones.queries.standing import is_latest
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.people import queries as people
from trainhub.people.models import Person, Student


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A student without a capstone; `is_graduate` on the day that was asked about."""

    student_no: str
    name: str
    is_petoe: bool
    is_graduate: bool


def unassigned_in(cohort_id: int, on: date) -> list[Unassigned]:
    """Who counts in a cohort and has no capstone, or only one that was ended, in the order of numbers; one query."""
    has_one = select(Capstone.id).where(Capstone.student_id == Student.id, is_latest()).exists()
    statement = (
        select(Student.student_no, Person.name, people.petoe_of_cohort(on), people.has_graduated(on))
        .join(Person, Person.id == Student.person_id)
        .where(people.in_cohort(cohort_id, on), people.counts_in_cohort(on), ~has_one)
        .order_by(Student.student_no, Student.id)
    )
    return [Unassigned(number, name, bool(petoe), bool(gone)) for number, name, petoe, gone in session().execute(statement)]


def with_unassigned(rows: Sequence[dict[str, Any]], names: Sequence[str], cohort_id: int, on: date) -> list[dict[str, Any]]:
    """The rows of a table (T2, M8.1 to M8.3) with a line for everybody without a capstone behind those of the same kind, 卓越计划 first (002:319)."""
    blank = dict.fromkeys(names)
    missing = [
        blank | {"is_petoe": one.is_petoe, "student_no": one.student_no, "name": one.name, "topic": _("未下达")}
        for one in unassigned_in(cohort_id, on)
    ]
    return sorted([*rows, *missing], key=lambda row: not row["is_petoe"])
