"""The words for discussions, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.discussion.types import Hidden, ThreadFilter
from trainhub.kernel.i18n import _l

FILTERS: Mapping[ThreadFilter, Any] = {
    ThreadFilter.ALL: _l("全部话题"),
    ThreadFilter.UNANSWERED: _l("还没有回复"),
    ThreadFilter.QUESTIONS: _l("提问"),
    ThreadFilter.MINE: _l("我参与的"),
    ThreadFilter.FOLLOWED: _l("我关注的"),
}
HIDDEN: Mapping[Hidden, Any] = {
    Hidden.REMOVED: _l("这条发言已被移除。"),
    Hidden.REPORTED: _l("这条发言被多人举报，教师处理前暂不显示。"),
}
