"""The checklist before a start: gathers what rules ask for and the parameters of the programme's kind, and lets rules judge."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from enterprises.bases import queries as bases
from enterprises.placements import queries, rules
from enterprises.placements.lawful import is_inspected
from enterprises.placements.models import Placement
from enterprises.placements.types import AgreementParty, PaperKind
from trainhub.people import queries as people
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


def checklist(placement: Placement, *, today: date) -> list[Finding]:
    """Every item of the checklist as a finding with its clause; `start` is gated by them."""
    facts = queries.start_facts(placement)
    on = placement.starts_on
    own = book().at("petoe.tri_party_agreement_required", on=on)
    agreement = _of_kind(facts.degree_level, "agreement_required", on) or own
    insurance = _of_kind(facts.degree_level, "insurance_required", on) or own
    found = [rules.judge_agreement(facts.signed, parameter=agreement)]
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
        spans = [(max(one.signed_on, one.since), one.until) for one in bases.spans(bases.agreements_of(unit_id))]
        judged = rules.judge_cooperation(spans, (placement.starts_on, placement.ends_on), parameter=needed)
        found.append(judged if placement.base_id is not None else replace(judged, code="start.unit_agreement"))
    found += [
        rules.judge_insurance((placement.insured_from, placement.insured_until), (placement.starts_on, placement.ends_on), parameter=insurance),
        rules.judge_safety(placement.safety_trained_on, max(placement.starts_on, today), parameter=own),
        rules.judge_mentor(_has_mentor(placement), parameter=book().at("petoe.plan_item_enterprise_mentors_min", on=on)),
    ]
    return found
