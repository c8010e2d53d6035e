"""Values of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found."""

    title: Any
    url: str
    sub: Any = ""


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind: how much there is, the first of it, and the list that has the rest."""

    key: str
    label: Any
    total: int
    hits: Sequence[Hit]
    more: str = ""
