"""Analytics for those who teach a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from flask import Blueprint, Response, render_template, request

from courses.analytics import labels, operations, queries, rules, tasks
from courses.analytics.types import LearnerRisk, Risk
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning.exports import csv_lines
from courses.learning.views.common import load_run, me
from courses.permissions import Can
from trainhub.kernel import clock, jobs, paging
from trainhub.kernel.access import guard, may
from trainhub.kernel.clock import local
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import _, listed
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
            jobs.ask(tasks.SUMMARISE, by=me(), title=_("学情统计：%(title)s", title=run.course.title), run_id=run_id)
    message = _("统计已更新。") if is_small else _("学员较多，正在后台统计，几分钟后刷新页面即可看到。")
    return done(message, "analytics.overview", run_id=run_id)


def _chosen(run: Run) -> tuple[list[LearnerRisk], list[LearnerRisk], Risk | None, str]:
    asked, group = request.args.get("risk", ""), request.args.get("group", "")[:200]
    risk = Risk(asked) if asked in set(Risk) else None
    found = queries.at_risk(run, clock.now())
    return found, queries.narrowed(found, risk, group), risk, group


@blueprint.get("/runs/<int:run_id>/analytics/risk")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def risk(run: Run) -> Any:
    """Who needs help, with the reasons; a selection can be written to."""
    number, size = paging.wanted()
    found, rows, _risk, _group = _chosen(run)
    number = min(number, max(1, -(-len(rows) // size)))
    page = paging.Page(rows[(number - 1) * size : number * size], number, size, len(rows))
    counts = {kind: sum(row.judged.risk is kind for row in found) for kind in Risk}
    names = sorted({row.group for row in found if row.group})
    return render_template(
        "courses/analytics/risk.html",
        run=run,
        page=page,
        counts=counts,
        groups=bool(names),
        group_choices=[(name, name) for name in names],
        rules=rules,
        labels=labels,
        words=words,
        can_write=may(me(), Can.MESSAGE_SEND, catalogue.subject_of_run(run)),
    )


def _risk_lines(rows: Sequence[LearnerRisk]) -> Iterator[Sequence[Any]]:
    yield [
        _("姓名"),
        _("年级"),
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
            row.group,
            str(labels.RISKS[row.judged.risk]),
            row.judged.points,
            listed(str(labels.REASONS[reason]) for reason in row.judged.reasons),
            f"{row.progress_x1000 / 10:.1f}",
            "" if row.expected_x1000 is None else f"{row.expected_x1000 / 10:.1f}",
            "" if row.score_x10 is None else f"{row.score_x10 / 10:.1f}",
            row.overdue,
            local(row.last_active_at).date() if row.last_active_at else "",
        ]


def _csv(rows: Iterator[Sequence[Any]], name: str) -> Response:
    answer = Response(b"".join(csv_lines(rows)), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    return answer


@blueprint.get("/runs/<int:run_id>/analytics/risk.csv")
@guard(Can.RUN_VIEW_LEARNERS, load=load_run, subject=catalogue.subject_of_run)
def risk_file(run: Run) -> Response:
    """The list as CSV; without a choice everybody is in it."""
    found, rows, risk, group = _chosen(run)
    return _csv(_risk_lines(rows if risk is not None or group else found), f"{run.course.code}-{run.code}-risk.csv")


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
