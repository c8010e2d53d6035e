"""Where and when a capstone is done: entered after a round, corrected with a reason, empty after a change of enterprise."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask.testing import FlaskClient
from lxml import html
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from enterprises.bases import operations as bases
from enterprises.bases.models import BaseFigurePast
from enterprises.capstones import operations, queries
from enterprises.capstones.models import Capstone
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import CapstoneState
from enterprises.placements.models import Placement
from tests.factories import capstones as make
from tests.factories import enterprises as field
from tests.factories import ground, identity
from tests.factories.capstones import END, NOW, START, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.policy.findings import Finding

DAYS = {"starts_on": START, "ends_on": END}
SAID = {"by": SYSTEM, "now": NOW}


def _of_a_round(session: Session) -> make.Case:
    found = make.case()
    found.capstone.place = ""
    session.flush()
    return found


def test_the_place_of_who_was_placed_by_a_round_is_entered_and_stands_in_m82(session: Session) -> None:
    found = _of_a_round(session)
    assert found.school is not None
    accounts = [identity.account(person=who).id for who in (found.who, found.school)]
    operations.arrange(capstone=found.capstone, place=" 二号车间 ", **DAYS, **SAID)
    operations.arrange(capstone=found.capstone, place="二号车间", **DAYS, **SAID)  # a repeat
    assert queries.places_table(found.student.cohort_id, TODAY)[0]["place"] == "二号车间"
    assert [len(make.told(key, "capstones.arranged")) for key in accounts] == [1, 1]
    with pytest.raises(CapstoneRefused, match="理由") as no:
        operations.arrange(capstone=found.capstone, place="三号车间", **DAYS, **SAID)
    assert no.value.field == "reason"
    assert operations.arrange(capstone=found.capstone, place="三号车间", reason="搬迁", **DAYS, **SAID).place == "三号车间"


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        (START, START, "ends_on"),
        (date(2031, 12, 31), date(2032, 5, 1), ""),
        (date(2032, 1, 1), date(2032, 5, 1), "starts_on"),
        (date(9999, 1, 1), date(9999, 2, 1), "starts_on"),
        (START, date(2027, 12, 31), ""),
        (START, date(2028, 1, 1), "ends_on"),
        (date(2023, 8, 31), date(2024, 5, 29), "starts_on"),
    ],
)
def test_days_are_possible_ones(session: Session, first: date, last: date, field: str) -> None:
    found = _of_a_round(session)
    said = {"capstone": found.capstone, "place": "", "starts_on": first, "ends_on": last, "reason": "延期", **SAID}
    if not field:
        assert (operations.arrange(**said).starts_on, found.capstone.ends_on) == (first, last)
        return
    with pytest.raises(CapstoneRefused) as no:
        operations.arrange(**said)
    assert no.value.field == field


@pytest.mark.parametrize(("days", "is_refused"), [(0, False), (1, True)])
def test_no_guidance_comes_to_lie_outside(session: Session, days: int, is_refused: bool) -> None:
    found = make.case()
    make.guide(found, 1)
    said = {"capstone": found.capstone, "place": "装配车间", "starts_on": START + timedelta(days=days), "ends_on": END - timedelta(days=9), **SAID}
    if not is_refused:
        assert operations.arrange(reason="改期", **said).ends_on == END - timedelta(days=9)
        return
    with pytest.raises(CapstoneRefused, match="指导记录") as no:
        operations.arrange(reason="改期", **said)
    assert no.value.code == "guided_outside"


def test_days_stand_from_publication_on_and_the_place_until_the_archive(session: Session) -> None:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, today=TODAY, now=NOW)
    said = {"capstone": found.capstone, "reason": "笔误", **SAID}
    assert operations.arrange(place="三号车间", **DAYS, **said).state is CapstoneState.PASSED
    with pytest.raises(CapstoneRefused, match="已经公布"):
        operations.arrange(place="三号车间", starts_on=START, ends_on=END + timedelta(days=1), **said)
    found.capstone.archived_at = NOW
    session.flush()
    with pytest.raises(operations.WrongState, match="归档"):
        operations.arrange(place="四号车间", **DAYS, **said)


@pytest.mark.parametrize(("is_other", "place", "after"), [(True, "", ""), (True, "试验线", "试验线"), (False, "试验线", "装配车间")])
def test_a_change_of_enterprise_does_not_keep_the_place(session: Session, is_other: bool, place: str, after: str) -> None:
    found = make.case()
    enterprise = ground.enterprise() if is_other else found.enterprise
    topic = make.topic(programme=found.programme, enterprise=enterprise)
    operations.change_topic(capstone=found.capstone, topic=topic, reason="退出", place=place, today=TODAY, **SAID)
    assert found.capstone.place == after


def test_the_page_enters_it_and_keeps_what_was_typed(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    found = _of_a_round(session)
    key, programme_id, who = found.capstone.id, found.programme.id, found.who.id
    session.commit()
    head, student = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id), as_role(Role.STUDENT, person_id=who)
    url, data = f"/capstones/{key}/place", {"place": "二号车间", "starts_on": "2025-11-03", "ends_on": "2026-05-29"}
    assert ("填写、更改时间地点" in head.get(f"/capstones/{key}").text, url in student.get(f"/capstones/{key}").text) == (True, False)
    assert student.post(url, data=data).status_code == 403
    answer = head.post(url, data=data | {"ends_on": "2025-11-03", "reason": "改期理由"})
    assert (answer.status_code, "结束日期须晚于开始日期" in answer.text, "改期理由" in answer.text) == (422, True, True)
    sent = _shown(answer.text, url) | data
    assert head.post(url, data=sent).status_code == 303
    assert session.get_one(Capstone, key).place == "二号车间"
    stale = head.post(url, data=sent | {"place": "三号车间", "reason": "搬迁", "submission_key": "another"})
    assert (stale.status_code, "刚被其他人修改过" in stale.text, "三号车间" in stale.text) == (409, True, True)
    assert session.get_one(Capstone, key, populate_existing=True).place == "二号车间"
    again = _shown(stale.text, url) | data | {"place": "三号车间", "reason": "搬迁"}
    assert head.post(url, data=again).status_code == 303


def _shown(page: str, url: str) -> dict[str, str]:
    """What the form of a page sends beside what is typed: of two fields of one name the first, as the server reads them."""
    (form,) = [one for one in html.document_fromstring(page).forms if one.get("action") == url]
    return {name: value for name, value in reversed(form.form_values()) if name in ("version", "submission_key")}


@pytest.mark.database
def test_days_at_a_base_on_a_campus_are_not_at_the_enterprise(session: Session) -> None:
    """8.2: a capstone at a base that moves onto a campus is done at the enterprise up to that day; afterwards its days are not covered."""
    found = make.case()
    stay = session.scalars(select(Placement).where(Placement.student_id == found.student.id)).one()
    base = ground.base(found.enterprise)
    profile = field.opened_base(base=base)
    stay.base_id = base.id
    session.flush()
    most = queries.numbers(TODAY).uncovered_days_max.number

    def place(on: date = END) -> Finding:
        return next(one for one in queries.findings_of([found.capstone.id], on)[found.capstone.id] if one.code == "8.2")

    assert (place().met, place().found) == (True, 0)
    for days, is_met in ((most, True), (most + 1, False)):  # the last days of the capstone at, and above, the tolerance
        moved = END - timedelta(days=days - 1)
        bases.change_base(profile=profile, is_on_campus=True, by=SYSTEM, now=field.at(moved))
        assert (place().met, place().found) == (is_met, days)
        assert "设在校内的基地不算在企业完成。" in place().details
        session.execute(delete(BaseFigurePast))
        profile.is_on_campus = False
        session.flush()
