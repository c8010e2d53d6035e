"""The demo's trainees: a roster of 5,000 (at scale 1), imported the way a base imports its own, and the open goal."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from pathlib import Path

from trainhub.demo.calendar import Calendar
from trainhub.demo.invented import BASES, credit_code, people
from trainhub.identity.queries import accounts, acting
from trainhub.identity.types import LoginKind
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import write_csv
from trainhub.ledger import queries as ledger
from trainhub.ledger.rosters import running
from trainhub.oversight.goals import operations as goals
from trainhub.oversight.goals import queries as goal_queries

COURSES = (
    ("电子商务运营实务", 48), ("跨境电商平台操作", 40), ("工业互联网应用基础", 64), ("直播带货与内容运营", 32), ("云计算运维", 80),
    ("数字创意设计", 56), ("农产品网络营销", 24), ("互联网创业训练营", 40), ("大数据采集与分析", 72), ("物联网系统集成", 64),
)  # fmt: skip
FIELDS = (
    "name", "id_type", "id_number", "category", "county_code", "base_code", "course", "hours", "completed_on", "counted",
)  # fmt: skip
COLUMNS = tuple(Column(name, name) for name in FIELDS)
TARGET = 2000
PARTS = {
    "350100": 400, "350200": 330, "350500": 330, "350600": 180, "350300": 160, "350400": 140, "350700": 140, "350800": 140, "350900": 140, "350128": 40,
}  # fmt: skip
"""What each city, and 平潭, is to bring of the demo's goal."""
CITY, PINGTAN, CITY_ROWS = "3501", "350128", 60
"""The operator of this city imported the last rows of its own people; the others came with the roster of the province."""
CITY_BASE = BASES[7][0]
"""A unit of the city: its operator imports for no other (`ledger.queries.may_import_for`)."""


STAFF_COURSES = (("智能装备操作与维护", 40), ("工业机器人编程与调试", 64), ("安全生产与质量管理", 24))
STAFF, STAFF_DAYS = 90, 240
"""Workers whom the enterprise of the demo's account, and the base that the same account leads, trained in so many days: what they claim
subsidies for."""


def of_enterprise(lines: Iterable[dict[str, str]], calendar: Calendar) -> Iterator[dict[str, str]]:
    """The roster of the enterprise and its base: workers of the large roster, each with one more course, evenly over the last days."""
    workers = [line for line in lines if line["category"] == "worker" and line["counted"] == "yes"][::20][:STAFF]
    for number, line in enumerate(workers):
        course, hours = STAFF_COURSES[number // 3 % len(STAFF_COURSES)]
        day = calendar.plus(-STAFF_DAYS + (number + 1) * STAFF_DAYS // (len(workers) + 1))
        at = BASES[0][0] if number % 3 == 2 else credit_code(1)
        yield line | {"base_code": at, "course": course, "hours": str(hours), "completed_on": day.isoformat()}


def _days(calendar: Calendar, dice: random.Random) -> Iterator[date]:
    """When somebody completes: three in five in the years of fj-400k, one in five since January, the rest between."""
    january = date(calendar.day.year, 1, 1)
    while True:
        lot = dice.random()
        if lot < 0.6:
            year = dice.choices((2015, 2016, 2017), (2, 3, 4))[0]
            yield date(year, 1, 1) + timedelta(days=dice.randrange(365))
        elif lot < 0.8:
            yield january + timedelta(days=dice.randrange(max(1, (calendar.day - january).days)))
        else:
            yield date(2018, 1, 1) + timedelta(days=dice.randrange(max(1, (january - date(2018, 1, 1)).days)))


def rows(calendar: Calendar, scale: int) -> Iterator[dict[str, str]]:
    """The roster: one person in nine completed a second course, one row in forty is not counted."""
    dice = random.Random(400000)
    days = _days(calendar, dice)
    row = people(23, date(1965, 1, 1), date(1996, 12, 28))
    for number in range(5000 * scale):
        who = next(row)
        for turn in range(2 if number % 9 == 0 else 1):
            course, hours = COURSES[(number + turn * 3) % len(COURSES)]
            yield {
                "name": who.name,
                "id_type": "resident_id",
                "id_number": who.id_number,
                "category": "founder" if dice.random() < 0.27 else "worker",
                "county_code": who.county_code,
                "base_code": BASES[dice.choice((1, 1, 3, 4, 5, 6))][0],
                "course": course,
                "hours": str(hours),
                "completed_on": next(days).isoformat(),
                "counted": "no" if number % 40 == 7 else "yes",
            }


def _import(name: str, lines: Iterable[dict[str, str]], *, by: Identity, calendar: Calendar, is_strict: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        with path.open("wb") as file:
            write_csv(lines, COLUMNS, file)
        today = max(calendar.day, clock.today())
        running.import_file(path, base_code="", is_dry_run=False, is_strict=is_strict, by=by, today=today, now=clock.now, is_demo=True)


def build(calendar: Calendar, scale: int) -> None:
    """Import the rosters and count them. Its own transactions, safe to repeat: a known row is a duplicate."""
    everything = list(rows(calendar, scale))
    in_city = [row for row in everything if row["county_code"].startswith(CITY) and row["county_code"] != PINGTAN]
    of_city = sorted(in_city, key=lambda row: row["completed_on"])[-CITY_ROWS:]
    apart = {id(row) for row in of_city}
    _import("演示学员名册.csv", (row for row in everything if id(row) not in apart), by=SYSTEM, calendar=calendar, is_strict=True)
    _city([row | {"base_code": CITY_BASE} for row in of_city], calendar)
    _import("企业职工培训名册.csv", of_enterprise(everything, calendar), by=SYSTEM, calendar=calendar, is_strict=True)
    year = calendar.day.year
    with transaction():
        goals.define(
            code="demo-current",
            name="数字技能提升行动（演示）",
            target=TARGET,
            starts_on=date(year, 1, 1),
            deadline=date(year + 2, 12, 31),
            region_code="350000",
            source="演示目标，非文件规定",
            is_demo=True,
            parts=PARTS,
            by=SYSTEM,
            now=clock.now(),
        )
    for goal in goal_queries.computed():
        with transaction():
            goals.refresh(goal=goal_queries.by_code(goal.code) or goal, now=clock.now())


def _city(lines: list[dict[str, str]], calendar: Calendar) -> None:
    """The operator of the city imports these, with two lines as people really send them: a digit mistyped, a county that is none."""
    login = accounts.login_name(LoginKind.USERNAME, "prefecture")
    if login is None:
        return
    operator = acting.identity_of(login.account_id, today=max(calendar.day, clock.today()))
    if session().scalar(ledger.batches(operator).limit(1)) is not None:
        return  # a repeat of the demo
    wrong = lines[0]["id_number"]
    bad = [lines[0] | {"id_number": wrong[:-1] + ("1" if wrong[-1] != "1" else "2")}, lines[1] | {"county_code": "350199"}]
    _import("福州市学员名册.csv", [*lines, *bad], by=operator, calendar=calendar, is_strict=False)
