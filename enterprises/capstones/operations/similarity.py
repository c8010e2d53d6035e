"""The share of a similarity report: typed by the student, confirmed or corrected by the school's supervisor, who has the report to compare."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from enterprises.capstones import queries
from enterprises.capstones.models import Capstone, CapstonePaper
from enterprises.capstones.operations._support import CapstoneRefused, demand, given, heads_of, stop, tell
from enterprises.capstones.operations.standing import against_supervisor, most_similar
from enterprises.capstones.types import Action, Stage, SupervisorRole
from trainhub.identity import queries as identity
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people.models import Person, Student

TOLD_LIFTED = N_("%(name)s 的查重比例由校内导师从 %(before)s%% 更正为 %(after)s%%，不再超过上限，请公布成绩前核实：%(reason)s")
TOLD_CORRECTED = N_("查重比例已由校内导师更正：%(before)s%% → %(after)s%%。%(reason)s")


def check_similarity(*, paper: CapstonePaper, share_x10: int, reason: str = "", by: Identity, now: datetime) -> CapstonePaper:
    """Say what a similarity report found, in tenths of a per cent: as the student typed it, or corrected with a reason that the student is told.

    What was typed stays beside it. Where a correction takes the share from above the limit to not above it, the heads are told, and whoever
    corrected does not publish alone (`standing.against_lifting`). The share decides on review, defence and publication; a repeat changes nothing, and until the result is
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
        why = given(reason, _("请写明更正的理由，学生会看到。"), field="reason")
        typed = before if paper.similarity_typed_x10 is None else paper.similarity_typed_x10
        is_back = typed == share_x10  # nothing is corrected any more; the audit keeps that it was
        paper.similarity_typed_x10, paper.similarity_reason = (None, "") if is_back else (typed, why)
        paper.similarity_x10 = share_x10
        said |= {"before_x10": before, "reason": why}
    paper.similarity_checked_by_id, paper.similarity_checked_at = by.account_id, now
    session().flush()
    did = "capstones.paper.corrected" if share_x10 != before else "capstones.paper.confirmed"
    audit.record(by=by, did=did, on=capstone, data=said)
    if share_x10 != before:
        tell(
            person_ids=[queries.person_of_student(capstone)],
            kind="capstones.similarity",
            message=TOLD_CORRECTED,
            values={"before": f"{before / 10:.1f}", "after": f"{share_x10 / 10:.1f}", "reason": said["reason"]},
            url=f"/capstones/{capstone.id}#papers",
            unique_key=f"capstones.similarity_corrected:{paper.id}:{now.isoformat()}",
            now=now,
        )
        if before > most_similar(local(now).date()) * 10 >= share_x10:
            _tell_lifted(capstone, paper, before, said["reason"], by, now)
    return paper


def _tell_lifted(capstone: Capstone, paper: CapstonePaper, before: int, reason: str, by: Identity, now: datetime) -> None:
    """Tell the heads, who publish the result, that the limit of similarity bars nothing any more by the word of one supervisor."""
    student = session().get_one(Student, capstone.student_id)
    heads = [one for one in heads_of(student) if not identity.is_same_holder(by.account_id, one)]
    if heads:
        name = session().get_one(Person, student.person_id).name
        notifications.notify(
            account_ids=heads,
            kind="capstones.similarity",
            message=TOLD_LIFTED,
            values={"name": name, "before": f"{before / 10:.1f}", "after": f"{(paper.similarity_x10 or 0) / 10:.1f}", "reason": reason},
            url=f"/capstones/{capstone.id}#papers",
            unique_key=f"capstones.similarity_lifted:{paper.id}:{now.isoformat()}",
            now=now,
        )
