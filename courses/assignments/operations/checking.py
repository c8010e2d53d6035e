"""What the rules of an assignment, and points given by them, have to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from courses.assignments import rules
from courses.assignments.types import Rubric
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed


class BadAssignment(Refused):
    """The rules of an assignment contradict each other."""

    code = "bad_assignment"


def check_points(rubric: Rubric, points: Mapping[str, int], max_x10: int) -> None:
    """Refuse points that are missing or out of bounds, naming the criteria."""
    bad = rules.out_of_bounds(rubric, points, max_x10)
    if bad:
        titles: Sequence[str] = [one.title for one in rubric.criteria if one.key in bad] or [str(_("得分"))]
        raise BadAssignment(_("请为每一项评分，并且不超出 0 到满分的范围：%(which)s。", which=listed(titles)), field=f"points_{bad[0]}")
