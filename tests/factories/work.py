"""Assignments with what was handed in, gradebooks, and credit claims, through the operations."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

from courses.assignments.models import Assignment, Submission
from courses.assignments.operations import grading, handing_in, setup
from courses.assignments.queries import work
from courses.assignments.types import Marking
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations import content
from courses.catalogue.types import BlockKind
from courses.learning.models import Enrolment
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session
from trainhub.people.models import Person

NOW = make.NOW
DUE = NOW + timedelta(days=7)
RUBRIC = [
    {
        "key": "c1",
        "title": "论证",
        "description": "",
        "max_x10": 600,
        "levels": [{"title": "优", "points_x10": 600}, {"title": "差", "points_x10": 0}],
    },
    {"key": "c2", "title": "表达", "description": "", "max_x10": 400, "levels": []},
]


def block(of: Unit, **given: Any) -> Block:
    """An assignment block that counts."""
    given.setdefault("title", "课程设计")
    given.setdefault("is_graded", True)
    return content.add_block(unit=of, kind=BlockKind.ASSIGNMENT, body="写一份设计。", by=SYSTEM, now=NOW, **given)


def assignment(run: Run | None = None, of: Block | None = None, **given: Any) -> Assignment:
    """A text assignment of 100 points, due in a week, in a published run."""
    block_id = _in_a_new_run(**given) if run is None and of is None else _assigned(of or _put_in(run or make.run()), **given)
    found = work.assignment_of(block_id)
    assert found is not None
    return found


@remembered
def _in_a_new_run(**given: Any) -> int:
    return _assigned(_put_in(make.run()), **given)


def _put_in(run: Run) -> Block:
    made = block(make.unit(run))
    make.publish(run)
    return made


def _assigned(of: Block, **given: Any) -> int:
    given.setdefault("due_at", DUE)
    given.setdefault("file_kinds", ["pdf", "text"])
    given.setdefault("max_files", 2)
    given.setdefault("max_mb", 1)
    setup.save(block=of, version=None, by=SYSTEM, now=NOW, **given)
    return of.id


def learner(of: Assignment, who: Person | None = None) -> Enrolment:
    """A learner of the assignment's run."""
    return session().get_one(Enrolment, _learner(of.run_id, who))


@remembered
def _learner(run_id: int, who: Person | None) -> int:
    run = make.queries.run_by_id(run_id)
    assert run is not None
    return make.enrolment(run, who).id


def acting(person: Person | int, name: str = "教师") -> Identity:
    """A person who acts, without grants."""
    return Identity(account_id=None, person_id=person if isinstance(person, int) else person.id, name=name)


def hand_in(of: Assignment, enrolment: Enrolment, text: str = "我的设计。\n\n第二段。", now: datetime = NOW) -> Submission:
    """A draft that is handed in."""
    found = work.submission_by_id(_handed_in(of, enrolment, text, now))
    assert found is not None
    return found


@remembered
def _handed_in(of: Assignment, enrolment: Enrolment, text: str, now: datetime) -> int:
    me = acting(enrolment.person_id, "学员")
    row = handing_in.open_draft(assignment=of, person_id=enrolment.person_id, by=me, now=now)
    handing_in.save_draft(assignment=of, submission=row, text=text, version=None, person_id=enrolment.person_id, by=me, now=now)
    handing_in.submit(assignment=of, submission=row, enrolment=enrolment, by=me, now=now)
    return row.id


def grade(row: Submission, points: int | dict[str, int], by: Identity | None = None, now: datetime = NOW) -> Submission:
    """A mark, in tenths."""
    row = work.submission_by_id(row.id) or row  # with its assignment: what was laid behind it made it forget
    marking = Marking(points if isinstance(points, dict) else {"points": points}, "不错")
    return grading.grade(submission=row, version=None, marking=marking, by=by or acting(ground.person()), now=now)


def pdf(size: int = 200) -> io.BytesIO:
    """A file that is a PDF by content."""
    return io.BytesIO(b"%PDF-1.7\n" + b"0" * size)
