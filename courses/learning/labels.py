"""The words for enrolment and progress, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.learning.types import EnrolmentState, LeftMark, LinkState, NotDone
from trainhub.kernel.i18n import _, _l

STATES: Mapping[EnrolmentState, Any] = {
    EnrolmentState.PENDING: _l("待审核"),
    EnrolmentState.WAITING: _l("候补中"),
    EnrolmentState.ACTIVE: _l("学习中"),
    EnrolmentState.COMPLETED: _l("已完成"),
    EnrolmentState.WITHDRAWN: _l("已退出"),
}
LINK_STATES: Mapping[LinkState, Any] = {
    LinkState.OPEN: _l("可用"),
    LinkState.EXPIRED: _l("已过期"),
    LinkState.USED_UP: _l("次数已用完"),
    LinkState.REVOKED: _l("已停用"),
}
NOT_DONE: Mapping[NotDone, Any] = {
    NotDone.NOT_OPENED: _l("还没有观看。播放视频，累计看满 80% 即学完。"),
    NotDone.NOT_MARKED: _l("还没有标记学完。读完后点击页面底部的“学完，继续”。"),
    NotDone.WATCH_MORE: _l("还没有看满 80%。快进跳过的部分不计，重复观看只计一次。"),
    NotDone.NOT_SUBMITTED: _l("还没有交卷。保存答案后需要点击“交卷”。"),
    NotDone.NO_QUESTIONS: _l("这个测验还没有题目，教师补上后才能作答。"),
    NotDone.WAITS_FOR_GRADE: _l("已交卷，等待教师批阅；批阅后自动记为学完。"),
    NotDone.NO_POST: _l("还没有发言。发表一条看法或回复他人即学完。"),
    NotDone.NOT_HANDED_IN: _l("还没有提交作业。"),
    NotDone.WORK_WAITS: _l("已提交，成绩发布后自动记为学完；如被退回，请修改后重新提交。"),
    NotDone.NOT_VOTED: _l("还没有投票。选择一项并提交即完成。"),
    NotDone.NOT_REPORTED: _l("实验平台还没有回传完成结果。从课程页面进入实验并完成后自动记录。"),
    NotDone.NOT_RELEASED: _l("还没有开放。"),
}


def what_of(mark: LeftMark) -> str:
    """What became of a mark in what the learner is not shown any more."""
    if mark.is_from_book:
        return _("总成绩取自成绩册：已有的成绩按成绩册的规则计入。")
    if mark.is_counted:
        return _("完成课程时计入的成绩，仍然计入总成绩。")
    return _("成绩保留，但不再计入总成绩；教师恢复这项内容后照旧计入。")
