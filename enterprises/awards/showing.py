"""Findings of awards in the words of a page."""

from __future__ import annotations

from typing import Any

from enterprises.awards import labels
from trainhub.kernel.i18n import _, format_yuan, listed
from trainhub.policy.findings import Finding


def shown(finding: Finding | dict[str, Any]) -> dict[str, Any]:
    """A finding, live or frozen, for the macro `findings`."""
    data = finding.as_dict() if isinstance(finding, Finding) else finding
    return {
        "met": None if data["status"] == "judge" else data["met"],
        "title": labels.condition(data["code"]),
        "required": _words(data["required"], data["unit"]),
        "found": _words(data["found"], data["unit"]),
        "clause": f"{data['clause']}「{data['source']['quote']}」" if data["source"]["quote"] else data["clause"],
        "details": data["details"],
    }


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
