"""What stands against an act that the state machine allows: asked by the act itself, and by the page before it offers the act."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from enterprises.capstones import queries
from enterprises.capstones.impartiality import Office
from enterprises.capstones.machine import Actor
from enterprises.capstones.models import Capstone, MentorLink
from enterprises.capstones.operations._support import CapstoneRefused, against_state, against_window, heads_of
from enterprises.capstones.operations.impartial import against_house, against_office
from enterprises.capstones.queries import guiding
from enterprises.capstones.queries.anonymous import thesis_paper
from enterprises.capstones.queries.impartiality import exceptions_of
from enterprises.capstones.queries.judging import lowered_reports, outdated_reports
from enterprises.capstones.types import Action, LinkPurpose, ReasonKind, Result, Stage, SupervisorRole, Verdict, WindowStage
from trainhub.identity import queries as identity
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.people.models import Person, Student
from trainhub.policy.book import book


def is_settled(capstone: Capstone) -> bool:
    """Whether a moderation of the result has its conclusion."""
    return any(row.kind is ReasonKind.MODERATION and row.decided_at is not None for row in queries.reconsiderations_of(capstone.id))


def against_scoring(capstone: Capstone) -> CapstoneRefused | None:
    """A result that was looked at again takes no other score: the conclusion with its reason would silently be lost."""
    if not is_settled(capstone):
        return None
    return CapstoneRefused(_("总评已经复核并有结论，评分不能再改动。如确有差错，请专业负责人再次复核并写明理由。"), code="settled")


def against_grade(capstone: Capstone, role: SupervisorRole, now: datetime) -> Refused | None:
    """Why the supervisor of a side cannot sign today, or correct what is signed."""
    is_signed = role in queries.grades_of(capstone.id)
    return (
        against_state(capstone, Action.CORRECT if is_signed else Action.GRADE)
        or (against_scoring(capstone) if is_signed else against_revision(capstone))
        or against_window(capstone, WindowStage.GRADING, now)
        or against_term(capstone, role, now)
        or against_supervisor(capstone, role)
    )


def against_own_correction(capstone: Capstone, by: Identity) -> CapstoneRefused | None:
    """Why a head who supervises corrects the own grade no more: once both sides have signed, a head reads the other one, and 8.4 asks for two
    grades that were given independently. Another head looks at the result again (a moderation)."""
    if not set(SupervisorRole) <= set(queries.grades_of(capstone.id)):
        return None
    heads = heads_of(session().get_one(Student, capstone.student_id))
    if Actor.ADMIN in queries.actors_of(capstone, by, among=(Actor.ADMIN,)) or any(identity.is_same_holder(by.account_id, one) for one in heads):
        return CapstoneRefused(
            _("你作为负责人已能看到另一方的评分，不能再更正自己的评分（8.4 双方独立评分）。如确有差错，请另一位负责人复核。"), code="has_read"
        )
    return None


def against_revision(capstone: Capstone) -> CapstoneRefused | None:
    """Why nobody grades yet: a reviewer or the programme has sent the thesis back, and the version to be graded is not there. (After a defence that asks
    for changes the signatures stand, and may be given: a panel looks at the changes.)"""
    if not queries.revised_reviews(capstone):
        return None
    return CapstoneRefused(_("论文已退回修改，新稿还没有提交：请等新稿再评分。"), code="sent_back")


def against_stage(capstone: Capstone, stage: Stage, now: datetime) -> CapstoneRefused | None:
    """Why a report cannot be passed: it is not there, the last one was sent back, or who would pass it has left."""
    latest = next((paper for paper, _file in queries.papers_of(capstone.id) if paper.stage is stage), None)
    if latest is None:
        return CapstoneRefused(_("学生还没有提交这一阶段的报告。"), field="stage")
    if latest.returned_at is not None:
        return CapstoneRefused(_("最近一次报告已退回修改，请等学生重新提交。"), field="stage")
    return against_signing(capstone, SupervisorRole.SCHOOL, now)


def against_signing(capstone: Capstone, role: SupervisorRole, now: datetime) -> CapstoneRefused | None:
    """Why the supervisor of a side issues, returns and passes nothing today: barred by now, or gone."""
    return against_supervisor(capstone, role) or against_leaving(capstone, role, local(now).date())


def against_supervisor(capstone: Capstone, role: SupervisorRole) -> CapstoneRefused | None:
    """Why the supervisor of a side signs nothing any more: something bars the person by now, although nothing did when the office was given."""
    held = queries.live_supervision(capstone.id, role)
    return against_office(capstone, session().get_one(Person, held.person_id), Office(role.value), field=None) if held is not None else None


def against_term(capstone: Capstone, role: SupervisorRole, now: datetime) -> CapstoneRefused | None:
    """Why the supervisor of a side signs no grade: the person has left the university or the enterprise, or is of the
    other house by now (8.3, 8.4 ask for one of each)."""
    held = queries.live_supervision(capstone.id, role)
    if held is None:
        return None
    person, today = session().get_one(Person, held.person_id), local(now).date()
    if guiding.is_in_office(capstone, role, held.person_id, today):
        return against_house(capstone, person, Office(role.value), today)
    return against_leaving(capstone, role, today)


def against_leaving(capstone: Capstone, role: SupervisorRole, on: date) -> CapstoneRefused | None:
    """Why the supervisor of a side does nothing for it on a day: the person has left the university or the enterprise (8.3)."""
    held = queries.live_supervision(capstone.id, role)
    if held is None or guiding.is_in_office(capstone, role, held.person_id, on):
        return None
    name = session().get_one(Person, held.person_id).name
    return CapstoneRefused(
        _("%(name)s 已不在任（离开了学校或企业，或任期已满），不能再办理：请专业负责人另行指派导师。", name=name), code="not_in_office"
    )


def against_paper(capstone: Capstone, stage: Stage, now: datetime, roles: Collection[SupervisorRole] = ()) -> Refused | None:
    """Why a paper of a stage cannot be handed in today; the task book by whoever supervises on the sides `roles`."""
    action = {Stage.TASK_BOOK: Action.ISSUE_TASK, Stage.THESIS: Action.SUBMIT}.get(stage, Action.HAND_IN)
    return (
        against_state(capstone, action)
        or (against_thesis(capstone) if stage is Stage.THESIS else None)
        or against_window(capstone, WindowStage(stage.value), now)
        or (next((no for role in roles if (no := against_signing(capstone, role, now)) is not None), None) if stage is Stage.TASK_BOOK else None)
    )


def against_thesis(capstone: Capstone) -> CapstoneRefused | None:
    """A thesis that somebody has graded, reviewed or heard is not exchanged, unless a reviewer, the programme or a panel has sent it back."""
    if queries.revised_reviews(capstone) or queries.is_sent_back_by_panel(capstone):
        return None
    if any(row.signed_at is not None and row.cancelled_at is None for row, _name in queries.reviews_of(capstone.id)):
        return CapstoneRefused(
            _("论文已有评阅意见，评阅的就是这一稿，不能再更换。评阅人或专业负责人退回修改后才能重新提交。"), field="file", code="frozen"
        )
    if any(slot.verdict in (Verdict.PASS, Verdict.FAIL) for slot, _group in queries.slots_of(capstone.id)):
        return CapstoneRefused(_("论文已经答辩并有结论，不能再更换。"), field="file", code="frozen")
    if queries.grades_of(capstone.id):
        return CapstoneRefused(_("已有一方评分，不能再更换论文。如确需更换，请联系专业负责人。"), field="file")
    return None


def against_defence(capstone: Capstone) -> CapstoneRefused | None:
    """Why no defence is recorded although there is a place: a review that was signed since does not let the thesis pass."""
    if not queries.is_failed_in_review(capstone):
        return None
    return CapstoneRefused(_("论文评阅不通过，还不能答辩：请专业负责人先决定退回修改、另请评阅人，或按不合格办理。"), code="failed_in_review")


def against_finish(capstone: Capstone, result: Result | None, today: date) -> CapstoneRefused | None:
    """Why the result cannot be published yet: the sides lie too far apart, who stands near the student has signed something, the similarity report lies above the limit, or judges said no to what the grades pass.

    `result` is None where a part was never judged, since the thesis ended in its review: only who has signed is asked then.
    """
    near = [one.name for one in exceptions_of([capstone]).get(capstone.id, ()) if one.is_signed]
    if near:
        why = _("%(names)s 与该学生有利益关系，已签名的评分须先复核并写明结论，再公布成绩。", names=listed(dict.fromkeys(near)))
        return CapstoneRefused(why, field="note", code="partial")
    if result is None or is_settled(capstone):
        return None
    third = queries.third_of(capstone.id)
    if result.is_far_apart and (third is None or third.signed_at is None):
        return CapstoneRefused(
            _(
                "双方评分相差 %(apart)s 分，超过规定：请指定一位第三方评分人，或先复核并写明结论，再公布成绩。",
                apart=f"{result.difference_x10 / 10:.1f}",
            ),
            field="note",
            code="far_apart",
        )
    if result.is_passed and is_too_similar(capstone, today):
        why = _("最近一次查重比例超过规定，而总评合格：请先复核并写明结论，再公布成绩。")
        return CapstoneRefused(why, field="note", code="too_similar")
    if result.is_passed and capstone.id in outdated_reports([capstone.id]):
        why = _("最近一次查重是上一稿的，而总评合格：请先复核并写明结论，再公布成绩。")
        return CapstoneRefused(why, field="note", code="report_outdated")
    if result.is_passed and queries.is_failed_by_judges(capstone):
        return CapstoneRefused(_("评阅或答辩的结论是“不通过”，而总评合格：请先复核并写明结论，再公布成绩。"), field="note", code="failed_by_judges")
    return None


def against_lifting(capstone: Capstone, by: Identity, today: date) -> CapstoneRefused | None:
    """Why somebody does not publish: a correction of one's own brought the share of similarity below the limit, and nobody else has looked at it."""
    report = lowered_reports([capstone.id], most_similar(today)).get(capstone.id)
    if report is None or is_settled(capstone) or not identity.is_same_holder(by.account_id, report.similarity_checked_by_id):
        return None
    why = _("查重比例由你从超过上限更正为不超过上限，须由他人核实：请本专业的其他负责人或学校教务管理员公布成绩，或由他人先复核。")
    return CapstoneRefused(why, field="note", code="own_correction")


def most_similar(today: date) -> int:
    """The limit of similarity in per cent; exactly the limit is not above it."""
    return book().at("own.capstone.similarity_over_percent", on=today).number


def is_too_similar(capstone: Capstone, today: date) -> bool:
    """Whether the latest similarity report of a capstone lies above the limit."""
    found = queries.latest_similarity(capstone.id)
    return found is not None and found > most_similar(today) * 10


def _appeals_end(capstone: Capstone, today: date) -> date:
    assert capstone.finished_on is not None
    return capstone.finished_on + timedelta(days=book().at("own.capstone.appeal_days", on=today).number)


def against_appeal(capstone: Capstone, today: date) -> CapstoneRefused | None:
    """Why a published result cannot be appealed any more (the decided appeal aside): own.capstone.appeal_days are over."""
    last = _appeals_end(capstone, today)
    if today <= last:
        return None
    days = book().at("own.capstone.appeal_days", on=today).number
    return CapstoneRefused(_("申诉须在成绩公布后 %(days)d 天内提出，已于 %(last)s 截止。", days=days, last=last.isoformat()), code="too_late")


def against_own_decision(capstone: Capstone, by: Identity) -> CapstoneRefused | None:
    """Why somebody does not decide the appeal: what is appealed is the own conclusion, of a moderation or of a thesis that ended as failed."""
    settled = [row.decided_by_id for row in queries.reconsiderations_of(capstone.id) if row.kind is ReasonKind.MODERATION]
    if not any(identity.is_same_holder(by.account_id, one) for one in settled):
        return None
    return CapstoneRefused(
        _("这一成绩的复核结论是你作出的，不能由你决定它的申诉。请本专业的其他负责人办理；没有其他负责人时由学校教务管理员办理。"),
        field="note",
        code="own_decision",
    )


def against_another_topic(capstone: Capstone) -> CapstoneRefused | None:
    """Why the topic is not changed any more: a thesis was handed in. Sent back it is revised; its reviews and its panel read this topic."""
    if thesis_paper(capstone.id) is None:
        return None
    return CapstoneRefused(_("论文已经提交过，不能再改题：退回修改的论文按原选题修改。确需另做选题的，请先终止这项毕业设计。"), code="has_thesis")


def against_archive(capstone: Capstone, today: date) -> CapstoneRefused | None:
    """Why a concluded capstone cannot be closed yet: an appeal is open, or may still be made and the student has not accepted."""
    if queries.open_reconsideration(capstone.id) is not None:
        return CapstoneRefused(_("申诉还没有结论，不能归档。"))
    last = _appeals_end(capstone, today)
    is_heard = any(row.kind is ReasonKind.APPEAL for row in queries.reconsiderations_of(capstone.id))
    if today <= last and not is_heard:
        return CapstoneRefused(_("申诉期到 %(last)s 24 时结束，之后才能归档。", last=last.isoformat()))
    return None


def against_link(link: MentorLink, capstone: Capstone, now: datetime) -> Refused | None:
    """Why the act of a link that works cannot be done today."""
    if link.purpose is LinkPurpose.GRADE:
        return against_grade(capstone, SupervisorRole.ENTERPRISE, now)
    return against_state(capstone, Action.GUIDE) or against_supervisor(capstone, SupervisorRole.ENTERPRISE)


def against_another(capstone: Capstone, role: SupervisorRole) -> Refused | None:
    """Why a side cannot get another supervisor."""
    if role in queries.grades_of(capstone.id):
        return CapstoneRefused(_("这一方已经评分，不能再更换导师。"), field="person_id", code="graded")
    return against_state(capstone, Action.SUPERVISE)
