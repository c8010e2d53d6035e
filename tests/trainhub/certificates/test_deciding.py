"""Who decides is not the holder, and what follows is not dated before what it follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, certificate
from tests.factories.identity import account
from trainhub.certificates import operations, queries
from trainhub.certificates.models import IssueBatch
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.changing import CannotChange
from trainhub.certificates.operations.issuing import CannotIssue
from trainhub.certificates.types import BatchSource, BatchState, Kind, State
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock
from trainhub.kernel.access import Identity, Role
from trainhub.notifications.models import Notice

AsRole = Callable[..., FlaskClient]
pytestmark = pytest.mark.database


def _who(person_id: int | None, account_id: int = 77) -> Identity:
    return Identity(account_id=account_id, person_id=person_id, name="本人", grants=())


def _decide(batch: IssueBatch, by: Identity, *, is_approved: bool = True) -> None:
    batches.decide(batch=batch, is_approved=is_approved, reason="核对", by=by, today=TODAY, now=ground.NOW)


@pytest.mark.parametrize("is_approved", [True, False])
def test_the_holder_does_not_decide_on_the_correction_of_their_own(session: Session, is_approved: bool) -> None:
    who, other = ground.person("林一"), ground.person("林一")
    made = certificate(who=who)
    batch = operations.prepare_correction(certificate=made, facts={"hours": 100}, **{**REASON, "by": WRITER})
    for one in (who, other):
        if one is other:
            ground.merge(who, other)
        with pytest.raises(batches.CannotDecide, match="你自己"):
            _decide(batch, _who(one.id), is_approved=is_approved)
    assert batch.state is BatchState.PREPARED
    _decide(batch, _who(ground.person().id), is_approved=is_approved)


def test_nobody_approves_a_list_that_names_them_and_its_page_says_so(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    who, at = ground.person(), ground.university()
    rows = [batches.Wanted(one.id, FACTS[Kind.TRAINING]) for one in (ground.person(), who)]
    batch = batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
    with pytest.raises(batches.CannotDecide, match="你自己"):
        _decide(batch, _who(who.id))
    session.commit()
    own = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id, person_id=who.id).get(f"/certificates/batches/{batch.id}").text
    assert ("名单中有你自己的证书" in own, "通过并签发" in own) == (True, False)
    _decide(batch, DECIDER)


def test_who_prepared_it_may_take_back_what_names_them(session: Session) -> None:
    who = ground.person()
    writer = _who(who.id, account_id=91)
    batch = operations.prepare_correction(certificate=certificate(who=who), facts={"hours": 100}, **{**REASON, "by": writer})
    _decide(batch, writer, is_approved=False)
    assert batch.state is BatchState.REJECTED


@pytest.mark.parametrize(("days", "is_taken"), [(-1, False), (0, True), (1, True)])
def test_a_change_is_not_dated_before_the_one_it_follows(session: Session, days: int, is_taken: bool) -> None:
    made = certificate(today=date(2025, 11, 3))
    held = TODAY - timedelta(days=30)
    operations.suspend(certificate=made, **{**REASON, "on": held})
    given = {**REASON, "on": held + timedelta(days=days)}
    if is_taken:
        operations.resume(certificate=made, **given)
        assert made.state is State.ISSUED
    else:
        with pytest.raises(CannotChange, match="上一次变更"):
            operations.resume(certificate=made, **given)
        assert made.state is State.SUSPENDED


def test_a_correction_drawn_up_before_a_suspension_is_dated_after_it(session: Session) -> None:
    made = certificate(today=date(2025, 11, 3))
    batch = operations.prepare_correction(certificate=made, facts={"hours": 50}, **{**REASON, "by": WRITER, "on": TODAY - timedelta(days=9)})
    operations.suspend(certificate=made, **REASON)
    _decide(batch, DECIDER)
    assert [one.event.on for one in queries.events_of([made])] == [date(2025, 11, 3), TODAY, TODAY]


@pytest.mark.parametrize("verb", ["resume", "revoke", "reissue"])
def test_nobody_resumes_revokes_or_reissues_their_own(session: Session, as_role: AsRole, verb: str) -> None:
    session.expire_on_commit = False
    at, who, other = ground.university(), ground.person("林一"), ground.person("林一")
    made = certificate(Kind.MENTOR, issuer=at, who=who)
    if verb == "resume":
        operations.suspend(certificate=made, **REASON)
    before = made.state
    ground.merge(who, other)
    for one in (who, other):
        with pytest.raises(CannotChange, match="你自己"):
            getattr(operations, verb)(certificate=made, **{**REASON, "by": _who(one.id)})
    session.commit()
    office = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id, person_id=who.id)
    assert f"/change/{verb}" not in office.get(f"/certificates/{made.number}").text
    key = str(ground.unique()) + "-own"
    said = {"reason": "无误", "document": "教务3号", "on": clock.today().isoformat(), "submission_key": key}
    answer = office.post(f"/certificates/{made.number}/change/{verb}", data=said)
    assert (answer.status_code, "你自己的证书" in answer.text) == (422, True)
    session.expire_all()
    assert made.state is before
    assert getattr(operations, verb)(certificate=made, **{**REASON, "by": _who(ground.person().id)}).number == made.number


@pytest.mark.parametrize(("title", "is_taken"), [("", False), ("  ", False), ("批" * 200, True), ("批" * 201, False), ("批" * 5000, False)])
def test_a_batch_has_a_title_that_fits(session: Session, title: str, is_taken: bool) -> None:
    given: dict[str, Any] = {"kind": Kind.TRAINING, "source": BatchSource.IMPORT, "issuer": ground.university(), "by": WRITER, "now": ground.NOW}
    rows = [batches.Wanted(ground.person().id, FACTS[Kind.TRAINING])]
    if is_taken:
        assert batches.prepare(title=f" {title} ", rows=rows, **given).title == title
        return
    with pytest.raises(CannotIssue, match="批次名称"):
        batches.prepare(title=title, rows=rows, **given)


def test_whoever_may_decide_is_told_and_nobody_else(session: Session, as_role: AsRole) -> None:
    """A batch that nobody hears of waits for good: the page of the list says what waits only to whom opens it."""
    session.expire_on_commit = False
    at, learner = ground.university(), ground.person()
    one, other = (account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=at.id) for _place in range(2))
    elsewhere = ground.university()
    far, edu = account(roles=(Role.UNIVERSITY_ADMIN,), organisation_id=elsewhere.id), account(roles=(Role.DEPT_EDU,))
    rows = [batches.Wanted(learner.id, FACTS[Kind.TRAINING])]
    given: dict[str, Any] = {"rows": rows, "kind": Kind.TRAINING, "source": BatchSource.IMPORT, "now": ground.NOW}

    def told() -> set[int]:
        return set(session.scalars(sa.select(Notice.account_id).where(Notice.kind == "certificates.to_decide")))

    batch = batches.prepare(title="春季班", issuer=at, by=_who(None, one.id), **given)
    assert told() == {other.id}
    counts = {each.id: queries.count_to_decide(identity_of(each.id, today=TODAY)) for each in (one, other, far, edu)}
    assert counts == {one.id: 0, other.id: 1, far.id: 0, edu.id: 1}
    batches.prepare(title="另一所", issuer=elsewhere, by=_who(None, far.id), **given)
    assert told() == {other.id, edu.id}, "who is alone at the issuer is decided on by the province"
    _decide(batch, DECIDER)
    assert queries.count_to_decide(identity_of(other.id, today=TODAY)) == 0


def test_the_first_page_says_what_waits_for_a_second_person(session: Session, as_role: AsRole) -> None:
    session.expire_on_commit = False
    at, other, learner = ground.university(), ground.university(), ground.person()
    rows = [batches.Wanted(learner.id, FACTS[Kind.TRAINING])]
    batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
    waits = certificate(issuer=at)
    waits.state, waits.note = State.DRAFT, "needs_glyph"
    session.commit()
    page = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id).get("/").text
    assert ("审核签发批次" in page, "处理待签发的证书" in page, "/certificates/batches?state=prepared" in page) == (True, True, True)
    elsewhere = as_role(Role.UNIVERSITY_ADMIN, organisation_id=other.id).get("/").text
    assert ("审核签发批次" in elsewhere, "处理待签发的证书" in elsewhere) == (False, False)
