"""Names of the values of subsidies."""

from __future__ import annotations

from typing import Any

from enterprises.subsidies.types import ClaimState, ItemState
from trainhub.kernel.i18n import _l

STATES: dict[ClaimState, Any] = {
    ClaimState.DRAFT: _l("草稿"),
    ClaimState.SUBMITTED: _l("已提交"),
    ClaimState.SAMPLED: _l("抽查中"),
    ClaimState.APPROVED: _l("待拨付"),
    ClaimState.PAID: _l("已拨付"),
    ClaimState.REJECTED: _l("已退回"),
}
PILLS: dict[ClaimState, str] = {
    ClaimState.DRAFT: "mute",
    ClaimState.SUBMITTED: "wait",
    ClaimState.SAMPLED: "info",
    ClaimState.APPROVED: "wait",
    ClaimState.PAID: "ok",
    ClaimState.REJECTED: "bad",
}
ITEMS: dict[ItemState, Any] = {
    ItemState.CLAIMED: _l("申领"),
    ItemState.REFUSED: _l("不予补助"),
    ItemState.PAID: _l("已拨付"),
    ItemState.CLAWED_BACK: _l("已收回"),
}
ITEM_PILLS: dict[ItemState, str] = {ItemState.CLAIMED: "info", ItemState.REFUSED: "bad", ItemState.PAID: "ok", ItemState.CLAWED_BACK: "bad"}
WRONG: dict[str, Any] = {"cancelled": _l("记录已作废"), "twice": _l("同一人重复拨付")}
"""Why a paid item should come back."""
