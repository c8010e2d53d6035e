"""A course copied to a new run: everything of the old one but its learners, with every date moved by the same number of days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from courses.catalogue import authoring_queries as found
from courses.catalogue import queries
from courses.catalogue.markup import to_html
from courses.catalogue.models import Block, LabKey, Run, RunAsset, RunGroup, Section, Unit
from courses.catalogue.operations import versions
from courses.catalogue.operations.offerings import asset_prefix, create_run
from courses.catalogue.types import Access
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session

RUN_FIELDS = (
    *("quota", "mode", "counts_for_goal", "goal_category", "pass_mark_x10", "completion_share_x1000", "programme_id", "cohort_id"),
    *("own_hours_x10", "own_credits_x10", "own_language", "own_title", "own_title_en", "own_pinyin", "own_summary"),
)
RUN_DATES = ("ends_on", "enrol_from", "enrol_until", "withdraw_until")


def copy_run(*, run: Run, code: str, starts_on: date, by: Identity, now: datetime) -> tuple[Run, dict[int, int]]:
    """A draft copy of a run with its content, files, groups (empty) and staff, without learners and their traces.

    Dates move by the difference of the two starts. Drafts that wait are not taken over: the copy has what learners saw.
    The second value maps old block ids to new ones, for those who keep something per block.
    """
    by_days = timedelta(days=(starts_on - run.starts_on).days)
    new = create_run(
        course=run.course,
        code=code,
        starts_on=starts_on,
        by=by,
        now=now,
        staff=[(row.person_id, row.role) for row in run.staff],
        copied_from_id=run.id,
        **{name: getattr(run, name) for name in RUN_FIELDS},
        **{name: getattr(run, name) and getattr(run, name) + by_days for name in RUN_DATES},
    )
    current = session()
    current.add_all(RunAsset(run_id=new.id, name=row.name, file_id=row.file_id) for row in queries.assets_of(run.id))
    current.add_all(RunGroup(run_id=new.id, key=row.key, set_name=row.set_name, name=row.name) for row in found.groups_of(run.id))
    sections = {row.id: Section(run_id=new.id, **_kept(row, by_days)) for row in queries.sections_of(run.id)}
    current.add_all(sections.values())
    current.flush()
    units: dict[int, Unit] = {}
    for section_id, section in sections.items():
        for unit in queries.units_of(section_id):
            units[unit.id] = Unit(run_id=new.id, section_id=section.id, assignment=unit.assignment, **_kept(unit, by_days))
    current.add_all(units.values())
    current.flush()
    prefix, blocks = asset_prefix(new.id), {}
    for block in queries.blocks_of_run(run.id):
        if block.unit_id in units:
            html = to_html(block.body, block.body_format, assets=prefix)
            blocks[block.id] = Block(run_id=new.id, unit_id=units[block.unit_id].id, kind=block.kind, body_html=html, **_kept(block, by_days))
    current.add_all(blocks.values())
    current.flush()
    current.add_all(LabKey(block_id=blocks[old].id, secret=secret) for old, secret in found.lab_keys_of_run(run.id).items() if old in blocks)
    current.flush()
    audit.record(by=by, did="courses.run.copied", on=new, data={"from": run.id})
    return new, {old_id: block.id for old_id, block in blocks.items()}


def _kept(part: found.Part, by_days: timedelta) -> dict[str, Any]:
    """The columns of a part that its copy has."""
    names = (*versions.FIELDS[type(part)], "key", "position", "is_published")
    kept: dict[str, Any] = {name: getattr(part, name) for name in names}
    for name in ("release_at", "due_at"):
        if kept.get(name) is not None:
            kept[name] += by_days
    access = Access.of(kept["access"])
    moved = tuple(replace(c, since=c.since and c.since + by_days, until=c.until and c.until + by_days) for c in access.conditions)
    kept["access"] = replace(access, conditions=moved).plain()
    if "settings" in kept:
        kept["settings"] = _shifted(kept["settings"], by_days)
    return kept


def _shifted(settings: dict[str, Any], by_days: timedelta) -> dict[str, Any]:
    """A live session and the hours of a quiz move with the run; a recording, what was voted and the password that a class was told belong to the old
    one."""
    moved = {name: value for name, value in settings.items() if name not in ("recording", "password", versions.CORRECTED)}
    for name in ("starts_at", "ends_at", "opens_at", "closes_at"):
        if moved.get(name):
            moved[name] = (datetime.fromisoformat(moved[name]) + by_days).isoformat()
    return moved
