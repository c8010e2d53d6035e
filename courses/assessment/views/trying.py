"""A whole quiz tried by who teaches: the rules, the questions, the result, as learners meet them; nothing of it is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import render_template, request

from courses.assessment import answering, labels, queries, showing
from courses.assessment.loading import load_quiz
from courses.assessment.models import Attempt
from courses.assessment.operations import trying
from courses.assessment.rules import is_in_time
from courses.assessment.rules.results import window
from courses.assessment.telling import chances, review_words
from courses.assessment.types import Allowance, QuizSettings, Shown, When
from courses.assessment.views.common import blueprint
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import me, subject_of_pair
from courses.catalogue.markup import has_code, has_math
from courses.catalogue.models import Block, Run
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import is_key, whole


def _load(block_id: int) -> tuple[Run, Block]:
    """A quiz; one that waits to be published is there for the authors alone."""
    run, block = load_quiz(block_id)
    subject = catalogue.subject_of_run(run)  # whoever may preview nothing is refused by the guard, whether or not it is published
    if may(me(), Can.RUN_PREVIEW, subject) and not may(me(), Can.RUN_EDIT, subject):
        outline = catalogue.outline(run.id, only_published=True)
        if all(node.id != block.id for unit in outline.units for node in unit.blocks):
            raise NotFound(_("这个内容已被移除或暂未发布。"))
    return run, block


@blueprint.get("/blocks/<int:block_id>/trial")
@guard(Can.RUN_PREVIEW, load=_load, subject=subject_of_pair)
def trial(pair: tuple[Run, Block]) -> Any:
    """What a learner reads before beginning."""
    return _rules_page(*pair)


def _seed() -> str:
    """Which trial: another one draws other questions."""
    return request.values.get("seed", "1")[:20]


def _rules_page(run: Run, block: Block, refused: Refused | None = None) -> Any:
    settings = QuizSettings.of(block.settings)
    page = render_template(
        "courses/assessment/trial_rules.html",
        run=run,
        block=block,
        unit=catalogue.unit_by_id(block.unit_id),
        settings=settings,
        allowance=Allowance(),
        window=window(settings, Allowance()),
        tries=(),
        count=settings.draw or queries.item_counts([block.id]).get(block.id, 0),
        chances=chances(settings, block, run),
        review=review_words(settings),
        labels=labels,
        seed=_seed(),
        refused=refused,
        has_math=has_math(block.body_html),
    )
    return (page, refused.status) if refused is not None else page


@blueprint.post("/blocks/<int:block_id>/trial")
@guard(Can.RUN_PREVIEW, load=_load, subject=subject_of_pair)
def try_on(pair: tuple[Run, Block]) -> Any:
    """The questions with what was answered so far, or the result. The page carries everything; nothing is written."""
    run, block = pair
    now, settings = clock.now(), QuizSettings.of(block.settings)
    try:
        row = trying.begin(block, _seed(), _started_at(now))
    except Refused as refused:
        return _rules_page(run, block, refused)
    wants, problem = request.form.get("do", ""), ""
    given = answering.responses_of(request.form, row)
    try:
        if wants == "submit":
            trying.hand_in(row, given, now)
        elif wants != "begin":
            trying.answer(row, given)
    except answering.BadAnswer as refused:
        wants, problem = "", refused.message
    return _page(run, row, settings, now, is_handed_in=wants == "submit", problem=problem)


def _started_at(now: datetime) -> datetime:
    """When the trial began, as its page says; a new one begins now, and none longer than a day ago."""
    known = request.form.get("started", "")
    if request.form.get("do") == "begin" or not is_key(known):
        return now
    earliest = now - timedelta(days=1)
    return datetime.fromtimestamp(min(max(int(known), int(earliest.timestamp())), int(now.timestamp())), UTC)


def _page(run: Run, row: Attempt, settings: QuizSettings, now: datetime, *, is_handed_in: bool, problem: str) -> Any:
    texts = [t for a in row.answers for t in (a.version.stem_html, *[o.get("html", "") for o in a.version.data.get("options", [])])]
    when = When.DURING if not is_handed_in else (When.CLOSED if request.args.get("closed") == "1" else When.AFTER)
    page = render_template(
        "courses/assessment/trial.html",
        run=run,
        block=row.block,
        unit=catalogue.unit_by_id(row.block.unit_id),
        attempt=row,
        settings=settings,
        seed=_seed(),
        next_seed=str(int(_seed()) + 1) if is_key(_seed()) else "1",
        started=int(row.started_at.timestamp()),
        is_handed_in=is_handed_in,
        is_late=is_handed_in and not is_in_time(now, row.due_at) and when is When.AFTER,
        position=_position(row, settings),
        last=len(row.answers),
        answered={a.position for a in row.answers if a.response},
        seconds_left=max(0, int((row.due_at - now).total_seconds())) if row.due_at else None,
        shown=settings.review[when],
        when=when.value,
        has_closing=settings.closes_at is not None,
        overall=showing.overall(settings.feedback, row.score_x10) if Shown.FEEDBACK in settings.review[when] else "",
        Shown=Shown,
        labels=labels,
        showing=showing.At(run.id),
        digest=answering.digest,
        problem=problem,
        has_math=has_math(*texts),
        has_code=has_code(*texts),
    )
    return (page, 422) if problem else page


def _position(row: Attempt, settings: QuizSettings) -> int:
    """Which question a page of its own shows; in order there is no way back."""
    here = request.form.get("at", 1, type=whole) or 1
    wanted = request.form.get("go", here, type=whole) or here
    if settings.is_sequential:
        wanted = max(here, min(wanted, here + 1))
    return min(max(1, wanted), max(1, len(row.answers)))
