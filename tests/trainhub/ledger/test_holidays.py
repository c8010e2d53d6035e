"""Holiday weeks: by policy; every credited day is some day's, and the switch is off unless a parameter says otherwise."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.placements import rules as placement_rules
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.ledger import operations as ledger
from trainhub.ledger import queries as ledger_queries
from trainhub.ledger import rules, weekfiles
from trainhub.ledger.holidays import operations, queries
from trainhub.ledger.holidays import rules as rules_
from trainhub.ledger.models import HolidayDay
from trainhub.ledger.types import HolidayKind
from trainhub.policy import book as books
from trainhub.policy import calendar
from trainhub.programmes.types import DegreeLevel

As = Callable[..., FlaskClient]
Command = Callable[..., dict[str, Any]]
MONDAY = date(2026, 10, 5)
"""The week of 5 October 2026: free until Wednesday, Saturday is worked."""
THREE = [MONDAY + timedelta(days=n) for n in (3, 4, 5)]


SPANS = ("2026-10-01,2026-10-07,放假", "2026-09-20,,调休上班", "2026-10-10,,on")
HEAD = "开始日期,结束日期,类别,节日,依据文件\n"
NOTICE = "关于 2026 年部分节假日安排的通知（测试）"


def table(path: Path, *spans: str) -> Path:
    """A file of holidays."""
    path.write_text(HEAD + "".join(f"{span},国庆节,{NOTICE}\n" for span in spans), encoding="utf-8")
    return path


@contextmanager
def rule(folder: Path, monkeypatch: pytest.MonkeyPatch, *keys: str) -> Iterator[None]:
    """The book with the switches in force."""
    shutil.copytree(books.PARAMS, folder)
    file = folder / "trainhub_teaching.toml"
    text = file.read_text(encoding="utf-8")
    for key in keys:
        before = f'key = "{key}"\nvalue = false'
        assert before in text
        text = text.replace(before, before.replace("false", "true"))
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(books, "PARAMS", folder)
    books.book.cache_clear()
    yield
    monkeypatch.undo()
    books.book.cache_clear()


@pytest.fixture
def switched_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The book with the holiday rule in force for undergraduates."""
    with rule(tmp_path / "params", monkeypatch, "own.weeks.holiday_rule"):
        yield


def entered(**changed: Any) -> list[HolidayDay]:
    """The week of the national holiday as its notice says it."""
    facts = {"since": date(2026, 10, 1), "until": date(2026, 10, 7), "kind": HolidayKind.OFF, "name": "国庆节", "document": NOTICE, **changed}
    return operations.enter(**facts, by=SYSTEM, now=ground.NOW)


def all_entered() -> None:
    entered()
    for day in (date(2026, 9, 20), date(2026, 10, 10)):
        entered(since=day, until=day, kind=HolidayKind.ON)


# -- the calendar -------------------------------------------------------------------------------------------------------
def test_what_is_worked() -> None:
    known = calendar.WorkCalendar(frozenset(rules_.days_of(date(2026, 10, 1), date(2026, 10, 7))), frozenset([date(2026, 10, 10)]))
    assert [known.is_worked(MONDAY + timedelta(days=n)) for n in range(7)] == [False, False, False, True, True, True, False]
    assert known.worked_in_weeks([*THREE, date(2026, 10, 12)]) == {"2026-W41": frozenset(THREE)}
    assert (known.free_between(date(2026, 9, 28), date(2026, 10, 31)), known.free_between(date(1999, 1, 1), date(1999, 12, 31))) == (5, 0)
    assert calendar.WorkCalendar().worked_in_weeks(THREE) == {}


@pytest.mark.parametrize(
    ("since", "until", "kind", "problem"),
    [
        (MONDAY, MONDAY, HolidayKind.OFF, None),
        (MONDAY, MONDAY - timedelta(days=1), HolidayKind.OFF, rules_.Wrong.ORDER),
        (MONDAY, MONDAY + timedelta(days=14), HolidayKind.OFF, None),
        (MONDAY, MONDAY + timedelta(days=15), HolidayKind.OFF, None),
        (MONDAY, MONDAY + timedelta(days=16), HolidayKind.OFF, rules_.Wrong.TOO_LONG),
        (date(1999, 12, 31), date(1999, 12, 31), HolidayKind.OFF, rules_.Wrong.YEAR),
        (date(2000, 1, 1), date(2000, 1, 1), HolidayKind.OFF, None),
        (date(2099, 12, 31), date(2100, 1, 1), HolidayKind.OFF, rules_.Wrong.YEAR),
        (MONDAY + timedelta(days=4), MONDAY + timedelta(days=4), HolidayKind.ON, rules_.Wrong.WEEKDAY),
        (MONDAY + timedelta(days=5), MONDAY + timedelta(days=6), HolidayKind.ON, None),
        (MONDAY + timedelta(days=6), MONDAY + timedelta(days=7), HolidayKind.ON, rules_.Wrong.WEEKDAY),
    ],
)
def test_what_an_entry_must_be(since: date, until: date, kind: HolidayKind, problem: rules_.Wrong | None) -> None:
    assert rules_.wrong(since, until, kind) is problem


# -- entering and withdrawing -------------------------------------------------------------------------------------------
def test_entering_twice_is_harmless_and_what_contradicts_is_refused(session: Session) -> None:
    assert len(entered()) == 7
    assert entered() == []
    assert [row.day for row in entered(until=date(2026, 10, 8))] == [date(2026, 10, 8)]
    with pytest.raises(operations.BadHoliday) as refused:
        entered(since=date(2026, 10, 3), until=date(2026, 10, 4), kind=HolidayKind.ON)
    assert "2026-10-03 已登记为放假" in refused.value.message
    with pytest.raises(operations.BadHoliday):
        entered(since=date(2027, 1, 1), until=date(2027, 1, 1), document=" ")
    assert queries.years() == [2026]


def test_what_is_wrong_is_withdrawn_and_stays_readable(session: Session) -> None:
    [first, *_rest] = entered()
    with pytest.raises(operations.BadHoliday):
        operations.close(ids=[first.id], reason=" ", by=SYSTEM, now=ground.NOW)
    assert operations.close(ids=[first.id], reason="通知已更正", by=SYSTEM, now=ground.NOW) == 1
    assert operations.close(ids=[first.id], reason="通知已更正", by=SYSTEM, now=ground.NOW) == 0
    assert queries.standing([first.day]) == {}
    assert [row.day for row in entered(until=first.day)] == [first.day]  # entered anew
    assert [(row.close_reason, row.closed_at is None) for row, _entered, _closed in queries.listing(2026)][:2] == [("", True), ("通知已更正", False)]


# -- what it does to the ledger -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("worked", "is_on", "credited"), [(2, True, 2), (3, True, 5), (4, True, 5), (2, False, 2), (3, False, 3), (4, False, 4)])
def test_a_holiday_week_in_the_ledger(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worked: int, is_on: bool, credited: int
) -> None:
    """Below, at and above what is worked in the week of 5 October 2026; the notes tell the days either way."""
    all_entered()
    student, enterprise = ground.student(ground.programme(ground.university(), is_petoe=True)), ground.enterprise()
    days = [*THREE, MONDAY + timedelta(days=6)][:worked]
    for day in days:
        ledger.confirm_days(student_id=student.id, enterprise_id=enterprise.id, days=[day], base_id=None, source_id=None, by=SYSTEM, now=ground.NOW)
    with rule(tmp_path / "params", monkeypatch, *(["own.weeks.holiday_rule"] if is_on else [])):
        assert ledger_queries.weeks_of(student.id).by_week == {"2026-W41": credited}
        week = queries.explained(student.id, days)["2026-W41"]
    assert (week.working, week.is_counted) == (3, is_on)
    assert [(span.first.day, span.last.day, span.kind.value) for span in week.spans] == [(5, 7, "off"), (10, 10, "on")]


def test_each_kind_of_programme_has_its_switch(session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    all_entered()
    university, enterprise = ground.university(), ground.enterprise()
    bachelor = ground.student(ground.programme(university, is_petoe=True))
    vocational = ground.student(ground.programme(university, degree_level=DegreeLevel.VOCATIONAL, study_years=3))
    for one in (bachelor, vocational):
        ledger.confirm_days(student_id=one.id, enterprise_id=enterprise.id, days=THREE, base_id=None, source_id=None, by=SYSTEM, now=ground.NOW)

    def credited() -> list[int]:
        totals = ledger_queries.weeks_of_many([bachelor.id, vocational.id])
        return [totals[bachelor.id].credited_days, totals[vocational.id].credited_days]

    assert credited() == [3, 3]
    with rule(tmp_path / "one", monkeypatch, "own.weeks.holiday_rule"):
        assert credited() == [5, 3]
    with rule(tmp_path / "other", monkeypatch, "own.weeks.holiday_rule_vocational"):
        assert credited() == [3, 5]


@pytest.mark.parametrize(("before", "after", "credited"), [("false", "true", [3, 5]), ("true", "false", [5, 3])])
def test_each_week_by_the_switch_of_its_own_day(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: str, after: str, credited: list[int]
) -> None:
    """The switch changes on Monday 5 October 2026: the week before it counts as it did then, whatever is confirmed afterwards."""
    all_entered()
    student, enterprise = ground.student(ground.programme(ground.university(), is_petoe=True)), ground.enterprise()
    weeks = [sorted(MONDAY - timedelta(days=n) for n in (7, 6, 5)), THREE]
    params = tmp_path / "params"
    shutil.copytree(books.PARAMS, params)
    file = params / "trainhub_teaching.toml"
    text, line = file.read_text(encoding="utf-8"), 'key = "own.weeks.holiday_rule"\nvalue = false\n'
    rest = text[text.index(line) + len(line) :].split("[[parameter]]", 1)[0]
    now = f'[[parameter]]\nkey = "own.weeks.holiday_rule"\nvalue = {after}\nsince = 2026-10-05\n{rest}'
    text = text.replace(line + rest, f"{line.replace('false', before)}until = 2026-10-04\n{rest}{now}")
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(books, "PARAMS", params)
    books.book.cache_clear()
    try:
        for number, days in enumerate(weeks):
            ledger.confirm_days(
                student_id=student.id, enterprise_id=enterprise.id, days=days, base_id=None, source_id=None, by=SYSTEM, now=ground.NOW
            )
            totals = ledger_queries.weeks_of(student.id).by_week
            assert [totals[week] for week in ("2026-W40", "2026-W41") if week in totals] == credited[: number + 1]
        every = [day for days in weeks for day in days]
        assert [week.is_counted for _name, week in sorted(queries.explained(student.id, every).items())] == [before == "true", after == "true"]
        assert queries.shortened(every, is_vocational=False) == (
            {"2026-W40": frozenset(weeks[0])} if before == "true" else {"2026-W41": frozenset(THREE)}
        )
        assert checked(tmp_path, every) == totals  # the command asks the switch on the same days
        assert [queries.may_have_counted(day) for day in (MONDAY - timedelta(days=1), MONDAY)] == [before == "true", True]
    finally:
        monkeypatch.undo()
        books.book.cache_clear()


@pytest.mark.parametrize(
    ("since", "until", "usual", "known"),
    [
        (date(2026, 9, 28), date(2026, 10, 11), 10, 6),  # two of Monday to Wednesday are left; Thursday, Friday, the Saturday that is worked
        (date(2026, 10, 1), date(2026, 10, 7), 5, 0),
        (date(2026, 10, 8), date(2026, 10, 9), 2, 2),
        (date(2026, 10, 10), date(2026, 10, 11), 0, 1),
        (date(2026, 9, 14), date(2026, 9, 20), 5, 5),  # a week counts five days, also where Sunday is worked
        (date(2026, 10, 12), date(2026, 10, 16), 5, 5),
    ],
)
def test_nobody_is_expected_on_a_holiday(since: date, until: date, usual: int, known: int) -> None:
    days = calendar.WorkCalendar(frozenset(rules_.days_of(date(2026, 10, 1), date(2026, 10, 7))), frozenset([date(2026, 9, 20), date(2026, 10, 10)]))
    assert placement_rules.workdays_between(since, until, per_week=5) == usual
    assert placement_rules.workdays_between(since, until, per_week=5, calendar=days) == known


# -- the rule on a week -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("days", "credited"), [(THREE, 5), (THREE[:2], 2), ([], 0)])
def test_the_last_day_of_a_full_holiday_week_earns_what_the_holidays_took(days: list[date], credited: int) -> None:
    earned = rules.credits([(day, n) for n, day in enumerate(days)], days_per_week=5, working_days={"2026-W41": THREE})
    assert sum(earned.values()) == credited == rules.credit_weeks(days, days_per_week=5, working_days={"2026-W41": THREE}).credited_days
    assert list(earned.values()) == ([1, 1, 3] if len(days) == 3 else [1] * len(days))


@pytest.mark.parametrize(
    ("shifts", "credited"),
    [((0, 1, 3), 3), ((0, 3, 4), 3), ((3, 4, 5), 5), ((0, 3, 4, 5), 5), ((0, 1, 2, 3), 4), ((0, 1, 2, 3, 4), 5)],
)
def test_a_day_worked_on_the_holiday_takes_no_working_days_place(
    session: Session, switched_on: None, tmp_path: Path, shifts: tuple[int, ...], credited: int
) -> None:
    """Three days of the holiday week fill it only when they are its three working days, in the ledger and in the command."""
    all_entered()
    student, enterprise = ground.student(ground.programme(ground.university(), is_petoe=True)), ground.enterprise()
    days = [MONDAY + timedelta(days=n) for n in shifts]
    ledger.confirm_days(student_id=student.id, enterprise_id=enterprise.id, days=days, base_id=None, source_id=None, by=SYSTEM, now=ground.NOW)
    assert ledger_queries.weeks_of(student.id).credited_days == credited
    assert sum(count for _row, count in ledger_queries.earned_by([student.id], days_per_week=5)) == credited
    assert checked(tmp_path, days) == {"2026-W41": credited}


def checked(folder: Path, days: list[date]) -> dict[str, int]:
    """What `weeks check` makes of days."""
    file = folder / "days.csv"
    file.write_text("student,enterprise,date,status\n" + "".join(f"S1,E,{day},approved\n" for day in days), encoding="utf-8")
    [student] = weekfiles.check(file, on=date(2026, 11, 1), holidays=table(folder / "holidays.csv", *SPANS))["students"]
    found: dict[str, int] = student["by_week"]
    return found


def test_without_the_switch_a_week_counts_what_was_worked_in_it() -> None:
    doubled = [*((day, 1) for day in THREE), (THREE[0], 2)]
    assert rules.credits(doubled, days_per_week=5) == {(THREE[0], 1): 1, (THREE[0], 2): 0, (THREE[1], 1): 1, (THREE[2], 1): 1}
    week = [(MONDAY + timedelta(days=n), n) for n in range(7)]
    assert list(rules.credits(week, days_per_week=5).values()) == [1, 1, 1, 1, 1, 0, 0]


def test_the_command_follows_the_switch(switched_on: None, tmp_path: Path) -> None:
    file = tmp_path / "days.csv"
    file.write_text("student,enterprise,date,status\n" + "".join(f"S1,E,{day},approved\n" for day in THREE), encoding="utf-8")
    holidays = table(tmp_path / "holidays.csv", *SPANS)
    [student] = weekfiles.check(file, on=date(2026, 11, 1), holidays=holidays)["students"]
    assert (student["days"], student["credited_weeks"], student["by_week"]) == (5, 1.0, {"2026-W41": 5})
    for other in ({}, {"holidays": holidays, "is_vocational": True}):
        [student] = weekfiles.check(file, on=date(2026, 11, 1), **other)["students"]  # type: ignore[arg-type]
        assert student["days"] == 3
    with pytest.raises(weekfiles.BadDays) as refused:
        weekfiles.check(file, on=date(2026, 11, 1), holidays=table(tmp_path / "bad.csv", "2026-10-09,,on"))
    assert [(one["row"], one["column"]) for one in refused.value.details] == [(2, "since")]


# -- commands and pages -------------------------------------------------------------------------------------------------
def test_the_import_takes_all_or_nothing_and_says_where(command: Command, tmp_path: Path) -> None:
    bad = table(
        tmp_path / "bad.csv",
        "2026-10-01,2026-10-07,放假",
        "2026-10-07,2026-10-08,放假",
        "2026-10-09,,调休上班",
        "2026-13-01,,放假",
        "2026-10-12,2026-12-01,放假",
    )
    answer = command("holidays", "import", bad)
    assert answer["exit_code"] == 1
    assert {(one["row"], one["column"]) for one in answer["error"]["details"]} == {(3, "since"), (4, "since"), (5, "since"), (6, "until")}
    assert command("holidays", "list")["days"] == []
    good = table(tmp_path / "good.csv", *SPANS)
    assert [command("holidays", "import", good, "--dry-run")[key] for key in ("added", "applied")] == [3, False]
    assert command("holidays", "list")["days"] == []
    assert command("holidays", "import", good)["added"] == 3
    assert [command("holidays", "import", good)[key] for key in ("added", "unchanged")] == [0, 3]
    days = command("holidays", "list", "--year", "2026")["days"]
    assert [one["day"] for one in days] == ["2026-09-20", *(f"2026-10-0{n}" for n in range(1, 8)), "2026-10-10"]
    assert (days[0]["kind"], days[0]["document"]) == ("on", NOTICE)
    contrary = table(tmp_path / "contrary.csv", "2026-10-03,,on")
    assert "已登记为放假" in command("holidays", "import", contrary)["error"]["details"][0]["problem"]


def test_the_province_enters_and_withdraws_on_a_page_that_others_read(as_role: As, session: Session) -> None:
    province = as_role(Role.DEPT_EDU)
    facts = {"since": "2026-10-01", "until": "2026-10-07", "kind": "off", "name": "国庆节", "document": NOTICE}
    assert province.post("/holidays/", data=facts).status_code == 303
    wrong = province.post("/holidays/", data={**facts, "kind": "on", "since": "2026-10-09", "until": ""})
    assert (wrong.status_code, "应是星期六或星期日" in wrong.text) == (422, True)
    page = province.get("/holidays/?year=2026").text
    assert NOTICE in page
    assert "撤下所选的日子" in page
    ids = [str(row.id) for row, _entered, _closed in queries.listing(2026)][:2]
    assert province.post("/holidays/close", data={"day": ids, "reason": "通知已更正", "year": "2026"}).status_code == 303
    assert "通知已更正" in province.get("/holidays/?year=2026").text
    assert province.post("/holidays/close", data={"reason": "x"}).status_code == 422
    reader = as_role(Role.PROGRAMME_ADMIN)
    seen = reader.get("/holidays/?year=2026")
    assert (seen.status_code, "撤下所选的日子" in seen.text) == (200, False)
    assert reader.post("/holidays/", data=facts).status_code == 403
    assert reader.post("/holidays/close", data={"day": ids, "reason": "x"}).status_code == 403
    assert NOTICE in reader.get("/holidays/export.csv").get_data().decode("utf-8-sig")
    assert as_role(Role.TRAINEE).get("/holidays/").status_code == 403
