"""Every select on courses, runs and content, and the scopes that narrow lists to what their reader may see."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from courses.catalogue import entry_queries, made_queries
from courses.catalogue.models import RUN_PINYIN, RUN_SUMMARY, RUN_TITLE, Block, Course, Run, RunAsset, RunStaff, Section, Unit
from courses.catalogue.types import (
    EDITORS,
    BlockNode,
    CatalogueSort,
    CourseCard,
    CourseFilter,
    Outline,
    RunState,
    SectionNode,
    TaughtRun,
    UnitNode,
)
from courses.permissions import MANAGERS, WATCHERS, CourseSubject, RunSubject
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.models import Person

# -- courses and runs ---------------------------------------------------------------------------------------------------


def course_by_code(code: str) -> Course | None:
    """A course with its owner."""
    return session().scalar(made_queries.course_with_owner().where(Course.code == code))


def course_by_id(course_id: int) -> Course | None:
    """A course with its owner."""
    return session().scalar(made_queries.course_with_owner().where(Course.id == course_id))


def run_by_id(run_id: int) -> Run | None:
    """A run with its course, owner and staff."""
    return session().scalars(made_queries.run_by_id(), {"run": run_id}).unique().first()


def is_learnt(run_id: int) -> bool:
    """Whether learners may be in a run: it was published, and somebody is in it."""
    return bool(session().scalar(select(Run.id).where(Run.id == run_id, Run.state != RunState.DRAFT, Run.taken > 0)))


def runs_by_id(run_ids: Iterable[int]) -> dict[int, Run]:
    """Runs with their courses and owners."""
    statement = select(Run).options(joinedload(Run.course).joinedload(Course.owner)).where(Run.id.in_(set(run_ids)))
    return {row.id: row for row in session().scalars(statement.execution_options(populate_existing=True))}


def run_by_codes(course_code: str, run_code: str) -> Run | None:
    """A run by the code of its course and its own."""
    statement = made_queries.whole_run().join(Course, Course.id == Run.course_id).where(Course.code == course_code, Run.code == run_code)
    return session().scalars(statement).unique().first()


def runs_of(course_id: int) -> list[Run]:
    """Every run of a course with its staff, the latest first."""
    statement = (
        select(Run)
        .where(Run.course_id == course_id)
        .options(selectinload(Run.staff).joinedload(RunStaff.person), joinedload(Run.course))
        .order_by(Run.starts_on.desc(), Run.id.desc())
    )
    return list(session().scalars(statement))


def published_runs_of(course_id: int) -> list[Run]:
    """The runs a visitor may see, the latest first."""
    return [run for run in runs_of(course_id) if run.state is RunState.PUBLISHED]


def subject_of_run(run: Run) -> RunSubject:
    """What permissions over a run are judged on: its owner, its programme, its staff. Needs a run from `run_by_id`."""
    base = organisations.subject_of(run.course.owner)
    return RunSubject(
        organisations=base.organisations,
        regions=base.regions,
        programmes=frozenset() if run.programme_id is None else frozenset({run.programme_id}),
        persons=frozenset(row.person_id for row in run.staff if row.role in EDITORS),
        assistants=frozenset(row.person_id for row in run.staff if row.role not in EDITORS),
    )


def subject_of_course(course: Course) -> CourseSubject:
    """What permissions over a course are judged on: its owner, who edits one of its runs, before there is a run who made it."""
    base = organisations.subject_of(course.owner)
    editors = select(RunStaff.person_id).join(Run, Run.id == RunStaff.run_id).where(Run.course_id == course.id, RunStaff.role.in_(EDITORS))
    persons = frozenset(session().scalars(editors))
    has_run = persons or session().scalar(select(select(Run.id).where(Run.course_id == course.id).exists()))
    return CourseSubject(organisations=base.organisations, regions=base.regions, persons=persons, maker=None if has_run else course.made_by_id)


def runs_visible_to(identity: Identity, *, to_manage: bool = False) -> ColumnElement[bool]:
    """The SQL of RUN_VIEW_LEARNERS (or of RUN_EDIT with `to_manage`) for statements that join Run, Course and Organisation."""
    staff = select(RunStaff.run_id).where(RunStaff.person_id == (identity.person_id or 0))
    if to_manage:
        staff = staff.where(RunStaff.role.in_(EDITORS))
    return or_(
        Run.id.in_(staff),
        organisations.scope(
            identity,
            MANAGERS if to_manage else WATCHERS,
            organisations=(Organisation.id, Organisation.parent_id),
            programmes=() if to_manage else (Run.programme_id,),
            region=Organisation.region_code,
        ),
    )


def teaches(person_id: int | None) -> bool:
    """Whether a person is on the staff of any run, with or without a teaching role."""
    if person_id is None:
        return False
    return session().scalar(select(RunStaff.id).where(RunStaff.person_id == person_id).limit(1)) is not None


def run_rows() -> sa.Select[Any]:
    """Runs with course and owner, the latest first; columns only, see `as_taught_run`."""
    statement: Any = (
        select(
            Run.id,
            Course.code.label("course_code"),
            RUN_TITLE.label("title"),
            Run.code,
            Run.state,
            Run.starts_on,
            Run.ends_on,
            Run.quota,
            Run.taken,
            Organisation.name,
        )
        .join(Course, Course.id == Run.course_id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .order_by(Run.starts_on.desc(), Run.id.desc())
    )
    return statement  # type: ignore[no-any-return]


def taught_runs(identity: Identity, text: str = "") -> sa.Select[Any]:
    """The runs a lecturer or manager sees, the latest first; columns only, see `as_taught_run`."""
    assists = select(RunStaff.id).where(RunStaff.run_id == Run.id, RunStaff.person_id == (identity.person_id or 0), RunStaff.role.not_in(EDITORS))
    statement: Any = run_rows().add_columns(assists.exists().label("is_assistant")).where(runs_visible_to(identity))
    if text:
        statement = statement.where(organisations.matches(text, Course.title, Course.pinyin, RUN_TITLE, RUN_PINYIN, Course.code))
    return statement  # type: ignore[no-any-return]


def as_taught_run(row: Any) -> TaughtRun:
    """A row of `taught_runs`."""
    return TaughtRun(*row)


# -- the public catalogue -----------------------------------------------------------------------------------------------


def catalogue(wanted: CourseFilter) -> sa.Select[Any]:
    """Courses with a published run: columns only, see `as_card`."""
    statement: Any = (
        select(
            Course.id,
            Course.code,
            RUN_TITLE.label("title"),
            RUN_SUMMARY.label("summary"),
            Organisation.name,
            Course.education_type,
            Course.key_field_no,
            func.coalesce(Run.own_hours_x10, Course.hours_x10).label("hours_x10"),
            func.coalesce(Run.own_credits_x10, Course.credits_x10).label("credits_x10"),
            Run.id.label("run_id"),
            Run.code.label("run_code"),
            Run.starts_on,
            Run.ends_on,
            Run.enrol_until,
            Run.quota,
            Run.taken,
            Run.mode,
            Course.focus_area_no,
            Run.enrol_from,
            Course.level,
            Run.counts_for_goal,
        )
        .join(Run, Run.course_id == Course.id)
        .join(Organisation, Organisation.id == Course.owner_id)
        .where(entry_queries.shown(wanted.today, *_of_runs(wanted)))
    )
    if wanted.owner_id is not None:
        statement = statement.where(Course.owner_id == wanted.owner_id)
    if wanted.key_field_no is not None:
        statement = statement.where(Course.key_field_no == wanted.key_field_no)
    if wanted.education_type is not None:
        statement = statement.where(Course.education_type == wanted.education_type)
    if wanted.focus_area_no is not None:
        statement = statement.where(Course.focus_area_no == wanted.focus_area_no)
    return statement.order_by(*_ORDERS[wanted.sort], Course.id.desc())  # type: ignore[no-any-return]


def _of_runs(wanted: CourseFilter) -> list[ColumnElement[bool]]:
    """What is wanted of the run that a reader will enrol in: a course is found when any of its published runs is so."""
    clauses: list[ColumnElement[bool]] = []
    columns = (Course.title, Course.title_en, Course.pinyin, Course.code, Course.summary, Organisation.name, Organisation.pinyin)
    own = (func.coalesce(column, "") for column in (Run.own_title, Run.own_title_en, Run.own_pinyin, Run.own_summary))
    names = (*columns, *own)
    clauses += [organisations.matches(word, *names) for word in wanted.text.split()[:6]]
    if wanted.language:
        clauses.append(func.coalesce(Run.own_language, Course.language).startswith(wanted.language, autoescape=True))
    if wanted.has_seats:
        clauses.append(entry_queries.has_seats())
    if wanted.open_on is not None:
        clauses += entry_queries.takes(wanted.open_on)
    if wanted.counts_for_goal:
        clauses.append(Run.counts_for_goal.is_(True))
    return clauses


_ORDERS: dict[CatalogueSort, tuple[Any, ...]] = {
    CatalogueSort.NEWEST: (Run.starts_on.desc(),),
    CatalogueSort.STARTS_SOON: (Run.starts_on,),
    CatalogueSort.TITLE: (RUN_PINYIN, RUN_TITLE),
    CatalogueSort.POPULAR: (Run.taken.desc(),),
    CatalogueSort.HOURS: (func.coalesce(Run.own_hours_x10, Course.hours_x10),),
}


def as_card(row: Any) -> CourseCard:
    """A row of `catalogue`."""
    return CourseCard(*row)


def owners_in_catalogue() -> list[tuple[int, str]]:
    """Who has a course in the catalogue."""
    published = select(Course.owner_id).join(Run, Run.course_id == Course.id).where(Run.state == RunState.PUBLISHED)
    statement = select(Organisation.id, Organisation.name).where(Organisation.id.in_(published)).order_by(Organisation.pinyin, Organisation.id)
    return [(key, name) for key, name in session().execute(statement)]


# -- content ------------------------------------------------------------------------------------------------------------


def outline(run_id: int, *, only_published: bool = False) -> Outline:
    """The content of a run in order, without its texts: three queries whatever its size."""
    return outlines([run_id], only_published=only_published)[run_id]


def outlines(run_ids: Iterable[int], *, only_published: bool = False) -> dict[int, Outline]:
    """The content of several runs in order: three queries however many."""
    ids = list(run_ids)
    sections, units, blocks = _outline_parts(only_published)
    of_unit: dict[int, list[BlockNode]] = defaultdict(list)
    for row in session().execute(blocks, {"runs": ids}):
        of_unit[row.unit_id].append(BlockNode(*row))
    of_section: dict[int, list[UnitNode]] = defaultdict(list)
    for unit in session().scalars(units, {"runs": ids}):
        of_section[unit.section_id].append(
            UnitNode(
                unit.id,
                unit.key,
                unit.title,
                unit.position,
                unit.lesson_key,
                unit.lesson_title,
                unit.is_published,
                unit.release_at,
                unit.due_at,
                unit.version,
                tuple(of_unit[unit.id]),
                unit.access,
                unit.draft_no,
            )
        )
    found: dict[int, list[SectionNode]] = {run_id: [] for run_id in ids}
    for s in session().scalars(sections, {"runs": ids}):
        node = SectionNode(s.id, s.key, s.title, s.position, s.is_published, s.release_at, s.version, tuple(of_section[s.id]), s.access, s.draft_no)
        found[s.run_id].append(node)
    return {run_id: Outline(run_id, tuple(rows)) for run_id, rows in found.items()}


@cache
def _outline_parts(only_published: bool) -> tuple[sa.Select[Section], sa.Select[Unit], sa.Select[Any]]:
    runs: sa.BindParameter[Any] = sa.bindparam("runs", expanding=True)
    sections = select(Section).where(Section.run_id.in_(runs), Section.removed_at.is_(None)).order_by(Section.position, Section.id)
    units = select(Unit).where(Unit.run_id.in_(runs), Unit.removed_at.is_(None)).order_by(Unit.position, Unit.id)
    blocks = (
        select(
            Block.id,
            Block.unit_id,
            Block.key,
            Block.kind,
            Block.title,
            Block.position,
            Block.settings,
            Block.is_graded,
            Block.is_required,
            Block.is_published,
            Block.weight_x10,
            Block.version,
            Block.access,
            Block.draft_no,
        )
        .where(Block.run_id.in_(runs), Block.removed_at.is_(None))
        .order_by(Block.position, Block.id)
    )
    if only_published:
        sections, units, blocks = sections.where(Section.is_published), units.where(Unit.is_published), blocks.where(Block.is_published)
    return sections, units, blocks


def section_by_id(section_id: int) -> Section | None:
    """A section that was not removed."""
    return session().scalar(select(Section).where(Section.id == section_id, Section.removed_at.is_(None)))


def unit_by_id(unit_id: int) -> Unit | None:
    """A unit that was not removed."""
    return session().scalar(select(Unit).where(Unit.id == unit_id, Unit.removed_at.is_(None)))


def block_by_id(block_id: int) -> Block | None:
    """A block that was not removed, with its file."""
    statement = select(Block).where(Block.id == block_id, Block.removed_at.is_(None)).options(joinedload(Block.file))
    return session().scalar(statement)


def sections_of(run_id: int) -> list[Section]:
    """The sections of a run in order."""
    return list(session().scalars(made_queries.sections(), {"run": run_id}))


def units_of(section_id: int) -> list[Unit]:
    """The units of a section in order."""
    return list(session().scalars(made_queries.units(), {"section": section_id}))


def blocks_of(unit_id: int, *, only_published: bool = False) -> list[Block]:
    """The blocks of a unit in order with their files."""
    return list(session().scalars(made_queries.blocks(only_published=only_published), {"unit": unit_id}))


def blocks_of_run(run_id: int) -> list[Block]:
    """Every block of a run that was not removed, with its file."""
    return list(
        session().scalars(
            select(Block)
            .where(Block.run_id == run_id, Block.removed_at.is_(None))
            .options(joinedload(Block.file))
            .order_by(Block.unit_id, Block.position, Block.id)
        )
    )


def is_released(section: SectionNode, unit: UnitNode, now: datetime) -> bool:
    """Whether a unit of a published outline is open at that instant."""
    return all(at is None or at <= now for at in (section.release_at, unit.release_at))


def asset(run_id: int, name: str) -> RunAsset | None:
    """A file of a run by the name its texts use."""
    return session().scalar(select(RunAsset).where(RunAsset.run_id == run_id, RunAsset.name == name).options(joinedload(RunAsset.file)))


def assets_of(run_id: int) -> list[RunAsset]:
    """Every file of a run by name."""
    return list(session().scalars(select(RunAsset).where(RunAsset.run_id == run_id).options(joinedload(RunAsset.file)).order_by(RunAsset.name)))


def staff_member(run_id: int, person_id: int) -> RunStaff | None:
    """A human's row of a run's staff; of two that a merging left, the one of this person."""
    statement = select(RunStaff).where(RunStaff.run_id == run_id, people.of_human(RunStaff.person_id, person_id))
    return session().scalar(statement.order_by(RunStaff.person_id != person_id, RunStaff.id).limit(1))


def person(person_id: int) -> Person | None:
    """A person by id."""
    return session().get(Person, person_id)
