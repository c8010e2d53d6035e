"""The payment list and the items of a claim as tables: what the files of the pages and the command give."""

from __future__ import annotations

from typing import Any

from enterprises.subsidies import labels, payment_queries, queries
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.sheets.types import Column

PAYMENTS = (
    Column("code", "单位代码"),
    Column("name", "单位"),
    Column("since", "结业起始日"),
    Column("until", "结业截止日"),
    Column("items", "人次"),
    Column("amount", "金额（元）"),
    Column("clawed_back", "已收回（元）"),
    Column("owed", "待收回（元）"),
    Column("net", "净额（元）"),
    Column("state", "状态"),
    Column("decided_on", "审核日期"),
    Column("paid_on", "拨付日期"),
    Column("reference", "拨付凭证号"),
)

ITEMS = (
    Column("name", "姓名"),
    Column("id_mask", "证件号码"),
    Column("course", "课程"),
    Column("completed_on", "完成日期"),
    Column("amount", "金额（元）"),
    Column("state", "状态"),
    Column("note", "说明"),
    Column("clawed_back_on", "追回日期"),
    Column("recovered_on", "收款日期"),
    Column("reference", "收款凭证号"),
)


def payment_rows(identity: Identity, state: str = "") -> list[dict[str, Any]]:
    """The payment list that a reader may see as plain values, money in fen; of one state (`approved`: waits for its payment, `paid`) or of both."""
    return [
        {
            "organisation": r.code,
            "name": r.name,
            "since": r.since.isoformat(),
            "until": r.until.isoformat(),
            "items": r.number,
            "amount_fen": r.amount_fen,
            "clawed_back_fen": r.clawed_fen,
            "owed_fen": r.owed_fen,
            "net_fen": r.amount_fen - r.clawed_fen,
            "state": r.state.value,
            "decided_on": r.decided_on.isoformat() if r.decided_on else None,
            "paid_on": r.paid_on.isoformat() if r.paid_on else None,
            "reference": r.payment_reference,
        }
        for r in session().execute(payment_queries.payment_list(identity))
        if state in ("", r.state.value)
    ]


def payments(identity: Identity) -> list[tuple[Any, ...]]:
    """The rows of the payment list that a reader may see, in the order of `PAYMENTS`; money in yuan."""
    return [
        (
            r.code,
            r.name,
            r.since,
            r.until,
            r.number,
            *(f"{fen / 100:.2f}" for fen in (r.amount_fen, r.clawed_fen, r.owed_fen, r.amount_fen - r.clawed_fen)),
            str(labels.STATES[r.state]),
            r.decided_on,
            r.paid_on,
            r.payment_reference,
        )
        for r in session().execute(payment_queries.payment_list(identity))
    ]


def items(claim_id: int) -> list[tuple[Any, ...]]:
    """The items of a claim in the order of `ITEMS`, numbers of persons masked; money in yuan."""
    return [
        (
            r.name,
            r.id_mask,
            r.course,
            r.completed_on,
            f"{r.amount_fen / 100:.2f}",
            str(labels.ITEMS[r.state]),
            r.note,
            r.clawed_back_on,
            r.recovered_on,
            r.recovery_reference,
        )
        for r in session().execute(queries.items(claim_id))
    ]
