"""The field work of programme 3: six terms, a finished and an open round, a class that is in the field now.

The student of the demo account stands one day short of 32 weeks. The round that is open leads to the next term, for nobody is placed
in one that runs; a place that the student finds in the running term begins on the day the school approves it, so that whoever tries
the demo can log a day, have it confirmed and reach the target on the same day.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from enterprises.placements.models import Placement, Position, Term
from enterprises.placements.operations import guiding, placing, plans, reminding, rounds
from trainhub.demo import field
from trainhub.demo.calendar import working_days
from trainhub.demo.field import Diary, instant
from trainhub.demo.practice_texts import ABSENCES
from trainhub.demo.world import World
from trainhub.people.models import Student

STARTS = (-294, -196, -84, 0, 98, 294)
"""First days of the terms, from the Monday of the demo's week; the first has 8 weeks, the others 12."""
SUMMER, AUTUMN, LAST, NOW, NEXT, LATER = range(6)
BROKE_OFF = 13
"""This student of the final cohort left after two weeks, ill: the weeks can hardly be reached any more."""
SELF_FOUND = (5, 6, 7, 8)
"""These have found a place in the running term themselves, before the round."""
WAITING = (9, 0, 5, 12, 0, 3, 6, 0, 10, 0)
"""How many of the last days of the younger class still wait for their mentors, in turn."""


def build(world: World) -> None:
    """In the order in which it could have happened."""
    monday = world.calendar.monday(0)
    terms = [_term(world, monday + timedelta(days=days_), 8 if place == SUMMER else 12) for place, days_ in enumerate(STARTS)]
    world.made["terms"] = terms
    _first_round(world, terms)
    _younger_class(world, terms)
    _open_round(world, terms)
    reminding.remind_mentors(today=world.calendar.plus(-1), now=world.calendar.at(-1), sends_links=False)


def _term(world: World, starts_on: date, weeks: int) -> Term:
    """A term of programme 3. One of the past from which public holidays took days began a week earlier: its weeks could be reached."""
    lost = weeks * 5 - len(working_days(starts_on, starts_on + timedelta(days=weeks * 7 - 1)))
    spare = 1 if lost and starts_on < world.calendar.monday(0) else 0
    starts_on -= timedelta(days=7 * spare)
    return field.term(world, 2, f"{starts_on:%Y%m}", f"{starts_on.year} 年 {starts_on.month} 月企业学习学期", starts_on, weeks, spare=spare)


def _worked(placement: Placement, term: Term) -> list[date]:
    """The working days of a placement, the last of them, so many as its term has weeks for."""
    return working_days(placement.starts_on, placement.ends_on)[-5 * term.weeks :]


def _absent(number: int, worked: Sequence[date]) -> frozenset[date]:
    """Two or three days of a term on which a student was ill or away; the five best were always there."""
    return frozenset(day for step, day in enumerate(worked) if (number * 7 + step) % 23 == 0) if number >= 5 else frozenset()


def _first_round(world: World, terms: Sequence[Term]) -> None:
    """The finished round: the final cohort chose and was placed by the planner in two terms, 24 weeks.

    Five had spent a summer in an enterprise before: four of them have 32 weeks, `student` has 31.8.
    """
    first, second = terms[AUTUMN], terms[LAST]
    early = instant(world, terms[SUMMER].starts_on, -70)
    seats = 12 * world.scale
    positions = [field.position(world, host, [(terms[SUMMER], 4), (first, seats), (second, seats)], early) for host in (0, 2, 5, 7)]
    students = world.students[2, world.calendar.final_entry][: 20 * world.scale]
    for number in range(5):
        at = positions[number % 4]
        mentor = field.mentor_for(world, at, number // 4)
        placement = field.place_student(world, students[number], at, terms[SUMMER], mentor)
        worked = _worked(placement, terms[SUMMER])
        diary = Diary(rejected={worked[17]: ABSENCES[0]}, portion=20) if number == 0 else field.WHOLE
        field.log(world, placement, worked, number, diary)
        field.end(world, placement, number)
    _choose_and_plan(world, students, [first, second], positions)
    for number, student in enumerate(students):
        for placement in field.live(student):
            if placement.term_id != terms[SUMMER].id:
                at = next(p for p in positions if p.id == placement.position_id)
                world.made.setdefault("enterprise_of", {})[student.id] = at.enterprise_id
                _spend(world, placement, at, number, first if placement.term_id == first.id else second, is_first=placement.term_id == first.id)


def _choose_and_plan(world: World, students: Sequence[Student], terms: Sequence[Term], positions: Sequence[Position]) -> None:
    entry, opens = world.calendar.final_entry, terms[0].starts_on - timedelta(days=56)
    round_ = rounds.create_round(
        programme=world.programmes[2],
        cohort=world.cohorts[2, entry],
        title=f"{entry} 级企业学习第一轮",
        opens_on=opens,
        closes_on=opens + timedelta(days=13),
        terms=terms,
        by=world.by,
        now=instant(world, opens, -3),
    )
    rounds.open_round(round=round_, by=world.by, now=instant(world, opens))
    for number, student in enumerate(students):
        rounds.save_preferences(
            round=round_,
            student=student,
            position_ids=[p.id for p in _turned(positions, number)[:3]],
            by=world.acting(student.person_id),
            now=instant(world, opens, 1 + number % 12),
        )
    rounds.close_round(round=round_, by=world.by, now=instant(world, opens, 14))
    plans.plan_round(round=round_, by=world.by, now=instant(world, opens, 15))
    plans.publish_round(round=round_, by=world.by, now=instant(world, opens, 16))


def _spend(world: World, placement: Placement, at: Position, number: int, term: Term, *, is_first: bool) -> None:
    """One term of one student of the final cohort."""
    if number == BROKE_OFF and not is_first:
        placing.withdraw_placement(
            placement=placement, reason="因病休养，本学期不能参加企业学习。", by=world.by, now=instant(world, placement.starts_on, -9)
        )
        return
    # The first of the mentors is the demo account `mentor`, who keeps room for the younger class.
    mentor = (
        field.mentor_for(world, at, 0)
        if number == 0
        else field.mentor_for(world, at, 1 + number // 4 % (len(world.made["mentors_of"][at.enterprise_id]) - 1))
    )
    guiding.assign_mentor(placement=placement, mentor=mentor, by=world.by, now=instant(world, placement.starts_on, -36))
    field.begin(world, placement)
    worked = _worked(placement, term)
    if number == BROKE_OFF:
        field.log(world, placement, worked[:10], number)
        placing.withdraw_placement(placement=placement, reason="因病住院，中止实习。", by=world.by, now=instant(world, worked[14]))
        return
    field.log(world, placement, worked, number, Diary(absent=_absent(number, worked), portion=20 if number == 0 else 1000))
    field.end(world, placement, number)


def _turned(items: Sequence[Position], by: int) -> list[Position]:
    at = by % len(items)
    return [*items[at:], *items[:at]]


def _younger_class(world: World, terms: Sequence[Term]) -> None:
    """The class after: its first term has just ended and is being confirmed; eight go on in the running term, five are placed further."""
    early = instant(world, terms[LAST].starts_on, -60)
    seats = 7 * world.scale
    positions = [field.position(world, host, [(terms[n], seats) for n in (LAST, NOW, NEXT)], early, ordinal=2) for host in (0, 2, 5)]
    for number, student in enumerate(world.students[2, world.calendar.final_entry + 1][: 20 * world.scale]):
        at = positions[number % 3]
        mentor = field.mentor_for(world, at, 0 if number % 3 == 0 and number < 15 else 1 + number)
        placement = field.place_student(world, student, at, terms[LAST], mentor)
        waiting = WAITING[number % len(WAITING)]
        worked = working_days(placement.starts_on, placement.ends_on)
        absent = _absent(number + 5, worked)
        rejected = {worked[31 + number]: ABSENCES[number % 3]} if number in (3, 6, 10) else {}
        field.log(world, placement, worked, number, Diary(absent=absent - set(rejected), rejected=rejected, waiting=waiting, portion=10))
        if waiting == 0 and number % 2:
            field.end(world, placement, number)
        if number < 8:
            _goes_on(world, field.place_student(world, student, at, terms[NOW], mentor), number)
        if number < 5:
            further = placing.place_student(student=student, position=at, term=terms[NEXT], by=world.by, now=world.calendar.at(-6))
            if number > 1:
                field.prepare(world, further)


def _goes_on(world: World, placement: Placement, number: int) -> None:
    """This week's days until yesterday; most wait for the mentor."""
    worked = working_days(placement.starts_on, world.calendar.plus(-1))
    absent = worked[1:2] if number % 3 == 2 else []
    field.log(world, placement, worked, number, Diary(absent=absent, waiting=max(0, len(worked) - len(absent) - number % 4)))


def _open_round(world: World, terms: Sequence[Term]) -> None:
    """The open round of the final cohort for the next term; a third of the students have chosen, `student` has not."""
    calendar, entry = world.calendar, world.calendar.final_entry
    seats = [(terms[NOW], 10 * world.scale), (terms[NEXT], 10 * world.scale)]
    positions = [field.position(world, host, seats, calendar.at(-45), ordinal=1) for host in (0, 2, 5, 7, 8)]
    students = world.students[2, entry][: 20 * world.scale]
    for number in SELF_FOUND:
        at = positions[number % 4]
        _goes_on(world, field.place_student(world, students[number], at, terms[NOW], field.mentor_for(world, at, 0)), number)
    round_ = rounds.create_round(
        programme=world.programmes[2],
        cohort=world.cohorts[2, entry],
        title=f"{entry} 级企业学习第二轮",
        opens_on=calendar.plus(-5),
        closes_on=calendar.plus(14),
        terms=[terms[NEXT]],
        by=world.by,
        now=calendar.at(-8),
    )
    rounds.open_round(round=round_, by=world.by, now=calendar.at(-5))
    for number, student in enumerate(students):
        if number % 3 == 1 and number not in SELF_FOUND:
            rounds.save_preferences(
                round=round_,
                student=student,
                position_ids=[p.id for p in _turned(positions, number)[:3]],
                by=world.acting(student.person_id),
                now=calendar.at(-3),
            )
