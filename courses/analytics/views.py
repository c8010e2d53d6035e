"""Analytics for those who teach a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for

from courses.analytics import labels, operations, queries, risk_queries, rules, stuck_queries, tasks
from courses.analytics.types import LearnerRisk, Risk
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning.exports import csv_lines
from courses.learning.models import Enrolment
from courses.learning.places import load_run, me
from courses.messages.writing import to_chosen
from courses.permissions import Can
from trainhub.kernel import clock, downloads, jobs, paging
from trainhub.kernel.access import Subject, guard, may
from trainhub.kernel.clock import local
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import N_, _, listed, say
from trainhub.kernel.web import done

blueprint = Blueprint("analytics", __name__, url_prefix="/teaching")


@blueprint.get("/runs/<int:run_id>/analytics")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def overview(run: Run) -> Any:
    """Funnel, where learners stop, time, groups: from the latest summary."""
    return render_template(
        "courses/analytics/overview.html",
        run=run,
        summary=queries.summary_of(run.id),
        gap=rules.SESSION_GAP_SECONDS // 60,
        can_compute=may(me(), Can.RUN_GRADE, catalogue.subject_of_run(run)),
        words=words,
    )


@blueprint.post("/runs/<int:run_id>/analytics")
@guard(Can.RUN_GRADE, load=load_run, subject=catalogue.subject_of_run)
def compute(run: Run) -> Any:
    """Sum the run up anew: at once when it is small, else by a job."""
    run_id, is_small = run.id, run.taken <= operations.AT_ONCE
    with transaction():
        if is_small:
            operations.summarise(run_id=run_id, now=clock.now())
        else:
            jobs.ask(tasks.SUMMARISE, by=me(), title=say(N_("学情统计：%(title)s"), title=run.title), run_id=run_id)
    message = _("统计已更新。") if is_small else _("学员较多，正在后台统计，几分钟后刷新页面即可看到。")
    return done(message, "analytics.overview", run_id=run_id)


def _asked() -> tuple[Risk | None, str]:
    """The risk and the cohort or group that the list is narrowed to."""
    asked = request.values.get("risk", "")
    return Risk(asked) if asked in set(Risk) else None, request.values.get("group", "")[:20]


def _is_large(run: Run) -> bool:
    """Whether the list of a run is read as it was stored: judging a hundred thousand learners takes longer than a reader waits."""
    return run.taken > operations.AT_ONCE


@blueprint.get("/runs/<int:run_id>/analytics/risk")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def risk(run: Run) -> Any:
    """Who needs help, with the reasons; a selection, or everybody in the list, can be written to."""
    number, size = paging.wanted()
    risk, group = _asked()
    if _is_large(run):
        summary = queries.summary_of(run.id)
        raw = paging.paginate(risk_queries.stored(run.id, risk, group), number=number, size=size, scalars=False)
        page = paging.Page(risk_queries.as_risks(run.id, raw.items), raw.number, raw.size, raw.total)
        counts, computed_at = risk_queries.stored_counts(run.id), summary.computed_at if summary is not None else None
    else:
        found = risk_queries.at_risk(run, clock.now())
        page = paging.slice_of(risk_queries.narrowed(found, risk, group), number=number, size=size)
        counts, computed_at = {kind: sum(row.judged.risk is kind for row in found) for kind in Risk}, clock.now()
    subject = catalogue.subject_of_run(run)
    return render_template(
        "courses/analytics/risk.html",
        run=run,
        page=page,
        counts=counts,
        computed_at=computed_at,
        is_large=_is_large(run),
        divisions=risk_queries.divisions(run.id),
        rules=rules,
        labels=labels,
        words=words,
        can_compute=may(me(), Can.RUN_GRADE, subject),
        can_write=may(me(), Can.MESSAGE_SEND, subject),
    )


def _chosen(run: Run) -> list[int]:
    """The enrolments of everybody in the list as it is narrowed; of a large run nothing else is read."""
    risk, group = _asked()
    if _is_large(run):
        return risk_queries.stored_ids(run.id, risk, group)
    return [row.enrolment_id for row in risk_queries.narrowed(risk_queries.at_risk(run, clock.now()), risk, group)]


@blueprint.route("/runs/<int:run_id>/analytics/risk/message", methods=["GET", "POST"])
@guard(Can.MESSAGE_SEND, load=load_run, subject=catalogue.subject_of_run)
def write(run: Run) -> Any:
    """Write to everybody in the list as it is narrowed, not only to those of one page."""
    risk, group = _asked()
    address = url_for("analytics.write", run_id=run.id, risk=risk.value if risk is not None else None, group=group or None)
    return to_chosen(run, _chosen(run), address)


# -- who is stuck where -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stuck:
    """A unit of a run at which learners stop."""

    at: stuck_queries.Step

    @property
    def subject(self) -> Subject:
        """What permissions are judged on: the run."""
        return catalogue.subject_of_run(self.at.run)


def load_stuck(run_id: int, unit_id: int) -> Stuck:
    """The unit. Refuses one in which nothing is asked of everybody."""
    at = stuck_queries.step(load_run(run_id), unit_id)
    if at is None:
        raise NotFound(_("没有这个单元，或其中没有人人必学的内容：没有人会停在这里。"))
    return Stuck(at)


@blueprint.get("/runs/<int:run_id>/analytics/stuck/<int:unit_id>")
@guard(Can.RUN_VIEW_LEARNERS, load=load_stuck)
def stuck(found: Stuck) -> Any:
    """Who has got as far as this unit and not through it; a selection, or all of them, can be written to."""
    number, size = paging.wanted()
    page = paging.paginate(stuck_queries.learners(found.at), number=number, size=size, scalars=False)
    return render_template(
        "courses/analytics/stuck.html",
        run=found.at.run,
        at=found.at,
        page=page,
        words=words,
        can_write=may(me(), Can.MESSAGE_SEND, found.subject),
    )


@blueprint.route("/runs/<int:run_id>/analytics/stuck/<int:unit_id>/message", methods=["GET", "POST"])
@guard(Can.MESSAGE_SEND, load=load_stuck)
def write_to_stuck(found: Stuck) -> Any:
    """Write to everybody who is stuck at a unit."""
    run = found.at.run
    chosen = session().scalars(stuck_queries.learners(found.at).with_only_columns(Enrolment.id)).all()
    return to_chosen(run, chosen, url_for("analytics.write_to_stuck", run_id=run.id, unit_id=found.at.unit_id))


# -- files --------------------------------------------------------------------------------------------------------------


def _risk_lines(rows: Iterable[LearnerRisk]) -> Iterator[Sequence[Any]]:
    # Words are looked up once: a hundred thousand lines would ask for them half a million times.
    risks, reasons = {key: str(word) for key, word in labels.RISKS.items()}, {key: str(word) for key, word in labels.REASONS.items()}
    yield [
        _("姓名"),
        _("年级"),
        _("分组"),
        _("判断"),
        _("分值"),
        _("原因"),
        _("进度（百分比）"),
        _("应达进度（百分比）"),
        _("已评平均分"),
        _("逾期项"),
        _("最近学习"),
    ]
    for row in rows:
        yield [
            row.name,
            row.cohort,
            listed(row.groups),
            risks[row.judged.risk],
            row.judged.points,
            listed(reasons[reason] for reason in row.judged.reasons),
            f"{row.progress_x1000 / 10:.1f}",
            "" if row.expected_x1000 is None else f"{row.expected_x1000 / 10:.1f}",
            "" if row.score_x10 is None else f"{row.score_x10 / 10:.1f}",
            row.overdue,
            local(row.last_active_at).date() if row.last_active_at else "",
        ]


def _csv(rows: Iterator[Sequence[Any]], name: str) -> Response:
    """A file that is sent while it is read: of a hundred thousand learners nobody waits for the last."""
    return downloads.named(Response(stream_with_context(csv_lines(rows)), mimetype="text/csv"), name)


@blueprint.get("/runs/<int:run_id>/analytics/risk.csv")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def risk_file(run: Run) -> Response:
    """The list as CSV; without a choice everybody is in it."""
    risk, group = _asked()
    is_whole = risk is None and not group
    rows: Iterable[LearnerRisk]
    if _is_large(run):
        rows = risk_queries.in_parts(run.id, risk_queries.stored(run.id, risk, group, all_risks=is_whole))
    else:
        found = risk_queries.at_risk(run, clock.now())
        rows = found if is_whole else risk_queries.narrowed(found, risk, group)
    return _csv(_risk_lines(rows), f"{run.course.code}-{run.code}-risk.csv")


@blueprint.get("/runs/<int:run_id>/analytics/units.csv")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def units_file(run: Run) -> Response:
    """The funnel as CSV."""
    summary = queries.summary_of(run.id)

    def lines() -> Iterator[Sequence[Any]]:
        yield [_("章"), _("单元"), _("开始人数"), _("完成人数"), _("停在这里的人数"), _("学习分钟（中位数）"), _("学习分钟（第 90 百分位）")]
        for unit in summary.units if summary is not None else ():
            yield [unit.section, unit.title, unit.started, unit.finished, unit.stuck, unit.minutes_median or "", unit.minutes_p90 or ""]

    return _csv(lines(), f"{run.course.code}-{run.code}-units.csv")
