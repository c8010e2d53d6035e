"""The HTTP API's resources of courses."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from courses.catalogue import queries
from courses.catalogue.models import Course
from courses.catalogue.types import BlockKind, CourseFilter, EducationType, Family, RunMode, RunState, UnitNode
from trainhub.kernel import clock
from trainhub.kernel.access import signed_in
from trainhub.kernel.api import ApiModel, ByCode, api_blueprint, cursor_page
from trainhub.kernel.errors import NotFound
from trainhub.kernel.i18n import _

blueprint = api_blueprint("courses", "courses")


class CourseItem(ApiModel):
    """A course of the catalogue with the run that stands for it. Hours and credits are in tenths."""

    code: str
    title: str
    summary: str
    owner: str
    education_type: EducationType
    key_field_no: int | None
    hours_x10: int
    credits_x10: int
    run: str
    starts_on: date
    ends_on: date | None
    quota: int | None
    taken: int
    mode: RunMode


class CoursePage(ApiModel):
    """A page of courses."""

    items: list[CourseItem]
    next_cursor: str | None


class RunOut(ApiModel):
    """A published run of a course. Marks, hours and credits are in tenths."""

    code: str
    title: str
    title_en: str
    summary: str
    starts_on: date
    ends_on: date | None
    enrol_from: date | None
    enrol_until: date | None
    mode: RunMode
    quota: int | None
    taken: int
    pass_mark_x10: int
    counts_for_goal: bool
    hours_x10: int
    credits_x10: int
    language: str


class CourseOut(ApiModel):
    """A course with its published runs, the latest first."""

    code: str
    title: str
    title_en: str
    summary: str
    owner: str
    language: str
    family: Family
    education_type: EducationType
    key_field_no: int | None
    focus_area_no: int | None
    hours_x10: int
    credits_x10: int
    runs: list[RunOut]


class BlockItem(ApiModel):
    """A block of a unit: what it is, not what it says."""

    key: str
    kind: BlockKind
    title: str
    is_required: bool
    is_graded: bool


class UnitItem(ApiModel):
    """A unit (one page) with its blocks. `release_at`: it opens then; `has_conditions`: further conditions apply."""

    key: str
    title: str
    lesson: str
    release_at: datetime | None
    due_at: datetime | None
    has_conditions: bool
    blocks: list[BlockItem]


class SectionItem(ApiModel):
    """A section with its units."""

    key: str
    title: str
    release_at: datetime | None
    has_conditions: bool
    units: list[UnitItem]


class OutlineOut(ApiModel):
    """What a published run consists of, in order."""

    course: str
    run: str
    sections: list[SectionItem]


class CourseQuery(ByCode):
    """What the list is narrowed by."""

    q: str | None = Field(None, max_length=100, description="Part of title, pinyin, code, summary or owner")
    education_type: EducationType | None = None
    key_field_no: int | None = Field(None, ge=1, le=10)


def _item(row: Any) -> dict[str, Any]:
    card = queries.as_card(row)
    same = [name for name in CourseItem.model_fields if name not in ("owner", "run")]
    return {name: getattr(card, name) for name in same} | {"owner": card.owner_name, "run": card.run_code}


@blueprint.get("/courses")
@signed_in
@blueprint.input(CourseQuery, location="query", arg_name="query")
@blueprint.output(CoursePage)
def courses(query: CourseQuery) -> Any:
    """List the courses of the catalogue by code."""
    wanted = CourseFilter(text=query.q or "", key_field_no=query.key_field_no, education_type=query.education_type, today=clock.today())
    return cursor_page(queries.catalogue(wanted).order_by(None), order=[Course.code], key=lambda row: [row.code], query=query, render=_item)


@blueprint.get("/courses/<code>")
@signed_in
@blueprint.output(CourseOut)
def course(code: str) -> Any:
    """One course of the catalogue."""
    found = queries.course_by_code(code)
    runs = queries.published_runs_of(found.id) if found is not None else []
    if found is None or not runs:
        raise NotFound(_("没有代码为“%(code)s”的课程，或它还没有发布。", code=code[:60]))
    same = [name for name in CourseOut.model_fields if name not in ("owner", "runs")]
    return {name: getattr(found, name) for name in same} | {
        "owner": found.owner.name,
        "runs": [{name: getattr(run, name) for name in RunOut.model_fields} for run in runs],
    }


@blueprint.get("/courses/<code>/runs/<run>/outline")
@signed_in
@blueprint.output(OutlineOut)
def outline(code: str, run: str) -> Any:
    """The published outline of a published run: sections, units, blocks by title and kind, without their content."""
    found = queries.run_by_codes(code, run)
    if found is None or found.state is not RunState.PUBLISHED:
        raise NotFound(_("没有代码为“%(code)s”的课程，或它还没有发布。", code=f"{code}/{run}"[:100]))
    shown = queries.outline(found.id, only_published=True)
    return {
        "course": code,
        "run": run,
        "sections": [
            {
                "key": section.key,
                "title": section.title,
                "release_at": section.release_at,
                "has_conditions": bool(section.access),
                "units": [_unit(unit) for unit in section.units],
            }
            for section in shown.sections
        ],
    }


def _unit(unit: UnitNode) -> dict[str, Any]:
    own = {name: getattr(unit, name) for name in ("key", "title", "release_at", "due_at")}
    blocks = [{name: getattr(b, name) for name in BlockItem.model_fields} for b in unit.blocks if b.kind is not BlockKind.UNKNOWN]
    return own | {"lesson": unit.lesson_title, "has_conditions": bool(unit.access), "blocks": blocks}
