"""Which texts of a run name one of its files."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from courses.catalogue import authoring_queries as authored
from courses.catalogue.markup import ASSETS
from courses.catalogue.models import Block
from trainhub.kernel.db import session


def names(column: Any, name: str, *, is_json: bool = False) -> sa.ColumnElement[bool]:
    """SQL: the text of a column names a file; of JSON also where it is written with escapes."""
    text = sa.cast(column, sa.Text) if is_json else column
    found: sa.ColumnElement[bool] = text.contains(f"{ASSETS}{name}", autoescape=True)
    return sa.or_(found, text.contains(f"{ASSETS}{json.dumps(name)[1:-1]}", autoescape=True)) if is_json else found


def blocks_naming(run_id: int, name: str) -> list[tuple[int, int]]:
    """(block, unit) of the blocks whose text, as learners see it, names a file of the run."""
    statement = select(Block.id, Block.unit_id).where(Block.run_id == run_id, Block.removed_at.is_(None), names(Block.body, name))
    return [(row[0], row[1]) for row in session().execute(statement)]


def is_in_draft(run_id: int, name: str) -> bool:
    """Whether a change that waits to be published names a file of the run."""
    return any(f"{ASSETS}{name}" in str(row.data.get("body") or "") for _part, row in authored.drafts_of_run(run_id))
