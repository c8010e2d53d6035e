"""A table of marks that a job takes in: how far it is, what came out, or what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for

from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import intakes, tables
from courses.learning.places import load_run, me
from courses.learning.views.staff import blueprint
from courses.permissions import Can
from trainhub.kernel.access import Subject, demand, guard
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Job


@dataclass(frozen=True, slots=True)
class Asked:
    """The last table of a kind that somebody handed in for a run."""

    run: Run
    what: str
    chosen: Mapping[str, str]
    job: Job
    place: Mapping[str, Any]

    @property
    def subject(self) -> Subject:
        """What permissions are judged on: the run."""
        return catalogue.subject_of_run(self.run)


def load(run_id: int, what: str) -> Asked:
    """The last table; refuses who may see the learners but not grade them."""
    kind, run, chosen = intakes.kind_of(what), load_run(run_id), tables.narrowing(request.args)
    demand(me(), kind.can, catalogue.subject_of_run(run))
    place, job = kind.place(run, chosen), intakes.mine(what, run_id, me(), chosen.get(tables.PART, ""))
    if job is None:
        raise NotFound(_("你还没有上传过需要后台导入的表格。"))
    return Asked(run, what, chosen, job, place)


def _page(asked: Asked, template: str) -> str:
    kind, result = intakes.kind_of(asked.what), asked.job.shown_result
    error = result.get("error", {})
    return render_template(
        template,
        run=asked.run,
        what=asked.what,
        kind=kind,
        back=url_for(kind.endpoint, **asked.place),
        job=asked.job,
        chosen=asked.chosen,
        said=kind.said(int(result["changed"])) if "changed" in result else "",
        details=error.get("details", []),
        headings=kind.headings(),
        words=words,
    )


@blueprint.get("/runs/<int:run_id>/intakes/<what>")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def intake(asked: Asked) -> Any:
    """How far it is, then what came out."""
    return _page(asked, "courses/learning/intake.html")


@blueprint.get("/runs/<int:run_id>/intakes/<what>/state")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def intake_state(asked: Asked) -> Any:
    """The part of the page that is asked for while the job runs."""
    return _page(asked, "courses/learning/_intake.html")
