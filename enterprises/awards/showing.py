"""Findings of awards in the words of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from enterprises.awards import labels, queries
from enterprises.awards.fund_models import CompanyFigure
from enterprises.awards.models import Award
from enterprises.awards.projects import key_of
from enterprises.awards.types import ASKED, OF_BASES, PROJECT_KEYS, YEARLY_KEYS, AwardState
from trainhub.identity.queries import display_names
from trainhub.kernel.i18n import _, format_yuan, listed
from trainhub.policy.findings import Finding


def shown(finding: Finding | dict[str, Any]) -> dict[str, Any]:
    """A finding, live or frozen, for the macro `findings`."""
    data = finding.as_dict() if isinstance(finding, Finding) else finding
    required = _words(data["required"], data["unit"])
    return {
        "met": None if data["status"] == "judge" else data["met"],
        "title": labels.condition(data["code"]),
        "required": _("超过 %(n)s", n=required) if data["code"] in labels.STRICT else required,
        "found": _words(data["found"], data["unit"]),
        "clause": f"{data['clause']}「{data['source']['quote']}」" if data["source"]["quote"] else data["clause"],
        "details": data["details"],
    }


def figures_shown(figures: Sequence[CompanyFigure]) -> list[dict[str, Any]]:
    """Entered figures for a table: what, of when, with which document, and who entered it and when."""
    names = display_names(one.entered_by_id for one in figures)
    return [
        {
            "name": labels.FIGURES[one.key][0],
            "value": _value(one),
            "of": " ".join(part for part in (str(one.year or ""), one.project, one.document) if part),
            "by": names.get(one.entered_by_id or 0, ""),
            "at": one.entered_at,
        }
        for one in figures
    ]


def figures_of(award: Award) -> list[dict[str, Any]]:
    """The entered figures that an application of an enterprise rests on."""
    keys = ASKED.get(award.rule, ())
    return figures_shown([one for one in queries.figures_of(award.organisation_id) if one.key in keys and _is_of(one, award)]) if keys else []


def _is_of(one: CompanyFigure, award: Award) -> bool:
    if one.key in PROJECT_KEYS:
        return key_of(one.project) == key_of(award.project)
    return one.key not in YEARLY_KEYS or one.year == award.year or one.key == "revenue_fen"


def _value(one: CompanyFigure) -> str:
    kind = labels.FIGURES[one.key][1]
    if kind == "fen":
        return format_yuan(one.value)
    return str((_("是") if one.value else _("否")) if kind == "yes" else one.value)


def way_of(row: Award) -> list[dict[str, Any]]:
    """The way of the application: the steps its rule knows, the conference only where it was asked."""
    days = {
        AwardState.APPLIED: row.applied_on,
        AwardState.RECOGNISED: row.recognised_on,
        AwardState.ACCEPTED: row.accepted_on,
        AwardState.CONFERENCE: row.decided_on if row.conference_minutes else None,
        AwardState.DECIDED: row.decided_on,
        AwardState.PAID: row.paid_on,
        AwardState.CLOSED: row.ended_on if row.state is AwardState.CLOSED else None,
    }
    if row.rule not in OF_BASES:
        del days[AwardState.RECOGNISED], days[AwardState.ACCEPTED]
    if row.state is not AwardState.CONFERENCE and not row.conference_minutes:
        del days[AwardState.CONFERENCE]
    order = list(days)
    at = order.index(row.state) if row.state in days else -1
    if row.state is AwardState.CONFERENCE:
        at -= 1  # it is waited for
    return [
        {
            "label": labels.STATES[state],
            "text": day.isoformat() if day else "",
            "state": "done" if place <= at or day else "current" if place == at + 1 else "todo",
        }
        for place, (state, day) in enumerate(days.items())
    ]


def _words(value: Any, unit: str | None) -> str:
    if value is None:
        return str(_("没有数据"))
    if unit == "fen" and isinstance(value, int):
        return format_yuan(value)
    if unit == "percent" and isinstance(value, int):
        return f"{value}%"
    if isinstance(value, list | tuple):
        return listed(_word(str(x)) for x in value) or str(_("无"))
    return _word(str(value))


def _word(value: str) -> str:
    """One word of a finding in the language of the reader; "2016 年已超过" and "2016 年已奖励" (FJ-25b) with their year."""
    year, _space, said = value.partition(" ")
    if said in labels.OF_YEARS and year.isdigit():
        return str(labels.OF_YEARS[said]) % {"year": year}
    return str(labels.WORDS.get(value, value))
