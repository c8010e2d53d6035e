"""The handbook: true to the pages by their words and addresses, the reader's own first, searched on the server."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from flask import Flask, url_for
from flask.testing import FlaskClient

from tests.factories import home
from tests.factories.home import World
from trainhub.kernel.access import Role
from trainhub.kernel.i18n import in_language
from trainhub.oversight.home import helping
from trainhub.oversight.home.helping.types import Task, Topic

ROOT = Path(__file__).parents[4]
HANDBOOK = ROOT / "trainhub" / "oversight" / "home" / "helping"
MESSAGE = re.compile(r"""\b(?:_|_l|N_)\(\s*(?:'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)")""")
NAME = re.compile("“([^”]+)”")
LINK = re.compile(r'href="(/[^"#]*)"')
TASKS: list[tuple[Topic, Task]] = [(topic, task) for topic in helping.TOPICS for task in topic.tasks]


def said(task: Task) -> list[object]:
    """Every text of a task."""
    return [task.title, *task.steps, *([task.note] if task.note else [])]


def links_of_tasks(html: str) -> set[str]:
    """Where the tasks of a handbook lead."""
    tasks = re.findall(r'<article class="help-task".*?</article>', html, re.S)
    return {link.replace("&amp;", "&") for text in tasks for link in LINK.findall(text)}


@pytest.fixture(scope="module")
def words_of_pages() -> set[str]:
    """Every message of templates and code outside the handbook."""
    rooms = (ROOT / room for room in ("templates", "trainhub", "courses", "enterprises"))
    files = [path for room in rooms for kind in ("*.html", "*.py") for path in room.rglob(kind) if HANDBOOK not in path.parents]
    return {one or other for path in files for one, other in MESSAGE.findall(path.read_text(encoding="utf-8"))}


@pytest.fixture
def world(app: Flask) -> World:
    """A world with something to do for everybody."""
    return home.build(app)


def test_every_page_and_button_that_is_named_exists(app: Flask, words_of_pages: set[str]) -> None:
    """Whoever renames a page or a button finds here which step names it."""
    with app.test_request_context():
        named = {(task.key, name) for _topic, task in TASKS for text in said(task) for name in NAME.findall(str(text))}
    assert len(named) > 400
    assert sorted((key, name) for key, name in named if name not in words_of_pages) == []


def test_the_english_names_are_those_of_the_english_pages(app: Flask) -> None:
    """The same names in the same sentence, as the English page writes them."""
    from flask_babel import gettext

    wrong = []
    with app.test_request_context():
        for _topic, task in TASKS:
            for text in said(task):
                names = NAME.findall(str(text))
                with in_language("en"):
                    wanted, found = [gettext(name) for name in names], str(text)
                wrong += [(task.key, name) for name in wanted if f'"{name}"' not in found]
    assert wrong == []


def test_every_address_exists(app: Flask) -> None:
    """A task without a page is a task whose page was renamed."""
    named = {(task.key, endpoint) for _topic, task in TASKS for endpoint in (task.endpoint, *task.at) if endpoint}
    assert sorted((key, endpoint) for key, endpoint in named if endpoint not in app.view_functions) == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.SYSTEM_ADMIN])
def test_every_entry_of_the_navigation_is_told_of(app: Flask, world: World, role: Role) -> None:
    """Whatever stands at hand for a role, one of its tasks begins there or passes there. (The administrator of the system
    may do what all others do, their topics tell how; an entry with a condition of its own is of no role.)"""
    shown = set(re.findall(r'class="nav-link-item" href="([^"]+)"', home.browser(app, world, role).get("/account").get_data(as_text=True)))
    mine = [task for topic, task in TASKS if role in (task.roles or topic.roles or (role,))]
    with app.test_request_context():
        told = {endpoint for task in mine for endpoint in (task.endpoint, *task.at) if endpoint}
        pages = {url_for(entry.endpoint, **dict(entry.args)): entry.endpoint for entry in app.extensions["trainhub.nav"] if entry.when is None}
    assert shown
    assert sorted(page for page in map(pages.get, shown) if page and page not in told | {"home.index"}) == []


def test_anchors_are_unique_and_tasks_short() -> None:
    """One address for each task, one to five steps, and roles that the topic knows."""
    keys = Counter([topic.key for topic in helping.TOPICS] + [task.key for _topic, task in TASKS] + ["here", "main"])
    assert [key for key, times in keys.items() if times > 1] == []
    assert [task.key for _topic, task in TASKS if not 1 <= len(task.steps) <= 5] == []
    assert [task.key for topic, task in TASKS if not set(task.roles) <= set(topic.roles)] == []


@pytest.mark.parametrize("role", list(Role))
def test_whoever_does_it_may_open_it(app: Flask, world: World, role: Role) -> None:
    """Each role reads its own topics first; each of its tasks leads to its page, and each page opens. Public ones open to a visitor (below)."""
    client = home.browser(app, world, role)
    html = client.get("/help").get_data(as_text=True)
    shown = re.findall(r'<article class="help-task" id="([\w-]+)">(.*?)</article>', html, re.S)
    mine = [task for topic, task in TASKS if role in (task.roles or topic.roles) and task.endpoint]
    assert mine
    assert [task.key for task in mine if "打开这一页" not in dict(shown)[task.key]] == []
    links = links_of_tasks(html) - links_of_tasks(app.test_client().get("/help").text)
    assert {link: status for link in links if (status := client.get(link, follow_redirects=True).status_code) != 200} == {}
    first = re.findall(r'<section class="section" id="([\w-]+)">', html)[0]
    assert role in next(topic.roles for topic in helping.TOPICS if topic.key == first)


def test_a_visitor_reads_everything_and_is_led_to_public_pages(client: FlaskClient) -> None:
    """The whole handbook, beginning with what is public; nothing leads to a door."""
    html = client.get("/help").get_data(as_text=True)
    assert re.findall(r'<section class="section" id="([\w-]+)">', html)[0] == "visitor"
    assert html.count('class="help-task"') == len(TASKS)
    links = links_of_tasks(html)
    assert "/verify" in links
    assert {link: status for link in links if (status := client.get(link).status_code) != 200} == {}


@pytest.mark.parametrize(
    ("asked", "found", "not_found"),
    [
        ("撤销 更正", "change-certificate", "leave"),
        ("请假", "leave", "verify"),
        ("tianbaoshixizhiyuan", "preferences", "leave"),
        ("QJ", "leave", "verify"),
        ("bafo", "backup", "leave"),
    ],
)
def test_searching(client: FlaskClient, asked: str, found: str, not_found: str) -> None:
    """Every word must stand in the task, as it is written or as its title is read; the page says how many."""
    html = client.get("/help", query_string={"q": asked}).get_data(as_text=True)
    keys = re.findall(r'class="help-task" id="([\w-]+)"', html)
    if asked == "bafo":
        assert keys == []
        assert "没有找到“bafo”" in html
        return
    assert found in keys
    assert not_found not in keys
    assert f"找到 {len(keys)} 件事" in html


def test_searching_in_english(client: FlaskClient) -> None:
    """The words of the reader's language."""
    html = client.get("/help", query_string={"q": "Revoke certificate", "lang": "en"}).get_data(as_text=True)
    assert 'id="change-certificate"' in html


def test_a_search_is_text_and_nothing_else(client: FlaskClient) -> None:
    """What was asked is shown escaped, and cut where nobody types on."""
    html = client.get("/help", query_string={"q": "<script>" + "x" * 5000}).get_data(as_text=True)
    assert "<script>x" not in html
    assert [len(value) for value in re.findall(r'name="q" type="search" value="([^"]*)"', html.replace("&lt;", "<").replace("&gt;", ">"))] == [100]


def test_a_page_leads_to_its_own_help(app: Flask, world: World) -> None:
    """The link of a page carries where it stands; the tasks of that page come first, then those of its part."""
    client = home.browser(app, world, Role.STUDENT)
    assert 'href="/help?at=placements.my_weeks"' in client.get("/placements/mine/weeks").get_data(as_text=True)
    html = client.get("/help?at=placements.my_weeks").get_data(as_text=True)
    here = re.search(r'id="here">(.*?)</section>', html, re.S)
    assert here is not None
    assert "查每一天是否计入" in here.group(1)
    assert "填报实习志愿" not in here.group(1)
    near = client.get("/help?at=placements.unknown").get_data(as_text=True)
    assert "填报实习志愿" in re.search(r'id="here">(.*?)</section>', near, re.S).group(1)  # type: ignore[union-attr]
    assert 'id="here"' not in client.get("/help?at=nothing.known").get_data(as_text=True)
    assert 'id="here"' not in client.get("/help").get_data(as_text=True)


def test_everybody_who_is_signed_in_finds_who_may_do_what(app: Flask, client: FlaskClient, world: World) -> None:
    """The table of permissions has an entry in the navigation of three roles alone."""
    assert 'href="/permissions"' in home.browser(app, world, Role.STUDENT).get("/help").text
    assert 'href="/permissions"' not in client.get("/help").text


def test_what_others_do_is_shown_without_a_door(app: Flask, world: World) -> None:
    """In a topic of several roles it says who does it; the link is theirs."""
    html = home.browser(app, world, Role.DEPT_FIN).get("/help").get_data(as_text=True)
    text = re.search(r'id="duplicates">(.*?)</article>', html, re.S)
    assert text is not None
    assert ("由省人社厅办理" in text.group(1), "打开这一页" in text.group(1)) == (True, False)
