"""The registers of the centre's team and of what a year costs: what a row shows, how an entry is added (PETOE-6.4, 10.4)."""

from __future__ import annotations

from typing import Any

from trainhub.kernel.i18n import format_date, format_yuan
from trainhub.organisations import queries as organisations
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.operations import support as operations
from trainhub.oversight.evaluation.queries import support as queries
from trainhub.programmes.models import Programme

Cells = list[tuple[int, list[Any]]]


def needs(programme: Programme) -> Cells:
    """What the years cost."""
    return [(r.id, [r.year, labels.PURPOSES[r.purpose], format_yuan(r.need_fen), r.basis]) for r in queries.needs(programme.id)]


def team(programme: Programme) -> Cells:
    """Who guides at which centre."""
    return [
        (r.id, [base, r.name, labels.CENTRE_ROLES[r.role], f"{r.unit} {r.post}".strip(), format_date(r.since), format_date(r.until)])
        for r, base in queries.centre_mentors(programme.id)
    ]


def add_need(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    """From the form, whose amount is in yuan."""
    facts = {"year": form.year.data, "purpose": form.purpose.data, "basis": form.basis.data or ""}
    return operations.set_need(programme=programme, need_fen=form.need.data * 100, **facts, **by)


def add_mentor(programme: Programme, form: Any, by: dict[str, Any]) -> object:
    """From the form; the base is one of its choices."""
    base = organisations.by_id(form.base_id.data)
    assert base is not None
    return operations.add_centre_mentor(
        programme=programme,
        base=base,
        name=form["name"].data or "",
        role=form.role.data,
        unit=form.unit.data or "",
        post=form.post.data or "",
        since=form.since.data,
        until=form.until.data,
        **by,
    )
