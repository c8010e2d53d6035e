"""The work on a capstone: guidance logged and confirmed, papers handed in, stages passed, the thesis submitted."""

from __future__ import annotations

from datetime import date, datetime

from enterprises.capstones import queries
from enterprises.capstones.labels import ROLES
from enterprises.capstones.models import Capstone, CapstonePaper, GuidanceEntry
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, demand_state, given, tell
from enterprises.capstones.types import Action, CapstoneState, Stage, SupervisorRole
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.people.models import Student

TOLD_CONFIRM = N_("请确认 %(day)s 的毕业设计指导记录（%(role)s）")
TOLD_SUBMITTED = N_("学生已提交论文，请评分：%(title)s")


def _student_person(capstone: Capstone) -> int:
    return session().get_one(Student, capstone.student_id).person_id


def log_guidance(*, capstone: Capstone, role: SupervisorRole, on: date, content: str, by: Identity, today: date, now: datetime) -> GuidanceEntry:
    """Log one guidance of one side; the supervisor or the student writes it, the other confirms it.

    One guidance a side and day: the same day again is refused. Raises WrongPerson, WrongState, CapstoneRefused (a day in the
    future or outside the capstone, no supervisor, no content).
    """
    demand_state(capstone, Action.GUIDE)
    supervision = queries.live_supervision(capstone.id, role)
    if supervision is None:
        raise CapstoneRefused(_("还没有%(role)s，不能登记指导。请先由专业负责人指派。", role=ROLES[role]))
    if by.person_id is None or by.person_id not in (supervision.person_id, _student_person(capstone)):
        raise WrongPerson(_("只有学生本人和这一方的导师可以登记指导。"))
    content = given(content, _("请写明指导内容：讨论了什么、下一步做什么。"), field="content", most=4000)
    if on > today:
        raise CapstoneRefused(_("指导日期 %(day)s 还没有到。", day=on.isoformat()), field="on")
    if on < capstone.starts_on:
        raise CapstoneRefused(_("指导日期早于毕业设计的开始日期 %(day)s。", day=capstone.starts_on.isoformat()), field="on")
    if queries.entry_on(capstone.id, role, on) is not None:
        raise CapstoneRefused(
            _("%(day)s 已登记过%(role)s的指导，一天只记一次。请换日期，或查看已有记录。", day=on.isoformat(), role=ROLES[role]), field="on"
        )
    row = GuidanceEntry(
        capstone_id=capstone.id,
        person_id=supervision.person_id,
        role=role,
        on=on,
        content=content,
        logged_by_person_id=by.person_id,
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.guidance.logged", on=capstone, data={"entry": row.id, "role": role, "on": on})
    tell(
        person_ids=[_confirmer(row, capstone)],
        kind="capstones.guidance",
        message=TOLD_CONFIRM,
        values={"day": on.isoformat(), "role": str(ROLES[role])},
        url=f"/capstones/{capstone.id}#guidance",
        unique_key=f"capstones.guidance:{row.id}",
        now=now,
    )
    return row


def _confirmer(entry: GuidanceEntry, capstone: Capstone) -> int:
    """Who did not write it: the student for what the supervisor wrote, and the other way round."""
    student = _student_person(capstone)
    return entry.person_id if entry.logged_by_person_id == student else student


def confirm_guidance(*, entry: GuidanceEntry, by: Identity, now: datetime) -> GuidanceEntry:
    """Confirm what the other party logged; only then it counts for 8.3. A repeat changes nothing. Raises WrongPerson."""
    capstone = session().get_one(Capstone, entry.capstone_id)
    if by.person_id is None or by.person_id != _confirmer(entry, capstone):
        raise WrongPerson(_("指导记录须由另一方确认：导师登记的由学生确认，学生登记的由导师确认。"))
    if entry.confirmed_at is not None:
        return entry
    entry.confirmed_at, entry.confirmed_by_id = now, by.account_id
    session().flush()
    audit.record(by=by, did="capstones.guidance.confirmed", on=capstone, data={"entry": entry.id, "role": entry.role, "on": entry.on})
    return entry


def hand_in(*, capstone: Capstone, stage: Stage, file_id: int, note: str = "", by: Identity, now: datetime) -> CapstonePaper:
    """Hand in a version of a paper; earlier versions stay. The task book is the supervisors', everything else the student's."""
    demand_state(capstone, Action.HAND_IN)
    is_student = by.person_id is not None and by.person_id == _student_person(capstone)
    if stage is Stage.TASK_BOOK:
        if not any(queries.is_supervisor(capstone.id, role, by.person_id) for role in SupervisorRole):
            raise WrongPerson(_("任务书由导师下达。"))
    elif not is_student:
        raise WrongPerson(_("只有学生本人可以提交自己的材料。"))
    row = CapstonePaper(
        capstone_id=capstone.id, stage=stage, file_id=file_id, note=note.strip()[:400], handed_in_by_id=by.account_id, handed_in_at=now
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.paper.handed_in", on=capstone, data={"stage": stage, "file": file_id})
    return row


def pass_stage(*, capstone: Capstone, stage: Stage, by: Identity, now: datetime, version: int | None = None) -> Capstone:
    """The school supervisor passes the opening or the midterm report. Raises WrongPerson, WrongState, CapstoneRefused (no report)."""
    check_version(capstone, version)
    after = {Stage.OPENING: CapstoneState.OPENED, Stage.MIDTERM: CapstoneState.MIDTERM}.get(stage)
    if after is None:
        raise CapstoneRefused(_("只有开题和中期需要导师通过。"), field="stage")
    if not queries.is_supervisor(capstone.id, SupervisorRole.SCHOOL, by.person_id):
        raise WrongPerson(_("开题和中期由校内导师通过。"))
    if capstone.state is after:
        return capstone
    demand_state(capstone, Action.OPEN if stage is Stage.OPENING else Action.PASS_MIDTERM)
    if not any(paper.stage is stage for paper, _file in queries.papers_of(capstone.id)):
        raise CapstoneRefused(_("学生还没有提交这一阶段的报告。"), field="stage")
    capstone.state = after
    session().flush()
    audit.record(by=by, did="capstones.stage.passed", on=capstone, data={"stage": stage})
    return capstone


def submit_thesis(*, capstone: Capstone, file_id: int, note: str = "", by: Identity, now: datetime) -> Capstone:
    """The student submits the thesis; a new version may follow until the first grade. Raises WrongPerson, WrongState."""
    demand_state(capstone, Action.SUBMIT)
    if by.person_id is None or by.person_id != _student_person(capstone):
        raise WrongPerson(_("只有学生本人可以提交论文。"))
    if queries.grades_of(capstone.id):
        raise CapstoneRefused(_("已有一方评分，不能再更换论文。如确需更换，请联系专业负责人。"), field="file")
    hand_in(capstone=capstone, stage=Stage.THESIS, file_id=file_id, note=note, by=by, now=now)
    capstone.state, capstone.thesis_file_id, capstone.submitted_at = CapstoneState.SUBMITTED, file_id, now
    session().flush()
    audit.record(by=by, did="capstones.thesis.submitted", on=capstone, data={"file": file_id})
    tell(
        person_ids=[row.person_id for row, _name in queries.supervisions_of(capstone.id) if row.until is None],
        kind="capstones.submitted",
        message=TOLD_SUBMITTED,
        values={"title": queries.title_of(capstone)},
        url=f"/capstones/{capstone.id}/grade",
        unique_key=f"capstones.submitted:{capstone.id}:{file_id}",
        now=now,
    )
    return capstone
