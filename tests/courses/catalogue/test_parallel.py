"""Two authors at once (PostgreSQL): what each of them may do alone must not add up to what neither may."""

from __future__ import annotations

import os
from typing import Any

import pytest
from flask import Flask

from courses.catalogue import queries
from courses.catalogue.models import Unit
from courses.catalogue.operations import content
from courses.catalogue.types import Access, Condition, ConditionKind
from tests.factories import courses as make
from tests.factories.parallel import at_once
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction

pytestmark = pytest.mark.skipif(not os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres"), reason="one writer at a time on SQLite")
GIVEN: dict[str, Any] = {"by": SYSTEM, "now": make.NOW}


def test_two_who_make_parts_wait_for_each_other_do_not_close_both(committed: Flask) -> None:
    with committed.app_context(), transaction():
        run = make.run()
        units = [make.unit(run, title=title) for title in ("甲", "乙")]
        run_id = run.id
        pairs = [(one.id, other.key) for one, other in (units, reversed(units))]

    def wait_for(unit_id: int, key: str) -> None:
        access = Access((Condition(ConditionKind.DONE, f"unit:{key}"),)).plain()
        content.update_part(part=session().get_one(Unit, unit_id), version=None, access=access, **GIVEN)

    found = at_once(committed, *(lambda pair=pair: wait_for(*pair) for pair in pairs), holds=0.3)
    with committed.app_context():
        closed = [unit.title for unit in queries.outline(run_id).units if unit.access]
        assert (found, len(closed)) == (["", "bad_course"], 1)
