"""Pages of lists (by number, for people) and cursors (for the API: stable while rows are added)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request, url_for
from sqlalchemy import func, select

from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.numbers import whole

T = TypeVar("T")
SIZES = (20, 50, 100)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; `number` counts from 1. `is_more`: there are more rows than `total`, which was as far as they were counted;
    `whole`: how many there are then, where that is known; `key`: its name in the address, where a page shows more than one list;
    `at`: the address of the page that shows the list, where a refused form shows it too."""

    items: Sequence[T]
    number: int
    size: int
    total: int
    is_more: bool = False
    whole: int | None = None
    key: str = "page"
    at: str = ""

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def has_prev(self) -> bool:
        """Whether there is a page before."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether there is a page after."""
        return self.number < self.pages

    @property
    def first(self) -> int:
        """Number of the first row shown, 0 when empty."""
        return 0 if not self.total else (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.number * self.size, self.total)

    @property
    def offered(self) -> list[int]:
        """The pages a reader is offered: the first, the last, this one and its neighbours."""
        return sorted({1, *range(max(1, self.number - 1), min(self.pages, self.number + 1) + 1), self.pages})

    def url(self, number: int) -> str:
        """The address of another page with the same filters."""
        args: dict[str, Any] = {**request.args.to_dict(flat=False), self.key: number}
        if self.at:
            return f"{self.at}?{urlencode(args, doseq=True)}"
        args |= {**(request.view_args or {}), self.key: number}
        return url_for(request.endpoint or "", **args)


def wanted(key: str = "page") -> tuple[int, int]:
    """Page number and size from the address; nonsense falls back to the first page of 20."""
    number = request.args.get(key, 1, type=whole) or 1
    size = request.args.get("size", SIZES[0], type=whole)
    return min(max(1, number), 1_000_000), size if size in SIZES else SIZES[0]


def count_of(statement: sa.Select[Any], most: int | None = None) -> tuple[int, bool]:
    """How many rows a select has, counted up to `most`, and whether there are more."""
    rows = statement.order_by(None).limit(None if most is None else most + 1)
    total = session().scalar(select(func.count()).select_from(rows.subquery())) or 0
    return (total, False) if most is None or total <= most else (most, True)


def paginate(statement: sa.Select[Any], *, number: int, size: int, scalars: bool = True, counted: tuple[int, bool] | None = None) -> Page[Any]:
    """Run an ordered select for one page: two queries whatever the size, or one where the rows are `counted` already (see `count_of`)."""
    current = session()
    total, is_more = count_of(statement) if counted is None else counted
    number = min(number, max(1, -(-total // size)))
    result = current.execute(statement.limit(size).offset((number - 1) * size))
    items = list(result.scalars() if scalars else result)
    return Page(items, number, size, total, is_more)


def slice_of(rows: Sequence[T], *, number: int, size: int, key: str = "page", at: str = "") -> Page[T]:
    """One page of a list that had to be computed as a whole."""
    number = min(number, max(1, -(-len(rows) // size)))
    return Page(rows[(number - 1) * size : number * size], number, size, len(rows), key=key, at=at)


def slice_wanted(rows: Sequence[T], key: str = "page", at: str = "") -> Page[T]:
    """The page of such a list that the address asks for."""
    number, size = wanted(key)
    return slice_of(rows, number=number, size=size, key=key, at=at)


CURSOR_PARTS: dict[type, str] = {int: "n[0-9]{1,18}", str: "s(0[1-9a-f]|[1-9a-f][0-9a-f]){1,250}"}
"""How an ordering value stands in a cursor: a number as it is, a text as the bytes of its UTF-8. Whatever is written so can be compared with a column
of that type on both databases, so that the description of the API promises with it exactly what is taken."""


def encode_cursor(values: Sequence[Any]) -> str:
    """A cursor for 'after these ordering values'."""
    return ".".join(f"n{value}" if isinstance(value, int) else "s" + str(value).encode().hex() for value in values)


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """The ordering values of a cursor, one of each of `kinds`; anything else is refused, and so never answered with the first page."""
    parts = cursor.split(".")
    if len(parts) != len(kinds) or not all(re.fullmatch(CURSOR_PARTS[kind], part) for part, kind in zip(parts, kinds, strict=True)):
        raise Refused(_("游标 cursor 无效：请使用上一页响应中的 next_cursor 原值；取第一页时不带 cursor。"), field="cursor", code="bad_cursor")
    return [int(part[1:]) if kind is int else bytes.fromhex(part[1:]).decode(errors="replace") for part, kind in zip(parts, kinds, strict=True)]
