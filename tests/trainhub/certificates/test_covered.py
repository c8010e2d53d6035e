"""What the history of a certificate vouches for: not its words alone, but what it is, from whom, to whom, and what it rests on."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import DECIDER, FACTS, REASON, TODAY, WRITER, certificate
from trainhub.certificates import operations, queries
from trainhub.certificates.models import Certificate
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel.access import SYSTEM
from trainhub.people import operations as people
from trainhub.people.types import PairDecision

pytestmark = pytest.mark.database


def _of_a_list(kind: Kind = Kind.COMPLETION, **given: Any) -> Certificate:
    who, at = given.pop("who", None) or ground.person(), given.pop("issuer", None) or ground.university()
    rows = [Wanted(who.id, FACTS[kind], evidence=[("roster", 2, "名单第2行")])]
    batch = batches.prepare(title="春季班", issuer=at, rows=rows, kind=kind, source=BatchSource.IMPORT, by=WRITER, now=ground.NOW)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    (item,) = queries.first_items(batch.id, 1)
    made = queries.by_id(item.certificate_id or 0)
    assert made is not None
    return made


@pytest.mark.parametrize("is_of_a_list", [False, True])
@pytest.mark.parametrize("column", ["kind", "template", "template_version", "issuer_id", "person_id", "evidence"])
def test_what_it_was_issued_as_shows_when_it_is_changed(session: Session, column: str, is_of_a_list: bool) -> None:
    made = _of_a_list() if is_of_a_list else certificate()
    other: dict[str, Any] = {
        "kind": Kind.TRAINING,
        "template": "training",
        "template_version": 2,
        "issuer_id": ground.university().id,
        "person_id": ground.person().id,
        "evidence": [{"kind": "milestone", "id": "2", "text": "另一记录"}],
    }
    assert queries.is_whole(made)
    changed = sa.update(Certificate).where(Certificate.id == made.id).values({column: other[column]})
    session.execute(changed.execution_options(synchronize_session=False))
    session.expire_all()
    assert not queries.is_whole(made)
    assert queries.whole_among([made]) == set()


def test_persons_who_turn_out_to_be_one_and_are_parted_again_keep_what_they_have(session: Session) -> None:
    stays, gone = ground.person(), ground.person()
    made = [certificate(who=gone), operations.reissue(certificate=certificate(who=gone), **REASON)]
    ground.merge(stays, gone)
    session.expire_all()
    assert [(one.person_id, queries.is_whole(one)) for one in made] == [(stays.id, True)] * 2
    assert queries.whole_among(made[:1]) == {made[0].id}
    later = operations.suspend(certificate=made[0], **REASON)
    assert queries.is_whole(later)
    people.decide_pair(first=stays, second=gone, decision=PairDecision.DIFFERENT, reason="两个人", by=SYSTEM, now=ground.NOW)
    session.expire_all()
    assert [(one.person_id, queries.is_whole(one)) for one in made] == [(gone.id, True)] * 2


def test_a_record_found_later_joins_what_it_rests_on(session: Session) -> None:
    who, at = ground.person(), ground.university()
    made = _of_a_list(who=who, issuer=at)
    found = certificate(who=who, issuer=at, asked_key=f"course:MC-101/2026:person:{who.id}", evidence=[("enrolment", 7, "选课")])
    assert found.id == made.id
    assert [one["kind"] for one in made.evidence][-1] == "enrolment"
    assert queries.is_whole(made)
    operations.suspend(certificate=made, **REASON)
    assert queries.is_whole(made)
    made.evidence = made.evidence[1:]
    session.flush()
    assert not queries.is_whole(made), "none of the rows it was issued with goes"


def test_every_way_of_issuing_is_whole(session: Session) -> None:
    first = certificate()
    batch = operations.prepare_correction(certificate=first, facts={"hours": 40}, **{**REASON, "by": WRITER})
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    after = queries.successor_of(first)
    assert after is not None
    operations.revoke(certificate=after, **REASON)
    batch = operations.prepare_renewal(certificate=after, reason="误撤", document="1号", by=WRITER, today=TODAY, now=ground.NOW)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    last = queries.successor_of(after)
    assert last is not None
    assert [queries.is_whole(one) for one in (first, after, last, _of_a_list(Kind.TRAINING))] == [True] * 4
    assert last.issued_on == date(2026, 3, 2)


def test_a_name_that_was_merged_away_is_on_no_new_certificate(session: Session) -> None:
    stays, gone, at = ground.person("欧阳娜娜"), ground.person("欧阳那那"), ground.university()
    rows = [Wanted(gone.id, FACTS[Kind.TRAINING])]
    given: dict[str, Any] = {"kind": Kind.TRAINING, "issuer": at, "source": BatchSource.IMPORT, "now": ground.NOW}
    batch = batches.prepare(title="春季班", rows=rows, by=WRITER, **given)
    ground.merge(stays, gone)
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=DECIDER, today=TODAY, now=ground.NOW)
    of_the_list = queries.by_id(queries.first_items(batch.id, 1)[0].certificate_id or 0)
    of_a_rule = certificate(Kind.COMPLETION, who=gone, issuer=at)
    for made in (of_the_list, of_a_rule):
        assert made is not None
        assert (made.person_id, made.holder, made.facts["name"]) == (stays.id, "欧阳娜娜", "欧阳娜娜")
    again = batches.prepare(title="夏季班", rows=[Wanted(gone.id, {**FACTS[Kind.TRAINING], "class_name": "三班"})], by=WRITER, **given)
    assert again.waiting == 0
