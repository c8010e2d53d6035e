"""A finding in the words of a page: what was found and what is required, with their unit."""

from __future__ import annotations

from typing import Any

from trainhub.kernel.i18n import _
from trainhub.oversight.evaluation.rules.international import STRICTLY
from trainhub.oversight.evaluation.sentences import FOUND
from trainhub.policy.findings import Finding


def shown(finding: Finding) -> tuple[str, str]:
    """Found and required as words with their unit."""
    unit = {"week": _("周"), "day": _("天"), "course": _("门"), "count": _("项"), "percent": "%", "person": _("人")}.get(finding.unit, "")

    def text(value: Any) -> str:
        if value is None:
            return "—"
        if isinstance(value, bool):
            return _("是") if value else _("否")
        if isinstance(value, int):
            return f"{value}{' ' if unit and unit != '%' else ''}{unit}"
        if isinstance(value, tuple):
            return _("%(n)s 项", n=len(value))
        return FOUND.told(value)

    required = text(finding.required)
    return text(finding.found), _("超过 %(value)s", value=required) if finding.parameter in STRICTLY else required
