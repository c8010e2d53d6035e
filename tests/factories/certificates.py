"""Certificates through their operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.certificates import chain, operations, queries
from trainhub.certificates.models import Certificate, CertificateEvent
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.portions import note_portion
from trainhub.certificates.types import Event, Kind, State
from trainhub.kernel import append_only
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.db import session
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person

TODAY = date(2026, 3, 2)
WRITER = Identity(account_id=91, person_id=None, name="提出人", grants=())
DECIDER = Identity(account_id=92, person_id=None, name="审核人", grants=())
FACTS: dict[Kind, dict[str, Any]] = {
    Kind.COMPLETION: {"course": "智能制造导论", "hours": 32},
    Kind.PLACEMENT: {"base": "榕城智造基地", "weeks": 32, "mentor": "陈师傅", "starts_on": date(2025, 3, 3), "ends_on": date(2025, 12, 5)},
    Kind.CAPSTONE: {"topic": "伺服压装机控制系统", "enterprise": "榕城智造", "school_supervisor": "王教授", "enterprise_supervisor": "李工"},
    Kind.PROGRAMME: {"university": "闽江理工大学", "programme": "机械工程", "weeks": 32},
    Kind.TRAINING: {"course": "工业互联网应用", "base": "榕城智造基地", "hours": 48, "class_name": "二班"},
    Kind.MENTOR: {"enterprise": "榕城智造", "students": 3, "weeks": 96},
    Kind.EXAM: {"exam": "嵌入式系统工程师", "result": "86", "taken_on": date(2026, 1, 10)},
}


def certificate(
    kind: Kind = Kind.COMPLETION, *, who: Person | None = None, issuer: Organisation | None = None, today: date = TODAY, **given: Any
) -> Certificate:
    """A certificate of a new person by a new university, unless told otherwise."""
    who, issuer = who or ground.person(), issuer or ground.university()
    given.setdefault("asked_key", f"test:{ground.unique()}:person:{who.id}")
    given.setdefault("evidence", [("milestone", 1, "完成课程")])
    facts = {**FACTS[kind], **given.pop("facts", {})}
    return operations.issue(kind=kind, person_id=who.id, issuer_id=issuer.id, facts=facts, by=SYSTEM, today=today, now=ground.NOW, **given)


def corrected(old: Certificate, *, facts: dict[str, Any], **given: Any) -> Certificate:
    """The certificate that takes the place of one, its correction prepared and decided by two persons."""
    batch = operations.prepare_correction(certificate=old, facts=facts, **{**REASON, "by": WRITER, **given})
    batches.decide(batch=batch, is_approved=True, reason="", by=DECIDER, today=given.get("today", TODAY), now=ground.NOW)
    (item,) = queries.first_items(batch.id, 1)
    assert item.certificate_id is not None
    made = queries.by_id(item.certificate_id)
    assert made is not None
    return made


def many(
    count: int, *, issuer: Organisation, facts: Callable[[int], dict[str, Any]] = lambda _index: {}, only: bool = False, **given: Any
) -> list[int]:
    """The ids of so many more certificates like one that is issued for real; numbers count on, facts may differ, `only` those of `facts` when asked, other columns are `given`. Each has its event. Quick."""
    from sqlalchemy import insert

    model = certificate(Kind.TRAINING, issuer=issuer)
    columns = {one.key: getattr(model, one.key) for one in Certificate.__table__.columns if one.key != "id"}
    body = model.number[:11]
    rows = []
    for index in range(1, count + 1):
        digits = f"{body}{int(model.number[11:17]) + index:06d}"
        own = {
            "number": digits + check_digit(digits),
            "asked_key": f"{model.asked_key}:{index}",
            "facts": {**({} if only else model.facts), **facts(index)},
        }
        rows.append({**columns, **given, **own, "holder": own["facts"]["name"]})
    ids = list(session().scalars(insert(Certificate).returning(Certificate.id, sort_by_parameter_order=True), rows))
    events = [_issued(key, Certificate(**row)) for key, row in zip(ids, rows, strict=True)]
    session().execute(insert(CertificateEvent), events)
    hashes = [one["hash"] for one in events]
    note_portion([row["number"] for row in rows], ids, hashes, batch_id=None, drafts=0, by=WRITER)
    return ids


def _issued(key: int, made: Certificate) -> dict[str, Any]:
    """The event by which it was issued, as issuing writes it."""
    said: dict[str, Any] = {"reason": "", "document": "", "on": made.issued_on, "at": made.issued_at, "by_account_id": None}
    event: dict[str, Any] = {"event": Event.ISSUE, "state": State.ISSUED}
    digest = queries.computed_hash(made, chain.GENESIS, **said, **{name: word.value for name, word in event.items()})
    return {"certificate_id": key, "before_hash": chain.GENESIS, "hash": digest, **said, **event}


REASON: dict[str, Any] = {
    "reason": "学籍核查后不符合条件",
    "document": "教务2026年第3号",
    "on": TODAY,
    "by": SYSTEM,
    "today": TODAY,
    "now": ground.NOW,
}
"""What every change needs."""


@contextmanager
def rewriting(current: Session) -> Iterator[None]:
    """What whoever owns the database can do: its triggers away, events are rewritten."""
    is_postgresql = current.get_bind().dialect.name == "postgresql"
    for statement in append_only.lifted("certificate_event", is_postgresql=is_postgresql):
        current.execute(sa.text(statement))
    yield
    for statement in append_only.statements("certificate_event", is_postgresql=is_postgresql):
        current.execute(sa.text(statement))
