"""The share of a similarity report: typed by the student, confirmed or corrected by the school's supervisor, who has the report to compare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from enterprises.capstones import queries
from enterprises.capstones.models import Capstone, CapstonePaper
from enterprises.capstones.operations._support import CapstoneRefused, demand, given, stop, tell
from enterprises.capstones.operations.standing import against_supervisor
from enterprises.capstones.types import Action, Stage, SupervisorRole
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _

TOLD_CORRECTED = N_("查重比例已由校内导师更正：%(before)s%% → %(after)s%%。%(reason)s")


def check_similarity(*, paper: CapstonePaper, share_x10: int, reason: str = "", by: Identity, now: datetime) -> CapstonePaper:
    """Say what a similarity report found, in tenths of a per cent: as the student typed it, or corrected with a reason that the student is told.

    What was typed stays beside it. The share decides on review, defence and publication; a repeat changes nothing, and until the result is
    published a slip is corrected in the same way. Raises WrongPerson, WrongState, CapstoneRefused.
    """
    capstone = session().get_one(Capstone, paper.capstone_id)
    demand(capstone, Action.CHECK_REPORT, by)
    stop(against_supervisor(capstone, SupervisorRole.SCHOOL))
    session().refresh(paper)  # `demand` holds the capstone: what another window said meanwhile is seen only now
    if paper.stage is not Stage.SIMILARITY or paper.similarity_x10 is None:
        raise CapstoneRefused(_("只有查重报告有相似比例。"), field="similarity")
    if not 0 <= share_x10 <= 1000:
        raise CapstoneRefused(_("相似比例须在 0 至 100 之间。"), field="similarity")
    before = paper.similarity_x10
    if share_x10 == before and paper.similarity_checked_at is not None:
        return paper
    said: dict[str, Any] = {"paper": paper.id, "share_x10": share_x10}
    if share_x10 != before:
        paper.similarity_reason = given(reason, _("请写明更正的理由，学生会看到。"), field="reason")
        paper.similarity_typed_x10 = before if paper.similarity_typed_x10 is None else paper.similarity_typed_x10
        paper.similarity_x10 = share_x10
        said |= {"before_x10": before, "reason": paper.similarity_reason}
    paper.similarity_checked_by_id, paper.similarity_checked_at = by.account_id, now
    session().flush()
    did = "capstones.paper.corrected" if share_x10 != before else "capstones.paper.confirmed"
    audit.record(by=by, did=did, on=capstone, data=said)
    if share_x10 != before:
        tell(
            person_ids=[queries.person_of_student(capstone)],
            kind="capstones.similarity",
            message=TOLD_CORRECTED,
            values={"before": f"{before / 10:.1f}", "after": f"{share_x10 / 10:.1f}", "reason": paper.similarity_reason},
            url=f"/capstones/{capstone.id}#papers",
            unique_key=f"capstones.similarity_corrected:{paper.id}:{now.isoformat()}",
            now=now,
        )
    return paper
