"""Organisations: registered, changed, verified, closed; bases and their hosts; regions."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import is_postgresql
from trainhub.organisations import operations, queries
from trainhub.organisations.types import RegionPath


def test_regions_report_under_their_city_and_pingtan_under_itself(session: Session) -> None:
    assert queries.region_path("350102") == RegionPath("350102", "350100", "350000")
    assert queries.region_path("350128") == RegionPath("350128", "350128", "350000")
    assert queries.region_path("350100") == RegionPath(None, "350100", "350000")
    assert queries.region_path(None) == RegionPath(None, None, "350000")
    assert [row.code for row in queries.prefectures()] == [*[f"350{n}00" for n in range(1, 10)], "350128"]


def test_abolished_county_is_mapped_up_to_its_last_day(session: Session) -> None:
    assert queries.resolve_county("350182", date(2017, 12, 31)) == "350112"
    assert queries.resolve_county("350182", date(2018, 1, 1)) is None
    assert queries.resolve_county("350112", date(2016, 1, 1)) == "350112"
    assert queries.resolve_county("350100", date(2016, 1, 1)) is None
    assert queries.resolve_county("999999", date(2016, 1, 1)) is None
    book = queries.county_book()
    assert book.resolve("350182", date(2017, 12, 31)) == "350112"
    assert book.resolve("350182", date(2018, 1, 1)) is None
    assert book.reporting("350128") == "350128"


@pytest.mark.parametrize("in_any_letters", [False, True])
def test_an_organisation_is_looked_up_by_an_index(session: Session, in_any_letters: bool) -> None:
    """A list of ten thousand new ones asks for each of them, inside the one transaction that writes."""
    connection, asked = session.connection(), list[tuple[str, Any]]()
    if is_postgresql():
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))  # a table of a few rows is read whole otherwise, and rightly

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_more: object) -> None:
        asked.append((statement, parameters))

    sa.event.listen(connection, "before_cursor_execute", note)
    assert queries.by_code("QY-none", in_any_letters=in_any_letters) is None
    sa.event.remove(connection, "before_cursor_execute", note)
    assert len(asked) == 2 + in_any_letters
    for statement, parameters in asked:
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN {'' if is_postgresql() else 'QUERY PLAN '}{statement}", parameters))
        assert "Seq Scan" not in plan, plan
        assert "SCAN organisation" not in plan, plan
        if "upper(" in statement:
            assert "ix_organisation_letters" in plan


def test_base_belongs_to_its_hosts(session: Session) -> None:
    enterprise = ground.enterprise()
    base = ground.base(enterprise, region_code="350128")
    subject = queries.subject_of(base)
    assert subject.organisations == {base.id, enterprise.id}
    assert subject.regions == {"350128", "350000"}


def test_the_log_that_nobody_can_shorten_keeps_no_contact(session: Session) -> None:
    row = ground.enterprise(contact_name="陈经理", contact_phone="13800000000", address="台江区")
    session.info["audit"] = []
    operations.change(
        organisation=row, contact_name="李经理", contact_phone="13911112222", address="仓山区", cio_name="王总", by=SYSTEM, now=ground.NOW
    )
    (event,) = session.info["audit"]
    assert event.data == {"address": ["台江区", "仓山区"], "personal": ["cio_name", "contact_name", "contact_phone"]}
