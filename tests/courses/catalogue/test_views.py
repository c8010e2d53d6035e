"""An author's pages: a course from nothing to published, edits that collide, double presses."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment.models import QuizItem
from courses.catalogue import queries
from courses.catalogue.models import Block, Course, Run, Section, Unit
from courses.catalogue.operations import content, versions
from courses.catalogue.types import Access, BlockKind, Condition, ConditionKind
from tests.factories import courses as make
from tests.factories import ground
from tests.factories.api import api_client
from trainhub.kernel import clock, jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused

AsRole = Callable[..., FlaskClient]
ROOT = Path(__file__).resolve().parents[3]
SINK = ROOT / "tests" / "data" / "olx" / "oxa-kitchen-sink.tar.gz"


@pytest.fixture(autouse=True)
def _plain_rows(session: Session) -> None:
    """Rows stay readable after the commit."""
    session.expire_on_commit = False


def test_an_author_makes_a_course_and_publishes_it(as_role: AsRole, session: Session) -> None:
    owner, who = ground.university(), ground.person()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=owner.id, person_id=who.id)
    course = {"code": "NEW-1", "title": "新课程", "owner_id": owner.id, "family": "professional", "education_type": "degree", "hours": "16.5"}
    assert "/courses/NEW-1/runs/new" in author.post("/teaching/courses/new", data=course).headers["Location"]
    assert "已被使用" in author.post("/teaching/courses/new", data=course).text
    run = {"code": "2026", "starts_on": "2026-03-01", "mode": "open", "pass_mark": "60", "goal_category": "worker"}
    where = author.post("/teaching/courses/NEW-1/runs/new", data=run).headers["Location"]
    run_id = int(where.rsplit("/", 1)[1])
    refused = author.post(f"/teaching/runs/{run_id}/publish")
    assert refused.status_code == 422
    assert "还没有已发布的内容" in refused.text
    author.post(f"/teaching/runs/{run_id}/sections", data={"title": "第一章", "submission_key": "once"})
    author.post(f"/teaching/runs/{run_id}/sections", data={"title": "第一章", "submission_key": "once"})
    section = session.scalars(select(Section).where(Section.run_id == run_id)).one()
    unit_id = int(author.post(f"/teaching/sections/{section.id}/units", data={"title": "单元"}).headers["Location"].rsplit("/", 1)[1])
    assert author.post(f"/teaching/units/{unit_id}/blocks/new?kind=text", data={"title": "正文", "body": "# 标题\n\n内容"}).status_code == 303
    assert "以 https:// 开头" in author.post(f"/teaching/units/{unit_id}/blocks/new?kind=link", data={"title": "x"}).text
    items = author.post(f"/teaching/units/{unit_id}/blocks/new?kind=quiz", data={"title": "测验", "is_graded": "y", "weight": "1"}).headers[
        "Location"
    ]
    quiz_id = int(re.findall(r"/blocks/(\d+)/", items)[0])
    question = {"stem": "1+1", "options": "1\n* 2 // 对\n3", "points": "2"}
    assert author.post(f"/teaching/blocks/{quiz_id}/questions/new?kind=single", data=question).status_code == 303
    assert "恰好有一个" in author.post(f"/teaching/blocks/{quiz_id}/questions/new?kind=single", data={**question, "options": "1\n2"}).text
    assert [i.points_x10 for i in session.scalars(select(QuizItem).where(QuizItem.block_id == quiz_id))] == [20]
    assert author.post(f"/teaching/runs/{run_id}/publish").status_code == 303
    assert "新课程" in author.get("/courses").text
    made = session.scalars(select(Course).where(Course.code == "NEW-1")).one()
    assert (made.hours_x10, made.pinyin) == (165, "xinkecheng xkc")
    assert author.get(f"/teaching/runs/{run_id}/preview", follow_redirects=True).status_code == 200


@pytest.mark.parametrize(
    ("region_code", "counts", "warned"),
    [
        ("350102", True, ""),
        ("350100", True, ""),
        ("350000", True, "不属于任何一个设区市"),
        (None, True, "没有登记所在地区"),
        ("350000", False, ""),
    ],
)
def test_an_author_is_warned_that_completions_may_count_nowhere(
    as_role: AsRole, session: Session, region_code: str | None, counts: bool, warned: str
) -> None:
    """FJ-16c is counted by city; a completion lies in the learner's county, else in the owner's."""
    owner, who = ground.university(), ground.person()
    owner.region_code = region_code  # one without a region is not verified, but may have been before it was asked for
    run_id = make.run(make.course(owner), lead=who, has_content=True, counts_for_goal=counts).id
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=owner.id, person_id=who.id)
    answers = [author.get(f"/teaching/runs/{run_id}").text, author.post(f"/teaching/runs/{run_id}/publish", follow_redirects=True).text]
    answers += [author.get(f"/teaching/runs/{run_id}/settings").text]
    words = ("不属于任何一个设区市", "没有登记所在地区")
    assert [[one for one in words if one in page] for page in answers] == [[warned] if warned else []] * 3
    assert ("完成后可能不计入培训目标" in answers[1]) is bool(warned)
    assert "课程已发布" in answers[1]


def test_a_course_of_another_organisation_is_not_made(as_role: AsRole, session: Session) -> None:
    mine, other = ground.university(), ground.university()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=mine.id)
    course = {"code": "X-1", "title": "x", "owner_id": other.id, "family": "professional", "education_type": "degree", "hours": "1"}
    assert author.post("/teaching/courses/new", data=course).status_code == 422
    assert session.scalars(select(Course)).all() == []


@pytest.mark.parametrize(("field", "file"), [("key_field_no", "key_fields.json"), ("focus_area_no", "focus_areas.json")])
def test_fields_and_areas_are_those_of_the_reference_file(as_role: AsRole, session: Session, field: str, file: str) -> None:
    rows = json.loads((ROOT / "seeds" / "reference" / file).read_text(encoding="utf-8"))
    client = as_role(Role.SYSTEM_ADMIN)
    for language in ("zh", "en"):
        page = html.document_fromstring(client.get(f"/teaching/courses/new?lang={language}").get_data(as_text=True))
        offered = [(one.get("value"), one.text) for one in page.xpath(f"//select[@name='{field}']/option[@value!='']")]
        assert offered == [(str(row["no"]), row[language]) for row in rows]


def test_the_second_of_two_editors_is_told(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    block = make.text(make.unit(run))
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    data = {"title": "甲", "body": "甲的修改", "version": block.version}
    assert author.post(f"/teaching/blocks/{block.id}", data=data).status_code == 303
    assert "刚被其他人修改过" in author.post(f"/teaching/blocks/{block.id}", data={**data, "body": "乙的修改"}).text
    session.expire_all()
    assert session.scalars(select(Block.body).where(Block.id == block.id)).one() == "甲的修改"


def test_parts_are_moved_published_and_removed(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    one, two, three = (make.text(unit, title=t) for t in "甲乙丙")
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)

    def titles() -> list[str]:
        session.expire_all()
        return [b.title for b in queries.outline(run.id).blocks]

    author.post(f"/teaching/block/{three.id}/move", data={"to": "up"})
    assert titles() == ["甲", "丙", "乙"]
    places = [f"section:{unit.section_id}", f"unit:{unit.id}", f"block:{two.id}", f"block:{three.id}", "block:999", "x:1"]
    author.post(f"/teaching/runs/{run.id}/order", data={"place": places})
    assert titles() == ["乙", "丙", "甲"]
    seen = [*places[:2], *(f"block:{part.id}" for part in (two, three, one))]
    dragged = {"place": [*places[:2], f"block:{one.id}", f"block:{two.id}", f"block:{three.id}"], "was": seen}
    assert author.post(f"/teaching/runs/{run.id}/order", data=dragged).status_code == 303
    assert titles() == ["甲", "乙", "丙"]
    mine = {"place": seen, "was": seen}  # a page that was opened before
    assert (author.post(f"/teaching/runs/{run.id}/order", data=mine).status_code, titles()) == (409, ["甲", "乙", "丙"])
    author.post(f"/teaching/block/{one.id}/publish", data={"published": "no"})
    author.post(f"/teaching/block/{two.id}/remove")
    assert titles() == ["甲", "丙"]
    assert [b.title for b in queries.outline(run.id, only_published=True).blocks] == ["丙"]
    assert author.post(f"/teaching/block/{two.id}/remove").status_code == 404


def test_what_waits_for_a_part_is_named_before_it_goes(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    first, second, third = (make.unit(run, title=name) for name in ("准备", "练习", "考试"))
    for unit in (first, second, third):
        make.text(unit)
    by_first, by_third = (Condition(ConditionKind.DONE, f"unit:{unit.key}") for unit in (first, third))
    second.access = Access((by_first,)).plain()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)

    def kept() -> list[str]:
        session.expire_all()
        return [unit.title for unit in queries.outline(run.id, only_published=True).units]

    asked = author.post(f"/teaching/unit/{first.id}/publish", data={"published": "no", "from": "outline"})
    assert (asked.status_code, "不再等待它，也没有别的条件" in asked.text, "练习" in asked.text, "考试" in asked.text) == (200, True, True, False)
    assert (kept(), "仍然撤回" in asked.text) == (["准备", "练习", "考试"], True)
    asked = author.post(f"/teaching/unit/{first.id}/remove")
    assert "仍然移除" in asked.text
    assert kept() == ["准备", "练习", "考试"]

    # 练习 opens by 准备 or 考试, 考试 by 练习: without 准备 each waits for the other.
    session.get_one(Unit, second.id).access = Access((by_first, by_third), any_suffices=True).plain()
    session.get_one(Unit, third.id).access = Access((Condition(ConditionKind.DONE, f"unit:{second.key}"),)).plain()
    session.commit()
    for address, data in (("remove", {}), ("publish", {"published": "no"})):
        shut = author.post(f"/teaching/unit/{first.id}/{address}", data={**data, "seen": "1"})
        assert ("再也打不开" in shut.text, "仍然" in shut.text, kept()) == (True, False, ["准备", "练习", "考试"])
    with pytest.raises(Refused, match=r"“练习”再也打不开.*请先修改“练习”的开放条件"), session.begin_nested():
        content.remove(part=session.get_one(Unit, first.id), by=SYSTEM, now=clock.now())
    session.get_one(Unit, third.id).access = None
    session.commit()
    assert author.post(f"/teaching/unit/{first.id}/remove", data={"seen": "1"}).status_code == 303
    assert kept() == ["练习", "考试"]


def test_what_would_be_shut_needs_its_condition_changed_and_published(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    first, second = make.unit(run, title="准备"), make.unit(run, title="练习")
    make.text(first)
    make.text(second)
    by_first, over = Condition(ConditionKind.DONE, f"unit:{first.key}"), Condition(ConditionKind.DATE, until=clock.now() - timedelta(days=1))
    second.access = Access((by_first, over), any_suffices=True).plain()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    session.expire_all()
    versions.save(part=session.get_one(Unit, second.id), version=None, by=SYSTEM, now=clock.now(), access=None)
    session.commit()
    shut = author.post(f"/teaching/unit/{first.id}/remove", data={"seen": "1"})
    assert ("再也打不开" in shut.text, "已发布的内容还须发布这项修改" in shut.text) == (True, True)
    with pytest.raises(Refused, match="已发布的内容还须发布这项修改"), session.begin_nested():
        content.remove(part=session.get_one(Unit, first.id), by=SYSTEM, now=clock.now())
    versions.publish_drafts(parts=[session.get_one(Unit, second.id)], note="", by=SYSTEM, now=clock.now())
    session.commit()
    assert author.post(f"/teaching/unit/{first.id}/remove", data={"seen": "1"}).status_code == 303


@pytest.mark.parametrize(("any_suffices", "words"), [(False, "其余条件照旧，须全部满足："), (True, "其余条件照旧，满足任一即可：")])
def test_what_is_left_of_a_condition_says_whether_all_is_asked_or_any(any_suffices: bool, words: str, as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    units = [make.unit(run, title=name) for name in ("一", "二", "三", "四")]
    for unit in units:
        make.text(unit)
    asked = [Condition(ConditionKind.DONE, f"unit:{unit.key}") for unit in units[:3]]
    units[3].access = Access(tuple(asked), any_suffices).plain()
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    assert words in author.post(f"/teaching/unit/{units[0].id}/remove").text
    session.get_one(Unit, units[3].id).access = Access(tuple(asked[:2]), any_suffices).plain()
    session.commit()
    assert "其余条件照旧：完成“二”后开放" in author.post(f"/teaching/unit/{units[0].id}/remove").text  # of one there is nothing to say


def test_a_package_is_uploaded_and_its_report_shown(as_role: AsRole, session: Session) -> None:
    owner, who = ground.university(), ground.person()
    session.commit()
    author, other = as_role(Role.LECTURER, organisation_id=owner.id, person_id=who.id), as_role(Role.LECTURER, organisation_id=owner.id)
    renamed = {"owner_id": owner.id, "package": (io.BytesIO(b"MZ\x90\x00 program"), "course.tar.gz")}
    assert author.post("/teaching/import", data=renamed).status_code == 422
    data = {"owner_id": owner.id, "package": (io.BytesIO(SINK.read_bytes()), SINK.name)}
    where = author.post("/teaching/import", data=data).headers["Location"]
    assert "排队中" in author.get(where).text
    assert jobs.run_all() == 1
    session.expire_all()
    page = author.get(where).text
    assert "导入报告" in page
    assert other.get(where).status_code == 404
    run = session.scalars(select(Run)).one()
    assert [s.person_id for s in make.loaded(run).staff] == [who.id]


def shown_version(page: str) -> str:
    """The version of a part that its page of conditions sends along."""
    return re.findall(r'name="version" value="(\d+)"', page)[0]


def test_conditions_are_added_and_taken_away_by_plain_forms(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    part = make.section(run)
    first, second = make.unit(run, part, title="先"), make.unit(run, part, title="后")
    third, optional = make.unit(run, part, title="末"), make.unit(run, part, title="选学")
    quiz = make.quiz(first, of=run)
    told = content.add_block(unit=first, kind=BlockKind.TEXT, title="导言", body="导言", by=SYSTEM, now=make.NOW)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    page = f"/teaching/unit/{second.id}/access"
    assert author.post(page, data={"kind": "date", "since": "2027-04-01T08:00"}).status_code == 303
    assert author.post(page, data={"kind": "done", "part": f"unit:{first.key}"}).status_code == 303
    assert author.post(page, data={"kind": "done", "part": f"block:{quiz.key}", "min_mark": "60"}).status_code == 303
    text = author.get(page).text
    assert "2027-04-01 08:00 开放" in text
    assert "得分达到 60 分后开放" in text
    assert "请填写开始或结束时间" in author.post(page, data={"kind": "date"}).text
    assert "请选择分组" in author.post(page, data={"kind": "group"}).text
    assert "计分的内容块" in author.post(page, data={"kind": "done", "part": f"unit:{first.key}", "min_mark": "60"}).text
    assert author.post(page, data={"kind": "done", "part": "unit:nobody"}).status_code == 422
    asked = author.post(page, data={"kind": "done", "part": f"block:{told.key}", "min_mark": "60"})
    assert (asked.status_code, "“导言”没有得分，谁也达不到这个分数" in asked.text) == (422, True)
    assert author.post(f"/teaching/unit/{third.id}/access", data={"kind": "done", "part": f"unit:{optional.key}"}).status_code == 303
    assert "没有必学或计分的内容，这个条件不起作用" in author.get(f"/teaching/unit/{third.id}/access").text
    old = Condition(ConditionKind.GRADE, f"block:{told.key}", min_x10=600)  # made before such a condition was refused
    session.get_one(Unit, optional.id).access = Access((old,)).plain()
    session.commit()
    assert "“导言”没有得分，这个条件不起作用" in author.get(f"/teaching/unit/{optional.id}/access").text
    assert author.post(page, data={"kind": "nothing"}).status_code == 422
    assert "互相等待" in author.post(f"/teaching/unit/{first.id}/access", data={"kind": "done", "part": f"unit:{second.key}"}).text
    assert author.post(page, data={"match": "any"}).status_code == 303
    assert author.post(page, data={"remove": "0", "version": shown_version(author.get(page).text)}).status_code == 303
    assert "2027-04-01" not in author.get(page).text
    for kind, key in (("section", part.id), ("unit", second.id), ("block", quiz.id)):
        assert author.get(f"/teaching/{kind}/{key}/versions").status_code == 200
        assert author.get(f"/teaching/{kind}/{key}/access").status_code == 200
    assert author.get(f"/teaching/sections/{part.id}").status_code == 200
    assert author.post(f"/teaching/sections/{part.id}", data={"title": "新章名", "note": "改名"}).status_code == 303
    assert author.get(f"/teaching/units/{second.id}").status_code == 200


def test_the_deadline_of_a_unit_is_set_and_taken_away(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    page = f"/teaching/units/{unit.id}"
    assert author.post(page, data={"title": "单元", "due_at": "2026-05-01T18:00"}).status_code == 303
    session.expire_all()
    assert unit.due_at == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert "2026-05-01 18:00" in author.get(page).text
    assert author.post(page, data={"title": "单元", "due_at": ""}).status_code == 303
    session.expire_all()
    assert unit.due_at is None


def test_the_outline_of_a_published_run_is_in_the_api(app: Flask, session: Session) -> None:
    run, somebody = make.run(is_published=True), ground.person()
    session.commit()
    reader = api_client(app, Role.TRAINEE, scopes=("courses:",), person=somebody)
    found = reader.get(f"/api/v1/courses/{run.course.code}/runs/{run.code}/outline").json
    assert found is not None
    assert [(s["title"], [(u["title"], [b["kind"] for b in u["blocks"]]) for u in s["units"]]) for s in found["sections"]] == [
        ("第一章", [("第一单元", ["text"])])
    ]
    assert reader.get(f"/api/v1/courses/{run.course.code}/runs/none/outline").status_code == 404


def test_a_condition_is_taken_away_only_from_the_page_that_showed_it(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    page = f"/teaching/unit/{unit.id}/access"
    for day in ("2026-11-01T08:00", "2026-11-02T08:00"):
        assert author.post(page, data={"kind": "date", "since": day}).status_code == 303

    def state() -> tuple[int, int, bool]:
        session.expire_all()
        row = session.get_one(Unit, unit.id)
        access = Access.of(row.access)
        return len(access.conditions), row.version, access.any_suffices

    number, version, _any = state()
    assert number == 2
    for sent in ({}, {"version": str(version - 1)}, {"version": "x"}):
        assert (author.post(page, data={"remove": "0", **sent}).status_code, state()) == (409, (2, version, False))
    assert author.post(page, data={"remove": "0", "version": str(version)}).status_code == 303
    assert state()[0] == 1


def test_a_page_publishes_and_drops_only_the_draft_that_it_showed(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    block = make.text(unit, title="甲")
    make.publish(run)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=make.loaded(run).course.owner_id, person_id=lead.id)
    session.commit()

    def draft(body: str) -> int:
        versions.save(part=session.get_one(Block, block.id), version=None, by=SYSTEM, now=make.NOW, body=body)
        session.commit()
        return session.get_one(Block, block.id).draft_no or 0

    def shown() -> str:
        session.expire_all()
        return session.get_one(Block, block.id).body

    before, seen = shown(), draft("乙")
    assert f'value="block:{block.id}:{seen}"' in author.get(f"/teaching/runs/{run.id}/changes").text
    for page in (f"/teaching/units/{unit.id}", f"/teaching/block/{block.id}/versions"):
        assert re.search(rf'name="draft" value="{seen}"', author.get(page).text), page
    assert re.search(rf'name="discard" value="{seen}"', author.get(f"/teaching/block/{block.id}/versions").text)
    newer = draft("丙")
    for page, sent in (
        (f"/teaching/runs/{run.id}/changes", {"part": f"block:{block.id}:{seen}"}),
        (f"/teaching/block/{block.id}/publish", {"draft": str(seen)}),
        (f"/teaching/block/{block.id}/versions", {"discard": str(seen)}),
        (f"/teaching/runs/{run.id}/changes", {"part": f"block:{block.id}"}),  # pages of before the number was asked
        (f"/teaching/block/{block.id}/publish", {"draft": "yes"}),
        (f"/teaching/block/{block.id}/versions", {"discard": "yes"}),
    ):
        assert (author.post(page, data=sent).status_code, shown()) == (409, before)
        assert session.get_one(Block, block.id).draft_no == newer
    assert author.post(f"/teaching/block/{block.id}/versions", data={"discard": str(newer)}).status_code == 303
    assert session.get_one(Block, block.id).draft_no is None or shown() == before
    last = draft("丁")
    assert author.post(f"/teaching/runs/{run.id}/changes", data={"part": f"block:{block.id}:{last}"}).status_code == 303
    assert shown() == "丁"


def test_pressing_twice_adds_one_unit(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    sections = [make.section(run, title) for title in "甲乙"]
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    session.commit()
    key = re.findall(r'name="submission_key" value="([^"]+)"', author.get(f"/teaching/runs/{run.id}").text)[0]
    for part in (sections[0], sections[0], sections[1]):
        assert author.post(f"/teaching/sections/{part.id}/units", data={"title": "单元", "submission_key": key}).status_code == 303
    session.expire_all()
    assert [len(section.units) for section in queries.outline(run.id).sections] == [1, 1]


def test_pressing_twice_makes_one_copy(as_role: AsRole, session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    block = make.text(unit)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    session.commit()

    def copy(kind: str, key: int, sent: str) -> None:
        assert author.post(f"/teaching/{kind}/{key}/duplicate", data={"submission_key": sent}).status_code == 303

    for page in (f"/teaching/runs/{run.id}", f"/teaching/units/{unit.id}"):
        (form,) = re.findall(r'<form id="act".*?</form>', author.get(page).text)
        key = re.findall(r'name="submission_key" value="([^"]+)"', form)[0]
        for _twice in range(2):
            copy("block", block.id, key)
    copy("unit", unit.id, key)  # another part of the same page
    session.expire_all()
    assert [len(one.blocks) for section in queries.outline(run.id).sections for one in section.units] == [3, 3]
