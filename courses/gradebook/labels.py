"""The words of the gradebook, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.gradebook.types import Counts, GradeKind, Scale
from trainhub.kernel.i18n import _, _l, listed

KINDS: Mapping[GradeKind, Any] = {GradeKind.MANUAL: _l("手工成绩"), GradeKind.OVERRIDE: _l("改定"), GradeKind.EXCUSED: _l("免计")}
COUNTS: Mapping[Counts, Any] = {
    Counts.COUNTED: _l("计入"),
    Counts.MISSING_AS_ZERO: _l("没有成绩，按 0 分计"),
    Counts.MISSING_LEFT_OUT: _l("没有成绩，暂不计入"),
    Counts.EXCUSED: _l("免计，不参与计算"),
    Counts.DROPPED: _l("最低分，已去掉"),
    Counts.EXTRA: _l("附加分，只加不减"),
}
SCALES: Mapping[str, Any] = {
    "percent": _l("百分制"),
    "five": _l("五级制（优、良、中、及格、不及格）"),
    "pass_fail": _l("两级制（通过、不通过）"),
    "letter": _l("字母制（A 到 F）"),
}


def own_scale(scale: Scale) -> str:
    """A scale that came with a course, with its grades."""
    return _("课程自带的等级（%(grades)s）", grades=listed(f"{label} ≥ {floor / 10:g}" for floor, label in sorted(scale.bands, reverse=True)))
