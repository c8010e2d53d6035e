"""What stands of portions whose lines in the audit log held no hashes, and of places in status lists, is told to the log now: from here on a change shows

Revision ID: 0108
Revises: 0107
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from trainhub.kernel.db import Json, UtcDateTime

revision = "0108"
down_revision = "0107"
branch_labels = None
depends_on = None

ACTOR = "升级 / upgrade 0108"
MARK = 32
GENESIS = "0" * 64
BY_ID = sa.BigInteger()
event = sa.table(
    "audit_event",
    sa.column("id", BY_ID),
    sa.column("at", UtcDateTime()),
    sa.column("account_id"),
    sa.column("actor"),
    sa.column("origin"),
    sa.column("did"),
    sa.column("on_kind"),
    sa.column("on_id"),
    sa.column("data", Json),
    sa.column("before_hash"),
    sa.column("hash"),
)
head = sa.table("audit_head", sa.column("id"), sa.column("hash"), sa.column("events"))
portion = sa.table(
    "certificate_portion", sa.column("id", BY_ID), sa.column("first"), sa.column("last"), sa.column("batch_id", BY_ID), sa.column("told_id", BY_ID)
)
certificate = sa.table("certificate", sa.column("id", BY_ID), sa.column("number"), sa.column("edition"), sa.column("replaces_id", BY_ID))
happened = sa.table(
    "certificate_event",
    sa.column("id", BY_ID),
    sa.column("certificate_id", BY_ID),
    sa.column("event"),
    sa.column("at", UtcDateTime()),
    sa.column("hash"),
)
item = sa.table("issue_item", sa.column("batch_id", BY_ID), sa.column("certificate_id", BY_ID))
shift = sa.table("status_shift", sa.column("first_id", BY_ID), sa.column("shift", BY_ID))
ISSUED = "certificates.certificate.issued"
SEALED = "certificates.portion.sealed"
LEFT_OUT = (
    "0108: 签发批次 {batch} 中编号 {first} 至 {last} 的证书与审计日志不符：日志记有 {most} 张，相符的有 {found} 张，{vouched} 张已写入日志，其余核验时显示“不一致”，请核对 / "
    "certificates {first} to {last} of issue batch {batch} are not as the audit log tells: {most} told, {found} found, {vouched} vouched for; "
    "the others verify as inconsistent: look into them"
)


def upgrade() -> None:
    """Forward. A portion is told only as its line knows it: the certificates of its batch between its numbers, issued by the time of the line, without a
    line of their own, and with the hash of all where the line has one; without one no more than it counted, since one that is gone hides none that was
    added. What does not fit is not vouched for, and named to whoever upgrades. What was told before is told as it was then.
    """
    bind = op.get_bind()
    sealed = {data["first"]: (on_id, data) for on_id, data in bind.execute(sa.select(event.c.on_id, event.c.data).where(event.c.did == SEALED)).all()}
    for row in bind.execute(sa.select(portion).where(portion.c.told_id.is_not(None)).order_by(portion.c.id)).all():
        line = bind.execute(sa.select(event.c.data, event.c.at).where(event.c.id == row.told_id)).one()
        if "event_marks" in line.data:
            continue
        if row.first in sealed:
            on_id, data = sealed[row.first]
            if on_id != str(row.id):
                _append(bind, SEALED, ("certificate_portion", str(row.id)), data)
            continue
        found = _stands(bind, row, line.at)
        hashes = [one.hash for one in found]
        known = line.data.get("event_hashes")
        most = line.data["count"] - line.data.get("drafts", 0)
        fits = known == _together(hashes) if known is not None else 0 < len(found) <= most
        if found and fits:
            told = {"first": row.first, "last": row.last, "count": len(found), "last_event": max(one.id for one in found)}
            told |= {"event_hashes": _together(hashes), "event_marks": [one[:MARK] for one in hashes]}
            _append(bind, SEALED, ("certificate_portion", str(row.id)), told)
        if (len(found) != most or not fits) and most:
            print(
                LEFT_OUT.format(first=row.first, last=row.last, batch=row.batch_id, found=len(found), most=most, vouched=len(found) if fits else 0),
                file=sys.stderr,
            )
    told_of = {int(data["first_id"]) for data in bind.scalars(sa.select(event.c.data).where(event.c.did == "certificates.places.moved"))}
    for first_id, value in bind.execute(sa.select(shift.c.first_id, shift.c.shift).order_by(shift.c.first_id)).all():
        if first_id not in told_of:
            _append(bind, "certificates.places.moved", ("status_shift", str(first_id)), {"first_id": first_id, "shift": value})


def downgrade() -> None:
    """Back: nothing is taken out of the log, which an older program reads as well."""


def _stands(bind: sa.Connection, row: Any, at: datetime) -> list[Any]:
    """The first events of the certificates of a portion, in the order of the numbers."""
    own = sa.cast(certificate.c.id, sa.String(20))
    told = sa.exists().where(event.c.on_kind == "certificate", event.c.on_id == own, event.c.did == ISSUED)
    first = sa.select(sa.func.min(happened.c.id)).where(happened.c.certificate_id == certificate.c.id).correlate(certificate).scalar_subquery()
    named = sa.exists().where(item.c.batch_id == row.batch_id, item.c.certificate_id == certificate.c.id)
    statement = (
        sa.select(happened.c.id, happened.c.hash)
        .select_from(certificate.join(happened, happened.c.certificate_id == certificate.c.id))
        .where(
            certificate.c.number.between(row.first, row.last),
            certificate.c.edition == 1,
            certificate.c.replaces_id.is_(None),
            happened.c.id == first,
            happened.c.event == "issue",
            happened.c.at <= at,
            named,
            ~told,
        )
    )
    return list(bind.execute(statement.order_by(certificate.c.number)).all())


def _together(hashes: list[str]) -> str:
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _append(bind: sa.Connection, did: str, on: tuple[str, str], data: Mapping[str, Any]) -> None:
    """An event at the end of the chain, as `kernel.audit` writes it."""
    last = bind.execute(sa.select(head.c.hash, head.c.events).where(head.c.id == 1).with_for_update()).one_or_none()
    before, count = (last.hash, last.events) if last is not None else (GENESIS, 0)
    now = datetime.now(UTC)
    fields = [before, now.isoformat(timespec="microseconds"), None, ACTOR, "upgrade", did, *on, dict(data)]
    digest = hashlib.sha256(json.dumps(fields, ensure_ascii=False, sort_keys=True).encode()).hexdigest()
    row = {"at": now, "account_id": None, "actor": ACTOR, "origin": "upgrade", "did": did, "on_kind": on[0], "on_id": on[1], "data": dict(data)}
    bind.execute(sa.insert(event).values(**row, before_hash=before, hash=digest))
    if last is None:
        bind.execute(sa.insert(head).values(id=1, hash=digest, events=1))
    else:
        bind.execute(sa.update(head).where(head.c.id == 1).values(hash=digest, events=count + 1))
