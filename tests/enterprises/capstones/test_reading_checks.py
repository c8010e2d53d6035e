"""A spot check is read by auditors and inspectors, who can draw it again and change nothing; nobody gets a dead link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations, queries
from enterprises.capstones.models import SpotCheck
from tests.factories import capstones as make
from tests.factories.capstones import NOW, TODAY
from trainhub.kernel.access import SYSTEM, Role
from trainhub.organisations.models import Organisation

TIMES: dict[str, Any] = {"today": TODAY, "now": NOW}


def _drawn(session: Session) -> tuple[make.Case, SpotCheck]:
    found = make.graded()
    operations.finish(capstone=found.capstone, by=SYSTEM, **TIMES)
    found.capstone.finished_on = date(2025, 6, 10)
    university = session.get_one(Organisation, found.student.university_id)
    return found, operations.draw(university=university, year=2024, percent=100, by=SYSTEM, **TIMES)


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.INSPECTOR, Role.EXPERT])
def test_who_oversees_reads_the_sample_and_changes_nothing(session: Session, as_role: Callable[..., FlaskClient], role: Role) -> None:
    found, check = _drawn(session)
    item = queries.spot_items(check.id)[0][0]
    experts = [make.expert() for _n in range(3)]
    operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
    client, at, seed = as_role(role), f"/capstones/spot-checks/{check.id}", str(check.seed)
    session.commit()
    listed = client.get("/capstones/spot-checks").text
    assert seed in listed
    assert (f'"{at}"' in listed) is (role is not Role.EXPERT), "an expert reads theses without names"
    page = client.get(at)
    assert page.status_code == (403 if role is Role.EXPERT else 200)
    if role is not Role.EXPERT:
        assert "结果一致" in page.text
        assert found.topic.title in page.text
        for deed in ("/void", "/take-back", "/experts", "/anonymous", "export."):
            assert deed not in page.text.split("<main")[1], deed
    opinion = queries.opinions_of(item.id)[0][0]
    posts = (f"{at}/void", f"/capstones/spot-checks/items/{item.id}/experts", f"/capstones/spot-checks/opinions/{opinion.id}/take-back")
    assert [client.post(url).status_code for url in posts] == [403, 403, 403]
    assert client.get(f"{at}/export.csv").status_code == 403


def test_the_list_says_where_experts_have_to_be_asked(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    _found, check = _drawn(session)
    client, auditor = as_role(Role.UNIVERSITY_ADMIN, organisation_id=check.university_id), as_role(Role.AUDITOR)
    item, experts = queries.spot_items(check.id)[0][0], [make.expert() for _n in range(3)]
    session.commit()
    assert "1 篇待送专家" in client.get("/capstones/spot-checks").text
    assert "待送专家" not in auditor.get("/capstones/spot-checks").text
    operations.send_to_experts(item=item, people=experts, by=SYSTEM, **TIMES)
    session.commit()
    assert "待送专家" not in client.get("/capstones/spot-checks").text
