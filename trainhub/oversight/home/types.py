"""Values of the first page: what to do, figures, and blocks that one template draws for every role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do next. `url` is empty where the reader may only know of it; `until` is its deadline.

    `urgency`: 0 now (overdue, or others wait for it), 1 soon, 2 when there is time.
    """

    text: Any
    url: str = ""
    action: Any = ""
    count: int | None = None
    detail: Any = ""
    urgency: int = 1
    icon: str = "circle"
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its unit."""

    label: Any
    value: Any
    unit: Any = ""
    hint: Any = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a block: a title with its state, and a bar where there is something to reach."""

    title: Any
    url: str = ""
    sub: Any = ""
    pill: tuple[str, Any] | None = None
    value: float | None = None
    most: float = 100
    text: Any = ""


@dataclass(frozen=True, slots=True)
class Ring:
    """A share with what it is a share of; `status` is ok, wait, bad or empty."""

    share: float
    label: Any
    text: Any = ""
    status: str = ""
    note: Any = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """What an empty block says, and what to do about it."""

    title: Any
    text: Any = ""
    action: tuple[Any, str] | None = None
    art: str = "sheet"


@dataclass(frozen=True, slots=True)
class Block:
    """A card of the page; drawn from top to bottom: ring, steps, lines, or what it says when empty."""

    title: Any
    link: tuple[Any, str] | None = None
    ring: Ring | None = None
    steps: Sequence[dict[str, Any]] = ()
    lines: Sequence[Line] = ()
    note: Any = ""
    nothing: Nothing | None = None

    @property
    def height(self) -> int:
        """About how tall the card is, in pixels of a wide window: enough to decide in which column it stands."""
        if self.ring:
            return 260
        if self.steps:
            return 120 + 44 * len(self.steps)
        rows = sum(50 + 22 * bool(line.sub) + 18 * (line.value is not None) for line in self.lines)
        return 60 + (rows or 110) + 50 * bool(self.note)


@dataclass(frozen=True, slots=True)
class Panel:
    """Everything the page says to one role."""

    key: str
    title: Any
    todos: Sequence[Todo] = ()
    figures: Sequence[Figure] = ()
    blocks: Sequence[Block] = field(default=())

    @property
    def sided(self) -> list[tuple[str, Block]]:
        """Each block with its side in a wide window, is-start or is-end: in the column that is shorter so far."""
        if len(self.blocks) < 2:
            return [("", one) for one in self.blocks]
        tall = {"is-start": 0, "is-end": 0}
        found = []
        for one in self.blocks:
            side = min(tall, key=lambda name: tall[name])
            tall[side] += one.height
            found.append((side, one))
        return found
