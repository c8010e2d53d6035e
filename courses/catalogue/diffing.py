"""What differs between two saved states of a part, line by line. Pure apart from words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainhub.kernel.i18n import _l

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
HIDDEN = frozenset({"origin", "edited", "password"})


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
        return [f"{key}: {line}" for key in sorted(value) if key not in HIDDEN for line in _lines(value[key])]
    if isinstance(value, list):
        return [line for item in value for line in _lines(item)]
    return [] if value in (None, "") else str(value).splitlines()
