"""The 43 materials as the reference seeds hold them; read once."""

from __future__ import annotations

import json
from functools import cache

from trainhub.assets import asset_dir
from trainhub.oversight.evaluation.store.types import Material, Mode


@cache
def materials() -> dict[str, Material]:
    """The materials by code, in order."""
    text = (asset_dir("seeds") / "reference" / "special_requirements.json").read_text("utf-8")
    return {
        row["code"]: Material(row["code"], part["no"], row["text_zh"], row["text_en"], Mode(row["mode"]), row["owner"], row["source"])
        for part in json.loads(text)
        for row in part["materials"]
    }
