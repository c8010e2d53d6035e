"""The words for what has a date."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from courses.agenda.types import ItemKind
from trainhub.kernel.i18n import _l

KINDS: Mapping[ItemKind, Any] = {
    ItemKind.RUN_STARTS: _l("开课"),
    ItemKind.RUN_ENDS: _l("结课"),
    ItemKind.WITHDRAW_ENDS: _l("退课截止"),
    ItemKind.RELEASE: _l("开放"),
    ItemKind.DUE: _l("截止"),
    ItemKind.CUTOFF: _l("最后截止"),
    ItemKind.REVIEW_DUE: _l("互评截止"),
    ItemKind.LIVE: _l("直播"),
    ItemKind.ANNOUNCEMENT: _l("公告"),
    ItemKind.ELSEWHERE: _l("企业实习"),
}
LOOKS: Mapping[ItemKind, str] = {
    ItemKind.RUN_STARTS: "info",
    ItemKind.RUN_ENDS: "wait",
    ItemKind.WITHDRAW_ENDS: "wait",
    ItemKind.RELEASE: "info",
    ItemKind.DUE: "bad",
    ItemKind.CUTOFF: "bad",
    ItemKind.REVIEW_DUE: "bad",
    ItemKind.LIVE: "ok",
    ItemKind.ANNOUNCEMENT: "mute",
    ItemKind.ELSEWHERE: "info",
}
