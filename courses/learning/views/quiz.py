"""Taking a quiz: start, save as one goes, hand in, read the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict

from courses.assessment import queries as assessment
from courses.assessment.models import Attempt
from courses.assessment.operations import attempts
from courses.assessment.types import AttemptState, QuestionKind, QuizSettings
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import has_math
from courses.catalogue.models import Run
from courses.learning import operations, queries
from courses.learning.models import Enrolment
from courses.learning.views.common import Place, blueprint, load_block_place, load_run, me, subject_of_learner
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done


@blueprint.post("/learning/blocks/<int:block_id>/attempts")
@guard(Can.ENROLMENT_LEARN, load=load_block_place)
def start(place: Place) -> Any:
    """Start an attempt, or go on with the open one."""
    assert place.block is not None
    with transaction():
        attempt = attempts.start(block=place.block, person_id=place.enrolment.person_id, by=me(), now=clock.now())
        attempt_id = attempt.id
    return redirect(url_for("learning.attempt", attempt_id=attempt_id), 303)


class Sitting:
    """An attempt with the run and the enrolment it belongs to."""

    def __init__(self, attempt: Attempt, run: Run, enrolment: Enrolment) -> None:
        self.attempt, self.run, self.enrolment = attempt, run, enrolment
        self.subject = subject_of_learner(attempt.person_id)


def _load(attempt_id: int) -> Sitting:
    attempt = assessment.attempt_by_id(attempt_id)
    if attempt is None:
        raise NotFound(_("没有这次作答。"))
    enrolment = queries.enrolment_of(attempt.block.run_id, attempt.person_id)
    if enrolment is None:
        raise NotFound(_("没有这次作答。"))
    return Sitting(attempt, load_run(attempt.block.run_id), enrolment)


@blueprint.get("/learning/attempts/<int:attempt_id>")
@guard(Can.ENROLMENT_LEARN, load=_load)
def attempt(sitting: Sitting) -> Any:
    """The questions with the answers saved so far; after handing in, the result."""
    row = sitting.attempt
    texts = [t for a in row.answers for t in (a.version.stem_html, *[o.get("html", "") for o in a.version.data.get("options", [])])]
    is_open = row.state is AttemptState.IN_PROGRESS
    return render_template(
        "courses/learning/attempt.html" if is_open else "courses/learning/result.html",
        run=sitting.run,
        attempt=row,
        block=row.block,
        unit=catalogue.unit_by_id(row.block.unit_id),
        settings=QuizSettings.of(row.block.settings),
        done_count=len(assessment.attempts_of(row.block_id, row.person_id)),
        has_math=has_math(*texts),
        QuestionKind=QuestionKind,
        AttemptState=AttemptState,
        now=clock.now(),
    )


def responses(form: MultiDict[str, str], row: Attempt) -> dict[int, Mapping[str, Any]]:
    """The answers in a form, by position: q1, q2, ... A question that is not in the form at all keeps its answer."""
    found: dict[int, Mapping[str, Any]] = {}
    for answer in row.answers:
        name = f"q{answer.position}"
        if f"{name}-shown" not in form:
            continue
        match answer.version.question.kind:
            case QuestionKind.MULTIPLE:
                found[answer.position] = {"choices": form.getlist(name)}
            case QuestionKind.SINGLE | QuestionKind.TRUE_FALSE:
                found[answer.position] = {"choice": form.get(name, "")}
            case _:
                found[answer.position] = {"text": form.get(name, "")}
    return found


@blueprint.post("/learning/attempts/<int:attempt_id>/save")
@guard(Can.ENROLMENT_LEARN, load=_load)
def save(sitting: Sitting) -> Any:
    """Save the answers; by htmx while one writes, or by the button without JavaScript."""
    attempt_id = sitting.attempt.id
    with transaction():
        now = clock.now()
        attempts.save(attempt_id=attempt_id, responses=responses(request.form, sitting.attempt), by=me(), now=now)
    if request.headers.get("HX-Request"):
        return render_template("courses/learning/_saved.html", at=now)
    return done(_("答案已保存，可以稍后继续作答。"), "learning.attempt", attempt_id=attempt_id)


@blueprint.post("/learning/attempts/<int:attempt_id>/submit")
@guard(Can.ENROLMENT_LEARN, load=_load)
def submit(sitting: Sitting) -> Any:
    """Hand in, once; the result follows."""
    attempt_id = sitting.attempt.id
    with transaction():
        now = clock.now()
        row, is_first = attempts.submit(attempt_id=attempt_id, responses=responses(request.form, sitting.attempt), by=me(), now=now)
        if is_first:
            operations.note_attempt(enrolment=sitting.enrolment, attempt=row, by=me(), now=now)
    return redirect(url_for("learning.attempt", attempt_id=attempt_id), 303)
