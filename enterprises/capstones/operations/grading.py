"""Both sides grade on their own; a signed grade is only corrected by a new entry with a reason; the end pushes facts down."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from enterprises.capstones import queries, rules
from enterprises.capstones.labels import GRADES, ROLES
from enterprises.capstones.models import Capstone, CapstoneGrade, Topic
from enterprises.capstones.operations._support import CapstoneRefused, WrongPerson, demand_state, given, tell
from enterprises.capstones.types import Action, CapstoneState, Result, RubricItem, SupervisorRole, TextGrade
from trainhub.certificates import operations as certificates
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Kind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Source
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student
from trainhub.policy.findings import as_dicts

TOLD_FINISHED = N_("毕业设计成绩已公布：%(title)s，%(grade)s")


def grade(
    *,
    capstone: Capstone,
    role: SupervisorRole,
    points: Mapping[RubricItem, int],
    comment: str = "",
    by: Identity,
    today: date,
    now: datetime,
) -> CapstoneGrade:
    """Sign the grade of one side: whole points 0 to 100 for every item of the rubric.

    Only the supervisor of that side, only after the thesis is in, once: a second grade is refused, a correction needs a
    reason (`correct_grade`). With both grades the score is computed and the state becomes `graded`.
    """
    demand_state(capstone, Action.GRADE)
    if not queries.is_supervisor(capstone.id, role, by.person_id):
        raise WrongPerson(_("只有这个毕业设计的%(role)s可以为这一方评分。", role=ROLES[role]))
    if role in queries.grades_of(capstone.id):
        raise CapstoneRefused(_("这一方已经评分并签名。如需更正，请使用“更正评分”并写明理由。"), code="already_graded")
    row = _signed(capstone, role, points, comment, by, today, now)
    _compute(capstone, today)
    audit.record(by=by, did="capstones.grade.signed", on=capstone, data={"role": role, "score_x10": row.score_x10})
    return row


def correct_grade(
    *, grade: CapstoneGrade, points: Mapping[RubricItem, int], comment: str = "", reason: str, by: Identity, today: date, now: datetime
) -> CapstoneGrade:
    """Replace a signed grade by a new entry with a reason; the old one stays. Not after the result is published."""
    capstone = session().get_one(Capstone, grade.capstone_id)
    demand_state(capstone, Action.CORRECT)
    if by.person_id is None or by.person_id != grade.person_id:
        raise WrongPerson(_("评分只能由签名的导师本人更正。"))
    if grade.replaced_at is not None:
        raise CapstoneRefused(_("这条评分已被更正过，请更正最新的一条。"), code="already_replaced")
    why = given(reason, _("请写明更正的理由，原评分会一并保留。"), field="reason")
    grade.replaced_at = now
    session().flush()
    row = _signed(capstone, grade.role, points, comment, by, today, now, replaces=grade, reason=why)
    _compute(capstone, today)
    audit.record(
        by=by,
        did="capstones.grade.corrected",
        on=capstone,
        data={"role": grade.role, "before_x10": grade.score_x10, "score_x10": row.score_x10, "reason": why},
    )
    return row


def _signed(
    capstone: Capstone,
    role: SupervisorRole,
    points: Mapping[RubricItem, int],
    comment: str,
    by: Identity,
    today: date,
    now: datetime,
    *,
    replaces: CapstoneGrade | None = None,
    reason: str = "",
) -> CapstoneGrade:
    weights = rules.rubric_weights(queries.numbers(today))
    try:
        score = rules.rubric_score(points, weights)
    except ValueError as wrong:
        raise CapstoneRefused(_("每个评分项都要给 0 至 100 的整数分。"), field="points") from wrong
    assert by.person_id is not None
    row = CapstoneGrade(
        capstone_id=capstone.id,
        role=role,
        person_id=by.person_id,
        rubric={item.value: {"points": points[item], "weight": weights[item]} for item in weights},
        score_x10=score,
        comment=comment.strip(),
        signed_at=now,
        replaces_id=replaces.id if replaces is not None else None,
        reason=reason,
    )
    session().add(row)
    session().flush()
    return row


def _compute(capstone: Capstone, today: date) -> Result | None:
    grades = queries.grades_of(capstone.id)
    if len(grades) < len(SupervisorRole):
        return None
    result = rules.result(grades[SupervisorRole.SCHOOL].score_x10, grades[SupervisorRole.ENTERPRISE].score_x10, queries.numbers(today))
    capstone.score_x10, capstone.grade_text, capstone.state = result.score_x10, result.grade.value, CapstoneState.GRADED
    session().flush()
    return result


def finish(*, capstone: Capstone, note: str = "", by: Identity, today: date, now: datetime, version: int | None = None) -> Capstone:
    """Publish the result: passed or failed by the pass mark; the findings of 8.1 to 8.4 are frozen with it.

    Grades that lie too far apart (own.capstone.grade_difference_over_x10) need `note`, the outcome of the review. A pass is
    pushed to the ledger and a certificate is issued (see `issue_certificate`). A repeat changes nothing.
    """
    check_version(capstone, version)
    if capstone.state in (CapstoneState.PASSED, CapstoneState.FAILED):
        return capstone
    demand_state(capstone, Action.FINISH)
    grades = queries.grades_of(capstone.id)
    result = rules.result(grades[SupervisorRole.SCHOOL].score_x10, grades[SupervisorRole.ENTERPRISE].score_x10, queries.numbers(today))
    if result.is_far_apart and not note.strip():
        raise CapstoneRefused(
            _("双方评分相差 %(apart)s 分，超过规定，须先复核，并在此写明复核结论。", apart=f"{result.difference_x10 / 10:.1f}"),
            field="note",
            code="far_apart",
        )
    capstone.score_x10, capstone.grade_text = result.score_x10, result.grade.value
    capstone.state = CapstoneState.PASSED if result.is_passed else CapstoneState.FAILED
    capstone.finished_on, capstone.note = today, note.strip()[:400]
    capstone.findings = as_dicts(queries.findings_of([capstone.id], today)[capstone.id])
    session().flush()
    audit.record(
        by=by,
        did="capstones.capstone.finished",
        on=capstone,
        data={"state": capstone.state, "score_x10": capstone.score_x10, "difference_x10": result.difference_x10, "note": capstone.note},
    )
    student, topic = session().get_one(Student, capstone.student_id), session().get_one(Topic, capstone.topic_id)
    if result.is_passed:
        ledger.reach_milestone(
            person_id=student.person_id,
            source=Source.CAPSTONE,
            key=f"capstone:{capstone.id}",
            title=topic.title,
            reached_on=today,
            organisation_id=capstone.enterprise_id,
            programme_id=student.programme_id,
            score_x10=capstone.score_x10,
            by=by,
            now=now,
        )
        issue_certificate(capstone=capstone, by=by, today=today, now=now)
    tell(
        person_ids=[student.person_id],
        kind="capstones.finished",
        message=TOLD_FINISHED,
        values={"title": topic.title, "grade": str(GRADES[result.grade])},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.finished:{capstone.id}",
        now=now,
    )
    return capstone


def issue_certificate(*, capstone: Capstone, by: Identity, today: date, now: datetime) -> Certificate | None:
    """Issue the certificate of a passed capstone, or return the known one.

    It says the work was done in the enterprise, so it waits (None) while 8.2 or the enterprise supervisor of 8.3 is not met;
    ask again when the placements are right.
    """
    if capstone.state is not CapstoneState.PASSED:
        raise CapstoneRefused(_("成绩公布且合格后才能签发证书。"))
    findings = {finding.code: finding for finding in queries.findings_of([capstone.id], today)[capstone.id]}
    if not (findings["8.2"].met and findings["8.3.enterprise"].met):
        return None
    student, topic = session().get_one(Student, capstone.student_id), session().get_one(Topic, capstone.topic_id)
    names = {row.role: name for row, name in queries.supervisions_of(capstone.id) if row.until is None}
    enterprise = organisations.by_id(capstone.enterprise_id)
    assert enterprise is not None
    return certificates.issue(
        kind=Kind.CAPSTONE,
        person_id=student.person_id,
        issuer_id=student.university_id,
        asked_key=f"capstone:{capstone.id}",
        facts={
            "topic": topic.title,
            "enterprise": enterprise.name,
            "school_supervisor": names.get(SupervisorRole.SCHOOL, ""),
            "enterprise_supervisor": names.get(SupervisorRole.ENTERPRISE, ""),
            "grade": str(GRADES[TextGrade(capstone.grade_text)]),
        },
        evidence=[("capstone", capstone.id, topic.title)],
        by=by,
        today=today,
        now=now,
        programme_id=student.programme_id,
    )
