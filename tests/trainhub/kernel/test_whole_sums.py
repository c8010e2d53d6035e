"""A sum of whole numbers is a whole number on both databases: PostgreSQL adds up `bigint` as `numeric`."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from flask import Flask

from trainhub.kernel.db import db, session


@pytest.mark.parametrize(("numbers", "total"), [((50_000, 100_000), 150_000), ((-3, 1), -2), ((2**53, 1), 2**53 + 1), ((0,), 0)])
def test_a_sum_of_whole_numbers_is_whole(app: Flask, numbers: tuple[int, ...], total: int) -> None:
    each = sa.union_all(*(sa.select(sa.cast(number, sa.BigInteger).label("n")) for number in numbers)).subquery()
    with app.app_context():
        found = session().scalar(sa.select(sa.func.sum(each.c.n)))
    assert (found, type(found)) == (total, int)


def test_what_has_decimals_keeps_them(app: Flask) -> None:
    with app.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("SQLite has no decimals")
        found = session().execute(sa.text("SELECT 1.50, 'NaN'::numeric, 2.00, 1e20::numeric")).one()
    assert tuple(map(str, found)) == ("1.50", "NaN", "2.00", "1" + "0" * 20)
    assert [type(number) for number in found] == [Decimal, Decimal, Decimal, int]
