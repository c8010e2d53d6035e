"""The whole list of programmes as a file: at once while it is short, else from a page where a job makes it."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from trainhub.kernel import clock, downloads, sending
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Job, JobState
from trainhub.kernel.made_tables import KEPT
from trainhub.oversight.evaluation import readiness, standings
from trainhub.oversight.evaluation.operations import listing
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.views import asked_day, assessed, blueprint
from trainhub.policy.types import PolicyError
from trainhub.programmes import queries as programmes

FORMS = ("xlsx", "csv")


@blueprint.get("/export.<form>")
@guard(Can.LIST)
def export(form: str) -> Any:
    """Every programme of the list as it is filtered and sorted, judged on the same day, as a file."""
    if form not in FORMS:
        raise NotFound(_("只能导出为 csv 或 xlsx。"))
    on = asked_day()
    rows = [programmes.as_row(item) for item in programmes.rows_of(standings.wanted(who(), request.args))]
    if len(rows) > standings.AT_ONCE:
        return redirect(url_for("evaluation.list_table", form=form, on=on.isoformat(), **_chosen()), 303)
    cells = [standings.line(standings.of_answer(row, assessed(standings.programme_of(row), on))) for row in rows]
    return downloads.table(cells, standings.COLUMNS, name=_(standings.NAME), form=form, codes=standings.CODES)


def _chosen() -> dict[str, Any]:
    return {name: request.values[name] for name in ("q", "sort") if request.values.get(name)}


def _told(job: Job | None) -> dict[str, Any] | None:
    """How far the reader's job is."""
    if job is None:
        return None
    if job.state is JobState.DONE:
        text = _("共 %(n)s 行，%(days)s 天内可以下载。", n=(job.result or {}).get("rows", 0), days=KEPT.days)
        return {"state": "succeeded", "percent": 100, "text": text}
    if job.state is JobState.FAILED:
        return {"state": "failed", "percent": 0, "text": _("没有完成，请重新生成。")}
    return {"state": job.state.value, "percent": 0, "text": _("已排队，即将开始。") if job.state is JobState.QUEUED else _("正在汇集数据。")}


def _context() -> dict[str, Any]:
    job = listing.job_of(who())
    return {"name": _(standings.NAME), "made": job, "job": _told(job)}


@blueprint.get("/table")
@guard(Can.LIST)
def list_table() -> Any:
    """How long the list is, the button that lets a job judge all of it, and how far that is."""
    on = asked_day()
    size = len(programmes.rows_of(standings.wanted(who(), request.args)))
    form = request.args.get("form", "xlsx")
    form = form if form in FORMS else "xlsx"
    return render_template("trainhub/evaluation/list_table.html", on=on, size=size, form=form, forms=FORMS, chosen=_chosen(), **_context())


@blueprint.get("/table/state")
@guard(Can.LIST)
def list_table_state() -> Any:
    """The bar alone, asked for again and again."""
    return Response(render_template("trainhub/evaluation/_list_table.html", **_context()))


@blueprint.post("/table")
@guard(Can.LIST)
def ask_for_list_table() -> Any:
    """Let a job judge every programme of the list."""
    form, on = request.form.get("form", "xlsx"), _day()
    if form not in FORMS:
        raise NotFound(_("只能导出为 csv 或 xlsx。"))
    with transaction():
        listing.ask(form=form, on=on, chosen=_chosen(), by=who())
    return redirect(url_for("evaluation.list_table", form=form, on=on.isoformat(), **_chosen()), 303)


def _day() -> date:
    """The day that is asked for. Raises Refused unless the rules are in force on it."""
    on = asked_day()
    try:
        readiness.parameters(on)
    except PolicyError as none:
        raise Refused(str(none), field="on") from none
    return on


@blueprint.get("/table/file")
@guard(Can.LIST)
def list_table_file() -> Any:
    """What the reader's own job made."""
    kept = listing.file_of(listing.job_of(who()), clock.now())
    if kept is None:
        raise NotFound(_("这张表还没有生成。"))
    return sending.send(kept, as_download=True)
