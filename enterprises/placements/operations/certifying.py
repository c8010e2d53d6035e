"""The certificate of a finished placement: asked of the ground floor, kept true when a confirmed day is withdrawn later."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from enterprises.placements import queries
from enterprises.placements.models import Placement
from enterprises.placements.operations._support import WrongState, parameter
from enterprises.placements.types import PlacementState
from trainhub.certificates import operations as certificates
from trainhub.certificates import queries as certificate_queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Attested, Kind, State
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _
from trainhub.ledger import queries as ledger
from trainhub.ledger.types import Source

REASON = "认定的企业学习记录有变化，证书所载与记录不符"
"""What visitors read: why a day does not count may tell of the student, and stands with the day and in the audit log."""
CORRECTED, CHECKED = "实习日更正记录", "企业学习记录核对"
"""What the correction rests on, for good and in the official words."""


def has_ended(placement: Placement) -> bool:
    """Whether a placement ran and is over: finished (in time or early), or withdrawn after it had begun."""
    return placement.state is PlacementState.FINISHED or (placement.state is PlacementState.WITHDRAWN and placement.started_on is not None)


def has_brought(placement: Placement) -> bool:
    """Whether milestone, training and certificate of a placement may stand and follow its days: it is over, or it was, and the school opened
    it again (the milestone of its end stands)."""
    if placement.state is not PlacementState.STARTED:
        return has_ended(placement)
    person_id = queries.student(placement.student_id).person_id
    return ledger.live_milestone(person_id, Source.PLACEMENT, f"placement:{placement.id}") is not None


def asked_key(placement: Placement) -> str:
    """The stable name of a placement's certificate."""
    return f"placement:{placement.id}"


def credited_days(placements: Iterable[Placement], *, today: date) -> dict[int, int]:
    """By placement how many of its student's credited days were earned in it (PETOE-7.2); a day counts in one placement only."""
    wanted = list(placements)
    per_week = parameter("own.weeks.days_per_week", today).number
    credited: Counter[int | None] = Counter()
    for row, earned in ledger.earned_by((one.student_id for one in wanted), days_per_week=per_week):
        credited[row.source_id] += earned
    return {one.id: credited[one.id] for one in wanted}


def _weeks(days: int, today: date) -> Decimal:
    return Decimal(days) / parameter("own.weeks.days_per_week", today).number


def _earned(student_id: int, days: int) -> tuple[str, int, str]:
    """The days the weeks rest on, as evidence."""
    return "weeks", student_id, f"认定 {days} 天"


def issue_certificate(*, placement: Placement, by: Identity, today: date, now: datetime) -> Certificate | None:
    """Issue the certificate of a placement that ran and is over, or return the known one.

    It states the weeks credited, never those planned. None when no day is credited or the mentor's mark is below
    own.certificate.completion_mark_x10: then there is nothing to attest. Raises WrongState before the end.
    """
    if not has_ended(placement):
        raise WrongState(_("实习结束后才能签发企业学习证明。"))
    found = _attested([placement], today).get(placement.id)
    if found is None:
        return None
    student = queries.student(placement.student_id)
    made = certificates.issue(
        kind=Kind.PLACEMENT,
        person_id=student.person_id,
        issuer_id=student.university_id,
        asked_key=asked_key(placement),
        facts=found.facts,
        evidence=found.evidence,
        by=by,
        today=today,
        now=now,
        programme_id=student.programme_id,
    )
    # One that was ended on a wrong day and opened again lasts longer; what a list says of its own certificate stays.
    last = {"ends_on": found.facts["ends_on"]} if made.asked_key == asked_key(placement) else {}
    days = credited_days([placement], today=today)[placement.id]
    return _follow(made, placement.student_id, days, document=CHECKED, by=by, today=today, now=now, more=last)


def certificate_of(placement: Placement) -> Certificate | None:
    """The certificate of a placement, also one from a list for the same place and first day that it was not known for yet."""
    student, row = queries.student(placement.student_id), queries.placement_view(placement.id)
    thing = {"base": row.base or row.enterprise, "starts_on": placement.starts_on}
    return certificate_queries.held(Kind.PLACEMENT, student.university_id, student.person_id, asked_key(placement), thing)


def _follow(
    certificate: Certificate,
    student_id: int,
    days: int,
    *,
    document: str,
    by: Identity,
    today: date,
    now: datetime,
    more: Mapping[str, Any] = MappingProxyType({}),
) -> Certificate:
    return certificates.follow(
        certificate=certificate,
        facts={"weeks": _weeks(days, today), **more},
        evidence=[_earned(student_id, days)],
        reason=REASON,
        document=f"{document}（{today.isoformat()}）",  # stands in its history for good, whichever language who asks reads
        by=by,
        today=today,
        now=now,
    )


def _attested(placements: Sequence[Placement], today: date) -> dict[int, Attested]:
    """What the certificates of finished placements say today, by placement; without those that have nothing to attest."""
    credited = credited_days(placements, today=today)
    mark = parameter("own.certificate.completion_mark_x10", today).number
    due = [one for one in placements if credited[one.id] and one.mentor_score_x10 is not None and one.mentor_score_x10 >= mark]
    views, last = queries.placement_views(one.id for one in due), queries.last_confirmed(one.id for one in due)
    found = {}
    for placement in due:
        row, days = views[placement.id], credited[placement.id]
        facts = {
            "base": row.base or row.enterprise,
            "base_en": row.base_en or "",
            "weeks": _weeks(days, today),
            "mentor": row.mentor or "",
            "position": row.position,
            "starts_on": placement.starts_on,
            # What was planned beyond the last day of one that was withdrawn never came.
            "ends_on": last.get(placement.id, placement.ends_on) if placement.state is PlacementState.WITHDRAWN else placement.ends_on,
        }
        title = queries.titled(row.enterprise, row.position, row.term)
        found[placement.id] = Attested(facts, [("placement", placement.id, title), _earned(placement.student_id, days)])
    return found


def present_facts(drafts: Sequence[Certificate], today: date) -> dict[int, Attested]:
    """What placements' certificates that are still drafts would say today, by their ids; without those that nothing is due for any more."""
    of = {draft.id: int(draft.asked_key.removeprefix("placement:")) for draft in drafts}
    finished = [row for row in queries.placements_by_id(of.values()) if has_brought(row)]
    found = _attested(finished, today)
    return {key: found[one] for key, one in of.items() if one in found}


def correct_certificate(*, placement: Placement, by: Identity, today: date, now: datetime, record: str = CORRECTED) -> bool:
    """After a confirmed day was withdrawn or restored, or holidays changed what days earn: the certificate that stands says the new weeks, or
    is revoked when none are left; one from a list, that no record was found for before, is suspended: two persons issued it. What two persons
    corrected stays until the records say something else than they did. False when it is right, or there is none."""
    certificate = certificate_of(placement)
    if certificate is None or certificate.state not in (State.ISSUED, State.SUSPENDED):
        return False
    days = credited_days([placement], today=today)[placement.id]
    if days:
        return _follow(certificate, placement.student_id, days, document=record, by=by, today=today, now=now) is not certificate
    if certificate.asked_key == asked_key(placement):
        end = certificates.revoke
    elif certificate.state is State.ISSUED:
        end = certificates.suspend
    else:
        return False
    end(certificate=certificate, reason=REASON, document=f"{record}（{today.isoformat()}）", on=today, by=by, today=today, now=now)
    return True


def correct_certificates(*, student_id: int, by: Identity, today: date, now: datetime, record: str = CORRECTED) -> int:
    """The same for every placement of a student that is over or was: a day at one may give or take credit at another, a week counts only so many.
    How many were wrong."""
    ended = [row for row in queries.of_students([student_id]) if has_brought(row)]
    return sum(correct_certificate(placement=row, record=record, by=by, today=today, now=now) for row in ended)
