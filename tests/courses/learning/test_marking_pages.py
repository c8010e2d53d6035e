"""The answers to one question of very many learners: a page holds twenty, and all of them can be turned to."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from courses.assessment import queries, showing
from courses.assessment.models import AttemptAnswer
from courses.assessment.operations import attempts
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role

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
    ("full", "typed", "shown"),
    [
        ("30", "20", "20"),
        ("60", "20", "20"),
        ("60", "40", "40"),
        ("10", "3.33", "3.33"),
        ("10.1", "3.3", "3.3"),
        ("100", "66.7", "66.7"),
        ("200", "133", "133"),
        ("133.5", "133.5", "133.5"),
        ("0", "0", "0"),
        ("30", "12.25", None),
        ("10", "3.333", None),
        ("200", "133.3", None),
        ("30", "30.1", None),
        ("30", "-1", None),
        ("30", "二十", None),
    ],
)
def test_points_are_shown_as_they_were_typed(full: str, typed: str, shown: str | None) -> None:
    answer = AttemptAnswer(position=1, points_x10=int(float(full) * 10), response={}, shown={}, feedback="")
    share = showing.share_of(answer, typed)
    if shown is None:
        assert share is None
        return
    answer.share_x1000 = share
    assert (showing.points(answer), showing.share_of(answer, shown)) == (shown, share)


def test_a_third_that_is_reckoned_is_a_third_of_the_points() -> None:
    answers = [AttemptAnswer(position=1, points_x10=points, share_x1000=share) for points, share in ((300, 333), (300, 667), (100, 333), (300, -333))]
    assert [showing.points(one) for one in answers] == ["10", "20", "3.33", "-10"]
