"""The end: moderation, publication, appeal, archive; facts go down to the ledger and certificates are issued."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import update

from enterprises.capstones import queries, rules
from enterprises.capstones.labels import DECISIONS, GRADES
from enterprises.capstones.models import Capstone, GuidanceEntry, Reconsideration, Topic
from enterprises.capstones.operations._support import CapstoneRefused, demand, demand_person, given, stop, tell, within
from enterprises.capstones.operations.deciding import tell_deciders
from enterprises.capstones.operations.grading import release_third, result_of
from enterprises.capstones.operations.impartial import demand_impartial
from enterprises.capstones.operations.standing import (
    against_appeal,
    against_archive,
    against_finish,
    against_lifting,
    against_own_decision,
    is_settled,
)
from enterprises.capstones.queries.archive import manifest_of
from enterprises.capstones.queries.guiding import in_term_now
from enterprises.capstones.types import CONCLUDED, Action, CapstoneState, Decision, ReasonKind, SupervisorRole, TextGrade
from trainhub.certificates import operations as certificates
from trainhub.certificates import queries as issued
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Attested, Kind, State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, in_language
from trainhub.ledger import operations as ledger
from trainhub.ledger.types import Source
from trainhub.notifications import operations as notifications
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student
from trainhub.policy.findings import as_dicts

TOLD_FINISHED = N_("毕业设计成绩已公布：%(title)s，%(grade)s")
TOLD_DECIDED = N_("你的成绩申诉已有结论：%(decision)s。%(note)s")
REASON = "公布的毕业设计成绩有变化，证书所载与记录不符"
"""What visitors read: what an appeal was decided on stands with it and in the audit log."""
GRADED, APPEALED = "毕业设计成绩核对", "毕业设计成绩申诉结论"
LIVE_CERTIFICATES = (State.ISSUED, State.REISSUED, State.SUSPENDED)


# -- moderation ---------------------------------------------------------------------------------------------------------


def moderate(*, capstone: Capstone, reason: str, by: Identity, now: datetime) -> Reconsideration:
    """Look at a result again before it is published; until it is settled nobody corrects a grade. Who may settle it is told. Raises WrongState, CapstoneRefused."""
    demand(capstone, Action.MODERATE, by)
    row = _open(capstone, ReasonKind.MODERATION, given(reason, _("请写明复核的理由。"), field="reason", most=2000), by, now)
    capstone.state = CapstoneState.MODERATION
    session().flush()
    audit.record(by=by, did="capstones.moderation.opened", on=capstone, data={"reason": row.reason})
    tell_deciders(row, capstone, by=by, now=now)
    return row


def _open(capstone: Capstone, kind: ReasonKind, reason: str, by: Identity, now: datetime) -> Reconsideration:
    assert capstone.score_x10 is not None
    if queries.open_reconsideration(capstone.id) is not None:
        raise CapstoneRefused(_("已有一项复核或申诉正在处理。"), code="already_open")
    row = Reconsideration(capstone_id=capstone.id, kind=kind, reason=reason, before_x10=capstone.score_x10, opened_by_id=by.account_id, opened_at=now)
    session().add(row)
    session().flush()
    return row


def settle(*, capstone: Capstone, score_x10: int | None, note: str, by: Identity, today: date, now: datetime) -> Reconsideration:
    """End a moderation: the score stands (None) or is a new one; the reason is kept. The grades of both sides are never touched.

    Not by somebody who supervises, has scored or stands near the student (`impartiality.BARS`).
    """
    demand(capstone, Action.SETTLE, by)
    demand_impartial(capstone, by)
    row = queries.open_reconsideration(capstone.id)
    assert row is not None
    _decide(row, capstone, score_x10, note, by, today, now)
    capstone.state = CapstoneState.GRADED
    session().flush()
    audit.record(by=by, did="capstones.moderation.settled", on=capstone, data=_said(row))
    release_third(capstone, today, now)
    return row


def _decide(row: Reconsideration, capstone: Capstone, score_x10: int | None, note: str, by: Identity, today: date, now: datetime) -> None:
    if score_x10 is not None and not 0 <= score_x10 <= 1000:
        raise CapstoneRefused(_("成绩须在 0 至 100 分之间。"), field="score")
    _demand_heard(capstone, score_x10, today)
    row.note = given(note, _("请写明结论的理由，学生和双方导师会看到。"), field="note", most=2000)
    is_changed = score_x10 is not None and score_x10 != row.before_x10
    row.decision = Decision.CHANGED if is_changed else Decision.UPHELD
    after = score_x10 if is_changed and score_x10 is not None else row.before_x10
    row.decided_by_id, row.decided_at = by.account_id, now
    row.after_x10 = capstone.score_x10 = after
    capstone.grade_text = rules.text_grade(after, queries.numbers(today).text_limits).value
    session().flush()


def _demand_heard(capstone: Capstone, score_x10: int | None, today: date) -> None:
    """Refuse a pass of what was never judged in a part that carries weight: it ended in its review (`failing.conclude_failed`)."""
    is_pass = score_x10 is not None and score_x10 >= queries.numbers(today).pass_mark.number
    is_unheard = bool(rules.lacking(queries.scores_of(capstone), queries.weights_of(capstone, today)))
    if is_pass and (is_unheard or queries.is_failed_in_review(capstone)):
        raise CapstoneRefused(_("评阅不通过、不再答辩的毕业设计不能改为合格。学生可以重做。"), field="score", code="not_defended")


def _said(row: Reconsideration) -> dict[str, object]:
    return {"decision": row.decision, "before_x10": row.before_x10, "after_x10": row.after_x10, "note": row.note[:400]}


# -- publication --------------------------------------------------------------------------------------------------------


def finish(*, capstone: Capstone, note: str = "", by: Identity, today: date, now: datetime, version: int | None = None) -> Capstone:
    """Publish the result: passed or failed by the pass mark; the findings of 8.1 to 8.4 as of this day are
    kept with it (shown are the living ones until the archive freezes them).

    Grades that lie too far apart (own.capstone.grade_difference_over_x10) need a third grade or a moderation that was settled; a pass
    against a review or a defence that says no needs the moderation, and a share of similarity that one's own correction brought below
    the limit is published by somebody else. A pass is pushed to the ledger and a certificate is issued (see
    `issue_certificate`). A repeat changes nothing.
    """
    check_version(capstone, version)
    if capstone.state in CONCLUDED:
        demand_person(capstone, Action.FINISH, by)
        return capstone
    demand(capstone, Action.FINISH, by)
    result = result_of(capstone, today)
    assert result is not None or is_settled(capstone)
    stop(against_finish(capstone, result, today) or against_lifting(capstone, by, today))
    if result is not None and not is_settled(capstone):
        capstone.score_x10, capstone.grade_text = result.score_x10, result.grade.value
    capstone.finished_on, capstone.note = today, within(note, field="note")
    capstone.findings = as_dicts(queries.findings_of([capstone.id], today)[capstone.id])
    _conclude(capstone, by, today, now)
    audit.record(
        by=by,
        did="capstones.capstone.finished",
        on=capstone,
        data={
            "state": capstone.state,
            "score_x10": capstone.score_x10,
            "difference_x10": result.difference_x10 if result is not None else None,
            "note": capstone.note,
        },
    )
    student = session().get_one(Student, capstone.student_id)
    tell(
        person_ids=[student.person_id],
        kind="capstones.finished",
        message=TOLD_FINISHED,
        values={"title": queries.title_of(capstone), "grade": notifications.word(GRADES[TextGrade(capstone.grade_text)])},
        url=f"/capstones/{capstone.id}",
        unique_key=f"capstones.finished:{capstone.id}",
        now=now,
    )
    return capstone


def _conclude(capstone: Capstone, by: Identity, today: date, now: datetime, *, document: str = GRADED) -> None:
    """Passed or failed by the score; a pass becomes a fact of the ledger, and a certificate when the conditions hold."""
    assert capstone.score_x10 is not None
    capstone.state = CapstoneState.PASSED if capstone.score_x10 >= queries.numbers(today).pass_mark.number else CapstoneState.FAILED
    session().flush()
    if capstone.state is CapstoneState.FAILED:
        return
    student, topic = session().get_one(Student, capstone.student_id), session().get_one(Topic, capstone.topic_id)
    ledger.reach_milestone(
        person_id=student.person_id,
        source=Source.CAPSTONE,
        key=f"capstone:{capstone.id}",
        title=topic.title,
        reached_on=capstone.finished_on or today,
        organisation_id=capstone.enterprise_id,
        programme_id=student.programme_id,
        score_x10=capstone.score_x10,
        by=by,
        now=now,
    )
    issue_certificate(capstone=capstone, by=by, today=today, now=now, document=document)


def issue_certificate(*, capstone: Capstone, by: Identity, today: date, now: datetime, document: str = GRADED) -> Certificate | None:
    """Issue the certificate of a passed capstone, or return the known one; one that says another grade is corrected by rule, for `document`.

    It says the work was done in the enterprise, so it waits (None) while 8.2 or the enterprise supervisor of 8.3 is not met;
    ask again when the placements are right.
    """
    if capstone.state is not CapstoneState.PASSED:
        raise CapstoneRefused(_("成绩公布且合格后才能签发证书。"))
    found = _attested([capstone], today).get(capstone.id)
    if found is None:
        return None
    student = session().get_one(Student, capstone.student_id)
    made = certificates.issue(
        kind=Kind.CAPSTONE,
        person_id=student.person_id,
        issuer_id=student.university_id,
        asked_key=f"capstone:{capstone.id}",
        facts=found.facts,
        evidence=found.evidence,
        by=by,
        today=today,
        now=now,
        programme_id=student.programme_id,
    )
    return _follow(made, capstone, document, by, today, now)


def certificate_of(capstone: Capstone) -> Certificate | None:
    """The certificate of a capstone, also one from a list for the same topic that it was not known for yet."""
    student = session().get_one(Student, capstone.student_id)
    thing = {"topic": queries.titles_of([capstone.id])[capstone.id]}
    return issued.held(Kind.CAPSTONE, student.university_id, student.person_id, f"capstone:{capstone.id}", thing)


def _follow(certificate: Certificate, capstone: Capstone, document: str, by: Identity, today: date, now: datetime) -> Certificate:
    """Bring the grade on a certificate in line with that of the capstone."""
    facts = {"grade": _facts([capstone])[capstone.id]["grade"]}
    return certificates.follow(certificate=certificate, facts=facts, reason=REASON, document=document, by=by, today=today, now=now)


def _attested(capstones: Sequence[Capstone], today: date) -> dict[int, Attested]:
    """What the certificates of passed capstones say today; without those that may not say that the work was done in the enterprise."""
    judged = queries.findings_of([one.id for one in capstones], today)
    met = {key: {finding.code for finding in findings if finding.met} for key, findings in judged.items()}
    due = [one for one in capstones if met[one.id] >= {"8.2", "8.3.enterprise"}]
    facts = _facts(due)
    return {one.id: Attested(facts[one.id], [("capstone", one.id, facts[one.id]["topic"])]) for one in due}


def present_facts(drafts: Sequence[Certificate], today: date) -> dict[int, Attested]:
    """What capstones' certificates that are still drafts would say today, by their ids; without those that nothing is due for any more."""
    of = {draft.id: int(draft.asked_key.removeprefix("capstone:")) for draft in drafts}
    found = _attested([row for row in queries.capstones_by_id(of.values()) if row.state is CapstoneState.PASSED], today)
    return {key: found[one] for key, one in of.items() if one in found}


@in_language("zh")
def _facts(capstones: Sequence[Capstone]) -> dict[int, dict[str, str]]:
    """What the certificates of capstones say, by capstone: the official words, whichever language whoever asks reads."""
    titles = queries.titles_of(one.id for one in capstones)
    names = queries.supervisors_of(one.id for one in capstones)
    enterprises = organisations.names_of(one.enterprise_id for one in capstones)
    return {
        one.id: {
            "topic": titles[one.id],
            "enterprise": enterprises[one.enterprise_id],
            "school_supervisor": names.get((one.id, SupervisorRole.SCHOOL), ""),
            "enterprise_supervisor": names.get((one.id, SupervisorRole.ENTERPRISE), ""),
            "grade": str(GRADES[TextGrade(one.grade_text)]),
        }
        for one in capstones
    }


# -- appeal -------------------------------------------------------------------------------------------------------------


def appeal(*, capstone: Capstone, reason: str, by: Identity, today: date, now: datetime) -> Reconsideration:
    """The student asks for a published result to be looked at again, once, within own.capstone.appeal_days. Raises CapstoneRefused."""
    demand(capstone, Action.APPEAL, by)
    known = next((row for row in queries.reconsiderations_of(capstone.id) if row.kind is ReasonKind.APPEAL), None)
    if known is not None:
        if known.decided_at is None:
            return known
        raise CapstoneRefused(_("申诉已有结论，不能再次申诉。"), code="decided")
    stop(against_appeal(capstone, today))
    row = _open(capstone, ReasonKind.APPEAL, given(reason, _("请写明申诉的理由。"), field="reason", most=2000), by, now)
    audit.record(by=by, did="capstones.appeal.opened", on=capstone, data={"reason": row.reason[:400]})
    tell_deciders(row, capstone, by=by, now=now)
    return row


def accept_result(*, capstone: Capstone, by: Identity, today: date, now: datetime) -> Reconsideration:
    """The student accepts the result, so that nobody has to wait for the time of appeals; as binding as a decided appeal. A repeat: the known row."""
    demand(capstone, Action.APPEAL, by)
    known = next((row for row in queries.reconsiderations_of(capstone.id) if row.kind is ReasonKind.APPEAL), None)
    if known is not None:
        if known.decided_at is None:
            raise CapstoneRefused(_("申诉还没有结论。"))
        return known
    row = _open(capstone, ReasonKind.APPEAL, _("学生认可成绩，不申诉。"), by, now)
    row.decision, row.after_x10, row.decided_by_id, row.decided_at = Decision.UPHELD, row.before_x10, by.account_id, now
    session().flush()
    audit.record(by=by, did="capstones.appeal.waived", on=capstone)
    return row


def decide_appeal(*, capstone: Capstone, score_x10: int | None, note: str, by: Identity, today: date, now: datetime) -> Reconsideration:
    """Decide the appeal: the score stands (None) or is a new one with its reason.

    A new score is written to the ledger (the old milestone is withdrawn with the reason) and to the certificate, which is corrected,
    or revoked when the capstone has failed now. Raises CapstoneRefused without an open appeal, and for somebody who supervises or
    has scored the capstone, has settled its moderation or ended it as failed: nobody decides on the own grade or conclusion.
    """
    demand(capstone, Action.DECIDE_APPEAL, by)
    demand_impartial(capstone, by)
    stop(against_own_decision(capstone, by))
    row = queries.open_reconsideration(capstone.id)
    if row is None:
        raise CapstoneRefused(_("没有待处理的申诉。"))
    student = session().get_one(Student, capstone.student_id)
    _decide(row, capstone, score_x10, note, by, today, now)
    if row.decision is Decision.CHANGED:
        why = f"成绩申诉：{row.note}"[:400]  # for good, whichever language who decides reads
        ledger.withdraw_milestone(person_id=student.person_id, source=Source.CAPSTONE, key=f"capstone:{capstone.id}", reason=why, by=by, now=now)
        _conclude(capstone, by, today, now, document=APPEALED)
        _mend_certificate(capstone, by, today, now)
    assert row.decision is not None
    audit.record(by=by, did="capstones.appeal.decided", on=capstone, data=_said(row))
    tell(
        person_ids=[student.person_id],
        kind="capstones.appeal",
        message=TOLD_DECIDED,
        values={"decision": notifications.word(DECISIONS[row.decision]), "note": row.note[:100]},
        url=f"/capstones/{capstone.id}#grades",
        unique_key=f"capstones.appeal:{row.id}",
        now=now,
    )
    return row


def _mend_certificate(capstone: Capstone, by: Identity, today: date, now: datetime) -> None:
    """Reason and document stand in the certificate's history for good and for every visitor: the official words, not what was decided on."""
    known = certificate_of(capstone)
    if known is None or known.state not in LIVE_CERTIFICATES:
        return
    if capstone.state is CapstoneState.FAILED:
        is_own = known.asked_key == f"capstone:{capstone.id}"
        if is_own or known.state is State.ISSUED:  # one from a list was issued by two persons, and two revoke it
            end = certificates.revoke if is_own else certificates.suspend
            end(certificate=known, reason=REASON, document=APPEALED, on=today, by=by, today=today, now=now)
    else:
        _follow(known, capstone, APPEALED, by, today, now)


# -- archive ------------------------------------------------------------------------------------------------------------


def archive(*, capstone: Capstone, by: Identity, today: date, now: datetime) -> Capstone:
    """Close a concluded capstone: every file with its checksum, the grades and the findings of this day are listed, the guidances that count are kept; nothing is changed any more.

    Not while an appeal is open or may still be made (own.capstone.appeal_days), unless the student accepted the result. A repeat
    changes nothing.
    """
    if capstone.archived_at is not None:
        demand_person(capstone, Action.ARCHIVE, by)
        return capstone
    demand(capstone, Action.ARCHIVE, by)
    stop(against_archive(capstone, today))
    capstone.archive = manifest_of(capstone, today)
    capstone.archived_at = now
    session().execute(update(GuidanceEntry).where(GuidanceEntry.capstone_id == capstone.id).values(counted=in_term_now()))
    session().flush()
    audit.record(by=by, did="capstones.capstone.archived", on=capstone, data={"files": len(capstone.archive["files"])})
    return capstone
