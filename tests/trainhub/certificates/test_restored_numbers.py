"""Numbers after a backup older than what was issued was restored: none is given twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import FACTS, TODAY, certificate
from trainhub.certificates import cli, operations
from trainhub.certificates.models import CertificateCounter
from trainhub.certificates.numbers import check_digit
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.batches import Wanted
from trainhub.certificates.types import BatchSource, Kind
from trainhub.kernel.access import SYSTEM, Identity
from trainhub.kernel.audit import AuditEvent
from trainhub.kernel.db import transaction

Run = Callable[..., Any]


@pytest.fixture
def run(app: Flask, session: Session) -> Run:
    """Calls a command with --json."""
    session.expire_on_commit = False

    def call(*args: str) -> Any:
        result = CliRunner().invoke(cli.certificates, ["numbers", *args, "--json"], obj={"create_app": lambda: app})
        return json.loads(result.stdout)

    return call


def _set_back(session: Session, number: str, last: int = 0) -> None:
    session.execute(sa.update(CertificateCounter).where(CertificateCounter.unit == number[2:6]).values(last=last))


def _with_serial(number: str, serial: int) -> str:
    body = f"{number[:11]}{serial:06d}"
    return body + check_digit(body)


def test_a_counter_behind_its_own_table_is_not_believed(session: Session) -> None:
    issuer = ground.university()
    made = [certificate(issuer=issuer) for _ in range(3)]
    _set_back(session, made[0].number, 1)
    assert int(certificate(issuer=issuer).number[11:17]) == 4
    _set_back(session, made[0].number)
    rows = [Wanted(ground.person().id, FACTS[Kind.COMPLETION]) for _ in range(2)]
    given: dict[str, Any] = {"source": BatchSource.IMPORT, "issuer": issuer, "rows": rows, "now": ground.NOW}
    one, two = (Identity(account_id=key, person_id=None, name="某人", grants=()) for key in (1, 2))
    batch = batches.prepare(title="一期", kind=Kind.COMPLETION, by=one, **given)
    batches.decide(batch=batch, is_approved=True, reason="", by=two, today=TODAY, now=ground.NOW)
    batches.issue_portion(batch=batch, by=SYSTEM, today=TODAY, now=ground.NOW)
    assert int(certificate(issuer=issuer).number[11:17]) == 7, "a portion counts on from the table too"
    assert int(certificate(Kind.PLACEMENT, issuer=issuer).number[11:17]) == 1
    assert int(certificate(issuer=issuer, today=date(2027, 1, 1)).number[11:17]) == 1


def test_the_counters_are_listed(run: Run) -> None:
    with transaction():
        issuer = ground.university()
        first = certificate(issuer=issuer)
    rows = [one for one in run("list")["counters"] if one["unit"] == first.number[2:6]]
    assert rows == [{"unit": first.number[2:6], "issuer": issuer.name, "kind": "completion", "year": 2026, "last": 1}]


def test_a_counter_is_moved_past_what_is_known_outside(run: Run, session: Session) -> None:
    with transaction():
        issuer = ground.university()
        first = certificate(issuer=issuer)
    printed, newer = _with_serial(first.number, 41), first.number[:7] + "2027" + "000009"
    newer += check_digit(newer)
    answer = run("advance", printed, newer)
    assert answer == {"advanced": [{"unit": first.number[2:6], "kind": "completion", "year": year, "before": before, "last": last}
                                   for year, before, last in ((2026, 1, 41), (2027, 0, 9))]}  # fmt: skip
    assert run("advance", printed) == {"advanced": []}, "harmless to repeat, never back"
    assert run("advance", first.number) == {"advanced": []}
    with transaction():
        assert int(certificate(issuer=issuer).number[11:17]) == 42
        assert int(certificate(issuer=issuer, today=date(2027, 1, 1)).number[11:17]) == 10
    said = session.scalars(sa.select(AuditEvent.data).where(AuditEvent.did == "certificates.numbers.advanced").order_by(AuditEvent.id)).all()
    assert [one["last"] for one in said] == [41, 9]


def test_so_many_numbers_are_left_out_everywhere(run: Run) -> None:
    with transaction():
        one, other = ground.university(), ground.university()
        certificate(issuer=one)
        certificate(Kind.PLACEMENT, issuer=other)
        old = certificate(issuer=other, today=date(2025, 3, 2))
    moved = run("advance", "--skip", "500", "--year", "2026")["advanced"]
    assert {one["last"] - one["before"] for one in moved} == {500}
    assert {one["year"] for one in moved} == {2026}
    with transaction():
        assert int(certificate(issuer=one).number[11:17]) == 502
        assert int(certificate(issuer=other, today=date(2025, 3, 3)).number[11:17]) == int(old.number[11:17]) + 1


def test_what_is_no_number_moves_nothing(run: Run, session: Session) -> None:
    with transaction():
        issuer = ground.university()
        first = certificate(issuer=issuer)
    wrong = first.number[:-1] + str((int(first.number[-1]) + 1) % 10)
    refused = run("advance", _with_serial(first.number, 7), wrong)["error"]
    assert (refused["code"], wrong in refused["message"]) == ("bad_number", True)
    assert run("advance")["error"]["code"] == "nothing_given"
    full = _with_serial(first.number, 999_999)
    assert run("advance", "--skip", "999999", "--year", "2026")["error"]["code"] == "numbers_exhausted"
    with transaction():
        assert int(certificate(issuer=issuer).number[11:17]) == 2
    assert run("advance", full)["advanced"][0]["last"] == 999_999
    with pytest.raises(operations.NumbersExhausted), transaction():
        certificate(issuer=issuer)
