"""The scales that a gradebook may be worded in: data of the installation (seeds/reference/grade_scales.json)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from courses.gradebook.types import Scale
from trainhub.assets import asset_dir


@cache
def _data() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((asset_dir("seeds") / "reference" / "grade_scales.json").read_text(encoding="utf-8"))
    return found


def scale(key: str) -> Scale:
    """A scale by its key; unknown keys are the plain percentage."""
    found = _data().get(key) or {"bands": []}
    return Scale(key if key in _data() else "percent", tuple((int(floor), str(label)) for floor, label in found["bands"]))


def keys() -> tuple[str, ...]:
    """The keys in their order."""
    return tuple(_data())
