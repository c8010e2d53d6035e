"""Places, days and defence groups as tables: check and dry run, what is refused and where, out and in again changes nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import imports, operations, queries
from enterprises.capstones.queries import tabled
from enterprises.capstones.types import CapstoneState
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel import imports as kernel_imports
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import session as current
from trainhub.kernel.imports import Draft, ImportRefused, ImportSpec
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

AsRole = Callable[..., FlaskClient]


def table(spec: ImportSpec, *rows: Mapping[str, Any]) -> io.BytesIO:
    """A CSV file with the official headings."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [one.name for one in spec.schema.fields])
    writer.writerow({one.name: one.zh for one in spec.schema.fields})
    writer.writerows(rows)
    return io.BytesIO(text.getvalue().encode("utf-8-sig"))


def examine(spec: ImportSpec, *rows: Mapping[str, Any], by: Identity = SYSTEM) -> Draft:
    return kernel_imports.examine(spec, table(spec, *rows), filename="表.csv", by=by, today=TODAY)


def execute(spec: ImportSpec, *rows: Mapping[str, Any], by: Identity = SYSTEM) -> Draft:
    return kernel_imports.execute(spec, kernel_imports.read(spec, table(spec, *rows), filename="表.csv"), by=by, today=TODAY, now=NOW)


def problems(draft: Draft) -> list[tuple[int | None, str | None]]:
    return [(one.row, one.column) for one in draft.errors]


# -- places and days ----------------------------------------------------------------------------------------------------
@pytest.fixture
def found(session: Session) -> make.Case:
    case = make.case()
    case.capstone.place = ""
    session.flush()
    return case


def place_of(found: make.Case, **said: Any) -> dict[str, Any]:
    return {"programme": found.programme.code, "student_no": found.student.student_no, **said}


@pytest.mark.database
def test_places_of_a_cohort_come_by_a_table_out_and_in_again_changes_nothing(found: make.Case) -> None:
    other = make.case(programme=found.programme)
    rows = [place_of(found, place=" 二号车间 "), place_of(other, place="三号车间", ends_on=END + timedelta(days=7), reason="延期")]
    assert (examine(imports.PLACES_SPEC, *rows).changed, found.capstone.place) == (2, "")
    assert execute(imports.PLACES_SPEC, *rows).changed == 2
    assert [(one.capstone.place, one.capstone.ends_on) for one in (found, other)] == [("二号车间", END), ("三号车间", END + timedelta(days=7))]
    written = list(imports.place_rows(found.programme, ground.cohort(found.programme)))
    assert [row["place"] for row in written] == ["二号车间", "三号车间"]
    again = examine(imports.PLACES_SPEC, *written)
    assert (again.unchanged, again.changed, again.errors) == (2, 0, [])


def test_what_is_wrong_with_a_place_is_told_by_row_and_column_and_nothing_is_written(found: make.Case, session: Session) -> None:
    done = make.case(programme=found.programme)
    done.capstone.state, done.capstone.place = CapstoneState.PASSED, "一号车间"
    session.flush()
    rows = [
        place_of(found, place="二号车间"),
        place_of(found, place="三号车间"),
        place_of(found, student_no="0"),
        place_of(found, programme="NOBODY"),
        place_of(done, place="四号车间"),
        place_of(done, name="张冠李"),
        place_of(done, ends_on=END + timedelta(days=7), reason="延期"),
    ]
    wanted = {3: "student_no", 4: "student_no", 5: "programme", 6: "reason", 7: "name"}
    draft = examine(imports.PLACES_SPEC, *rows)
    assert problems(draft) == [*wanted.items(), (8, "student_no")]
    assert problems(examine(imports.PLACES_SPEC, rows[-1])) == [(2, "starts_on")]
    with pytest.raises(ImportRefused):
        execute(imports.PLACES_SPEC, *rows)
    assert found.capstone.place == ""
    backwards = place_of(found, starts_on=END, ends_on=START, reason="笔误")
    assert problems(examine(imports.PLACES_SPEC, backwards)) == [(2, "ends_on")]


def test_a_head_of_another_programme_learns_nothing_by_a_table(found: make.Case) -> None:
    stranger = make.head_of(ground.programme())
    for row in (place_of(found, place="二号车间"), place_of(found, student_no="0"), place_of(found, programme="NOBODY")):
        [told] = examine(imports.PLACES_SPEC, row, by=stranger).errors
        assert (told.column, "不归你管理" in told.problem) == ("programme", True)
    assert examine(imports.PLACES_SPEC, place_of(found, place="二号车间"), by=make.head_of(found.programme)).changed == 1


# -- defence groups -----------------------------------------------------------------------------------------------------
def staff(found: make.Case, *names: str) -> list[Person]:
    university = current().get_one(Organisation, found.student.university_id)
    people = [ground.person(name=name) for name in names]
    for person in people:
        ground.teacher(university, who=person)
        identity.account(person=person)
    return people


def group_of(found: make.Case, name: str = "第一组", **said: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"programme": found.programme.code, "year": ground.cohort(found.programme).year, "name": name, "room": "301"}
    row |= {"on": TODAY + timedelta(days=10), "starts_at": "8:30", "chair": "甲示例", "members": "乙示例|丙示例", "secretary": "丁示例"}
    return row | said


@pytest.mark.database
def test_groups_come_by_a_table_out_and_in_again_changes_nothing(found: make.Case) -> None:
    people = staff(found, "甲示例", "乙示例", "丙示例", "丁示例", "戊示例", "己示例", "庚示例", "辛示例")
    second = {"chair": "戊示例", "members": "己示例|庚示例", "secretary": "辛示例", "room": "302"}
    rows = [group_of(found), group_of(found, "第二组", **second)]
    assert examine(imports.GROUPS_SPEC, *rows).added == 2
    assert queries.groups_of(found.student.cohort_id) == []
    assert execute(imports.GROUPS_SPEC, *rows).added == 2
    first, _other = queries.groups_of(found.student.cohort_id)
    assert (first.room, first.starts_minute, first.minutes_each, first.secretary_id) == ("301", 510, 30, people[3].id)
    assert [(member.person_id, member.is_chair) for member, _name in queries.members_of_group(first.id)] == [
        (people[0].id, True), (people[1].id, False), (people[2].id, False),
    ]  # fmt: skip
    cohort = ground.cohort(found.programme)
    again = examine(imports.GROUPS_SPEC, *imports.group_rows(found.programme, cohort))
    assert (again.unchanged, again.added, again.errors) == (2, 0, [])
    assert problems(examine(imports.GROUPS_SPEC, group_of(found, room="303"))) == [(2, "name")]


def test_clashes_inside_a_file_and_with_what_stands_are_told_before_anything_is_written(found: make.Case) -> None:
    staff(found, "甲示例", "乙示例", "丙示例", "丁示例", "戊示例", "己示例", "庚示例", "辛示例")
    second = {"chair": "戊示例", "members": "己示例|庚示例", "secretary": "辛示例"}
    same_room, shares = group_of(found, "第二组", **second), group_of(found, "第三组", **second | {"room": "302", "secretary": "乙示例"})
    later = group_of(found, "第四组", **second | {"starts_at": "09:00"})
    clash = [(3, None)]
    assert problems(examine(imports.GROUPS_SPEC, group_of(found), same_room)) == clash
    assert problems(examine(imports.GROUPS_SPEC, group_of(found), shares)) == clash
    assert examine(imports.GROUPS_SPEC, group_of(found), later).added == 2
    execute(imports.GROUPS_SPEC, group_of(found))
    assert problems(examine(imports.GROUPS_SPEC, same_room)) == [(2, None)]


def test_who_cannot_sit_in_a_panel_is_told_by_column(found: make.Case, session: Session) -> None:
    first, *_rest, twin = staff(found, "甲示例", "乙示例", "丙示例", "丁示例", "戊示例", "甲示例")
    wrong: Sequence[tuple[dict[str, Any], str]] = [
        ({}, "chair"),
        ({"chair": "没有人"}, "chair"),
        ({"chair": "丁示例", "members": "乙示例|丁示例", "secretary": "丙示例"}, "members"),
        ({"chair": "乙示例", "members": "丙示例|丁示例", "secretary": "乙示例"}, "secretary"),
        ({"chair": "戊示例", "on": TODAY - timedelta(days=1)}, "on"),
        ({"chair": "戊示例", "starts_at": "25:00"}, "starts_at"),
        ({"chair": "戊示例", "minutes_each": 4}, "minutes_each"),
        ({"chair": "戊示例", "year": 1999}, "year"),
    ]
    for said, column in wrong:
        assert [one for _row, one in problems(examine(imports.GROUPS_SPEC, group_of(found, **said)))] == [column], said
    number = next(no for no, key in tabled.staff_numbers(found.student.university_id, {twin.id}).items())
    execute(imports.GROUPS_SPEC, group_of(found, chair=number))
    [row] = imports.group_rows(found.programme, ground.cohort(found.programme))
    assert (row["chair"], first.name) == (number, twin.name)


def test_who_may_hand_a_table_in(found: make.Case, session: Session, as_role: AsRole) -> None:
    cohort = ground.cohort(found.programme)
    at, other, firm = f"/capstones/cohorts/{found.programme.code}/{cohort.year}", ground.programme().id, found.capstone.enterprise_id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=found.programme.id)
    assert [
        head.get(page).status_code for page in ("/capstones/places/import", "/capstones/defences/import", f"{at}/places.xlsx", f"{at}/groups.csv")
    ] == [200] * 4
    assert "/capstones/places/import" in head.get(at).text
    assert "/capstones/defences/import" in head.get(f"{at}/judging").text
    for page in (f"{at}/places.xlsx", f"{at}/groups.csv"):
        assert as_role(Role.PROGRAMME_ADMIN, programme_id=other).get(page).status_code == 403
    for page in ("/capstones/places/import", "/capstones/defences/import"):
        assert as_role(Role.MENTOR, organisation_id=firm).get(page).status_code == 403
    assert operations.demand_arrangement(found.capstone, "二号车间", START, END, "", TODAY) == ""
