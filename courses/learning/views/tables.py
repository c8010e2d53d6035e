"""A workbook of very many learners: asked for here, made by a job, downloaded by whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from courses.catalogue import labels as words
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import tables
from courses.learning.places import load_run, me
from courses.learning.views.staff import blueprint
from courses.permissions import Can
from trainhub.kernel import clock, downloads, files
from trainhub.kernel.access import Subject, demand, guard
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _
from trainhub.kernel.made_tables import KEPT, file_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of table of a run."""

    run: Run
    what: str
    chosen: Mapping[str, str]
    place: Mapping[str, Any]

    @property
    def subject(self) -> Subject:
        """What permissions are judged on: the run."""
        return catalogue.subject_of_run(self.run)

    @property
    def part(self) -> str:
        """The part of the run that the table is of."""
        return self.chosen.get(tables.PART, "")


def load(run_id: int, what: str) -> Asked:
    """A run and a kind of table, of the part that the address names. Refuses who may see the learners but not this table."""
    kind, run, chosen = tables.kind_of(what), load_run(run_id), tables.narrowing(request.args)
    demand(me(), kind.can, catalogue.subject_of_run(run))
    return Asked(run, what, chosen, kind.place(run, chosen))


def _page(asked: Asked, template: str) -> str:
    job, kind = tables.mine(asked.what, asked.run.id, me(), asked.part), tables.kind_of(asked.what)
    return render_template(
        template,
        run=asked.run,
        what=asked.what,
        kind=kind,
        back=url_for(kind.endpoint, **asked.place),
        job=job,
        file=file_of(job, clock.now()),
        chosen=asked.chosen,
        is_narrowed=job is not None and any(name in tables.CHOSEN for name in job.args["chosen"]),
        kept_days=KEPT.days,
        words=words,
    )


@blueprint.get("/runs/<int:run_id>/tables/<what>")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def table(asked: Asked) -> Any:
    """How far the table is, its file, and the button that asks for it."""
    return _page(asked, "courses/learning/table.html")


@blueprint.post("/runs/<int:run_id>/tables/<what>")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def ask_for_table(asked: Asked) -> Any:
    """Ask for it, as the address narrows it."""
    run_id, what = asked.run.id, asked.what
    narrowed: dict[str, Any] = dict(asked.chosen)
    with transaction():
        tables.ask(what, run=load_run(run_id), chosen=narrowed, by=me())
    return redirect(url_for("staff.table", run_id=run_id, what=what, **narrowed), 303)


@blueprint.get("/runs/<int:run_id>/tables/<what>/state")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def table_state(asked: Asked) -> Any:
    """The part of the page that is asked for while the job runs."""
    return _page(asked, "courses/learning/_table.html")


@blueprint.get("/runs/<int:run_id>/tables/<what>/file")
@guard(Can.RUN_VIEW_LEARNERS, load=load)
def table_file(asked: Asked) -> Response:
    """The workbook."""
    row = file_of(tables.mine(asked.what, asked.run.id, me(), asked.part), clock.now())
    if row is None:
        raise NotFound(_("没有生成好的表格，或它已过保存期限。请重新生成。"))
    answer = Response(files.stream(row), mimetype=row.media_type)
    answer.content_length = row.size
    return downloads.named(answer, row.name)
