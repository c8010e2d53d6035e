"""The pages of teaching: the six designated courses and their cap, part-time teachers, secondments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from courses.teaching import queries, rules
from courses.teaching.types import OfferingRow, SecondmentState
from tests.factories import evaluation as factory
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction

AsRole = Callable[..., Any]


def row(key: int, lead: int | None, *, waiver: str = "", is_designated: bool = True, cohort: int = 1) -> OfferingRow:
    return OfferingRow(
        key, key, f"C{key}", f"课程{key}", "specialty", "core", cohort, 2022, date(2024, 3, 1), None, lead, "甲", lead, is_designated, waiver
    )


@pytest.mark.parametrize(
    ("rows", "over"),
    [
        ([row(1, 7), row(2, 7)], []),
        ([row(1, 7), row(2, 7), row(3, 7)], [7]),
        ([row(1, 7), row(2, 7), row(3, 7, waiver="学校批准")], []),
        ([row(1, 7), row(2, 7), row(3, 7, is_designated=False)], []),
        ([row(1, 7), row(2, 7), row(3, 7, cohort=2)], []),
        ([row(1, None), row(2, None), row(3, None)], []),
    ],
)
def test_the_cap_of_two_holds_within_a_cohort_and_the_designated(rows: list[OfferingRow], over: list[int]) -> None:
    assert list(rules.over_cap(rows, 2)) == over


def test_the_pages_of_a_programme(session: Session, as_role: AsRole) -> None:
    with transaction():
        built = factory.meeting(students=2)
        code, programme_id, cohort_id = built.programme.code, built.programme.id, built.cohort.id
    at = f"/teaching/programmes/{code}"
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert [head.get(f"{at}{path}").status_code for path in ("", "/tasks", "/pool", "/secondments")] == [200] * 4
    six = [one for one in queries.offerings_of_cohorts([cohort_id]) if one.is_designated]
    assert len(six) == 6
    assert head.post(f"{at}/offerings/{six[0].id}/designate", data={}).status_code == 303
    assert sum(one.is_designated for one in queries.offerings_of_cohorts([cohort_id])) == 5
    assert head.post(f"{at}/offerings/{six[0].id}/designate", data={"on": "1"}).status_code == 303
    assert head.post(f"{at}/offerings/{six[1].id}/waive", data={"reason": ""}).status_code == 422
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    planned = [one for one in queries.secondments_of_teachers([t.id for t in built.teachers]) if one.state is SecondmentState.STARTED]
    finish = f"{at}/secondments/{planned[0].id}/finish"
    assert head.post(finish, data={"on": "2026-12-31", "report": "完成产线改造两项"}).status_code == 303
    assert head.post(f"{at}/pool/999999/training", data={}).status_code == 404
    reader = as_role(Role.INSPECTOR)
    assert reader.get(at).status_code == 200
    assert reader.post(f"{at}/offerings/{six[0].id}/designate", data={}).status_code == 403
