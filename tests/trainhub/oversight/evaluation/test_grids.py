"""Both matrices and the clauses of the industry standard as grids: two editors at once, rows that came in later."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.standards import operations as standards
from courses.standards import queries
from courses.standards.types import TargetKind
from tests.factories import evaluation as factory
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Stale
from trainhub.oversight.evaluation.operations.grids import edited
from trainhub.programmes import operations as programmes
from trainhub.programmes import queries as programme_queries

AsRole = Callable[..., Any]
W: dict[str, Any] = {"by": SYSTEM, "now": ground.NOW}


@pytest.mark.parametrize(
    ("sent", "opened", "stands", "is_edited"),
    [
        (2, 2, 2, False),
        (3, 2, 2, True),
        (2, 2, 1, False),  # somebody else changed it, this editor did not touch it
        (3, 2, 3, False),  # both want the same
        (3, None, 2, True),
        (2, None, 2, False),
    ],
)
def test_who_edited_a_cell(sent: int, opened: int | None, stands: int, is_edited: bool) -> None:
    assert edited(sent, opened, stands) is is_edited


def test_a_cell_that_two_changed_differently_is_not_overwritten() -> None:
    with pytest.raises(Stale):
        edited(3, 2, 1)


def test_two_editors_of_the_standards_covered(session: Session, as_role: AsRole) -> None:
    with transaction():
        programme = ground.programme()
        version = ground.version(programme, is_published=False)
        one, two = programme_queries.requirements_of(version.id)
        at, programme_id, version_id = f"/evaluation/{programme.code}/coverage?version={version.id}", programme.id, version.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert f'name="was-{two.id}" value=""' in head.get(f"{at}&edit=1").get_data(as_text=True)
    all_of_it = " ".join(sorted(one.standards))
    opened = {f"was-{one.id}": all_of_it, f"was-{two.id}": ""}
    # the other editor gives the second requirement a standard, and a third requirement comes in
    assert head.post(at, data={**opened, f"r-{one.id}": sorted(one.standards), f"r-{two.id}": ["G2"]}).status_code == 303
    with transaction():
        version = programme_queries.version_by_id(version_id)
        assert version is not None
        third = programmes.add_requirement(version=version, number=3, title="三", text="三", **W)
        programmes.set_standards(requirement=third, codes=["G5"], **W)

    def now() -> list[list[str]]:
        session.expire_all()
        return [sorted(found.standards) for found in programme_queries.requirements_of(version_id)]

    # the first, whose page is old, changes the first requirement alone: the rest stays
    assert head.post(at, data={**opened, f"r-{one.id}": ["G1"]}).status_code == 303
    assert now() == [["G1"], ["G2"], ["G5"]]
    # and is refused where both changed the same
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert head.post(at, data={**opened, f"r-{one.id}": sorted(one.standards), f"r-{two.id}": ["G3"]}).status_code == 409
    assert now() == [["G1"], ["G2"], ["G5"]]


def test_two_editors_of_what_carries_the_points(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.meeting(students=1)
        version_id = built.version.id
        point = programme_queries.requirements_of(version_id)[0].points[0].id
        at = f"/evaluation/{built.programme.code}/attainment?version={version_id}"
        head = as_role(Role.PROGRAMME_ADMIN, programme_id=built.programme.id)
        items = [item.id for item in built.items]
        for cover in queries.covers_of_version(version_id):
            if cover.point_id == point:
                standards.uncover_point(point_id=point, kind=cover.kind, target_id=cover.target_id, **W)
        standards.cover_point(point_id=point, kind=TargetKind.PLAN_ITEM, target_id=items[0], weight=2, **W)
    kind = TargetKind.PLAN_ITEM.value
    names = [f"{point}-{kind}-{item}" for item in items]
    assert f"{names[0]}:2 " in head.get(f"{at}&edit=1").get_data(as_text=True)
    opened = {"point": str(point), "was": f"{names[0]}:2 "}

    def now() -> dict[int, int]:
        session.expire_all()
        return {one.target_id: one.weight for one in queries.covers_of_version(version_id) if one.point_id == point}

    assert head.post(at, data={**opened, f"w-{names[0]}": "2", f"w-{names[1]}": "3"}).status_code == 303
    # the page opened before: its own change counts, the other's stays; a cell that the form does not have stays too
    assert head.post(at, data={**opened, f"w-{names[0]}": "1", f"w-{names[1]}": "0"}).status_code == 303
    assert now() == {items[0]: 1, items[1]: 3}
    assert head.post(at, data={**opened, f"w-{names[0]}": "3", f"w-{names[1]}": "0"}).status_code == 409
    assert now() == {items[0]: 1, items[1]: 3}
    assert head.post(at, data={"point": str(point), f"w-{names[0]}": "0"}).status_code == 303
    assert now() == {items[1]: 3}


def test_two_editors_of_the_school_standard_and_its_clauses(session: Session, as_role: AsRole) -> None:
    with transaction():
        programme = ground.programme()
        version = ground.version(programme, is_published=False)
        one, two = (found.id for found in programme_queries.requirements_of(version.id))
        industry = standards.keep_industry_standard(code="T/1", title="行业标准", clauses=[("1", "读懂"), ("2", "会用")], **W)
        standards.name_school_standard(version=version, title="学校标准", industry_standard=industry, **W)
        first, second = (clause.id for clause in queries.clauses_of(industry.id))
        at, programme_id, version_id = f"/evaluation/{programme.code}/standard", programme.id, version.id
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    place = f"?version={version_id}"
    opened = {f"was-{first}": "", f"was-{second}": ""}
    assert head.post(f"{at}/map{place}", data={**opened, f"c-{first}": [str(one)]}).status_code == 303
    assert head.post(f"{at}/map{place}", data={**opened, f"c-{second}": [str(two)]}).status_code == 303
    session.expire_all()
    assert queries.industry_map(version_id) == {first: {one}, second: {two}}
    assert head.post(f"{at}/map{place}", data={**opened, f"c-{first}": [str(two)]}).status_code == 409
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    facts = {"what": "school", "s-title": "学校标准（修订）", "s-version": "1", "s-industry_standard_id": str(industry.id)}
    assert head.post(f"{at}{place}", data=facts).status_code == 303
    late = head.post(f"{at}{place}", data={**facts, "s-title": "旧页面的标题"})
    assert (late.status_code, "刚被其他人修改过" in late.get_data(as_text=True)) == (409, True)
    session.expire_all()
    row = queries.school_standard(version_id)
    assert row is not None
    assert row.title == "学校标准（修订）"
