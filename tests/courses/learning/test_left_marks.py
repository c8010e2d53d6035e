"""Graded content that is removed: its author reads whose marks it touches, and every learner what became of the mark."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy.orm import Session

from courses.assignments.models import Assignment
from courses.assignments.operations import releasing
from courses.catalogue.models import Block, Run, Section, Unit
from courses.catalogue.operations import content
from courses.gradebook.operations import books
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from tests.factories import work as made
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]
NOW = make.NOW


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


class Taught:
    """A run with a text, a quiz and an assignment; its learner has 90 at the quiz and 50 for the assignment."""

    def __init__(self, as_role: AsRole, session: Session) -> None:
        lead = ground.person()
        self.run: Run = make.run(lead=lead, pass_mark_x10=600)
        self.unit = make.unit(self.run)
        make.text(self.unit)
        self.quiz = make.quiz(self.unit, of=self.run)
        self.block: Block = made.block(self.unit)
        make.publish(self.run)
        self.task: Assignment = made.assignment(of=self.block, due_at=None)
        self.row: Enrolment = made.learner(self.task)
        learning.note_report(enrolment=self.row, block=self.quiz, data={"score_x10": 500}, by=SYSTEM, now=NOW)
        made.grade(made.hand_in(self.task, self.row, now=clock.now()), 900)
        releasing.release(assignment=self.task, by=SYSTEM, now=clock.now())
        session.commit()
        self.author = as_role(Role.LECTURER, organisation_id=self.run.course.owner_id, person_id=lead.id)
        self.learner = as_role(Role.TRAINEE, person_id=self.row.person_id)

    def line(self, client: FlaskClient | None = None, url: str = "") -> str:
        page = html.fromstring((client or self.learner).get(url or f"/learning/runs/{self.run.id}/progress").text)
        return " ".join(page.xpath("string(//section[contains(., '不再显示的内容')]//table/tbody)").split())


@pytest.fixture
def taught(as_role: AsRole, session: Session) -> Taught:
    return Taught(as_role, session)


@pytest.mark.parametrize("what", ["block", "unit", "section"])
@pytest.mark.parametrize(("verb", "data"), [("remove", {}), ("publish", {"published": "no"})])
def test_who_takes_marks_away_reads_how_many_it_touches(taught: Taught, session: Session, what: str, verb: str, data: dict[str, str]) -> None:
    part_id = {"block": taught.block.id, "unit": taught.unit.id, "section": taught.unit.section_id}[what]
    url, model = f"/teaching/{what}/{part_id}/{verb}", {"block": Block, "unit": Unit, "section": Section}[what]
    asked = taught.author.post(url, data=data)
    assert asked.status_code == 200
    assert "1 名学员在其中已有成绩" in asked.text
    assert "不再计入还没有完成课程的学员的总成绩" in asked.text
    part = session.get(model, part_id, populate_existing=True)
    assert (part.removed_at, part.is_published) == (None, True)
    assert taught.author.post(url, data=data | {"seen": "1"}).status_code == 303
    part = session.get(model, part_id, populate_existing=True)
    assert part.removed_at is not None or not part.is_published


def test_what_touches_no_mark_goes_at_once(taught: Taught, session: Session) -> None:
    text = make.text(taught.unit)
    session.commit()
    assert taught.author.post(f"/teaching/block/{text.id}/remove").status_code == 303
    taught.row.state = EnrolmentState.WITHDRAWN
    session.commit()
    assert taught.author.post(f"/teaching/block/{taught.block.id}/remove").status_code == 303


def test_the_learner_reads_that_a_removed_mark_counts_no_more(taught: Taught, session: Session) -> None:
    assert learning.standing_of(taught.row, taught.run, clock.now()).score_x10 == 700
    assert taught.line() == ""
    content.remove(part=taught.block, by=SYSTEM, now=clock.now())
    session.commit()
    assert learning.standing_of(taught.row, taught.run, clock.now()).score_x10 == 500
    for line in (taught.line(), taught.line(taught.author, f"/teaching/enrolments/{taught.row.id}")):
        assert "不再计入总成绩" in line
        assert line.endswith("90")
    own = taught.learner.get(f"/assignments/{taught.block.id}").text
    assert "不再计入总成绩" in own
    content.bring_back(part=taught.block, by=SYSTEM, now=clock.now())
    session.commit()
    assert taught.line() == ""
    assert "不再计入总成绩" not in taught.learner.get(f"/assignments/{taught.block.id}").text
    assert learning.standing_of(taught.row, taught.run, clock.now()).score_x10 == 700


def test_what_a_completion_was_graded_by_is_said_to_count(taught: Taught, session: Session) -> None:
    taught.row.state, taught.row.completed_on = EnrolmentState.COMPLETED, clock.today()
    taught.row.missed = {"blocks": [], "columns": None, "graded": [[taught.quiz.id, 10], [taught.block.id, 10]]}
    content.remove(part=taught.block, by=SYSTEM, now=clock.now())
    session.commit()
    assert "仍然计入总成绩" in taught.line()
    assert "仍然计入总成绩" in taught.learner.get(f"/assignments/{taught.block.id}").text


def test_of_a_gradebook_both_are_told_that_it_counts_by_its_rules(taught: Taught, session: Session) -> None:
    books.make(run=taught.run, by=SYSTEM, now=NOW)
    session.commit()
    asked = taught.author.post(f"/teaching/block/{taught.block.id}/remove")
    assert "已有的成绩照样计入" in asked.text
    assert taught.author.post(f"/teaching/block/{taught.block.id}/remove", data={"seen": "1"}).status_code == 303
    assert "按成绩册的规则计入" in taught.line()
