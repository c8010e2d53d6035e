"""Quizzes without a question among what is shown to learners: whoever publishes is told which, as nobody can complete them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from flask import current_app, flash

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries
from courses.catalogue.models import Block
from courses.catalogue.types import BlockKind
from trainhub.kernel.i18n import _, listed

QUESTION_COUNTS = "courses.catalogue.question_counts"
"""Where `wiring` puts who counts questions: they are kept above the catalogue, which only asks."""
Counts = Callable[[Iterable[int]], Mapping[int, int]]


def warn(run_id: int, parts: Iterable[found.Part] | None = None) -> None:
    """Say which required or graded quizzes of a run, or of the parts that were just published, ask nothing."""
    inside = None if parts is None else {one.id for part in parts for one in (part, *found.inside(part)) if isinstance(one, Block)}
    quizzes = {
        block.id: block.title or unit.title
        for unit in queries.outline(run_id, only_published=True).units
        for block in unit.blocks
        if block.kind is BlockKind.QUIZ and (block.is_required or block.is_graded) and (inside is None or block.id in inside)
    }
    if not quizzes:
        return
    counts: Counts = current_app.extensions[QUESTION_COUNTS]
    counted = counts(quizzes)
    titles = [f"“{title}”" for block_id, title in quizzes.items() if not counted.get(block_id)]
    if titles:
        flash(_("测验%(titles)s还没有题目，学员无法完成。请添加题目，或取消“必学”和计分。", titles=listed(titles)), "warning")
