"""What an author is told before graded content is removed or taken back: whose marks it touches. The feature that keeps the marks tells."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from flask import Flask, current_app

_KEY = "courses.catalogue.marks_inside"


@dataclass(frozen=True, slots=True)
class AtStake:
    """`learners` have a mark in what is to go and have not completed the run; `is_from_book`: their total is that of its gradebook, which keeps counting it."""

    learners: int = 0
    is_from_book: bool = False


Asked = Callable[[int, Collection[int]], AtStake]
"""Of a run and some of its blocks."""


def register_marks_inside(app: Flask, asked: Asked) -> None:
    """Tell whose marks are in blocks."""
    app.extensions[_KEY] = asked


def at_stake(run_id: int, block_ids: Collection[int]) -> AtStake:
    """Whose marks are in these blocks."""
    asked: Asked = current_app.extensions[_KEY]
    return asked(run_id, block_ids) if block_ids else AtStake()
