"""A worker whose machine's clock goes wrong says so: leases are judged by the clocks of several machines."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from trainhub.kernel import clock, worker

ON_SERVER = os.environ.get("TRAINHUB_TEST_DATABASE_URL", "").startswith("postgres")


@pytest.mark.database
@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_clock_is_compared_with_the_databases(session: Session, seconds: int) -> None:
    found = worker.astray(lambda: clock.now() + timedelta(seconds=seconds))
    assert abs(found - (timedelta(seconds=seconds) if ON_SERVER else timedelta(0))) < timedelta(seconds=3)


@pytest.mark.database
def test_a_connection_that_takes_long_is_no_wrong_clock(session: Session) -> None:
    """Read before and after the question: whatever the database says between is right."""
    times = [clock.now() - timedelta(seconds=20), clock.now() + timedelta(seconds=20)]
    assert worker.astray(iter(times).__next__) == timedelta(0)


@pytest.mark.parametrize(("seconds", "is_wrong"), [(0, False), (4.9, False), (5, False), (5.1, True), (-5, False), (-5.1, True)])
def test_it_is_said_once(seconds: float, is_wrong: bool) -> None:
    by = timedelta(seconds=seconds)
    with capture_logs() as lines:
        said = worker.tell_astray(by, said=False)
        assert worker.tell_astray(by, said=said) is said is is_wrong
    assert [line["event"] for line in lines] == ["worker.clock"] * is_wrong
    assert worker.tell_astray(timedelta(0), said=said) is False, "once it was mended, it is said again"
