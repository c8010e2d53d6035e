"""Before a placement: the training plan, offers, eligibility, the checklist before a start. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from enterprises.placements.rules.days import Span, without
from enterprises.placements.types import (
    AgreementParty,
    PlanLine,
    PlanPlace,
    PreferenceProblem,
)
from trainhub.policy.findings import Finding, decided, no_data
from trainhub.policy.types import Parameter


# -- the enterprise training plan ---------------------------------------------------------------------------------------
def judge_plan_weeks(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """The items of the enterprise plan sum to at least 32 weeks (PETOE-7.1, 002:549). Weeks in tenths: 31.5 is not 32."""
    if not items:
        return no_data("7.1", parameter.clause, parameter=parameter, details=("no_items",))
    total = sum(item.weeks_x10 for item in items)
    return decided("7.1", total >= parameter.number * 10, found=weeks_text(total), parameter=parameter)


def judge_plan_place(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """Every item takes place at an enterprise (PETOE-7.3, 002:553); `details` name those that do not."""
    if not items:
        return no_data("7.3", parameter.clause, parameter=parameter, details=("no_items",))
    elsewhere = tuple(item.title for item in items if not item.is_at_enterprise)
    found = f"{len(items) - len(elsewhere)}/{len(items)}"
    return decided("7.3", not elsewhere, found=found, required=f"{len(items)}/{len(items)}", parameter=parameter, details=elsewhere)


def judge_plan_mentors(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """Every item has an enterprise mentor who teaches and grades (PETOE-6.8, 002:523)."""
    if not items:
        return no_data("6.8", parameter.clause, parameter=parameter, details=("no_items",))
    lacking = tuple(item.title for item in items if not item.has_enterprise_mentor)
    found = f"{len(items) - len(lacking)}/{len(items)}"
    return decided("6.8", not lacking, found=found, required=f"{len(items)}/{len(items)}", parameter=parameter, details=lacking)


def judge_plan_assessment(items: Sequence[PlanLine], *, parameter: Parameter) -> Finding:
    """Every item says how it is assessed (PETOE-6.9, 002:525)."""
    if not items:
        return no_data("6.9", parameter.clause, parameter=parameter, details=("no_items",))
    lacking = tuple(item.title for item in items if not item.assessment.strip())
    found = f"{len(items) - len(lacking)}/{len(items)}"
    return decided("6.9", not lacking, found=found, required=f"{len(items)}/{len(items)}", parameter=parameter, details=lacking)


def places_unsigned(places: Iterable[PlanPlace], signed: Iterable[int | None]) -> list[PlanPlace]:
    """The places of a plan for which no enterprise has signed: one of those that run it does, and None signs for those that nobody runs."""
    known = set(signed)
    return [place for place in places if not (place.hosts & known if place.hosts else None in known)]


def judge_plan_signatures(sides: Iterable[str], *, parameter: Parameter) -> Finding:
    """Both sides signed the plan (PETOE-6.3, 002:511)."""
    signed = set(sides)
    lacking = tuple(side for side in parameter.items if side not in signed)
    count = len(parameter.items)
    return decided("6.3", not lacking, found=f"{count - len(lacking)}/{count}", required=f"{count}/{count}", parameter=parameter, details=lacking)


def weeks_text(weeks_x10: int) -> str:
    """Tenths of a week as people write them: 320 is "32", 315 is "31.5"."""
    whole, tenth = divmod(weeks_x10, 10)
    return f"{whole}.{tenth}" if tenth else str(whole)


# -- choosing -----------------------------------------------------------------------------------------------------------
def accepts(majors: Collection[str], major: str) -> bool:
    """Whether a position accepts a major; no majors named: any."""
    return not majors or major in majors


def is_open(opens_on: date, closes_on: date, today: date) -> bool:
    """Whether preferences may be saved: until 23:59:59 of the last day, in the calendar of Shanghai."""
    return opens_on <= today <= closes_on


def check_preferences(positions: Sequence[int], *, eligible: Collection[int], most: int) -> PreferenceProblem | None:
    """What is wrong with a ranked list (best first), or None."""
    if len(positions) > most:
        return PreferenceProblem.TOO_MANY
    if len(set(positions)) != len(positions):
        return PreferenceProblem.TWICE
    if any(position not in eligible for position in positions):
        return PreferenceProblem.NOT_ELIGIBLE
    return None


def differences(
    plans: Sequence[tuple[Sequence[Sequence[Any]], Sequence[Sequence[Any]]]],
) -> list[tuple[int, list[tuple[list[tuple[int, int]], bool]]]]:
    """Students who fare otherwise in some plan than in the first: by student, for each plan (term, position) and whether
    the target is reached. A plan is (assignments, students below the target), rows that begin with the student's id."""
    ways: dict[int, list[list[tuple[int, int]]]] = {}
    short = [{row[0] for row in unplaced} for _assignments, unplaced in plans]
    for place, (assignments, unplaced) in enumerate(plans):
        for student, term, position, *_rest in assignments:
            ways.setdefault(student, [[] for _plan in plans])[place].append((term, position))
        for row in unplaced:
            ways.setdefault(row[0], [[] for _plan in plans])
    found = []
    for student, lists in sorted(ways.items()):
        told = [(sorted(one), student not in short[place]) for place, one in enumerate(lists)]
        if any(one != told[0] for one in told[1:]):
            found.append((student, told))
    return found


def spans_overlap(one: tuple[date, date], other: tuple[date, date]) -> bool:
    """Whether two spans, both ends included, share a day."""
    return one[0] <= other[1] and other[0] <= one[1]


def weeks_between(starts_on: date, ends_on: date) -> int:
    """Whole weeks of a term."""
    return ((ends_on - starts_on).days + 1) // 7 or 1


# -- before the start ---------------------------------------------------------------------------------------------------
def parties_needed(*, is_minor: bool) -> tuple[AgreementParty, ...]:
    """Who signs: three parties, and the guardian of a minor (cn.voc.guardian_consent_under)."""
    three = (AgreementParty.SCHOOL, AgreementParty.ENTERPRISE, AgreementParty.STUDENT)
    return (*three, AgreementParty.GUARDIAN) if is_minor else three


def is_minor(birth_on: date | None, on: date, under: int) -> bool:
    """Whether a person is below the age on a day; an unknown birth date is taken as of age."""
    if birth_on is None:
        return False
    return on.year - birth_on.year - ((on.month, on.day) < (birth_on.month, birth_on.day)) < under


def signed_facts(kept: Iterable[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """What the parties of a text have signed: what stood above the first signature, with what was open then and filled in before a
    later one. None: nobody's was kept."""
    found: dict[str, Any] | None = None
    for facts in kept:
        if facts is None:
            continue
        found = dict(facts) if found is None else {key: facts.get(key) if value is None else value for key, value in found.items()}
    return found


def changed_facts(signed: Mapping[str, Any], now: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(key, signed, now) of what reads otherwise now; what was open when it was signed is filled in, not changed."""
    return [(key, value, now.get(key)) for key, value in signed.items() if value is not None and now.get(key) != value]


def judge_agreement(signed: Collection[AgreementParty], *, parameter: Parameter) -> Finding:
    """School, enterprise and student have signed before the start (PETOE-6.2, 002:509; CN-UG, CN-VOC)."""
    needed = parties_needed(is_minor=False)
    lacking = tuple(party.value for party in needed if party not in signed)
    return decided("start.agreement", not lacking, found=f"{3 - len(lacking)}/3", required="3/3", parameter=parameter, details=lacking)


def judge_guardian(signed: Collection[AgreementParty], *, parameter: Parameter) -> Finding:
    """The guardian of a minor has consented (CN-VOC); asked only for minors."""
    has = AgreementParty.GUARDIAN in signed
    return decided("start.guardian", has, found=int(has), required=1, parameter=parameter)


def judge_consent(has_consent: bool, *, parameter: Parameter) -> Finding:
    """A consent signed by the student and a guardian or parent is there (CN-VOC)."""
    return decided("start.consent", has_consent, found=int(has_consent), required=1, parameter=parameter)


def judge_cooperation(spans: Iterable[Span], term: Span, *, parameter: Parameter) -> Finding:
    """The student's school has a cooperation agreement with the unit that holds from the first to the last day (CN-UG, PETOE-6.6); agreements may follow each other."""
    open_days = without([term], spans)
    found = "—" if open_days == [term] else (f"{open_days[0][0].isoformat()} –" if open_days else f"≥ {term[1].isoformat()}")
    required = f"{term[0].isoformat()} – {term[1].isoformat()}"
    return decided("start.base_agreement", not open_days, found=found, required=required, parameter=parameter)


def judge_insurance(insured: tuple[date | None, date | None], span: tuple[date, date], *, parameter: Parameter) -> Finding:
    """The insurance covers the whole period, first and last day included (CN-UG, CN-VOC)."""
    since, until = insured
    required = f"{span[0].isoformat()} – {span[1].isoformat()}"
    covers = since is not None and until is not None and since <= span[0] and span[1] <= until
    found = f"{since.isoformat() if since else '—'} – {until.isoformat() if until else '—'}" if since or until else "—"
    return decided("start.insurance", covers, found=found, required=required, parameter=parameter)


def judge_safety(trained_on: date | None, starts_on: date, *, parameter: Parameter) -> Finding:
    """Safety training lies not after the first day (PETOE-6.2, 002:509「保证了师生安全」)."""
    met = trained_on is not None and trained_on <= starts_on
    return decided("start.safety", met, found=trained_on or "—", required=f"≤ {starts_on.isoformat()}", parameter=parameter)


def judge_mentor(has_mentor: bool, *, parameter: Parameter) -> Finding:
    """Nobody starts without a mentor (PETOE-6.8, 002:523)."""
    return decided("start.mentor", has_mentor, found=int(has_mentor), parameter=parameter)


def judge_enrolled(is_enrolled: bool, *, parameter: Parameter) -> Finding:
    """Who signs as student is one: neither suspended nor gone (PETOE-6.2, three parties)."""
    return decided("start.enrolled", is_enrolled, found=int(is_enrolled), parameter=parameter)


def judge_sides(are_different: bool, *, parameter: Parameter) -> Finding:
    """The parties of the agreement are different humans (PETOE-6.2, three parties)."""
    return decided("start.sides", are_different, found=int(are_different), parameter=parameter)


def is_first_year(entered_on: date, on: date) -> bool:
    """Whether a day lies in the first year of studies."""
    return on < date(entered_on.year + 1, entered_on.month, min(entered_on.day, 28))


def judge_inspection(is_inspected: bool, *, parameter: Parameter) -> Finding:
    """The unit was inspected on the spot before students come (CN-UG, CN-VOC)."""
    return decided("start.inspection", is_inspected, found=int(is_inspected), required=1, parameter=parameter)


def judge_venue(texts: Iterable[str], words: Mapping[str, Sequence[str]], *, parameter: Parameter) -> Finding:
    """No bar, nightclub, karaoke, bath house or internet café (CN-VOC, CN-UG), judged by the words of name and description."""
    whole = " ".join(texts).upper()
    hits = tuple(word for venue in parameter.items for word in words.get(venue, ()) if word.upper() in whole)
    return decided("offer.venue", not hits, found="、".join(hits) or "—", required="—", parameter=parameter, details=hits)


def judge_hours(hours: int, *, parameter: Parameter) -> Finding:
    """At most eight hours a day (CN-VOC)."""
    return decided("offer.hours", hours <= parameter.number, found=hours, parameter=parameter)


def judge_night(is_night_shift: bool, *, parameter: Parameter) -> Finding:
    """No night shifts (CN-VOC)."""
    return decided("offer.night", not is_night_shift, found=int(is_night_shift), required=0, parameter=parameter)


def judge_forbidden(code: str, is_so: bool, *, parameter: Parameter) -> Finding:
    """Something that is not allowed is not so: an agency, fees or deposits, hard labour (CN-VOC, CN-UG)."""
    return decided(code, not is_so, found=int(is_so), required=0, parameter=parameter)


def judge_pay(pay_fen: int | None, post_pay_fen: int | None, *, parameter: Parameter) -> Finding:
    """In principle at least 80 % of what the same post is paid (CN-VOC); either not known: no data."""
    if pay_fen is None or not post_pay_fen:
        return no_data("offer.pay", parameter.clause, parameter=parameter, details=("no_pay",))
    return decided("offer.pay", pay_fen * 100 >= post_pay_fen * parameter.number, found=f"{pay_fen * 100 / post_pay_fen:.1f}", parameter=parameter)


def fullest(
    offered: Iterable[tuple[date, date, int]], own: Iterable[Span], capacity: Callable[[date], int | None], *, changes: Iterable[date] = ()
) -> tuple[int, int | None]:
    """(seats, capacity) of the day on which a base is fullest, among the days on which a span of `own` and anything else begins, and
    those from which on it takes another number (`changes`).

    Days on which nobody knows the capacity say nothing; (0, None) when there is no other.
    """
    rows, mine = list(offered), list(own)
    worst: tuple[int, int | None] = (0, None)
    other = {day for day in changes if any(since <= day <= until for since, until, _seats in rows)}
    for day in sorted(other.union(since for since, _until, _seats in rows)):
        limit = capacity(day)
        if limit is None or not any(since <= day <= until for since, until in mine):
            continue
        seats = sum(count for since, until, count in rows if since <= day <= until)
        if worst[1] is None or seats - limit > worst[0] - worst[1]:
            worst = (seats, limit)
    return worst


def share_out(places: int, seats: Mapping[int, int], wished: Mapping[int, int], *, last: Collection[int] = ()) -> dict[int, int]:
    """How many of the seats of positions stay when there are only so many places for all of them.

    Seats go one by one to the position with most wishes not served yet, in a tie to the lowest id; those that nobody
    wishes for come later, those of `last` at the end. Positions that get nothing have 0.
    """
    if sum(seats.values()) <= places:
        return dict(seats)
    order = sorted((key in last, number - wished.get(key, 0), key) for key, count in seats.items() for number in range(min(count, places)))
    kept = dict.fromkeys(seats, 0)
    for _is_last, _served, key in order[:places]:
        kept[key] += 1
    return kept


def judge_share(code: str, seats: int, staff: int | None, *, parameter: Parameter) -> Finding:
    """Students of a term as a share of the staff of the unit (10 %) or of the post (20 %) (CN-VOC); staff not known: no data."""
    if not staff:
        return no_data(code, parameter.clause, parameter=parameter, details=("no_staff",))
    return decided(code, seats * 100 <= staff * parameter.number, found=f"{seats * 100 / staff:.1f}", parameter=parameter)
