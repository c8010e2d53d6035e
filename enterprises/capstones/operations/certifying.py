"""Certificates of supervision for mentors, through the certificates' own door."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import NamedTuple

from enterprises.capstones import queries
from enterprises.capstones.operations._support import CapstoneRefused
from trainhub.certificates import operations as certificates
from trainhub.certificates import queries as issued
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Attested, Kind, State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.i18n import _
from trainhub.people import queries as people
from trainhub.programmes.models import Cohort, Programme

GROWS = ("students", "weeks", "starts_on", "ends_on")
"""What a certificate of supervision says that changes with every capstone that concludes later, or is taken back."""
REASON = "指导记录在签发后有变化，证书所载与记录不符"
DOCUMENT = "企业指导教师记录核对"


class Certified(NamedTuple):
    """What a press came to: certificates newly issued, newly waiting, and corrected to what the records say now."""

    issued: int
    waiting: int
    corrected: int


def key_of(row: queries.Supervised) -> str:
    """The stable name of a certificate: one for a person, enterprise, programme and cohort."""
    return f"supervision:{row.programme_id}:{row.cohort_year}:{row.enterprise_id}:{row.person_id}"


def certify_supervision(*, programme: Programme, cohort: Cohort, by: Identity, today: date, now: datetime) -> Certified:
    """Give every mentor of a cohort's concluded capstones a certificate of supervision.

    Only who really guided is named, with the students who were guided: somebody without a confirmed guidance gets none (PETOE-8.3). Doing it again issues only what is
    missing, and corrects what was issued before other capstones concluded or were taken back. Raises CapstoneRefused when nobody has guided.
    """
    rows = queries.supervised_in(cohort.id, on=today)
    if not rows:
        raise CapstoneRefused(_("这个年级还没有已公布成绩、且有指导记录的企业指导教师。"))
    humans = people.rows_of_humans(row.person_id for row in rows)  # certified before a merging of persons is certified
    keys = [[key_of(replace(row, person_id=person_id)) for person_id in humans[row.person_id]] for row in rows]
    known = issued.by_asked_keys(key for own in keys for key in own)
    missing = [row for row, own in zip(rows, keys, strict=True) if not any(key in known for key in own)]
    waiting = 0
    for row in missing:
        found = _attested(row)
        made = certificates.issue(
            kind=Kind.MENTOR,
            person_id=row.person_id,
            issuer_id=programme.university_id,
            asked_key=key_of(row),
            facts=found.facts,
            evidence=found.evidence,
            by=by,
            today=today,
            now=now,
            programme_id=programme.id,
        )
        waiting += made.state is State.DRAFT
    held = [(row, next((known[key] for key in own if key in known), None)) for row, own in zip(rows, keys, strict=True)]
    corrected = _correct([(row, one) for row, one in held if one is not None], by=by, today=today, now=now)
    data = {"new": len(missing), "persons": len(rows), "corrected": corrected}
    audit.record(by=by, did="capstones.supervisor.certified", on=("cohort", str(cohort.id)), data=data)
    return Certified(len(missing) - waiting, waiting, corrected)


def _correct(held: Sequence[tuple[queries.Supervised, Certificate]], *, by: Identity, today: date, now: datetime) -> int:
    """Bring certificates in line with the records; where two rows of a merged person share one, neither row says the whole.

    What two persons corrected stays until the records say something else than they did.
    """
    shared = Counter(certificate.id for _row, certificate in held)
    corrected = 0
    for row, certificate in held:
        if shared[certificate.id] > 1 or certificate.state not in (State.ISSUED, State.SUSPENDED):
            continue
        found = _attested(row)
        changed = {name: found.facts[name] for name in GROWS if certificate.facts.get(name) != str(found.facts[name])}
        recorded = issued.recorded_facts(certificate) if changed else {}
        changed = {name: value for name, value in changed.items() if recorded.get(name) != str(value)}
        if changed:
            document = f"{DOCUMENT}（{today.isoformat()}）"
            certificates.correct(certificate=certificate, facts=changed, reason=REASON, document=document, on=today, by=by, today=today, now=now)
            corrected += 1
    return corrected


def _attested(row: queries.Supervised) -> Attested:
    facts = {
        "enterprise": row.enterprise,
        "programme": f"{row.programme} {row.cohort_year} 级毕业设计",
        "students": row.students,
        "weeks": row.weeks,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
    }
    return Attested(facts, [("cohort", row.cohort_id, f"{row.programme} {row.cohort_year}")])


def present_facts(drafts: Sequence[Certificate], today: date) -> dict[int, Attested]:
    """What certificates of supervision that are still drafts would say today, by their ids; without those of who has guided nobody any more."""
    of = {draft.id: int(next(one["id"] for one in draft.evidence if one["kind"] == "cohort")) for draft in drafts}
    rows = queries.supervised_in(*set(of.values()), on=today)
    humans = people.humans_of([*(row.person_id for row in rows), *(draft.person_id for draft in drafts)])
    known = {(row.cohort_id, row.enterprise_id, humans[row.person_id]): row for row in rows}
    keys = {draft.id: (of[draft.id], int(draft.asked_key.split(":")[3]), humans[draft.person_id]) for draft in drafts}
    return {key: _attested(known[one]) for key, one in keys.items() if one in known}
