"""Rows of the room `courses` through its operations, with sensible defaults."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select

from courses.assessment.models import Question
from courses.assessment.operations import bank
from courses.assessment.types import QuestionKind
from courses.catalogue import queries
from courses.catalogue.models import Block, Course, Run, Section, Unit
from courses.catalogue.operations import content, judging, offerings
from courses.catalogue.types import BlockKind, StaffRole
from courses.learning import operations as learning
from courses.learning.models import Enrolment
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def course(owner: Organisation | None = None, **given: Any) -> Course:
    """A course of a university (default: a new one)."""
    given.setdefault("code", f"C-{ground.unique()}")
    given.setdefault("title", "智能制造导论")
    given.setdefault("hours_x10", 160)
    return offerings.create_course(owner=owner or ground.university(), by=SYSTEM, now=NOW, **given)


def run(of: Course | None = None, *, lead: Person | None = None, **given: Any) -> Run:
    """A run that takes everybody; `has_content` adds one text, published runs (`is_published`) need it."""
    if of is None and lead is None:
        return loaded(session().get_one(Run, _of_a_new_course(**given)))
    return loaded(_run(of or course(), [(lead.id, StaffRole.LEAD)] if lead is not None else [], **given))


@remembered
def _of_a_new_course(**given: Any) -> int:
    return _run(course(), [], **given).id


def _run(of: Course, staff: list[tuple[int, StaffRole]], *, is_published: bool = False, has_content: bool = False, **given: Any) -> Run:
    given.setdefault("code", f"R{ground.unique()}")
    given.setdefault("starts_on", date(2026, 3, 1))
    made = loaded(offerings.create_run(course=of, by=SYSTEM, now=NOW, staff=staff, **given))
    if has_content or is_published:
        text(unit(made))
    if is_published:
        publish(made)
    return made


def loaded(row: Run) -> Run:
    """The run with its course, owner and staff."""
    found = queries.run_by_id(row.id)
    assert found is not None
    return found


def publish(row: Run) -> Run:
    """Put a run into the catalogue."""
    return offerings.publish_run(run=loaded(row), by=SYSTEM, now=NOW)


def section(of: Run, title: str = "第一章") -> Section:
    """A section of a run."""
    return content.add_section(run=of, title=title, by=SYSTEM, now=NOW)


def unit(of: Run, at: Section | None = None, title: str = "第一单元", **given: Any) -> Unit:
    """A unit of a run (default: in a new section)."""
    return content.add_unit(section=at or section(of), title=title, by=SYSTEM, now=NOW, **given)


def text(at: Unit, **given: Any) -> Block:
    """A text to read."""
    given.setdefault("body", "这是**正文**。")
    return content.add_block(unit=at, kind=BlockKind.TEXT, by=SYSTEM, now=NOW, **given)


def video(at: Unit, duration: int = 100, **given: Any) -> Block:
    """A video of a length in seconds."""
    settings = {"source": "https://example.edu.cn/v.mp4", "duration": duration}
    return content.add_block(unit=at, kind=BlockKind.VIDEO, settings=settings, by=SYSTEM, now=NOW, **given)


def discussion(at: Unit, **given: Any) -> Block:
    """A discussion."""
    return content.add_block(unit=at, kind=BlockKind.DISCUSSION, by=SYSTEM, now=NOW, title="讨论", **given)


def single(of: Run, stem: str = "1 + 1 = ?") -> Question:
    """A single choice question; `b` is right."""
    options = [{"body": "1"}, {"body": "2", "is_correct": True}, {"body": "3"}]
    return bank.save_question(course_id=of.course_id, kind=QuestionKind.SINGLE, stem=stem, data={"options": options}, by=SYSTEM, now=NOW)


def essay(of: Run) -> Question:
    """A question that a person grades."""
    return bank.save_question(course_id=of.course_id, kind=QuestionKind.ESSAY, stem="谈谈你的看法。", by=SYSTEM, now=NOW)


def quiz(at: Unit, *questions: Question, of: Run, is_graded: bool = True, **settings: Any) -> Block:
    """A quiz with questions (default: one single choice), one mark each."""
    block = content.add_block(unit=at, kind=BlockKind.QUIZ, settings=settings, is_graded=is_graded, title="单元测验", by=SYSTEM, now=NOW)
    for question in questions or (single(of),):
        bank.add_item(block=block, question=question, by=SYSTEM, now=NOW)
    return block


def enrolment(of: Run, who: Person | None = None, now: datetime = NOW) -> Enrolment:
    """A person put into a run by staff."""
    made = learning.enrol(run=of, person_id=(who or ground.person()).id, by=SYSTEM, now=now, is_approved=True)
    session().flush()
    return made


def now() -> datetime:
    """This instant, for what the pages do with their own clock."""
    return clock.now()


def nothing_comes_back() -> None:
    """The time in which an author may bring back what was taken away is over: from now on people complete without it."""
    current = session()
    current.flush()
    for job in current.scalars(select(jobs.Job).where(jobs.Job.task == judging.TASK)):
        job.run_after_at = clock.now()
    current.flush()
