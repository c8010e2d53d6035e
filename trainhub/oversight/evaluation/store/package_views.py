"""Pages of the dossier as one archive: ask for it, see how far it is, fetch it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Response, redirect, render_template, url_for

from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Job, JobState
from trainhub.oversight.evaluation.permissions import Can
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import DossierPackage
from trainhub.oversight.evaluation.store.operations import packing
from trainhub.oversight.evaluation.store.views import send
from trainhub.oversight.evaluation.views import blueprint, load, on_programme
from trainhub.oversight.evaluation.workflow.models import Application
from trainhub.oversight.evaluation.workflow.views import load_case, on_case, programme_of
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


def _ask(programme: Programme, application_id: int | None) -> Any:
    with transaction():
        key = packing.ask(programme=programme, application_id=application_id, by=who(), today=clock.today(), now=clock.now()).id
    return redirect(url_for("evaluation.package", key=key), 303)


@blueprint.post("/<code>/packages")
@guard(Can.VIEW_WORK, load=load, subject=on_programme)
def ask_package(programme: Programme) -> Any:
    """Ask for everything as it stands today."""
    return _ask(programme, None)


@blueprint.post("/applications/<int:key>/packages")
@guard(Can.VIEW, load=load_case, subject=on_case)
def ask_case_package(row: Application) -> Any:
    """Ask for the dossier of an application: what was frozen, before the submission what stands today."""
    return _ask(programme_of(row), row.id if row.submitted_at is not None else None)


def load_package(key: int) -> DossierPackage:
    """The package of an address."""
    row = queries.package(key)
    if row is None:
        raise NotFound(_("没有这份整理的材料。"))
    return row


def on_package(row: DossierPackage) -> Any:
    """What a package is judged on: its application, else its programme, whose work the experts of a visit do not read."""
    if row.application_id is not None:
        return on_case(load_case(row.application_id))
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    return replace(on_programme(programme), visitors=frozenset())


def _job(row: DossierPackage) -> dict[str, Any]:
    job = session().get(Job, row.job_id) if row.job_id is not None else None
    if row.made_at is not None:
        return {"state": "succeeded", "percent": 100, "text": _("共 %(n)s 个文件，含目录和校验和。", n=row.pieces)}
    state = "queued" if job is None else {JobState.DONE: "succeeded", JobState.FAILED: "failed"}.get(job.state, job.state.value)
    if job is not None and job.total_count:
        text = _("已整理 %(n)s / %(m)s 个文件。", n=job.done_count, m=job.total_count)
        return {"state": state, "percent": round(100 * job.done_count / job.total_count), "text": text}
    return {"state": state, "percent": 0, "text": _("完成后自动显示下载按钮。") if state != "failed" else _("没有完成，请重新整理。")}


def _context(row: DossierPackage) -> dict[str, Any]:
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    case = load_case(row.application_id) if row.application_id is not None else None
    return {"row": row, "programme": programme, "case": case, "job": _job(row)}


@blueprint.get("/packages/<int:key>")
@guard(Can.VIEW, load=load_package, subject=on_package)
def package(row: DossierPackage) -> Any:
    """How far a dossier is, then the button that fetches it."""
    return render_template("trainhub/evaluation/package.html", **_context(row))


@blueprint.get("/packages/<int:key>/state")
@guard(Can.VIEW, load=load_package, subject=on_package)
def package_state(row: DossierPackage) -> Any:
    """The bar alone, asked for again and again."""
    return Response(render_template("trainhub/evaluation/_package.html", **_context(row)))


@blueprint.get("/packages/<int:key>.zip")
@guard(Can.VIEW, load=load_package, subject=on_package)
def package_file(row: DossierPackage) -> Any:
    """The archive."""
    if row.file_id is None:
        raise NotFound(_("材料还在整理，请稍后再下载。"))
    return send(row.file_id)
