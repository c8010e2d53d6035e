"""Seats and demand: of the reader's own schools, by term, with the wishes of their own rounds over those terms."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import operations, rules
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.programmes import queries as programmes

NOW = make.NOW
WHOLE: dict[str, Any] = {"by": SYSTEM, "now": NOW}
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Two universities with a programme of one major each; a student of the first one needs all of 32 weeks."""
    with transaction():
        first, second = ground.university(), ground.university()
        programmes = [ground.programme(one, code=f"P-SD{n}", major_code="080901", is_petoe=True) for n, one in enumerate((first, second))]
        student = ground.student(programmes[0], petoe_since=date(2023, 9, 1))
        return SimpleNamespace(
            first=first, second=second, programmes=programmes, student=student, enterprise=ground.enterprise(),
            keys=[one.id for one in programmes], schools=[first.id, second.id],
        )  # fmt: skip


def term(world: SimpleNamespace, school: Any, starts_on: date, weeks: int = 16) -> Any:
    return make.term(university=school, starts_on=starts_on, weeks=weeks)


def table(page: str, name: str) -> list[str]:
    """The rows of a table, as words."""
    found = re.search(rf'aria-label="{name}".*?</table>', page, re.S)
    if found is None:
        return []
    return [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row)).strip() for row in re.findall(r"<tr[ >].*?</tr>", found[0], re.S) if "<td" in row]


def test_the_seats_of_another_school_are_nobodys_here(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        term(world, world.first, date(2026, 3, 9))
        make.position(enterprise=world.enterprise, terms=[term(world, world.second, date(2026, 3, 9))], seats=5)
    mine, theirs = (as_role(Role.UNIVERSITY_ADMIN, organisation_id=key).get("/placements/seats").text for key in world.schools)
    assert "缺 32 周" in table(mine, "按专业")[0]
    assert table(mine, "按设区市") == []
    assert "缺" not in table(theirs, "按专业")[0]
    assert " 5 " in table(theirs, "按设区市")[0]
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=world.keys[0]).get("/placements/seats").text
    assert "缺 32 周" in table(head, "按专业")[0]


def test_seats_are_told_by_term_and_a_student_takes_one_a_term(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        for n, starts_on in enumerate((date(2026, 3, 9), date(2026, 7, 6), date(2026, 11, 2))):
            make.position(enterprise=world.enterprise, terms=[term(world, world.first, starts_on)], seats=3 if n == 0 else 1)
    page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id).get("/placements/seats").text
    row = table(page, "按专业")[0]
    assert re.findall(r"第\d+期 (\d+)", row) == ["3", "1", "1"]
    assert "够用" in row  # 3 seats of 16 weeks in three terms for one student of 32
    with transaction():
        for _n in range(2):
            ground.student(world.programmes[0], petoe_since=date(2023, 9, 1))
    row = table(as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id).get("/placements/seats").text, "按专业")[0]
    assert "缺 16 周" in row  # 96 weeks are needed, 3 + 1 + 1 seats of 16 are 80: five seats for three students are not enough


def test_seats_in_one_term_alone_do_not_bring_two_terms(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        make.position(enterprise=world.enterprise, terms=[term(world, world.first, date(2026, 3, 9))], seats=9)
    row = table(as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id).get("/placements/seats").text, "按专业")[0]
    assert "缺 16 周" in row


def test_free_seats_of_a_term_in_which_a_student_has_a_place_bring_that_student_nothing(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        one, two = term(world, world.first, date(2026, 3, 9)), term(world, world.first, date(2026, 7, 6))
        position = make.position(enterprise=world.enterprise, terms=[one], seats=6)
        operations.place_student(student=world.student, position=position, term=one, **WHOLE)
    mine = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id)
    row = table(mine.get("/placements/seats").text, "按专业")[0]
    assert ("缺 16 周" in row, re.findall(r"第\d+期 (\d+)", row)) == (True, ["5", "0"])
    with transaction():
        make.position(enterprise=world.enterprise, terms=[two], seats=1)
    assert "可能够用" in table(mine.get("/placements/seats").text, "按专业")[0]


def test_a_school_without_a_term_is_short_of_all_its_students_lack(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        make.position(enterprise=world.enterprise, terms=[term(world, world.second, date(2026, 3, 9))], seats=1)
    for role in ({"organisation_id": world.first.id}, {"programme_id": world.keys[0]}):
        name = Role.UNIVERSITY_ADMIN if "organisation_id" in role else Role.PROGRAMME_ADMIN
        rows = table(as_role(name, **role).get("/placements/seats").text, "按专业")
        assert (len(rows), "缺 32 周" in rows[0]) == (1, True)
    rows = table(as_role(Role.DEPT_EDU, region_code="350000").get("/placements/seats").text, "按专业")
    assert ["缺 32 周" in row for row in rows if world.first.name in row] == [True]
    assert any(world.second.name in row for row in rows)


def test_weeks_that_no_time_is_left_for_are_told_apart(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        cohort = programmes.cohort_by_id(world.student.cohort_id)
        assert cohort is not None
        cohort.starts_on = date(2022, 9, 1)  # studies end with the summer: 32 weeks do not fit any more
        make.position(enterprise=world.enterprise, terms=[term(world, world.first, date(2026, 3, 9))], seats=1)
    row = table(as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id).get("/placements/seats").text, "按专业")[0]
    assert re.search(r"另有 \d+ 周已没有时间", row)


@pytest.mark.parametrize(
    ("students", "seats", "short"),
    [
        ([], [], 0),
        ([(0, [16]), (-4, [16])], [0], 0),
        ([(16, [16])], [1], 0),
        ([(17, [16])], [1], 1),
        ([(15, [16])], [1], 0),
        ([(16, [16]), (16, [16])], [1], 16),
        ([(32, [16])], [9], 16),
        ([(32, [16, 16])], [9, 1], 0),
        ([(16, [16, 16, 16]), (16, [16, 16, 16])], [1, 1, 1], 0),
        ([(30, [16]), (2, [16])], [2], 14),
        ([(16, [0, 16])], [5, 0], 16),
        ([(16, [0, 16])], [0, 1], 0),
        ([(16, [16, 0]), (16, [0, 16])], [9, 0], 16),
        ([(10, [8]), (10, [4])], [1], 12),
    ],
)
def test_what_seats_cannot_bring_whoever_takes_them(students: list[tuple[int, list[int]]], seats: list[int], short: int) -> None:
    assert rules.weeks_short(students, seats) == short


def wish(world: SimpleNamespace, starts_on: date, *, is_closed: bool = True) -> tuple[Any, Any]:
    make.interested(world.enterprise, 2026)
    found = term(world, world.first, starts_on)
    position = make.position(enterprise=world.enterprise, terms=[found], seats=5)
    round_ = make.round(programme=world.programmes[0], cohort=ground.cohort(world.programmes[0]), terms=[found])
    operations.save_preferences(round=round_, student=world.student, position_ids=[position.id], **WHOLE)
    if is_closed:
        operations.close_round(round=round_, **WHOLE)
    return found, position


def test_a_wish_of_another_year_or_school_is_not_in_this_years_row(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        _term, position = wish(world, date(2027, 9, 6))
        now, theirs = term(world, world.first, date(2026, 9, 7)), term(world, world.second, date(2026, 9, 7))
        for one in (now, theirs):
            operations.set_seats(position=position, term=one, seats=2, **WHOLE)
        operations.approve_position(position=position, **WHOLE)
    mine = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id)
    assert table(mine.get("/placements/seats").text, "按设区市")[0].split()[-2:] == ["0", "0"]
    assert table(mine.get("/placements/seats?since=2027-09-06").text, "按设区市")[0].split()[-2:] == ["1", "1"]
    theirs_page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.second.id).get("/placements/seats?since=2026-09-07").text
    assert table(theirs_page, "按设区市")[0].split()[-2:] == ["0", "0"]


def test_a_department_reads_by_school_and_only_wishes_of_published_rounds(world: SimpleNamespace, as_role: AsRole) -> None:
    with transaction():
        wish(world, date(2026, 9, 7))
        make.position(enterprise=world.enterprise, terms=[term(world, world.second, date(2026, 9, 7))], seats=2)
    page = as_role(Role.DEPT_EDU, region_code="350000").get("/placements/seats").text
    rows = table(page, "按专业")
    assert [any(school.name in row for row in rows) for school in (world.first, world.second)] == [True, True]
    assert table(page, "按设区市")[0].split()[-2:] == ["0", "0"]
    mine = as_role(Role.UNIVERSITY_ADMIN, organisation_id=world.first.id).get("/placements/seats").text
    assert table(mine, "按设区市")[0].split()[-2:] == ["1", "1"]


def test_hosts_do_not_read_it(world: SimpleNamespace, as_role: AsRole) -> None:
    host = as_role(Role.ENTERPRISE_COORDINATOR, organisation_id=world.enterprise.id)
    assert host.get("/placements/seats").status_code == 403
