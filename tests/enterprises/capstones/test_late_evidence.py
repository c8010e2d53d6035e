"""Evidence that is added after a topic's approvals: where it waits, who judges it, and what a second answer changes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.capstones import operations
from enterprises.capstones.models import Topic
from enterprises.capstones.types import EvidenceKind, Side, TopicState
from tests.factories import capstones as make
from tests.factories import ground, identity
from tests.factories.capstones import NOW, TODAY
from trainhub.identity import queries as accounts
from trainhub.identity.models import Account
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.audit import AuditEvent, write_pending
from trainhub.kernel.errors import Refused, Stale
from trainhub.notifications.models import Notice

AsRole = Callable[..., FlaskClient]
HOME = "审核企业补充的证明材料"


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


def test_what_the_evidence_of_a_confidential_topic_says_is_in_no_audit(session: Session) -> None:
    row = make.topic(has_evidence=False, is_confidential=True)
    operations.add_evidence(topic=row, kind=EvidenceKind.CONTRACT, file_id=make.pdf(), evidence="HT-机密-7", by=SYSTEM, now=NOW)
    operations.judge_evidence(topic=row, is_taken=False, reason="没有盖章", by=SYSTEM, now=NOW)
    write_pending(session)
    assert [event.did for event in session.scalars(sa.select(AuditEvent)) if "机密" in str(event.data)] == []


@pytest.mark.parametrize("late", ["", "HT-2"])
def test_what_was_proposed_and_approved_stands_when_late_evidence_is_sent_back(session: Session, late: str) -> None:
    row = make.topic(has_evidence=False, evidence="立项 2025-7")
    for _twice in range(2):
        operations.add_evidence(topic=row, kind=EvidenceKind.CONTRACT, file_id=make.pdf(), evidence=late, by=SYSTEM, now=NOW)
        assert row.evidence == (late or "立项 2025-7")
        operations.judge_evidence(topic=row, is_taken=False, reason="没有盖章", by=SYSTEM, now=NOW)
        assert (row.evidence, row.evidence_file_id) == ("立项 2025-7", None)


def test_evidence_of_a_topic_that_is_gone_waits_for_nobody(session: Session, as_role: AsRole) -> None:
    row = _waiting()
    key, programme_id = row.id, row.programme_id
    operations.withdraw_topic(topic=row, reason="项目取消", by=SYSTEM, now=NOW)
    session.commit()
    head = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id)
    assert HOME not in head.get("/").text
    assert row.title not in head.get("/capstones/topics?evidence=waits").text
    assert f"/capstones/topics/{key}/evidence/judge" not in head.get(f"/capstones/topics/{key}").text
    with pytest.raises(Refused) as no:
        operations.judge_evidence(topic=row, is_taken=True, by=SYSTEM, now=NOW)
    assert no.value.code == "wrong_state"


def test_evidence_that_is_proposed_anew_with_its_topic_is_approved_with_it(session: Session) -> None:
    programme = ground.programme()
    who = identity.account(roles=(Role.ENTERPRISE_COORDINATOR,))
    row = make.topic(programme=programme, has_evidence=False, is_approved=False)
    row.proposed_by_id = who.id
    times = {"by": SYSTEM, "now": NOW}
    operations.approve_topic(topic=row, side=Side.SCHOOL, today=TODAY, **times)
    operations.add_evidence(topic=row, kind=EvidenceKind.CONTRACT, file_id=make.pdf(), evidence="HT-1", **times)
    assert row.evidence_waits
    operations.refuse_topic(topic=row, side=Side.ENTERPRISE, reason="题目太大", **times)
    mine = make.as_person(ground.person())
    operations.revise_topic(topic=row, title="缩小的题目", problem="同一问题", evidence="HT-1", by=replace(mine, account_id=who.id), now=NOW)
    for side in Side:
        operations.approve_topic(topic=row, side=side, today=TODAY, **times)
    assert (row.state, row.evidence_waits, row.evidence_file_id is not None) == (TopicState.APPROVED, False, True)


def test_who_added_evidence_finds_no_task_of_it_at_home(session: Session, as_role: AsRole) -> None:
    row = make.topic(has_evidence=False)
    person_id, programme_id = ground.person().id, row.programme_id
    session.commit()
    both = as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id, person_id=person_id)
    account_id = accounts.accounts_of_persons([person_id])[person_id]
    operations.add_evidence(
        topic=row, kind=EvidenceKind.CONTRACT, file_id=make.pdf(), by=replace(make.as_person(ground.person()), account_id=account_id), now=NOW
    )
    session.commit()
    assert HOME not in both.get("/").text
    assert HOME in as_role(Role.PROGRAMME_ADMIN, programme_id=programme_id).get("/").text
