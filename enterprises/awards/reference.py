"""The 27 incentives of the documents as they are read (seeds/reference/incentives.json); shown, never computed with."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from trainhub.assets import asset_dir


@cache
def incentives() -> tuple[dict[str, Any], ...]:
    """Every incentive with its clause and quotation, in the order of the file."""
    return tuple(json.loads((asset_dir("seeds") / "reference" / "incentives.json").read_text(encoding="utf-8")))
