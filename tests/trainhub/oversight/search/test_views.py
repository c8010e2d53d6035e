"""The search shows what the lists show: by name, reading, initials, number, and only inside one's scope."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.factories import certificates, ground, home
from tests.factories.home import World
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction


@pytest.fixture
def world(app: Flask) -> World:
    """A world with a student named 曾晓明."""
    return home.build(app)


def found(html: str) -> dict[str, str]:
    """The counts by group."""
    return dict(re.findall(r'class="tag" href="#(\w+)">\S+ (\d+)<', html))


@pytest.mark.parametrize("words", ["曾晓", "zengxiaoming", "Zeng Xiao Ming", "zxm", "Xiaoming Zeng", "xiao-ming zeng", "Zeng, Xiaoming"])
def test_a_name_is_found_by_characters_reading_and_initials(app: Flask, world: World, words: str) -> None:
    """The surname is read as a surname."""
    html = home.browser(app, world, Role.PROGRAMME_ADMIN).get("/search", query_string={"q": words}).get_data(as_text=True)
    assert found(html)["students"] == "1"
    assert "曾晓明" in html


def test_a_mentor_finds_the_own_students_and_nobody_elses(app: Flask) -> None:
    """Mentors have no list of students; the placements they guide are theirs to see."""
    world, other = home.build_each(app, 1, 1)
    for words in ("曾晓明", "Xiaoming Zeng"):
        html = home.browser(app, world, Role.MENTOR).get("/search", query_string={"q": words}).get_data(as_text=True)
        assert found(html) == {"placed": "1"}
        assert f'href="/placements/{world.placement_id}"' in html
        assert f'href="/placements/{other.placement_id}"' not in html


def test_others_students_are_not_found(app: Flask) -> None:
    """Rows outside the scope are neither shown nor counted."""
    world, other = home.build_each(app, 1, 1)
    html = home.browser(app, other, Role.PROGRAMME_ADMIN).get("/search?q=曾晓明").get_data(as_text=True)
    assert found(html)["students"] == "1"
    assert f"/people/students/{other.student_id}" in html
    assert f"/people/students/{world.student_id}" not in html


def test_trainees_are_found_where_the_registry_shows_them(app: Flask) -> None:
    """An operator finds the trainees of the own city, and nobody finds those of another."""
    from datetime import UTC, date, datetime

    from trainhub.kernel.access import SYSTEM
    from trainhub.ledger import operations as ledger
    from trainhub.ledger.types import Category, Source

    with app.app_context(), transaction():
        base = ground.base(ground.enterprise())
        for county in ("350102", "350203"):
            ledger.record_training(
                person_id=ground.person("单小娥").id, category=Category.WORKER, county_code=county, organisation_id=base.id, course="电子商务运营",
                hours_x10=160, completed_on=date(2026, 3, 2), is_counted=True, source=Source.ROSTER, by=SYSTEM, now=datetime(2026, 3, 3, tzinfo=UTC),
            )  # fmt: skip
    from tests.factories.identity import signed_in_client

    html = signed_in_client(app, Role.PREFECTURE_OPERATOR, region_code="350100").get("/search?q=shanxiaoe").get_data(as_text=True)
    assert found(html)["trainees"] == "1"


def test_a_student_finds_courses_and_no_people(app: Flask, world: World) -> None:
    """Groups without permission do not exist for the reader."""
    client = home.browser(app, world, Role.STUDENT)
    html = client.get("/search?q=机器人").get_data(as_text=True)
    assert found(html)["courses"] == "1"
    assert "students" not in found(client.get("/search?q=曾晓明").get_data(as_text=True))


def test_a_certificate_is_found_by_number_by_its_holder_only(app: Flask, world: World) -> None:
    """Row by row: the holder finds it, another student does not."""
    with app.app_context(), transaction():
        holder, other = ground.person(), ground.person()
        ground.student(who=holder), ground.student(who=other)
        number = certificates.certificate(who=holder).number
        ids = holder.id, other.id
    from tests.factories.identity import signed_in_client

    pages = [signed_in_client(app, Role.STUDENT, person_id=key).get("/search", query_string={"q": number}).get_data(as_text=True) for key in ids]
    assert [found(html).get("certificates") for html in pages] == ["1", None]


def test_signs_of_like_are_letters(app: Flask, world: World) -> None:
    """A percent sign finds nothing instead of everything."""
    html = home.browser(app, world, Role.PROGRAMME_ADMIN).get("/search", query_string={"q": "%%"}).get_data(as_text=True)
    assert found(html) == {}
    assert "没有找到" in html


@pytest.mark.parametrize(("words", "answer"), [("", "要找什么"), ("a", "关键词太短"), ("查无此人甲乙", "没有找到")])
def test_empty_answers_say_what_to_do(app: Flask, world: World, words: str, answer: str) -> None:
    """Nothing asked, too little, nothing found."""
    answered = home.browser(app, world, Role.DEPT_EDU).get("/search", query_string={"q": words})
    assert answered.status_code == 200
    assert answer in answered.get_data(as_text=True)


def test_pages_are_found_by_name_and_reading(app: Flask, world: World) -> None:
    """The navigation is searched as well."""
    client = home.browser(app, world, Role.STUDENT)
    assert found(client.get("/search?q=证书").get_data(as_text=True))["pages"] == "1"
    assert found(client.get("/search?q=wdsx").get_data(as_text=True))["pages"] == "1"


@pytest.mark.parametrize("role", [Role.SYSTEM_ADMIN, Role.PROGRAMME_ADMIN, Role.DEPT_HR, Role.STUDENT])
def test_every_hit_opens(app: Flask, world: World, role: Role) -> None:
    """What is found may be looked at."""
    client = home.browser(app, world, role)
    pages = [client.get("/search", query_string={"q": words}).text for words in ("曾", "机", "榕城", "32", "设计")]
    hits = {hit for html in pages for hit in re.findall(r'<span class="file-main"><a href="([^"]+)"', html)}
    assert {hit: status for hit in sorted(hits) if (status := client.get(hit, follow_redirects=True).status_code) != 200} == {}


def test_a_search_asks_a_bounded_number_of_queries(app: Flask, count_queries: list[str]) -> None:
    """The same for one hit and for nine: counted before there are others, since not every group is scoped."""
    counts = []
    for students in (1, 9):
        world = home.build(app, students=students)
        client = home.browser(app, world, Role.PROGRAMME_ADMIN)
        client.get("/search?q=机械")
        count_queries.clear()
        client.get("/search?q=机械")
        counts.append(len(count_queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_visitors_are_asked_to_sign_in(client: object) -> None:
    """The search is for those who have an account."""
    answer = client.get("/search?q=曾")  # type: ignore[attr-defined]
    assert answer.status_code == 303
    assert answer.location.startswith("/login")
