"""Reference rows: the 11 general standards (002:237-247). Loading them again changes nothing."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from trainhub.assets import asset_dir
from trainhub.kernel.db import session
from trainhub.kernel.i18n import language
from trainhub.programmes import queries
from trainhub.programmes.models import GeneralStandard


def load(folder: Path) -> dict[str, int]:
    """Load the standards that are missing."""
    known = {row.code for row in queries.standards()}
    rows = [
        {"code": row["code"], "position": place, "text": row["text_zh"], "text_en": row["text_en"], "source": row["source"]}
        for place, row in enumerate(json.loads((folder / "general_standards.json").read_text(encoding="utf-8")), start=1)
        if row["code"] not in known
    ]
    if rows:
        session().execute(insert(GeneralStandard), rows)
    return {"general_standard": len(rows)}


def key_fields() -> list[tuple[int, str]]:
    """The ten key fields of 中国制造2025 (002:880-920): number and name in the reader's language."""
    return [(row["no"], row["en" if language() == "en" else "zh"]) for row in _key_fields()]


@cache
def _key_fields() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((asset_dir("seeds") / "reference" / "key_fields.json").read_text(encoding="utf-8")))
