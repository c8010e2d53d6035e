"""Pages beside an application: the yearly lists, and the applications of one programme."""

from __future__ import annotations

from typing import Any

from flask import render_template

from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, public, who
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _
from trainhub.kernel.web import done
from trainhub.organisations.types import OrganisationKind
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.forms import options
from trainhub.oversight.evaluation.permissions import Can, CaseSubject
from trainhub.oversight.evaluation.queries import judgements
from trainhub.oversight.evaluation.rules import verdict
from trainhub.oversight.evaluation.types import Verdict
from trainhub.oversight.evaluation.views import blueprint, load, on_programme, page
from trainhub.oversight.evaluation.workflow import forms, outcome_queries, queries, words
from trainhub.oversight.evaluation.workflow.operations import moving
from trainhub.oversight.evaluation.workflow.types import State
from trainhub.programmes.models import Programme


@blueprint.get("/published")
@public
def published() -> Any:
    """The yearly lists of programmes that passed, for everybody (PETOE-P13, 002:219)."""
    return render_template("trainhub/evaluation/cases/published.html", lists=outcome_queries.publications(), labels=labels)


def _groups(_nothing: Any = None) -> CaseSubject:
    return CaseSubject(groups=queries.offices(OrganisationKind.EXPERT_GROUP))


@blueprint.route("/lists", methods=["GET", "POST"])
@guard(Can.PUBLISH, load=lambda: None, subject=_groups)
def lists(_nothing: None) -> Any:
    """The working group publishes the list of a year."""
    form = forms.PublishForm()
    waiting = outcome_queries.waiting_for_list()
    met = [one for one in waiting if one[0].verdict is Verdict.ACCREDITED_SPECIAL_MET]
    form.keys.choices = options((row.id, f"{university} · {programme.name}") for row, programme, university in met)
    if form.validate_on_submit():
        try:
            with transaction():
                if once(form.submission_key.data or ""):
                    moving.publish_list(
                        keys=form.keys.data or [],
                        document=form.document.data or "",
                        by=who(),
                        today=clock.today(),
                        now=clock.now(),
                    )
            return done(_("已公布 %(year)d 年名单。", year=clock.today().year), "evaluation.published")
        except Refused as refused:
            form.refuse(refused)
    page = render_template(
        "trainhub/evaluation/cases/lists.html",
        form=form,
        waiting=waiting,
        lists=outcome_queries.publications(),
        words=words,
        labels=labels,
        year=clock.today().year,
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/<code>/applications")
@guard(Can.VIEW, load=load, subject=on_programme)
def programme_cases(programme: Programme) -> Any:
    """The applications of a programme, and what stands in the way of a new one."""
    today = clock.today()
    rows = queries.applications_of(programme.id)
    if not may(who(), Can.VIEW_WORK, on_programme(programme)):  # how earlier applications ended is not for an expert of this visit
        rows = [row for row in rows if queries.is_visiting(queries.assignment(row.id, who().account_id))]
    current = next((row for row in rows if row.open_key is not None), None)
    latest = rows[0] if rows else None
    accreditation = judgements.accreditation_on(programme.id, today)
    is_again = latest is not None and latest.state in (State.NOT_ACCEPTED, State.FAILED)
    return page(
        "cases",
        programme,
        "cases",
        rows=rows,
        words=words,
        graduated_on=queries.first_graduation(programme.id),
        today=today,
        accreditation=accreditation,
        until=verdict.valid_until(accreditation),
        standing=verdict.standing(accreditation, today),
        form=forms.OpenForm() if current is None and not is_again and may(who(), Can.ACT_PROGRAMME, on_programme(programme)) else None,
        again=latest if is_again and current is None else None,
    )
