"""Rates: what a person and course bring."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.subsidies import queries
from enterprises.subsidies.models import SubsidyRate
from enterprises.subsidies.operations.acting import SubsidyRefused
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import _
from trainhub.ledger.types import Category


def set_rate(
    *,
    amount_fen: int,
    since: date,
    until: date | None,
    source: str,
    category: str = "",
    course: str = "",
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
) -> SubsidyRate:
    """A rate from a day on, with its document. An earlier rate keeps its rows; the narrowest and latest one applies.

    `opened_at`: the latest rate (0 for none) that stood beside the form. Raises SubsidyRefused, and Stale when somebody has entered a
    rate for the same trainees and course since then: this one would take its place unseen.
    """
    course = course.strip()[:200]
    if opened_at is not None and any(rate.id > opened_at and (rate.category, rate.course) == (category, course) for rate in queries.rates()):
        raise Stale(_("同一人员类别和课程的标准刚由其他人登记，你的标准没有保存。请核对列出的标准后再提交。"))
    if amount_fen <= 0:
        raise SubsidyRefused(_("金额须大于零。"), field="amount")
    if until is not None and until < since:
        raise SubsidyRefused(_("截止日不能早于起始日。"), field="until")
    if not source.strip():
        raise SubsidyRefused(_("请填写标准的文件依据。"), field="source")
    if category and category not in {one.value for one in Category}:
        raise SubsidyRefused(_("没有这个人员类别。"), field="category")
    row = SubsidyRate(
        amount_fen=amount_fen,
        since=since,
        until=until,
        source=source.strip()[:200],
        category=category,
        course=course,
        entered_by_id=by.account_id,
        entered_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="subsidies.rate.set", on=row, data={"amount_fen": amount_fen, "since": since, "category": category, "course": row.course})
    return row
