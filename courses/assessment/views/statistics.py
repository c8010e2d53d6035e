"""The statistics of a quiz: the page with its plot and tables, and the table as a file."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from courses.assessment import labels, queries
from courses.assessment.loading import load_quiz
from courses.assessment.statistics import QuizStatistics, analyse
from courses.assessment.views.common import blueprint
from courses.catalogue.authoring import subject_of_pair
from courses.catalogue.markup import plain
from courses.catalogue.models import Block, Run
from courses.permissions import Can
from trainhub.kernel import downloads
from trainhub.kernel.access import guard
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column

COLUMNS = (
    Column("question", "题目"),
    Column("kind", "题型"),
    Column("count", "作答数"),
    Column("facility", "难度系数"),
    Column("deviation", "标准差"),
    Column("discrimination", "区分度"),
    Column("upper_lower", "高低分组差"),
    Column("choices", "选项分布"),
)


def _found(block: Block) -> tuple[QuizStatistics, dict[int, Any]]:
    rows = queries.graded_answers(block.id, is_first_only=request.args.get("which") != "all")
    found = analyse(rows)
    return found, queries.current_versions(item.question_id for item in found.items)


@blueprint.get("/blocks/<int:block_id>/statistics")
@guard(Can.RUN_GRADE, load=load_quiz, subject=subject_of_pair)
def statistics(pair: tuple[Run, Block]) -> Any:
    """How hard each question was, and how well it tells strong from weak."""
    run, block = pair
    found, versions = _found(block)
    return render_template(
        "courses/assessment/statistics.html",
        run=run,
        block=block,
        found=found,
        versions=versions,
        labels=labels,
        which="all" if request.args.get("which") == "all" else "first",
        bins=[str(n * 10) for n in range(10)],
    )


@blueprint.get("/blocks/<int:block_id>/statistics/export")
@guard(Can.RUN_GRADE, load=load_quiz, subject=subject_of_pair)
def export_statistics(pair: tuple[Run, Block]) -> Any:
    """The table of the questions as a file."""
    found, versions = _found(pair[1])
    rows = []
    for item in found.items:
        version = versions[item.question_id]
        keys = {o["key"]: plain(o["html"], 40) for o in version.data.get("options", [])}
        choices = "；".join(f"{keys.get(choice.key, choice.key)} {choice.count}" for choice in item.choices)
        numbers = [_three(item.facility), _three(item.deviation), _three(item.discrimination), _three(item.upper_lower)]
        rows.append([plain(version.stem_html, 120), str(labels.KINDS[version.question.kind]), item.count, *numbers, choices])
    return downloads.table(rows, COLUMNS, name=_("测验统计"), form=request.args.get("form", "csv"))


def _three(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
