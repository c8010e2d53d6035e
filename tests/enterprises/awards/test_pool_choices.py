"""What money a payment may be taken from, as its form offers it: the pools of the year of the payment."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.awards import funds
from enterprises.awards.types import PoolKind
from tests.factories import awards as make
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Role

AsRole = Callable[..., FlaskClient]


def _offered(text: str) -> list[str]:
    (field,) = re.findall(r'<select[^>]*name="pool".*?</select>', text, re.S)
    return [f"{year} {name}" for year, name in re.findall(r"<option[^>]*>(\d{4}) ([^（]+)（", field)]


def _pool(year: int, name: str = "引导资金") -> int:
    return funds.open_pool(year=year, name=name, kind=PoolKind.NEW, planned_fen=100_000_000, by=SYSTEM, now=clock.now()).id


def test_the_form_offers_the_pools_of_the_year_of_the_payment(session: Session, as_role: AsRole) -> None:
    year = clock.today().year
    pools = {which: _pool(which) for which in (year - 1, year, year + 1)}
    used = _pool(year, "已用完")
    funds.spend(used, 100_000_000, on=clock.today())
    row = make.decided()
    at = f"/awards/{row.id}"
    session.commit()
    fin = as_role(Role.DEPT_FIN)
    assert _offered(fin.get(at).text) == [f"{year} 引导资金"]
    # Another year's money: refused in words, and what was chosen stays beside what could be.
    typed = {"on": str(clock.today()), "reference": "闽财1", "pool": str(pools[year - 1])}
    refused = fin.post(f"{at}/pay", data=typed)
    assert (refused.status_code, f"是 {year - 1} 年的资金" in refused.text) == (422, True)
    assert _offered(refused.text) == [f"{year} 引导资金", f"{year - 1} 引导资金"]
    # The day is put right: the money is that of its year.
    refused = fin.post(f"{at}/pay", data={**typed, "on": str(date(year + 1, 1, 1))})
    assert (refused.status_code, _offered(refused.text)) == (422, [f"{year + 1} 引导资金", f"{year - 1} 引导资金"])
    typed["pool"] = str(pools[year])
    # A day that is none tells no year.
    refused = fin.post(f"{at}/pay", data={**typed, "on": "昨天"})
    assert (refused.status_code, len(_offered(refused.text))) == (422, 3)
    # What was spent since the form was opened is told as that.
    refused = fin.post(f"{at}/pay", data={**typed, "pool": str(used)})
    assert (refused.status_code, "不足以拨付" in refused.text) == (422, True)
    assert _offered(refused.text) == [f"{year} 已用完", f"{year} 引导资金"]
    assert fin.post(f"{at}/pay", data={**typed, "pool": "999999"}).status_code == 422
    assert fin.post(f"{at}/pay", data=typed).status_code == 303
