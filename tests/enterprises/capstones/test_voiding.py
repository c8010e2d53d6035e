"""A sample that was drawn by mistake is voided before there is a result, and stays on record; the export asks few questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries, rules
from enterprises.capstones.models import SpotCheck
from enterprises.capstones.operations import CapstoneRefused
from enterprises.capstones.types import SpotVerdict
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.organisations.models import Organisation

TIMES = {"today": TODAY, "now": NOW}
YEAR = 2024  # the academic year 2024-2025, which is over on TODAY
PUBLISHED = date(2025, 6, 10)


def _by() -> Identity:
    account = identity.account()
    return replace(SYSTEM, account_id=account.id)


def _passed(found: make.Case) -> make.Case:
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = PUBLISHED
    return found


def _drawn(session: Session, *, by: Identity = SYSTEM) -> tuple[make.Case, SpotCheck]:
    found = _passed(make.graded())
    university = session.get_one(Organisation, found.student.university_id)
    return found, operations.draw(university=university, year=YEAR, percent=100, by=by, **TIMES)


def _experts(n: int) -> list[Any]:
    return [make.expert() for _n in range(n)]


def test_a_second_account_of_who_drew_voids_nothing(session: Session) -> None:
    stays, gone = ground.person(), ground.person()
    mine = [replace(_by(), account_id=identity.account(person=one).id, person_id=stays.id) for one in (stays, gone)]
    ground.merge(stays, gone)
    _found, check = _drawn(session, by=mine[0])
    with pytest.raises(CapstoneRefused) as no:
        operations.void(check=check, reason="学年选错", by=mine[1], now=NOW)
    assert no.value.code == "own_draw"


def test_a_mistaken_draw_is_voided_with_its_reason_and_kept_beside_the_new_one(session: Session) -> None:
    drawer, other = _by(), _by()
    found, check = _drawn(session, by=drawer)
    seed, population = check.seed, list(check.population)
    item = queries.spot_items(check.id)[0][0]
    people = _experts(3)
    operations.send_to_experts(item=item, people=people, by=drawer, **TIMES)
    assert len(queries.spot_tasks(people[0].id)) == 1
    with pytest.raises(CapstoneRefused, match="理由"):
        operations.void(check=check, reason=" ", by=other, now=NOW)
    with pytest.raises(CapstoneRefused) as no:
        operations.void(check=check, reason="学年选错", by=drawer, now=NOW)
    assert no.value.code == "own_draw"  # alone nobody draws until the sample suits
    assert operations.void(check=check, reason="学年选错", by=other, now=NOW).voided_at == NOW
    assert operations.void(check=check, reason="再说一次", by=other, now=NOW).void_reason == "学年选错"
    assert queries.spot_tasks(people[0].id) == []
    opinion = queries.opinions_of(item.id)[0][0]
    with pytest.raises(CapstoneRefused, match="已作废"):
        operations.give_opinion(opinion=opinion, verdict=SpotVerdict.QUALIFIED, comment="好", by=make.as_person(people[0]), **TIMES)
    with pytest.raises(CapstoneRefused, match="已作废"):
        operations.send_to_experts(item=item, people=_experts(3), by=drawer, **TIMES)
    university = session.get_one(Organisation, found.student.university_id)
    again = operations.draw(university=university, year=YEAR, percent=100, by=drawer, **TIMES)
    assert again.id != check.id
    assert queries.spot_check_of(university.id, YEAR) is again
    assert (check.seed, check.population) == (seed, population)
    assert [one.id for one in queries.other_draws(again)] == [check.id]
    assert rules.sample(check.population, check.percent, check.seed) == sorted(one.capstone_id for one, *_rest in queries.spot_items(check.id))
    write_pending(session)
    said = [row.data for row in session.scalars(sa.select(AuditEvent).where(AuditEvent.did == "capstones.spot_check.voided"))]
    assert [(row["seed"], row["reason"]) for row in said] == [(seed, "学年选错")]


def test_a_sample_with_a_result_is_not_voided(session: Session) -> None:
    _found, check = _drawn(session)
    item = queries.spot_items(check.id)[0][0]
    people = _experts(3)
    operations.send_to_experts(item=item, people=people, by=SYSTEM, **TIMES)
    opinion = queries.opinions_of(item.id)[0][0]
    operations.give_opinion(opinion=opinion, verdict=SpotVerdict.UNQUALIFIED, comment="依据不足", by=make.as_person(people[0]), **TIMES)
    with pytest.raises(CapstoneRefused) as no:
        operations.void(check=check, reason="不满意", by=_by(), now=NOW)
    assert no.value.code == "has_results"
    assert check.voided_at is None


def test_the_page_voids_and_shows_both_draws(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    _found, check = _drawn(session)
    key, seed, university_id = check.id, check.seed, check.university_id
    session.commit()
    admin = as_role(Role.SYSTEM_ADMIN)
    assert "作废这次抽检" in admin.get(f"/capstones/spot-checks/{key}").text
    bad = admin.post(f"/capstones/spot-checks/{key}/void", data={"reason": ""})
    assert (bad.status_code, "请写明作废的理由" in bad.text) == (422, True)
    assert admin.post(f"/capstones/spot-checks/{key}/void", data={"reason": "学年选错"}).status_code == 303
    page = admin.get(f"/capstones/spot-checks/{key}").text
    assert ("学年选错" in page, "作废这次抽检" in page, "送评议" in page) == (True, False, False)
    page = admin.get("/capstones/spot-checks").text
    assert ("已作废" in page, f'value="{university_id}-{YEAR}"' in page) == (True, True)  # offered anew
    drawn = admin.post("/capstones/spot-checks", data={"of": f"{university_id}-{YEAR}", "percent": 100})
    assert drawn.status_code == 303
    again = admin.get(drawn.location).text
    assert str(seed) in again
    assert "抽错了" in again  # who drew it cannot void it


def test_the_export_asks_as_much_for_many_theses_as_for_one(session: Session, as_role: Callable[..., FlaskClient], count_queries: list[str]) -> None:
    first = _passed(make.graded())
    university = session.get_one(Organisation, first.student.university_id)

    def exported(check: SpotCheck) -> tuple[int, int]:
        key = check.id
        session.commit()
        admin = as_role(Role.SYSTEM_ADMIN)
        session.expire_all()
        count_queries.clear()
        answer = admin.get(f"/capstones/spot-checks/{key}/export.csv")
        assert answer.status_code == 200
        return len(count_queries), len(answer.data.decode("utf-8-sig").strip().splitlines()) - 1

    one = exported(operations.draw(university=university, year=YEAR, percent=100, by=SYSTEM, **TIMES))
    for _n in range(3):
        more = _passed(make.graded(programme=first.programme, guidances=1))
        more.capstone.finished_on = PUBLISHED - timedelta(days=365)
    many = exported(operations.draw(university=university, year=YEAR - 1, percent=100, by=SYSTEM, **TIMES))
    assert (one[1], many[1]) == (1, 3)
    assert one[0] == many[0]
