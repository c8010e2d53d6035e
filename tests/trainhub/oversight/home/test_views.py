"""The first page of every role, the landing page, help; every link of them opens."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select

from enterprises.placements.models import DayEntry, Placement
from tests.factories import home
from tests.factories.home import World
from tests.factories.identity import NOW, signed_in_client
from trainhub.demo import accounts
from trainhub.kernel import backup, clock
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.db import session, transaction
from trainhub.ledger.models import ConfirmedDay
from trainhub.oversight.goals.models import Goal, GoalDay
from trainhub.oversight.home import helping, landing, page
from trainhub.oversight.home.panels import province
from trainhub.oversight.home.types import Block, Line, Panel

HREF = re.compile(r'href="(/[^"#]*)"')


@pytest.fixture
def world(app: Flask) -> World:
    """A world with something to do for everybody."""
    return home.build(app)


def links(html: str) -> list[str]:
    """The addresses of a page inside the house, without assets."""
    return sorted({link.replace("&amp;", "&") for link in HREF.findall(html) if not link.startswith("/static")})


def opens(client: FlaskClient, link: str) -> int:
    """The status in the end: a page that only leads on is followed."""
    return client.get(link, follow_redirects=True).status_code


EXPECTED = {
    Role.STUDENT: ("填报实习志愿", "填写本周实习日", "企业学习", "0 / 32 周", "榕城智能装备有限公司"),
    Role.TRAINEE: ("还没有课程", "浏览课程目录", "还没有证书"),
    Role.MENTOR: ("确认学生的实习日", "曾晓明", "3 天待确认"),
    Role.LECTURER: ("工业机器人基础", "我教的课程"),
    Role.SCHOOL_SUPERVISOR: ("没有正在指导的毕业设计",),
    Role.ENTERPRISE_COORDINATOR: ("提交岗位草稿", "在岗学生", "基地奖补"),
    Role.CENTRE_LEADER: ("在岗学生", "基地奖补"),
    Role.PROGRAMME_ADMIN: ("企业学习 32 周", "实习轮次", "十项要求：机械设计制造", "正在填报"),
    Role.UNIVERSITY_ADMIN: ("学校管理", "试点专业", "正在填报"),
    Role.PREFECTURE_OPERATOR: ("本地培训", "本地基地", "福建省互联网经济创业、从业人员培训"),
    Role.DEPT_EDU: ("全省进展", "基地奖补"),
    Role.DEPT_HR: ("全省进展", "花名册"),
    Role.DEPT_ST: ("全省进展", "基地奖补"),
    Role.DEPT_FIN: ("全省进展", "培训记录"),
    Role.INSPECTOR: ("监督检查", "操作审计"),
    Role.AUDITOR: ("监督检查", "操作审计"),
    Role.EXPERT: ("评价申请：机械设计制造（专家工作组审议）", "去办理"),
    Role.SYSTEM_ADMIN: ("后台任务", "审计记录", "没有因多次失败而锁定的"),
}


def test_every_role_is_expected_to_see_something() -> None:
    """A new role needs a panel and a line in these tests."""
    assert set(EXPECTED) == set(Role)
    assert {role for roles, _make in page.PANELS for role in roles} == set(Role)
    assert {role for topic in helping.TOPICS for role in topic.roles} == set(Role)


def test_what_every_first_page_leads_to_opens_without_a_role(app: Flask, world: World) -> None:
    """Policy, courses, bases, help, the own account: whoever is signed in, and with any role, may open it."""
    client = signed_in_client(app)
    shared = links(client.get("/").text)
    assert {"/policy", "/account", "/help?at=home.index"} < set(shared)
    assert {link: status for link in shared if (status := opens(client, link)) != 200} == {}


@pytest.mark.parametrize("role", list(Role))
def test_home_says_what_to_do_and_every_link_opens(app: Flask, world: World, role: Role) -> None:
    """Navigation, todos, figures and blocks: no link of a first page ends in a refusal. What all first pages share opens without a role (above)."""
    client = home.browser(app, world, role)
    answer = client.get("/")
    html = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert [text for text in EXPECTED[role] if text not in html] == []
    own = set(links(html)).difference(links(signed_in_client(app).get("/").text))
    assert own
    assert {link: status for link in sorted(own) if (status := opens(client, link)) != 200} == {}


@pytest.mark.parametrize("role", [Role.STUDENT, Role.MENTOR, Role.ENTERPRISE_COORDINATOR, Role.PROGRAMME_ADMIN, Role.DEPT_HR, Role.SYSTEM_ADMIN])
def test_home_asks_a_bounded_number_of_queries(app: Flask, role: Role, count_queries: list[str]) -> None:
    """The same number for one student and for six more: counted before there are others, since some roles see everybody's."""
    counts = []
    for students in (1, 6):
        world = home.build(app, students=students)
        client = home.browser(app, world, role)
        client.get("/")
        count_queries.clear()
        assert client.get("/").status_code == 200
        counts.append(len(count_queries))
    assert counts[0] == counts[1]
    assert counts[0] <= (95 if role is Role.PROGRAMME_ADMIN else 40)


def test_an_expert_is_shown_nothing_that_would_be_refused(app: Flask, world: World) -> None:
    """A role over a programme opens no dossier: a visit does. The first page leads nowhere before there is one."""
    html = signed_in_client(app, Role.EXPERT, programme_id=world.programme_id).get("/").get_data(as_text=True)
    assert ("还没有分配给你的专业" in html, "评判：" in html, "填写现场考查评价表" in html) == (True, False, False)


def test_two_roles_see_both_panels_and_one_list(app: Flask, world: World) -> None:
    """Whoever teaches and guides at school has one list of things to do and a panel for each."""
    client = signed_in_client(app, Role.LECTURER, Role.SCHOOL_SUPERVISOR, organisation_id=world.university_id, person_id=world.lecturer_person_id)
    html = client.get("/").get_data(as_text=True)
    assert re.findall(r'<section class="section" id="(\w+)">', html) == ["lecturer", "school_supervisor"]
    assert html.count('id="todo-title"') == 1


def test_an_account_without_a_role_is_told_what_to_do(app: Flask) -> None:
    """Nobody meets an empty page."""
    assert "你的账号还没有角色" in signed_in_client(app).get("/").get_data(as_text=True)


def test_a_stranger_sees_nothing_of_another_enterprise(app: Flask) -> None:
    """The panels read through the scopes of the rooms."""
    _world, other = home.build_each(app, 1, 1)
    html = home.browser(app, other, Role.ENTERPRISE_COORDINATOR).get("/").get_data(as_text=True)
    assert re.search(r"在岗学生.*?stat-value\">(\d+)", html, re.S).group(1) == "1"  # type: ignore[union-attr]


def test_visitors_see_what_this_is(app: Flask, client: FlaskClient, world: World) -> None:
    """The landing page has sums, courses, and a form that asks /verify; nothing of a demo outside a demo."""
    html = client.get("/").get_data(as_text=True)
    assert "工业机器人基础" in html
    assert 'action="/verify"' in html
    assert 'name="number"' in html
    assert 'name="code"' in html
    assert landing.DEMO_PASSWORD not in html
    assert {link: status for link in links(html) if (status := opens(client, link)) != 200} == {}


def test_the_demo_accounts_are_those_of_the_demo() -> None:
    """What the landing page of a demo offers is what the demo makes."""
    assert tuple(name for name, _label in landing.DEMO_ACCOUNTS) == accounts.ACCOUNTS
    assert landing.DEMO_PASSWORD == accounts.PASSWORD


@pytest.mark.parametrize("path", ["/help", "/styleguide"])
def test_help_and_style_guide_are_open_to_all(client: FlaskClient, path: str) -> None:
    """Also without an account."""
    assert client.get(path).status_code == 200


def test_cards_fill_two_columns_evenly_in_the_order_of_the_page() -> None:
    """A card stands in the column that is shorter so far; floats then neither overlap nor change the order."""
    tall, flat = Block("a", steps=[{}] * 6), Block("b", lines=[Line("x")])
    sided = Panel("p", "p", blocks=[tall, flat, flat, flat, tall]).sided
    assert [side for side, _one in sided] == ["is-start", "is-end", "is-end", "is-end", "is-end"]
    assert [one for _side, one in sided] == [tall, flat, flat, flat, tall]
    assert Panel("p", "p", blocks=[tall]).sided == [("", tall)]


def test_the_enterprise_is_led_to_the_placements_whose_days_wait_too_long(app: Flask) -> None:
    """Of two students in the same position one has a day that nobody confirmed in time: the link shows that one alone."""
    world = home.build(app, students=2)
    with app.app_context(), transaction():
        days = session().scalars(select(DayEntry).where(DayEntry.placement_id == world.placement_id).order_by(DayEntry.on)).all()
        days[0].on = clock.today() - timedelta(days=20)
    client = home.browser(app, world, Role.ENTERPRISE_COORDINATOR)
    found = re.search(r'href="([^"]+)">查看<span class="visually-hidden">：督促指导教师确认实习日', client.get("/").text)
    assert found is not None
    html = client.get(found[1].replace("&amp;", "&")).text
    assert "共 1 项安排" in html
    assert "曾晓明" in html
    assert client.get(f"/placements/export.csv?{found[1].split('?')[1].replace('&amp;', '&')}").text.count("曾晓明") == 1


def test_a_placement_that_is_over_is_on_the_list_of_whoever_has_to_end_it(app: Flask) -> None:
    """First the mentor grades, then the enterprise or the school ends it; nobody has to remember the page. On its last day it is not over yet."""
    world = home.build(app)
    roles = (Role.MENTOR, Role.ENTERPRISE_COORDINATOR, Role.PROGRAMME_ADMIN)

    def told(days_ago: int, score: int | None) -> list[tuple[str, str]]:
        with app.app_context(), transaction():
            row = session().get_one(Placement, world.placement_id)
            row.ends_on, row.mentor_score_x10 = clock.today() - timedelta(days=days_ago), score
        found = [
            re.search(r'href="([^"]+)">[^<]*<span class="visually-hidden">：((?:评定|办结)到期的实习)', home.browser(app, world, one).get("/").text)
            for one in roles
        ]
        return [(one[1].replace("&amp;", "&"), one[2]) if one else ("", "") for one in found]

    assert told(0, None) == [("", "")] * 3
    mentor, *others = told(1, None)
    assert mentor[1] == "评定到期的实习"
    assert others == [("", "")] * 2
    assert "曾晓明" in home.browser(app, world, Role.MENTOR).get(mentor[0]).text
    mentor, *others = told(1, 900)
    assert mentor == ("", "")
    for (address, words), role in zip(others, roles[1:], strict=True):
        assert words == "办结到期的实习"
        assert "共 1 项安排" in home.browser(app, world, role).get(address).text


def test_more_weeks_than_are_asked_are_the_whole_and_a_placement_that_is_over_is_not_going_on(app: Flask, world: World) -> None:
    with app.app_context(), transaction():
        placement = session().get_one(Placement, world.placement_id)
        placement.ends_on = clock.today() - timedelta(days=1)
        session().add_all(
            ConfirmedDay(student_id=world.student_id, enterprise_id=world.enterprise_id, on=day, confirmed_at=clock.now())
            for day in home.weekdays(180)
        )
    main = home.browser(app, world, Role.STUDENT).get("/").get_data(as_text=True).split("<main")[1]
    assert ("100%" in main, "112%" in main, "36 / 32" in main) == (True, False, True)
    assert ("已到期，未办结" in main, "实习中" in main) == (True, False)


def test_the_administrator_is_reminded_of_backups_wherever_they_are_made(app: Flask) -> None:
    """What another machine backed up stands in the audit log that all of them share, not in this one's folder."""

    def said(days: int, seconds: int = 0) -> bool:
        with time_machine.travel(NOW + timedelta(days=days, seconds=seconds), tick=False):
            return "trainhub backup" in signed_in_client(app, Role.SYSTEM_ADMIN).get("/").text

    assert said(0)
    with app.app_context(), time_machine.travel(NOW, tick=False):
        assert backup.tell({"file": Path("all.tar.gz"), "rows": 1}, by=SYSTEM)
    assert [said(0), said(30), said(30, 1)] == [False, False, True]


@pytest.mark.parametrize("role", [Role.INSPECTOR, Role.AUDITOR])
def test_who_watches_reads_what_the_figure_of_trained_persons_is(app: Flask, role: Role) -> None:
    """It holds who completed anything, also what no goal counts and whom nobody has looked at: it is not the figure of a goal."""
    page = signed_in_client(app, role).get("/").text
    assert ("有培训记录的人员" in page, "含未核实身份和不计入目标的" in page) == (True, True)


def test_who_may_not_list_the_persons_reads_a_goal_rounded_on_the_first_page_too(app: Flask, world: World) -> None:
    """Two mornings beside each other would tell of one person."""
    of_one = Identity(1, None, "审计", grants=(Grant(Role.AUDITOR, kind=ScopeKind.ORGANISATION, scope_id=world.university_id),))
    of_all = Identity(1, None, "厅", grants=(Grant(Role.DEPT_EDU),))
    with app.app_context():
        with transaction():
            goals = list(session().scalars(select(Goal)))
            session().execute(delete(GoalDay))
            session().add_all(GoalDay(goal_id=goal.id, on=goal.starts_on, prefecture="350100", persons=7) for goal in goals)
        for identity, told in ((of_all, "7 人"), (of_one, "5 人")):
            with app.test_request_context("/"):
                rings = [block.ring for block in province.goal_blocks(identity, clock.today()) if block.ring is not None]
            assert rings
            assert {str(ring.label) for ring in rings} == {told}
