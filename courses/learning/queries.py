"""Every select on enrolments, the learning log and progress."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, joinedload

from courses.assessment import queries as assessment
from courses.catalogue import queries as catalogue
from courses.catalogue.models import RUN_TITLE, Course, CoursePrerequisite, Run
from courses.catalogue.types import BlockKind, BlockNode, Closed, Outline
from courses.learning import rules
from courses.learning.models import BlockProgress, Enrolment, EnrolmentMark, MarkSource, RunInvitation
from courses.learning.types import OPEN, BlockState, Counted, EnrolmentState, HandedDown, LearnerRow, MyRun, NotDone, Standing, Todo
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import portions, session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person, Student


def enrolment_of(run_id: int, person_id: int) -> Enrolment | None:
    """The enrolment of a human in a run: of two that were merged the one that is furthest."""
    return session().scalar(_of_a_human(), {"run": run_id, "human": person_id})


@cache
def _of_a_human() -> sa.Select[Enrolment]:
    mine = (Enrolment.run_id == sa.bindparam("run"), people.of_human(Enrolment.person_id, sa.bindparam("human", type_=sa.BigInteger)))
    return select(Enrolment).where(*mine).order_by(*furthest(Enrolment)).limit(1)


_ORDER = (EnrolmentState.COMPLETED, EnrolmentState.ACTIVE, EnrolmentState.PENDING, EnrolmentState.WAITING, EnrolmentState.WITHDRAWN)


def furthest(row: Any) -> tuple[Any, ...]:
    """What puts the furthest of the enrolments of one human in one run first."""
    place = sa.case({state: number for number, state in enumerate(_ORDER)}, value=row.state)
    return place, -row.progress_x1000, row.id


@cache
def _beside() -> tuple[Any, Any, Any]:
    """Another enrolment and two persons; made once: each copies every column of its table, a millisecond."""
    return aliased(Enrolment), aliased(Person), aliased(Person)


def _has_further(row: Any) -> sa.ColumnElement[bool]:
    """SQL: the same human has another enrolment in the run that is further: this one is their second. Only after a merging."""
    other, mine, theirs = _beside()
    stays = select(func.coalesce(mine.merged_into_id, mine.id)).where(mine.id == row.person_id).correlate(Enrolment).scalar_subquery()
    # By keys: where the two are compared as expressions, every learner of the run is read to find that there is no second one.
    same = select(theirs.id).where(or_(theirs.id == stays, theirs.merged_into_id == stays)).correlate(Enrolment)
    (place, done, key), (other_place, other_done, other_key) = furthest(row), furthest(other)
    is_further = or_(
        other_place < place,
        sa.and_(other_place == place, or_(other_done < done, sa.and_(other_done == done, other_key < key))),
    )
    return (
        select(other.id)
        .where(other.run_id == row.run_id, other.person_id != row.person_id, other.person_id.in_(same), is_further)
        .correlate(Enrolment)
        .exists()
    )


def second_enrolments() -> list[int]:
    """Open enrolments of humans who have another one, further, in the same run: what a merging leaves behind."""
    merged = select(Person.id).where(Person.merged_into_id.is_not(None))
    humans = select(Person.merged_into_id).where(Person.merged_into_id.is_not(None))
    statement = select(Enrolment.id).where(
        Enrolment.state.in_(OPEN), or_(Enrolment.person_id.in_(merged), Enrolment.person_id.in_(humans)), _has_further(Enrolment)
    )
    return list(session().scalars(statement.order_by(Enrolment.id)))


def enrolment_by_id(enrolment_id: int) -> Enrolment | None:
    """An enrolment with its person."""
    return session().scalar(select(Enrolment).where(Enrolment.id == enrolment_id).options(joinedload(Enrolment.person)))


def enrolments_by_id(enrolment_ids: Iterable[int]) -> list[Enrolment]:
    """Several enrolments."""
    return list(session().scalars(select(Enrolment).where(Enrolment.id.in_(set(enrolment_ids))).order_by(Enrolment.id)))


def completed_after(enrolment_id: int, limit: int) -> list[Enrolment]:
    """The next completed enrolments behind an id."""
    statement = select(Enrolment).where(Enrolment.completed_on.is_not(None), Enrolment.id > enrolment_id).order_by(Enrolment.id)
    return list(session().scalars(statement.limit(limit)))


def enrolments_by_run(run_ids: Iterable[int], person_id: int) -> dict[int, Enrolment]:
    """The enrolments of a human in several runs, in each the furthest."""
    statement = select(Enrolment).where(Enrolment.run_id.in_(list(run_ids)), people.of_human(Enrolment.person_id, person_id))
    found: dict[int, Enrolment] = {}
    for row in session().scalars(statement.order_by(*furthest(Enrolment))):
        found.setdefault(row.run_id, row)
    return found


def states_of_many(enrolment_ids: Sequence[int]) -> dict[int, dict[int, BlockState]]:
    """The stored progress of several learners, by enrolment and block: one query for a thousand."""
    found: dict[int, dict[int, BlockState]] = defaultdict(dict)
    for some in portions(enrolment_ids):
        for row in session().scalars(select(BlockProgress).where(BlockProgress.enrolment_id.in_(some))):
            found[row.enrolment_id][row.block_id] = as_state(row)
    return found


def my_runs(person_id: int) -> sa.Select[Any]:
    """The runs of a learner, running ones first; see `as_my_run`."""
    ahead = aliased(Enrolment)
    before = sa.or_(ahead.asked_at < Enrolment.asked_at, sa.and_(ahead.asked_at == Enrolment.asked_at, ahead.id <= Enrolment.id))
    queue = select(func.count(ahead.id)).where(ahead.run_id == Enrolment.run_id, ahead.state == EnrolmentState.WAITING, before)
    statement: Any = (
        select(
            Enrolment.id,
            Run.id.label("run_id"),
            Course.code,
            RUN_TITLE.label("title"),
            Run.code.label("run_code"),
            Organisation.name,
            Enrolment.state,
            Enrolment.progress_x1000,
            Enrolment.score_x10,
            Run.starts_on,
            Run.ends_on,
            Enrolment.completed_on,
            sa.case((Enrolment.state == EnrolmentState.WAITING, queue.correlate(Enrolment).scalar_subquery())).label("place"),
        )
        .join(Run, Run.id == Enrolment.run_id)
        .join(Course, Course.id == Run.course_id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(people.of_human(Enrolment.person_id, person_id), Enrolment.state != EnrolmentState.WITHDRAWN, ~_has_further(Enrolment))
        .order_by(Enrolment.completed_on.is_not(None), Enrolment.asked_at.desc(), Enrolment.id)
    )
    return statement  # type: ignore[no-any-return]


def learnt_runs(person_id: int) -> list[int]:
    """The runs in which a human learns and has not completed."""
    statement = select(Enrolment.run_id).where(people.of_human(Enrolment.person_id, person_id), Enrolment.state == EnrolmentState.ACTIVE)
    return list(session().scalars(statement))


def as_my_run(row: Any) -> MyRun:
    """A row of `my_runs`."""
    return MyRun(*row)


LEARNER_SORTS: dict[str, tuple[Any, ...]] = {
    "name": (Person.pinyin, Person.name),
    "state": (Enrolment.state, Person.pinyin),
    "progress": (Enrolment.progress_x1000, Person.pinyin),
    "score": (Enrolment.score_x10, Person.pinyin),
    "asked": (Enrolment.asked_at,),
}


def learners(run_id: int, *, state: EnrolmentState | None = None, text: str = "", sort: str = "") -> sa.Select[Any]:
    """The learners of a run by name unless sorted otherwise, who waits by whose turn it is; see `as_learner`."""
    statement: Any = (
        select(
            Enrolment.id,
            Enrolment.person_id,
            Person.name,
            Enrolment.state,
            Enrolment.progress_x1000,
            Enrolment.score_x10,
            Enrolment.asked_at,
            Enrolment.completed_on,
            Enrolment.last_active_at,
            Enrolment.note,
        )
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.run_id == run_id)
    )
    if state is not None:
        statement = statement.where(Enrolment.state == state)
    if text:
        statement = statement.where(organisations.matches(text, Person.name, Person.pinyin))
    usual = Enrolment.asked_at if state is EnrolmentState.WAITING else Person.pinyin
    return organisations.ordered_or(statement, sort, LEARNER_SORTS, usual, Enrolment.id)


def as_learner(row: Any) -> LearnerRow:
    """A row of `learners`."""
    return LearnerRow(*row)


def counts_by_state(run_id: int) -> dict[EnrolmentState, int]:
    """How many learners of a run are in each state."""
    statement = select(Enrolment.state, func.count()).where(Enrolment.run_id == run_id).group_by(Enrolment.state)
    return {row[0]: row[1] for row in session().execute(statement)}


def next_waiting(run_id: int) -> int | None:
    """Whose turn it is when a seat becomes free."""
    return session().scalar(_waiting(), {"run": run_id})


@cache
def _waiting() -> sa.Select[int]:
    waits = (Enrolment.run_id == sa.bindparam("run"), Enrolment.state == EnrolmentState.WAITING)
    return select(Enrolment.id).where(*waits).order_by(Enrolment.asked_at, Enrolment.id).limit(1)


def place_in_queue(enrolment: Enrolment) -> int:
    """How many stand before and with a waiting learner."""
    before = sa.or_(Enrolment.asked_at < enrolment.asked_at, sa.and_(Enrolment.asked_at == enrolment.asked_at, Enrolment.id <= enrolment.id))
    statement = select(func.count()).where(Enrolment.run_id == enrolment.run_id, Enrolment.state == EnrolmentState.WAITING, before)
    return session().scalar(statement) or 0


def is_invited(run_id: int, person_id: int, on: date | None = None) -> bool:
    """Whether a human was invited to a run; with a day, whether the invitation still holds then."""
    statement = select(RunInvitation.id).where(RunInvitation.run_id == run_id, people.of_human(RunInvitation.person_id, person_id)).limit(1)
    if on is not None:
        statement = statement.where(sa.or_(RunInvitation.expires_on.is_(None), RunInvitation.expires_on >= on))
    return session().scalar(statement) is not None


def missing_prerequisites(course_id: int, person_id: int) -> list[Course]:
    """The courses that a human must still complete before this one."""
    finished = select(Run.course_id).join(Enrolment, Enrolment.run_id == Run.id)
    finished = finished.where(people.of_human(Enrolment.person_id, person_id), Enrolment.state == EnrolmentState.COMPLETED)
    statement = select(Course).join(CoursePrerequisite, CoursePrerequisite.required_id == Course.id)
    statement = statement.where(CoursePrerequisite.course_id == course_id, Course.id.not_in(finished))
    return list(session().scalars(statement.order_by(Course.title, Course.id)))


def is_in_cohort(person_id: int, cohort_id: int | None) -> bool:
    """Whether a human studies in a cohort."""
    statement = select(Student.id).where(people.of_human(Student.person_id, person_id), Student.cohort_id == cohort_id)
    return session().scalar(statement.limit(1)) is not None


# -- the log and what follows from it -----------------------------------------------------------------------------------


def progress_row(enrolment_id: int, block_id: int) -> BlockProgress | None:
    """The stored progress of one block."""
    statement = select(BlockProgress).where(BlockProgress.enrolment_id == enrolment_id, BlockProgress.block_id == block_id)
    return session().scalar(statement.execution_options(populate_existing=True))


def progress_rows(enrolment_id: int) -> dict[int, BlockProgress]:
    """The stored progress of a learner by block, read anew: what another request has stored meanwhile counts."""
    statement = select(BlockProgress).where(BlockProgress.enrolment_id == enrolment_id).execution_options(populate_existing=True)
    return {row.block_id: row for row in session().scalars(statement)}


def states_of(enrolment_id: int) -> dict[int, BlockState]:
    """The stored progress as values."""
    return {key: as_state(row) for key, row in progress_rows(enrolment_id).items()}


def states_by_run(person_id: int, run_ids: Iterable[int]) -> dict[int, dict[int, BlockState]]:
    """A human's stored progress in several runs, by run and block; of two enrolments in one run that of the furthest."""
    statement = select(Enrolment.run_id, BlockProgress).join(Enrolment, Enrolment.id == BlockProgress.enrolment_id)
    mine = people.of_human(Enrolment.person_id, person_id)
    found: dict[int, dict[int, BlockState]] = defaultdict(dict)
    for run_id, row in session().execute(statement.where(mine, Enrolment.run_id.in_(list(run_ids)), ~_has_further(Enrolment))):
        found[run_id][row.block_id] = as_state(row)
    return found


def as_state(row: BlockProgress) -> BlockState:
    """A stored progress as a value."""
    return BlockState(row.is_done, row.share_x1000, row.score_x10, row.done_at, row.waits_for_grade, True, row.position_x10)


def counted(outline: Outline, now: datetime, closed: Closed | None = None) -> list[Counted]:
    """The blocks of a published outline as the completion rule sees them; `closed`: what conditions keep from a learner."""
    return [
        Counted(
            block.id,
            block.kind,
            block.title or unit.title,
            block.is_graded,
            block.is_required,
            block.weight_x10,
            catalogue.is_released(section, unit, now) and not (closed and closed.block(block.id, unit.id)),
            may_mark(block),
        )
        for section in outline.sections
        for unit in section.units
        for block in unit.blocks
        if block.kind is not BlockKind.UNKNOWN
    ]


def may_mark(block: BlockNode | Any) -> bool:
    """Whether a learner may simply mark a block as done."""
    return rules.may_mark(block.kind, duration_of(block), is_left_to_learner=bool(block.settings.get("self_marked")))


def missing_of(standing: Standing) -> dict[int, NotDone]:
    """Why each block that is missing is not done; a quiz without questions waits for its author and not for the learner."""
    missing = dict(standing.missing)
    open_ones = [block_id for block_id, reason in missing.items() if reason is NotDone.NOT_SUBMITTED]
    counts = assessment.item_counts(open_ones) if open_ones else {}
    return missing | {block_id: NotDone.NO_QUESTIONS for block_id in open_ones if not counts.get(block_id)}


def todo(outline: Outline, missing: Mapping[int, NotDone], states: dict[int, BlockState]) -> list[Todo]:
    """What completion still needs, in the order of the course, each with its place and, for a video, the seconds left."""
    found = []
    for unit in outline.units:
        for block in unit.blocks:
            if block.id in missing:
                left = rules.seconds_left(states[block.id].share_x1000 if block.id in states else 0, duration_of(block))
                title = f"{unit.title} · {block.title}" if block.title and block.title != unit.title else unit.title
                found.append(Todo(block.id, unit.id, title, block.kind, missing[block.id], left))
    return found


def duration_of(block: BlockNode | Any) -> float:
    """The length of a video in seconds; 0 when it is not known, or when it plays elsewhere and nobody can report what was watched."""
    if block.settings.get("youtube"):
        return 0.0
    try:
        return max(0.0, float(block.settings.get("duration") or 0))
    except (TypeError, ValueError):
        return 0.0


def mark_of(enrolment: Enrolment) -> HandedDown | None:
    """The total that the gradebook handed down; None when the run has no gradebook."""
    return marks_of([enrolment.id]).get(enrolment.id)


def marks_of(enrolment_ids: Sequence[int]) -> dict[int, HandedDown]:
    """The totals that gradebooks handed down to several learners; those whose run has no gradebook are not in it."""
    rows = session().execute(_marks(), {"enrolments": enrolment_ids})
    return {key: HandedDown(score, due is not False, shown, as_settled(settled), bool(own)) for key, score, due, shown, settled, own in rows}


@cache
def _marks() -> sa.Select[Any]:
    enrolments: sa.BindParameter[list[int]] = sa.bindparam("enrolments", expanding=True)
    return (
        select(Enrolment.id, EnrolmentMark.score_x10, EnrolmentMark.is_due, MarkSource.is_shown, EnrolmentMark.settled, EnrolmentMark.is_written)
        .join(MarkSource, MarkSource.run_id == Enrolment.run_id)
        .outerjoin(EnrolmentMark, EnrolmentMark.enrolment_id == Enrolment.id)
        .where(Enrolment.id.in_(enrolments))
    )


def as_settled(stored: Mapping[str, Any] | None) -> dict[int, int | None]:
    """What a person decided of single blocks, as a mark keeps it."""
    return {int(key): score for key, score in (stored or {}).items()}


def marks_due(limit: int) -> list[tuple[int, int]]:
    """(run, enrolment) whose total has to be computed again, in order."""
    statement = (
        select(Enrolment.run_id, Enrolment.id)
        .join(EnrolmentMark, EnrolmentMark.enrolment_id == Enrolment.id)
        .where(EnrolmentMark.is_due)
        .order_by(Enrolment.run_id, Enrolment.id)
        .limit(limit)
    )
    return [(run_id, key) for run_id, key in session().execute(statement)]


# -- for programs -------------------------------------------------------------------------------------------------------


def enrolments_visible_to(identity: Identity) -> sa.Select[Any]:
    """Enrolments with course and run: one's own, and those of the runs whose learners one may see."""
    statement: Any = (
        select(Enrolment, Course.code.label("course"), Run.code.label("run"))
        .join(Run, Run.id == Enrolment.run_id)
        .join(Course, Course.id == Run.course_id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(sa.or_(people.of_human(Enrolment.person_id, identity.person_id or 0), catalogue.runs_visible_to(identity)))
    )
    return statement  # type: ignore[no-any-return]


# -- what has served its time -------------------------------------------------------------------------------------------


def enrolments_since(since: datetime) -> list[people.Use]:
    """Who enrolled or completed since an instant, or still learns: it keeps their data in use."""
    day = local(since).date()
    return [
        people.Use(Enrolment.person_id, or_(Enrolment.asked_at >= since, Enrolment.completed_on >= day, Enrolment.state == EnrolmentState.ACTIVE))
    ]
