"""The rules for placements in China, asked of the policy book by kind of programme: at the offer, the allocation and the start."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from enterprises.bases import queries as bases
from enterprises.bases import rules as base_rules
from enterprises.bases.types import Conclusion
from enterprises.placements import queries, rules
from enterprises.placements.models import Position, Round
from enterprises.placements.types import Bar, Choice, LawFacts
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


def bars_of(facts: LawFacts, position: Position, starts_on: date) -> tuple[Bar, ...]:
    """Why a student may not be placed at a position from a day on; empty: nothing stands against it.

    First year, age, hours and nights are written for vocational programmes (教职成〔2021〕4号); a day before that rule existed
    bars nobody.
    """
    if not facts.is_vocational:
        return ()
    found = []
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
    return tuple(found)


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
    most = max((row.seats for row in queries.seats_of_position(position.id)), default=0)
    for code, key, staff in (
        ("offer.unit_share", "unit_share_percent_max", position.unit_staff),
        ("offer.post_share", "post_share_percent_max", position.post_staff),
    ):
        parameter = book().find(f"cn.voc.{key}", on=on)
        if parameter is not None:
            found.append(rules.judge_share(code, most, staff, parameter=parameter))
    inspection = book().find("cn.ug.inspection_required", on=on)
    if inspection is not None and position.base_id is not None:
        found.append(rules.judge_inspection(is_inspected(position.base_id, on), parameter=inspection))
    topics = book().find("petoe.agreement_topics", on=on)
    if topics is not None and position.base_id is not None:
        found.append(base_rules.judge_agreement(bases.spans(bases.agreements_of(position.base_id)), on=on, parameter=topics))
    return found


def is_inspected(base_id: int, on: date) -> bool:
    """Whether the latest on-site inspection of a base until a day did not fail."""
    last = bases.last_on_site(base_id, on)
    return last is not None and last.conclusion is not Conclusion.FAILED


def choices(round: Round, student: Student) -> list[Choice]:
    """The open positions as a student of a round sees them, with what the rules say against each: barred terms have no seats."""
    found, facts = queries.choices_of(round, student), queries.law_facts([student.id])[student.id]
    if not facts.is_vocational:
        return found
    terms = {term.id: term.starts_on for term in queries.terms_by_ids(round.term_ids)}
    positions = queries.positions_by_ids({one.position_id for one in found})
    told = []
    for one in found:
        by_term = {term_id: bars_of(facts, positions[one.position_id], terms[term_id]) for term_id in one.seats}
        is_barred = all(by_term.values())
        told.append(
            replace(
                one,
                seats={term_id: 0 if by_term[term_id] and not is_barred else left for term_id, left in one.seats.items()},
                bars=tuple(dict.fromkeys(bar for bars in by_term.values() for bar in bars)) if is_barred else (),
            )
        )
    return sorted(told, key=lambda one: not one.is_eligible)
