"""A draft is put right by somebody else than who it is for, from the template that was approved or by a second person; what stops one stops no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, TODAY, WRITER, certificate
from trainhub.certificates import operations, queries, tasks
from trainhub.certificates.models import Certificate, CertificateCounter
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.operations import batches, templates
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind, State
from trainhub.kernel import fonts
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.db import transaction
from trainhub.people.models import Person

pytestmark = [pytest.mark.database, pytest.mark.skipif(not fonts.available(), reason="the document fonts are not installed: make setup")]
AsRole = Callable[..., FlaskClient]


def _rare(session: Session) -> Person:
    who = ground.person("王某")
    who.name = "王\U00033479"
    session.flush()
    return who


def _mended(session: Session, who: Person) -> None:
    who.name = "王某"
    session.flush()


def _approved(code: str) -> None:
    drawer, checker = (Identity(account_id=number, person_id=None, name="某人", grants=()) for number in (1, 2))
    row = templates.start(code=code, kind=Kind.TRAINING, owner=None, by=drawer, now=ground.NOW)
    templates.submit(template=row, by=drawer, now=ground.NOW)
    templates.decide(template=row, is_approved=True, reason="", by=checker, now=ground.NOW)


def test_who_drew_up_the_list_does_not_exchange_the_template_that_was_approved(session: Session) -> None:
    _approved("another")
    who, at = _rare(session), ground.university()
    rows = [Wanted(who.id, FACTS[Kind.TRAINING])]
    batch = batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    made = queries.by_id(queries.first_items(batch.id, 1)[0].certificate_id or 0)
    assert made is not None
    assert made.state is State.DRAFT
    _mended(session, who)
    given: dict[str, Any] = {"certificate": made, "today": TODAY, "now": ground.NOW}
    with pytest.raises(operations.CannotIssue, match="另一位负责人"):
        operations.release(by=WRITER, template="another", **given)
    assert (made.state, made.template) == (State.DRAFT, "training")
    operations.release(by=DECIDER, template="another", **given)
    assert (made.state, made.template, queries.is_whole(made)) == (State.ISSUED, "another", True)


def test_who_drew_up_the_list_releases_it_from_the_template_that_was_approved(session: Session) -> None:
    who, at = _rare(session), ground.university()
    rows = [Wanted(who.id, FACTS[Kind.TRAINING])]
    batch = batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    made = queries.by_id(queries.first_items(batch.id, 1)[0].certificate_id or 0)
    assert made is not None
    _mended(session, who)
    operations.release(certificate=made, by=WRITER, today=TODAY, now=ground.NOW)
    assert made.state is State.ISSUED


def test_nobody_releases_their_own(session: Session, as_role: AsRole) -> None:
    with transaction():
        who, other, at = _rare(session), ground.person(), ground.university()
        made = certificate(who=who, issuer=at)
        ground.merge(who, other)
        _mended(session, who)
        number = made.number
    mine = Identity(account_id=91, person_id=other.id, name="本人", grants=())
    with pytest.raises(operations.CannotIssue, match="你自己的证书"):
        operations.release(certificate=made, by=mine, today=TODAY, now=ground.NOW)
    session.rollback()
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id, person_id=who.id)
    assert f"/certificates/{number}/release" not in head.get(f"/certificates/{number}").text
    assert head.post("/certificates/waiting/release").status_code == 303
    assert queries.by_number(number).state is State.DRAFT  # type: ignore[union-attr]
    assert as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id).post("/certificates/waiting/release").status_code == 303
    assert queries.by_number(number).state is State.ISSUED  # type: ignore[union-attr]


def test_what_stops_one_stops_no_other_and_is_told(session: Session, as_role: AsRole) -> None:
    with transaction():
        at, persons = ground.university(), [_rare(session) for _one in range(3)]
        made = [certificate(kind, who=who, issuer=at) for kind, who in zip((Kind.EXAM, Kind.COMPLETION, Kind.TRAINING), persons, strict=True)]
        numbers = [one.number for one in made]
        for who in persons:
            _mended(session, who)
        session.execute(sa.update(CertificateCounter).where(CertificateCounter.kind == Kind.EXAM).values(last=999_999))
        body = f"{numbers[0][:7]}2020{numbers[0][11:17]}"  # of another year it needs a new number, and there is none
        session.execute(sa.update(Certificate).where(Certificate.id == made[0].id).values(number=body + check_digit(body)))
        key, wrong = made[1].asked_key, "course:MC-101/2026:person:1"  # without the evidence that the room looks for
        broken = sa.update(Certificate).where(Certificate.id == made[1].id).values(asked_key=wrong)
        session.execute(broken.execution_options(synchronize_session=False))
    session.expire_all()
    head = as_role(Role.UNIVERSITY_ADMIN, organisation_id=at.id)
    session.commit()  # the account, before something is rolled back
    page = head.post("/certificates/waiting/release", follow_redirects=False)
    assert page.status_code == 303
    found = tasks.release_waiting(SYSTEM, lambda _done, _total, _text: None)
    assert (found.issued, found.waiting, found.failed) == (0, 1, 1)
    with transaction():
        session.execute(sa.update(Certificate).where(Certificate.number == numbers[1]).values(asked_key=key))
    told = head.get("/certificates/waiting").text
    assert "已签发 1 张，仍有 2 张待处理" in told
    assert "其中 1 张因系统错误没有处理" in told
    assert queries.by_number(numbers[2]).state is State.ISSUED  # type: ignore[union-attr]
