"""Selects that are asked again and again, each made once: to build one costs more than to ask it. `queries` asks them."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from sqlalchemy import bindparam, select
from sqlalchemy.orm import joinedload

from courses.catalogue.models import Block, Course, Run, RunStaff, Section, Unit


@cache
def course_with_owner() -> sa.Select[Course]:
    """Courses with their owners."""
    return select(Course).options(joinedload(Course.owner))


@cache
def whole_run() -> sa.Select[Run]:
    """Runs with their course, owner and staff; each stands in a row for each of its staff."""
    return select(Run).options(joinedload(Run.course).joinedload(Course.owner), joinedload(Run.staff).joinedload(RunStaff.person))


@cache
def run_by_id() -> sa.Select[Run]:
    """The one of an id (`run`), as it stands now."""
    return whole_run().where(Run.id == bindparam("run")).execution_options(populate_existing=True)


@cache
def sections() -> sa.Select[Section]:
    """The sections of a `run` in order."""
    return select(Section).where(Section.run_id == bindparam("run"), Section.removed_at.is_(None)).order_by(Section.position, Section.id)


@cache
def units() -> sa.Select[Unit]:
    """The units of a `section` in order."""
    return select(Unit).where(Unit.section_id == bindparam("section"), Unit.removed_at.is_(None)).order_by(Unit.position, Unit.id)


@cache
def blocks(*, only_published: bool) -> sa.Select[Block]:
    """The blocks of a `unit` in order with their files."""
    statement = select(Block).where(Block.unit_id == bindparam("unit"), Block.removed_at.is_(None)).options(joinedload(Block.file))
    return (statement.where(Block.is_published) if only_published else statement).order_by(Block.position, Block.id)
