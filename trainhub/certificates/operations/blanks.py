"""Blanks that a printing house numbered: handed out (领用), given back (退回), spoiled (作废), accounted for (核销). None is used twice or lost.

Only a page that may be handed out is laid on a blank: one whose certificate was revoked, suspended or replaced after it was drawn is pulled out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from trainhub.certificates import queries
from trainhub.certificates.models import BlankSheet, PrintRun
from trainhub.certificates.rules import MOST_BLANKS, Reconciliation, serials
from trainhub.certificates.types import PrintMode, SheetState
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.characters import normalise
from trainhub.kernel.db import is_taken, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed

MOST_NAMED = 20
"""Serials that a refusal names."""


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

    Raises BadBlanks when a serial is handed out already, to whatever run; one that was given back is handed out again.
    """
    _open(run)
    wanted = _wanted(first, count)
    known = queries.known_serials(wanted)
    if known:
        raise BadBlanks(_("号码 %(serial)s 等 %(n)d 个已经领用过，不能重复领用。", serial=known[0], n=len(known)), field="first")
    again = set(queries.returned_serials(run.id, wanted))
    rows = [
        {"serial": one, "run_id": run.id, "state": SheetState.TAKEN, "position": None, "reason": "", "by_account_id": by.account_id, "at": now}
        for one in wanted
    ]
    try:
        with session().begin_nested():
            _write(insert(BlankSheet), [row for row in rows if row["serial"] not in again])
            _write(update(BlankSheet), [row for row in rows if row["serial"] in again])
    except IntegrityError as meanwhile:
        if not is_taken(meanwhile):
            raise
        message = _("这些号码中有的刚被另一个批次领用，没有领用任何号码。请核对起始号后再试。")
        raise BadBlanks(message, field="first") from meanwhile
    audit.record(by=by, did="certificates.run.blanks_taken", on=run, data={"first": wanted[0], "last": wanted[-1], "count": count})
    return lay(run=run, by=by, now=now)


def _wanted(first: str, count: int) -> list[str]:
    try:
        return serials(normalise(first).upper(), count)
    except ValueError as bad:
        message = _("起始号应以数字结尾（如 A0000001），张数在1到%(most)d之间，且不超出号码的位数。", most=MOST_BLANKS)
        raise BadBlanks(message, field="first") from bad


def _write(statement: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        session().execute(statement.execution_options(synchronize_session=False), rows)
        session().expire_all()


def give_back(*, run: PrintRun, first: str, count: int, reason: str, by: Identity, now: datetime) -> int:
    """Give blanks on which nothing was printed back (退回): a receipt was written down wrong, or more were taken than are needed.

    Pages that were laid on them are laid on the next free ones; returns how many of those still lack one. Raises BadBlanks, and nothing is
    given back, when one of the serials is not held by the run or was spoiled.
    """
    _open(run)
    wanted = _wanted(first, count)
    held = {one.serial: one for one in queries.blanks_between(run.id, wanted) if one.state in (SheetState.TAKEN, SheetState.USED)}
    strange = [one for one in wanted if one not in held]
    if strange:
        message = _(
            "号码 %(serial)s 等 %(n)d 个不在这个批次手中（没有领用，或已经作废、退回），没有退回任何号码。", serial=strange[0], n=len(strange)
        )
        raise BadBlanks(message, field="first")
    reason = reason.strip()
    if not reason or len(reason) > 200:
        raise BadBlanks(_("请写明退回的原因（不超过200字），例如号码登记错误、领多了。"), field="reason")
    mine = {"state": SheetState.RETURNED, "position": None, "reason": reason, "by_account_id": by.account_id, "at": now}
    _write(update(BlankSheet), [{"run_id": run.id, "serial": one, **mine} for one in wanted])
    data = {"first": wanted[0], "last": wanted[-1], "count": count, "reason": reason}
    audit.record(by=by, did="certificates.run.blanks_returned", on=run, data=data)
    lay(run=run, by=by, now=now)
    return queries.blank_sums(run.id).lacking


def lay(*, run: PrintRun, by: Identity, now: datetime) -> int:
    """Lay pages that may be handed out and have no blank on the free ones, in order; harmless to repeat."""
    queries.lock_run(run.id)
    bare = queries.bare_positions(run.id)
    free = queries.free_blanks(run.id, len(bare)) if bare else []
    pairs = [
        {"run_id": run.id, "serial": sheet.serial, "position": position, "state": SheetState.USED, "by_account_id": by.account_id, "at": now}
        for position, sheet in zip(bare, free, strict=False)
    ]
    _write(update(BlankSheet), pairs)
    return len(pairs)


def lay_more(*, run: PrintRun, by: Identity, now: datetime) -> int:
    """Lay what may be handed out again, because a suspension was lifted, on blanks that are left; returns how many pages. Harmless to repeat."""
    _open(run)
    laid = lay(run=run, by=by, now=now)
    if laid:
        audit.record(by=by, did="certificates.run.blanks_laid", on=run, data={"count": laid})
    return laid


@dataclass(frozen=True, slots=True)
class Spoiled:
    """What became of the page on a blank that was written off: `needs_other` when it has to be printed again, on `after` (None: none is left)."""

    needs_other: bool
    after: BlankSheet | None


def spoil(*, run: PrintRun, serial: str, reason: str, by: Identity, now: datetime) -> Spoiled:
    """Write a blank off (作废); the certificate on it is laid on the next free one, unless it does not stand any more."""
    _open(run)
    sheet = queries.blank(run.id, normalise(serial).upper())
    if sheet is None:
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
    needs_other = moved is not None and moved in queries.bare_positions(run.id)
    if needs_other:
        after = next(iter(queries.free_blanks(run.id, 1)), None)
        if after is not None:
            after.state, after.position, after.by_account_id, after.at = SheetState.USED, moved, by.account_id, now
            session().flush()
    data = {"serial": sheet.serial, "reason": reason, "position": moved, "after": after.serial if after else None}
    audit.record(by=by, did="certificates.run.blank_spoiled", on=run, data=data)
    return Spoiled(needs_other, after)


def settle(*, run: PrintRun, by: Identity, now: datetime) -> Reconciliation:
    """Close the books of a run (核销): what is left over is given back. Refused while a page that may be handed out lies on no blank, and while a
    blank bears what must not be handed out: the register would say that it was."""
    _open(run)
    if run.finished_at is None:
        raise BadBlanks(_("批次还没有画完，不能核销。"))
    sums = queries.blank_sums(run.id)
    if not sums.is_even:
        raise BadBlanks(_("还有 %(n)d 页没有对应的空白证书号：请先领用足够的空白证书。", n=sums.lacking), field="first")
    pulled = [serial for _item, _certificate, serial in queries.to_pull(run.id) if serial]
    if pulled:
        raise BadBlanks(
            _(
                "有 %(n)d 张空白证书上的证书已撤销、暂停或被替代，不能发放：%(serials)s。请抽出并逐一登记作废，再核销；撤销之前已经发出的也登记，原因写“已发放”。",
                n=len(pulled),
                serials=listed([*pulled[:MOST_NAMED], *(["…"] if len(pulled) > MOST_NAMED else [])]),
            )
        )
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
