"""What has served its time goes, by the periods of the policy book; what is in use, held or asked about stays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import enterprises, ground
from tests.factories import identity as make
from trainhub.identity import operations as ops
from trainhub.identity import retention
from trainhub.identity.models import ApiToken, Consent, OneTimeLink, UserSession
from trainhub.identity.operations.retaining import close_unused, forget_consenting_guardians, forget_contacts, forget_guardians, forget_numbers
from trainhub.identity.types import AccountState, LinkPurpose, RequestKind
from trainhub.kernel import retention as months
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.db import transaction
from trainhub.ledger import operations as ledger
from trainhub.ledger.rosters import exporting
from trainhub.ledger.rosters.queries import Extent
from trainhub.ledger.types import Category, Source
from trainhub.notifications.models import Notice
from trainhub.notifications.operations import sweep as sweep_notices
from trainhub.organisations import queries as organisations
from trainhub.people import operations as people
from trainhub.people import queries as persons
from trainhub.people.models import Person
from trainhub.people.operations import BadPerson
from trainhub.people.queries.numbers import ERASED
from trainhub.people.types import IdType, StudentState
from trainhub.policy.book import book

OLD = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def later(years: int, months_: int = 0, days: int = 0) -> tuple[datetime, date]:
    """An instant and its day, so long after everything the factories made."""
    now = OLD.replace(year=OLD.year + years, month=OLD.month + months_) + timedelta(days=days)
    return now, now.date()


def everything(verb: Callable[..., list[int]], now: datetime, today: date) -> list[int]:
    """All portions of a verb."""
    found: list[int] = []
    while portion := verb(now=now, today=today, after=found[-1] if found else 0):
        found += portion
    return found


def completion(who: Person, on: date, now: datetime = OLD) -> None:
    """A completion in the ledger."""
    ledger.record_training(
        person_id=who.id,
        organisation_id=ground.base(ground.enterprise()).id,
        course="数控加工",
        category=Category.WORKER,
        county_code="350102",
        hours_x10=400,
        completed_on=on,
        is_counted=True,
        source=Source.ROSTER,
        by=SYSTEM,
        now=now,
    )


@pytest.mark.parametrize(
    ("day", "count", "before"),
    [
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2026, 1, 15), 1, date(2025, 12, 15)),
        (date(2026, 12, 1), 12, date(2025, 12, 1)),
        (date(2026, 3, 2), 60, date(2021, 3, 2)),
    ],
)
def test_periods_are_calendar_months(day: date, count: int, before: date) -> None:
    assert months.months_before(day, count) == before


def test_every_period_says_what_happens_then(app: Flask) -> None:
    keys = {one.key for one in book().in_force(on=date(2026, 3, 2)) if one.key.startswith(months.PREFIX)}
    assert {f"{months.PREFIX}{name}_months" for name in retention.THEN} == keys


def test_answers_to_surveys_are_said_to_be_kept_and_for_how_long(app: Flask) -> None:
    with app.test_request_context():
        (row,) = [row for row in retention.periods(date(2026, 3, 2)) if "毕业生调查答卷" in row.label]
    assert row.months == book().at("own.retention.survey_answer_months", on=date(2026, 3, 2)).number
    assert ("到期自动删除" in row.then, "汇总" in row.then, "由运维" in row.then) == (True, True, False)
    tasks = app.extensions["trainhub.tasks"]
    assert {"identity.forget", "courses.forget", "placements.forget", "capstones.forget", "surveys.forget", "identity.sweep", "ledger.sweep"} <= set(
        tasks
    )


def test_contacts_go_two_years_after_the_last_activity(session: Session) -> None:
    plain = ground.person(phone="13900000001", email="a@example.edu.cn")
    held = ground.person(phone="13900000002")
    learner, trained = ground.person(phone="13900000003"), ground.person(phone="13900000004")
    mentor, signed, asking = ground.person(phone="13900000005"), ground.person(phone="13900000006"), ground.person(phone="13900000007")
    hold = people.place_hold(person=held, reason="申诉未结", by=SYSTEM, now=OLD)
    ground.student(who=learner)
    completion(trained, date(2027, 5, 1), now=datetime(2027, 5, 2, tzinfo=UTC))
    enterprises.mentor(enterprise=ground.enterprise(), person=mentor)
    make.account(person=signed).last_sign_in_at = datetime(2027, 1, 1, tzinfo=UTC)
    ops.ask_about_data(account=make.account(person=asking), kind=RequestKind.CORRECTION, text="手机号码有误", by=SYSTEM, now=OLD)
    session.flush()
    ours = {one.id for one in (plain, held, learner, trained, mentor, signed, asking)}

    assert not ours & set(everything(forget_contacts, *later(2)))
    assert ours & set(everything(forget_contacts, *later(2, days=1))) == {plain.id}
    assert everything(forget_contacts, *later(2, days=1)) == []
    assert (plain.phone, plain.email) == ("", "")
    # The time of the others comes with their own last day; the hold is lifted; who teaches or asks stays.
    assert ours & set(everything(forget_contacts, *later(3, 3))) == {trained.id, signed.id}
    people.lift_hold(hold=hold, by=SYSTEM, now=OLD)
    assert ours & set(everything(forget_contacts, *later(3, 3))) == {held.id}
    assert all((learner.phone, mentor.phone, asking.phone))
    assert "people.contact.erased" in {one.did for one in session.info["audit"]}


def test_a_number_is_unreadable_five_years_after_the_last_completion(session: Session) -> None:
    number = ground.resident_id(date(1990, 1, 1))
    who = ground.person("单一", id_type=IdType.RESIDENT_ID, id_number=number)
    never, held = ground.person(), ground.person()
    completion(who, date(2016, 5, 1))  # recorded ten years later: its time runs from the recording
    completion(held, date(2016, 5, 1))
    people.place_hold(person=held, reason="复核", by=SYSTEM, now=OLD)
    who.email = "kept@example.edu.cn"
    ours = {who.id, never.id, held.id}
    assert not ours & set(everything(forget_numbers, *later(5)))
    assert ours & set(everything(forget_numbers, *later(5, days=1))) == {who.id, never.id}
    assert everything(forget_numbers, *later(5, days=1)) == []
    session.refresh(who)
    assert (who.id_number_encrypted, bool(who.id_number_hash), who.id_mask[:4]) == (b"", True, number[:4])
    with pytest.raises(BadPerson) as refused:
        people.reveal_number(person=who, by=_reader(), reason="核对身份信息", now=OLD)
    assert refused.value.code == "number_erased"
    exported = list(exporting.rows(Extent()))
    assert number not in {row[2] for row in exported}
    assert f"{ERASED}{who.id}" in {row[2] for row in exported}
    # The number still finds its holder, and is readable again once they train again.
    again = people.register_person(name="单一", id_type=IdType.RESIDENT_ID, id_number=number, by=SYSTEM, now=OLD)
    assert again.id == who.id
    assert people.reveal_number(person=who, by=_reader(), reason="核对身份信息", now=OLD) == number


@pytest.mark.parametrize("how", ["given", "corrected", "brought again"])
def test_the_time_of_a_number_runs_from_when_it_was_given(session: Session, how: str) -> None:
    """One that an office wrote into an old row was gone the next night: its time was counted from the row."""
    number, (now, today) = ground.resident_id(date(1990, 1, 1)), later(5, days=1)
    before = {"id_type": IdType.RESIDENT_ID, "id_number": ground.resident_id(date(1990, 1, 1)) if how == "corrected" else number}
    who = ground.person("单一", **({"id_type": None} if how == "given" else before))
    completion(who, date(2016, 5, 1))
    given = now - timedelta(days=1)
    if how == "given":
        people.give_number(person=who, id_type=IdType.RESIDENT_ID, number=number, by=SYSTEM, now=given)
    elif how == "corrected":
        people.correct_number(person=who, id_type=IdType.RESIDENT_ID, number=number, reason="核对了证件原件", by=SYSTEM, now=given)
    else:
        assert who.id in everything(forget_numbers, now, today)
        session.expire_all()
        people.register_person(name="单一", id_type=IdType.RESIDENT_ID, id_number=number, by=SYSTEM, now=given)
    session.flush()
    assert who.id not in everything(forget_numbers, now, today)
    assert who.id not in everything(forget_numbers, given.replace(year=given.year + 5), given.replace(year=given.year + 5).date())
    after = given.replace(year=given.year + 5) + timedelta(days=1)
    assert who.id in everything(forget_numbers, after, after.date())


def _reader() -> Identity:
    return Identity(account_id=1, person_id=None, name="管理员", grants=(Grant(Role.SYSTEM_ADMIN, ScopeKind.EVERYTHING, None),))


def test_an_account_is_closed_three_years_after_the_last_sign_in(session: Session) -> None:
    unused, used, service = make.account(), make.account(), make.account()
    teaching = make.account(person=session.get_one(Person, ground.teacher().person_id))
    used.last_sign_in_at = datetime(2028, 1, 1, tzinfo=UTC)
    admin = make.account(roles=(Role.SYSTEM_ADMIN,))
    session.add(ApiToken(account_id=service.id, label="教务系统", token_hash="0" * 64, scopes=[], created_at=OLD))
    session.flush()
    ours = {one.id for one in (unused, used, teaching, admin, service)}
    assert not ours & set(everything(close_unused, *later(3)))
    # The only system administrator stays, or nobody could open the door again.
    assert ours & set(everything(close_unused, *later(3, days=1))) == {unused.id}
    assert unused.state is AccountState.DELETED
    assert everything(close_unused, *later(3, days=1)) == []
    make.account(roles=(Role.SYSTEM_ADMIN,)).last_sign_in_at = later(3)[0]
    session.flush()
    assert ours & set(everything(close_unused, *later(3, days=2))) == {admin.id}


def test_the_sign_in_log_of_a_closed_account_stays_for_its_period(session: Session) -> None:
    """Where somebody signed in from is a log that is kept (own.retention.sign_in_log_months), whatever becomes of the account; then it goes too."""
    account = make.account(person=ground.person(), now=OLD)
    ops.open_session(account=account, origin="203.0.113.9", agent="pytest", now=OLD, today=OLD.date())
    ops.close_account(account=account, by=SYSTEM, now=OLD)
    for (now, today), kept in ((later(1), ["203.0.113.9"]), (later(1, days=2), [])):
        ops.sweep(now=now, today=today)
        assert list(session.scalars(select(UserSession.origin).where(UserSession.account_id == account.id))) == kept


def test_guardians_go_after_the_child_has_left_or_grown_up(session: Session) -> None:
    child = ground.person(id_type=None, birth_on=date(2014, 6, 1))
    student = ground.student(who=child, guardian_name="林父", guardian_phone="13800000000")
    account = make.account(person=child, has_consented=False)
    consent = Consent(account_id=account.id, notice_version="1", given_at=OLD, guardian_name="林父", guardian_phone="13800000000")
    session.add(consent)
    student.left_on = date(2026, 6, 30)
    session.flush()
    consent_id = consent.id
    assert student.id not in everything(forget_guardians, OLD, date(2028, 6, 30))
    assert student.id in everything(forget_guardians, OLD, date(2028, 7, 1))
    assert (student.guardian_name, student.guardian_phone) == ("", "")
    # Eighteen on 2032-06-01, and five years more.
    assert consent_id not in everything(forget_consenting_guardians, OLD, date(2037, 6, 1))
    assert consent_id in everything(forget_consenting_guardians, OLD, date(2037, 6, 2))
    assert session.scalar(select(Consent.guardian_name).where(Consent.id == consent_id)) == ""


def test_holds_are_placed_and_lifted_on_the_page(as_role: Callable[..., FlaskClient], app: Flask) -> None:
    with app.app_context(), transaction():
        key = ground.person("单一").id
    client = as_role(Role.AUDITOR)
    assert client.post(f"/people/persons/{key}/hold", data={"reason": ""}).status_code == 422
    assert client.post(f"/people/persons/{key}/hold", data={"reason": "监察机关调取", "document": "闽监〔2026〕1号"}).status_code == 303
    page = client.get(f"/people/persons/{key}").get_data(as_text=True)
    assert "监察机关调取" in page
    assert "保全中" in page
    with app.app_context():
        (hold,) = persons.holds_on(key)
        hold_id = hold.id
    for _again in range(2):
        assert client.post(f"/people/holds/{hold_id}/lift").status_code == 303
    assert "已解除" in client.get(f"/people/persons/{key}").get_data(as_text=True)
    assert as_role(Role.DEPT_HR).get(f"/people/persons/{key}/hold").status_code == 403
    with app.app_context():
        assert [one.did for one in organisations.history_of("person", key)][:2] == ["people.hold.lifted", "people.hold.placed"]


def test_my_data_says_what_happens_when_a_period_is_over(as_role: Callable[..., FlaskClient]) -> None:
    page = as_role(Role.TRAINEE).get("/my-data").get_data(as_text=True)
    assert "审计链逐条相连" in page
    assert "只留不可逆的比对值和掩码" in page


FAR = 40
"""Years after which every period is over."""


@pytest.mark.parametrize(
    "keeps",
    [
        "hold",
        "request",
        "hold on the human they were merged into",
        "hold on a row merged into them",
        "hold on another row merged into the same",
        "request by a second account of theirs",
        "nothing",
    ],
)
def test_every_sweep_asks_the_same_question(session: Session, keeps: str) -> None:
    """A legal hold and an open request stop each of them, and their end lets each go on (the sweeps of the rooms ask `is_free` too)."""
    who = ground.person(id_type=IdType.RESIDENT_ID, id_number=ground.resident_id(date(1980, 1, 1)), phone="13900000009")
    student = ground.student(who=who, guardian_name="林父", guardian_phone="13800000000")
    student.left_on = date(2026, 6, 30)
    completion(who, date(2026, 5, 1))
    account = make.account(person=who, has_consented=False)
    session.add_all(
        [
            Consent(account_id=account.id, notice_version="1", given_at=OLD, guardian_name="林父"),
            UserSession(account_id=account.id, token_hash="1" * 64, created_at=OLD, expires_at=OLD, origin="127.0.0.1", agent="x"),
            OneTimeLink(account_id=account.id, purpose=LinkPurpose.INVITATION, token_hash="2" * 64, address="a@b.cn", created_at=OLD, expires_at=OLD),
            Notice(account_id=account.id, kind="x", message="x", values={}, url="", unique_key="x", created_at=OLD),
        ]
    )
    other = ground.person()
    session.flush()
    if keeps == "hold":
        people.place_hold(person=who, reason="复核", by=SYSTEM, now=OLD)
    elif keeps == "request":
        ops.ask_about_data(account=account, kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=OLD)
    elif keeps == "request by a second account of theirs":
        asking = make.account(person=other, has_consented=False)
        other.merged_into_id = who.id
        ops.ask_about_data(account=asking, kind=RequestKind.DELETION, text="请删除", by=SYSTEM, now=OLD)
    elif keeps != "nothing":
        people.place_hold(person=other, reason="复核", by=SYSTEM, now=OLD)  # before they were merged: the row itself is named
        if keeps == "hold on the human they were merged into":
            who.merged_into_id = other.id
        elif keeps == "hold on a row merged into them":
            other.merged_into_id = who.id
        else:
            third = ground.person()
            who.merged_into_id = other.merged_into_id = third.id
        session.flush()
    now, today = later(FAR)
    for verb in ops.FORGETTING.values():
        everything(verb, now, today)
    ops.sweep(now=now, today=today)
    sweep_notices(now=now, today=today)
    session.expire_all()
    counted = [
        session.scalar(select(func.count()).select_from(table).where(table.account_id == account.id)) for table in (UserSession, OneTimeLink, Notice)
    ]
    consent = session.scalars(select(Consent.guardian_name).where(Consent.account_id == account.id)).one()
    left = [
        bool(who.phone),
        bool(who.id_number_encrypted),
        bool(student.guardian_name),
        account.state is not AccountState.DELETED,
        bool(consent),
        *map(bool, counted),
    ]
    assert left == [keeps != "nothing"] * 8


def test_numbers_of_who_completes_nothing_go_by_the_last_use(session: Session) -> None:
    """Who dropped out, a teacher who left, a trainee who never came (PIPL-19, 47)."""

    left, stays, teacher, mentor, never, signed, held = (ground.person() for _n in range(7))
    ground.student(who=stays)
    dropped = ground.student(who=left)
    people.change_student(student=dropped, state=StudentState.WITHDRAWN, left_on=date(2026, 6, 30), left_reason="转学", by=SYSTEM, now=later(1)[0])
    ground.teacher(who=teacher, until=date(2027, 6, 30))
    enterprises.mentor(enterprise=ground.enterprise(), person=mentor)
    make.account(person=signed).last_sign_in_at = datetime(2027, 3, 2, 1, tzinfo=UTC)
    people.place_hold(person=held, reason="复核", by=SYSTEM, now=OLD)
    session.flush()
    names = {
        one.id: what
        for one, what in (
            (left, "left"),
            (stays, "stays"),
            (teacher, "teacher"),
            (mentor, "mentor"),
            (never, "never"),
            (signed, "signed"),
            (held, "held"),
        )
    }

    def gone(now: datetime) -> set[str]:
        return {names[key] for key in everything(forget_numbers, now, now.date()) if key in names}

    assert gone(later(5)[0]) == set()
    assert gone(later(5, days=1)[0]) == {"never"}
    assert gone(datetime(2031, 6, 30, 1, tzinfo=UTC)) == set()
    assert gone(datetime(2031, 7, 1, 1, tzinfo=UTC)) == {"left"}
    assert gone(datetime(2032, 3, 2, 1, tzinfo=UTC)) == set()
    assert gone(datetime(2032, 3, 3, 1, tzinfo=UTC)) == {"signed"}
    assert gone(datetime(2032, 7, 1, 1, tzinfo=UTC)) == {"teacher"}
    assert gone(later(60)[0]) == set(), "who studies or guides still, and who is held"
    assert (never.id_number_encrypted, bool(never.id_number_hash), bool(never.id_mask)) == (b"", True, True)
