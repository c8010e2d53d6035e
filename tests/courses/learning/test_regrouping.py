"""Groups divided again or dissolved: work that is only for one of them is still asked of somebody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue import authoring_queries as found
from courses.catalogue.models import Run, RunGroup, Unit
from courses.catalogue.operations import content, groups, judging, versions
from courses.catalogue.types import Access, Condition, ConditionKind
from courses.learning import operations, tasks
from courses.learning.models import Enrolment
from courses.learning.types import EnrolmentState
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import jobs
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import in_language

NOW = make.NOW
BY: dict[str, Any] = {"by": SYSTEM, "now": NOW}


def only(key: str) -> dict[str, Any]:
    """The conditions of what is only for one group."""
    plain = Access((Condition(ConditionKind.GROUP, key),)).plain()
    assert plain is not None
    return plain


def divided(number: int, learners: int = 4) -> tuple[Run, list[RunGroup], list[Enrolment]]:
    """A run with a text for everybody and one more for each group of a division by lot."""
    run = make.run()
    rows = [make.enrolment(run) for _n in range(learners)]
    made = groups.split(run=run, set_name="", number=number, learners=[row.person_id for row in rows], seed="1", **BY)
    make.text(make.unit(run), title="共同部分")
    for group in made:
        make.text(make.unit(run, title=f"{group.name}的单元", access=only(group.key)), title=group.name)
    return make.publish(run), made, rows


def test_to_divide_again_keeps_the_groups_that_content_names(session: Session) -> None:
    run, made, rows = divided(2)
    before = {group.id: group.key for group in made}
    late = make.enrolment(run)
    again = groups.split(run=run, set_name="", number=2, learners=[*(row.person_id for row in rows), late.person_id], seed="2", **BY)
    assert {group.id: group.key for group in again} == before
    assert sorted(found.group_sizes(run.id).values()) == [2, 3]
    for row in (*rows, late):
        assert operations.standing_of(row, run, NOW).total == 2
    more = groups.split(run=run, set_name="", number=3, learners=[row.person_id for row in (*rows, late)], seed="3", **BY)
    assert {group.id: group.key for group in more[:2]} == before
    assert [group.name for group in more] == ["第 1 组", "第 2 组", "第 3 组"]


def test_who_has_done_the_common_part_is_not_completed_by_dividing_again(session: Session) -> None:
    run, _made, rows = divided(2)
    (common,) = [one for one in found.parts_of_run(run.id).values() if one.title == "共同部分"]
    for row in rows:
        operations.mark_done(enrolment=row, block=common, **BY)
    assert {row.state for row in rows} == {EnrolmentState.ACTIVE}
    groups.split(run=run, set_name="", number=2, learners=[row.person_id for row in rows], seed="2", **BY)
    session.commit()
    tasks.judge_anew(jobs.Running(0, {"run_id": run.id}, None))
    session.expire_all()
    assert {session.get_one(Enrolment, row.id).state for row in rows} == {EnrolmentState.ACTIVE}


def test_a_group_that_content_names_is_not_dissolved(session: Session) -> None:
    run, made, rows = divided(3)
    people = [row.person_id for row in rows]
    with pytest.raises(Refused, match="第 3 组的单元"):
        groups.remove(group=made[2], **BY)
    with pytest.raises(Refused, match="第 3 组的单元"):
        groups.split(run=run, set_name="", number=2, learners=people, seed="2", **BY)
    assert len(found.groups_of(run.id)) == 3
    parts = {part.title: part for part in found.parts_of_run(run.id).values()}
    versions.save(part=parts["第 3 组的单元"], version=None, access=None, **BY)
    with pytest.raises(Refused, match="第 3 组的单元"):  # the change waits: learners still have the condition
        groups.remove(group=made[2], **BY)
    versions.publish_drafts(parts=[parts["第 3 组的单元"]], note="", **BY)
    versions.save(part=parts["共同部分"], version=None, access=only(made[2].key), **BY)
    with pytest.raises(Refused, match="共同部分"):  # a draft that waits names it
        groups.remove(group=made[2], **BY)
    versions.discard_draft(part=parts["共同部分"], **BY)
    kept = groups.split(run=run, set_name="", number=2, learners=people, seed="2", **BY)
    assert [group.key for group in kept] == [group.key for group in made[:2]]
    assert [group.key for group in found.groups_of(run.id)] == [group.key for group in made[:2]]


def test_what_dissolving_changes_is_judged_when_it_could_have_been_undone(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    red, blue = (groups.add_group(run=run, name=name, **BY) for name in ("红组", "蓝组"))
    make.text(make.unit(run, access=only(red.key)))
    make.enrolment(run)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=make.loaded(run).course.owner_id, person_id=lead.id)
    session.commit()
    assert author.post(f"/teaching/groups/{red.id}", data={"remove": "yes"}).status_code == 422
    assert author.post(f"/teaching/groups/{blue.id}", data={"remove": "yes"}).status_code == 303
    job = session.scalars(select(jobs.Job).where(jobs.Job.task == tasks.JUDGE)).one()
    assert job.run_after_at - job.asked_at > judging.UNDO - timedelta(seconds=5)


def test_who_comes_late_joins_the_smallest_groups_and_nobody_moves(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    rows = [make.enrolment(run) for _n in range(5)]
    made = groups.split(run=run, set_name="实验", number=2, learners=[row.person_id for row in rows[:3]], seed="1", **BY)
    run_id, lead_id, owner_id = run.id, lead.id, make.loaded(run).course.owner_id
    session.commit()
    before = found.members_of([group.id for group in made])
    author = as_role(Role.LECTURER, organisation_id=owner_id, person_id=lead_id)
    session.commit()
    page = f"/teaching/runs/{run_id}/groups"
    assert "未入组" in author.get(page).text
    assert author.post(page, data={"rest": "yes", "set_name": "实验"}).status_code == 303
    after = found.members_of([group.id for group in made])
    assert [after[group.id][: len(before[group.id])] for group in made] == [before[group.id] for group in made]
    assert sorted(len(members) for members in after.values()) == [2, 3]
    assert {key for members in after.values() for key in members} == {row.person_id for row in rows}
    assert author.post(page, data={"rest": "yes", "set_name": "实验"}).status_code == 303
    assert found.members_of([group.id for group in made]) == after
    assert author.post(page, data={"rest": "yes", "set_name": "没有"}).status_code == 422


def test_what_opens_for_a_dissolved_group_comes_back_unpublished(as_role: Callable[..., FlaskClient], session: Session) -> None:
    lead = ground.person()
    run = make.run(lead=lead, is_published=True)
    gone = groups.add_group(run=run, name="红组", **BY)
    unit = make.unit(run, title="红组的单元", access=only(gone.key))
    make.text(unit)
    number = versions.save(part=unit, version=None, title="红组单元", **BY)
    versions.discard_draft(part=unit, **BY)
    content.remove(part=unit, **BY)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=make.loaded(run).course.owner_id, person_id=lead.id)
    session.commit()
    groups.remove(group=gone, **BY)
    session.commit()
    said = author.post(f"/teaching/unit/{unit.id}/restore", follow_redirects=True).text
    assert "已经解散的分组" in said
    session.expire_all()
    back = session.get_one(Unit, unit.id)
    assert (back.removed_at, back.is_published) == (None, False)
    # neither an old version nor a draft brings a dissolved group back
    versions.save(part=back, version=None, access=None, **BY)
    with pytest.raises(Refused, match="已经解散的分组"):
        versions.restore(part=back, number=number.number if number else 1, version=None, **BY)


def test_names_by_lot_are_of_the_language_of_the_run(session: Session) -> None:
    def made(run: Run) -> set[tuple[str, str]]:
        learners = [make.enrolment(run).person_id for _n in range(2)]
        with in_language("en"):
            groups.split(run=run, set_name="", number=2, learners=learners, seed="1", **BY)
        return {(group.set_name, group.name) for group in found.groups_of(run.id)}

    run = make.run()
    assert made(run) == {("随机分组", "第 1 组"), ("随机分组", "第 2 组")}
    assert made(run) == {("随机分组", "第 1 组"), ("随机分组", "第 2 组")}  # the same division, not another beside it
    english = make.run()
    english.own_language = "en"
    assert made(english) == {("Random groups", "Group 1"), ("Random groups", "Group 2")}
