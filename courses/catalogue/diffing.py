"""What differs between two saved states of a part, line by line. Pure apart from words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trainhub.kernel.i18n import _, _l, format_datetime

NAMES: Mapping[str, Any] = {
    "title": _l("标题"),
    "body": _l("正文"),
    "body_format": _l("书写格式"),
    "settings": _l("设置"),
    "file_id": _l("文件"),
    "is_graded": _l("计入总成绩"),
    "is_required": _l("必学"),
    "weight_x10": _l("成绩权重"),
    "access": _l("开放条件"),
    "lesson_key": _l("小节标识"),
    "lesson_title": _l("所属小节"),
    "release_at": _l("开放时间"),
    "due_at": _l("截止时间"),
}
SETTINGS: Mapping[str, Any] = {
    "attempts": _l("可作答次数"),
    "minutes": _l("限时（分钟）"),
    "counts": _l("多次作答时计哪一次"),
    "draw": _l("只抽其中几题"),
    "opens_at": _l("开放时间"),
    "closes_at": _l("关闭时间"),
    "is_shuffled": _l("打乱题目顺序"),
    "shuffles_options": _l("打乱选项顺序"),
    "is_paged": _l("一页一题"),
    "is_sequential": _l("按顺序作答，不能返回"),
    "allows_negative": _l("允许负分"),
    "is_one_session": _l("同一时间只能在一个窗口作答"),
    "logs_focus": _l("记录离开作答页面"),
    "feedback": _l("总评语"),
    "review": _l("回看时显示"),
    "during": _l("作答中"),
    "after": _l("交卷后"),
    "closed": _l("关闭后"),
    "url": _l("网址"),
    "source": _l("网址"),
    "options": _l("选项"),
    "self_marked": _l("由学员自己标记完成"),
    "corrected": _l("投票后更正的选项"),
    "starts_at": _l("开始时间"),
    "ends_at": _l("结束时间"),
    "duration": _l("时长（秒）"),
}
"""How the settings of a block are called on the pages where they are set; others stand by their name."""
WORDS: Mapping[str, Any] = {
    "best": _l("取最高分"),
    "last": _l("取最后一次"),
    "first": _l("取第一次"),
    "average": _l("取平均分"),
    "marks": _l("得分"),
    "answers": _l("正确答案和解析"),
    "feedback": _l("选项反馈"),
}
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
HIDDEN = frozenset({"origin", "edited", "password", "shows_answers"})


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. `lines`: (mark, text) with mark "+", "-" or " "; unchanged stretches are cut to three lines around."""

    name: str
    lines: tuple[tuple[str, str], ...]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """The fields that differ, in the order of the page."""
    found = []
    for name in NAMES:
        old, new = _lines(before.get(name)), _lines(after.get(name))
        if old == new:
            continue
        marked = difflib.unified_diff(old, new, lineterm="", n=3)
        lines = [(line[0], line[1:]) if line[0] in "+- " else (" ", "…") for line in list(marked)[2:]]
        found.append(Change(str(NAMES[name]), tuple(lines[1:] if lines and lines[0] == (" ", "…") else lines)))
    return found


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{SETTINGS.get(key, key)}: {WORDS.get(line, line)}" for key in sorted(value) if key not in HIDDEN for line in _lines(value[key])]
    if isinstance(value, list):
        return [line for item in value for line in _lines(item)]
    if value is True:
        return [_("是")]
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return [format_datetime(datetime.fromisoformat(value))]
    return [] if value in (None, "", False) else str(value).splitlines()
