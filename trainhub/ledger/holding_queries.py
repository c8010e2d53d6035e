"""Who writes records, and who keeps the figures of a moment: one comes after the other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from trainhub.kernel.db import hold, hold_now, session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.ledger.models import RecordCancellation, TrainingRecord

RECORDS = "ledger.records"
WAITS_SECONDS = 8.0
"""How long whoever keeps the figures of a moment asks for it: portions of rosters and pages take less, a whole file in one transaction may take minutes."""


class RecordsBusy(Refused):
    """Others are writing records for longer than a page waits."""

    code = "records_busy"
    status = 409


def hold_while_recording() -> None:
    """Records are about to be written: whoever keeps the figures of a moment waits until they are there, or is waited for."""
    hold(RECORDS, is_shared=True)


def hold_records() -> datetime | None:
    """Nothing is recorded or cancelled until this transaction ends; when the latest of what is there was written.

    Who queues for it would let nobody begin to record: it is asked for instead, and after `WAITS_SECONDS` refused (RecordsBusy)."""
    if not hold_now(RECORDS, seconds=WAITS_SECONDS):
        raise RecordsBusy(_("正在导入名册或固定另一份数字，现在的数字还在变动，没有封存、没有固定。请稍后再试。"))
    moments = (select(func.max(TrainingRecord.recorded_at)), select(func.max(RecordCancellation.at)))
    return max((moment for one in moments if (moment := session().scalar(one)) is not None), default=None)
