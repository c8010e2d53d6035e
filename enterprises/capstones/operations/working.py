"""The work on a capstone: papers handed in, commented, returned, stages passed, the thesis submitted."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from enterprises.capstones import queries
from enterprises.capstones.impartiality import Office
from enterprises.capstones.labels import STAGES
from enterprises.capstones.models import Capstone, CapstonePaper, PaperComment, Review
from enterprises.capstones.operations._support import CapstoneRefused, days_of, demand, demand_room, demand_window, given, stop, tell, within
from enterprises.capstones.operations.anonymising import ask_for_anonymous
from enterprises.capstones.operations.standing import against_signing, against_stage, against_thesis
from enterprises.capstones.queries.impartiality import bar_of
from enterprises.capstones.queries.judging import outdated_reports
from enterprises.capstones.types import Action, CapstoneState, Stage, SupervisorRole, WindowStage
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.notifications import operations as notifications
from trainhub.people import queries as people
from trainhub.people.models import Student

TOLD_HANDED_IN = N_("%(name)s 提交了%(stage)s，请查看并给出意见")
TOLD_SUBMITTED = N_("学生已提交论文，请评分：%(title)s")
TOLD_NEW_VERSION = N_("你评阅的毕业设计论文有了新稿，请在 %(day)s 前评阅新稿")
TOLD_REPORT = N_("此前的查重报告是上一稿的：请提交新稿的查重报告，之后才能送审、答辩")
TOLD_COMMENT = N_("%(name)s 对你的%(stage)s写了意见")
TOLD_PASSED = N_("你的%(stage)s已由校内导师通过")
TOLD_RETURNED = N_("%(stage)s被退回修改：%(reason)s")
TOLD_TASK = N_("任务书已下达：%(title)s")
READ_AGAIN_DAYS = 7
READ_BY_SUPERVISORS = (Stage.OPENING, Stage.MIDTERM, Stage.DRAFT)
"""What a student hands in for both supervisors to read; of a thesis they are told to grade it (`submit_thesis`)."""


def _student_person(capstone: Capstone) -> int:
    return session().get_one(Student, capstone.student_id).person_id


# -- papers -------------------------------------------------------------------------------------------------------------


def hand_in(
    *, capstone: Capstone, stage: Stage, file_id: int, note: str = "", similarity_x10: int | None = None, by: Identity, now: datetime
) -> CapstonePaper:
    """Hand in a version of a paper; earlier versions stay. The task book is the supervisors', everything else the student's.

    A similarity report names its share in tenths of a per cent. Raises WrongPerson, WrongState (stage or window),
    CapstoneRefused (no share, or the papers of the capstone grow beyond own.capstone.attachments_mb_max).
    """
    actors = demand(capstone, Action.ISSUE_TASK if stage is Stage.TASK_BOOK else Action.HAND_IN, by)
    if stage is Stage.TASK_BOOK:
        for role in SupervisorRole:
            stop(against_signing(capstone, role, now) if role.value in actors else None)
    demand_window(capstone, WindowStage(stage.value), now)
    if stage is Stage.SIMILARITY and similarity_x10 is None:
        raise CapstoneRefused(_("请填写查重报告中的总相似比例。"), field="similarity")
    demand_room(capstone, file_id, now)
    row = CapstonePaper(
        capstone_id=capstone.id,
        stage=stage,
        file_id=file_id,
        note=within(note, field="note"),
        handed_in_by_id=by.account_id,
        handed_in_at=now,
        similarity_x10=similarity_x10 if stage is Stage.SIMILARITY else None,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.paper.handed_in", on=capstone, data={"stage": stage, "file": file_id, "similarity_x10": row.similarity_x10})
    if stage in READ_BY_SUPERVISORS:
        tell(
            person_ids=[s.person_id for s, _name in queries.supervisions_of(capstone.id) if s.until is None],
            kind="capstones.paper",
            message=TOLD_HANDED_IN,
            values={"name": by.name, "stage": notifications.word(STAGES[stage])},
            url=f"/capstones/{capstone.id}#papers",
            now=now,
        )
    if stage is Stage.TASK_BOOK:
        tell(
            person_ids=[_student_person(capstone)],
            kind="capstones.task_book",
            message=TOLD_TASK,
            values={"title": queries.title_of(capstone)},
            url=f"/capstones/{capstone.id}#papers",
            now=now,
        )
    return row


def comment(*, paper: CapstonePaper, text: str, by: Identity, now: datetime) -> PaperComment:
    """Write on one version of a paper. Raises WrongPerson, WrongState, CapstoneRefused without words."""
    capstone = session().get_one(Capstone, paper.capstone_id)
    demand(capstone, Action.COMMENT, by)
    assert by.person_id is not None
    row = PaperComment(paper_id=paper.id, person_id=by.person_id, text=given(text, _("请写明意见。"), field="text", most=4000), at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="capstones.paper.commented", on=capstone, data={"paper": paper.id, "comment": row.id})
    student = _student_person(capstone)
    others = (
        {s.person_id for s, _name in queries.supervisions_of(capstone.id) if s.until is None}
        if people.is_same_human(by.person_id, student)
        else {student}
    )
    tell(
        person_ids=others,
        kind="capstones.comment",
        message=TOLD_COMMENT,
        values={"name": by.name, "stage": notifications.word(STAGES[paper.stage])},
        url=f"/capstones/{capstone.id}#papers",
        now=now,
    )
    return row


def return_paper(*, paper: CapstonePaper, reason: str, by: Identity, now: datetime) -> CapstonePaper:
    """The school supervisor gives an opening or midterm report back with a reason; a new version is needed. A repeat changes nothing."""
    capstone = session().get_one(Capstone, paper.capstone_id)
    demand(capstone, Action.RETURN, by)
    if paper.returned_at is not None:
        return paper
    stop(against_signing(capstone, SupervisorRole.SCHOOL, now))
    if paper.stage not in (Stage.OPENING, Stage.MIDTERM):
        raise CapstoneRefused(_("只有开题报告和中期报告可以退回；对其他材料请写意见。"))
    paper.return_reason, paper.returned_at = given(reason, _("请写明退回的理由，学生会看到。"), field="reason"), now
    session().flush()
    audit.record(by=by, did="capstones.paper.returned", on=capstone, data={"paper": paper.id, "stage": paper.stage, "reason": paper.return_reason})
    tell(
        person_ids=[_student_person(capstone)],
        kind="capstones.returned",
        message=TOLD_RETURNED,
        values={"stage": notifications.word(STAGES[paper.stage]), "reason": paper.return_reason},
        url=f"/capstones/{capstone.id}#papers",
        unique_key=f"capstones.returned:{paper.id}",
        now=now,
    )
    return paper


def pass_stage(*, capstone: Capstone, stage: Stage, by: Identity, now: datetime, version: int | None = None) -> Capstone:
    """The school supervisor passes the opening or the midterm report. Raises WrongPerson, WrongState, CapstoneRefused (no report)."""
    check_version(capstone, version)
    after = {Stage.OPENING: CapstoneState.OPENED, Stage.MIDTERM: CapstoneState.MIDTERM}.get(stage)
    if after is None:
        raise CapstoneRefused(_("只有开题和中期需要导师通过。"), field="stage")
    if capstone.state is after and queries.is_supervisor(capstone.id, SupervisorRole.SCHOOL, by.person_id):
        return capstone
    demand(capstone, Action.OPEN if stage is Stage.OPENING else Action.PASS_MIDTERM, by)
    stop(against_stage(capstone, stage, now))
    capstone.state = after
    session().flush()
    audit.record(by=by, did="capstones.stage.passed", on=capstone, data={"stage": stage})
    tell(
        person_ids=[_student_person(capstone)],
        kind="capstones.stage",
        message=TOLD_PASSED,
        values={"stage": notifications.word(STAGES[stage])},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.passed:{capstone.id}:{stage}",
        now=now,
    )
    return capstone


def _ask_again(capstone: Capstone, sent_back: list[Review], by: Identity, now: datetime) -> None:
    """Who sent the thesis back reads the new version, and so does everybody who judged the one before; who is still reading is told."""
    known = [row for row, _name in queries.reviews_of(capstone.id) if row.cancelled_at is None]
    told = {row.person_id: row.due_on for row in known if row.signed_at is None}
    for before in (*sent_back, *(row for row in known if sent_back and row.signed_at is not None)):
        before.cancelled_at = before.cancelled_at or now
        session().flush()
        if before.person_id in told or bar_of(capstone, before.person_id, Office.REVIEW) is not None:
            continue
        told[before.person_id] = due = _due(capstone, before.due_on, local(now).date())
        session().add(
            Review(capstone_id=capstone.id, person_id=before.person_id, kind=before.kind, due_on=due, asked_by_id=by.account_id, asked_at=now)
        )
    session().flush()
    for person_id, day in told.items():
        tell(
            person_ids=[person_id],
            kind="capstones.review",
            message=TOLD_NEW_VERSION,
            values={"day": day.isoformat()},
            url="/capstones/tasks",
            unique_key=f"capstones.review_again:{capstone.id}:{capstone.thesis_file_id}:{person_id}",
            now=now,
        )


def _due(capstone: Capstone, before: date, today: date) -> date:
    """Until when a new version is read: a week from now at least, but inside the window of reviews while it lasts: after it nobody signs."""
    wanted, days = max(before, today + timedelta(days=READ_AGAIN_DAYS)), days_of(capstone, WindowStage.REVIEW)
    return wanted if days is None else max(today, min(wanted, days[1]))


def submit_thesis(*, capstone: Capstone, file_id: int, note: str = "", by: Identity, now: datetime) -> Capstone:
    """The student submits the thesis; a new version may follow until the first grade or the first review that is signed, and when a reviewer, the
    programme or a panel has sent it back; whoever has reviewed the version before reads the new one.

    Raises WrongPerson, WrongState, CapstoneRefused.
    """
    demand(capstone, Action.SUBMIT, by)
    sent_back = queries.revised_reviews(capstone)
    stop(against_thesis(capstone))
    hand_in(capstone=capstone, stage=Stage.THESIS, file_id=file_id, note=note, by=by, now=now)
    capstone.state, capstone.thesis_file_id, capstone.submitted_at = CapstoneState.SUBMITTED, file_id, now
    session().flush()
    audit.record(by=by, did="capstones.thesis.submitted", on=capstone, data={"file": file_id})
    _ask_again(capstone, sent_back, by, now)
    ask_for_anonymous(capstone, now)
    if capstone.id in outdated_reports([capstone.id]):
        tell(
            person_ids=[_student_person(capstone)],
            kind="capstones.similarity",
            message=TOLD_REPORT,
            values={},
            url=f"/capstones/{capstone.id}#papers",
            unique_key=f"capstones.similarity:{capstone.id}:{file_id}",
            now=now,
        )
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
