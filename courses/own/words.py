"""Words of the room's own data: what was answered, what was done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from courses.learning.types import EventKind
from trainhub.kernel.i18n import _l, listed

_TAGS = re.compile(r"<[^>]+>")


def events() -> Mapping[EventKind, Any]:
    """What a line of the learning log says."""
    return {
        EventKind.MARKED_DONE: _l("标记学完"),
        EventKind.VIDEO_STARTED: _l("开始播放视频"),
        EventKind.VIDEO_WATCHED: _l("观看视频片段"),
        EventKind.QUIZ_SUBMITTED: _l("交卷"),
        EventKind.QUIZ_GRADED: _l("测验已评分"),
        EventKind.POSTED: _l("在讨论区发言"),
        EventKind.ASSIGNMENT_SUBMITTED: _l("提交作业"),
        EventKind.ASSIGNMENT_GRADED: _l("作业已评分"),
        EventKind.REPORTED: _l("实验平台回传结果"),
    }


def answer_in_words(question: Mapping[str, Any], response: Mapping[str, Any]) -> str:
    """An answer as its question reads it: chosen options, what was written, names of files."""
    options = {str(one["key"]): _TAGS.sub("", str(one.get("body") or one.get("html") or "")).strip() for one in question.get("options", [])}
    pairs = {str(one["key"]): one for one in question.get("pairs", [])}
    said: list[str] = []
    if response.get("choice"):
        said.append(options.get(str(response["choice"]), str(response["choice"])))
    said += [options.get(str(key), str(key)) for key in response.get("choices") or ()]
    said += [str(text) for text in (response.get("blanks") or {}).values()]
    for key, answer in (response.get("pairs") or {}).items():
        said.append(f"{_TAGS.sub('', str(pairs.get(key, {}).get('body', key))).strip()} → {pairs.get(answer, {}).get('answer', answer)}")
    ranks = response.get("ranks") or {}
    said += [f"{ranks[key]}. {options.get(key, key)}" for key in sorted(ranks, key=lambda one: int(ranks[one]))]
    if response.get("text"):
        said.append(str(response["text"]))
    said += [str(one["name"]) for one in response.get("files") or ()]
    return listed(said)
