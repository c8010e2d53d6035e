"""The ten requirements and 64 criteria as the reference seeds hold them; read once."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from trainhub.assets import asset_dir
from trainhub.oversight.evaluation.types import Criterion, CriterionKind, Requirement
from trainhub.policy.types import Clause


def _clause(code: str, source: str, text: str) -> Clause:
    """`002:447+449` is a sentence over two lines: the first is cited."""
    file, lines = source.split(":")
    return Clause(document="petoe-criteria", file=file, line=int(lines.split("+")[0]), quote=text, rule=f"PETOE-{code}")


def _requirement(row: dict[str, Any]) -> Requirement:
    criteria = tuple(
        Criterion(c["code"], row["no"], c["text_zh"], c["text_en"], CriterionKind(c["kind"]), _clause(c["code"], c["source"], c["text_zh"]))
        for c in row["criteria"]
    )
    return Requirement(row["no"], row["title_zh"], row["title_en"], row["text_zh"], row["text_en"], row["source"], criteria)


@cache
def requirements() -> tuple[Requirement, ...]:
    """The ten special requirements with their criteria, in order (002:251-287, 002:351-631)."""
    text = (asset_dir("seeds") / "reference" / "special_requirements.json").read_text("utf-8")
    return tuple(_requirement(row) for row in json.loads(text))


@cache
def criteria() -> dict[str, Criterion]:
    """The 64 criteria by code."""
    return {criterion.code: criterion for requirement in requirements() for criterion in requirement.criteria}
