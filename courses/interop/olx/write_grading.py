"""How a course is marked, as the `grading_policy.json` that Open edX and its checkers accept."""

from __future__ import annotations

from courses.interop.frame_types import GradingDoc
from courses.interop.olx import values
from trainhub.kernel.i18n import _, listed

LETTERS = ("A", "B", "C", "D")
PASS = "Pass"  # noqa: S105 - the name Open edX gives the only grade of a course


def grading_policy(grading: GradingDoc) -> tuple[dict[str, object], str]:
    """The policy, and what it could not say. The shares must add up to one: what is missing becomes a grader that our reader drops again."""
    rows: list[dict[str, object]] = [
        {
            "type": grader.name,
            "short_label": grader.short_label,
            "weight": grader.weight_x1000 / 1000,
            "min_count": grader.min_count,
            "drop_count": grader.drop_count,
        }
        for grader in grading.graders
    ]
    rest = 1000 - sum(grader.weight_x1000 for grader in grading.graders)
    if rest > 0:
        rows.append({"type": "Other", "short_label": values.FILLER, "weight": rest / 1000, "min_count": 1, "drop_count": 0})
    cutoffs = letters(grading.cutoffs)
    policy: dict[str, object] = {"GRADER": rows, "GRADE_CUTOFFS": {name: share / 1000 for name, share in cutoffs or ((PASS, values.NO_CUTOFF),)}}
    if cutoffs == grading.cutoffs:
        return policy, ""
    policy[values.OWN_GRADES] = [[name, share] for name, share in grading.cutoffs]
    note = _(
        "等级 %(ours)s 在其他平台上是 %(theirs)s",
        ours=listed(f"{name} ≥ {share / 10:g}" for name, share in grading.cutoffs),
        theirs=listed(f"{name} ≥ {share / 10:g}" for name, share in cutoffs),
    )
    return policy, note


def letters(cutoffs: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Grades as Open edX knows them: one that passes, or A to D in order. Of more than four the last one, which passes, is D."""
    if len(cutoffs) < 2:
        return tuple((PASS, share) for _name, share in cutoffs)
    kept = cutoffs if len(cutoffs) <= len(LETTERS) else (*cutoffs[: len(LETTERS) - 1], cutoffs[-1])
    return tuple((letter, share) for letter, (_name, share) in zip(LETTERS, kept, strict=False))
