"""Uploading a course package, watching its import, reading its report; taking a run away as a package."""

from __future__ import annotations

import tempfile
from typing import Any

from flask import Blueprint, Response, redirect, render_template, send_file, url_for
from flask_wtf.file import FileField
from wtforms.validators import InputRequired, Length

from courses.catalogue import choice_queries
from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import me
from courses.catalogue.models import Run
from courses.catalogue.owning import OwnedForm
from courses.interop import packing
from courses.interop.tasks import TASK
from courses.learning.places import load_run
from courses.permissions import Can
from trainhub.kernel import clock, files, jobs, sniff
from trainhub.kernel.access import demand, guard
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import CodeText, once
from trainhub.kernel.i18n import N_, _, _l, say
from trainhub.kernel.made_tables import KEPT, file_of
from trainhub.kernel.sending import send
from trainhub.organisations import queries as organisations

blueprint = Blueprint("interop", __name__, url_prefix="/teaching/import")
exporting = Blueprint("export", __name__)
PACKAGES = frozenset({sniff.GZIP.mime, sniff.TAR.mime, sniff.ZIP.mime})


class ImportForm(OwnedForm):
    """A package and in whose name it is taken in."""

    code = CodeText(_l("课程代码"), [Length(max=60)], description=_l("留空则使用课程包中的代码"))
    package = FileField(_l("课程包"), [InputRequired()])


@blueprint.route("", methods=["GET", "POST"])
@guard(Can.COURSE_IMPORT)
def start() -> Any:
    """Upload a package; the import runs as a job."""
    form = ImportForm()
    form.offer(choice_queries.owner_choices(me()))
    if form.validate_on_submit():
        owner = form.owner()
        demand(me(), Can.COURSE_CREATE_FOR, organisations.subject_of(owner))
        try:
            with transaction():
                if not once(form.submission_key.data or ""):
                    return redirect(url_for("authoring.index"), 303)
                upload = form.package.data
                row = files.keep(upload.stream, name=upload.filename, kind="import", by=me(), now=clock.now(), allowed=PACKAGES)
                job = jobs.ask(
                    TASK, by=me(), title=say(N_("导入课程包 %(name)s"), name=row.name), file_id=row.id, owner_id=owner.id, code=form.code.data or ""
                )
                job_id = job.id
            return redirect(url_for("interop.watch", job_id=job_id), 303)
        except Refused as refused:
            refused.field = "package"
            form.refuse(refused)
    return render_template("courses/interop/import.html", form=form)


def _load(job_id: int) -> jobs.Job:
    job = session().get(jobs.Job, job_id)
    if job is None or job.task != TASK or job.asked_by_id != me().account_id:
        raise NotFound(_("没有这项导入。"))
    return job


@blueprint.get("/<int:job_id>")
@guard(Can.COURSE_IMPORT)
def watch(job_id: int) -> Any:
    """How far the import is; then its report."""
    return render_template("courses/interop/report.html", job=_load(job_id))


@blueprint.get("/<int:job_id>/state")
@guard(Can.COURSE_IMPORT)
def state(job_id: int) -> Any:
    """The part of the page that htmx asks for while the job runs."""
    return render_template("courses/interop/_job.html", job=_load(job_id))


@exporting.get("/teaching/runs/<int:run_id>/olx.tar.gz")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def olx(run: Run) -> Any:
    """The run as an OLX package (`packing.pack`); a large one is packed by a job."""
    if packing.is_large(run):
        return redirect(url_for("export.package", run_id=run.id), 303)
    name = f"{run.course.code}-{run.code}"
    packed = tempfile.TemporaryFile(prefix="trainhub-olx-")  # noqa: SIM115 - closed with the answer
    packing.pack(run, packed)
    return send_file(packed, mimetype=sniff.GZIP.mime, as_attachment=True, download_name=f"{name}.{packing.ENDING}")


def _package_page(run: Run, template: str) -> str:
    job = packing.mine(run, me())
    return render_template(template, run=run, job=job, file=file_of(job, clock.now()), kept_days=KEPT.days, words=words)


@exporting.get("/teaching/runs/<int:run_id>/package")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def package(run: Run) -> Any:
    """How far a large package is, its file, and the button that asks for it."""
    return _package_page(run, "courses/interop/package.html")


@exporting.get("/teaching/runs/<int:run_id>/package/state")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def package_state(run: Run) -> Any:
    """The part of the page that is asked for while the job runs."""
    return _package_page(run, "courses/interop/_package.html")


@exporting.post("/teaching/runs/<int:run_id>/package")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def ask_for_package(run: Run) -> Any:
    """Ask for it."""
    run_id = run.id
    with transaction():
        packing.ask(run, me())
    return redirect(url_for("export.package", run_id=run_id), 303)


@exporting.get("/teaching/runs/<int:run_id>/package/file")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def package_file(run: Run) -> Response:
    """The package, for whoever asked for it."""
    row = file_of(packing.mine(run, me()), clock.now())
    if row is None:
        raise NotFound(_("没有打好的课程包，或它已过保存期限。请重新生成。"))
    answer = send(row, as_download=True)
    answer.headers["Cache-Control"] = "private, no-cache"  # the address stays when it is packed again
    return answer


@exporting.get("/teaching/runs/<int:run_id>/import-report")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def report(run: Run) -> Any:
    """What was said when the run was taken in, by whatever way."""
    if not run.import_report:
        raise NotFound(_("这期课程不是导入的，没有导入报告。"))
    return render_template("courses/interop/run_report.html", run=run)
