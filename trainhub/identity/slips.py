"""The sheet of first sign-in links as a table: written into the answer itself, never kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trainhub.identity.operations import Slip
from trainhub.kernel.i18n import format_datetime
from trainhub.kernel.sheets.types import Column

SLIP_COLUMNS = (
    Column("name", "姓名"),
    Column("key", "学号或工号"),
    Column("sign_in", "以后用它登录"),
    Column("link", "首次登录链接"),
    Column("until", "有效期至"),
)


def slip_rows(slips: Iterable[Slip]) -> Iterator[tuple[str, ...]]:
    """A row for each."""
    return ((one.name, one.key, one.sign_in, one.link, format_datetime(one.until)) for one in slips)
