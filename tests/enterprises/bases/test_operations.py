"""Bases through their operations."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from enterprises.bases import operations, queries
from enterprises.bases.operations import BadBase, WrongStep
from enterprises.bases.types import AcceptanceStep, AgreementTopic, BaseFilter, BaseType, LeaderSide
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.errors import NotAllowed, Stale

NOW = make.NOW
EDU = Identity(account_id=None, person_id=None, name="省教育厅", grants=(Grant(Role.DEPT_EDU),))
ST = Identity(account_id=None, person_id=None, name="省科技厅", grants=(Grant(Role.DEPT_ST),))


def test_opening_twice_is_one_base(session: Session) -> None:
    base = ground.base()
    one = operations.open_base(base=base, capacity_per_term=40, by=SYSTEM, now=NOW)
    two = operations.open_base(base=base, by=SYSTEM, now=NOW)
    assert (one is two, two.capacity_per_term) == (True, 40)
    with pytest.raises(BadBase):
        operations.open_base(base=ground.enterprise(), by=SYSTEM, now=NOW)
    with pytest.raises(BadBase):
        operations.open_base(base=base, capacity_per_term=-1, by=SYSTEM, now=NOW)


def test_two_editors(session: Session) -> None:
    profile = make.opened_base()
    operations.change_base(profile=profile, version=profile.version, capacity_per_term=50, by=SYSTEM, now=NOW)
    with pytest.raises(Stale):
        operations.change_base(profile=profile, version=profile.version - 1, capacity_per_term=60, by=SYSTEM, now=NOW)
    assert profile.capacity_per_term == 50


def test_a_department_accepts_what_is_its_own(session: Session) -> None:
    base = ground.base()
    make.opened_base(base=base)
    operations.add_type(base=base, type=BaseType.INCUBATOR, since=date(2020, 1, 1), by=SYSTEM, now=NOW)
    step = AcceptanceStep.RECOGNISED
    row = operations.record_acceptance(base=base, type=BaseType.EPEC, step=step, on=date(2026, 1, 5), document="闽教高〔2026〕1号", by=EDU, now=NOW)
    again = operations.record_acceptance(base=base, type=BaseType.EPEC, step=step, on=date(2026, 1, 5), by=EDU, now=NOW)
    assert (row.id, row.department) == (again.id, "dept_edu")
    with pytest.raises(NotAllowed):
        operations.record_acceptance(base=base, type=BaseType.INCUBATOR, step=step, on=date(2026, 1, 5), by=EDU, now=NOW)
    assert operations.record_acceptance(base=base, type=BaseType.INCUBATOR, step=step, on=date(2026, 1, 5), by=ST, now=NOW).department == "dept_st"
    with pytest.raises(WrongStep):
        operations.record_acceptance(base=base, type=BaseType.INCUBATOR, step=step, on=date(2026, 1, 6), by=ST, now=NOW)
    with pytest.raises(WrongStep):
        operations.record_acceptance(base=base, type=BaseType.EPEC, step=AcceptanceStep.ACCEPTED, on=date(2026, 1, 4), by=EDU, now=NOW)
    with pytest.raises(BadBase):
        operations.record_acceptance(base=base, type=BaseType.RURAL_PARK, step=step, on=date(2026, 1, 5), by=SYSTEM, now=NOW)


def test_a_type_entered_again_takes_the_right_day_and_one_entered_by_mistake_goes(session: Session) -> None:
    """The awards ask since when a base is of a type: a wrong day that nobody can correct would close them for years."""
    base, kind = ground.base(), BaseType.INCUBATOR
    make.opened_base(base=base)
    today = local(NOW).date()
    with pytest.raises(BadBase, match="不能晚于今天"):
        operations.add_type(base=base, type=kind, since=today + timedelta(days=1), by=SYSTEM, now=NOW)
    operations.add_type(base=base, type=kind, since=today, by=SYSTEM, now=NOW)
    operations.add_type(base=base, type=kind, since=date(2020, 1, 1), by=SYSTEM, now=NOW)
    operations.add_type(base=base, type=kind, since=date(2020, 1, 1), by=SYSTEM, now=NOW)
    assert [row.since for row in queries.types_of(base.id) if row.type is kind] == [date(2020, 1, 1)]
    operations.remove_type(base=base, type=kind, by=SYSTEM)
    operations.remove_type(base=base, type=kind, by=SYSTEM)
    assert [row for row in queries.types_of(base.id) if row.type is kind] == []
    operations.add_type(base=base, type=kind, since=date(2021, 1, 1), by=SYSTEM, now=NOW)
    operations.record_acceptance(base=base, type=kind, step=AcceptanceStep.RECOGNISED, on=date(2026, 1, 5), by=ST, now=NOW)
    operations.add_type(base=base, type=kind, since=date(2026, 1, 5), by=SYSTEM, now=NOW)
    for refused in (
        lambda: operations.add_type(base=base, type=kind, since=date(2026, 1, 6), by=SYSTEM, now=NOW),
        lambda: operations.remove_type(base=base, type=kind, by=SYSTEM),
    ):
        with pytest.raises(BadBase, match="认定或验收"):
            refused()


def test_agreements_and_leaders(session: Session) -> None:
    base = ground.base()
    make.opened_base(base=base, has_agreement=False)
    with pytest.raises(BadBase) as refused:
        operations.sign_agreement(
            base=base,
            title="协议",
            signed_on=date(2026, 1, 1),
            since=date(2026, 1, 1),
            until=date(2025, 12, 31),
            topics=["duties"],
            by=SYSTEM,
            now=NOW,
        )
    assert refused.value.field == "until"
    row = operations.sign_agreement(
        base=base,
        title="协议",
        signed_on=date(2026, 1, 1),
        since=date(2026, 1, 1),
        until=date(2026, 5, 1),
        topics=["duties", "term"],
        by=SYSTEM,
        now=NOW,
    )
    assert row.topics == ["duties", "term"]
    assert [r.id for r, _name in queries.ending_agreements(None, on=make.TODAY, until=date(2026, 5, 31))] == [row.id]
    person = ground.person()
    one = operations.add_leader(base=base, person=person, side=LeaderSide.SCHOOL, post="副校长", since=date(2025, 1, 1), by=SYSTEM, now=NOW)
    two = operations.add_leader(base=base, person=person, side=LeaderSide.SCHOOL, post="副校长", since=date(2025, 1, 1), by=SYSTEM, now=NOW)
    assert one.id == two.id
    operations.end_leader(base=base, leader_id=one.id, until=date(2026, 1, 1), by=SYSTEM, now=NOW)
    assert one.until == date(2026, 1, 1)


@pytest.mark.parametrize(("since", "is_told"), [(date(2026, 5, 2), False), (date(2026, 5, 3), True), (date(2026, 4, 1), False)])
def test_an_agreement_is_followed_only_by_one_that_leaves_no_gap(session: Session, since: date, is_told: bool) -> None:
    """It ends on 1 May: one from 2 May on follows it, one from 3 May on does not."""
    base = ground.base()
    make.opened_base(base=base, has_agreement=False)
    spans = ((date(2026, 1, 1), date(2026, 5, 1)), (since, date(2027, 5, 1)))
    rows = [
        operations.sign_agreement(
            base=base, title="协议", signed_on=date(2026, 1, 1), since=first, until=last, topics=list(AgreementTopic), by=SYSTEM, now=NOW
        )
        for first, last in spans
    ]
    found = queries.ending_agreements([base.id], on=make.TODAY, until=date(2026, 5, 31))
    assert [row.id for row, _name in found] == ([rows[0].id] if is_told else [])


def test_what_else_is_entered_under_the_same_head_is_refused_not_dropped(session: Session) -> None:
    """Other topics or another scan of an agreement, another post of a leader, another document of a step: the page said that it was recorded."""
    base = ground.base()
    make.opened_base(base=base, has_agreement=False)
    days = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2028, 1, 1)}
    signed: dict[str, Any] = {"base": base, "title": "协议", "topics": ["duties"], "by": SYSTEM, "now": NOW, **days}
    row = operations.sign_agreement(**signed)
    assert operations.sign_agreement(**signed).id == row.id
    leader: dict[str, Any] = {
        "base": base,
        "person": ground.person(),
        "side": LeaderSide.ENTERPRISE,
        "since": date(2025, 1, 1),
        "by": SYSTEM,
        "now": NOW,
    }
    assert operations.add_leader(post="总经理", **leader).id == operations.add_leader(post="总经理", **leader).id
    step: dict[str, Any] = {"base": base, "type": BaseType.EPEC, "step": AcceptanceStep.RECOGNISED, "on": date(2026, 1, 5), "by": EDU, "now": NOW}
    operations.record_acceptance(document="1号", **step)
    codes = []
    for attempt in (
        lambda: operations.sign_agreement(**{**signed, "topics": ["duties", "term"]}),
        lambda: operations.sign_agreement(**{**signed, "file_id": make.scan()}),
        lambda: operations.add_leader(post="董事长", **leader),
        lambda: operations.add_leader(post="总经理", until=date(2026, 1, 1), **leader),
        lambda: operations.record_acceptance(document="2号", **step),
    ):
        with pytest.raises(BadBase) as refused:
            attempt()
        codes.append(refused.value.code)
    assert codes == ["agreement_known", "agreement_known", "leader_known", "leader_known", "step_known"]


@pytest.mark.parametrize(("first", "then", "is_told"), [(0, 0, False), (0, 1, True), (0, None, False), (None, 0, False)])
def test_what_another_school_signed_follows_no_schools_agreement(session: Session, first: int | None, then: int | None, is_told: bool) -> None:
    """Of one that names no school nobody knows whose it is: it follows all, and all follow it."""
    base, schools = ground.base(), [ground.university(), ground.university()]
    make.opened_base(base=base, has_agreement=False)
    spans = ((first, date(2026, 1, 1), date(2026, 5, 1)), (then, date(2026, 1, 1), date(2027, 5, 1)))
    rows = []
    for at, since, until in spans:
        row = operations.sign_agreement(
            base=base, title="协议", signed_on=since, since=since, until=until, topics=list(AgreementTopic), by=SYSTEM, now=NOW
        )
        row.university_id = None if at is None else schools[at].id
        rows.append(row)
    session.flush()
    found = queries.ending_agreements([base.id], on=make.TODAY, until=date(2026, 5, 31))
    assert [row.id for row, _name in found] == ([rows[0].id] if is_told else [])


def test_the_list_filters(session: Session) -> None:
    plain, with_agreement = make.opened_base(has_agreement=False), make.opened_base()

    def ids(wanted: BaseFilter) -> set[int]:
        return {row.id for row in queries.as_rows(session.execute(queries.listing(wanted, on=make.TODAY)).all())}

    assert ids(BaseFilter()) == {plain.base_id, with_agreement.base_id}
    assert ids(BaseFilter(agreement="none")) == {plain.base_id}
    assert ids(BaseFilter(agreement="valid")) == {with_agreement.base_id}
    assert ids(BaseFilter(type=BaseType.INCUBATOR)) == set()
    assert ids(BaseFilter(region="350200")) == set()
