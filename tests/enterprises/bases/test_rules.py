"""Rules of bases: leaders, agreements, capacity, steps of acceptance."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from enterprises.bases import rules
from enterprises.bases.types import AcceptanceStep, AgreementSpan, BaseType, LeaderSide
from trainhub.policy.book import book
from trainhub.policy.findings import Status

ON = date(2026, 3, 2)
FOUR = ("operation", "training_model", "duties", "term")


@pytest.mark.parametrize(
    ("sides", "met"),
    [([], False), ([LeaderSide.SCHOOL], False), ([LeaderSide.SCHOOL, LeaderSide.SCHOOL], False), ([LeaderSide.SCHOOL, LeaderSide.ENTERPRISE], True)],
)
def test_6_2_wants_both_sides(sides: list[LeaderSide], met: bool) -> None:
    found = rules.judge_leaders(sides, parameter=book().at("petoe.centre_leaders_per_side_min", on=ON))
    assert (found.code, found.met, found.clause.rule) == ("6.2", met, "PETOE-6.2")


@pytest.mark.parametrize(
    ("since", "until", "topics", "status"),
    [
        (0, 0, FOUR, Status.MET),
        (1, 10, FOUR, Status.NOT_MET),
        (-10, -1, FOUR, Status.NOT_MET),
        (-10, 10, FOUR[:3], Status.NOT_MET),
        (-10, 10, FOUR, Status.MET),
    ],
)
def test_6_6_wants_force_and_four_topics(since: int, until: int, topics: tuple[str, ...], status: Status) -> None:
    span = AgreementSpan(date(2025, 1, 1), ON + timedelta(days=since), ON + timedelta(days=until), topics)
    assert rules.judge_agreement([span], on=ON, parameter=book().at("petoe.agreement_topics", on=ON)).status is status


def test_6_6_without_an_agreement_is_no_data() -> None:
    assert rules.judge_agreement([], on=ON, parameter=book().at("petoe.agreement_topics", on=ON)).status is Status.NO_DATA


@pytest.mark.parametrize(("placed", "capacity", "status"), [(40, 40, Status.MET), (41, 40, Status.NOT_MET), (0, None, Status.NO_DATA)])
def test_6_1_capacity(placed: int, capacity: int | None, status: Status) -> None:
    parameter = book().at("petoe.centre_leaders_per_side_min", on=ON)
    found = rules.judge_capacity(placed, capacity, parameter=parameter)
    assert (found.status, found.clause.cite) == (status, "PETOE-6.1, 002:507")


@pytest.mark.parametrize(("placed", "near"), [(35, False), (36, True)])
def test_near_full_from_the_share_on(placed: int, near: bool) -> None:
    assert rules.is_near_full(placed, 40, 90) is near


@pytest.mark.parametrize(("left", "soon"), [(89, True), (90, True), (91, False)])
def test_agreements_that_end_soon(left: int, soon: bool) -> None:
    span = AgreementSpan(date(2025, 1, 1), date(2025, 1, 1), ON + timedelta(days=left), FOUR)
    assert rules.expires_soon(span, on=ON, days=90) is soon


def test_steps_follow_each_other() -> None:
    r, a, v = AcceptanceStep.RECOGNISED, AcceptanceStep.ACCEPTED, AcceptanceStep.REVOKED
    assert [rules.next_steps(h) for h in ([], [r], [r, a], [r, a, v])] == [(r,), (a, v), (v,), (r,)]
    assert set(rules.DEPARTMENTS) == set(BaseType)
