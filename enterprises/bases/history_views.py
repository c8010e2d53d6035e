"""Pages of a base's history and of the spans for which it says what it can take."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from enterprises.bases import forms, history, operations, queries
from enterprises.bases.models import BasePeriod
from enterprises.bases.views import blueprint, load, save
from enterprises.permissions import Can
from trainhub.kernel import clock
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.errors import NotFound
from trainhub.kernel.forms import given
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation


@blueprint.get("/<code>/history")
@guard(Can.BASE_VIEW, load=load, subject=organisations.subject_of)
def show_history(base: Organisation) -> Any:
    """What happened to a base, and, for those inside, who changed what in the register."""
    is_inside = may(who(), Can.BASE_INSIDE, organisations.subject_of(base))
    return render_template(
        "enterprises/bases/history.html",
        base=base,
        moments=history.moments(base, today=clock.today(), is_inside=is_inside),
        events=organisations.history_of("base", base.id, limit=100) if is_inside else [],
        changed=history.changed,
    )


def _period_page(base: Organisation, period: BasePeriod | None, action: str) -> Any:
    form = forms.PeriodForm(obj=period)

    def work(row: Organisation) -> None:
        operations.set_period(
            base=row,
            period=period,
            version=form.version.data if period is not None else None,
            title=form.title.data or "",
            since=given(form.since.data),
            until=given(form.until.data),
            capacity=form.capacity.data or 0,
            facilities=form.facilities.data or "",
            by=who(),
            now=clock.now(),
        )

    return save(form, base, _("学期接收能力"), action, _("已保存。"), work)


@blueprint.route("/<code>/periods", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load, subject=organisations.subject_of)
def add_period(base: Organisation) -> Any:
    """Say what the base can take and show in a term."""
    return _period_page(base, None, url_for("bases.add_period", code=base.code))


def load_period(period_id: int) -> tuple[Organisation, BasePeriod]:
    """A span with its base."""
    row = queries.period(period_id)
    base = organisations.by_id(row.base_id) if row is not None else None
    if row is None or base is None:
        raise NotFound(_("没有这一期的记录。"))
    return base, row


@blueprint.route("/periods/<int:period_id>", methods=["GET", "POST"])
@guard(Can.BASE_EDIT, load=load_period, subject=lambda pair: organisations.subject_of(pair[0]))
def edit_period(pair: tuple[Organisation, BasePeriod]) -> Any:
    """Change it."""
    return _period_page(*pair, url_for("bases.edit_period", period_id=pair[1].id))
