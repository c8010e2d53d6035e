"""The programme certificate follows its chain: asked for when the last part comes, suspended when a part goes, corrected when less is left than it says.

What the parts rest on is withdrawn below (a day, an appeal, holidays); the ledger says so by `MOVED` and a job judges what stands afterwards. What nobody
said (records of before there was anybody to hear, an import, another rule) is found by a sweep once a day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from trainhub.certificates import operations as certificates
from trainhub.certificates import queries as issued
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Event, State
from trainhub.identity import queries as identity
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.i18n import N_, say
from trainhub.notifications import operations as notifications
from trainhub.oversight.chains.operations import attested, issue
from trainhub.oversight.chains.queries import COUNTED, PORTION, asked_key, chain_of_student, chains_of, held_of, stands
from trainhub.oversight.chains.types import Chain
from trainhub.people import queries as people
from trainhub.people.models import Student
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

TASK = "chains.judge"
TITLE = N_("核对培养链条与培养证书")
REASON = "培养链条的来源记录已更正或撤回，现在不齐全"
LESS = "培养链条的来源记录已更正或撤回，证书所载与记录不符"
DOCUMENT = "培养链条核对记录"
TOLD = N_("%(name)s（%(no)s）的培养链条不再齐全，培养证书 %(number)s 已自动暂停。请核对来源记录后恢复有效或撤销。")


def hear(person_id: int, by: Identity, now: datetime) -> None:
    """Queue the judging of a person's chains when it could change a certificate; see `ledger.types.MOVED` and `people.types.HUMANS`."""
    for student in people.students_of_person(people.human_id(person_id)):
        held = [one for _programme, one in held_of(student)]
        is_due = any(one.state in (State.ISSUED, State.SUSPENDED) for one in held)
        if not is_due and _lacks(student, held):
            is_due = chain_of_student(_programme_of(student), student, on=clock.local(now).date()).is_due
        if is_due:
            _queue(student, by, now)


def _queue(student: Student, by: Identity, now: datetime) -> None:
    """One job for all that one act moves, unless that of an act of the same moment is done already."""
    key = f"{TASK}:{student.id}:{now.isoformat()}"
    before = jobs.known(key)
    if before is not None and before.state is not jobs.JobState.QUEUED:
        key = f"{key}:after:{before.id}:{clock.now().timestamp()}"
    jobs.ask(TASK, by=by, title=say(TITLE), unique_key=key, student=student.id)


def judge(*, student: Student, today: date, now: datetime) -> str:
    """Bring the programme certificate of a student in line with the chain as it stands, also one of a programme that was left since: `issued`, `corrected`, `suspended`, or nothing.

    A broken chain suspends and tells the programme's heads: they see whether the records are put right (resume) or not (revoke). Doing it
    again changes nothing; a suspension is never lifted by this. What is held is judged by the rules of the day on which it was first issued.
    """
    known = held_of(student)
    done = [_in_line(programme, held, student, today, now) for programme, held in known]
    if _lacks(student, [held for _programme, held in known]):
        programme = _programme_of(student)
        chain = chain_of_student(programme, student, on=today)
        if chain.is_due and issue(programme=programme, chains=[chain], by=SYSTEM, today=today, now=now).issued:
            done.append("issued")
    return next((word for word in done if word), "")


def _in_line(programme: Programme, held: Certificate, student: Student, today: date, now: datetime) -> str:
    chain = chain_of_student(programme, student, on=issued.line_of(held)[0].issued_on)
    return _correct(held, chain, programme, today, now) if chain.is_complete else _suspend(held, chain, programme, student, today, now)


def _lacks(student: Student, held: Sequence[Certificate]) -> bool:
    """Whether a whole chain could be certified: not for who left, not beside a certificate that stands, also of a programme that was left since, not
    again in the programme where one was revoked. What else bars it the chain knows (`Chain.is_due`)."""
    mine = asked_key(_programme_of(student), student.id)
    return student.state in COUNTED and not any(one.asked_key == mine or stands(one) for one in held)


def may_be_due(programme: Programme, *, today: date) -> list[Student]:
    """The students of a programme, and those who left it for another, whom `judge` might change something for, by today's rules; asked in a fixed number of queries a portion.

    Whose certificate a person resumed stays as that person decided, until something moves again.
    """
    found = []
    students = [*people.students_of_programme(programme.id), *people.students_who_left(programme.id)]
    for start in range(0, len(students), PORTION):
        some = students[start : start + PORTION]
        held = issued.by_asked_keys(asked_key(programme, one.id) for one in some)
        for student, chain in zip(some, chains_of([(programme, one) for one in some], on=today), strict=True):
            mine = held.get(asked_key(programme, student.id))
            if mine is None and (student.programme_id != programme.id or chain.certificate_number is not None):
                continue  # whole or not, it has its certificate elsewhere, or is asked for there
            if _may_be_due(student, chain, mine):
                found.append(student)
    return found


def _may_be_due(student: Student, chain: Chain, held: Certificate | None) -> bool:
    if held is None:
        return chain.is_due and student.state in COUNTED
    if not chain.is_complete:
        last = issued.last_event(held) if held.state is State.ISSUED else None
        return last is not None and last.event is not Event.RESUME
    return held.state in (State.ISSUED, State.SUSPENDED) and (_says_more_weeks(held, chain) or _says_another_capstone(held, chain))


def _programme_of(student: Student) -> Programme:
    programme = programmes.by_id(student.programme_id)
    assert programme is not None
    return programme


def _suspend(held: Certificate, chain: Chain, programme: Programme, student: Student, today: date, now: datetime) -> str:
    if held.state is not State.ISSUED:
        return ""
    document = f"{DOCUMENT}（{today.isoformat()}）"  # stands in its history for good, in the official words
    certificates.suspend(certificate=held, reason=REASON, document=document, on=today, by=SYSTEM, today=today, now=now)
    heads = identity.accounts_holding(Role.PROGRAMME_ADMIN, programme_id=programme.id) or identity.accounts_holding(
        Role.UNIVERSITY_ADMIN, organisation_id=programme.university_id
    )
    notifications.notify(
        account_ids=heads,
        kind="chains.broken",
        message=TOLD,
        values={"name": chain.name, "no": student.student_no, "number": held.number},
        url=f"/certificates/{held.number}",
        unique_key=f"chains.broken:{held.id}:{now.isoformat()}",
        now=now,
    )
    return "suspended"


def _correct(held: Certificate, chain: Chain, programme: Programme, today: date, now: datetime) -> str:
    """Only what says more than the records bear is corrected; what was earned since stands on no certificate of before."""
    if held.state not in (State.ISSUED, State.SUSPENDED):
        return ""
    now_said = attested(programme, chain)
    wrong = {}
    if _says_more_weeks(held, chain):
        wrong["weeks"] = now_said.facts["weeks"]
    if _says_another_capstone(held, chain):
        wrong["capstone"] = now_said.facts["capstone"]
    if not wrong:
        return ""
    document = f"{DOCUMENT}（{today.isoformat()}）"
    given: dict[str, Any] = {"reason": LESS, "document": document, "on": today, "by": SYSTEM, "today": today, "now": now}
    certificates.correct(certificate=held, facts=wrong, evidence=now_said.evidence, **given)
    return "corrected"


def _says_more_weeks(held: Certificate, chain: Chain) -> bool:
    """What two persons corrected stands as long as the records bear what the certificate said before that."""
    earned = chain.facts.credited_weeks
    return _number(held.facts.get("weeks")) > earned and _number(issued.recorded_facts(held).get("weeks")) > earned


def _says_another_capstone(held: Certificate, chain: Chain) -> bool:
    """The same of the title."""
    titles = {one.title for one in chain.facts.capstones}
    return bool(held.facts.get("capstone")) and held.facts["capstone"] not in titles and issued.recorded_facts(held).get("capstone") not in titles


def _number(text: object) -> Decimal:
    try:
        return Decimal(str(text or 0))
    except InvalidOperation:
        return Decimal(0)
