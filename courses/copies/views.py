"""Copying, for those who write a course."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request

from courses.catalogue import queries as catalogue
from courses.catalogue.authoring import load_part, load_run, me, subject_of_pair
from courses.catalogue.authoring_outline import back_to
from courses.catalogue.models import Run
from courses.copies import operations
from courses.copies.forms import CopyForm
from courses.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done

blueprint = Blueprint("copies", __name__, url_prefix="/teaching")


@blueprint.route("/runs/<int:run_id>/copy", methods=["GET", "POST"])
@guard(Can.RUN_EDIT, load=load_run, subject=catalogue.subject_of_run)
def copy_run(run: Run) -> Any:
    """A new draft run with the same content, without the learners."""
    run_id = run.id
    form = CopyForm()
    if form.validate_on_submit():
        try:
            with transaction():
                new = operations.renew(run=run, code=form.code.data or "", starts_on=form.starts_on.data, by=me(), now=clock.now())  # type: ignore[arg-type]
                new_id = new.id
            return done(_("已复制为新期次（草稿），日期已平移，学员和测验密码没有复制。请核对后发布。"), "staff.settings", run_id=new_id)
        except Refused as refused:
            form.refuse(refused)
            run = load_run(run_id)
    return render_template("courses/copies/copy_run.html", run=run, form=form)


@blueprint.post("/<kind>/<int:part_id>/duplicate")
@guard(Can.RUN_EDIT, load=load_part, subject=subject_of_pair)
def duplicate(pair: tuple[Run, Any]) -> Any:
    """A copy behind the part, with its quizzes and assignments."""
    run, part = pair
    run_id, key = run.id, request.form.get("submission_key", "")
    with transaction():
        if not once(f"{type(part).__name__}:{part.id}:{key}" if key else ""):  # pressed twice
            return back_to(part, run_id)
        return back_to(operations.duplicate(part=part, by=me(), now=clock.now()), run_id)
