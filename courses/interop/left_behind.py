"""Rules of a run that the neutral tree has no place for: each kind is named once, with the parts it is lost of. Pure over rows that were loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from courses.assessment.models import QuestionVersion
from courses.assessment.types import Counts, QuestionKind, QuizSettings
from courses.assignments.models import Assignment
from courses.catalogue.models import Block, Run
from courses.catalogue.types import BlockKind
from courses.interop import types as docs
from courses.interop.as_came import Asked
from trainhub.kernel.i18n import _, listed


def quizzes(blocks: Sequence[Block]) -> list[str]:
    """How quizzes are taken, beyond attempts, draws and whether answers are shown."""
    lost: dict[str, list[str]] = {}
    for block in blocks:
        if block.kind is not BlockKind.QUIZ:
            continue
        rules, name = QuizSettings.of(block.settings), block.title or block.key
        kinds = {
            _("测验的限时"): rules.minutes,
            _("测验的开放和关闭时间"): rules.opens_at or rules.closes_at,
            _("测验的密码"): rules.password,
            _("测验的逐题作答"): rules.is_sequential,
            _("测验取哪一次成绩"): rules.counts is not Counts.BEST,
            _("测验的分阶段公布规则"): block.settings.get("review"),
            _("测验的倒扣分"): rules.allows_negative,
        }
        for kind, is_set in kinds.items():
            if is_set:
                lost.setdefault(kind, []).append(name)
    return _told(lost)


class ByLot(NamedTuple):
    """A quiz with what it goes out as if that is what it came as (else None), and what it asks."""

    block: Block
    came: docs.Content | None
    asked: Sequence[Asked]


def lots(quizzes: Sequence[ByLot]) -> list[str]:
    """What lots decide in an attempt here and not elsewhere. A pool that goes out as it came is drawn from in its own way there, too."""
    lost: dict[str, list[str]] = {}
    for block, came, asked in quizzes:
        rules, name = QuizSettings.of(block.settings), block.title or block.key
        is_mixed = isinstance(came, docs.ProblemDoc) and any(one.is_shuffled for one in came.questions)
        kinds = {
            _("测验的题目顺序打乱"): rules.is_shuffled and not isinstance(came, docs.PoolDoc),
            _("多选题的选项顺序打乱"): rules.shuffles_options
            and not is_mixed
            and any(one.version.question.kind is QuestionKind.MULTIPLE for one in asked),
            _("各题分值不同的随机抽题（其他平台上是固定的题，总分随之不同）"): rules.draw
            and came is None
            and len({one.points_x10 for one in asked}) > 1,
        }
        for kind, is_set in kinds.items():
            if is_set:
                lost.setdefault(kind, []).append(name)
    return _told(lost)


def questions(asked: Mapping[str, Sequence[QuestionVersion]]) -> list[str]:
    """What questions of these quizzes (by name) give that other platforms do not: partial credit of typed answers, penalties, own weights."""
    lost: dict[str, list[str]] = {}
    for name, versions in asked.items():
        kinds = {
            _("填空和数值题的部分得分（导出后算全对）"): any(
                0 < (answer.get("share_x1000") or 0) < 1000 for version in versions for answer in version.data.get("answers", ())
            ),
            _("多选题各选项的分值比例"): any(
                version.question.kind is QuestionKind.MULTIPLE and any(o.get("share_x1000") is not None for o in version.data.get("options", ()))
                for version in versions
            ),
            _("答错扣分"): any(version.data.get("penalty_x1000") for version in versions),
            _("数值题的单位换算和缺单位的得分（导出后只比较数值）"): any(version.data.get("units") for version in versions),
            _("上传文件的题（导出为论述题）"): any(version.question.kind is QuestionKind.FILE for version in versions),
        }
        for kind, is_set in kinds.items():
            if is_set:
                lost.setdefault(kind, []).append(name)
    return _told(lost)


def assignments(rules: Mapping[int, Assignment], blocks: Sequence[Block]) -> list[str]:
    """How assignments are handed in and judged, beyond rubric, files and peer review."""
    lost: dict[str, list[str]] = {}
    for block in blocks:
        rule = rules.get(block.id)
        if rule is None:
            continue
        points = [level["points_x10"] for one in rule.rubric for level in one.get("levels", ())]
        kinds = {
            _("作业的迟交规则"): rule.percent_per_day or rule.grace_hours or rule.cutoff_at,
            _("作业的提交次数"): rule.versions,
            _("作业的小组提交"): rule.is_group,
            _("作业的双人评分"): rule.is_double,
            _("评分标准中不是整数的分值（导出时舍去小数）"): any(worth % 10 for worth in points),
        }
        for kind, is_set in kinds.items():
            if is_set:
                lost.setdefault(kind, []).append(block.title or block.key)
    return _told(lost)


def laboratories(blocks: Sequence[Block]) -> list[str]:
    """What graded laboratories lose: elsewhere they are links, which give no mark, so that the others weigh more there."""
    graded = [block.title or block.key for block in blocks if block.kind is BlockKind.VSIM and block.is_graded]
    return _told({_("实验的成绩和成绩权重（导出后是普通链接，总成绩只按其余内容计算）"): graded}) if graded else []


def run_rules(run: Run, blocks: Sequence[Block]) -> list[str]:
    """What is asked for a completion, how learners come in, and drafts that wait."""
    waits = [block.title or block.key for block in blocks if block.draft_no is not None]
    optional = [block.title or block.key for block in blocks if not (block.is_required or block.is_graded or block.settings.get("origin"))]
    notes = [_("完成课程所需的比例没有导出")] if run.completion_share_x1000 != 1000 else []
    notes += [_("名额和退课截止日没有导出")] if run.quota is not None or run.withdraw_until is not None else []
    notes += [_("选学与必学之分没有导出：%(names)s", names=listed(optional))] if optional and len(optional) < len(blocks) else []
    return notes + ([_("还没有发布的修改没有导出：%(names)s", names=listed(waits))] if waits else [])


def _told(lost: Mapping[str, Sequence[str]]) -> list[str]:
    return [_("%(kind)s没有导出：%(names)s", kind=kind, names=listed(names)) for kind, names in lost.items()]
