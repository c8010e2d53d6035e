"""The catalogue: words in Chinese, pinyin and initials, filters, orders; the landing page says what a visitor wants to know."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.catalogue import queries
from courses.catalogue.types import EducationType, RunMode
from courses.learning import operations as learning
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def pages(client: FlaskClient, session: Session) -> FlaskClient:
    """Three courses that differ in everything a visitor can ask for."""
    session.expire_on_commit = False
    today = clock.today()
    owner = ground.university(name="榕城工业大学")
    robots = make.course(
        owner,
        title="工业机器人编程",
        key_field_no=2,
        education_type=EducationType.DEGREE,
        hours_x10=480,
        level="大三以上",
        needs="会看图样\n会编程",
        gains="编出一段程序",
    )
    commerce = make.course(title="跨境电商", focus_area_no=1, hours_x10=80, language="en")
    full = make.course(title="安全须知", hours_x10=160)
    make.run(robots, is_published=True, starts_on=today + timedelta(days=3), counts_for_goal=True, quota=30)
    make.run(commerce, is_published=True, starts_on=today, enrol_until=today - timedelta(days=1))
    seats = make.run(full, is_published=True, starts_on=today - timedelta(days=3), quota=1)
    learning.enrol(run=seats, person_id=ground.person().id, by=SYSTEM, now=clock.now())
    session.commit()
    return client


def found(client: FlaskClient, **asked: str) -> list[str]:
    page = client.get("/courses", query_string=asked).text
    titles = ["工业机器人编程", "跨境电商", "安全须知"]
    return sorted((title for title in titles if f">{title}</a>" in page), key=lambda title: page.index(f">{title}</a>"))


@pytest.mark.parametrize(
    "text",
    ["机器人", "gongyejiqiren", "gyjqr", "GYJQR", "机器人 编程", "榕城 机器人", "rongcheng", "机器人 bc"],
)
def test_words_find_a_course(pages: FlaskClient, text: str) -> None:
    assert "工业机器人编程" in found(pages, q=text)
    assert "安全须知" not in found(pages, q=text)


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({"field": "2"}, ["工业机器人编程"]),
        ({"area": "1"}, ["跨境电商"]),
        ({"type": "degree"}, ["工业机器人编程"]),
        ({"language": "en"}, ["跨境电商"]),
        ({"goal": "1"}, ["工业机器人编程"]),
        ({"seats": "1"}, ["工业机器人编程", "跨境电商"]),
        ({"open": "1"}, ["工业机器人编程", "安全须知"]),
        ({}, ["工业机器人编程", "跨境电商", "安全须知"]),
        ({"order": "starts"}, ["安全须知", "跨境电商", "工业机器人编程"]),
        ({"order": "hours"}, ["跨境电商", "安全须知", "工业机器人编程"]),
        ({"order": "popular"}, ["安全须知", "跨境电商", "工业机器人编程"]),
        ({"order": "nonsense", "type": "nonsense", "owner": "x"}, ["工业机器人编程", "跨境电商", "安全须知"]),
        ({"q": "%"}, []),
    ],
)
def test_filters_and_orders(pages: FlaskClient, asked: dict[str, str], titles: list[str]) -> None:
    assert found(pages, **asked) == titles


def test_the_landing_page_tells_what_one_needs_gets_and_pays_in_time(pages: FlaskClient) -> None:
    page = pages.get("/courses?q=机器人").text
    code = page.split("/courses/C-")[1].split('"')[0]
    page = pages.get(f"/courses/C-{code}").text
    for text in ("会看图样", "编出一段程序", "大三以上", "余 30 席，共 30 席", "1 个单元", "登录后报名", "不低于 60 分"):
        assert text in page, text


def test_a_course_leads_first_to_a_run_that_one_can_enter(client: FlaskClient, as_role: AsRole, session: Session) -> None:
    """Made last, a run by invitation stood before the one that takes everybody, and before the reader's own."""
    session.expire_on_commit = False
    today = clock.today()
    course = make.course(title="数控加工")
    begun = today - timedelta(days=9)
    given = {"of": course, "is_published": True, "starts_on": begun}
    mine = make.run(code="MINE", enrol_until=today - timedelta(days=1), **given)
    make.run(code="OPEN", **given)
    full = make.run(code="FULL", quota=1, **given | {"starts_on": begun + timedelta(days=1)})
    make.run(code="LATER", enrol_from=today + timedelta(days=1), **given | {"starts_on": today + timedelta(days=2)})
    make.run(code="INVITED", mode=RunMode.INVITATION, **given | {"starts_on": today + timedelta(days=5)})
    learning.enrol(run=full, person_id=ground.person().id, by=SYSTEM, now=clock.now())
    who, guest = ground.person(), ground.person()
    learning.enrol(run=mine, person_id=who.id, by=SYSTEM, now=clock.now(), is_approved=True)
    session.commit()
    session.expire_all()

    def runs(browser: FlaskClient, query: str = "") -> list[str]:
        page = browser.get(f"/courses/{course.code}{query}").text
        first = page.split("<dt>期次</dt>")[1].split("<dd>")[1].split("</dd>")[0]
        return [first, *(part.split("<")[0] for part in page.split("其他期次：")[1:])]

    assert f'/courses/{course.code}?run=OPEN"' in client.get("/courses?q=数控").text
    assert f'/courses/{course.code}?run=OPEN"' in client.get("/courses?seats=1").text
    assert runs(client) == ["OPEN", "FULL", "INVITED", "LATER", "MINE"]
    assert runs(client, "?run=INVITED")[0] == "INVITED"  # who was sent to a run comes to it
    assert runs(as_role(Role.TRAINEE, person_id=guest.id)) == ["OPEN", "FULL", "INVITED", "LATER", "MINE"]
    assert runs(as_role(Role.TRAINEE, person_id=who.id)) == ["MINE", "OPEN", "FULL", "INVITED", "LATER"]
    learning.invite(run=make.loaded(queries.run_by_codes(course.code, "INVITED") or full), person_ids=[guest.id], by=SYSTEM, now=clock.now())
    session.commit()
    assert runs(as_role(Role.TRAINEE, person_id=guest.id))[:2] == ["INVITED", "OPEN"]
