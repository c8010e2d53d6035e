"""Evidence that is added after a topic's approvals: where it waits, who judges it, and what a second answer changes."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from enterprises.capstones.models import Topic
from enterprises.capstones.types import EvidenceKind
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW
from trainhub.identity import queries as accounts
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.errors import Stale
from trainhub.notifications.models import Notice

AsRole = Callable[..., FlaskClient]


def _waiting(**given: object) -> Topic:
    row = make.topic(has_evidence=False, **given)
    return operations.add_evidence(topic=row, kind=EvidenceKind.CONTRACT, file_id=make.pdf(), evidence="HT-1", by=SYSTEM, now=NOW)


def test_the_library_tells_what_waits_from_what_is_missing_and_the_home_page_leads_there(session: Session, as_role: AsRole) -> None:
    programme = ground.programme()
    rows = [_waiting(programme=programme), make.topic(programme=programme, has_evidence=False), make.topic(programme=programme)]
    titles, programme_id = [row.title for row in rows], programme.id
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    for wanted, there in (("waits", 0), ("missing", 1), ("there", 2)):
        page = head.get(f"/capstones/topics?evidence={wanted}").text
        assert [title in page for title in titles] == [at == there for at in range(3)], wanted
    file = head.get("/capstones/topics/export.csv").data.decode("utf-8-sig").splitlines()
    told = {line.split(",")[0]: line for line in file}
    assert ["待学校审核" in told[titles[0]], "缺少" in told[titles[1]], "已上传" in told[titles[2]]] == [True] * 3
    home = head.get("/").text
    assert ("审核企业补充的证明材料" in home, "/capstones/topics?evidence=waits" in home) == (True, True)
    operations.judge_evidence(topic=session.get_one(Topic, rows[0].id), is_taken=True, by=SYSTEM, now=NOW)
    session.commit()
    assert "审核企业补充的证明材料" not in head.get("/").text


def test_who_added_evidence_is_not_asked_to_judge_it(session: Session, as_role: AsRole) -> None:
    row = make.topic(has_evidence=False)
    who = ground.person()
    key, firm, programme_id, person_id = row.id, row.enterprise_id, row.programme_id, who.id
    session.commit()
    both = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id, person_id=person_id)
    account = session.get_one(Account, accounts.accounts_of_persons([person_id])[person_id])
    identity.grant(account, Role.ENTERPRISE_COORDINATOR, organisation_id=firm)
    session.commit()
    where = f"/capstones/topics/{key}"
    data = {"evidence_kind": "contract", "file": (io.BytesIO(make.PDF), "合同.pdf")}
    assert both.post(f"{where}/evidence", data=data, content_type="multipart/form-data").status_code == 303
    page = both.get(where).text
    assert ("待学校审核" in page, f"{where}/evidence/judge" in page) == (True, False)
    assert both.post(f"{where}/evidence/judge").status_code == 403
    assert f"{where}/evidence/judge" in as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get(where).text


def test_evidence_that_is_sent_back_twice_is_sent_back_once_and_leaves_nothing(session: Session) -> None:
    row = _waiting()
    enterprise = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,), organisation_id=row.enterprise_id)
    seen = row.evidence_file_id
    for _twice in range(2):
        operations.judge_evidence(topic=row, is_taken=False, reason="没有盖章", by=SYSTEM, now=NOW, seen=seen)
    assert (row.evidence_file_id, row.evidence_kind, row.evidence, row.evidence_waits) == (None, None, "", False)
    told = sa.select(sa.func.count()).select_from(Notice).where(Notice.kind == "capstones.evidence_refused", Notice.account_id == enterprise.id)
    assert session.scalar(told) == 1
    operations.add_evidence(topic=row, kind=EvidenceKind.CONTRACT, file_id=make.pdf("盖章.pdf"), by=SYSTEM, now=NOW)
    with pytest.raises(Stale):  # the page that was opened before shows another file
        operations.judge_evidence(topic=row, is_taken=False, reason="没有盖章", by=SYSTEM, now=NOW, seen=seen)
    with pytest.raises(Stale):
        operations.judge_evidence(topic=row, is_taken=True, by=SYSTEM, now=NOW, seen=seen)
    assert row.evidence_waits
