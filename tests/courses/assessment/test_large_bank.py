"""A bank of more questions than a page shows: all are found, the page says how many there are, and asks as often as for a few."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import insert
from sqlalchemy.orm import Session

from courses.assessment.models import Question, QuestionVersion
from courses.assessment.operations import bank
from courses.assessment.types import QuestionKind
from courses.catalogue import authoring_queries as authored
from courses.catalogue import choice_queries
from courses.catalogue.models import Course, CoursePrerequisite
from courses.catalogue.operations import team
from courses.catalogue.operations.offerings import BadCourse
from courses.paths import queries as path_queries
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def fill(session: Session, course_id: int, start: int, count: int) -> None:
    """Essays in categories that come before all others by name, and one last that a search must find."""
    keys = range(start, start + count)
    session.execute(
        insert(Question),
        [{"id": n, "course_id": course_id, "key": f"k{n}", "kind": QuestionKind.ESSAY, "category": f"A{n:05}", "created_at": make.NOW} for n in keys],
    )
    session.execute(
        insert(QuestionVersion),
        [{"question_id": n, "number": 1, "stem": f"题{n}。", "stem_html": f"<p>题{n}。</p>", "data": {}, "saved_at": make.NOW} for n in keys],
    )
    session.flush()


def test_every_question_of_a_large_bank_can_join_a_quiz(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    quiz = make.quiz(make.unit(run), of=run)
    fill(session, run.course_id, 10_000, 20)
    for _n in range(2):
        bank.add_draw(run=run, block=quiz, count=1, points_x10=10, category="", tag="", difficulty=None, by=SYSTEM, now=make.NOW)
    session.commit()
    author, url = as_role(Role.LECTURER, person_id=lead.id), f"/teaching/blocks/{quiz.id}/items"
    session.commit()

    def asked(address: str) -> tuple[int, str]:
        session.expire_all()
        count_queries.clear()
        page = author.get(address).text
        return len(count_queries), page

    asked(url)
    few, page = asked(url)
    assert page.count('name="question"') == 20
    fill(session, run.course_id, 20_000, 600)
    for _n in range(20):
        bank.add_draw(run=run, block=quiz, count=1, points_x10=10, category="A20001", tag="", difficulty=None, by=SYSTEM, now=make.NOW)
    session.commit()
    many, page = asked(url)
    assert many == few
    assert page.count('name="question"') == 100
    assert "共 620 题符合，只列出前 100 题" in page
    for wanted in ("题20599。", "A20599"):  # beyond the five hundredth by category
        _n, page = asked(f"{url}?q={wanted}")
        assert (page.count('name="question"'), "题20599。" in page) == (1, True)
    assert author.post(url, data={"question": "20599"}).status_code == 303
    assert "没有符合的题目" in asked(f"{url}?q=题20599。")[1]  # it is in the quiz already


def test_courses_beyond_a_list_are_named_by_code_and_what_was_chosen_stays(as_role: AsRole, session: Session) -> None:
    lead, owner = ground.person(), ground.university()
    course = make.course(owner)
    make.run(course, lead=lead)
    session.execute(
        insert(Course),
        [
            {"id": n, "code": f"B{n}", "title": f"甲{n}", "owner_id": owner.id, "created_at": make.NOW, "version": 1, "hours_x10": 0}
            for n in range(50_000, 50_510)
        ],
    )
    last, other = 50_509, 50_508
    session.add(CoursePrerequisite(course_id=course.id, required_id=last))
    session.commit()
    author, url = as_role(Role.LECTURER, person_id=lead.id, organisation_id=owner.id), f"/teaching/courses/{course.code}/edit"
    session.commit()
    page = author.get(url).text
    assert f'value="{last}"' in page  # what is chosen is listed wherever it stands
    assert "其他先修课程的代码" in page
    form = {"title": course.title, "owner_id": owner.id, "language": "zh", "family": "professional", "education_type": "degree", "hours": "8"}
    form |= {"code": course.code, "credits": "0", "version": str(course.version), "prerequisites": str(last)}
    assert author.post(url, data=form).status_code == 303
    assert {row.required_id for row in authored.prerequisite_rows(course.id)} == {last}
    session.refresh(course)
    refused = author.post(url, data={**form, "version": str(course.version), "more_prerequisites": "B50508, NOWHERE"})
    assert (refused.status_code, "NOWHERE" in refused.text) == (422, True)
    assert author.post(url, data={**form, "version": str(course.version), "more_prerequisites": "B50508，B50508"}).status_code == 303
    assert {row.required_id for row in authored.prerequisite_rows(course.id)} == {last, other}


def test_owners_and_courses_beyond_a_list_are_named_by_code(as_role: AsRole, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    owners = [ground.university() for _ in range(3)]
    session.commit()
    for module in (choice_queries, path_queries):
        monkeypatch.setattr(module, "CHOICES", 2)
    admin = as_role(Role.SYSTEM_ADMIN)
    page = html.fromstring(admin.get("/teaching/paths/new").text)
    listed = {int(one) for one in page.xpath('//select[@name="owner_id"]/option/@value') if one}
    hidden = next(one for one in owners if one.id not in listed)
    data = {"title": "路径", "code": "P1", "owner_id": str(min(listed)), "owner_code": "NOWHERE"}
    refused = admin.post("/teaching/paths/new", data=data)
    assert (refused.status_code, "没有代码为“NOWHERE”的已核验单位" in refused.text) == (422, True)
    assert admin.post("/teaching/paths/new", data={**data, "owner_code": hidden.code}).status_code == 303
    path = path_queries.path_by_code("P1")
    assert path is not None
    assert path.owner_id == hidden.id
    assert all("其他单位的代码" in admin.get(page).text for page in ("/teaching/courses/new", "/teaching/import", "/teaching/paths/new"))
    codes = [make.run(make.course(owners[0]), is_published=True).course.code for _ in range(3)]
    session.commit()
    assert "只列出前 2 门" in admin.get("/teaching/paths/P1").text
    assert admin.post("/teaching/paths/P1/courses", data={"verb": "add", "course": codes[0], "course_code": codes[2]}).status_code == 303
    assert [step.code for step in path_queries.steps(path.id, None)] == [codes[2]]
    monkeypatch.setattr(path_queries, "CHOICES", 3)
    assert "只列出前" not in admin.get("/teaching/paths/P1").text


def test_a_course_asks_for_so_many_others_at_most(session: Session) -> None:
    owner = ground.university()
    course = make.course(owner)
    others = [make.course(owner) for _n in range(team.MOST + 1)]
    with pytest.raises(BadCourse, match=str(team.MOST)):
        team.set_prerequisites(course=course, required_ids=[one.id for one in others], by=SYSTEM, now=make.NOW)
    team.set_prerequisites(course=course, required_ids=[one.id for one in others[:-1]], by=SYSTEM, now=make.NOW)
    assert len(authored.prerequisite_rows(course.id)) == team.MOST
