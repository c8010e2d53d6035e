"""The calendar: what is in it, the feed as another program reads it, the secret."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.agenda import operations, queries, rules
from courses.agenda.models import CalendarFeed
from courses.agenda.types import ItemKind
from courses.assessment.operations import attempts, quizzes
from courses.assignments.operations import setup
from courses.assignments.queries import work as handed
from courses.catalogue.types import Access, Condition, ConditionKind
from courses.learning import operations as learning
from courses.learning import quiz_queries
from courses.messages import operations as messages
from tests import addresses
from tests.factories import courses as make
from tests.factories import ground, work
from tests.factories.identity import account as make_account
from trainhub.identity.models import Account
from trainhub.identity.types import AccountState
from trainhub.kernel import clock, ical
from trainhub.kernel.access import SYSTEM, Role
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    session.expire_on_commit = False


def parsed(text: str) -> list[dict[str, str]]:
    """The events of a calendar, read by RFC 5545 and not by our own writer: unfold, split at the first colon, unescape."""
    raw = text.encode()
    assert raw.endswith(b"\r\n")
    lines = raw.split(b"\r\n")[:-1]
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)
    unfolded: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t"):
            unfolded[-1] += line[1:]
        else:
            unfolded.append(line)
    events: list[dict[str, str]] = []
    stack: list[str] = []
    for line in unfolded:
        match = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[^;:]*)*):(.*)", line.decode(), re.S)
        assert match, line
        name, _parameters, value = match.groups()
        if name == "BEGIN":
            stack.append(value)
            if value == "VEVENT":
                events.append({})
        elif name == "END":
            assert stack.pop() == value
        elif stack[-1:] == ["VEVENT"]:
            events[-1][name] = re.sub(r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value)
    assert stack == []
    return events


def test_text_is_escaped_and_folded_inside_no_character() -> None:
    stamp = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    summary = "截止：第一章；a,b;c\\d\n第二行 " + "很长的标题" * 30
    event = ical.Event("u1@x", stamp, stamp, stamp + timedelta(hours=2), summary, url="https://x/y?z=1", description="课")
    day = ical.Event("u2@x", stamp, date(2026, 3, 5), date(2026, 3, 5), "开课")
    found = parsed(ical.calendar("日历", [event, day]))
    assert found[0]["SUMMARY"] == summary
    assert (found[0]["DTSTART"], found[0]["DTEND"]) == ("20260302T010000Z", "20260302T030000Z")
    assert (found[1]["DTSTART"], found[1]["DTEND"]) == ("20260305", "20260306")


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=200))
def test_every_text_comes_back(text: str) -> None:
    stamp = datetime(2026, 3, 2, tzinfo=UTC)
    found = parsed(ical.calendar("x", [ical.Event("u", stamp, stamp, None, text)]))
    assert found[0]["SUMMARY"] == text.replace("\r\n", "\n").replace("\r", "\n")


def test_months_and_nonsense() -> None:
    assert [len(rules.weeks_of(2026, month)) for month in (2, 3, 8)] == [5, 6, 6]
    assert rules.shifted(2026, 12, 1) == (2027, 1)
    assert rules.shifted(2026, 1, -1) == (2025, 12)
    assert rules.shifted(2000, 1, -1) == (2000, 1)
    today = date(2026, 3, 2)
    assert [rules.month_asked(text, today) for text in ("2026-11", "2026-13", "x", "", "²026-11")] == [(2026, 11)] + [(2026, 3)] * 4


def test_everything_with_a_date_is_in_the_calendar(session: Session) -> None:
    run = make.run(ends_on=date(2026, 6, 30), withdraw_until=date(2026, 3, 20), starts_on=date(2026, 3, 5))
    due = make.unit(run, title="作业", due_at=datetime(2026, 3, 12, 15, 59, tzinfo=UTC))
    make.text(due)
    make.unit(run, title="以后", release_at=datetime(2026, 3, 9, 0, 0, tzinfo=UTC))
    run = make.publish(run)
    who = ground.person()
    make.enrolment(run, who)
    messages.announce(run=run, title="通知", body="x", publish_at=None, by=SYSTEM, now=make.NOW)
    found = queries.items(who.id, since=date(2026, 3, 1), until=date(2026, 3, 31), now=make.NOW)
    assert [(item.kind, item.starts_at.astimezone(clock.SHANGHAI).day) for item in found] == [
        (ItemKind.ANNOUNCEMENT, 2),
        (ItemKind.RUN_STARTS, 5),
        (ItemKind.RELEASE, 9),
        (ItemKind.DUE, 12),
        (ItemKind.WITHDRAW_ENDS, 20),
    ]
    assert queries.items(ground.person().id, since=date(2026, 3, 1), until=date(2026, 3, 31), now=make.NOW) == []


def test_work_is_due_in_the_calendar_and_an_extension_moves_it_for_one(session: Session) -> None:
    due_at = datetime(2026, 3, 12, 15, 59, tzinfo=UTC)
    of = work.assignment(due_at=due_at, peers=1, peers_needed=1, peer_due_at=due_at + timedelta(days=7))
    slow, quick = ground.person(), ground.person()
    for who in (slow, quick):
        work.learner(of, who)
    setup.extend(assignment=of, person_id=slow.id, until_at=datetime(2026, 3, 14, 15, 59, tzinfo=UTC), reason="病假", by=SYSTEM, now=make.NOW)

    def due(who: Person, kind: ItemKind = ItemKind.DUE) -> list[tuple[str, int, str]]:
        found = queries.items(who.id, since=date(2026, 3, 1), until=date(2026, 3, 31), now=make.NOW)
        return [(item.title, item.starts_at.astimezone(clock.SHANGHAI).day, item.url) for item in found if item.kind is kind]

    assert due(slow) == [("课程设计", 14, f"/assignments/{of.block_id}")]
    assert due(quick) == [("课程设计", 12, f"/assignments/{of.block_id}")]
    assert due(quick, ItemKind.REVIEW_DUE) == due(slow, ItemKind.REVIEW_DUE) == [("课程设计", 19, f"/assignments/{of.block_id}")]


@pytest.mark.parametrize(
    ("due", "cutoff", "given", "shown"),
    [
        (12, 16, None, [(ItemKind.DUE, 12), (ItemKind.CUTOFF, 16)]),
        (12, 12, None, [(ItemKind.DUE, 12)]),
        (12, 13, 14, [(ItemKind.DUE, 14)]),
        (12, 16, 14, [(ItemKind.DUE, 14), (ItemKind.CUTOFF, 16)]),
        (12, None, None, [(ItemKind.DUE, 12)]),
        (None, 16, None, [(ItemKind.CUTOFF, 16)]),
    ],
)
def test_the_last_moment_for_late_work_is_in_the_calendar(
    as_role: AsRole, session: Session, due: int | None, cutoff: int | None, given: int | None, shown: list[tuple[ItemKind, int]]
) -> None:
    def at(day: int | None) -> datetime | None:
        return None if day is None else datetime(2026, 3, day, 12, 0, tzinfo=UTC)

    of = work.assignment(due_at=at(due), cutoff_at=at(cutoff))
    who = work.learner(of)
    if given is not None:
        setup.extend(assignment=of, person_id=who.person_id, until_at=at(given), reason="病假", by=SYSTEM, now=make.NOW)  # type: ignore[arg-type]
    found = queries.items(who.person_id, since=date(2026, 3, 3), until=date(2026, 3, 31), now=make.NOW)
    assert [(item.kind, item.starts_at.day) for item in found] == shown
    session.commit()
    page = as_role(Role.TRAINEE, person_id=who.person_id).get("/learning/calendar?month=2026-03").text
    assert ("最后截止" in page) == (ItemKind.CUTOFF in dict(shown))


def test_a_quiz_stands_in_the_calendar_when_it_opens_and_closes(as_role: AsRole, session: Session) -> None:
    """By the hours each learner has; on the first page it is asked for until something was handed in."""

    def at(day: int) -> datetime:
        return datetime(2026, 3, day, 1, 0, tzinfo=UTC)

    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    block = make.quiz(unit, of=run, opens_at=at(9).isoformat(), closes_at=at(12).isoformat())
    make.quiz(unit, of=run)  # without hours it has no day
    run = make.publish(run)
    quick, slow = make.enrolment(run), make.enrolment(run)
    quizzes.allow(block=block, person_id=slow.person_id, closes_at=at(20), by=SYSTEM, now=make.NOW)

    def found(person_id: int) -> list[tuple[ItemKind, str, int, str]]:
        items = queries.items(person_id, since=date(2026, 3, 3), until=date(2026, 3, 31), now=make.NOW)
        return [(item.kind, item.title, item.starts_at.day, item.url) for item in items if "quiz" in item.uid]

    url = f"/learning/blocks/{block.id}/quiz"
    assert found(quick.person_id) == [(ItemKind.RELEASE, "单元测验", 9, url), (ItemKind.DUE, "单元测验", 12, url)]
    assert [row[:3] for row in found(slow.person_id)] == [(ItemKind.RELEASE, "单元测验", 9), (ItemKind.DUE, "单元测验", 20)]
    longer = make.enrolment(run)
    quizzes.allow(block=block, person_id=longer.person_id, extra_minutes=24 * 60, by=SYSTEM, now=make.NOW)
    assert [row[:3] for row in found(longer.person_id)] == [(ItemKind.RELEASE, "单元测验", 9), (ItemKind.DUE, "单元测验", 13)]
    assert [row[3] for row in found(lead.id)] == [f"/teaching/runs/{run.id}/preview/{unit.id}#block-{block.id}"] * 2

    def to_do(person_id: int, day: int) -> list[tuple[str, int]]:
        return [(title, closes.day) for _block, title, closes in quiz_queries.closing(person_id, at(day + 7), at(day))]

    assert (to_do(quick.person_id, 4), to_do(quick.person_id, 10), to_do(quick.person_id, 12)) == ([], [("单元测验", 12)], [])
    assert (to_do(slow.person_id, 10), to_do(slow.person_id, 14)) == ([], [("单元测验", 20)])
    attempt = attempts.start(block=block, person_id=quick.person_id, by=SYSTEM, now=at(10))
    assert to_do(quick.person_id, 10) == [("单元测验", 12)]
    attempts.submit(attempt_id=attempt.id, responses={}, by=SYSTEM, now=at(10))
    assert to_do(quick.person_id, 10) == []
    session.commit()
    assert "单元测验" in as_role(Role.TRAINEE, person_id=slow.person_id).get("/learning/calendar?month=2026-03").text


def test_a_quiz_that_closes_this_week_is_to_be_done_on_the_first_page(as_role: AsRole, session: Session) -> None:
    run = make.run()
    make.quiz(make.unit(run), of=run, closes_at=(clock.now() + timedelta(days=2)).isoformat())
    row = make.enrolment(make.publish(run))
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=row.person_id)
    assert "完成测验：单元测验" in learner.get("/").text


def test_what_opens_by_conditions_says_so_and_what_is_over_goes(as_role: AsRole, session: Session) -> None:
    """A deadline runs while its part is still closed; what cannot be handed in yet is nothing to do today."""

    def at(day: int) -> datetime:
        return datetime(2026, 3, day, 1, 0, tzinfo=UTC)

    run = make.run(is_published=True)
    first = make.unit(run, title="安全须知")
    text = make.text(first)
    done, days = Condition(ConditionKind.DONE, f"unit:{first.key}"), Condition(ConditionKind.DATE, since=at(10))
    after = make.unit(run, title="上机", access=Access((done, days)).plain(), due_at=at(20))
    task = work.assignment(of=work.block(after), due_at=at(18))
    make.unit(run, title="已过", access=Access((Condition(ConditionKind.DATE, until=at(1)),)).plain(), due_at=at(12))
    make.unit(run, title="任一", access=Access((done, days), any_suffices=True).plain(), due_at=at(14))
    run = make.publish(run)
    row = make.enrolment(run)

    def found(now: datetime) -> dict[tuple[str, ItemKind], tuple[int, tuple[str, ...]]]:
        items = queries.items(row.person_id, since=date(2026, 3, 3), until=date(2026, 3, 31), now=now)
        return {(item.title, item.kind): (item.starts_at.astimezone(clock.SHANGHAI).day, item.waits) for item in items}

    def to_do(now: datetime) -> list[str]:
        return [title for _block, title, _due, _is_late in handed.to_hand_in(row.person_id, at(25), now)]

    waits = ("完成“安全须知”后开放",)
    assert found(at(4)) == {
        ("上机", ItemKind.RELEASE): (10, waits),
        ("上机", ItemKind.DUE): (20, waits),
        ("课程设计", ItemKind.DUE): (18, waits),
        ("任一", ItemKind.DUE): (14, waits),
    }
    assert to_do(at(11)) == []
    learning.mark_done(enrolment=row, block=text, by=SYSTEM, now=at(5))
    session.expire_all()
    assert {key: waits for key, (_day, waits) in found(at(6)).items()} == dict.fromkeys(found(at(4)), ())
    assert to_do(at(6)) == []  # the day has not come
    assert to_do(at(11)) == ["课程设计"]
    assert task.due_at == at(18)
    session.commit()
    page = as_role(Role.TRAINEE, person_id=make.enrolment(run).person_id).get("/learning/calendar?month=2026-03").text
    assert page.count("尚未开放：完成“安全须知”后开放") == 3  # of conditions of which one suffices the day has come
    abroad = make.enrolment(run)
    reader = as_role(Role.TRAINEE, person_id=abroad.person_id)
    session.scalars(select(Account).where(Account.person_id == abroad.person_id)).one().language = "en"
    session.commit()
    reader.post("/learning/calendar/feed")
    secret = operations.secret_of(session.scalars(select(CalendarFeed).where(CalendarFeed.person_id == abroad.person_id)).one())
    with time_machine.travel(at(4), tick=False):
        feed = reader.application.test_client().get(f"/calendar/{secret}.ics").text.replace("\r\n ", "")
    assert "开放" not in feed.replace("上机", "")


def test_the_feed_has_a_secret_that_can_be_renewed(as_role: AsRole, client: FlaskClient, session: Session) -> None:
    run = make.run(is_published=True, starts_on=clock.today())
    who = ground.person()
    make.enrolment(run, who)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)

    def address() -> str:
        page = learner.get("/learning/calendar").text
        found = re.search(r"/calendar/[\w-]+\.ics", page)
        assert found
        return found.group(0)

    assert ".ics" not in learner.get("/learning/calendar").text
    assert learner.post("/learning/calendar/feed").status_code == 303
    first = address()
    answer = client.get(first)
    assert answer.mimetype == "text/calendar"
    assert [event["SUMMARY"] for event in parsed(answer.text)] == [f"开课：{run.course.title}"]
    learner.post("/learning/calendar/feed")
    assert client.get(first).status_code == 404
    assert client.get(address()).status_code == 200
    where, account = address(), session.scalars(select(Account).where(Account.person_id == who.id)).one()
    account.state = AccountState.DISABLED
    session.commit()
    assert client.get(where).status_code == 404
    account.state = AccountState.ACTIVE
    session.commit()
    row = session.scalars(select(CalendarFeed)).one()
    assert address().encode() not in row.secret_encrypted
    learner.post("/learning/calendar/feed", data={"stop": "1"})
    assert session.scalars(select(CalendarFeed)).all() == []
    assert client.get("/calendar/" + "x" * 200 + ".ics").status_code == 404


def test_a_feed_is_shown_and_leads_to_an_address_that_others_reach_alone(as_role: AsRole, client: FlaskClient, session: Session) -> None:
    """A telephone that subscribes to 127.0.0.1 asks itself."""
    run = make.run(is_published=True, starts_on=clock.today())
    who = ground.person()
    make.enrolment(run, who)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    learner.post("/learning/calendar/feed")
    where = f"/calendar/{operations.secret_of(session.scalars(select(CalendarFeed)).one())}.ics"
    with addresses.at(learner.application, addresses.SITE):
        assert f"{addresses.SITE}{where}" in learner.get("/learning/calendar").text
        assert parsed(client.get(where).text)[0]["URL"].startswith(f"{addresses.SITE}/courses/")
    with addresses.at(learner.application):
        page = learner.get("/learning/calendar").text
        assert (".ics" in page, "127.0.0.1" in page, "TRAINHUB_BASE_URL" in page, "停用" in page) == (False, False, True, True)
        assert 'href="/courses/' in page, "its own pages are reached"
        assert ["URL" in event for event in parsed(client.get(where).text)] == [False]


def test_the_feed_of_a_human_with_two_accounts_is_open_while_one_of_them_is_in_use(as_role: AsRole, client: FlaskClient, session: Session) -> None:
    who, again = ground.person(), ground.person()
    learner = as_role(Role.TRAINEE, person_id=who.id)
    assert learner.post("/learning/calendar/feed").status_code == 303
    found = re.search(r"/calendar/[\w-]+\.ics", learner.get("/learning/calendar").text)
    assert found
    account = session.scalars(select(Account).where(Account.person_id == who.id)).one()
    account.state = AccountState.DISABLED
    session.commit()
    assert client.get(found.group(0)).status_code == 404
    make_account(person=again)
    ground.merge(who, again)
    session.commit()
    assert client.get(found.group(0)).status_code == 200


def test_a_month_asks_the_same_number_of_queries_for_one_run_and_ten(as_role: AsRole, session: Session, count_queries: list[str]) -> None:
    who = ground.person()
    make.enrolment(make.run(is_published=True), who)
    session.commit()
    learner = as_role(Role.TRAINEE, person_id=who.id)

    def ask() -> int:
        session.expire_all()
        count_queries.clear()
        assert learner.get("/learning/calendar?month=2026-03").status_code == 200
        return len(count_queries)

    ask()
    few = ask()
    for _ in range(9):
        make.enrolment(make.run(is_published=True), who)
    session.commit()
    assert ask() == few
