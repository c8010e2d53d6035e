"""Pools of money: opened for a year, spent by awards and subsidies, never overdrawn whatever happens at the same time."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update

from enterprises.awards import queries
from enterprises.awards.fund_models import FundPool
from enterprises.awards.types import PoolKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, format_yuan


class PoolRefused(Refused):
    """A pool that cannot be, or does not hold enough."""

    code = "pool_refused"


def open_pool(*, year: int, name: str, kind: PoolKind, planned_fen: int, document: str = "", by: Identity, now: datetime) -> FundPool:
    """Open a pool (FJ-9, 000:713). Raises PoolRefused."""
    name = name.strip()
    if not name:
        raise PoolRefused(_("请填写资金名称。"), field="name")
    if planned_fen <= 0:
        raise PoolRefused(_("安排金额须大于零。"), field="amount")
    if queries.has_pool(year, name):
        raise PoolRefused(_("%(year)s 年已有同名资金。", year=year), field="name")
    row = FundPool(year=year, name=name[:120], kind=kind, planned_fen=planned_fen, spent_fen=0, document=document.strip()[:200], created_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="awards.pool.opened", on=row, data={"year": year, "planned_fen": planned_fen})
    return row


def spend(pool_id: int, amount_fen: int, *, on: date) -> None:
    """Take money out for a payment of a day. Raises PoolRefused with what is left when it does not suffice, and for a payment of another
    year than the pool's: what is carried over is a pool of its new year."""
    held = queries.pool(pool_id)
    if held is not None and held.year != on.year:
        raise PoolRefused(
            _(
                "“%(name)s”是 %(year)s 年的资金，拨付日期在 %(paid)s 年。请选择 %(paid)s 年的资金；结转使用的，先按结转后的年度登记一项资金。",
                name=held.name,
                year=held.year,
                paid=on.year,
            ),
            field="pool",
            code="pool_of_other_year",
        )
    taken = session().execute(
        update(FundPool)
        .where(FundPool.id == pool_id, FundPool.spent_fen + amount_fen <= FundPool.planned_fen)
        .values(spent_fen=FundPool.spent_fen + amount_fen, version=FundPool.version + 1)
        .execution_options(synchronize_session=False)
    )
    row = queries.pool(pool_id)
    if row is None:
        raise PoolRefused(_("没有这项资金。"), field="pool")
    if not taken.rowcount:  # type: ignore[attr-defined]
        raise PoolRefused(
            _(
                "“%(name)s”余额 %(left)s，不足以拨付 %(amount)s。",
                name=row.name,
                left=format_yuan(row.planned_fen - row.spent_fen),
                amount=format_yuan(amount_fen),
            ),
            field="pool",
            code="pool_empty",
        )


def give_back(pool_id: int, amount_fen: int) -> None:
    """Put money back that was revoked or clawed back."""
    session().execute(
        update(FundPool)
        .where(FundPool.id == pool_id)
        .values(spent_fen=FundPool.spent_fen - amount_fen, version=FundPool.version + 1)
        .execution_options(synchronize_session=False)
    )
    queries.pool(pool_id)  # what the session holds is read again
