"""The checklist before a start: gathers what rules ask for and the parameters of the programme's kind, and lets rules judge."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import date

from enterprises.bases import queries as bases
from enterprises.placements import queries, rules
from enterprises.placements.lawful import is_inspected
from enterprises.placements.models import AgreementSignature, Placement
from enterprises.placements.types import AgreementParty, PaperKind
from trainhub.identity import queries as identities
from trainhub.people import queries as people
from trainhub.people.types import StudentState
from trainhub.policy.book import book
from trainhub.policy.findings import Finding
from trainhub.policy.types import Parameter
from trainhub.programmes.types import DegreeLevel


def _of_kind(level: DegreeLevel, name: str, on: date) -> Parameter | None:
    """The parameter of the rule set of vocational or undergraduate programmes on a day; None before it was in force."""
    return book().find(f"cn.{'voc' if level is DegreeLevel.VOCATIONAL else 'ug'}.{name}", on=on)


def _has_mentor(placement: Placement) -> bool:
    """Whether somebody guides the student who is another human: two persons may have been put together since."""
    guide = queries.person_of_mentor(placement.mentor_id)
    return guide is not None and not people.is_same_human(guide, queries.person_of_student(placement.student_id))


def on_page(rows: Iterable[AgreementSignature], texts: Collection[int]) -> list[AgreementSignature]:
    """The signatures under some texts that were set on the page, with the account that did: one on paper is somebody else's who recorded it."""
    return [row for row in rows if row.text_no in texts and row.file_id is None and row.recorded_by_id is not None]


def signs_twice(placement: Placement) -> bool:
    """Whether what stands of the agreement was signed on the page for two sides by one human: under an earlier rule, or two persons may have been put
    together since."""
    standing = {text.number for text in queries.texts_of(placement.id) if not text.is_replaced}
    rows = on_page(queries.signatures_of(placement.id), standing)
    student = queries.person_of_student(placement.student_id)
    if any(row.party is not AgreementParty.STUDENT and _holds(row.recorded_by_id, student) for row in rows):
        return True
    return any(
        one.party is not other.party and identities.is_same_holder(one.recorded_by_id, other.recorded_by_id)
        for place, one in enumerate(rows)
        for other in rows[place + 1 :]
    )


def _holds(account_id: int | None, person_id: int | None) -> bool:
    return person_id is not None and account_id in {account.id for account in identities.all_of_human(person_id)}


def parties(placement: Placement, texts: Iterable[int]) -> dict[int, tuple[AgreementParty, ...]]:
    """Who signs the agreement and its amendments, by the number of the text: three parties, the guardian of who is a minor on the first day, and a
    guardian who signed it or a text before it (where no birth date is known)."""
    guardian = book().find("cn.voc.guardian_consent_under", on=placement.starts_on)
    is_minor = guardian is not None and rules.is_minor(queries.start_facts(placement).birth_on, placement.starts_on, guardian.number)
    signed = [row.text_no for row in queries.signatures_of(placement.id) if row.party is AgreementParty.GUARDIAN]
    return {number: rules.parties_needed(is_minor=is_minor or any(at <= number for at in signed)) for number in texts}


def checklist(placement: Placement, *, today: date) -> list[Finding]:
    """Every item of the checklist as a finding with its clause; `start` is gated by them."""
    facts = queries.start_facts(placement)
    on = placement.starts_on
    own = book().at("petoe.tri_party_agreement_required", on=on)
    agreement = _of_kind(facts.degree_level, "agreement_required", on) or own
    insurance = _of_kind(facts.degree_level, "insurance_required", on) or own
    found = []
    if queries.student(placement.student_id).state is not StudentState.ENROLLED:  # asked for only where it is so, as what is asked of minors only
        found.append(rules.judge_enrolled(is_enrolled=False, parameter=agreement))
    found.append(rules.judge_agreement(facts.signed, parameter=agreement))
    if signs_twice(placement):
        found.append(rules.judge_sides(are_different=False, parameter=agreement))
    # The age of consent is written for vocational schools; a minor at a university is protected the same way.
    guardian = book().find("cn.voc.guardian_consent_under", on=on)
    if guardian is not None and rules.is_minor(facts.birth_on, on, guardian.number):
        found.append(rules.judge_guardian(facts.signed, parameter=guardian))
    consent = book().find("cn.voc.consent_required", on=on) if facts.degree_level is DegreeLevel.VOCATIONAL else None
    if consent is not None and consent.value:
        has_consent = AgreementParty.GUARDIAN in facts.signed or PaperKind.CONSENT in {row.kind for row in queries.papers_of(placement.id)}
        found.append(rules.judge_consent(has_consent, parameter=consent))
    # 实习单位 is the base, or the enterprise itself where the post lies at none: both rules ask it of every unit.
    unit_id = placement.base_id if placement.base_id is not None else placement.enterprise_id
    inspection = _of_kind(facts.degree_level, "inspection_required", on)
    if inspection is not None:
        found.append(rules.judge_inspection(is_inspected(unit_id, max(on, today)), parameter=inspection))
    needed = book().find("cn.ug.agreement_required", on=on)
    if needed is None and placement.base_id is not None:
        needed = book().at("petoe.agreement_topics", on=on)
    if needed is not None:
        own_school = queries.student(placement.student_id).university_id  # 高校应当与实习单位签订合作协议: another school's is not this one's
        spans = [(max(one.signed_on, one.since), one.until) for one in bases.spans(bases.agreements_of(unit_id, university_ids=[own_school]))]
        judged = rules.judge_cooperation(spans, (placement.starts_on, placement.ends_on), parameter=needed)
        found.append(judged if placement.base_id is not None else replace(judged, code="start.unit_agreement"))
    found += [
        rules.judge_insurance((placement.insured_from, placement.insured_until), (placement.starts_on, placement.ends_on), parameter=insurance),
        rules.judge_safety(placement.safety_trained_on, max(placement.starts_on, today), parameter=own),
        rules.judge_mentor(_has_mentor(placement), parameter=book().at("petoe.plan_item_enterprise_mentors_min", on=on)),
    ]
    return found
