"""What the audit log vouches for: an event that its line names, and nothing else; and where places in the status lists are, as it tells them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from tests.factories.certificates import REASON, certificate, many
from tests.trainhub.certificates.test_append_only import _of_a_list, _rewritten
from trainhub.certificates import operations, queries, verifying
from trainhub.certificates.models import Certificate, CertificatePortion, StatusShift
from trainhub.certificates.openbadges import LIST_LENGTH
from trainhub.certificates.operations import restoring
from trainhub.certificates.types import Status
from trainhub.kernel import audit, clock
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import is_postgresql, transaction

pytestmark = pytest.mark.database
HASHES = ("last_event", "event_hashes", "event_marks")


@pytest.fixture(autouse=True)
def _readable(session: Session) -> None:
    session.expire_on_commit = False


def _early(session: Session, without: tuple[str, ...] = HASHES) -> list[Certificate]:
    """A list issued when the line of a portion held less."""
    with transaction():
        made = _of_a_list()
        for line in session.info["audit"]:
            if line.did == queries.PORTION:
                for name in without:
                    line.data.pop(name)
    return made


@pytest.mark.parametrize("without", [HASHES, ("event_marks",)])
def test_a_line_that_tells_of_no_event_vouches_for_none(session: Session, without: tuple[str, ...]) -> None:
    """Any first event between its numbers counted as issued: also one that was written last night."""
    made = _early(session, without)
    assert queries.whole_among(made) == set()
    _rewritten(session, made[1], facts={**made[1].facts, "hours": "999"})
    assert verifying.check(made[1].number, made[1].code).status is Status.TAMPERED


def test_an_event_of_another_batch_is_not_vouched_for(session: Session) -> None:
    with transaction():
        made, others = _of_a_list(), _of_a_list()
        row = session.scalars(sa.select(CertificatePortion).order_by(CertificatePortion.id)).first()
        assert row is not None
        for name in HASHES:  # the line of the other list tells of nothing
            [line for line in session.info["audit"] if line.did == queries.PORTION][1].data.pop(name)
    session.execute(sa.update(CertificatePortion).where(CertificatePortion.id == row.id).values(last=others[-1].number))
    session.execute(sa.delete(CertificatePortion).where(CertificatePortion.id != row.id))
    session.expire_all()
    assert queries.whole_among([*made, *others]) == {one.id for one in made}, "what the row says counts for nothing"


def test_a_portion_whose_row_is_gone_is_found_in_the_log(session: Session) -> None:
    """The row is an index and no more: the log has everything, and a genuine list must not be called forged because an index lacks it."""
    with transaction():
        made, others = _of_a_list(), _of_a_list()
    for known in (None, {}):
        session.execute(sa.delete(CertificatePortion))
        session.expire_all()
        assert queries.whole_among([*made, *others], known) == {one.id for one in [*made, *others]}
    _rewritten(session, made[1], facts={**made[1].facts, "hours": "999"})
    assert queries.whole_among(made) == {made[0].id, made[2].id}, "the log vouches for what it was told alone"


def _asked(session: Session, ask: Callable[[], Any]) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    connection = session.connection()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        found.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    ask()
    sa.event.remove(connection, "before_cursor_execute", note)
    return found


def _scans(session: Session, asked: list[tuple[str, Any]]) -> Iterator[str]:
    """Tables of the log and of certificates that a statement looks through from one end to the other."""
    raw: Any = session.connection().connection.driver_connection
    if is_postgresql():
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
    for statement, parameters in asked:
        explain = f"EXPLAIN {statement}" if is_postgresql() else f"EXPLAIN QUERY PLAN {statement}"
        for row in raw.execute(explain, parameters):
            line = str(row[0] if is_postgresql() else row[3])
            if ("Seq Scan on" in line or line.startswith("SCAN ")) and any(name in line for name in ("audit_event", "certificate", "status_shift")):
                yield f"{line} <- {statement}"


def test_verifying_one_asks_the_same_however_many_portions_there_are(session: Session) -> None:
    with transaction():
        issuer = ground.university()
        ids = many(3, issuer=issuer)
    one = queries.by_id(ids[0])
    assert one is not None
    few = _asked(session, lambda: queries.is_whole(one))
    with transaction():
        for _more in range(20):
            _of_a_list(1)
    session.expire_all()
    more = _asked(session, lambda: queries.is_whole(one))
    lines = [parameters for statement, parameters in more if "audit_event.data" in statement and "certificate_portion" in str(parameters)]
    assert len(more) <= len(few) + 1, "the row itself is read anew"
    assert len(lines) == 1
    assert len(lines[0]) == 4, "one portion is asked for, by its kind and its row, in two sorts of lines"
    assert list(_scans(session, more)) == []


def test_a_status_list_reads_changes_once(session: Session) -> None:
    with transaction():
        made = [certificate() for _one in range(6)]
        for one in made[:3]:
            operations.revoke(certificate=one, **REASON)
    session.expire_all()
    assert queries.listed(1) == [one.id - 1 for one in made[:3]]
    again = _asked(session, lambda: queries.listed(1))
    assert [statement for statement, _parameters in again if "certificate_event" in statement or "on_id" in statement] == []
    assert len(again) <= 5
    assert list(_scans(session, [one for one in again if "status_shift" not in one[0]])) == []
    with transaction():
        operations.suspend(certificate=made[3], **REASON)
        assert made[3].id - 1 in queries.listed(1), "what this unit of work does counts"
    assert queries.listed(1) == [one.id - 1 for one in made[:4]]
    with transaction():
        operations.resume(certificate=made[3], **REASON)
    assert queries.listed(1) == [one.id - 1 for one in made[:3]]


def test_what_is_rolled_back_is_in_no_list(session: Session) -> None:
    with transaction():
        made = [certificate() for _one in range(2)]
        operations.revoke(certificate=made[0], **REASON)
    assert queries.listed(1) == [made[0].id - 1]
    with pytest.raises(RuntimeError), transaction():
        operations.revoke(certificate=made[1], **REASON)
        assert len(queries.listed(1)) == 2
        raise RuntimeError
    assert queries.listed(1) == [made[0].id - 1]


def _restored(session: Session) -> tuple[Certificate, Certificate]:
    with transaction():
        before = certificate()
        restoring.put(None, SYSTEM, clock.now())
        late = certificate()
    return before, late


@pytest.mark.parametrize(
    "statement",
    [sa.update(StatusShift).values(shift=1), sa.delete(StatusShift), sa.insert(StatusShift).values(first_id=1, shift=77)],
    ids=["changed", "deleted", "added"],
)
def test_places_are_where_the_log_says_whatever_the_table_says(session: Session, statement: Any) -> None:
    before, late = _restored(session)
    with transaction():
        operations.revoke(certificate=late, **REASON)
    places, lists = [queries.status_place(one.id) for one in (before, late)], [queries.listed(page) for page in (1, 2, 3)]
    assert places == [before.id, 2 * LIST_LENGTH + 1]
    assert lists[2] == [0]
    with transaction():
        session.execute(statement.execution_options(synchronize_session=False))
    session.expire_all()
    assert [queries.status_place(one.id) for one in (before, late)] == places
    assert [queries.listed(page) for page in (1, 2, 3)] == lists


def test_a_shift_counts_before_its_line_is_written(session: Session) -> None:
    with transaction():
        certificate()
        restoring.put(None, SYSTEM, clock.now())
        assert queries.status_place(certificate().id) == 2 * LIST_LENGTH + 1
    assert audit.verify(session).broken_at is None
