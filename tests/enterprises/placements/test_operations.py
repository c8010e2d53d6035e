"""Placements through their operations: seats, the checklist, days, the ledger, concurrency."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.placements import labels, operations, queries
from enterprises.placements.operations import certifying
from enterprises.placements.operations._support import BadDay, BadPlacement, NoSeat, NotReady, WrongState
from enterprises.placements.types import AgreementParty, DayState, OfferState, PlacementState, RoundState
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.certificates import DECIDER, WRITER, corrected
from tests.factories.remembering import remembered
from trainhub.certificates import operations as issuing
from trainhub.certificates import queries as certificates
from trainhub.certificates import verifying
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import batches
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import in_language
from trainhub.ledger import operations as ledger_operations
from trainhub.ledger import queries as ledger
from trainhub.ledger.models import TrainingRecord
from trainhub.ledger.types import Category, Source
from trainhub.organisations import queries as organisations

NOW = make.NOW


def built() -> SimpleNamespace:
    """A university with a programme, an enterprise with a base and a mentor, a term of 16 weeks and a position of 2 seats."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    term = make.term(university=university)
    return SimpleNamespace(
        university=university,
        enterprise=enterprise,
        programme=programme,
        base=base,
        term=term,
        mentor=make.mentor(enterprise=enterprise),
        position=make.position(enterprise=enterprise, base=base, terms=[term], seats=2),
        student=ground.student(programme, petoe_since=date(2023, 9, 1)),
    )


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """Nobody is placed yet."""
    return built()


def test_the_same_place_again_is_the_known_one(world: SimpleNamespace) -> None:
    one = operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    other = operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    assert one.id == other.id
    seats = queries.seats_of(world.position.id, world.term.id)
    assert seats is not None
    assert seats.taken == 1


def test_seats_hold(world: SimpleNamespace) -> None:
    for _n in range(2):
        operations.place_student(student=ground.student(world.programme), position=world.position, term=world.term, by=SYSTEM, now=NOW)
    with pytest.raises(NoSeat):
        operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    assert queries.live_of_student(world.student.id) == []


def test_a_withdrawal_frees_the_seat_once(world: SimpleNamespace) -> None:
    placed = operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    for _n in range(2):
        operations.withdraw_placement(placement=placed, reason="企业停产", by=SYSTEM, now=NOW)
    seats = queries.seats_of(world.position.id, world.term.id)
    assert seats is not None
    assert (seats.taken, placed.state) == (0, PlacementState.WITHDRAWN)
    again = operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    assert again.id != placed.id


def test_a_position_of_an_unverified_enterprise_is_not_published(world: SimpleNamespace) -> None:
    enterprise = ground.organisation(world.enterprise.kind, is_verified=False)
    row = make.position(enterprise=enterprise, terms=[world.term], is_approved=False)
    with pytest.raises(WrongState):
        operations.submit_position(position=row, by=SYSTEM, now=NOW)


def test_a_position_stands_only_at_a_base_of_its_enterprise(world: SimpleNamespace) -> None:
    with pytest.raises(BadPlacement) as refused:
        make.position(enterprise=ground.enterprise(), base=world.base, terms=[world.term])
    assert refused.value.field == "base_id"


def test_seats_never_fall_below_those_taken(world: SimpleNamespace) -> None:
    operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.set_seats(position=world.position, term=world.term, seats=0, by=SYSTEM, now=NOW)
    assert operations.set_seats(position=world.position, term=world.term, seats=1, by=SYSTEM, now=NOW).seats == 1


def test_terms_of_a_university_do_not_overlap(world: SimpleNamespace) -> None:
    last = world.term.ends_on
    with pytest.raises(BadPlacement):
        make.term(university=world.university, starts_on=last)
    assert make.term(university=world.university, starts_on=last + timedelta(days=1)).weeks == 16
    assert make.term(university=ground.university(), starts_on=last).weeks == 16


def test_a_copied_offer_keeps_no_closed_cycle(world: SimpleNamespace) -> None:
    operations.close_position(position=world.position, by=SYSTEM, now=NOW)
    copy = operations.copy_position(position=world.position, by=SYSTEM, now=NOW)
    assert (copy.state, queries.seats_of_position(copy.id)) == (OfferState.DRAFT, [])
    assert copy.code != world.position.code


def test_the_checklist_gates_the_start(world: SimpleNamespace) -> None:
    placed = operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        operations.start_placement(placement=placed, today=world.term.starts_on, by=SYSTEM, now=NOW)
    make.ready(placed, world.mentor)
    with pytest.raises(WrongState):
        operations.start_placement(placement=placed, today=world.term.starts_on - timedelta(days=1), by=SYSTEM, now=NOW)
    placed.insured_until = world.term.ends_on - timedelta(days=1)
    with pytest.raises(NotReady) as refused:
        operations.start_placement(placement=placed, today=world.term.starts_on, by=SYSTEM, now=NOW)
    assert [row["code"] for row in refused.value.details] == ["start.insurance"]
    assert refused.value.details[0]["clause"]
    assert refused.value.message == "还不能开始实习，尚缺：实习保险覆盖全程（学校在本页登记覆盖全程的保险）。"  # who does it, and where
    assert {code for code in labels.FINDINGS if code.startswith("start.")} == set(labels.WAYS_ON)
    placed.insured_until = world.term.ends_on
    assert operations.start_placement(placement=placed, today=world.term.starts_on, by=SYSTEM, now=NOW).state is PlacementState.STARTED


def test_a_minor_needs_a_guardian(world: SimpleNamespace) -> None:
    minor = ground.student(world.programme, who=ground.person(id_number=ground.resident_id(date(2008, 6, 7))))
    placed = operations.place_student(student=minor, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    operations.accept_placement(placement=placed, by=SYSTEM, now=NOW)
    with pytest.raises(NotReady) as refused:
        operations.start_placement(placement=placed, today=world.term.starts_on, by=SYSTEM, now=NOW)
    assert "start.guardian" in [row["code"] for row in refused.value.details]
    operations.sign_placement(placement=placed, party=AgreementParty.GUARDIAN, signed_name="母亲", signed_on=date(2026, 3, 2), by=SYSTEM, now=NOW)
    with pytest.raises(NotReady) as refused:
        operations.start_placement(placement=placed, today=world.term.starts_on, by=SYSTEM, now=NOW)
    assert "start.guardian" not in [row["code"] for row in refused.value.details]


def test_a_mentor_of_another_enterprise_is_refused(world: SimpleNamespace) -> None:
    placed = operations.place_student(student=world.student, position=world.position, term=world.term, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.assign_mentor(placement=placed, mentor=make.mentor(enterprise=ground.enterprise()), by=SYSTEM, now=NOW)


def test_a_mentor_takes_no_more_than_the_limit(world: SimpleNamespace) -> None:
    full = make.mentor(enterprise=world.enterprise, load_limit=1)
    placed = [
        operations.place_student(student=s, position=world.position, term=world.term, by=SYSTEM, now=NOW)
        for s in (world.student, ground.student(world.programme))
    ]
    operations.assign_mentor(placement=placed[0], mentor=full, by=SYSTEM, now=NOW)
    operations.assign_mentor(placement=placed[0], mentor=full, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement) as refused:
        operations.assign_mentor(placement=placed[1], mentor=full, by=SYSTEM, now=NOW)
    assert refused.value.code == "mentor_full"


# -- days ---------------------------------------------------------------------------------------------------------------
@pytest.fixture
@remembered
def running(session: Session) -> SimpleNamespace:
    """The world with a placement that has begun."""
    world = built()
    world.placement = make.started(student=world.student, position=world.position, term=world.term, mentor=world.mentor)
    return world


def test_saving_a_day_twice_is_one_day(running: SimpleNamespace) -> None:
    day = running.term.starts_on
    one = operations.log_day(placement=running.placement, on=day, note="装配", today=day, by=SYSTEM, now=NOW)
    other = operations.log_day(placement=running.placement, on=day, note="调试", today=day, by=SYSTEM, now=NOW)
    assert (one.id, other.note) == (other.id, "调试")
    assert len(queries.entries_of(running.placement.id)) == 1


@pytest.mark.parametrize(("shift", "code"), [(-1, "outside"), (0, None), (1, "future"), (16 * 7, "outside")])
def test_days_lie_inside_and_not_in_the_future(running: SimpleNamespace, shift: int, code: str | None) -> None:
    first = running.term.starts_on
    today = first if shift < 7 else first + timedelta(days=400)
    if code is None:
        assert operations.log_day(placement=running.placement, on=first, today=today, by=SYSTEM, now=NOW).state is DayState.PENDING
        return
    with pytest.raises(BadDay) as refused:
        operations.log_day(placement=running.placement, on=first + timedelta(days=shift), today=today, by=SYSTEM, now=NOW)
    assert refused.value.code == code


def test_a_confirmed_day_is_in_the_ledger_at_once(running: SimpleNamespace) -> None:
    days = make.weekdays(running.term.starts_on, 5)
    assert make.confirmed(running.placement, days) == 5
    assert [row.on for row in ledger.days_of(running.student.id)] == days
    assert ledger.weeks_of(running.student.id).credited_weeks == 1


def test_two_who_decide_at_once_do_not_both_win(running: SimpleNamespace) -> None:
    days = make.weekdays(running.term.starts_on, 3)
    for day in days:
        operations.log_day(placement=running.placement, on=day, today=days[-1], by=SYSTEM, now=NOW)
    operations.decide_days(placement=running.placement, days=days[:1], is_approved=False, reason="未到岗", today=days[-1], by=SYSTEM, now=NOW)
    with pytest.raises(Stale):
        operations.decide_days(placement=running.placement, days=days, is_approved=True, today=days[-1], by=SYSTEM, now=NOW)


def test_a_rejection_needs_a_reason_and_lets_the_day_be_logged_again(running: SimpleNamespace) -> None:
    day = running.term.starts_on
    operations.log_day(placement=running.placement, on=day, today=day, by=SYSTEM, now=NOW)
    with pytest.raises(BadDay):
        operations.decide_days(placement=running.placement, days=[day], is_approved=False, reason="  ", today=day, by=SYSTEM, now=NOW)
    operations.decide_days(placement=running.placement, days=[day], is_approved=False, reason="未到岗", today=day, by=SYSTEM, now=NOW)
    assert ledger.days_of(running.student.id) == []
    again = operations.log_day(placement=running.placement, on=day, note="已补假条", today=day, by=SYSTEM, now=NOW)
    assert (again.state, again.reason) == (DayState.PENDING, "")


def test_a_week_is_saved_whole_or_not_at_all(running: SimpleNamespace) -> None:
    week = [running.term.starts_on + timedelta(days=n) for n in range(7)]
    assert operations.log_week(placement=running.placement, days={week[0]: "a", week[1]: "b"}, week=week, today=week[4], by=SYSTEM, now=NOW) == (2, 0)
    assert operations.log_week(placement=running.placement, days={week[1]: "b", week[2]: ""}, week=week, today=week[4], by=SYSTEM, now=NOW) == (1, 1)
    assert [entry.on for entry in queries.entries_of(running.placement.id)] == week[1:3]


def test_a_correction_withdraws_the_day_and_the_milestone(running: SimpleNamespace) -> None:
    term_days = make.weekdays(running.term.starts_on, 80)
    earlier = make.weekdays(date(2025, 9, 1), 79)
    ledger_operations.confirm_days(
        student_id=running.student.id, enterprise_id=running.enterprise.id, base_id=None, days=earlier, source_id=None, by=SYSTEM, now=NOW
    )
    make.confirmed(running.placement, term_days)
    key = f"weeks:{running.student.id}"
    assert ledger.weeks_of(running.student.id).credited_days == 159
    assert ledger.live_milestone(running.student.person_id, Source.PLACEMENT, key) is None
    ledger_operations.confirm_days(
        student_id=running.student.id, enterprise_id=running.enterprise.id, base_id=None, days=[date(2026, 1, 5)], source_id=None, by=SYSTEM, now=NOW
    )
    assert operations.days.reach_weeks(student_id=running.placement.student_id, today=term_days[-1], by=SYSTEM, now=NOW) is True
    assert operations.days.reach_weeks(student_id=running.placement.student_id, today=term_days[-1], by=SYSTEM, now=NOW) is False
    entry = queries.day_entry(running.placement.id, term_days[3])
    assert entry is not None
    assert operations.correct_day(entry=entry, placement=running.placement, reason="误登", today=term_days[-1], by=SYSTEM, now=NOW) is True
    assert ledger.weeks_of(running.student.id).credited_days == 159
    assert ledger.live_milestone(running.student.person_id, Source.PLACEMENT, key) is None
    assert operations.correct_day(entry=entry, placement=running.placement, reason="误登", today=term_days[-1], by=SYSTEM, now=NOW) is False


def test_a_placement_ends_graded_and_pushes_one_milestone(running: SimpleNamespace) -> None:
    last = running.term.ends_on
    make.confirmed(running.placement, make.weekdays(running.term.starts_on, 5))
    with pytest.raises(WrongState):
        operations.finish_placement(placement=running.placement, today=last + timedelta(days=1), by=SYSTEM, now=NOW)
    operations.grade_placement(placement=running.placement, score_x10=875, comment="扎实", today=last, by=SYSTEM, now=NOW)
    with pytest.raises(WrongState):
        operations.finish_placement(placement=running.placement, today=last, by=SYSTEM, now=NOW)
    for _n in range(2):
        operations.finish_placement(placement=running.placement, today=last + timedelta(days=1), by=SYSTEM, now=NOW)
    found = ledger.milestones_of(running.student.person_id)
    assert [(row.key, row.score_x10) for row in found] == [(f"placement:{running.placement.id}", 875)]


def finished(running: SimpleNamespace, *, days: int = 80, score_x10: int = 875) -> date:
    """The running placement with its days, graded and ended; the day after its end."""
    last = running.term.ends_on
    if days:
        make.confirmed(running.placement, make.weekdays(running.term.starts_on, days))
    operations.grade_placement(placement=running.placement, score_x10=score_x10, comment="扎实", today=last, by=SYSTEM, now=make.at(last))
    after = last + timedelta(days=1)
    operations.finish_placement(placement=running.placement, today=after, by=SYSTEM, now=make.at(after))
    return after


@pytest.mark.parametrize("is_internet", [True, False])
def test_a_placement_at_an_internet_enterprise_counts_as_training_once(session: Session, running: SimpleNamespace, is_internet: bool) -> None:
    running.enterprise.is_internet_enterprise = is_internet
    day = finished(running, days=7)
    operations.finish_placement(placement=running.placement, today=day, by=SYSTEM, now=make.at(day))
    records = session.scalars(select(TrainingRecord).where(TrainingRecord.person_id == running.student.person_id)).all()
    found = [(r.organisation_id, r.category, r.hours_x10, r.completed_on, r.is_counted, r.source, r.source_id) for r in records]
    expected = (running.enterprise.id, Category.WORKER, 560, running.term.ends_on, True, Source.PLACEMENT, running.placement.id)
    assert found == ([expected] if is_internet else [])


def certificate_of(running: SimpleNamespace) -> Certificate | None:
    return certificates.by_asked_key(operations.asked_key(running.placement))


def test_a_finished_placement_is_certified_once_with_the_weeks_credited(running: SimpleNamespace) -> None:
    with pytest.raises(WrongState):
        operations.issue_certificate(placement=running.placement, by=SYSTEM, today=running.term.ends_on, now=NOW)
    day = finished(running, days=79)
    made = certificate_of(running)
    assert made is not None
    assert (made.kind, made.state, made.person_id, made.issuer_id) == (
        Kind.PLACEMENT,
        State.ISSUED,
        running.student.person_id,
        running.student.university_id,
    )
    assert made.facts["weeks"] == "15.8"
    assert (made.facts["starts_on"], made.facts["ends_on"]) == (running.term.starts_on.isoformat(), running.term.ends_on.isoformat())
    assert made.facts["mentor"]
    again = operations.issue_certificate(placement=running.placement, by=SYSTEM, today=day, now=make.at(day))
    assert again is not None
    assert [row.number for row in certificates.of_person(running.student.person_id)] == [made.number]
    assert again.number == made.number


@pytest.mark.parametrize(("days", "score_x10", "is_issued"), [(0, 875, False), (1, 599, False), (1, 600, True), (1, 601, True)])
def test_nothing_is_certified_without_days_or_below_the_mark(running: SimpleNamespace, days: int, score_x10: int, is_issued: bool) -> None:
    finished(running, days=days, score_x10=score_x10)
    assert (certificate_of(running) is not None) is is_issued


def test_a_corrected_day_corrects_the_certificate_and_the_last_one_revokes_it(running: SimpleNamespace) -> None:
    day = finished(running, days=2)
    first = certificate_of(running)
    assert first is not None
    for entry in queries.entries_of(running.placement.id):
        operations.correct_day(entry=entry, placement=running.placement, reason="误登", today=day, by=SYSTEM, now=make.at(day))
        standing = certificate_of(running)
        assert standing is not None
        if standing.state is State.ISSUED:
            assert (standing.facts["weeks"], first.state) == ("0.2", State.SUPERSEDED)
            assert standing.number != first.number
    assert standing.state is State.REVOKED


def listed(running: SimpleNamespace, **facts: Any) -> Certificate:
    """A certificate of this placement that two persons issued from a list with what was typed into it."""
    university, base = running.student.university_id, running.placement.base_id or running.placement.enterprise_id
    issuer, place = organisations.by_id(university), organisations.by_id(base)
    assert issuer is not None
    assert place is not None
    said = {
        "base": place.name,
        "starts_on": running.placement.starts_on,
        "ends_on": running.placement.ends_on,
        "mentor": "陈师傅",
        "weeks": 32,
        **facts,
    }
    rows = [batches.Wanted(running.student.person_id, said)]
    batch = batches.prepare(title="名单", issuer=issuer, rows=rows, kind=Kind.PLACEMENT, source=BatchSource.IMPORT, by=WRITER, now=NOW)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=NOW.date(), now=NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=NOW.date(), now=NOW)
    (made,) = certificates.of_person(running.student.person_id)
    return made


def test_what_a_list_said_of_a_placement_is_compared_with_its_record(running: SimpleNamespace) -> None:
    typed = listed(running)
    day = finished(running, days=2)
    standing = certificate_of(running)
    assert standing is not None
    assert (standing.facts["weeks"], typed.state) == ("0.4", State.SUPERSEDED), "32 weeks were typed, two days were confirmed"
    for entry in queries.entries_of(running.placement.id):
        operations.correct_day(entry=entry, placement=running.placement, reason="误登", today=day, by=SYSTEM, now=make.at(day))
    standing = certificate_of(running)
    assert standing is not None
    assert standing.state is State.REVOKED


def test_a_list_that_says_what_the_record_says_stays(running: SimpleNamespace) -> None:
    typed = listed(running, weeks="0.4")
    finished(running, days=2)
    standing = certificate_of(running)
    assert standing is not None
    assert (standing.id, standing.state) == (typed.id, State.ISSUED)


def test_a_list_s_certificate_of_a_placement_that_attests_nothing_is_found(running: SimpleNamespace) -> None:
    typed = listed(running)
    finished(running, days=0)
    assert certifying.certificate_of(running.placement) == typed, "the page of the placement shows it"


def test_what_two_persons_corrected_stays_until_the_records_change(running: SimpleNamespace) -> None:
    day = finished(running, days=3)
    first = certificate_of(running)
    assert first is not None
    typed = corrected(first, facts={"weeks": "0.4"}, on=day, today=day)
    times: dict[str, Any] = {"today": day, "by": SYSTEM, "now": make.at(day)}
    assert certifying.correct_certificates(student_id=running.placement.student_id, **times) == 0
    standing = certificate_of(running)
    assert standing is not None
    assert (standing.number, standing.facts["weeks"]) == (typed.number, "0.4"), "a look at the records types nothing over"
    one, other, _last = queries.entries_of(running.placement.id)
    for entry, weeks in ((one, "0.4"), (other, "0.2")):
        operations.correct_day(entry=entry, placement=running.placement, reason="误登", **times)
        standing = certificate_of(running)
        assert standing is not None
        assert (standing.facts["weeks"], standing.state) == (weeks, State.ISSUED), "records that say otherwise now do"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_certificate_says_the_same_whoever_has_it_issued_reads_what(running: SimpleNamespace, language: str) -> None:
    with in_language(language):
        day = finished(running, days=2)
        entry = queries.entries_of(running.placement.id)[0]
        operations.correct_day(entry=entry, placement=running.placement, reason="误登", today=day, by=SYSTEM, now=make.at(day))
    standing = certificate_of(running)
    assert standing is not None
    said = [(one.event.reason, one.event.document) for one in certificates.events_of(certificates.line_of(standing)) if one.event.reason]
    assert said == [(certifying.REASON, f"实习日更正记录（{day.isoformat()}）")], "visitors read no word that was typed about a student"
    assert [one["text"] for one in standing.evidence if one["kind"] == "weeks"] == ["认定 1 天"]


def test_a_corrected_day_corrects_a_suspended_certificate_which_stays_suspended(running: SimpleNamespace) -> None:
    day = finished(running, days=2)
    first = certificate_of(running)
    assert first is not None
    given: dict[str, Any] = {"document": "1号", "on": day, "by": SYSTEM, "today": day, "now": make.at(day)}
    issuing.suspend(certificate=first, reason="核查", **given)
    entry = queries.entries_of(running.placement.id)[0]
    operations.correct_day(entry=entry, placement=running.placement, reason="误登", today=day, by=SYSTEM, now=make.at(day))
    standing = certificate_of(running)
    assert standing is not None
    assert (standing.facts["weeks"], standing.state, first.state) == ("0.2", State.SUSPENDED, State.SUPERSEDED)
    last = certificates.last_event(standing)
    assert last is not None
    assert (last.reason, last.document) == ("核查", "1号"), "what it was suspended for, not what was corrected"
    assert verifying.check(standing.number, standing.code, tells_reason=True).reason == "核查"


def test_a_draft_is_issued_with_the_facts_of_the_day_it_is_issued_on(running: SimpleNamespace) -> None:
    mentor_id, running.placement.mentor_id = running.placement.mentor_id, None
    day = finished(running, days=2)
    draft = certificate_of(running)
    assert draft is not None
    assert (draft.state, draft.note, draft.facts["weeks"]) == (State.DRAFT, "lacks_facts", "0.4")
    first, second = queries.entries_of(running.placement.id)
    times: dict[str, Any] = {"today": day, "by": SYSTEM, "now": make.at(day)}
    operations.correct_day(entry=first, placement=running.placement, reason="误登", **times)
    running.placement.mentor_id = mentor_id
    number = issuing.release(certificate=draft, **times).number
    assert (draft.state, draft.note, draft.facts["weeks"]) == (State.ISSUED, "", "0.2")
    assert draft.facts["mentor"] == queries.placement_view(running.placement.id).mentor
    assert [one["text"] for one in draft.evidence if one["kind"] == "weeks"] == ["认定 1 天"]
    operations.correct_day(entry=second, placement=running.placement, reason="误登", **times)
    assert certificates.by_number(number).state is State.REVOKED  # type: ignore[union-attr]


def test_a_draft_is_not_issued_when_nothing_is_due_any_more(running: SimpleNamespace) -> None:
    mentor_id, running.placement.mentor_id = running.placement.mentor_id, None
    day = finished(running, days=1)
    draft = certificate_of(running)
    assert draft is not None
    times: dict[str, Any] = {"today": day, "by": SYSTEM, "now": make.at(day)}
    operations.correct_day(entry=queries.entries_of(running.placement.id)[0], placement=running.placement, reason="误登", **times)
    running.placement.mentor_id = mentor_id
    with pytest.raises(issuing.CannotIssue, match="来源记录"):
        issuing.release(certificate=draft, **times)
    assert draft.state is State.DRAFT


# -- rounds -------------------------------------------------------------------------------------------------------------
def test_preferences_are_saved_until_the_last_second(world: SimpleNamespace) -> None:
    cohort = ground.cohort(world.programme)
    row = make.round(programme=world.programme, cohort=cohort, terms=[world.term])
    last = make.at(row.closes_on).replace(hour=15, minute=59, second=59)
    saved = operations.save_preferences(round=row, student=world.student, position_ids=[world.position.id], by=SYSTEM, now=last)
    assert [(one.rank, one.position_id) for one in saved] == [(1, world.position.id)]
    again = operations.save_preferences(round=row, student=world.student, position_ids=[world.position.id], by=SYSTEM, now=last)
    assert [one.id for one in again] == [one.id for one in saved]
    with pytest.raises(WrongState) as refused:
        operations.save_preferences(round=row, student=world.student, position_ids=[], by=SYSTEM, now=last + timedelta(seconds=1))
    assert refused.value.code == "window_closed"


def test_an_ineligible_position_is_refused(world: SimpleNamespace) -> None:
    cohort = ground.cohort(world.programme)
    row = make.round(programme=world.programme, cohort=cohort, terms=[world.term])
    other = make.position(enterprise=world.enterprise, terms=[world.term], majors=["999999"])
    with pytest.raises(BadPlacement) as refused:
        operations.save_preferences(round=row, student=world.student, position_ids=[other.id], by=SYSTEM, now=make.at(row.opens_on))
    assert refused.value.code == "not_eligible"
    with pytest.raises(BadPlacement) as refused:
        operations.save_preferences(round=row, student=world.student, position_ids=[world.position.id] * 2, by=SYSTEM, now=make.at(row.opens_on))
    assert refused.value.code == "twice"


def test_a_round_from_choice_to_publication(world: SimpleNamespace) -> None:
    cohort = ground.cohort(world.programme)
    second = make.term(university=world.university, starts_on=world.term.ends_on + timedelta(days=1))
    other = make.position(enterprise=world.enterprise, base=world.base, terms=[world.term, second], seats=2)
    row = make.round(programme=world.programme, cohort=cohort, terms=[world.term, second])
    friend = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    operations.save_preferences(round=row, student=world.student, position_ids=[world.position.id, other.id], by=SYSTEM, now=make.at(row.opens_on))
    with pytest.raises(WrongState):
        operations.plan_round(round=row, by=SYSTEM, now=make.at(row.opens_on))
    after = make.at(row.closes_on + timedelta(days=1))
    summary = operations.plan_round(round=row, by=SYSTEM, now=after)
    assert (row.state, summary["reached"], summary["students"]) == (RoundState.PLANNED, 2, 2)
    assert queries.live_of_student(world.student.id) == []
    assert operations.publish_round(round=row, by=SYSTEM, now=after) == 4
    assert operations.publish_round(round=row, by=SYSTEM, now=after) == 0
    mine = queries.live_of_student(world.student.id)
    assert [(one.position_id, one.rank) for one in mine] == [(world.position.id, 1), (other.id, 2)]
    assert len(queries.live_of_student(friend.id)) == 2
    seats = {(r.position_id, r.term_id): r.taken for p in (world.position, other) for r in queries.seats_of_position(p.id)}
    assert sum(seats.values()) == 4


def test_an_outdated_plan_is_not_published(world: SimpleNamespace) -> None:
    cohort = ground.cohort(world.programme)
    row = make.round(programme=world.programme, cohort=cohort, terms=[world.term])
    after = make.at(row.closes_on + timedelta(days=1))
    operations.plan_round(round=row, by=SYSTEM, now=after)
    operations.set_seats(position=world.position, term=world.term, seats=1, by=SYSTEM, now=after)
    with pytest.raises(WrongState) as refused:
        operations.publish_round(round=row, by=SYSTEM, now=after)
    assert refused.value.code == "plan_outdated"
    assert queries.live_of_student(world.student.id) == []


def test_a_plan_of_yesterday_may_be_published(running: SimpleNamespace) -> None:
    later = make.term(university=running.university, starts_on=running.term.ends_on + timedelta(days=1))
    make.position(enterprise=running.enterprise, base=running.base, terms=[later], seats=1)
    row = make.round(programme=running.programme, cohort=ground.cohort(running.programme), terms=[later])
    after = make.at(row.closes_on + timedelta(days=1))
    summary = operations.plan_round(round=row, by=SYSTEM, now=after)
    assert summary["reached"] == 1  # 16 weeks that run and 16 that are planned
    make.confirmed(running.placement, [running.term.starts_on])
    assert operations.publish_round(round=row, by=SYSTEM, now=after + timedelta(days=1)) == 1
