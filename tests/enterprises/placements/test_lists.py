"""Lists of terms, positions, rounds, topics, awards and e-mails: sorted both ways, exported as they are filtered and sorted."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session

from enterprises.awards import queries as awards
from enterprises.capstones.queries.topics import TOPIC_SORTS
from enterprises.placements import operations
from enterprises.placements.queries.offers import POSITION_SORTS, TERM_SORTS
from enterprises.placements.queries.rounds import ROUND_SORTS
from tests.factories import capstones, ground
from tests.factories import enterprises as make
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.notifications.queries import MAIL_SORTS

LISTS = [
    (Role.UNIVERSITY_ADMIN, "/placements/terms", "/placements/terms/export", (*TERM_SORTS, "nonsense")),
    (Role.DEPT_EDU, "/placements/positions", "/placements/positions/export", (*POSITION_SORTS, "seats", "nonsense")),
    (Role.UNIVERSITY_ADMIN, "/placements/rounds", "/placements/rounds/export", (*ROUND_SORTS, "nonsense")),
    (Role.DEPT_EDU, "/capstones/topics", "/capstones/topics/export", (*TOPIC_SORTS, "nonsense")),
    (Role.DEPT_HR, "/awards/decisions", "/awards/decisions", (*awards.AWARD_SORTS, "nonsense")),
    (Role.DEPT_HR, "/awards/", "/awards/checks", (*awards.BASE_SORTS, "nonsense")),
    (Role.SYSTEM_ADMIN, "/notifications/outbox", "/notifications/outbox/export", (*MAIL_SORTS, "nonsense")),
]


@pytest.fixture
@remembered
def university(session: Session) -> int:
    """A school with two terms, a round, two positions and two topics; its id."""
    with transaction():
        school, enterprise = ground.university(), ground.enterprise()
        programme, base = ground.programme(school), ground.base(enterprise)
        make.opened_base(base=base)
        spring = make.term(university=school, starts_on=date(2026, 3, 2), weeks=16, code="T-A")
        autumn = make.term(university=school, starts_on=date(2026, 9, 7), weeks=12, code="T-B")
        for seats in (3, 8):
            make.position(enterprise=enterprise, base=base, terms=[spring], seats=seats)
        make.round(programme=programme, cohort=ground.cohort(programme), terms=[spring, autumn])
        for _n in range(2):
            capstones.topic(programme=programme, enterprise=enterprise)
        return school.id


def rows_of(client: FlaskClient, address: str) -> list[dict[str, str]]:
    """A CSV as rows by the Chinese headings."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.parametrize(("role", "page", "export", "sorts"), LISTS, ids=[one[1] for one in LISTS])
def test_lists_sort_and_export(
    as_role: Callable[..., FlaskClient], university: int, role: Role, page: str, export: str, sorts: tuple[str, ...]
) -> None:
    client = as_role(role, **({"organisation_id": university} if role is Role.UNIVERSITY_ADMIN else {}))
    for sort in sorts:
        for asked in (sort, f"-{sort}"):
            assert client.get(f"{page}?sort={asked}").status_code == 200, (page, asked)
            rows = rows_of(client, f"{export}.csv?sort={asked}")
        assert client.get(f"{page}?sort={sort}&page=2&size=20").status_code in (200, 404)
    assert len(rows) == {"/awards/decisions": 0, "/notifications/outbox": 0, "/placements/rounds": 1, "/awards/": len(rows)}.get(page, 2)
    assert client.get(f"{export}.xlsx").data[:2] == b"PK"
    assert client.get(f"{export}.pdf").status_code == 404


def test_an_export_follows_the_sort(as_role: Callable[..., FlaskClient], university: int) -> None:
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=university)
    assert [row["周数"] for row in rows_of(client, "/placements/terms/export.csv?sort=weeks")] == ["12", "16"]
    assert [row["周数"] for row in rows_of(client, "/placements/terms/export.csv?sort=-weeks")] == ["16", "12"]
    assert [row["席位"] for row in rows_of(client, "/placements/positions/export.csv?sort=-seats")] == ["8", "3"]
    assert [row["席位"] for row in rows_of(client, "/placements/positions/export.csv?sort=seats")] == ["3", "8"]
    assert 'href="?sort=weeks"' in client.get("/placements/terms").get_data(as_text=True)
    assert "/placements/terms/export.csv?sort=weeks" in client.get("/placements/terms?sort=weeks&page=1").get_data(as_text=True)


def test_a_round_of_many_is_looked_at_page_by_page(as_role: Callable[..., FlaskClient], app: Flask) -> None:
    """Who was placed and who was not, each list with its own pages."""
    with app.app_context(), transaction():
        school, enterprise = ground.university(), ground.enterprise()
        programme = ground.programme(school)
        term = make.term(university=school, starts_on=date(2026, 4, 6), weeks=32)
        make.mentor(enterprise=enterprise, load_limit=30)
        position = make.position(enterprise=enterprise, terms=[term], seats=21)
        students = [ground.student(programme, petoe_since=date(2023, 9, 1)) for _n in range(43)]
        round = make.round(programme=programme, cohort=ground.cohort(programme), terms=[term])
        operations.save_preferences(round=round, student=students[0], position_ids=[position.id], by=SYSTEM, now=make.NOW)
        operations.plan_round(round=round, by=SYSTEM, now=make.at(round.closes_on + timedelta(days=1)))
        address, school_id = f"/placements/rounds/{round.id}", school.id
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=school_id)

    def rows(query: str) -> list[int]:
        document = html.document_fromstring(client.get(address + query).get_data(as_text=True))
        tables = document.xpath("//table[caption[contains(., '未达到周数的学生') or contains(., '安排结果')]]")
        return [len(table.xpath(".//tbody/tr")) for table in tables]

    assert rows("") == [20, 20]
    assert rows("?short=2") == [2, 20]
    assert rows("?short=2&lines=2") == [2, 1]
    assert rows("?short=9&lines=x&size=50") == [22, 21]
