"""Uploading a course package, watching its import, reading its report; taking a run away as a package."""

from __future__ import annotations

import tarfile
import tempfile
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, redirect, render_template, send_file, url_for
from flask_wtf.file import FileField
from wtforms.validators import InputRequired, Length

from courses.catalogue import choice_queries
from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import me
from courses.catalogue.models import Run
from courses.catalogue.owning import OwnedForm
from courses.interop.olx.writer import write_olx
from courses.interop.putting_out import asset_reader, course_doc
from courses.interop.tasks import TASK
from courses.learning.places import load_run
from courses.permissions import Can
from trainhub.kernel import clock, files, jobs, sniff
from trainhub.kernel.access import demand, guard
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.forms import Text, once
from trainhub.kernel.i18n import N_, _, _l, say
from trainhub.organisations import queries as organisations

blueprint = Blueprint("interop", __name__, url_prefix="/teaching/import")
exporting = Blueprint("export", __name__)
NOTES = "export-notes.txt"
PACKAGES = frozenset({sniff.GZIP.mime, sniff.TAR.mime, sniff.ZIP.mime})


class ImportForm(OwnedForm):
    """A package and in whose name it is taken in."""

    code = Text(_l("课程代码"), [Length(max=60)], description=_l("留空则使用课程包中的代码"))
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
def olx(run: Run) -> Response:
    """The run as an OLX package that Open edX imports: content, questions and files, no learners.

    What another platform will not show as it is here stands in `NOTES` beside `course.xml`, which importers leave alone.
    """
    name = f"{run.course.code}-{run.code}"
    packed = tempfile.TemporaryFile(prefix="trainhub-olx-")  # noqa: SIM115 - closed with the answer
    with tempfile.TemporaryDirectory(prefix="trainhub-olx-") as folder:
        out = Path(folder) / "course"
        doc = course_doc(run)
        notes = [*doc.warnings, *write_olx(doc, out, asset=asset_reader(run))]
        if notes:
            (out / NOTES).write_text("".join(f"{note}\n" for note in notes), encoding="utf-8")
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=3) as archive:
            archive.add(out, arcname="course", filter=_nobodys)
    packed.seek(0)
    return send_file(packed, mimetype=sniff.GZIP.mime, as_attachment=True, download_name=f"{name}.tar.gz")


@exporting.get("/teaching/runs/<int:run_id>/import-report")
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def report(run: Run) -> Any:
    """What was said when the run was taken in, by whatever way."""
    if not run.import_report:
        raise NotFound(_("这期课程不是导入的，没有导入报告。"))
    return render_template("courses/interop/run_report.html", run=run)


def _nobodys(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Without the names of this machine."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
