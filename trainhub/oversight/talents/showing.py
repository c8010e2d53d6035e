"""Conditions of talent in the words of a page."""

from __future__ import annotations

from typing import Any

from enterprises.awards.showing import shown as shown_by_awards
from trainhub.oversight.talents import labels
from trainhub.policy.findings import Finding


def shown(finding: Finding | dict[str, Any]) -> dict[str, Any]:
    """A finding, live or frozen, for the macro `findings`: the four conditions of FJ-15b by their names here, the others as awards name them."""
    data = shown_by_awards(finding)
    code = finding.code if isinstance(finding, Finding) else finding["code"]
    data["title"] = labels.CONDITIONS.get(code.rsplit(".", 1)[-1], data["title"])
    return data
