"""The page of one capstone: what is shown to whom, and which forms are open now."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import render_template, request, url_for

from enterprises.capstones import forms, labels, operations, queries, scheduling
from enterprises.capstones.impartiality import Office
from enterprises.capstones.machine import Actor, Answer, permits
from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.queries import archive, guiding
from enterprises.capstones.queries.anonymous import thesis_paper
from enterprises.capstones.queries.checking import is_problem
from enterprises.capstones.queries.impartiality import exceptions_of
from enterprises.capstones.queries.judging import lowered_reports, outdated_reports
from enterprises.capstones.queries.supervising import replacements_of
from enterprises.capstones.rules import lacking
from enterprises.capstones.types import CONCLUDED, LIVE, Action, CapstoneState, ReasonKind, Result, ReviewKind, Stage, SupervisorRole, WindowStage
from enterprises.capstones.views._support import desk_of, load, sees_reasons, shown
from enterprises.permissions import Can
from trainhub.certificates.operations import why_it_waits
from trainhub.identity import queries as identity
from trainhub.kernel import clock
from trainhub.kernel.access import may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.policy.book import book
from trainhub.policy.findings import Finding
from trainhub.programmes import queries as programmes

STEPS = (CapstoneState.ASSIGNED, CapstoneState.OPENED, CapstoneState.MIDTERM, CapstoneState.SUBMITTED, CapstoneState.GRADED, CapstoneState.PASSED)

PASSED_BY = {Stage.OPENING: Action.OPEN, Stage.MIDTERM: Action.PASS_MIDTERM}


def roles_of(row: Capstone) -> list[SupervisorRole]:
    """On which sides the reader supervises."""
    return [role for role in SupervisorRole if queries.is_supervisor(row.id, role, who().person_id)]


def guidance_form(row: Capstone, is_student: bool, roles: list[SupervisorRole]) -> forms.GuidanceForm:
    """The form of a guidance with the sides the reader may write for: the own ones, or for the student those that have a supervisor."""
    form = forms.GuidanceForm()
    sides = [role for role in SupervisorRole if queries.live_supervision(row.id, role) is not None] if is_student else roles
    form.role.choices = [(r.value, labels.ROLES[r]) for r in sides]
    if form.on.data is None:
        form.on.data = min(clock.today(), row.ends_on)  # no day after the capstone's end is taken
    return form


def refused_on(capstone_id: int) -> Callable[[Refused], Any]:
    """What answers an act that was refused: the page of the capstone, with the reason and what was typed."""
    return lambda refused: page(load(capstone_id), status=refused.status, problem=refused.message)


def page(
    row: Capstone,
    guidance: forms.GuidanceForm | None = None,
    paper: forms.PaperForm | None = None,
    extension: forms.ExtensionForm | None = None,
    arranged: forms.ArrangeForm | None = None,
    nameless: forms.AnonymousForm | None = None,
    status: int = 200,
    problem: str = "",
) -> Any:
    """The page; `guidance`, `paper`, `extension`, `arranged` and `nameless` are forms that were refused, `problem` why something else was."""
    student = session().get_one(Student, row.student_id)
    roles, is_student = roles_of(row), student.person_id == who().person_id
    subject = queries.subject_of(row)
    actors = queries.actors_of(row, who())
    can = {action.value: row.archived_at is None and permits(action, row.state, actors) is Answer.YES for action in Action}
    has_left = row.state in LIVE and operations.has_left(row)
    if has_left:
        can = {key: value and key == Action.WITHDRAW for key, value in can.items()}
    if operations.against_another_topic(row) is not None:
        can.update(change_topic=False)
    if operations.against_withdrawal(row) is not None:
        can.update(withdraw=False)
    manages = Actor.ADMIN in actors
    is_party = manages and who().person_id in queries.barred_from(row, Office.DECISION)
    has_settled = manages and operations.against_own_decision(row, who()) is not None
    is_appealed = can[Action.DECIDE_APPEAL] and queries.open_reconsideration(row.id) is not None
    asks_others = is_party and can[Action.ASK_THIRD] and operations.against_scoring(row) is None  # who gives a third grade is for others to say
    judges_own = (is_party and can[Action.SETTLE]) or ((is_party or has_settled) and is_appealed)
    if has_settled:
        can.update(decide_appeal=False)
    if is_party:
        can.update(settle=False, decide_appeal=False, conclude_failed=False, ask_third=False)
    is_public = row.state in CONCLUDED
    guidance, paper = guidance or guidance_form(row, is_student, roles), paper or forms.PaperForm()
    mine = [s for s in Stage if can[Action.ISSUE_TASK if s is Stage.TASK_BOOK else Action.HAND_IN]]
    closed = {s: refused.message for s in mine if (refused := operations.against_paper(row, s, clock.now(), roles)) is not None}
    paper.stage.choices = [(s.value, labels.STAGES[s]) for s in mine if s not in closed]
    enterprise = session().get_one(Organisation, row.enterprise_id)
    made = operations.certificate_of(row) if is_public else None
    found = queries.findings_of([row.id], clock.today())[row.id]
    html = render_template(
        "enterprises/capstones/show.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        student=student,
        person=session().get_one(Person, student.person_id),
        enterprise=enterprise,
        desk=desk_of(enterprise),
        supervisors=queries.supervisions_of(row.id),
        is_problem=(manages or bool(roles)) and is_problem(row.id),
        gone=_gone(row),
        replacements=replacements_of(row.id) if manages else [],
        entries=queries.entries_of(row.id),
        **_confirmable(row, can),
        papers=queries.papers_of(row.id),
        versions=_versions(row),
        used_mb=queries.size_of_files(row.id) / 1024 / 1024,
        most_mb=book().at("own.capstone.attachments_mb_max", on=clock.today()).number,
        nameless=nameless or forms.AnonymousForm(),
        thesis=thesis_paper(row.id),
        is_blind=any(one.kind is ReviewKind.BLIND and one.cancelled_at is None for one, _name in queries.reviews_of(row.id)),
        arranged=arranged or forms.ArrangeForm(formdata=None, obj=row),
        is_sealed=not queries.is_opened_to(row.topic_id, who(), clock.today()),
        attachments=archive.attachments_of(row),
        comments=queries.comments_of(row.id),
        findings=[shown(f) for f in found],
        guided=[shown(f) for f in found if _code(f).startswith("8.3.guidance")],
        has_left=has_left,
        steps=_steps(row, is_public),
        earlier=queries.earlier_of(row),
        labels=labels,
        guidance=guidance,
        paper=paper,
        roles=roles,
        is_student=is_student,
        manages=manages,
        hosts=Actor.HOST in actors,
        can=can,
        judges_own=judges_own,
        asks_others=asks_others,
        asks_readers=can[Action.SEND_BACK] and not is_party,
        closed=closed,
        stages=[s for s, a in PASSED_BY.items() if can[a] and operations.against_stage(row, s, clock.now()) is None],
        **_standing(row, roles, can),
        may_assign=may(who(), Can.CAPSTONE_ASSIGN, subject) and can[Action.SUPERVISE],
        **_judged(row, roles, is_public, manages),
        barred=_barred(row, manages),
        failed_in_review=row.state is CapstoneState.SUBMITTED and queries.is_failed_in_review(row),
        **_time(row, student, extension, is_party),
        problem=problem,
        lost=_lost(row) if problem else [],
        certificate=made,
        waits=why_it_waits(made) if made is not None else "",
        certificate_due={_code(f) for f in found if _is_met(f)} >= {"8.2", "8.3.enterprise"},
        certificate_waits=manages and row.state is CapstoneState.PASSED and row.archived_at is None,
    )
    return html, status


def _code(finding: Finding | dict[str, Any]) -> str:
    """The code of a finding, live or frozen."""
    return finding.code if isinstance(finding, Finding) else str(finding["code"])


def _is_met(finding: Finding | dict[str, Any]) -> bool:
    return finding.met if isinstance(finding, Finding) else bool(finding["met"])


def _versions(row: Capstone) -> dict[int, int]:
    """{paper: its number among the versions of its stage}."""
    found: dict[int, int] = {}
    counted: dict[Stage, int] = {}
    for paper, _file in reversed(queries.papers_of(row.id)):  # the oldest first
        found[paper.id] = counted[paper.stage] = counted.get(paper.stage, 0) + 1
    return found


TYPED = {"finish": Action.FINISH, "moderation": Action.MODERATE, "settle": Action.SETTLE, "appeal": Action.APPEAL, "decide": Action.DECIDE_APPEAL,
         "withdraw": Action.WITHDRAW, "send-back": Action.SEND_BACK, "conclude": Action.CONCLUDE_FAILED, "comments": Action.COMMENT, "return": Action.RETURN}  # fmt: skip
"""The acts with something to type, by the end of their address."""


def _lost(row: Capstone) -> list[str]:
    """What was typed into a form that the page does not offer any more, because something has changed meanwhile."""
    action = TYPED.get(request.path.rpartition("/")[2])
    if action is None:
        return []
    is_shown = operations.against_state(row, action) is None
    if is_shown and action is Action.FINISH:
        result = operations.result_of(row, clock.today())
        is_shown = _against_finish(row, result) is None
    return [] if is_shown else [text for name in ("score", "reason", "note", "text") if (text := request.form.get(name, "").strip())]


def _against_finish(row: Capstone, result: Result | None) -> Refused | None:
    today = clock.today()
    return operations.against_finish(row, result, today) or operations.against_lifting(row, who(), today)


def _confirmable(row: Capstone, can: dict[str, bool]) -> dict[str, Any]:
    """The guidances the reader may confirm: as the other party, or for a supervisor who left; `left` are the latter for everybody.
    `uncounted` are of a day on which their supervisor was not in office: confirmed or not, they count for nobody."""
    found, me = guiding.confirmers_of(row.id, clock.today()), who().person_id
    return {
        "confirmable": {key for key, one in found.items() if can[Action.GUIDE] and one.has(me)},
        "confirmable_for": {key for key, one in found.items() if can[Action.CONFIRM_FOR] and one.is_for_heads},
        "left": {key for key, one in found.items() if one.is_for_heads},
        "uncounted": {key for key, one in found.items() if not one.counts},
    }


def _barred(row: Capstone, manages: bool) -> list[dict[str, Any]]:
    """Who holds an office although a conflict of interest stands, with what to do: for the heads, and for the person concerned."""
    me = who().person_id
    found = exceptions_of([row]).get(row.id, ()) if row.state in LIVE else ()
    return [
        {
            "name": one.name,
            "office": labels.OFFICES[one.office],
            "reason": one.reason,
            "todo": _signed_todo(row) if one.is_signed else labels.TODO[one.office],
            "url": url_for("capstones.supervisors", capstone_id=row.id)
            if manages and not one.is_signed and one.office in (Office.SCHOOL, Office.ENTERPRISE)
            else "",
        }
        for one in found
        if manages or one.person_id == me
    ]


def _gone(row: Capstone) -> dict[str, str]:
    """{side: the name of its supervisor, who is in office no more} of a capstone that still needs one of it."""
    held = [(one, name) for one, name in queries.supervisions_of(row.id) if one.until is None and operations.against_another(row, one.role) is None]
    return {one.role.value: name for one, name in held if not guiding.is_in_office(row, one.role, one.person_id, clock.today())}


def _signed_todo(row: Capstone) -> str:
    if row.state in (CapstoneState.GRADED, CapstoneState.MODERATION):
        return _("已签名的评分须先复核并写明结论，再公布成绩。")
    return _("已签名的评分留存；各方评完后须先复核并写明结论，再公布成绩。")


def _standing(row: Capstone, roles: list[SupervisorRole], can: dict[str, bool]) -> dict[str, Any]:
    """What stands against the acts that the state allows: nothing is offered that would be refused, and the page says why."""
    today = clock.today()
    result = operations.result_of(row, today) if can[Action.FINISH] else None
    grade = operations.against_grade(row, roles[0], clock.now()) or operations.against_own_correction(row, who()) if roles else None
    against = {
        Action.FINISH: _against_finish(row, result) if can[Action.FINISH] else None,
        Action.ARCHIVE: operations.against_archive(row, today) if can[Action.ARCHIVE] else None,
        Action.APPEAL: operations.against_appeal(row, today) if can[Action.APPEAL] else None,
        Action.ASK_THIRD: operations.against_scoring(row) if can[Action.ASK_THIRD] else None,
        Action.GRADE: grade,
    }
    return {
        "against": {action.value: refused.message for action, refused in against.items() if refused is not None},
        "lowered": lowered_reports([row.id], operations.most_similar(today)).get(row.id) if can[Action.FINISH] else None,
        "may_grade": bool(roles) and grade is None,
        "waits_for_grade": bool(roles) and can[Action.GRADE] and roles[0] not in queries.grades_of(row.id),
    }


def _steps(row: Capstone, is_public: bool) -> list[dict[str, Any]]:
    state = CapstoneState.GRADED if row.state is CapstoneState.MODERATION else row.state
    reached = STEPS.index(state) if state in STEPS else len(STEPS) - 1
    found = [
        {"label": labels.CAPSTONE_STATES[s], "state": "done" if at < reached or is_public else "current" if at == reached else "todo"}
        for at, s in enumerate(STEPS)
    ]
    if row.state is CapstoneState.MODERATION:
        found[reached]["label"] = labels.CAPSTONE_STATES[row.state]
    if row.state is CapstoneState.FAILED:
        found[-1] = {"label": labels.CAPSTONE_STATES[row.state], "state": "bad"}
    return found


def _judged(row: Capstone, roles: list[SupervisorRole], is_public: bool, manages: bool) -> dict[str, Any]:
    """Grades, reviews and defences as far as the reader may see them before publication."""
    grades = queries.grade_history(row.id)
    third = queries.third_of(row.id)
    today = clock.today()
    weights = queries.weights_of(row, today)
    sees_names = manages or is_public
    signed = {grade.role for grade, _name in grades}
    sees_all = is_public or (manages and signed.issuperset(roles))
    return {
        # A side sees its own grade; everybody but the managers waits for the others until the result is published, and a manager
        # who supervises waits until the own grade is signed: both sides grade independently.
        "grades": [(g, name) for g, name in grades if sees_all or g.role in roles],
        "waiting": list(dict.fromkeys((*lacking(queries.scores_of(row), weights), *queries.awaited(row)))),
        "weights": {key: value for key, value in weights.items() if value},
        "third": third if manages or is_public else None,
        "third_name": session().get_one(Person, third.person_id).name if third is not None else "",
        "apart": _apart(row) if manages else None,
        "reviews": [
            (review, name if (sees_names and review.kind is ReviewKind.CROSS) or manages else "")
            for review, name in queries.reviews_of(row.id)
            if manages or review.signed_at is not None
        ],
        "slots": [
            (slot, group, scheduling.clock_of(slot.starts_minute))
            for slot, group in queries.slots_of(row.id)
            if group.published_at or slot.recorded_at or manages
        ],
        "again": queries.reconsiderations_of(row.id) if manages or is_public else [],
        "appeal": next((one for one in queries.reconsiderations_of(row.id) if one.kind is ReasonKind.APPEAL), None),
        "needs_report": row.state is CapstoneState.SUBMITTED and row.id in outdated_reports([row.id]),
        "component_names": {**{role.value: labels.ROLES[role] for role in SupervisorRole}, "review": _("评阅"), "defence": _("答辩")},
    }


def _apart(row: Capstone) -> int | None:
    """How far the two sides lie apart, when that is too far."""
    found = queries.grades_of(row.id)
    if len(found) < len(SupervisorRole):
        return None
    apart = abs(found[SupervisorRole.SCHOOL].score_x10 - found[SupervisorRole.ENTERPRISE].score_x10)
    return apart if apart > queries.numbers(clock.today()).difference_over.number else None


def _time(row: Capstone, student: Student, extension: forms.ExtensionForm | None, is_party: bool) -> dict[str, Any]:
    """Windows with the student's own last days, and what was granted."""
    today = clock.today()
    windows, known = [], queries.windows_of(student.cohort_id)
    extension = extension or forms.ExtensionForm()
    extension.stage.choices = [
        (one.value, labels.WINDOWS[one]) for one in WindowStage if one in known and not (is_party and one is WindowStage.GRADING)
    ]
    for stage, window in sorted(known.items(), key=lambda pair: (pair[1].opens_on, pair[1].closes_on)):
        more = queries.extended_until(row.id, stage)
        last = max(window.closes_on, more) if more else window.closes_on
        state = "todo" if today < window.opens_on else "done" if today > last else "current"
        windows.append({"stage": labels.WINDOWS[stage], "opens_on": window.opens_on, "closes_on": last, "is_extended": bool(more), "state": state})
    cohort = programmes.cohort_by_id(student.cohort_id)
    programme = programmes.by_id(student.programme_id)
    granted = queries.extensions_of(row.id)
    names = identity.display_names(one.granted_by_id for one in granted)
    return {
        "windows": windows,
        "sees_reasons": sees_reasons(row),
        "extensions": [(one, names.get(one.granted_by_id or 0, "")) for one in granted],
        "extension": extension,
        "cohort": cohort,
        "programme": programme,
        "links": queries.links_of(row.id),
        "today": today,
    }
