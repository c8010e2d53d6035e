"""The rules for placements in China, asked of the policy book by kind of programme: at the offer, the allocation and the start."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date

from enterprises.bases import queries as bases
from enterprises.bases import rules as base_rules
from enterprises.bases.types import Conclusion
from enterprises.placements import queries, rules
from enterprises.placements.models import Position, Round
from enterprises.placements.queries.resting import of_wishes
from enterprises.placements.types import Bar, Choice, LawFacts, Wish
from trainhub.kernel.retention import months_before
from trainhub.organisations import queries as organisations
from trainhub.people.models import Student
from trainhub.policy.book import book
from trainhub.policy.findings import Finding

VENUE_WORDS = {
    "bar": ("酒吧",),
    "nightclub": ("夜总会",),
    "karaoke": ("歌厅", "KTV", "卡拉OK"),
    "bath_house": ("洗浴", "桑拿"),
    "internet_cafe": ("网吧", "电子游戏厅"),
}
"""The venues of cn.*.forbidden_venues as they are written in names and descriptions."""


def bars_of(facts: LawFacts, position: Position, starts_on: date, *, campus: Collection[int] | None = None) -> tuple[Bar, ...]:
    """Why a student may not be placed at a position from a day on; empty: nothing stands against it.

    Venues, agencies and fees are forbidden for both kinds of programmes; first year, age, hours, nights, posts forbidden to
    minors or women and hard labour are written for vocational ones (教职成〔2021〕4号). A day before a rule existed bars nobody.
    A base on campus is no enterprise (PETOE-7.3); `campus`: those bases, where the caller knows them already.
    """
    found = _whatever_the_student(facts.is_vocational, position, starts_on)
    if is_on_campus(position) if campus is None else position.base_id in campus:
        found.append(Bar.ON_CAMPUS)
    if not facts.is_vocational:
        return tuple(found)
    first_year, age, hours, night = (
        book().find(f"cn.voc.{name}", on=starts_on) for name in ("first_year_allowed", "age_min", "hours_per_day", "night_shift_allowed")
    )
    if first_year is not None and not first_year.value and rules.is_first_year(facts.entered_on, starts_on):
        found.append(Bar.FIRST_YEAR)
    if age is not None and rules.is_minor(facts.birth_on, starts_on, int(age.number)):
        found.append(Bar.UNDER_AGE)
    if hours is not None and position.hours_per_day > hours.number:
        found.append(Bar.HOURS)
    if night is not None and not night.value and position.is_night_shift:
        found.append(Bar.NIGHT)
    minor, hard = _forbids("cn.voc.minor_posts_allowed", starts_on), _forbids("cn.voc.hard_labour_allowed", starts_on)
    if position.is_unfit_for_minors and minor and is_minor(facts, starts_on):
        found.append(Bar.MINOR_POST)
    if position.is_unfit_for_women and facts.is_woman and _forbids("cn.voc.women_posts_allowed", starts_on):
        found.append(Bar.WOMEN_POST)
    if position.is_hard_labour and hard:
        found.append(Bar.HARD_LABOUR)
    return tuple(found)


def is_on_campus(position: Position) -> bool:
    """Whether a post stands at a base on campus."""
    return position.base_id is not None and bool(bases.on_campus([position.base_id]))


def _forbids(key: str, on: date) -> bool:
    """Whether a switch that says what is allowed exists on a day and is off."""
    found = book().find(key, on=on)
    return found is not None and not found.value


def is_minor(facts: LawFacts, on: date) -> bool:
    """Whether a student is below the age of consent on a day."""
    age = book().find("cn.voc.guardian_consent_under", on=on)
    return age is not None and rules.is_minor(facts.birth_on, on, int(age.number))


def _whatever_the_student(is_vocational: bool, position: Position, on: date) -> list[Bar]:
    """What the rules of a kind of programmes say of a post and its conditions."""
    kind, found = "voc" if is_vocational else "ug", []
    venues = book().find(f"cn.{kind}.forbidden_venues", on=on)
    if venues is not None and not rules.judge_venue([position.title or "", position.description or ""], VENUE_WORDS, parameter=venues).met:
        found.append(Bar.VENUE)
    if position.is_through_agency and _forbids(f"cn.{kind}.intermediary_allowed", on):
        found.append(Bar.AGENCY)
    if position.takes_fees and _forbids(f"cn.{kind}.student_fees_allowed", on):
        found.append(Bar.FEES)
    return found


def judge_offer(position: Position, *, on: date) -> list[Finding]:
    """What the rules say of an offer, each with its clause. Venues are refused at once; shares of the staff are advice ("一般")."""
    enterprise = organisations.by_id(position.enterprise_id)
    texts = [position.title, position.description, enterprise.name if enterprise is not None else ""]
    found = []
    venues, hours, night = (book().find(f"cn.voc.{name}", on=on) for name in ("forbidden_venues", "hours_per_day", "night_shift_allowed"))
    if venues is not None:
        found.append(rules.judge_venue(texts, VENUE_WORDS, parameter=venues))
    if hours is not None:
        found.append(rules.judge_hours(position.hours_per_day, parameter=hours))
    if night is not None:
        found.append(rules.judge_night(position.is_night_shift, parameter=night))
    for code, is_so, key in (
        ("offer.agency", position.is_through_agency, "cn.ug.intermediary_allowed"),
        ("offer.fees", position.takes_fees, "cn.ug.student_fees_allowed"),
        ("offer.hard_labour", position.is_hard_labour, "cn.voc.hard_labour_allowed"),
    ):
        switch = book().find(key, on=on)
        if switch is not None:
            found.append(rules.judge_forbidden(code, is_so, parameter=switch))
    pay = book().find("cn.voc.pay_percent_min", on=on)
    if pay is not None:
        found.append(rules.judge_pay(position.pay_fen, position.post_pay_fen, parameter=pay))
    rows = queries.seats_of_position(position.id)
    spans = [(term.starts_on, term.ends_on) for term in queries.terms_by_ids([row.term_id for row in rows])]
    # The unit's share is that of all its posts together on the fullest day of the offer, the post's that of this post.
    everywhere, _limit = rules.fullest(queries.seats_at_unit(position.enterprise_id, position.id), spans, lambda _day: 0)
    for code, key, most, staff in (
        ("offer.unit_share", "unit_share_percent_max", everywhere, position.unit_staff),
        ("offer.post_share", "post_share_percent_max", max((row.seats for row in rows), default=0), position.post_staff),
    ):
        parameter = book().find(f"cn.voc.{key}", on=on)
        if parameter is not None:
            found.append(rules.judge_share(code, most, staff, parameter=parameter))
    if position.base_id is not None:
        found.append(judge_capacity(position, on=on))
    inspection = book().find("cn.ug.inspection_required", on=on)
    if inspection is not None:
        found.append(rules.judge_inspection(is_inspected(position.base_id or position.enterprise_id, on), parameter=inspection))
    topics = book().find("petoe.agreement_topics", on=on)
    if topics is not None and position.base_id is not None:
        found.append(base_rules.judge_agreement(bases.spans(bases.agreements_of(position.base_id)), on=on, parameter=topics))
    return found


def judge_capacity(position: Position, *, on: date) -> Finding:
    """Whether the base can take all who have a seat there at one time: approved positions and this one (PETOE-6.1)."""
    assert position.base_id is not None
    terms = {
        term.id: (term.starts_on, term.ends_on) for term in queries.terms_by_ids([row.term_id for row in queries.seats_of_position(position.id)])
    }
    capacity = bases.capacities(position.base_id)
    seats, limit = rules.fullest(queries.seats_at_base(position.base_id, position.id), terms.values(), capacity, changes=capacity.changes)
    found = base_rules.judge_capacity(seats, limit, parameter=book().at("petoe.centre_leaders_per_side_min", on=on))
    return replace(found, code="offer.capacity")


def is_inspected(base_id: int, on: date) -> bool:
    """Whether the latest on-site inspection of a unit (a base, or an enterprise without one) until a day did not fail and is not older than own.placement.inspection_valid_months."""
    last = bases.last_on_site(base_id, on)
    months = book().at("own.placement.inspection_valid_months", on=on).number
    return last is not None and last.conclusion is not Conclusion.FAILED and last.on >= months_before(on, int(months))


def wishes(round: Round, chosen: Sequence[int], known: Sequence[Choice]) -> list[Wish]:
    """What a student has ranked, in order: also what is not on offer at the moment, which keeps its place until the student drops it."""
    offered = {one.position_id: one for one in known}
    resting = {row.id: row for row in of_wishes([key for key in chosen if key not in offered], round.term_ids)}
    found = []
    for key in chosen:
        if (one := offered.get(key)) is not None:
            found.append(Wish(key, one.title, one.enterprise, one.region, is_eligible=one.is_eligible))
        elif (row := resting.get(key)) is not None:
            found.append(Wish(key, row.title, row.enterprise, row.region, rests=row.rests, is_gone=not row.rests, is_unverified=row.is_unverified))
    return found


def choices(round: Round, student: Student) -> list[Choice]:
    """The open positions as a student of a round sees them, with what the rules say against each: barred terms have no seats."""
    found, facts = queries.choices_of(round, student), queries.law_facts([student.id])[student.id]
    terms = {term.id: term.starts_on for term in queries.terms_by_ids(round.term_ids)}
    positions = queries.positions_by_ids({one.position_id for one in found})
    campus = bases.on_campus({row.base_id for row in positions.values() if row.base_id is not None})
    told = []
    for one in found:
        by_term = {term_id: bars_of(facts, positions[one.position_id], terms[term_id], campus=campus) for term_id in one.seats}
        is_barred = all(by_term.values())
        told.append(
            replace(
                one,
                seats={term_id: 0 if by_term[term_id] and not is_barred else left for term_id, left in one.seats.items()},
                bars=tuple(dict.fromkeys(bar for bars in by_term.values() for bar in bars)) if is_barred else (),
            )
        )
    return sorted(told, key=lambda one: not one.is_eligible)
