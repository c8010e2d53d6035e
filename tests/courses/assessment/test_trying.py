"""A whole quiz as its author tries it: as a learner meets it, before it opens, and written nowhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assessment import queries
from courses.assessment.models import Attempt, AttemptAnswer, AttemptEvent
from courses.assessment.operations import attempts, bank, trying
from courses.assessment.types import AttemptState, QuestionKind, QuizSettings
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content, offerings
from courses.catalogue.types import StaffRole
from tests.courses.assessment.test_pages import FORMS
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def written(session: Session) -> list[int]:
    """How many rows of attempts, and of the audit log, there are."""
    return [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Attempt, AttemptAnswer, AttemptEvent, AuditEvent)]


def shown(page: str) -> str:
    """A page without what is hidden on it."""
    return re.sub(r"<section hidden.*?</section>", "", page, flags=re.S)


class Tried:
    """A quiz of a run that nobody can take yet, and its lecturer's browser."""

    def __init__(self, as_role: AsRole, session: Session, *, is_published: bool = False, **settings: object) -> None:
        lead = ground.person()
        self.run: Run = make.run(lead=lead)
        self.quiz: Block = make.quiz(make.unit(self.run), make.single(self.run), make.essay(self.run), of=self.run, **settings)
        if is_published:
            self.run = make.publish(self.run)
        session.commit()
        self.lecturer = as_role(Role.LECTURER, person_id=lead.id)
        self.where = f"/teaching/blocks/{self.quiz.id}/trial"

    def post(self, to: str = "", **data: str) -> str:
        """The page after a press."""
        answer = self.lecturer.post(self.where + to, data={"seed": "1", "started": str(int(clock.now().timestamp())), **data})
        assert answer.status_code == 200
        return answer.text


def test_a_quiz_is_tried_before_it_opens_and_leaves_no_trace(as_role: AsRole, session: Session) -> None:
    opens = (clock.now() + timedelta(days=1)).isoformat()
    tried = Tried(as_role, session, opens_at=opens, password="geheim", minutes=30, attempts=1)
    before = written(session)
    rules = tried.lecturer.get(tried.where).text
    assert ("30 分钟" in rules, "开始试做" in rules, "geheim" in rules) == (True, True, False)
    page = tried.post(do="begin")
    assert ("1 + 1 = ?" in shown(page), "谈谈你的看法" in shown(page), "请在" in page) == (True, True, True)
    page = tried.post(**{"do": "submit", "q1-shown": "1", "q1": "b", "q2-shown": "1", "q2": "我的看法"})
    assert ("1 / 1 分" in page, "待批阅" in page, "我的看法" in page) == (True, True, True)
    assert written(session) == before


def test_a_trial_is_worth_what_the_same_attempt_is_worth(session: Session) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), of=run, allows_negative=True)
    for kind in ("multiple", "numeric", "text"):
        data = {"multiple": {"options": [{"body": "1", "is_correct": True}, {"body": "2", "is_correct": True}, {"body": "3"}]}}.get(
            kind, {"answers": [{"text": "3"}]}
        )
        row = bank.save_question(course_id=run.course_id, kind=QuestionKind(kind), stem=kind, data=data, by=SYSTEM, now=NOW)
        bank.add_item(block=quiz, question=row, points_x10=30, by=SYSTEM, now=NOW)
    given = {1: {"choice": "b"}, 2: {"choices": ["a"]}, 3: {"text": "3"}, 4: {"text": "4"}}
    tried = trying.begin(quiz, "1", NOW)
    trying.hand_in(tried, given, NOW)
    real = attempts.start(block=quiz, person_id=ground.person().id, by=SYSTEM, now=NOW)
    real, _is_first = attempts.submit(attempt_id=real.id, responses=given, by=SYSTEM, now=NOW)
    assert tried.score_x10 == real.score_x10 == 550
    assert [answer.share_x1000 for answer in tried.answers] == [1000, 500, 1000, 0]
    assert (tried.state, tried.id) == (AttemptState.GRADED, None)


def test_each_trial_draws_anew_and_the_same_one_stays_as_it_is(session: Session) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), *[make.single(run, f"题 {n}") for n in range(12)], of=run, draw=4, is_shuffled=True)
    draws = [[answer.version.stem for answer in trying.begin(quiz, seed, NOW).answers] for seed in ("1", "1", "2", "3")]
    assert draws[0] == draws[1]
    assert len({tuple(draw) for draw in draws}) == 3
    assert {len(set(draw)) for draw in draws} == {4}
    assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_a_page_for_each_question_carries_the_answers_of_the_others(as_role: AsRole, session: Session) -> None:
    tried = Tried(as_role, session, is_sequential=True)
    page = tried.post(do="begin")
    assert ("1 + 1 = ?" in shown(page), "谈谈你的看法" in shown(page)) == (True, False)
    page = tried.post(**{"at": "1", "go": "2", "q1-shown": "1", "q1": "b", "q2-shown": "1", "q2": ""})
    assert ("1 + 1 = ?" in shown(page), "谈谈你的看法" in shown(page)) == (False, True)
    assert re.search(r'name="q1" value="b" checked', page)
    assert "上一题" not in page
    page = tried.post(**{"at": "2", "go": "1", "q1-shown": "1", "q1": "b"})
    assert "1 + 1 = ?" not in shown(page)  # no way back, as for learners


def test_both_moments_of_the_review_are_looked_at(as_role: AsRole, session: Session) -> None:
    rules = {"during": [], "after": [], "closed": ["marks", "answers"]}
    tried = Tried(as_role, session, review=rules, closes_at=(clock.now() + timedelta(days=2)).isoformat())
    answers = {"q1-shown": "1", "q1": "a", "q2-shown": "1", "q2": ""}
    after = tried.post(do="submit", **answers)
    closed = tried.post("?closed=1", do="submit", **answers)
    assert [("0 / 1 分" in shown(page), ">正确<" in shown(page)) for page in (after, closed)] == [(False, False), (True, True)]


@pytest.mark.parametrize(("ago", "is_late"), [(20, False), (20.4, False), (21, True)])
def test_a_trial_that_took_longer_than_the_time_says_so(as_role: AsRole, session: Session, ago: float, is_late: bool) -> None:
    tried = Tried(as_role, session, minutes=20)
    page = tried.post(do="submit", started=str(int((clock.now() - timedelta(minutes=ago)).timestamp())), **{"q1-shown": "1", "q1": "b"})
    assert ("超过了限时" in page) is is_late


@pytest.mark.parametrize("kind", sorted(FORMS))
def test_every_kind_is_tried(as_role: AsRole, session: Session, kind: str) -> None:
    tried = Tried(as_role, session)
    made = tried.lecturer.post(f"/teaching/blocks/{tried.quiz.id}/questions/new?kind={kind}", data={**FORMS[kind], "points": "2"})
    assert made.status_code == 303
    page = tried.post(do="begin")
    assert FORMS[kind]["stem"][:1] in shown(page)
    assert "第 3 题" in tried.post(do="submit", **{"q3-shown": "1", "q3": "1"})


@pytest.mark.parametrize("data", [{"seed": "x" * 500}, {"started": "9" * 40}, {"started": "-1"}, {"at": "77", "go": "²"}, {"do": "nonsense"}])
def test_what_is_typed_into_the_address_breaks_nothing(as_role: AsRole, session: Session, data: dict[str, str]) -> None:
    tried = Tried(as_role, session, is_paged=True, minutes=5)
    assert tried.post(**{"do": "begin", **data})
    assert tried.lecturer.get(f"{tried.where}?seed=%C2%B2&closed=x").status_code == 200


def test_a_text_that_is_too_long_is_refused_with_its_question(as_role: AsRole, session: Session) -> None:
    tried = Tried(as_role, session)
    answer = tried.lecturer.post(tried.where, data={"do": "submit", "seed": "1", "q2-shown": "1", "q2": "长" * 20_001})
    assert (answer.status_code, "第 2 题的答案有 20001 个字" in answer.text) == (422, True)


def test_a_quiz_without_questions_says_so(as_role: AsRole, session: Session) -> None:
    tried = Tried(as_role, session)
    for item in queries.items_of(tried.quiz.id):
        bank.remove_item(item=item, by=SYSTEM, now=NOW)
    session.commit()
    answer = tried.lecturer.post(tried.where, data={"do": "begin"})
    assert (answer.status_code, "还没有题目" in answer.text) == (422, True)


def test_who_may_preview_a_run_tries_what_learners_can_reach(as_role: AsRole, session: Session) -> None:
    tried = Tried(as_role, session, is_published=True)
    unit = make.unit(make.loaded(tried.run))
    draft = make.quiz(unit, of=tried.run)
    content.publish(part=unit, is_published=False, by=SYSTEM, now=NOW)
    assistant, learner = ground.person(), make.enrolment(make.loaded(tried.run))
    offerings.set_staff(run=make.loaded(tried.run), person_id=assistant.id, role=StaffRole.ASSISTANT, by=SYSTEM, now=NOW)
    session.commit()
    helper = as_role(Role.TRAINEE, person_id=assistant.id)
    waiting = f"/teaching/blocks/{draft.id}/trial"
    assert [c.get(page).status_code for c in (tried.lecturer, helper) for page in (tried.where, waiting)] == [200, 200, 200, 404]
    strangers = (as_role(Role.TRAINEE, person_id=learner.person_id), as_role(Role.AUDITOR))
    session.commit()
    assert [c.get(page).status_code for c in strangers for page in (tried.where, waiting)] == [403] * 4, "nor what waits to be published"


def test_the_pages_of_a_quiz_and_the_preview_lead_to_the_trial(as_role: AsRole, session: Session) -> None:
    tried = Tried(as_role, session, is_published=True)
    for page in (f"/teaching/blocks/{tried.quiz.id}/items", f"/teaching/runs/{tried.run.id}/preview/{tried.quiz.unit_id}"):
        assert f'href="{tried.where}"' in tried.lecturer.get(page).text
    assert QuizSettings.of(tried.quiz.settings).minutes is None
