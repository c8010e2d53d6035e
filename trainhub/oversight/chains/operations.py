"""Asking for programme certificates: only for whole chains, once for each student, all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from trainhub.certificates import operations as certificates
from trainhub.certificates.models import Certificate
from trainhub.certificates.types import Attested, Kind, State
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.oversight.chains.queries import asked_key, chains_of
from trainhub.oversight.chains.types import Chain, Issued
from trainhub.people import queries as people
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme


class NothingToIssue(Refused):
    """No chain is whole and still without its certificate."""

    code = "nothing_to_issue"


def _evidence(chain: Chain) -> list[tuple[str, Any, str]]:
    facts = chain.facts
    rows: list[tuple[str, Any, str]] = [("milestone", one.id, f"{one.title}（{one.reached_on.isoformat()}）") for one in facts.courses]
    span = f"，{facts.first_day} 至 {facts.last_day}" if facts.first_day and facts.last_day else ""
    rows.append(("weeks", chain.student_id, f"企业学习认定 {facts.credited_weeks:f} 周（{facts.credited_days} 天{span}）"))
    rows += [("milestone", one.id, f"{one.title}（{one.reached_on.isoformat()}）") for one in facts.capstones]
    return rows


def attested(programme: Programme, chain: Chain, university: Organisation | None = None) -> Attested:
    """What a programme certificate of this chain says and what it rests on."""
    university = university or organisations.by_id(programme.university_id)
    assert university is not None
    facts = {
        "university": university.name,
        "programme": programme.name,
        "programme_en": programme.name_en,
        "weeks": chain.facts.credited_weeks,
        "capstone": chain.facts.capstones[0].title if chain.facts.capstones else "",
    }
    return Attested(facts, _evidence(chain))


def present_facts(drafts: Sequence[Certificate], today: date) -> dict[int, Attested]:
    """What programme certificates that are still drafts, or are to be issued anew, would say today, by their ids; without those whose chain is no
    longer whole, or is attested by another one that stands."""
    students = people.students_by_id(int(one.asked_key.rpartition(":")[2]) for one in drafts)
    taught = {one.id: one for one in programmes.by_ids({one.programme_id for one in drafts if one.programme_id is not None})}
    issuers = organisations.by_ids(one.issuer_id for one in drafts)
    asked = []
    for draft in drafts:
        programme, student = taught.get(draft.programme_id or 0), students.get(int(draft.asked_key.rpartition(":")[2]))
        if programme is not None and student is not None:
            asked.append((draft, programme, student))
    chains = chains_of([(programme, student) for _draft, programme, student in asked], on=today)
    return {
        draft.id: attested(programme, chain, issuers[draft.issuer_id])
        for (draft, programme, _student), chain in zip(asked, chains, strict=True)
        if chain.is_complete and chain.stands_elsewhere is None
    }


def issue(*, programme: Programme, chains: Iterable[Chain], by: Identity, today: date, now: datetime) -> Issued:
    """Issue the programme certificates of the whole chains; incomplete ones are counted and left.

    A repeat changes nothing (`known`). Raises NothingToIssue when no chain is whole.
    """
    university = organisations.by_id(programme.university_id)
    assert university is not None
    given = list(chains)
    whole = [chain for chain in given if chain.is_complete]
    if not whole:
        raise NothingToIssue(_("没有三项事实齐全的学生，没有签发证书。请先补齐课程、企业学习或毕业设计。"))
    certificates.hold_counter(university, Kind.PROGRAMME, today.year)  # what was issued meanwhile is seen from here on
    students = people.students_by_id(chain.student_id for chain in whole)
    made = known = waiting = 0
    for chain in chains_of([(programme, students[chain.student_id]) for chain in whole], on=today):
        if chain.certificate_number is not None or not chain.is_complete:
            known += chain.certificate_number is not None
            continue
        found = attested(programme, chain, university)
        certificate = certificates.issue(
            kind=Kind.PROGRAMME,
            person_id=chain.person_id,
            issuer_id=university.id,
            programme_id=programme.id,
            asked_key=asked_key(programme, chain.student_id),
            facts=found.facts,
            evidence=found.evidence,
            by=by,
            today=today,
            now=now,
        )
        made += 1
        waiting += certificate.state is State.DRAFT
    result = Issued(issued=made - waiting, known=known, waiting=waiting, incomplete=len(given) - known - made)
    if made:
        data = {"issued": result.issued, "waiting": waiting, "known": known}
        audit.record(by=by, did="chains.programme.issued", on=programme, data=data)
    return result
