"""Selects on what learners did, of one or of many at once, and on their notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from courses.catalogue.models import Section, Unit
from courses.learning.models import BlockProgress, Enrolment, LearningEvent, Note
from courses.learning.queries import as_state
from courses.learning.types import BlockState, Event, EventKind, NoteRow
from trainhub.kernel.db import session


def events_of(enrolment_id: int, block_id: int) -> list[Event]:
    """What a learner did with a block, in order."""
    statement = (
        select(LearningEvent.kind, LearningEvent.at, LearningEvent.data)
        .where(LearningEvent.enrolment_id == enrolment_id, LearningEvent.block_id == block_id)
        .order_by(LearningEvent.id)
    )
    return [Event(*row) for row in session().execute(statement)]


def last_kind(enrolment_id: int, block_id: int) -> EventKind | None:
    """What a learner did last with a block; None when nothing yet."""
    mine = (LearningEvent.enrolment_id == enrolment_id, LearningEvent.block_id == block_id)
    return session().scalar(select(LearningEvent.kind).where(*mine).order_by(LearningEvent.id.desc()).limit(1))


def all_events_of(enrolment_id: int) -> dict[int, list[Event]]:
    """Everything a learner did, by block."""
    statement = (
        select(LearningEvent.block_id, LearningEvent.kind, LearningEvent.at, LearningEvent.data)
        .where(LearningEvent.enrolment_id == enrolment_id)
        .order_by(LearningEvent.id)
    )
    found: dict[int, list[Event]] = defaultdict(list)
    for block, kind, at, data in session().execute(statement):
        found[block].append(Event(kind, at, data))
    return found


def last_news(enrolment_id: int, block_ids: Collection[int], graded_ids: Collection[int] | None) -> datetime | None:
    """When a learner did the last of some blocks, or was graded last in one of others (by a laboratory, too; `graded_ids` None: in any); None when
    in none yet.

    What was done again afterwards is no news.
    """
    done = select(func.max(BlockProgress.done_at)).where(BlockProgress.enrolment_id == enrolment_id, BlockProgress.block_id.in_(block_ids))
    scored = and_(LearningEvent.kind == EventKind.REPORTED, LearningEvent.data["score_x10"].as_string().is_not(None))
    kinds = or_(LearningEvent.kind.in_((EventKind.QUIZ_GRADED, EventKind.ASSIGNMENT_GRADED)), scored)
    graded = select(func.max(LearningEvent.at)).where(LearningEvent.enrolment_id == enrolment_id, kinds)
    if graded_ids is not None:
        graded = graded.where(LearningEvent.block_id.in_(graded_ids))
    return max((at for at in (session().scalar(done), session().scalar(graded)) if at is not None), default=None)


def watched_of(enrolment_id: int) -> dict[int, list[Event]]:
    """What a learner watched, by block."""
    statement = select(LearningEvent.block_id, LearningEvent.kind, LearningEvent.at, LearningEvent.data).order_by(LearningEvent.id)
    found: dict[int, list[Event]] = defaultdict(list)
    for block, kind, at, data in session().execute(
        statement.where(LearningEvent.enrolment_id == enrolment_id, LearningEvent.kind == EventKind.VIDEO_WATCHED)
    ):
        found[block].append(Event(kind, at, data))
    return found


def has_event_of_attempt(enrolment_id: int, block_id: int, kind: Any, attempt_id: int, score_x10: int | None) -> bool:
    """Whether this is what the log says last about an attempt: a mark that changes back is news again."""
    said = [event for event in events_of(enrolment_id, block_id) if event.data.get("attempt") == attempt_id]
    return bool(said) and said[-1].kind is kind and said[-1].data.get("score_x10") == score_x10


def note_by_id(note_id: int) -> Note | None:
    """A note."""
    return session().get(Note, note_id)


def notes_of(enrolment_id: int, unit_id: int | None = None) -> list[NoteRow]:
    """The notes of a learner in the order of the course, or those of one unit, with the places they were written at."""
    statement = (
        select(Note.id, Note.unit_id, Unit.title, Note.block_id, Note.at_seconds, Note.body, Note.written_at, Note.changed_at)
        .join(Unit, Unit.id == Note.unit_id)
        .join(Section, Section.id == Unit.section_id)
        .where(Note.enrolment_id == enrolment_id)
        .order_by(Section.position, Section.id, Unit.position, Unit.id, Note.at_seconds.is_(None), Note.at_seconds, Note.id)
    )
    if unit_id is not None:
        statement = statement.where(Note.unit_id == unit_id)
    return [NoteRow(*row) for row in session().execute(statement)]


def run_enrolments(run_ids: Sequence[int] | None) -> list[Any]:
    """What can be recomputed: id, run, person, state, progress, score, what was missed, of the enrolments of the runs (None: of all), by id."""
    told = (Enrolment.id, Enrolment.run_id, Enrolment.person_id, Enrolment.state, Enrolment.progress_x1000, Enrolment.score_x10, Enrolment.missed)
    statement: Any = select(*told).order_by(Enrolment.id)
    return list(session().execute(statement if run_ids is None else statement.where(Enrolment.run_id.in_(list(run_ids)))))


def logs_of(enrolment_ids: Sequence[int]) -> dict[int, dict[int, list[Event]]]:
    """The logs of several learners: by enrolment, then by block, each in order."""
    statement = (
        select(LearningEvent.enrolment_id, LearningEvent.block_id, LearningEvent.kind, LearningEvent.at, LearningEvent.data)
        .where(LearningEvent.enrolment_id.in_(enrolment_ids))
        .order_by(LearningEvent.id)
    )
    found: dict[int, dict[int, list[Event]]] = defaultdict(lambda: defaultdict(list))
    for enrolment_id, block_id, kind, at, data in session().execute(statement):
        found[enrolment_id][block_id].append(Event(kind, at, data))
    return found


def states_of_many(enrolment_ids: Sequence[int]) -> dict[int, dict[int, BlockState]]:
    """The stored progress of several learners: by enrolment, then by block."""
    found: dict[int, dict[int, BlockState]] = defaultdict(dict)
    for row in session().scalars(select(BlockProgress).where(BlockProgress.enrolment_id.in_(enrolment_ids))):
        found[row.enrolment_id][row.block_id] = as_state(row)
    return found
