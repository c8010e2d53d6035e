"""The history of a certificate cannot be rewritten: events are append-only by trigger, and the audit log knows their hashes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, certificate, corrected, rewriting
from trainhub.certificates import chain, operations, queries, verifying
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Event, Kind, Status
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import transaction
from trainhub.people import operations as people
from trainhub.people.models import Person
from trainhub.people.types import PairDecision

pytestmark = pytest.mark.database


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


@pytest.mark.parametrize("statement", [sa.update(CertificateEvent).values(reason="改写"), sa.delete(CertificateEvent)], ids=["update", "delete"])
def test_events_are_append_only(session: Session, statement: Any) -> None:
    certificate()
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), session.begin_nested():
        session.execute(statement.execution_options(synchronize_session=False))
    assert session.scalar(sa.select(sa.func.count()).select_from(CertificateEvent)) == 1


def _of_a_list(count: int = 3) -> list[Certificate]:
    at = ground.university()
    rows = [Wanted(ground.person().id, FACTS[Kind.TRAINING]) for _one in range(count)]
    batch = batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    found = [queries.by_id(item.certificate_id or 0) for item in queries.first_items(batch.id, count)]
    return [one for one in found if one is not None]


def _rewritten(session: Session, made: Certificate, **columns: Any) -> None:
    """What somebody with the database does who also knows how a hash is computed: the row and its whole chain say something else."""
    with transaction():
        session.execute(sa.update(Certificate).where(Certificate.id == made.id).values(columns).execution_options(synchronize_session=False))
        session.expire_all()
        before = chain.GENESIS
        with rewriting(session):
            for row in queries.events_of([made]):
                one = row.event
                said = {"reason": one.reason, "document": one.document, "on": one.on, "at": one.at, "by_account_id": one.by_account_id}
                digest = queries.computed_hash(made, before, event=one.event.value, state=one.state.value, **said)
                values = {"before_hash": before, "hash": digest}
                session.execute(
                    sa.update(CertificateEvent).where(CertificateEvent.id == one.id).values(values).execution_options(synchronize_session=False)
                )
                before = digest
    session.expire_all()


ISSUED: dict[str, Callable[[], Certificate]] = {
    "by a rule": certificate,
    "of a list": lambda: _of_a_list()[1],
    "corrected": lambda: corrected(certificate(), facts={"hours": 40}),
    "reissued": lambda: operations.reissue(certificate=certificate(), **REASON),
    "resumed": lambda: operations.resume(certificate=operations.suspend(certificate=certificate(), **REASON), **REASON),
}


@pytest.mark.parametrize("way", ISSUED)
def test_facts_and_hashes_rewritten_together_show(session: Session, way: str) -> None:
    with transaction():
        made = ISSUED[way]()
    assert queries.is_whole(made)
    facts = {**made.facts, "hours": "999"}
    if made.replaces_id is not None:
        before = queries.line_of(made)[0]
        assert queries.is_whole(before)
    _rewritten(session, made, facts=facts)
    assert not queries.is_whole(made)


def test_one_of_a_list_that_was_rewritten_is_told_from_the_others(session: Session) -> None:
    with transaction():
        made, others = _of_a_list(), _of_a_list()
        operations.reissue(certificate=made[0], **REASON)
        operations.suspend(certificate=others[0], **REASON)
    assert queries.whole_among([*made, *others]) == {one.id for one in (*made, *others)}
    _rewritten(session, made[1], code="0" * 12)
    assert queries.whole_among([*made, *others]) == {one.id for one in (*made, *others)} - {made[1].id}


def test_of_two_that_were_rewritten_none_hides_behind_the_other(session: Session) -> None:
    with transaction():
        made = _of_a_list(4)
    for one in made[1:3]:
        _rewritten(session, one, facts={**one.facts, "hours": "999"})
    assert queries.whole_among(made) == {made[0].id, made[3].id}


def test_a_draft_of_a_list_that_is_released_later_is_whole(session: Session) -> None:
    with transaction():
        at = ground.university()
        persons = [ground.person(), ground.person("王\U00033479"), ground.person()]
        rows = [Wanted(one.id, FACTS[Kind.TRAINING]) for one in persons]
        batch = batches.prepare(title="春季班", issuer=at, rows=rows, kind=Kind.TRAINING, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
        batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
        batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    with transaction():
        persons[1].name = "王明"
        drafts = [one for item in queries.first_items(batch.id, 3) if (one := queries.by_id(item.certificate_id or 0)) is not None]
        assert [one.note for one in drafts] == ["", "needs_glyph", ""]
        operations.release(certificate=drafts[1], by=DECIDER, today=TODAY, now=ground.NOW)
    assert queries.whole_among(drafts) == {one.id for one in drafts}
    _rewritten(session, drafts[1], facts={**drafts[1].facts, "hours": "999"})
    assert not queries.is_whole(drafts[1])


def test_merged_persons_keep_whole_certificates_of_lists(session: Session) -> None:
    with transaction():
        stays = ground.person()
        made = _of_a_list()
        gone = session.get_one(Person, made[0].person_id)
        ground.merge(stays, gone)
    session.expire_all()
    assert queries.whole_among(made) == {one.id for one in made}
    with transaction():
        people.decide_pair(first=stays, second=gone, decision=PairDecision.DIFFERENT, reason="两个人", by=SYSTEM, now=ground.NOW)
    session.expire_all()
    assert queries.whole_among(made) == {one.id for one in made}


def test_of_many_portions_few_questions_are_asked(session: Session, count_queries: list[str]) -> None:
    with transaction():
        few, more = _of_a_list(2), _of_a_list(9)
    asked = []
    for some in (few, more):
        count_queries.clear()
        assert len(queries.whole_among(some)) == len(some)
        asked.append(len(count_queries))
    assert asked[1] <= asked[0]
    assert Event.ISSUE in {row.event.event for row in queries.events_of(more)}


def _touched(statements: list[str]) -> list[str]:
    return [one for one in statements if "certificate_event" in one]


def test_of_several_portions_no_more_is_asked_than_of_one(session: Session, count_queries: list[str]) -> None:
    with transaction():
        lists = [_of_a_list(2) for _one in range(5)]
    asked = []
    for some in (lists[0], [made for one in lists for made in one]):
        count_queries.clear()
        assert len(queries.whole_among(some)) == len(some)
        asked.append(len(count_queries))
    assert asked[1] <= asked[0]
    known: queries.Portions = {}
    read = []
    for _twice in range(2):
        count_queries.clear()
        assert len(queries.whole_among(lists[0], known)) == 2
        read.append(len(count_queries))
    assert read == [asked[0], asked[0] - 1], "a portion is read once by whoever keeps what is known"


def test_of_rows_with_wrong_codes_no_history_is_read(session: Session, count_queries: list[str]) -> None:
    with transaction():
        made = _of_a_list(5)
    asked = [(one.number, one.code) for one in made]
    count_queries.clear()
    assert {one.status for one in verifying.check_each([(number, "0" * 12) for number, _code in asked] * 6)} == {Status.UNKNOWN}
    assert _touched(count_queries) == []
    assert {one.status for one in verifying.check_each(asked)} == {Status.ISSUED}
    _rewritten(session, made[1], code="1" * 12)
    session.expire_all()
    assert [one.status for one in verifying.check_each([(made[1].number, "1" * 12), *asked[2:]])] == [Status.TAMPERED, *[Status.ISSUED] * 3]
