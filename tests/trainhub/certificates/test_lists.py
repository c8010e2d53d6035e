"""Lists of batches, print runs and templates: every row can be reached, narrowed and sorted; they cost the same however long they are."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.identity import account
from trainhub.certificates.models import CertificateTemplate, IssueBatch, PrintRun
from trainhub.certificates.types import BatchSource, BatchState, Kind, TemplateState
from trainhub.kernel.access import Role
from trainhub.kernel.db import transaction
from trainhub.organisations.models import Organisation

AsRole = Callable[..., FlaskClient]


@pytest.fixture
def here(session: Session) -> Organisation:
    """The issuer."""
    session.expire_on_commit = False
    with transaction():
        return ground.university(name="闽江理工大学")


def _batches(session: Session, issuer: Organisation, titles: list[str], **given: object) -> None:
    fields = {"kind": Kind.TRAINING, "template": "training", "source": BatchSource.IMPORT, "state": BatchState.ISSUED, "count": 1, **given}
    with transaction():
        for place, title in enumerate(titles):
            session.add(IssueBatch(title=title, issuer_id=issuer.id, **{"asked_at": ground.NOW + timedelta(minutes=place), **fields}))


def _runs(session: Session, issuer: Organisation, titles: list[str], **given: object) -> None:
    fields = {"kind": Kind.TRAINING, "count": 1, "chunk_pages": 500, "asked_at": ground.NOW, **given}
    with transaction():
        for title in titles:
            session.add(PrintRun(title=title, issuer_id=issuer.id, **fields))


def _templates(session: Session, issuer: Organisation, codes: list[str]) -> None:
    with transaction():
        for code in codes:
            session.add(
                CertificateTemplate(
                    code=code, edition=1, kind=Kind.TRAINING, owner_id=issuer.id, state=TemplateState.DRAFT, body="{}", made_at=ground.NOW
                )
            )


def _titles(text: str, of: str) -> list[str]:
    return re.findall(rf'<a href="/certificates/{of}/\d+">([^<]+)</a>', text)


MAKE = {"batches": _batches, "runs": _runs, "templates": _templates}


@pytest.mark.parametrize("of", sorted(MAKE))
def test_every_row_is_reached(session: Session, as_role: AsRole, here: Organisation, of: str) -> None:
    names = [f"row_{number:03d}" for number in range(53)]
    MAKE[of](session, here, names)
    with transaction():
        other = ground.university()
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    pages = [_titles(head.get(f"/certificates/{of}?page={number}").text, of) for number in (1, 2, 3)]
    assert [len(one) for one in pages] == [20, 20, 13]
    assert [name for one in pages for name in one] == names[::-1]
    assert len(_titles(head.get(f"/certificates/{of}?size=100").text, of)) == 53
    assert _titles(as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.id).get(f"/certificates/{of}").text, of) == []


@pytest.mark.parametrize("of", sorted(MAKE))
def test_a_list_asks_as_often_for_30_as_for_1(session: Session, as_role: AsRole, here: Organisation, count_queries: list[str], of: str) -> None:
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)

    def asked() -> int:
        session.rollback()
        session.expunge_all()
        count_queries.clear()
        assert head.get(f"/certificates/{of}?size=50").status_code == 200
        return len(count_queries)

    MAKE[of](session, here, ["row_one"])
    asked()
    one = asked()
    MAKE[of](session, here, [f"row_{number}" for number in range(29)])
    assert asked() == one


def test_batches_are_narrowed_and_sorted_and_what_waits_comes_first(session: Session, as_role: AsRole, here: Organisation) -> None:
    _batches(session, here, ["甲班"], state=BatchState.PREPARED, count=7)
    _batches(session, here, ["乙班", "丙班"], source=BatchSource.SELECTION)
    _batches(session, here, ["考试"], kind=Kind.EXAM, count=3)
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)

    def shown(query: str) -> list[str]:
        return _titles(head.get(f"/certificates/batches?{query}").text, "batches")

    assert shown("") == ["甲班", "考试", "丙班", "乙班"]
    assert shown("kind=exam") == ["考试"]
    assert shown("source=selection") == ["丙班", "乙班"]
    assert shown("state=prepared") == ["甲班"]
    assert shown("q=乙") == ["乙班"]
    assert len(shown("q=闽江")) == 4
    assert shown("sort=-count")[:2] == ["甲班", "考试"]
    assert shown("kind=nonsense&sort=nonsense&source=x&state=y") == ["甲班", "考试", "丙班", "乙班"]
    assert "没有符合条件的批次" in head.get("/certificates/batches?q=没有").text


def test_runs_are_narrowed_and_sorted(session: Session, as_role: AsRole, here: Organisation) -> None:
    _runs(session, here, ["在画"], count=2)
    _runs(session, here, ["画完"], finished_at=ground.NOW, count=9)
    _runs(session, here, ["核销"], finished_at=ground.NOW, settled_at=ground.NOW, kind=Kind.EXAM)
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)

    def shown(query: str) -> list[str]:
        return _titles(head.get(f"/certificates/runs?{query}").text, "runs")

    assert shown("") == ["核销", "画完", "在画"]
    assert [shown(f"state={state}") for state in ("drawing", "drawn", "settled")] == [["在画"], ["画完"], ["核销"]]
    assert shown("kind=exam") == ["核销"]
    assert shown("q=画完") == ["画完"]
    assert shown("sort=count") == ["核销", "在画", "画完"]
    assert shown("state=nonsense&sort=nonsense") == ["核销", "画完", "在画"]
    assert "没有符合条件的批次" in head.get("/certificates/runs?q=没有").text


def test_a_batch_of_a_command_is_the_systems_on_both_pages(session: Session, as_role: AsRole, here: Organisation) -> None:
    with transaction():
        person = account(name="陈某")
    _batches(session, here, ["有人"], asked_by_id=person.id)
    _batches(session, here, ["命令"])
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    assert re.findall(r'<span class="sub">(系统|陈某)</span>', head.get("/certificates/batches").text) == ["系统", "陈某"]


@pytest.mark.parametrize("page", ["/certificates/", "/certificates/export.csv"])
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_day_that_does_not_exist_is_no_list_of_everything(as_role: AsRole, here: Organisation, page: str, name: str) -> None:
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=here.id)
    for text in ("2016-02-30", "abc"):
        answer = client.get(page, query_string={name: text})
        assert (answer.status_code, f"日期“{text}”不存在" in answer.text) == (422, True)
    assert [client.get(page, query_string={name: text}).status_code for text in ("", "2016-02-29")] == [200, 200]
