"""Pools of money: opened for a year, spent by awards and subsidies, never overdrawn whatever happens at the same time."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import update

from enterprises.awards import queries
from enterprises.awards.fund_models import FundPool
from enterprises.awards.types import PoolKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, format_yuan

TOLD = frozenset({"kind", "planned_fen", "document"})
"""What of a change the log keeps with its values."""


class PoolRefused(Refused):
    """A pool that cannot be, or does not hold enough."""

    code = "pool_refused"


def open_pool(*, year: int, name: str, kind: PoolKind, planned_fen: int, document: str = "", by: Identity, now: datetime) -> FundPool:
    """Open a pool (FJ-9, 000:713). Raises PoolRefused."""
    name = name.strip()
    if not name:
        raise PoolRefused(_("请填写资金名称。"), field="name")
    if planned_fen <= 0:
        raise PoolRefused(_("安排金额须大于零。"), field="planned")
    if queries.has_pool(year, name):
        raise PoolRefused(_("%(year)s 年已有同名资金。", year=year), field="name")
    row = FundPool(year=year, name=name[:120], kind=kind, planned_fen=planned_fen, spent_fen=0, document=document.strip()[:200], created_at=now)
    add_once(row, lambda: PoolRefused(_("%(year)s 年已有同名资金。", year=year), field="name"))
    audit.record(by=by, did="awards.pool.opened", on=row, data={"year": year, "planned_fen": planned_fen})
    return row


def change_pool(
    *, pool: FundPool, name: str, kind: PoolKind, planned_fen: int, document: str, by: Identity, now: datetime, version: int | None = None
) -> FundPool:
    """Put an appropriation right, or note that it was raised or cut during the year, with the document that says so: never below what was spent, also
    at this moment. Name and kind stay once something was spent. Raises Stale, PoolRefused."""
    session().refresh(pool, with_for_update={"of": FundPool})  # a payment of this moment comes before, or finds the new sum
    check_version(pool, version)  # as it stands now: who waited for another's change is told of it
    name, document = name.strip()[:120], document.strip()[:200]
    if not name:
        raise PoolRefused(_("请填写资金名称。"), field="name")
    if planned_fen <= 0:
        raise PoolRefused(_("安排金额须大于零。"), field="planned")
    if planned_fen < pool.spent_fen:
        raise PoolRefused(
            _("已列支 %(spent)s，安排金额不能少于已列支的金额。", spent=format_yuan(pool.spent_fen)), field="planned", code="pool_spent"
        )
    if pool.spent_fen and (name, kind) != (pool.name, pool.kind):
        raise PoolRefused(_("已经有列支，名称和来源不能再改，只能调整安排金额。"), field="name", code="pool_spent")
    if name != pool.name and queries.has_pool(pool.year, name):
        raise PoolRefused(_("%(year)s 年已有同名资金。", year=pool.year), field="name")
    after = {"name": name, "kind": kind, "planned_fen": planned_fen, "document": document}
    changed = {key: [getattr(pool, key), value] for key, value in after.items() if getattr(pool, key) != value}
    if not changed:
        return pool
    if "planned_fen" in changed and not document:
        raise PoolRefused(_("请写明调整安排金额的文号。"), field="document")
    for key, (_before, value) in changed.items():
        setattr(pool, key, value)
    session().flush()
    audit.record(by=by, did="awards.pool.changed", on=pool, data=audit.changes(changed, told=TOLD))
    return pool


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
