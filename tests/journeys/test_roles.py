"""Each demo account follows every link it is shown: nothing breaks, nothing is offered that is refused."""

from __future__ import annotations

import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.journeys.browsing import Page, Visitor, problems_of
from tests.journeys.conftest import Place, opened, travel
from tests.journeys.versions import wrong_versions
from trainhub.identity import notice

ACCOUNTS = ("student", "trainee", "lecturer", "mentor", "supervisor", "enterprise", "programme", "prefecture", "province", "expert", "admin")
BESIDE = ("association", "workgroup", "expert2", "programme1")
"""The accounts beside the eleven: the other sides of an evaluation."""
WITHOUT = {"university_admin": "闽江理工大学", "dept_edu": "", "dept_hr": "", "dept_st": "", "dept_fin": "", "inspector": "", "auditor": ""}
"""Roles that no demo account holds alone, and over which organisation they are granted."""
WIDE = ("university_admin", "inspector", "auditor")
"""Of these the widest readers: each list is narrowed for them by a scope, and joined to what they ask besides."""
READ: set[str] = set()
"""Rules whose file one role has had whole: of others', and of its own further ones, the beginning is asked for. That says that they are given it; what
is made while it is sent is then read no further (a file that is made whole in its view is made whole each time)."""
MOST = 400
"""Pages a role opens at most."""
WHOLE = os.environ.get("TRAINHUB_TEST_WHOLE") == "1"
ALIKE = 2 if WHOLE else 1
"""Of pages that differ only by a number or a code, this many are opened; by the others than the eleven and the widest readers one of each rule."""
SKIPPED = re.compile(r"^/(logout|static/)|[?&](lang|sort|size)=")


@pytest.fixture(scope="module")
def app(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One copy of the demo for all roles: reading changes nothing."""
    own = demo.copy(tmp_path_factory.mktemp("roles") / "instance")
    with opened(own) as app:
        yield app
    own.drop()


def rule_of(app: Flask, address: str) -> str:
    """The rule of an address: taken as the kind of page, one address of each rule is opened, the first that is found, whatever it asks there."""
    path = address.partition("?")[0]
    try:
        return str(app.url_map.bind("localhost").match(path, return_rule=True)[0].rule)  # type: ignore[attr-defined]
    except Exception:
        return path


def shape(app: Flask, address: str) -> str:
    """What kind of page an address is: its rule and the names of its questions."""
    names = sorted(part.partition("=")[0] for part in address.partition("?")[2].split("&") if part)
    return f"{rule_of(app, address)}?{','.join(names)}"


def complaint(page: Page, came_from: str) -> str | None:
    """What is wrong with a page that was reached by a link; None when it is right."""
    where = f"{page.url} (from {came_from})"
    if page.status >= 400:
        return f"{page.status} {where}"
    if page.type != "text/html":
        return None
    if left := problems_of(page.text):
        return f"leftovers {left} {where}"
    if page.document.get("lang") != "zh-CN":
        return f"lang={page.document.get('lang')} {where}"
    if len(page.document.xpath("//h1")) != 1:
        return f"{len(page.document.xpath('//h1'))} h1 {where}"
    if len(set(page.document.xpath("//a[contains(@class, 'nav-link-item') and @aria-current='page']/@href"))) > 1:
        return f"two entries of the navigation are marked {where}"
    repeated = [one for one, times in Counter(page.document.xpath("//@id")).items() if times > 1]
    return f"id twice {sorted(repeated)[:5]} {where}" if repeated else None


def seen(app: Flask, somebody: Visitor, address: str) -> Page:
    """What a link leads to; of a file by the same rule as one that was had whole, only the beginning."""
    rule = rule_of(app, address)
    is_known = rule in READ
    answer = somebody.client.get(address, follow_redirects=True, buffered=not is_known)
    if answer.mimetype == "text/html" or answer.status_code >= 400:
        return somebody._seen(answer)
    READ.add(rule)
    if not is_known:
        return somebody._seen(answer)
    answer.close()
    return Page(address, answer.status_code, "", b"", answer.mimetype, answer.headers)


def follow(app: Flask, somebody: Visitor, kind_of: Callable[[Flask, str], str] = shape) -> tuple[int, list[str]]:
    """Open everything of every kind that can be reached from the home page by links; returns how many pages and what was wrong."""
    waiting, known, kinds = deque([("/", "the address bar")]), {"/"}, {"/": 1}
    wrong: list[str] = []
    opened_pages = 0
    while waiting and opened_pages < MOST:
        address, came_from = waiting.popleft()
        page = seen(app, somebody, address)
        opened_pages += 1
        if found := complaint(page, came_from):
            wrong.append(found)
        if page.document is None or page.status >= 400:
            continue
        wrong += [f"{found} {page.url}" for found in wrong_versions(app, page)]
        for link in page.links():
            if link in known or SKIPPED.search(link):
                continue
            known.add(link)
            kind = kind_of(app, link)
            kinds[kind] = kinds.get(kind, 0) + 1
            if kinds[kind] > ALIKE:
                continue
            waiting.append((link, page.url))
    return opened_pages, wrong


@pytest.mark.slow
@pytest.mark.parametrize("name", ACCOUNTS + BESIDE)
def test_every_link_shown_to_a_role_leads_somewhere(app: Flask, name: str) -> None:
    with travel(0):
        pages, wrong = follow(app, Visitor(app).sign_in(name), shape if name in ACCOUNTS or WHOLE else rule_of)
    assert not wrong, "\n".join(wrong)
    assert pages >= 12


@pytest.mark.slow
@pytest.mark.parametrize("name", ACCOUNTS + BESIDE)
def test_the_home_page_speaks_both_languages(app: Flask, name: str) -> None:
    with travel(0):
        somebody = Visitor(app).sign_in(name)
        english = somebody.get("/?lang=en")
        assert english.document.get("lang") == "en"
        assert problems_of(english.text) == []
        assert somebody.get("/?lang=zh").document.get("lang") == "zh-CN"


@pytest.fixture(scope="module")
def staffed(demo: Place, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """A copy of the demo to which accounts are added."""
    own = demo.copy(tmp_path_factory.mktemp("staffed") / "instance")
    with opened(own) as app:
        yield app
    own.drop()


def newcomer(app: Flask, role: str, organisation: str) -> Visitor:
    """Somebody whom the administrator gave a role: invited, with a password of their own, after the consent."""
    admin = Visitor(app).sign_in("admin")
    page = admin.get("/accounts/new")
    places = {" ".join(one.itertext()): one.get("value") for one in page.document.xpath("//select[@name='organisation_id']/option")}
    chosen = next((key for words, key in places.items() if organisation and organisation in words), "")
    assert bool(chosen) == bool(organisation)
    page = admin.send("/new", {"name": "林新到", "username": f"new-{role}", "role": role, "organisation_id": chosen})
    link = re.search(r"/link/[\w-]{20,}", page.text).group()  # type: ignore[union-attr]
    somebody = Visitor(app)
    somebody.get(link)
    somebody.send(link, {"password": "shan-shui-2026", "again": "shan-shui-2026"})
    somebody.sign_in(f"new-{role}", "shan-shui-2026").get("/account")
    somebody.send("/consent", {"consent": "y", "notice": notice.VERSION})
    return somebody


@pytest.mark.slow
@pytest.mark.parametrize("role", WITHOUT)
def test_every_link_shown_to_a_role_that_is_granted_later_leads_somewhere(staffed: Flask, role: str) -> None:
    with travel(0):
        pages, wrong = follow(staffed, newcomer(staffed, role, WITHOUT[role]), shape if role in WIDE or WHOLE else rule_of)
    assert not wrong, "\n".join(wrong)
    assert pages >= 12


@pytest.mark.slow
def test_a_visitor_finds_the_public_pages_only(app: Flask, tmp_path: Path) -> None:
    with travel(0):
        somebody = Visitor(app)
        assert "/login" in somebody.get("/placements/mine").url
        pages, wrong = follow(app, somebody)
    assert not wrong, "\n".join(wrong)
    assert pages >= 5
