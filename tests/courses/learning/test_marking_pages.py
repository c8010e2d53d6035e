"""The answers to one question of very many learners: a page holds twenty, and all of them can be turned to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.assessment import queries, showing
from courses.assessment.models import Attempt, AttemptAnswer
from courses.assessment.operations import attempts
from tests.factories import courses as make
from tests.factories import ground, identity
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import db

NOW = make.NOW


def test_every_answer_to_a_question_stands_on_some_page(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    question = make.essay(run)
    block = make.quiz(make.unit(run), question, of=run)
    make.publish(run)
    for n in range(1, 23):
        who = make.enrolment(make.loaded(run)).person_id
        row = attempts.start(block=block, person_id=who, by=SYSTEM, now=NOW)
        attempts.submit(attempt_id=row.id, responses={1: {"text": f"看法{n:02d}。"}}, by=SYSTEM, now=NOW)
    owner_id = make.loaded(run).course.owner_id
    session.commit()
    teacher = as_role(Role.LECTURER, organisation_id=owner_id, person_id=lead.id)
    address = f"/teaching/blocks/{block.id}/marking/{question.id}"
    pages = [teacher.get(f"{address}?all=1&page={n}").text for n in (1, 2)]
    assert [[f"看法{n:02d}。" in page for n in (1, 20, 21, 22)] for page in pages] == [[True, True, False, False], [False, False, True, True]]
    assert ("学员 20" in pages[0], "学员 21" in pages[1], "page=2" in pages[0]) == (True, True, True)
    answer = session.scalars(queries.waiting_answers(block.id, question.id)).all()[-1]
    sent = {"answer": str(answer.id), f"points{answer.id}": "1", f"was{answer.id}": ""}
    told = teacher.post(f"{address}?all=1&page=2", data=sent)
    assert "page=2" in told.headers["Location"]
    assert "page" not in teacher.post(f"{address}?page=2", data={}).headers["Location"].partition("?")[2]


@pytest.mark.parametrize(
    ("full", "typed", "score"),
    [(300, "20", 667), (600, "20", 333), (600, "40", 667), (2000, "133.3", 667), (2000, "133.37", 667), (10, "0.33", 330), (300, "30", 1000)],
)
@pytest.mark.parametrize("by_question", [True, False])
def test_points_are_shown_as_they_were_typed(
    full: int, typed: str, score: int, by_question: bool, as_role: Callable[..., FlaskClient], session: Session
) -> None:
    teacher, attempt, learner = graded(as_role, session, full)
    answer_id = attempt.answers[0].id
    address = (
        f"/teaching/blocks/{attempt.block_id}/marking/{attempt.answers[0].version.question_id}?all=1"
        if by_question
        else f"/teaching/attempts/{attempt.id}"
    )
    name = f"points{answer_id}" if by_question else "points1"
    assert teacher.post(address, data={"answer": str(answer_id), name: typed}).status_code == 303
    assert f'value="{typed}"' in teacher.get(address).text.split(f'name="{name}"')[1].split(">")[0]
    assert f"{typed} / {full / 10:g} 分" in learner.get(f"/learning/attempts/{attempt.id}").text
    session.expire_all()
    kept = queries.attempt_by_id(attempt.id)
    assert kept is not None
    assert kept.score_x10 == score


def test_a_hundredth_more_is_another_mark_and_seen_by_who_grades_beside(as_role: Callable[..., FlaskClient], session: Session) -> None:
    teacher, attempt, learner = graded(as_role, session, 2000)
    address = f"/teaching/attempts/{attempt.id}"
    for typed in ("133.3", "133.31"):  # the same thousandth of the whole
        was = teacher.get(address).text.split('name="was1" value="')[1].split('"')[0]
        assert teacher.post(address, data={"points1": typed, "was1": was}).status_code == 303
        assert f"{typed} / 200 分" in learner.get(f"/learning/attempts/{attempt.id}").text
    late = teacher.post(address, data={"points1": "133.32", "was1": was})
    assert "刚由另一位教师评分" in late.text
    assert "最多两位小数" in teacher.post(address, data={"points1": "133.333"}).text
    assert "133.31 / 200 分" in learner.get(f"/learning/attempts/{attempt.id}").text


def test_what_is_typed_adds_up_to_the_total(as_role: Callable[..., FlaskClient], session: Session) -> None:
    teacher, attempt, _learner = graded(as_role, session, 300, 600, 100)
    assert teacher.post(f"/teaching/attempts/{attempt.id}", data={"points1": "10.04", "points2": "20.02", "points3": "0.04"}).status_code == 303
    session.expire_all()
    assert queries.attempt_by_id(attempt.id).score_x10 == 301  # type: ignore[union-attr]  # 30.1 of 100


@pytest.mark.parametrize(
    ("full", "share", "shown"),
    [(300, 333, "10"), (300, 667, "20"), (10, 333, "0.33"), (10, 250, "0.25"), (1000, 333, "33.3"), (300, -500, "-15"), (300, 334, "10.02")],
)
def test_thirds_that_the_machine_gives_are_shown_round(full: int, share: int, shown: str) -> None:
    assert showing.points(AttemptAnswer(points_x10=full, share_x1000=share)) == shown


@pytest.mark.parametrize("by_question", [True, False])
def test_a_refused_page_shows_the_mark_that_a_colleague_gave_and_pressing_again_keeps_it(
    by_question: bool, as_role: Callable[..., FlaskClient], session: Session
) -> None:
    teacher, attempt, _learner = graded(as_role, session, 100, 100)
    page = f"/teaching/attempts/{attempt.id}"
    teacher.post(page, data={"points1": "1", "points2": "1", "feedback2": "先前"})
    colleague = {"points2": "9", "feedback2": "同事的评语", **standing(teacher.get(page).text, "was2")}
    answer = attempt.answers[1]
    if by_question:
        page = f"/teaching/blocks/{attempt.block_id}/marking/{answer.version.question_id}?all=1"
    n = str(answer.id) if by_question else "2"
    others = {} if by_question else {"points1": "3", **standing(teacher.get(page).text, "was1")}
    mine = {"answer": n, f"points{n}": "1.5", f"feedback{n}": "我的评语", **others, **standing(teacher.get(page).text, f"was{n}")}
    teacher.post(f"/teaching/attempts/{attempt.id}", data=colleague)
    late = teacher.post(page, data=mine)
    assert (late.status_code, standing(late.text, f"points{n}")) == (409, {f"points{n}": "9"})
    assert "同事的评语</textarea>" in late.text
    assert "你填写的得分是 1.5" in late.text
    assert "你填写的评语：我的评语" in late.text
    if not by_question:
        assert standing(late.text, "points1") == {"points1": "3"}, "what nobody else graded is as it was typed"
    again = {"answer": n, f"feedback{n}": "同事的评语", **others, **standing(late.text, f"was{n}", f"points{n}")}
    assert teacher.post(page, data=again).status_code == 303
    session.expire_all()
    kept = queries.attempt_by_id(attempt.id)
    assert kept is not None
    assert [(one.points_x100, one.feedback) for one in kept.answers] == [(100 if by_question else 300, ""), (900, "同事的评语")]


@pytest.mark.parametrize("by_question", [True, False])
def test_a_colleagues_words_are_not_overwritten_unseen(by_question: bool, as_role: Callable[..., FlaskClient], session: Session) -> None:
    teacher, attempt, _learner = graded(as_role, session, 100)
    page, answer = f"/teaching/attempts/{attempt.id}", attempt.answers[0]
    teacher.post(page, data={"points1": "5", "feedback1": "先前"})
    colleague = {"points1": "5", "feedback1": "同事的评语", **standing(teacher.get(page).text, "was1")}
    address = f"/teaching/blocks/{attempt.block_id}/marking/{answer.version.question_id}?all=1" if by_question else page
    n = str(answer.id) if by_question else "1"
    mine = {"answer": n, f"points{n}": "5", f"feedback{n}": "我的评语", **standing(teacher.get(address).text, f"was{n}")}
    assert teacher.post(page, data=colleague).status_code == 303
    late = teacher.post(address, data=mine)
    assert (late.status_code, "同事的评语</textarea>" in late.text, "你填写的评语：我的评语" in late.text) == (409, True, True)
    same = {**mine, f"feedback{n}": "同事的评语"}
    assert teacher.post(address, data=same).status_code == 303, "nothing is overwritten"
    assert teacher.post(address, data={**mine, **standing(late.text, f"was{n}")}).status_code == 303, "it was seen"
    session.expire_all()
    kept = queries.attempt_by_id(attempt.id)
    assert kept is not None
    assert kept.answers[0].feedback == "我的评语"


def standing(page: str, *names: str) -> dict[str, str]:
    """What the fields of a page hold."""
    return {name: page.split(f' name="{name}"')[1].split(' value="')[1].split('"')[0] for name in names}


def graded(as_role: Callable[..., FlaskClient], session: Session, *fulls: int) -> tuple[FlaskClient, Attempt, FlaskClient]:
    """A handed-in attempt at essays of so many tenths of a point: the teacher, the attempt, the learner."""
    attempt_id, lead_id, learner_id = _handed_in(*fulls)
    teacher, learner = as_role(person_id=lead_id), as_role(person_id=learner_id)
    session.commit()
    attempt = queries.attempt_by_id(attempt_id)
    assert attempt is not None
    return teacher, attempt, learner


@remembered
def _handed_in(*fulls: int) -> tuple[int, int, int]:
    """The attempt, and the persons of its lecturer and its learner, who have accounts."""
    lead, who = ground.person(), ground.person()
    run = make.run(lead=lead)
    block = make.quiz(make.unit(run), *(make.essay(run) for _ in fulls), of=run)
    for item, full in zip(queries.items_of(block.id), fulls, strict=True):
        item.points_x10 = full
    make.publish(run)
    make.enrolment(make.loaded(run), who)
    row = attempts.start(block=block, person_id=who.id, by=SYSTEM, now=NOW)
    attempts.submit(attempt_id=row.id, responses={n: {"text": "看法"} for n, _ in enumerate(fulls, 1)}, by=SYSTEM, now=NOW)
    identity.account(person=lead, roles=(Role.LECTURER,), organisation_id=make.loaded(run).course.owner_id)
    identity.account(person=who, roles=(Role.STUDENT,))
    db.session.commit()
    return row.id, lead.id, who.id
