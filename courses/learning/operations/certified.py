"""The day of a completion and its certificate: asked for, answered again, said by its draft, and which completions have none yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from courses.catalogue import authoring_queries as authored
from courses.catalogue import queries as catalogue
from courses.catalogue.models import Run
from courses.learning import log_queries, queries, rules
from courses.learning.models import Enrolment
from courses.learning.types import Counted
from trainhub.certificates import operations as certificates
from trainhub.certificates import queries as certificate_queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Attested, Kind, State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.ledger.rosters import queries as rosters
from trainhub.people import queries as people

UNLIKE = "证书所载学时与课程记录不符"


class NotLearning(Refused):
    """The person is not learning in this run, or the block cannot be done this way."""

    code = "not_learning"


def completion_key(run: Run) -> str:
    """The stable name of a completion in the ledger."""
    return f"course:{run.course.code}/{run.code}"


def issue_certificate(*, enrolment: Enrolment, run: Run, by: Identity, now: datetime) -> str | None:
    """Ask for the certificate of a completed enrolment; the same one is answered again. Returns its number.

    One human has one certificate of a run: what was issued under the id of a person who was merged since is the known one.
    A refusal (a name that no font can draw, an issuer without a number) does not undo the completion: it is audited, staff can ask
    again, and it is asked for once a day (`tasks.certify`).
    """
    try:
        with session().begin_nested():
            row = ask_certificate(enrolment=enrolment, run=run, by=by, now=now)
    except NotLearning:
        raise
    except Refused as refused:
        audit.record(by=by, did="courses.certificate.refused", on=enrolment, data={"code": refused.code, "message": refused.message})
        return None
    return str(row.number) if row.state is not State.DRAFT else None


def ask_certificate(*, enrolment: Enrolment, run: Run, by: Identity, now: datetime) -> Certificate:
    """The certificate of a completed enrolment, issued or waiting or known. Raises what issuing refuses with, NotLearning before the end."""
    if enrolment.completed_on is None:
        raise NotLearning(_("这名学员还没有完成课程，不能签发证书。"))
    known = certificate_of(enrolment, run)
    if known is not None:
        return known
    found, today = _attested(enrolment, run), local(now).date()
    row = certificates.issue(
        kind=Kind.COMPLETION,
        person_id=people.human_id(enrolment.person_id),
        issuer_id=run.course.owner_id,
        asked_key=f"{completion_key(run)}:person:{enrolment.person_id}",
        facts=found.facts,
        evidence=found.evidence,
        by=by,
        today=today,
        now=now,
        programme_id=run.programme_id,
    )
    document = f"课程学时核对（{today.isoformat()}）"
    return certificates.follow(certificate=row, facts={"hours": found.facts["hours"]}, reason=UNLIKE, document=document, by=by, today=today, now=now)


def certificate_of(enrolment: Enrolment, run: Run) -> Certificate | None:
    """The certificate of a completion, also one that still waits; the first of the human's, should there be several."""
    keys = [f"{completion_key(run)}:person:{person_id}" for person_id in people.human_ids(enrolment.person_id)]
    return min(certificate_queries.by_asked_keys(keys).values(), key=lambda one: one.id, default=None)


def _attested(enrolment: Enrolment, run: Run) -> Attested:
    facts = {"course": run.title, "hours": rules.tenths(run.hours_x10), "course_en": run.title_en}
    return Attested(facts, [("enrolment", enrolment.id, f"{run.title}（{run.course.code}/{run.code}）")])


def present_facts(drafts: Sequence[Certificate], _today: date) -> dict[int, Attested]:
    """What certificates of completions that are still drafts would say today, by their ids; without those whose course is no longer completed."""
    of = {draft.id: int(next(one["id"] for one in draft.evidence if one["kind"] == "enrolment")) for draft in drafts}
    enrolments = {row.id: row for row in queries.enrolments_by_id(of.values()) if row.completed_on is not None}
    runs = catalogue.runs_by_id(row.run_id for row in enrolments.values())
    return {key: _attested(enrolments[one], runs[enrolments[one].run_id]) for key, one in of.items() if one in enrolments}


def uncertified(enrolments: Sequence[Enrolment]) -> list[int]:
    """The ids of the completed among these that have no certificate, not even one that waits or was revoked, under any row of the human."""
    completed = [one for one in enrolments if one.completed_on is not None]
    runs, rows = catalogue.runs_by_id(one.run_id for one in completed), people.rows_of_humans(one.person_id for one in completed)
    keys = {one.id: {f"{completion_key(runs[one.run_id])}:person:{key}" for key in rows[one.person_id]} for one in completed}
    known = certificate_queries.known_keys(key for own in keys.values() for key in own)
    return [one.id for one in completed if not keys[one.id] & known]


def day_of(enrolment: Enrolment, run: Run, changed_at: datetime, now: datetime, blocks: Sequence[Counted] | None) -> date:
    """The day on which everything was there of who completes by a change: of the change, of joining, or of the last that was done or graded.

    Of a run that counts for a goal no day before the one since which its organisation says that it teaches the course: the ledger takes none.
    """
    if blocks is None:
        blocks = queries.counted(authored.outline_for(enrolment.run_id, enrolment.person_id), now)
    asked = [block.id for block in blocks if block.is_required or block.is_graded]
    # A gradebook may count what is neither required nor graded, and what was removed or taken back: its column keeps its marks.
    last = log_queries.last_news(enrolment.id, asked, None if queries.mark_of(enrolment) is not None else asked)
    known = [one for one in (changed_at, enrolment.enrolled_at, last) if one is not None]
    day, today = local(max(known)).date(), local(now).date()
    course = rosters.course(run.course.owner_id, run.title) if run.counts_for_goal else None
    return min(day if course is None else max(day, course.since), today)
