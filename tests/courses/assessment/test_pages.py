"""The pages of the bank and of quizzes: a lecturer's and a learner's walk without JavaScript, permissions, queries, bad input."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import notation, queries
from courses.assessment.exchange import plan
from courses.assessment.exchange.types import Carried, Read
from courses.assessment.models import Attempt, AttemptEvent, Question, QuestionVersion, QuizDraw
from courses.assessment.operations import attempts, bank, grading, quizzes
from courses.assessment.types import AttemptEventKind, AttemptState, QuestionKind
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content
from courses.catalogue.types import BlockKind
from courses.gradebook.tasks import hand_down_marks
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark
from courses.own import study_queries
from tests.conftest import TODAY
from tests.factories import courses as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.identity import operations as accounts
from trainhub.identity.models import Account, LoginName
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db
from trainhub.kernel.jobs import Running
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


@remembered
def _taught(**settings: Any) -> tuple[int, Run, Block, Enrolment]:
    """A published run with one quiz; its lecturer, by the person's id, and a learner have accounts."""
    lead = ground.person()
    run = make.run(lead=lead)
    quiz = make.quiz(make.unit(run), make.single(run), make.essay(run), of=run, **settings)
    run = make.publish(run)
    enrolment = make.enrolment(run, now=make.now())
    identity.account(person=lead, roles=(Role.LECTURER,))
    identity.account(person=db.session.get_one(Person, enrolment.person_id), roles=(Role.TRAINEE,))
    db.session.commit()
    return lead.id, run, quiz, enrolment


class Taught:
    """A published run with its lecturer's and a learner's browser, and one quiz."""

    def __init__(self, as_role: AsRole, **settings: Any) -> None:
        lead_id, run, self.quiz, self.enrolment = _taught(**settings)
        self.run: Run = make.loaded(run)
        self.code = self.run.course.code
        self.lecturer = as_role(person_id=lead_id)
        self.learner = as_role(person_id=self.enrolment.person_id)
        db.session.commit()  # a refused request rolls back what was not committed

    def start(self, **data: str) -> str:
        """The address of a new attempt."""
        return self.learner.post(f"/learning/blocks/{self.quiz.id}/attempts", data={"agreed": "1", **data}).headers["Location"]


@pytest.fixture
def taught(as_role: AsRole) -> Taught:
    return Taught(as_role)


FORMS: dict[str, dict[str, str]] = {
    "single": {"stem": "一", "options": "* 甲 // 对\n乙"},
    "multiple": {"stem": "二", "options": "* 甲\n* 乙\n丙"},
    "true_false": {"stem": "三", "options": "* 正确\n错误"},
    "cloze": {"stem": "四 [[1]] 和 [[2]]", "blanks": "1: 甲 | 乙\n2: =3 ± 1"},
    "text": {"stem": "五", "answers": "甲*"},
    "numeric": {"stem": "六", "answers": "3.14", "tolerance": "1%", "units": "m = 1\ncm = 0.01", "unit_share": "50"},
    "formula": {"stem": "七 {x}", "variables": "x: 1 ~ 9", "expression": "x*2"},
    "matching": {"stem": "八", "pairs": "甲 => 1\n乙 => 2\n=> 3"},
    "ordering": {"stem": "九", "items": "甲\n乙\n丙"},
    "essay": {"stem": "十", "rubric": "要点"},
    "file": {"stem": "十一", "max_files": "2"},
}


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_every_kind_is_written_tried_edited_and_put_into_a_quiz(taught: Taught, session: Session, kind: str) -> None:
    c = taught.lecturer
    page = c.get(f"/teaching/courses/{taught.code}/bank/new?kind={kind}")
    assert page.status_code == 200
    answer = c.post(
        f"/teaching/courses/{taught.code}/bank/new?kind={kind}",
        data={**FORMS[kind], "difficulty": "hard", "category": "甲/乙", "tags": "a, b"},
    )
    assert answer.status_code == 303
    question = session.scalars(select(Question).where(Question.course_id == taught.run.course_id).order_by(Question.id.desc())).first()
    assert question is not None
    assert (question.kind.value, question.category, question.difficulty.value) == (kind, "甲/乙", "hard")
    assert c.get(f"/teaching/questions/{question.id}/preview").status_code == 200
    assert "评分结果" in c.post(f"/teaching/questions/{question.id}/preview", data={"q1": "a", "seed": "1"}).text
    page = c.get(f"/teaching/questions/{question.id}").text
    for name, text in FORMS[kind].items():
        assert text.split("\n", maxsplit=1)[0].replace('"', "&#34;") in page.replace("&gt;", ">"), name
    changed = {**FORMS[kind], "stem": FORMS[kind]["stem"] + "改", "difficulty": "easy", "version": str(question.version)}
    assert c.post(f"/teaching/questions/{question.id}", data=changed).status_code == 303
    assert "第 2 版" in c.get(f"/teaching/questions/{question.id}/versions").text
    c.post(f"/teaching/blocks/{taught.quiz.id}/items", data={"question": str(question.id)})
    assert c.get(f"/teaching/blocks/{taught.quiz.id}/items").status_code == 200
    where = taught.start()
    page = taught.learner.get(where).text
    assert f"{FORMS[kind]['stem'][:1]}" in page
    assert taught.learner.post(f"{where}/submit", data={"q3-shown": "1"}).status_code == 303
    assert taught.learner.get(where).status_code == 200
    attempt = session.scalars(select(Attempt)).one()
    assert c.get(f"/teaching/quiz-attempts/{attempt.id}").status_code == 200
    assert c.get(f"/teaching/attempts/{attempt.id}").status_code == 200


def test_a_form_with_a_mistake_says_where(taught: Taught) -> None:
    answer = taught.lecturer.post(
        f"/teaching/courses/{taught.code}/bank/new?kind=formula",
        data={"stem": "{x}", "variables": "x: 0 ~ 1", "expression": "1/x", "difficulty": "easy"},
    )
    assert "除以零" in answer.text
    assert taught.lecturer.get(f"/teaching/courses/{taught.code}/bank/new?kind=manual").status_code == 404


def test_strangers_and_learners_do_not_see_the_bank(taught: Taught, as_role: AsRole, session: Session) -> None:
    question = session.scalars(select(Question)).first()
    assert question is not None
    stranger = as_role(Role.LECTURER, person_id=ground.person().id)
    session.commit()
    paths = (f"/teaching/courses/{taught.code}/bank", f"/teaching/questions/{question.id}", f"/teaching/questions/{question.id}/preview")
    paths += (
        f"/teaching/courses/{taught.code}/bank/export",
        f"/teaching/blocks/{taught.quiz.id}/statistics",
        f"/teaching/runs/{taught.run.id}/marking",
    )
    for who in (stranger, taught.learner):
        assert {who.get(path).status_code for path in paths} == {403}


def test_the_bank_is_searched_sorted_archived_and_asks_the_database_as_often_for_thirty(
    taught: Taught, session: Session, count_queries: list[str]
) -> None:
    def fill(count: int, prefix: str) -> None:
        for n in range(count):
            data = notation.read(QuestionKind.SINGLE, {"options": "* 1\n2"})
            bank.save_question(
                course_id=taught.run.course_id,
                kind=QuestionKind.SINGLE,
                stem=f"{prefix}{n}",
                data=data,
                category=f"甲/{n}",
                tags=[prefix],
                by=SYSTEM,
                now=NOW,
            )
        session.commit()

    address = f"/teaching/courses/{taught.code}/bank?size=50"
    taught.lecturer.get(address)
    session.expire_all()
    count_queries.clear()
    taught.lecturer.get(address)
    few = len(count_queries)
    fill(30, "许多")
    session.expire_all()
    count_queries.clear()
    assert "许多29" in taught.lecturer.get(address).text
    assert len(count_queries) == few
    page = taught.lecturer.get(f"{address}&q=许多7&kind=single&difficulty=medium&tag=许多&category=甲").text
    assert ("许多7" in page, "许多8" in page) == (True, False)
    row = session.scalars(select(Question).order_by(Question.id.desc())).first()
    assert row is not None
    taught.lecturer.post(f"/teaching/questions/{row.id}/archive", data={"archive": "1"})
    assert "许多29" not in taught.lecturer.get(address).text
    assert "许多29" in taught.lecturer.get(f"{address}&state=archived").text
    assert taught.lecturer.post(f"/teaching/questions/{row.id}/duplicate").status_code == 303
    assert taught.lecturer.get("/teaching/questions/999999").status_code == 404


def test_a_draw_that_falls_short_is_said_at_once_and_on_the_page_of_the_quiz(taught: Taught, session: Session) -> None:
    def add(stem: str) -> Question:
        data = notation.read(QuestionKind.SINGLE, {"options": "* 1\n2"})
        given = {"kind": QuestionKind.SINGLE, "stem": stem, "data": data, "category": "传感器"}
        return bank.save_question(course_id=taught.run.course_id, by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]

    rows = [add(f"题{n}") for n in range(4)]
    draw = bank.add_draw(run=taught.run, block=taught.quiz, count=3, points_x10=10, category="传感器", by=SYSTEM, now=NOW)
    session.commit()
    page = f"/teaching/blocks/{taught.quiz.id}/items"
    bank_page = f"/teaching/courses/{taught.code}/bank"

    def archive(row: Question, to: str) -> str:
        assert taught.lecturer.post(f"/teaching/questions/{row.id}/archive", data={"archive": to}).status_code == 303
        return taught.lecturer.get(bank_page).text

    assert "只剩" not in archive(rows[0], "1"), "three are left for three"
    assert "可能只抽到" not in taught.lecturer.get(page).text
    assert "“单元测验”随机抽 3 题，题库里只剩 2 题可抽" in archive(rows[1], "1")
    assert "每次作答可能只抽到 2 题" in taught.lecturer.get(page).text
    assert "只剩" not in archive(rows[0], "0")
    assert taught.lecturer.post(f"{bank_page}/categories", data={"old": "传感器", "new": "测量"}).status_code == 303
    assert "只剩" not in taught.lecturer.get(bank_page).text, "the draw follows"
    bank.add_item(block=taught.quiz, question=rows[2], by=SYSTEM, now=NOW)  # asked anyway: not drawn
    session.commit()
    assert queries.drawable_counts(taught.run.course_id, [draw]) == {draw.id: 2}
    again = QuizDraw(id=draw.id + 1, block_id=draw.block_id, count=1, category="测量", tag="", points_x10=10)
    assert queries.drawable_counts(taught.run.course_id, [draw, again]) == {draw.id: 2, again.id: 0}


def test_draws_that_overlap_are_counted_off_each_other(taught: Taught, session: Session) -> None:
    for n in range(6):
        data = notation.read(QuestionKind.SINGLE, {"options": "* 1\n2"})
        given = {"kind": QuestionKind.SINGLE, "stem": f"题{n}", "data": data, "category": "甲/子" if n < 4 else "乙", "tags": ["红", "绿"][n % 2 :]}
        bank.save_question(course_id=taught.run.course_id, by=SYSTEM, now=NOW, **given)  # type: ignore[arg-type]
    session.commit()

    def left(*draws: tuple[str, str, int]) -> list[int]:
        """`draws`: category, tag, count. In 甲/子 there are four questions, all 绿 and two of them 红, in 乙 two, one of them 红."""
        rows = [QuizDraw(id=n, block_id=taught.quiz.id, category=c, tag=t, count=k, points_x10=10) for n, (c, t, k) in enumerate(draws, start=1)]
        return list(queries.drawable_counts(taught.run.course_id, rows).values())

    assert left(("甲", "", 1), ("甲/子", "红", 2)) == [4, 1], "one that the first draw takes may be red"
    assert left(("甲", "", 9), ("甲/子", "红", 2)) == [4, 0]
    assert left(("乙", "", 2), ("甲", "红", 2)) == [2, 2], "beside each other"
    assert left(("", "红", 1), ("甲", "", 1), ("甲/子", "绿", 4)) == [3, 3, 2]
    assert left(("甲", "", 3), ("甲/子", "", 3), ("", "绿", 6)) == [4, 1, 2], "both together take no more than four"
    assert left(("甲", "", 1), ("甲", "", 1), ("甲", "", 1)) == [4, 3, 2]


# -- files --------------------------------------------------------------------------------------------------------------------


def upload(taught: Taught, name: str, content: bytes) -> Any:
    return taught.lecturer.post(
        f"/teaching/courses/{taught.code}/bank/import", data={"file": (io.BytesIO(content), name)}, content_type="multipart/form-data"
    )


def test_a_file_is_reported_before_it_is_written_and_the_second_time_nothing_happens(taught: Taught, session: Session) -> None:
    where = upload(taught, "题.txt", "::甲:: 二加二？{=4 ~5}\n\n说明文字\n".encode()).headers["Location"]
    page = taught.lecturer.get(where).text
    assert ("将新增" in page, "说明文字" in page, "确认导入" in page) == (True, True, True)
    assert session.scalar(select(Question.id).where(Question.name == "甲")) is None
    assert taught.lecturer.post(where).status_code == 303
    assert session.scalar(select(Question.id).where(Question.name == "甲")) is not None
    assert "内容与题库一致" in taught.lecturer.get(where).text
    for form, start in (("xlsx", b"PK"), ("gift", b"$CATEGORY"), ("aiken", b"1 + 1")):
        answer = taught.lecturer.get(f"/teaching/courses/{taught.code}/bank/export?form={form}")
        assert answer.data.startswith(start)
    again = upload(taught, "再.txt", taught.lecturer.get(f"/teaching/courses/{taught.code}/bank/export?form=gift").data).headers["Location"]
    assert "内容与题库一致" in taught.lecturer.get(again).text
    sheet = upload(taught, "再.xlsx", taught.lecturer.get(f"/teaching/courses/{taught.code}/bank/export?form=xlsx").data).headers["Location"]
    assert "内容与题库一致" in taught.lecturer.get(sheet).text
    assert taught.lecturer.get(f"/teaching/courses/{taught.code}/bank/export/report").status_code == 200
    assert taught.lecturer.get(f"/teaching/courses/{taught.code}/bank/import/template").data.startswith(b"PK")


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("坏.txt", "问题 {=甲 ~乙\n".encode(), "大括号"),
        ("空.txt", b"\n\n", "没有题目"),
        ("坏.xlsx", b"PK\x03\x04 broken", "xlsx"),
        ("坏.csv", "题干\n一\n".encode(), "缺少必填列"),
    ],
)
def test_a_broken_file_is_named_and_changes_nothing(taught: Taught, name: str, content: bytes, word: str) -> None:
    answer = upload(taught, name, content)
    page = answer if answer.status_code == 422 else taught.lecturer.get(answer.headers["Location"])
    assert word in page.text
    if answer.status_code == 303:
        assert taught.lecturer.post(answer.headers["Location"]).status_code in (413, 422)


# -- quizzes --------------------------------------------------------------------------------------------------------------------


def test_a_quiz_with_rules_tells_them_first_and_asks_for_its_password(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, minutes=30, password="开考", logs_focus=True, is_one_session=True)
    first = taught.learner.post(f"/learning/blocks/{taught.quiz.id}/attempts")
    assert first.headers["Location"].endswith(f"/learning/blocks/{taught.quiz.id}/quiz")
    page = taught.learner.get(first.headers["Location"]).text
    assert all(words in page for words in ("30 分钟", "离开作答页面", "同一时间只能", "测验密码"))
    assert session.scalar(select(Attempt.id)) is None
    refused = taught.learner.post(f"/learning/blocks/{taught.quiz.id}/attempts", data={"agreed": "1", "password": "错"})
    assert (refused.status_code, "测验密码不对" in refused.text) == (422, True)
    where = taught.start(password="开考")
    page = taught.learner.get(where).text
    assert ("交卷" in page, 'data-left="1' in page) == (True, True)
    assert taught.learner.post(f"{where}/events", data={"kind": "left"}).json == {"noted": True}
    attempt = session.scalars(select(Attempt)).one()
    assert "离开作答页面" in taught.lecturer.get(f"/teaching/quiz-attempts/{attempt.id}").text
    # Another browser: the page says so, saving is refused, going on there takes over and is noted.
    with taught.learner.session_transaction() as cookie:
        cookie.pop(f"quiz-{attempt.id}")
    page = taught.learner.get(where).text
    assert ("在这里继续" in page, "data-quiz" in page) == (True, False)
    late = taught.learner.post(f"{where}/save", data={"q1-shown": "1", "q1": "b", "token": "alt"}, headers={"Accept": "application/json"})
    assert (late.status_code, late.json["code"]) == (409, "other_window")
    assert taught.start() == where
    kinds = list(session.scalars(select(AttemptEvent.kind).order_by(AttemptEvent.id)))
    assert kinds == [AttemptEventKind.STARTED, AttemptEventKind.LEFT, AttemptEventKind.TAKEN_OVER]


def test_what_a_browser_keeps_of_attempts_that_ended_does_not_grow(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role)
    with taught.learner.session_transaction() as cookie:
        cookie.update({f"quiz-{number}": "x" * 32 for number in range(9_000, 9_100)})
    taught.start()
    with taught.learner.session_transaction() as cookie:
        (name,) = [name for name in cookie if name.startswith("quiz-")]
    assert name == f"quiz-{session.scalars(select(Attempt.id)).one()}"


def test_a_password_is_not_found_out_by_trying(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, password="开考")
    where = f"/learning/blocks/{taught.quiz.id}/attempts"

    def typed(password: str) -> int:
        return taught.learner.post(where, data={"agreed": "1", "password": password}).status_code

    assert {typed(f"错{n}") for n in range(attempts.MOST_WRONG)} == {422}
    late = taught.learner.post(where, data={"agreed": "1", "password": "开考"})
    assert (late.status_code, "在 10 分钟内输错了 10 次" in late.text, late.headers.get("Retry-After")) == (429, True, "600")
    with time_machine.travel(clock.now() + attempts.WRONG_WITHIN + timedelta(seconds=1), tick=False):
        assert typed("开考") == 303


@pytest.mark.parametrize("is_last", [False, True])
def test_an_attempt_whose_time_is_over_counts_as_soon_as_the_next_is_asked_for(as_role: AsRole, session: Session, is_last: bool) -> None:
    """The minute's job may not have come by yet; with the last attempt used up nothing new begins, and the old one counts all the same."""
    taught = Taught(as_role, minutes=30, attempts=1 if is_last else 2)
    where = taught.start()
    taught.learner.post(f"{where}/save", data={"q1-shown": "1", "q1": "b"})
    attempt = session.scalars(select(Attempt)).one()
    attempt.due_at = make.now() - timedelta(minutes=1)
    session.commit()
    answer = taught.learner.post(f"/learning/blocks/{taught.quiz.id}/attempts", data={"agreed": "1"})
    assert answer.status_code == (422 if is_last else 303)
    session.expire_all()
    row = session.scalars(select(BlockProgress).where(BlockProgress.block_id == taught.quiz.id)).one()
    assert (attempt.state, attempt.score_x10, row.score_x10) == (AttemptState.GRADED, 500, 500)


def test_who_has_used_up_the_attempts_is_told_and_an_extra_one_opens_the_quiz_again(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, attempts=1)
    where = taught.start()
    taught.learner.post(f"{where}/submit")
    rules = f"/learning/blocks/{taught.quiz.id}/quiz"
    unit = f"/learning/runs/{taught.run.id}/units/{taught.quiz.unit_id}"
    assert rules in taught.learner.get(unit).text
    page = taught.learner.get(rules).text
    assert ("次数已用完" in page, "我已了解" in page) == (True, False)
    quizzes.allow(block=taught.quiz, person_id=taught.enrolment.person_id, extra_attempts=1, by=SYSTEM, now=NOW)
    session.commit()
    assert "我已了解" in taught.learner.get(rules).text
    page = taught.learner.get(unit).text
    assert ("可作答 2 次，已用 1 次" in page, "再做一次" in page) == (True, True)
    assert taught.start() != where


CHANCES = ("题目随机抽取", "选项顺序可能不同", "数值随机生成")


@pytest.mark.parametrize(("settings", "told"), [({}, 0), ({"draw": 1}, 1), ({"is_shuffled": True}, 2), ({"shuffles_options": True}, 2)])
def test_what_lots_decide_is_said_before_an_attempt_begins(as_role: AsRole, session: Session, settings: dict[str, Any], told: int) -> None:
    taught = Taught(as_role, **settings)
    rules = f"/learning/blocks/{taught.quiz.id}/quiz"
    began = taught.learner.post(f"/learning/blocks/{taught.quiz.id}/attempts").headers["Location"]
    assert began.endswith(rules) is bool(told)
    page = taught.learner.get(rules).text
    assert [words in page for words in CHANCES] == [told == n for n in (1, 2, 3)]


def test_drawn_questions_and_drawn_numbers_are_said_before_an_attempt_begins(taught: Taught) -> None:
    rules = f"/learning/blocks/{taught.quiz.id}/quiz"
    where = f"/teaching/blocks/{taught.quiz.id}"
    assert taught.lecturer.post(f"{where}/questions/new?kind=formula", data={**FORMS["formula"], "points": "1"}).status_code == 303
    assert taught.learner.post(f"/learning/blocks/{taught.quiz.id}/attempts").headers["Location"].endswith(rules)
    assert [words in taught.learner.get(rules).text for words in CHANCES] == [False, False, True]
    assert taught.lecturer.post(f"{where}/draws", data={"count": "1", "points": "1"}).status_code == 303
    assert [words in taught.learner.get(rules).text for words in CHANCES] == [True, False, True]


def test_drawn_numbers_of_a_pool_are_said_too(taught: Taught, session: Session) -> None:
    """The learner may get a formula question from it; a draw that can give none says nothing of numbers."""
    where = f"/teaching/blocks/{taught.quiz.id}"
    choice = {"options": [{"body": "甲", "is_correct": True}, {"body": "乙"}]}
    bank.save_question(course_id=taught.run.course_id, kind=QuestionKind.SINGLE, stem="选", data=choice, category="计算", by=SYSTEM, now=NOW)
    session.commit()
    assert taught.lecturer.post(f"{where}/draws", data={"count": "1", "points": "1", "category": "计算"}).status_code == 303
    rules = f"/learning/blocks/{taught.quiz.id}/quiz"
    variables = [{"name": "x", "low": "1", "high": "9", "decimals": 0}]
    asked = {
        "course_id": taught.run.course_id,
        "kind": QuestionKind.FORMULA,
        "stem": "{x} 的两倍？",
        "data": {"variables": variables, "expression": "2*x"},
    }
    bank.save_question(**asked, category="其他", by=SYSTEM, now=NOW)
    session.commit()
    assert [words in taught.learner.get(rules).text for words in CHANCES] == [True, False, False]
    bank.save_question(**asked, category="计算/倍数", by=SYSTEM, now=NOW)
    session.commit()
    assert [words in taught.learner.get(rules).text for words in CHANCES] == [True, False, True]


def test_the_page_of_a_unit_says_the_time_that_one_person_has(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, minutes=30)
    quizzes.allow(block=taught.quiz, person_id=taught.enrolment.person_id, extra_minutes=15, by=SYSTEM, now=NOW)
    session.commit()
    assert "限时 45 分钟" in taught.learner.get(f"/learning/runs/{taught.run.id}/units/{taught.quiz.unit_id}").text


def test_one_question_a_page_in_order_without_javascript(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, is_sequential=True)
    where = taught.start()
    page = taught.learner.get(where).text
    assert ("1 + 1" in page, "谈谈" in page) == (True, False)
    token = page.split('name="token" value="')[1].split('"')[0]
    answer = taught.learner.post(f"{where}/save", data={"token": token, "at": "1", "q1-shown": "1", "q1": "b", "go": "on"})
    page = taught.learner.get(answer.headers["Location"]).text
    assert ("1 + 1" in page, "谈谈" in page) == (False, True)
    assert "1 + 1" not in taught.learner.get(f"{where}?n=1").text
    back = taught.learner.post(f"{where}/save", data={"token": token, "q1-shown": "1", "q1": "a"})
    assert (back.status_code, "按顺序作答" in back.text) == (422, True)


def test_a_file_answer_without_javascript(as_role: AsRole, session: Session, app: Flask) -> None:
    taught = Taught(as_role)
    row = bank.save_question(course_id=taught.run.course_id, kind=QuestionKind.FILE, stem="交报告", data={"max_files": 1}, by=SYSTEM, now=NOW)
    bank.add_item(block=taught.quiz, question=row, by=SYSTEM, now=NOW)
    session.commit()
    where = taught.start()

    def send(data: dict[str, Any]) -> Any:
        return taught.learner.post(f"{where}/files", data={"q2-shown": "1", "q2": "边写边传", **data}, content_type="multipart/form-data")

    # What the browser may know before it sends: a request that is too large is refused as a whole, with the answers beside the file.
    assert f'data-max-bytes="{50 << 20}"' in taught.learner.get(where).text
    was, app.config["SETTINGS"] = app.config["SETTINGS"], replace(app.config["SETTINGS"], max_upload_mb=16)
    assert f'data-max-bytes="{15 << 20}"' in taught.learner.get(where).text
    app.config["SETTINGS"] = was
    assert send({"upload": "3", "q3-file": (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "报告.pdf")}).status_code == 303
    page = taught.learner.get(where).text
    assert ("报告.pdf" in page, "边写边传" in page) == (True, True)
    assert send({"upload": "3", "q3-file": (io.BytesIO(b"MZ\x90\x00"), "坏.exe")}).status_code == 422
    assert "请先选择文件" in send({"upload": "3"}).text
    file_id = queries.attempt_by_id(session.scalars(select(Attempt.id)).one()).answers[2].response["files"][0]["id"]  # type: ignore[union-attr]
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b"})
    assert taught.learner.get(f"{where}/files/{file_id}").data.startswith(b"%PDF")
    assert taught.learner.get(f"{where}/files/{file_id + 1}").status_code == 404
    attempt_id = int(where.rsplit("/", 1)[1])
    assert taught.lecturer.get(f"/teaching/quiz-attempts/{attempt_id}/files/{file_id}").data.startswith(b"%PDF")


def test_a_file_that_is_refused_keeps_what_was_typed_beside_it(as_role: AsRole, session: Session) -> None:
    """The window drops its own copy when it sends the form: what does not stand in the database then is lost."""
    taught = Taught(as_role)
    row = bank.save_question(course_id=taught.run.course_id, kind=QuestionKind.FILE, stem="交报告", data={"max_files": 1}, by=SYSTEM, now=NOW)
    bank.add_item(block=taught.quiz, question=row, by=SYSTEM, now=NOW)
    session.commit()
    where = taught.start()
    drawn = b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>"
    for words, sent in (
        ("写到一半", {"upload": "3", "q3-file": (io.BytesIO(drawn), "图.svg")}),
        ("没有选文件", {"upload": "3"}),
        ("不收文件的题", {"upload": "2", "q2-file": (io.BytesIO(b"%PDF-1.4\n%%EOF\n"), "报告.pdf")}),
    ):
        refused = taught.learner.post(f"{where}/files", data={"q2-shown": "1", "q2": words, **sent}, content_type="multipart/form-data")
        assert (refused.status_code, words in refused.text, "答案已保存，文件没有上传" in refused.text) == (422, True, True)
        assert words in taught.learner.get(where).text


@pytest.mark.parametrize("is_asked", [True, False])
def test_a_quiz_without_questions_is_named_when_it_is_published_and_on_the_page_of_completion(
    is_asked: bool, as_role: AsRole, session: Session
) -> None:
    taught = Taught(as_role)
    unit = make.unit(taught.run, title="第二单元")
    empty = content.add_block(unit=unit, kind=BlockKind.QUIZ, title="空测验", is_required=is_asked, is_graded=is_asked, by=SYSTEM, now=NOW)
    session.commit()
    said = "测验“空测验”还没有题目，学员无法完成"

    def publish(kind: str, part_id: int) -> bool:
        return said in taught.lecturer.post(f"/teaching/{kind}/{part_id}/publish", data={"published": "yes"}, follow_redirects=True).text

    session.get_one(Block, empty.id).is_published = False
    session.commit()
    assert publish("unit", unit.id) is False  # the quiz in it is not shown yet
    assert (publish("block", empty.id), publish("unit", unit.id), publish("block", taught.quiz.id)) == (is_asked, is_asked, False)
    assert (said in taught.lecturer.post(f"/teaching/runs/{taught.run.id}/publish", follow_redirects=True).text) is is_asked
    pages = [
        taught.learner.get(f"/learning/runs/{taught.run.id}/progress").text,
        taught.lecturer.get(f"/teaching/enrolments/{taught.enrolment.id}").text,
    ]
    waits = "这个测验还没有题目，教师补上后才能作答"
    assert [(waits in page, "还没有交卷" in page) for page in pages] == [(is_asked, True)] * 2, "the other quiz is the learner's to hand in"
    bank.add_item(block=empty, question=queries.items_of(taught.quiz.id)[0].question, by=SYSTEM, now=NOW)
    session.commit()
    assert waits not in taught.learner.get(f"/learning/runs/{taught.run.id}/progress").text
    assert publish("block", empty.id) is False


def test_a_half_right_option_is_not_called_right(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, review={"during": [], "after": ["marks", "answers"], "closed": ["marks", "answers"]})
    made = notation.read(QuestionKind.SINGLE, {"options": "* 甲\n[50%] 丙\n乙"})
    row = bank.save_question(course_id=taught.run.course_id, kind=QuestionKind.SINGLE, stem="哪个", data=made, by=SYSTEM, now=NOW)
    bank.add_item(block=taught.quiz, question=row, by=SYSTEM, now=NOW)
    session.commit()
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q3-shown": "1", "q3": "c"})
    pages = taught.learner.get(where).text, taught.lecturer.get(f"/teaching/blocks/{taught.quiz.id}/items").text
    for page in pages:
        shown = page[page.index("哪个") :]
        assert (shown.count("部分正确 50%"), shown.count("is-right")) == (1, 1)


def test_what_a_learner_sees_follows_the_review_rules(as_role: AsRole, session: Session) -> None:
    taught = Taught(as_role, review={"during": [], "after": [], "closed": ["marks", "answers"]}, closes_at="2099-01-01T00:00:00+00:00")
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b"})
    page = taught.learner.get(where).text
    assert ("得分 " in page, "参考答案" in page, "正确</span>" in page) == (False, False, False)
    taught.quiz.settings = {**taught.quiz.settings, "closes_at": "2020-01-01T00:00:00+00:00"}
    session.commit()
    page = taught.learner.get(where).text
    assert ("得分 50" in page, "正确</span>" in page) == (True, True)


def test_a_mark_that_the_review_hides_stands_on_no_page_of_its_learner(app: Flask, as_role: AsRole, session: Session) -> None:
    review = {"during": [], "after": [], "closed": ["marks"]}
    taught = Taught(as_role, review=review, closes_at="2099-01-01T00:00:00+00:00")
    make.text(make.unit(taught.run, title="还要读的"))
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b", "q2-shown": "1", "q2": "我的看法"})
    attempt_id = int(where.rsplit("/", 1)[1])
    assert taught.lecturer.post(f"/teaching/attempts/{attempt_id}", data={"points2": "0.47"}).status_code == 303
    run_id, unit_id = taught.run.id, taught.quiz.unit_id
    pages = [f"/learning/runs/{run_id}/units/{unit_id}", f"/learning/runs/{run_id}/progress", "/learning", "/notifications", "/learning/transcript"]
    told = [taught.learner.get(page) for page in pages]
    # What is read, not what the browser reads; a mark with a tenth, for whole numbers stand in names and codes too.
    read = [re.sub(r"<(script|svg).*?</\1>|<[^>]*>", " ", page.text.split("<body")[1], flags=re.DOTALL) for page in told]
    assert [(page.status_code, "73.5" in text) for page, text in zip(told, read, strict=True)] == [(200, False)] * 5
    person_id = taught.enrolment.person_id
    assert {row["score"] for row in study_queries.attempts(person_id).rows()} == {None}
    assert {row["share"] for row in study_queries.answers(person_id).rows()} == {None}
    assert "得分按测验的规则公布" in told[3].text
    account = session.scalars(select(Account).where(Account.person_id == taught.enrolment.person_id)).one()
    given = {"account": account, "label": "test", "scopes": ("courses:",), "days": 30, "by": SYSTEM, "now": clock.now(), "today": clock.today()}
    _row, token = accounts.make_token(**given)  # type: ignore[arg-type]
    session.commit()
    program = app.test_client()
    program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    api = program.get(f"/api/v1/enrolments/{taught.enrolment.id}/progress").get_json()
    assert (api["score_x10"], {block["score_x10"] for block in api["blocks"]}) == (None, {None})
    assert [row["score_x10"] for row in program.get("/api/v1/enrolments").get_json()["items"]] == [None]
    assert "73.5" in taught.lecturer.get(f"/teaching/enrolments/{taught.enrolment.id}").text
    assert taught.lecturer.post(f"/teaching/runs/{run_id}/gradebook", data={"do": "make"}).status_code == 303
    own = taught.learner.get(f"/learning/runs/{run_id}/grades").text
    assert ("73.5" in own.split("<main")[1], "未公布" in own) == (False, True)
    assert "73.5" not in taught.learner.get(f"/learning/runs/{run_id}/grades/print").text.split("</h1>")[1]
    assert "73.5" in taught.lecturer.get(f"/teaching/runs/{run_id}/gradebook/learners/{taught.enrolment.id}").text
    assert hand_down_marks(Running(0, {}, None)) == {"totals": 1}
    assert session.scalars(select(EnrolmentMark.score_x10)).all() == [735]
    assert [row["score_so_far"] for row in study_queries.totals(person_id).rows()] == [None]
    block = session.get_one(Block, taught.quiz.id)
    block.settings = {**block.settings, "closes_at": "2020-01-01T00:00:00+00:00"}
    session.commit()
    assert [row["score_so_far"] for row in study_queries.totals(person_id).rows()] == ["73.5"]
    assert ["73.5" in taught.learner.get(page).text for page in (*pages[:2], f"/learning/runs/{run_id}/grades", pages[4])] == [True] * 4
    assert ({row["score"] for row in study_queries.attempts(person_id).rows()}, len(study_queries.answers(person_id).rows())) == ({"73.5"}, 2)


def test_answers_of_a_closed_quiz_are_not_shown_while_somebody_with_more_time_takes_it(as_role: AsRole, session: Session) -> None:
    review = {"during": [], "after": [], "closed": ["marks", "answers"]}
    now = clock.now()
    taught = Taught(as_role, review=review, minutes=60, closes_at=(now + timedelta(minutes=5)).isoformat())
    mine = taught.start()
    taught.learner.post(f"{mine}/submit", data={"q1-shown": "1", "q1": "b"})
    slow = make.enrolment(make.loaded(taught.run))
    quizzes.allow(block=taught.quiz, by=SYSTEM, now=now, person_id=slow.person_id, extra_minutes=20)
    attempt = attempts.start(block=taught.quiz, person_id=slow.person_id, by=SYSTEM, now=now)
    assert attempt.due_at == now + timedelta(minutes=25)
    session.commit()
    with time_machine.travel(now + timedelta(minutes=6), tick=False):
        assert "得分 " not in taught.learner.get(mine).text
        told = [study_queries.attempts(taught.enrolment.person_id).rows(), study_queries.answers(taught.enrolment.person_id).rows()]
        assert {row.get("score", row.get("share")) for rows in told for row in rows} == {None}
        attempts.submit(attempt_id=attempt.id, by=SYSTEM, now=clock.now())
        session.commit()
        assert "得分 " in taught.learner.get(mine).text


def test_settings_draws_order_and_allowances_are_set_on_their_pages(taught: Taught, session: Session) -> None:
    c, block = taught.lecturer, taught.quiz
    page = c.get(f"/teaching/blocks/{block.id}/quiz").text
    assert "克" not in page.split("<main")[0]
    version = session.get_one(Block, block.id).version
    data = {
        "minutes": "45",
        "attempts": "2",
        "counts": "average",
        "opens_at": "2026-01-01T08:00",
        "after": ["marks"],
        "is_shuffled": "y",
        "version": str(version),
    }
    assert c.post(f"/teaching/blocks/{block.id}/quiz", data=data).status_code == 303
    session.expire_all()
    stored = session.get_one(Block, block.id).settings
    assert (stored["minutes"], stored["counts"], stored["review"]["after"], stored["shows_answers"]) == (45, "average", ["marks"], False)
    assert stored["opens_at"] == "2026-01-01T08:00:00+08:00"
    assert c.post(f"/teaching/blocks/{block.id}/draws", data={"count": "9", "points": "1", "category": "", "tag": "", "level": ""}).status_code == 422
    assert c.post(f"/teaching/blocks/{block.id}/draws", data={"count": "1", "points": "2", "category": "", "tag": "", "level": ""}).status_code == 303
    draw = session.scalars(select(QuizDraw)).one()
    assert c.post(f"/teaching/quiz/draws/{draw.id}/move", data={"to": "up"}).status_code == 303
    assert c.post(f"/teaching/blocks/{block.id}/items/order", data={"part": [f"draw-{draw.id}", "item-999"]}).status_code == 303
    assert draw.position == 1
    assert c.post(f"/teaching/quiz/draws/{draw.id}/remove").status_code == 303
    assert c.post(f"/teaching/quiz/nothing/{draw.id}/remove").status_code == 404
    assert "二者选一" in c.post(f"/teaching/blocks/{block.id}/allowances", data={"extra_minutes": "5"}).text
    assert "没有找到" in c.post(f"/teaching/blocks/{block.id}/allowances", data={"login": "nobody", "extra_minutes": "5"}).text
    login = session.scalars(select(LoginName.value).join(Account).where(Account.person_id == taught.enrolment.person_id)).first()
    given = c.post(f"/teaching/blocks/{block.id}/allowances", data={"login": login or "", "extra_minutes": "5"})
    assert given.status_code == 303
    (row,) = session.scalars(queries.allowance_rows(block.id))
    assert "5 分钟" in c.get(f"/teaching/blocks/{block.id}/allowances").text
    assert "加时 5 分钟" in taught.learner.get("/notifications").text
    assert c.post(f"/teaching/blocks/{block.id}/allowances/{row.id}/remove").status_code == 303


def test_essays_are_graded_across_learners_without_names(taught: Taught, session: Session) -> None:
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b", "q2-shown": "1", "q2": "我的看法"})
    c, run_id = taught.lecturer, taught.run.id
    assert "谈谈" in c.get(f"/teaching/runs/{run_id}/marking").text
    row = queries.to_grade_by_question(run_id)[0]
    address = f"/teaching/blocks/{row[0]}/marking/{row[2]}"
    name = session.get_one(Enrolment, taught.enrolment.id).person_id
    person = session.get_one(type(ground.person()), name).name
    page = c.get(address).text
    assert ("我的看法" in page, person in page) == (True, False)
    assert person in c.get(f"{address}?names=1").text
    answer = session.scalars(queries.waiting_answers(row[0], row[2])).all()[0]
    bad = c.post(address, data={"answer": str(answer.id), f"points{answer.id}": "7"})
    assert ("没有保存任何评分" in bad.text, session.scalars(queries.waiting_answers(row[0], row[2])).all() != []) == (True, True)
    assert c.post(address, data={"answer": str(answer.id), f"points{answer.id}": "0.5", f"feedback{answer.id}": "再具体些"}).status_code == 303
    attempt = session.scalars(select(Attempt)).one()
    session.refresh(attempt)
    assert (attempt.state, attempt.score_x10) == (AttemptState.GRADED, 750)
    late = c.post(address, data={"answer": str(answer.id), f"was{answer.id}": "", f"points{answer.id}": "1"})
    session.refresh(attempt)
    assert ("刚由另一位教师评分" in late.text, attempt.score_x10) == (True, 750)
    assert "再具体些" in taught.learner.get(where).text
    assert "已全部批阅" in c.get(address).text
    assert "我的看法" in c.get(f"{address}?all=1").text


def test_a_regrade_is_previewed_and_confirmed(taught: Taught, session: Session) -> None:
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "a"})
    item = queries.items_of(taught.quiz.id)[0]
    question = session.get_one(Question, item.question_id)
    data = notation.read(QuestionKind.SINGLE, {"options": "* 1\n2\n3"}, queries.current_version(question).data)
    bank.save_question(course_id=taught.run.course_id, kind=question.kind, question=question, stem="更正", data=data, by=SYSTEM, now=NOW)
    session.commit()
    c = taught.lecturer
    assert "按旧版评分" in c.get(f"/teaching/questions/{question.id}/versions").text
    page = c.get(f"/teaching/questions/{question.id}/regrade").text
    assert "1 份的得分会改变" in page
    assert c.post(f"/teaching/questions/{question.id}/regrade", data={"number": "1", "run": str(taught.run.id)}).status_code == 422
    assert c.post(f"/teaching/questions/{question.id}/regrade", data={"number": "2", "run": str(taught.run.id)}).status_code == 303
    page = taught.learner.get(where).text
    assert ("1 + 1" in page, "已更正" in page, "得分 50" in page) == (True, True, True)


@pytest.mark.parametrize("by_file", [False, True])
def test_an_option_added_later_is_none_that_somebody_chose_in_a_former_version(taught: Taught, session: Session, by_file: bool) -> None:
    """Taken away in one version, another one added in the next: who chose what is gone has not chosen the new right one."""
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "c"})  # of 1, * 2, 3
    question = session.get_one(Question, queries.items_of(taught.quiz.id)[0].question_id)
    for number, options in ((2, "1\n* 2"), (3, "1\n2\n* 4")):
        if by_file:
            data = notation.read(question.kind, {"options": options})
            read = Read([Carried(line=1, kind=question.kind, stem="1 + 1 = ?", data=data, key=question.key)])
            draft = plan.examine(read, course_id=taught.run.course_id, by=SYSTEM, today=TODAY)
            plan.apply(draft, course_id=taught.run.course_id, by=SYSTEM, now=NOW)
            session.commit()
        else:
            form = {"version": str(question.version), "stem": "1 + 1 = ?", "options": options, "difficulty": "medium"}
            assert taught.lecturer.post(f"/teaching/questions/{question.id}", data=form).status_code == 303
        session.refresh(question)
        assert question.current_no == number
    assert [option["key"] for option in queries.current_version(question).data["options"]] == ["a", "b", "d"]
    assert [(change.before_x1000, change.after_x1000) for change in grading.regrade_preview(question)] == [(0, 0)]


def test_of_very_many_answers_a_regrade_previews_the_first(taught: Taught, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        person_id = make.enrolment(make.loaded(taught.run)).person_id
        row = attempts.start(block=taught.quiz, person_id=person_id, by=SYSTEM, now=NOW)
        attempts.submit(attempt_id=row.id, responses={1: {"choice": "a" if n else "b"}}, by=SYSTEM, now=NOW)
    question = session.get_one(Question, queries.items_of(taught.quiz.id)[0].question_id)
    data = notation.read(QuestionKind.SINGLE, {"options": "* 1\n2\n3"}, queries.current_version(question).data)
    bank.save_question(course_id=taught.run.course_id, kind=question.kind, question=question, stem="更正", data=data, by=SYSTEM, now=NOW)
    session.commit()
    where = f"/teaching/questions/{question.id}"
    assert "3 份作答中，3 份的得分会改变" in taught.lecturer.get(f"{where}/regrade").text
    monkeypatch.setattr(grading, "PREVIEWED", 2)
    page = taught.lecturer.get(f"{where}/regrade").text
    assert "共 3 份作答，这里只预览前 2 份，其中 2 份的得分会改变；确认后全部重新评分" in page
    assert page.count("第 1 次作答") == 2
    assert "有 3 份作答是按旧版评分的" in taught.lecturer.get(f"{where}/versions").text
    assert taught.lecturer.post(f"{where}/regrade", data={"number": "2", "run": str(taught.run.id)}).status_code == 303
    assert "没有需要重新评分的作答" in taught.lecturer.get(f"{where}/regrade").text


def test_statistics_are_shown_and_exported(taught: Taught, session: Session) -> None:
    assert "还没有已评分" in taught.lecturer.get(f"/teaching/blocks/{taught.quiz.id}/statistics").text
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b"})
    page = taught.lecturer.get(f"/teaching/blocks/{taught.quiz.id}/statistics").text
    assert ("得分分布" in page, "难度系数" in page, "<svg" in page) == (True, True, True)
    table = taught.lecturer.get(f"/teaching/blocks/{taught.quiz.id}/statistics/export?form=csv").data.decode("utf-8-sig")
    assert "1 + 1 = ?" in table
    assert taught.lecturer.get(f"/teaching/blocks/{taught.quiz.id}/statistics/export?form=xlsx").data.startswith(b"PK")


def test_a_script_in_an_answer_stays_text(taught: Taught) -> None:
    where = taught.start()
    taught.learner.post(f"{where}/save", data={"q2-shown": "1", "q2": "<script>alert(1)</script>"})
    assert "<script>alert" not in taught.learner.get(where).text
    long = taught.learner.post(f"{where}/save", data={"q2-shown": "1", "q2": "长" * 30_000})
    assert (long.status_code, "最多 20000 个字" in long.text) == (422, True)
    assert taught.learner.post(f"{where}/submit", data={"q2-shown": "1", "q2": "长" * 30_000}).status_code == 422
    assert "&lt;script&gt;" in taught.learner.get(where).text


def test_a_removed_quiz_still_explains_its_result(taught: Taught, session: Session) -> None:
    where = taught.start()
    taught.learner.post(f"{where}/submit", data={"q1-shown": "1", "q1": "b"})
    taught.lecturer.post(f"/teaching/block/{taught.quiz.id}/remove", data={"seen": "1"})
    page = taught.learner.get(where)
    assert (page.status_code, "已从课程中移除" in page.text, "得分 50" in page.text) == (200, True, True)
    attempt = session.scalars(select(Attempt)).one()
    assert taught.lecturer.get(f"/teaching/quiz-attempts/{attempt.id}").status_code == 200
    assert attempts.NoAttempt.code == "no_attempt"


def test_a_picture_of_a_question_is_found_in_the_run_that_asks_it(session: Session, as_role: AsRole) -> None:
    """Questions belong to the course: what a run wrote is asked in its copies, whose learners may not read the files of the first run."""
    lead = ground.person()
    run = make.run(lead=lead)
    quiz = make.quiz(make.unit(run), make.single(run), of=run)
    session.commit()
    written = {
        "stem": "图中 ![图](/static/a.png) 是什么？", "option-0": "![甲](/static/b.png)", "option-1": "乙", "right": "0", "points": "1",
        "difficulty": "medium", "options": "*![甲](/static/b.png)\n乙",
    }  # fmt: skip
    lecturer = as_role(Role.LECTURER, person_id=lead.id)
    assert lecturer.post(f"/teaching/blocks/{quiz.id}/questions/new?kind=single", data=written).status_code == 303
    stored = session.scalars(select(QuestionVersion).where(QuestionVersion.stem.contains("a.png"))).one()
    assert ('src="/static/a.png"' in stored.stem_html, 'src="/static/b.png"' in str(stored.data["options"][0]["html"])) == (True, True)
    copy = make.publish(make.loaded(bank.duplicate_run(run=make.loaded(run), code="R-2", starts_on=NOW.date(), by=SYSTEM, now=NOW)))
    row = make.enrolment(copy, now=make.now())
    block = next(node for node in catalogue.outline(copy.id).blocks if node.kind.value == "quiz")
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=row.person_id)
    at = learner.post(f"/learning/blocks/{block.id}/attempts", data={"agreed": "1"}).headers["Location"]
    for stem in (stored.stem_html, stored.stem_html.replace("/static/", f"/learning/runs/{run.id}/assets/")):  # as older versions store it
        stored.stem_html = stem
        session.commit()
        page = learner.get(at).get_data(as_text=True)
        assert f'src="/learning/runs/{copy.id}/assets/a.png"' in page
        assert f'src="/learning/runs/{copy.id}/assets/b.png"' in page
        assert f"/learning/runs/{run.id}/assets/" not in page
        assert "/static/a.png" not in page
