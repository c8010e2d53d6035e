"""The enterprise plan of a version: what a change does to signatures and to a published plan; a base on campus is no enterprise."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from enterprises.bases import queries as bases
from enterprises.placements import lawful, operations, planning, queries
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.types import Bar, PlanSide
from tests.factories import enterprises as make
from tests.factories import ground
from tests.factories.remembering import remembered
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.oversight.evaluation.queries import field, marks
from trainhub.programmes.operations import plans as programmes
from trainhub.programmes.types import VersionState

NOW, TODAY = make.NOW, make.TODAY


@pytest.fixture
@remembered
def world(session: Session) -> SimpleNamespace:
    """A version that is a draft, with a plan of 32 weeks in two items."""
    university, enterprise = ground.university(), ground.enterprise()
    programme = ground.programme(university, is_petoe=True)
    version = ground.version(programme, is_published=False)
    base = ground.base(enterprise)
    make.opened_base(base=base)
    items = [operations.add_plan_item(version=version, title=f"环节{weeks}", weeks_x10=weeks, by=SYSTEM, now=NOW) for weeks in (200, 120)]
    return SimpleNamespace(university=university, enterprise=enterprise, programme=programme, version=version, base=base, items=items)


def signed(world: SimpleNamespace, side: PlanSide) -> None:
    make.signed_plan(world.version, side)


@pytest.mark.parametrize("change", ["add", "change", "remove", "nothing"])
def test_nobody_stays_under_a_plan_that_reads_otherwise_now(world: SimpleNamespace, session: Session, change: str) -> None:
    """One side has signed; the other changes an item and then signs: the first has to sign again, and the log says so."""
    signed(world, PlanSide.SCHOOL)
    if change == "add":
        operations.add_plan_item(version=world.version, title="安全教育", weeks_x10=10, by=SYSTEM, now=NOW)
    elif change == "change":
        operations.change_plan_item(item=world.items[0], weeks_x10=210, by=SYSTEM, now=NOW)
    elif change == "remove":
        operations.remove_plan_item(item=world.items[1], by=SYSTEM, now=NOW)
    else:
        operations.change_plan_item(item=world.items[0], weeks_x10=200, by=SYSTEM, now=NOW)
    write_pending(session)
    lapsed = session.scalars(select(AuditEvent).where(AuditEvent.did == "placements.plan_signature.discarded")).all()
    if change == "nothing":
        assert [row.side for row in queries.plan_signatures(world.version.id)] == [PlanSide.SCHOOL]
        assert lapsed == []
        return
    assert queries.plan_signatures(world.version.id) == []
    assert [row.data["side"] for row in lapsed] == ["school"]


def test_what_both_sides_signed_is_not_changed(world: SimpleNamespace) -> None:
    for side in PlanSide:
        signed(world, side)
    for work in (
        lambda: operations.add_plan_item(version=world.version, title="又一项", weeks_x10=10, by=SYSTEM, now=NOW),
        lambda: operations.change_plan_item(item=world.items[0], weeks_x10=210, by=SYSTEM, now=NOW),
        lambda: operations.remove_plan_item(item=world.items[0], by=SYSTEM, now=NOW),
    ):
        with pytest.raises(BadPlacement) as refused:
            work()
        assert refused.value.code == "plan_signed"


@pytest.mark.parametrize(
    ("sides", "lacking"), [((), "学校、企业"), ((PlanSide.SCHOOL,), "企业"), ((PlanSide.ENTERPRISE,), "学校"), (tuple(PlanSide), "")]
)
def test_a_plan_is_published_once_both_sides_signed_it(world: SimpleNamespace, sides: tuple[PlanSide, ...], lacking: str) -> None:
    for side in sides:
        signed(world, side)
    if not lacking:
        assert programmes.publish_version(version=world.version, today=TODAY, by=SYSTEM, now=NOW).state is VersionState.PUBLISHED
        return
    with pytest.raises(BadPlacement) as refused:
        programmes.publish_version(version=world.version, today=TODAY, by=SYSTEM, now=NOW)
    assert (refused.value.code, f"还缺{lacking}的签署" in refused.value.message) == ("plan_unsigned", True)
    assert world.version.state is VersionState.DRAFT


def test_a_published_plan_is_not_broken_by_an_item_that_is_added(world: SimpleNamespace) -> None:
    """One that was published before signatures were asked for."""
    world.version.state = VersionState.PUBLISHED
    operations.add_plan_item(version=world.version, title="多一周", weeks_x10=10, by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement) as refused:
        operations.add_plan_item(version=world.version, title="校内一周", weeks_x10=10, is_at_enterprise=False, by=SYSTEM, now=NOW)
    assert refused.value.code == "plan_elsewhere"


def test_a_plan_that_is_built_after_publishing_grows_item_by_item(session: Session) -> None:
    version = ground.version(ground.programme(ground.university()))
    for weeks in (120, 120, 80):
        item = operations.add_plan_item(version=version, title=f"环节{weeks}", weeks_x10=weeks, by=SYSTEM, now=NOW)
        operations.change_plan_item(item=item, assessment="报告", by=SYSTEM, now=NOW)
    with pytest.raises(BadPlacement):
        operations.change_plan_item(item=item, weeks_x10=79, by=SYSTEM, now=NOW)


def test_an_item_at_a_base_on_campus_is_not_at_an_enterprise(world: SimpleNamespace) -> None:
    operations.change_plan_item(item=world.items[1], base_id=world.base.id, by=SYSTEM, now=NOW)
    for side in PlanSide:
        signed(world, side)
    operations.check_plan(world.version, TODAY)
    profile = bases.profile(world.base.id)
    assert profile is not None
    profile.is_on_campus = True
    with pytest.raises(BadPlacement) as refused:
        operations.check_plan(world.version, TODAY)
    assert (refused.value.code, world.items[1].title in str(refused.value)) == ("plan_elsewhere", True)
    items = queries.plan_items(world.version.id)
    assert [one.is_at_enterprise for one in field.plan_cases(items, field.on_campus_of(items), marks.sources_of(items), {})] == [True, False]


def test_a_post_at_a_base_on_campus_is_refused_at_the_offer_and_barred_everywhere(world: SimpleNamespace) -> None:
    """Such weeks count nothing, so nobody is sent there: not by the offer, the choice, the plan, a placement, or a base that moved."""
    term = make.term(university=world.university, starts_on=date(2026, 4, 6), weeks=12)
    position = make.position(enterprise=world.enterprise, base=world.base, terms=[term])
    student = ground.student(world.programme, petoe_since=date(2023, 9, 1))
    round_ = make.round(programme=world.programme, cohort=ground.cohort(world.programme), terms=[term])
    assert [one.is_eligible for one in lawful.choices(round_, student)] == [True]
    profile = bases.profile(world.base.id)
    assert profile is not None
    profile.is_on_campus = True
    [choice] = lawful.choices(round_, student)
    assert (choice.bars, choice.is_eligible) == ((Bar.ON_CAMPUS,), False)
    assert planning.problem_of(round_, today=TODAY).case.posts == ()
    whole: dict[str, Any] = {"by": SYSTEM, "now": NOW}
    with pytest.raises(BadPlacement) as refused:
        operations.place_student(student=student, position=position, term=term, **whole)
    assert refused.value.code == "on_campus"
    copied = operations.copy_position(position=position, **whole)
    operations.set_seats(position=copied, term=term, seats=1, **whole)
    with pytest.raises(BadPlacement) as refused:
        operations.submit_position(position=copied, **whole)
    assert (refused.value.code, refused.value.field) == ("on_campus", "base_id")
