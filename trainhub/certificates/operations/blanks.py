"""Blanks that a printing house numbered: handed out (领用), spoiled (作废), accounted for (核销). None is used twice or lost."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from trainhub.certificates import queries
from trainhub.certificates.models import BlankSheet, PrintRun
from trainhub.certificates.rules import MOST_BLANKS, Reconciliation, serials
from trainhub.certificates.types import PrintMode, SheetState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import normalise
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _


class BadBlanks(Refused):
    """The serials cannot be handed out, spoiled or closed as asked; nothing was changed."""

    code = "bad_blanks"


def _open(run: PrintRun) -> None:
    """The run may be written to, and nobody else writes to it until the transaction ends."""
    queries.lock_run(run.id)
    if run.mode is not PrintMode.OVERPRINT:
        raise BadBlanks(_("这个批次不是套打，没有空白证书需要登记。"))
    if run.settled_at is not None:
        raise BadBlanks(_("这个批次已经核销，不能再登记空白证书。"))


def take(*, run: PrintRun, first: str, count: int, by: Identity, now: datetime) -> int:
    """Hand out blanks from a serial on (领用) and lay the pages of the drawn run on them in order; returns how many were laid.

    Raises BadBlanks when a serial was handed out before, to whatever run.
    """
    _open(run)
    try:
        wanted = serials(normalise(first).upper(), count)
    except ValueError as bad:
        message = _("起始号应以数字结尾（如 A0000001），张数在1到%(most)d之间，且不超出号码的位数。", most=MOST_BLANKS)
        raise BadBlanks(message, field="first") from bad
    known = queries.known_serials(wanted)
    if known:
        raise BadBlanks(_("号码 %(serial)s 等 %(n)d 个已经领用过，不能重复领用。", serial=known[0], n=len(known)), field="first")
    rows = [{"serial": one, "run_id": run.id, "state": SheetState.TAKEN, "reason": "", "by_account_id": by.account_id, "at": now} for one in wanted]
    try:
        with session().begin_nested():
            session().execute(insert(BlankSheet), rows)
    except IntegrityError as meanwhile:
        message = _("这些号码中有的刚被另一个批次领用，没有领用任何号码。请核对起始号后再试。")
        raise BadBlanks(message, field="first") from meanwhile
    audit.record(by=by, did="certificates.run.blanks_taken", on=run, data={"first": wanted[0], "last": wanted[-1], "count": count})
    return lay(run=run, by=by, now=now)


def lay(*, run: PrintRun, by: Identity, now: datetime) -> int:
    """Lay pages that have no blank on the free ones, in order; harmless to repeat."""
    queries.lock_run(run.id)
    bare = queries.bare_positions(run.id)
    free = queries.free_blanks(run.id, len(bare)) if bare else []
    pairs = [
        {"serial": sheet.serial, "position": position, "state": SheetState.USED, "by_account_id": by.account_id, "at": now}
        for position, sheet in zip(bare, free, strict=False)
    ]
    if pairs:
        session().execute(update(BlankSheet).execution_options(synchronize_session=False), pairs)
        session().expire_all()
    return len(pairs)


def spoil(*, run: PrintRun, serial: str, reason: str, by: Identity, now: datetime) -> BlankSheet | None:
    """Write a blank off (作废); the certificate on it is laid on the next free one, which is returned (None: none is left)."""
    _open(run)
    sheet = queries.blank(normalise(serial).upper())
    if sheet is None or sheet.run_id != run.id:
        raise BadBlanks(_("这个批次没有领用过号码 %(serial)s，请核对。", serial=serial[:30]), field="serial")
    if sheet.state not in (SheetState.TAKEN, SheetState.USED):
        raise BadBlanks(_("号码 %(serial)s 已经作废或退回。", serial=sheet.serial), field="serial")
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise BadBlanks(_("请写明作废的原因（不超过200字），例如卡纸、污损。"), field="reason")
    moved = sheet.position if sheet.state is SheetState.USED else None
    sheet.state, sheet.reason, sheet.by_account_id, sheet.at = SheetState.SPOILED, reason, by.account_id, now
    session().flush()
    after = None
    if moved is not None:
        after = next(iter(queries.free_blanks(run.id, 1)), None)
        if after is not None:
            after.state, after.position, after.by_account_id, after.at = SheetState.USED, moved, by.account_id, now
            session().flush()
    data = {"serial": sheet.serial, "reason": reason, "position": moved, "after": after.serial if after else None}
    audit.record(by=by, did="certificates.run.blank_spoiled", on=run, data=data)
    return after


def settle(*, run: PrintRun, by: Identity, now: datetime) -> Reconciliation:
    """Close the books of a run (核销): what is left over is given back. Refused while a page lies on no blank."""
    _open(run)
    if run.finished_at is None:
        raise BadBlanks(_("批次还没有画完，不能核销。"))
    sums = queries.blank_sums(run.id)
    if not sums.is_even:
        raise BadBlanks(_("还有 %(n)d 页没有对应的空白证书号：请先领用足够的空白证书。", n=sums.lacking))
    session().execute(
        update(BlankSheet)
        .where(BlankSheet.run_id == run.id, BlankSheet.state == SheetState.TAKEN)
        .values(state=SheetState.RETURNED, by_account_id=by.account_id, at=now)
        .execution_options(synchronize_session=False)
    )
    run.settled_at, run.settled_by_id = now, by.account_id
    session().flush()
    after = queries.blank_sums(run.id)
    data = {"taken": after.total, "used": after.used, "spoiled": after.spoiled, "returned": after.returned}
    audit.record(by=by, did="certificates.run.blanks_settled", on=run, data=data)
    return after
