"""How goals call what they count."""

from __future__ import annotations

from trainhub.kernel.i18n import _l, language
from trainhub.oversight.goals.models import Goal

UNITS = {"人": _l("人"), "个": _l("项"), "项": _l("项")}
"""What the goals of the documents count; a unit that an office wrote itself stays as it wrote it."""


def unit_of(goal: Goal) -> str:
    """What a goal counts, in the reader's language; Chinese has more measure words than English."""
    return goal.unit if language() == "zh" else str(UNITS.get(goal.unit, goal.unit))
