"""9.1 and 9.8 count foreigners by the kind of nationality: who comes by a list without a document is a foreigner there, too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from trainhub.kernel import imports
from trainhub.kernel.access import Role
from trainhub.kernel.commands import operator
from trainhub.kernel.db import transaction
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import readiness
from trainhub.oversight.evaluation.models import ExchangeRecord
from trainhub.oversight.evaluation.register_types import ExchangeKind
from trainhub.people.imports import students, teachers
from trainhub.policy.findings import Finding

pytestmark = pytest.mark.database
NOW, ON = datetime(2026, 3, 2, 2, tzinfo=UTC), factory.TODAY


def brought(spec: imports.Spec, head: str, rows: list[str], *, at_once: bool) -> None:
    """The rows by a file, or each by its own."""
    for some in [rows] if at_once else [[one] for one in rows]:
        with transaction():
            text = "\n".join([head, *some, ""])
            assert imports.execute_bytes(spec, text.encode(), filename="a.csv", by=operator(), today=ON, now=NOW).added == len(some)


def found(built: factory.Built, code: str) -> Finding:
    return next(one for one in readiness.assess(built.programme, ON).findings if one.code == code)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize(("code", "counted"), [("VN", 2), ("HK", 0), ("CN", 0), ("", 0)])
def test_who_comes_by_a_list_counts_by_the_nationality(session: Session, code: str, counted: int, at_once: bool) -> None:
    """Two of ten, of students and of teachers."""
    built = factory.bare(students=8, teachers=8)
    school = organisations.by_id(built.programme.university_id)
    assert school is not None
    assert [found(built, one).found for one in ("9.1", "9.8")] == ["0/8 (0.0%)"] * 2
    rows = [f"S9{n},外来{n},{code},{built.programme.code},{built.cohort.year}" for n in range(2)]
    brought(students.SPEC, "学号,姓名,国籍,专业点代码,年级", rows, at_once=at_once)
    rows = [f"{school.code},T9{n},外来师{n},{code},{built.programme.code},专职,2020-09-01" for n in range(2)]
    brought(teachers.SPEC, "学校代码,工号,姓名,国籍,专业点代码,专兼职,到岗日期", rows, at_once=at_once)
    assert [found(built, one).found for one in ("9.1", "9.8")] == [f"{counted}/10 ({counted * 10}.0%)"] * 2


def test_an_exchange_with_hong_kong_counts_as_international_and_the_page_says_so(session: Session, as_role: Callable[..., Any]) -> None:
    """9.6 says 国际 and not 国外: our reading, written where it is judged."""
    with transaction():
        built = factory.bare(students=1)
        session.add(ExchangeRecord(student_id=built.students[0].id, kind=ExchangeKind.STUDY_ABROAD, partner="某大学", country="HK", took_place_on=ON))
        code, programme_id = built.programme.code, built.programme.id
    assert found(built, "9.6").found == "1/1 (100.0%)"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    pages = [head.get(f"/evaluation/{code}/criteria/{number}").text for number in ("9.6", "9.8")]
    assert ["到香港、澳门、台湾的交流也计入" in page for page in pages] == [True, False]
