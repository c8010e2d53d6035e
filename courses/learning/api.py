"""The HTTP API's resources of enrolments and progress."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import partial
from typing import Any

from pydantic import Field

from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.catalogue.types import BlockKind
from courses.learning import opening, operations, queries, review_queries
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState, NotDone
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import acting, guard, may
from trainhub.kernel.api import LARGEST_ID, ApiModel, ByNumber, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.people import queries as people

blueprint = api_blueprint("learning", "courses")


class EnrolmentOut(ApiModel):
    """A person in a run. Progress in thousandths, score in tenths."""

    id: int
    person_id: int
    course: str
    run: str
    state: EnrolmentState
    progress_x1000: int
    score_x10: int | None
    asked_at: datetime
    enrolled_at: datetime | None
    completed_on: date | None


class EnrolmentPage(ApiModel):
    """A page of enrolments."""

    items: list[EnrolmentOut]
    next_cursor: str | None


class EnrolmentQuery(ByNumber):
    """What the list is narrowed by."""

    run_id: int | None = Field(None, ge=1, le=LARGEST_ID)
    state: EnrolmentState | None = None


class BlockOut(ApiModel):
    """One block and why it is not done."""

    key: str
    title: str
    kind: BlockKind
    is_done: bool
    is_excused: bool
    is_required: bool
    score_x10: int | None
    why_not_done: NotDone | None


class ProgressOut(ApiModel):
    """Where a learner stands in a run."""

    enrolment_id: int
    done: int
    total: int
    progress_x1000: int
    score_x10: int | None
    pass_mark_x10: int
    is_complete: bool
    blocks: list[BlockOut]


def _render(row: Any, hidden: Mapping[int, frozenset[int]], own_rows: Collection[int]) -> dict[str, Any]:
    own = [name for name in EnrolmentOut.model_fields if name not in ("course", "run")]
    made = {name: getattr(row[0], name) for name in own} | {"course": row.course, "run": row.run}
    # A total would tell the mark of a quiz whose review does not show it to its learner yet.
    is_told = row[0].run_id not in hidden or row[0].completed_on is not None or row[0].person_id not in own_rows
    return made if is_told else made | {"score_x10": None}


def _is_own(enrolment: Enrolment) -> bool:
    identity = acting()
    return identity is not None and people.is_same_human(enrolment.person_id, identity.person_id)


def _unshown(enrolment: Enrolment) -> frozenset[int]:
    """The quizzes whose marks their learner is not shown yet: the total would tell them."""
    return review_queries.unshown_in(enrolment.run_id, enrolment.person_id, clock.now())


@blueprint.get("/enrolments")
@guard(Can.ENROLMENT_LIST)
@blueprint.input(EnrolmentQuery, location="query", arg_name="query")
@blueprint.output(EnrolmentPage)
def enrolments(query: EnrolmentQuery) -> Any:
    """List one's own enrolments and those of the runs whose learners one may see."""
    identity = acting()
    assert identity is not None
    statement = queries.enrolments_visible_to(identity)
    if query.run_id is not None:
        statement = statement.where(Run.id == query.run_id)
    if query.state is not None:
        statement = statement.where(Enrolment.state == query.state)
    own = people.human_ids(identity.person_id) if identity.person_id is not None else []
    hidden = review_queries.unshown(identity.person_id or 0, queries.learnt_runs(identity.person_id or 0), clock.now())
    render = partial(_render, hidden=hidden, own_rows=own)
    return cursor_page(statement, order=[Enrolment.id], key=lambda row: [row[0].id], query=query, render=render)


def _load(enrolment_id: int) -> tuple[Run, Enrolment]:
    row = queries.enrolment_by_id(enrolment_id)
    run = catalogue.run_by_id(row.run_id) if row is not None else None
    identity = acting()
    if row is None or run is None or identity is None:
        raise NotFound(_("没有这条报名记录，或你无权查看。"))
    if not people.is_same_human(row.person_id, identity.person_id) and not may(identity, Can.RUN_VIEW_LEARNERS, catalogue.subject_of_run(run)):
        raise NotFound(_("没有这条报名记录，或你无权查看。"))
    return run, row


@blueprint.get("/enrolments/<int:enrolment_id>/progress")
@guard(Can.ENROLMENT_LIST, load=_load, subject=lambda pair: catalogue.subject_of_run(pair[0]))
@blueprint.output(ProgressOut)
def progress(pair: tuple[Run, Enrolment]) -> Any:
    """Where a learner stands, block by block, and why something is not done."""
    run, enrolment = pair
    now = clock.now()
    door = opening.door(enrolment, now)
    outline = door.outline
    standing = operations.standing_of(enrolment, run, now)
    states, missing = door.states, queries.missing_of(standing)
    counted = {block.id for block in queries.counted(outline, now, door.closed)}
    is_own = _is_own(enrolment)
    unshown: frozenset[int] = _unshown(enrolment) if is_own else frozenset()
    is_told = standing.is_shown and not unshown if is_own and enrolment.completed_on is None else True
    blocks = [
        {
            "key": block.key,
            "title": block.title or unit.title,
            "kind": block.kind,
            "is_done": door.is_done(block.id),
            "is_excused": door.settled.get(block.id, 0) is None,
            "is_required": block.is_required or block.is_graded,
            "score_x10": states[block.id].score_x10 if block.id in states and block.id not in unshown else None,
            "why_not_done": missing.get(block.id),
        }
        for unit in outline.units
        for block in unit.blocks
        if block.id in counted
    ]
    return {
        "enrolment_id": enrolment.id,
        "done": standing.done,
        "total": standing.total,
        "progress_x1000": standing.progress_x1000,
        "score_x10": standing.score_x10 if is_told else None,
        "pass_mark_x10": standing.pass_mark_x10,
        "is_complete": enrolment.completed_on is not None,
        "blocks": blocks,
    }
