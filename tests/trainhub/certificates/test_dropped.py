"""A waiting certificate that can never be printed has an end: it is given up with a reason, and a corrected list issues what was meant."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import current_app
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, TODAY, WRITER, certificate
from trainhub.certificates import operations, queries, tasks, verifying
from trainhub.certificates.models import Certificate, IssueBatch
from trainhub.certificates.operations import batches, dropping
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import PRESENT_FACTS, Attested, BatchSource, Kind, State, Status
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

pytestmark = [pytest.mark.database, pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")]
AsRole = Callable[..., FlaskClient]


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _prepared(issuer: Organisation, who: Person, **facts: Any) -> IssueBatch:
    rows = [Wanted(who.id, {**FACTS[Kind.EXAM], **facts})]
    return batches.prepare(title="等级考试", kind=Kind.EXAM, source=BatchSource.IMPORT, issuer=issuer, rows=rows, by=WRITER, now=ground.NOW)


def _issued(batch: IssueBatch) -> Certificate:
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    (item,) = queries.first_items(batch.id, 1)
    found = queries.by_id(item.certificate_id or 0)
    assert found is not None
    return found


def _drop(draft: Certificate, **given: Any) -> Certificate:
    return dropping.drop(certificate=draft, **{"reason": "名单有误", "by": SYSTEM, "now": ground.NOW, **given})


def test_a_corrected_list_issues_what_was_given_up(session: Session) -> None:
    with transaction():
        issuer, who = ground.university(), ground.person()
        draft = _issued(_prepared(issuer, who, result="良好□"))
        assert (draft.state, draft.note) == (State.DRAFT, "needs_glyph")
        again = _prepared(issuer, who, result="良好")
        assert (queries.known_in(again), [one.number for one in queries.unlike_in(again)]) == (0, []), "nothing was issued before"
        assert [(one.number, one.is_same) for one in queries.drafts_in(again)] == [(draft.number, True)]
        _drop(draft)
        assert queries.drafts_in(again) == []
        made = _issued(again)
    assert (made.state, made.facts["result"], made.number != draft.number) == (State.ISSUED, "良好", True)
    assert (draft.state, draft.is_current, draft.note) == (State.DRAFT, False, "dropped")
    assert verifying.check(draft.number).status is Status.UNKNOWN, "nobody outside ever saw it"
    assert session.scalar(sa.select(AuditEvent.data).where(AuditEvent.did == "certificates.certificate.dropped")) == {
        "number": draft.number, "reason": "名单有误"}  # fmt: skip
    assert queries.waiting_ids(SYSTEM) == []


def test_one_that_waits_for_the_same_person_is_told_before_another_is_issued(session: Session) -> None:
    """With another exam it is another certificate: nobody is issued two for a typing mistake unless somebody wants both."""
    with transaction():
        issuer, who = ground.university(), ground.person()
        draft = _issued(_prepared(issuer, who, exam="嵌入式系统工程师□"))
        again, other = _prepared(issuer, who), _prepared(issuer, ground.person())
    assert [(one.number, one.holder, one.is_same) for one in queries.drafts_in(again)] == [(draft.number, who.name, False)]
    assert queries.drafts_in(other) == []


def test_one_that_waits_under_the_same_name_is_told_whoever_holds_it_now(session: Session) -> None:
    with transaction():
        issuer, who = ground.university(), ground.person()
        draft = _issued(_prepared(issuer, who, result="良好□"))
        again = _prepared(issuer, who)
        draft.person_id = ground.person().id
        session.flush()
    assert [(one.number, one.is_same) for one in queries.drafts_in(again)] == [(draft.number, True)]


def test_what_was_given_up_is_never_issued(session: Session) -> None:
    with transaction():
        draft = _drop(_issued(_prepared(ground.university(), ground.person(), result="良好□")))
    with pytest.raises(operations.CannotIssue, match="作废"):
        operations.release(certificate=draft, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert tasks.release_waiting(SYSTEM, lambda _done, _total, _text: None) == tasks.Released()
    with pytest.raises(Refused):
        _drop(draft)


def test_what_is_issued_is_not_given_up_and_nobody_gives_up_their_own(session: Session) -> None:
    with transaction():
        who = ground.person()
        made = certificate()
        draft = _issued(_prepared(ground.university(), who, result="良好□"))
    with pytest.raises(operations.CannotIssue):
        _drop(made)
    with pytest.raises(operations.CannotIssue, match="你自己"):
        _drop(draft, by=Identity(7, who.id, "甲", ()))
    with pytest.raises(operations.CannotIssue, match="理由"):
        _drop(draft, reason=" ")


def test_what_a_record_still_asks_for_is_put_right_in_the_record(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next sweep would draw it up again."""
    with transaction():
        made = certificate(facts={"course": "导论□"}, asked_key=f"trial:X:person:{ground.unique()}")
    assert made.state is State.DRAFT
    said = {made.id: Attested(made.facts, made.evidence)}
    monkeypatch.setitem(
        current_app.extensions[PRESENT_FACTS], "trial", lambda drafts, _today: {one.id: said[one.id] for one in drafts if one.id in said}
    )
    with pytest.raises(operations.CannotIssue, match="来源"):
        _drop(made)
    said.clear()
    with transaction():
        _drop(made)
    assert not made.is_current


def test_the_page_offers_it_and_the_batch_tells_of_it(session: Session, as_role: AsRole) -> None:
    with transaction():
        issuer, who = ground.university(), ground.person()
        draft = _issued(_prepared(issuer, who, result="良好□"))
        again = _prepared(issuer, who, result="良好")
    admin = as_role(Role.UNIVERSITY_ADMIN, organisation_id=issuer.id)
    assert draft.number in admin.get(f"/certificates/batches/{again.id}").text.replace(" ", "")
    assert f"/certificates/{draft.number}/drop" in admin.get(f"/certificates/{draft.number}").text
    assert admin.post(f"/certificates/{draft.number}/drop", data={"reason": ""}).status_code == 422
    answer = admin.post(f"/certificates/{draft.number}/drop", data={"reason": "名单有误"}, follow_redirects=True)
    assert answer.status_code == 200
    assert "已作废" in answer.text
    assert draft.number not in admin.get("/certificates/waiting").text
    assert f"/certificates/{draft.number}/drop" not in admin.get(f"/certificates/{draft.number}").text
    other = as_role(Role.INSPECTOR)
    assert other.post(f"/certificates/{draft.number}/drop", data={"reason": "x"}).status_code == 403


def test_one_that_is_given_up_while_it_is_being_issued_is_not_issued(session: Session) -> None:
    """Somebody else gives it up, or issues it, after it was read and before it is issued."""
    for values in ({"is_current": False}, {"state": State.ISSUED}):
        with transaction():
            draft = _issued(_prepared(ground.university(), ground.person(), result="良好□"))
            draft.facts = {**draft.facts, "result": "良好"}
            session.flush()
            beside = sa.update(Certificate).where(Certificate.id == draft.id).values(values)
            session.execute(beside.execution_options(synchronize_session=False))
            assert (draft.is_current, draft.state) == (True, State.DRAFT), "as it was read"
            with pytest.raises(operations.CannotIssue):
                operations.release(certificate=draft, by=SYSTEM, today=TODAY, now=ground.NOW)


def test_what_was_issued_meanwhile_is_not_given_up(session: Session) -> None:
    with transaction():
        draft = _issued(_prepared(ground.university(), ground.person(), result="良好□"))
        beside = sa.update(Certificate).where(Certificate.id == draft.id).values(state=State.ISSUED)
        session.execute(beside.execution_options(synchronize_session=False))
        with pytest.raises(Refused):
            _drop(draft)
    assert draft.is_current
