"""Two sessions on one capstone at once, each with its own connection and commit: nothing is lost, and the second is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event

from flask import Flask

from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.types import CapstoneState, SupervisorRole
from tests.factories import capstones as make
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import Refused

SCHOOL, ENTERPRISE = SupervisorRole
TIMES = {"today": TODAY, "now": NOW}


def _together(app: Flask, *acts: Callable[[], object]) -> list[str]:
    """Do the acts in sessions of their own: the second begins when the first has written and is not committed yet. "" or the refusal's code."""
    written, over = Event(), Event()

    def run(number: int) -> str:
        with app.app_context():
            try:
                with transaction():
                    if number:
                        written.wait(5)
                    acts[number]()
                    if not number:
                        written.set()
                        over.wait(0.25)  # who has to wait for the lock does not come to an end before this one commits
                return ""
            except Refused as refused:
                return refused.code
            finally:
                (over if number else written).set()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, range(len(acts))))


def _grade(key: int, role: SupervisorRole, by: Identity, points: int) -> Callable[[], object]:
    return lambda: operations.grade(capstone=session().get_one(Capstone, key), role=role, points=make.points(points), by=by, **TIMES)


def _correct(key: int, role: SupervisorRole, by: Identity, points: int) -> Callable[[], object]:
    return lambda: operations.correct_grade(grade=queries.grades_of(key)[role], points=make.points(points), reason="误", by=by, **TIMES)


def test_two_sessions_at_once_lose_nothing_and_the_second_is_told(committed: Flask) -> None:
    with committed.app_context(), transaction():
        cases = [make.case() for _n in range(3)]
        for found in cases:
            make.submit(found)
        keys = [found.capstone.id for found in cases]
        by = [{role: found.by(role) for role in SupervisorRole} for found in cases]
        head = make.head_of(cases[2].programme)

    def stands(key: int) -> tuple[CapstoneState, int | None, int]:
        with committed.app_context():
            row = session().get_one(Capstone, key)
            return row.state, row.score_x10, len(queries.grade_history(key))

    # both sides sign at once: each would miss the other's grade, and the capstone would never be graded
    assert _together(committed, _grade(keys[0], SCHOOL, by[0][SCHOOL], 80), _grade(keys[0], ENTERPRISE, by[0][ENTERPRISE], 90)) == ["", ""]
    assert stands(keys[0]) == (CapstoneState.GRADED, 850, 2)
    # one person in two windows: one signature
    mine = by[1][SCHOOL]
    assert _together(committed, _grade(keys[1], SCHOOL, mine, 70), _grade(keys[1], SCHOOL, mine, 75)) == ["", "already_graded"]
    assert stands(keys[1]) == (CapstoneState.SUBMITTED, None, 1)
    # a result is published while a side corrects its grade: what was published is what stands
    for role in SupervisorRole:
        assert _together(committed, _grade(keys[2], role, by[2][role], 80)) == [""]
    finish = lambda: operations.finish(capstone=session().get_one(Capstone, keys[2]), by=head, **TIMES)  # noqa: E731
    assert _together(committed, finish, _correct(keys[2], SCHOOL, by[2][SCHOOL], 60)) == ["", "wrong_state"]
    assert stands(keys[2]) == (CapstoneState.PASSED, 800, 2)
