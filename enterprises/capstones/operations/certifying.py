"""Certificates of supervision for mentors, through the certificates' own door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

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


def key_of(row: queries.Supervised) -> str:
    """The stable name of a certificate: one for a person, enterprise, programme and cohort."""
    return f"supervision:{row.programme_id}:{row.cohort_year}:{row.enterprise_id}:{row.person_id}"


def certify_supervision(*, programme: Programme, cohort: Cohort, by: Identity, today: date, now: datetime) -> tuple[int, int]:
    """Give every mentor of a cohort's concluded capstones a certificate of supervision; how many are newly issued, and how many newly wait.

    Only who really guided is named: somebody without a confirmed guidance gets none (PETOE-8.3). Doing it again issues only what is
    missing. Raises CapstoneRefused when nobody has guided.
    """
    rows = [row for row in queries.supervised_in(cohort.id) if row.guidances > 0]
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
    audit.record(by=by, did="capstones.supervisor.certified", on=("cohort", str(cohort.id)), data={"new": len(missing), "persons": len(rows)})
    return len(missing) - waiting, waiting


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


def present_facts(drafts: Sequence[Certificate], _today: date) -> dict[int, Attested]:
    """What certificates of supervision that are still drafts would say today, by their ids; without those of who has guided nobody any more."""
    of = {draft.id: int(next(one["id"] for one in draft.evidence if one["kind"] == "cohort")) for draft in drafts}
    rows = [row for row in queries.supervised_in(*set(of.values())) if row.guidances > 0]
    humans = people.humans_of([*(row.person_id for row in rows), *(draft.person_id for draft in drafts)])
    known = {(row.cohort_id, row.enterprise_id, humans[row.person_id]): row for row in rows}
    keys = {draft.id: (of[draft.id], int(draft.asked_key.split(":")[3]), humans[draft.person_id]) for draft in drafts}
    return {key: _attested(known[one]) for key, one in keys.items() if one in known}
