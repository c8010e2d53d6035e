"""Lists: the numbers of the first page are those of the lists they lead to; lists sort, filter and export what they show."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.journeys.browsing import Page, Visitor
from tests.journeys.conftest import Place, opened, travel
from tests.journeys.test_roles import ACCOUNTS

TOTAL = re.compile(r"共 ?([\d,]+) ?(?:名|项|条|个|人|门|封)")
COUNTS_SOMETHING_ELSE = (
    *("确认学生的实习日", "督促指导教师确认实习日", "评阅作业", "确认指导记录"),
    *("评阅毕业设计论文", "第三方评分", "参加毕业设计答辩", "登记毕业设计答辩", "评议抽检论文"),
)
"""These count days or pieces of work; their lists show all the students and the assignments, and say themselves how many wait. One page holds all that
somebody is asked to judge, of each kind."""
LISTS = (
    ("programme", "/placements/", "/placements/export", ("student", "enterprise", "term", "state"), {"state": "going"}),
    ("programme", "/placements/progress", "/placements/progress", ("student", "credited", "expected", "projected"), {"light": "red"}),
    ("admin", "/capstones/", "/capstones/export", ("student", "enterprise", "ends", "score", "state"), {"state": "live"}),
    ("admin", "/mentors/", "/mentors/export", ("name", "enterprise", "trained"), {"q": "榕城"}),
    ("prefecture", "/bases/", "/bases/export", ("name", "region", "capacity", "agreement"), {"region": "350100"}),
    ("admin", "/accounts/", "/accounts/export", ("name", "state", "seen"), {"role": "student"}),
    ("admin", "/people/persons", "/people/persons/export", ("name", "birth"), {"q": "lin"}),
    ("programme", "/chains/DEMO-P3", "/chains/DEMO-P3/export", ("no", "name", "days", "met"), {"show": "missing"}),
    ("prefecture", "/goals/demo-current/people", "/goals/demo-current/people", ("name", "category", "county", "base", "on"), {"category": "founder"}),
    ("prefecture", "/trainees/", "/trainees/export", ("name", "county", "base", "completed", "hours"), {"since": "2026-06-01"}),
)


@pytest.fixture(scope="module")
def app(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One copy of the demo: reading changes nothing."""
    own = demo.copy(tmp_path_factory.mktemp("lists") / "instance")
    with opened(own) as app:
        yield app
    own.drop()


def total(page: Page) -> int:
    """How many rows a list says it has."""
    found = TOTAL.search(page.words)
    assert found, f"{page.url} does not say how many: {page.words[:300]}"
    return int(found.group(1).replace(",", ""))


def words(element: object) -> str:
    """The words of an element, spaces made single."""
    return " ".join(" ".join(element.itertext()).split())  # type: ignore[attr-defined]


def counted(page: Page) -> list[tuple[str, int, str]]:
    """(what, how many, where it leads) of every number on the first page that leads somewhere."""
    found = []
    for row in page.document.xpath("//section[@aria-labelledby='todo-title']//li"):
        numbers, links = row.xpath(".//strong/span[contains(@class, 'pill')]/text()"), row.xpath(".//a/@href")
        if numbers and links:
            found.append((words(row.xpath(".//strong")[0]), int(numbers[0].replace(",", "")), links[0]))
    for box in page.document.xpath("//main//*[contains(concat(' ', @class, ' '), ' stat ')]"):
        links, value = box.xpath(".//a/@href"), words(box.xpath(".//*[contains(@class, 'stat-value')]")[0])
        if links and (number := re.match(r"[\d,]+", value)):
            found.append((words(box), int(number.group().replace(",", "")), links[0]))
    return found


@pytest.mark.slow
def test_numbers_of_the_first_pages_are_those_of_their_lists(app: Flask) -> None:
    checked, wrong = 0, []
    with travel(0):
        for name in ACCOUNTS:
            somebody = Visitor(app).sign_in(name)
            for what, number, address in counted(somebody.get("/")):
                page = somebody.get(address)
                if what.startswith(COUNTS_SOMETHING_ELSE) or not TOTAL.search(page.words) or what.startswith("审计记录"):
                    continue  # the audit log grows while one looks at it
                checked += 1
                if total(page) != number:
                    wrong.append(f"{name}: {what} → {address} has {total(page)}")
    assert not wrong, "\n".join(wrong)
    assert checked >= 15


@pytest.mark.slow
@pytest.mark.parametrize(("name", "path", "export", "sorts", "filtered"), LISTS, ids=[row[1] for row in LISTS])
def test_a_list_sorts_filters_and_exports(app: Flask, name: str, path: str, export: str, sorts: tuple[str, ...], filtered: dict[str, str]) -> None:
    def rows(text: str) -> list[list[str]]:
        return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[1:]

    with travel(0):
        somebody = Visitor(app).sign_in(name)
        everything = somebody.get(path)
        asked = "&".join(f"{key}={value}" for key, value in filtered.items())
        fewer = somebody.get(f"{path}?{asked}")
        assert 0 < total(fewer) <= total(everything)
        assert len(rows(somebody.get(f"{export}.csv?{asked}").text)) == total(fewer)
        offered = {sort.lstrip("-") for sort in re.findall(r"[?&](?:amp;)?sort=(-?\w+)", everything.text)}
        assert offered == set(sorts)
        whole = [somebody.get(f"{export}.csv").text]
        for sort in sorts:
            up, down = (rows(somebody.get(f"{export}.csv?sort={sign}{sort}").text) for sign in ("", "-"))
            assert len(up) == len(down) == total(everything)
            assert up == list(reversed(down)), sort
            assert sorted(up) == sorted(rows(whole[0]))
        assert somebody.get(f"{export}.xlsx").content[:2] == b"PK"
