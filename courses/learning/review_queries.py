"""Marks of quizzes that their learner is not shown now: by the review rules of each, wherever a page would tell them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, or_, select

from courses.assessment import queries as assessment
from courses.assessment.models import Attempt
from courses.assessment.queries import hours
from courses.assessment.rules import GRACE, moment
from courses.assessment.types import Allowance, QuizSettings, Shown, When
from courses.catalogue.models import Block
from courses.catalogue.types import BlockKind
from courses.learning.models import Enrolment
from courses.learning.types import SEATED
from trainhub.kernel.db import session
from trainhub.people.models import Person, Student

NONE: frozenset[int] = frozenset()


def unshown(person_id: int, run_ids: Collection[int], now: datetime) -> Mapping[int, frozenset[int]]:
    """By run: the quizzes of which a learner has handed something in and may not see the marks yet. One query where no rule hides any."""
    statement = select(Block.id, Block.run_id, Block.settings).where(Block.run_id.in_(list(run_ids)), Block.kind == BlockKind.QUIZ)
    rules = {row.id: (row.run_id, QuizSettings.of(row.settings)) for row in session().execute(statement)}
    hiding = {key: pair for key, pair in rules.items() if not all(Shown.MARKS in pair[1].review[when] for when in (When.AFTER, When.CLOSED))}
    if not hiding:
        return {}
    given, handed_in = hours.allowances_of(person_id, hiding), hours.handed_in(person_id, hiding)
    found: dict[int, set[int]] = defaultdict(set)
    for block_id in handed_in:
        run_id, settings = hiding[block_id]
        if Shown.MARKS not in settings.review[when_of(block_id, settings, given.get(block_id, Allowance()), now)]:
            found[run_id].add(block_id)
    return {run_id: frozenset(ids) for run_id, ids in found.items()}


def when_of(block_id: int, settings: QuizSettings, allowance: Allowance, now: datetime) -> When:
    """At which moment a learner looks at an attempt that was handed in: not after the closing while anybody takes the quiz, or may still begin it."""
    when = moment(settings, allowance, now, is_handed_in=True)
    if when is When.CLOSED:
        is_still_taken = assessment.is_taken_now(block_id, now - GRACE) or _is_waited_for(block_id, now)
        when = moment(settings, allowance, now, is_handed_in=True, is_still_taken=is_still_taken)
    return when


def _is_waited_for(block_id: int, now: datetime) -> bool:
    """Whether a learner of the run who was given a later closing has not begun yet: for them the answers are still questions."""
    grants = session().execute(hours.open_longer([block_id], now)).all()
    if not grants:
        return False
    human = func.coalesce(Person.merged_into_id, Person.id)
    sat = select(human).join(Attempt, Attempt.person_id == Person.id).where(Attempt.block_id == block_id)
    students = select(Student.person_id).where(Student.cohort_id.in_([row.cohort_id for row in grants if row.cohort_id is not None]))
    run_id = select(Block.run_id).where(Block.id == block_id).scalar_subquery()
    statement = select(Enrolment.id).join(Person, Person.id == Enrolment.person_id)
    statement = statement.where(Enrolment.run_id == run_id, Enrolment.state.in_(SEATED), human.not_in(sat))
    granted = or_(human.in_([row.human_id for row in grants if row.human_id is not None]), Person.id.in_(students))
    return session().scalar(statement.where(granted).limit(1)) is not None


def unshown_in(run_id: int, person_id: int, now: datetime) -> frozenset[int]:
    """The same of one run."""
    return unshown(person_id, [run_id], now).get(run_id, NONE)
