"""How a room tells what it stores about somebody: one select, and the words for what its columns hold.

The names of the columns are those of `own_columns.LABELS`; a value of an enumeration always needs its words, so that nobody reads the
name of a state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from babel import Locale

from trainhub.kernel.db import session
from trainhub.kernel.i18n import language

Words = Mapping[Any, Any] | Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Owned:
    """Rows of a room about one person. `words`: by column, what a value is called, or a function that says it; None stays None."""

    statement: sa.Select[Any]
    words: Mapping[str, Words] = field(default_factory=dict)
    settle: Callable[[dict[str, Any]], dict[str, Any]] | None = None
    """What is done with a whole row before it is told, where one column decides about another."""

    def rows(self, limit: int | None = None) -> list[dict[str, Any]]:
        """The rows as they are shown, all or the first few: one query."""
        found = (dict(row) for row in session().execute(self.statement.limit(limit)).mappings())
        settled = map(self.settle, found) if self.settle else found
        return [{name: self._told(name, value) for name, value in row.items()} for row in settled]

    def _told(self, name: str, value: Any) -> Any:
        words = self.words.get(name)
        if value is None:
            return None
        if words is None:
            if isinstance(value, Enum):
                raise LookupError(f"column {name} of an export has no words for {value!r}")
            return value
        said = words(value) if callable(words) else words[value]
        return said if isinstance(said, int | float) else str(said)


def tenths(value: int) -> str:
    """A number stored times ten."""
    return f"{value / 10:g}"


def hundredths(value: int) -> str:
    """A number stored times a hundred."""
    return f"{(Decimal(value) / 100).normalize():f}"


def share(value: int) -> str:
    """A share stored in thousandths, as per cent."""
    return f"{value / 10:g}%"


def yuan(value: int) -> str:
    """Money stored in fen, as yuan."""
    return f"{value / 100:.2f}"


def territory(code: str) -> str:
    """A country by its ISO code, in the reader's language."""
    return str(Locale(language()).territories.get(code, code))


def pick(table: Any, *columns: Any) -> sa.Select[Any]:
    """A select that starts at one table, whichever tables its columns come from; the others are joined to it."""
    return sa.select(*columns).select_from(table)
