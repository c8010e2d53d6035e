"""Who stands behind a finding is kept and shown to the last: the denominator of a hard threshold can be read by whoever judges."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.factories import evaluation as factory
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.oversight.evaluation import behind, readiness, submitted
from trainhub.oversight.evaluation.queries.cases import case_of


@pytest.mark.database
def test_nobody_is_cut_from_what_is_frozen_or_shown(session: Session, as_role: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "MOST", 3)  # a page of three for a group of seven
    with transaction():
        built = factory.meeting(students=7)
        code, programme_id, numbers = built.programme.code, built.programme.id, [one.student_no for one in built.students]
    case = case_of(built.programme, factory.TODAY)
    kept = submitted.plain(readiness.assess(built.programme, factory.TODAY), case)["behind"]
    for number in ("7.2", "9.6", "9.8", "6.9", "8.2"):
        assert (len(kept[number]["rows"]), kept[number]["all"]) == (7, 7), number
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    at = f"/evaluation/{code}/criteria/9.8?on={factory.TODAY}"
    first, whole = head.get(at).text, head.get(f"{at}&all=1").text
    assert (sum(one in first for one in numbers), "列出全部" in first) == (3, True)
    assert (sum(one in whole for one in numbers), "列出全部" in whole) == (7, False)
