"""Reference rows: the 11 general standards (002:237-247). Loading them again changes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from trainhub.assets import asset_dir
from trainhub.kernel.db import session
from trainhub.kernel.i18n import either
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
    return [(number, str(name)) for number, name in named("key_fields.json").items()]


@cache
def named(file: str) -> Mapping[int, Any]:
    """A numbered list of the reference seeds (the ten key fields, the eight focus areas): number and name, told in the reader's language."""
    rows = json.loads((asset_dir("seeds") / "reference" / file).read_text(encoding="utf-8"))
    return {row["no"]: either(row["zh"], row["en"]) for row in rows}
