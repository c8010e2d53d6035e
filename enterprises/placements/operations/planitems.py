"""The items of the enterprise training plan of a programme version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from enterprises.placements import queries
from enterprises.placements.models import PlanItem
from enterprises.placements.operations._support import BadPlacement
from enterprises.placements.operations.plansigning import check_unsigned, discard_signatures, judge, short_of
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import ProgrammeVersion
from trainhub.programmes.types import VersionState

EDITABLE = frozenset(["title", "weeks_x10", "is_at_enterprise", "base_id", "assessment", "has_enterprise_mentor", "mentor_name"])


def add_plan_item(
    *,
    version: ProgrammeVersion,
    title: str,
    weeks_x10: int,
    by: Identity,
    now: datetime,
    is_at_enterprise: bool = True,
    base_id: int | None = None,
    assessment: str = "",
    has_enterprise_mentor: bool = True,
    mentor_name: str = "",
) -> PlanItem:
    """Add an item at the end of the plan; weeks in tenths. Items may change until both sides have signed; the signature of
    one side alone lapses with the change. Raises BadPlacement, also when a published plan would no longer hold."""
    check_unsigned(version)
    held = _holds_published(version.id, now)
    items = queries.plan_items(version.id)
    row = PlanItem(version_id=version.id, position=max((item.position for item in items), default=0) + 1, title="", weeks_x10=1)
    _set(
        row,
        {
            "title": title,
            "weeks_x10": weeks_x10,
            "is_at_enterprise": is_at_enterprise,
            "base_id": base_id,
            "assessment": assessment,
            "has_enterprise_mentor": has_enterprise_mentor,
            "mentor_name": mentor_name,
        },
    )
    session().add(row)
    session().flush()
    _changed(version.id, held=held, by=by, now=now)
    audit.record(by=by, did="placements.plan_item.added", on=row, data={"version": version.id, "title": row.title, "weeks_x10": weeks_x10})
    return row


def _holds_published(version_id: int, now: datetime) -> bool:
    """Whether a version is published with a plan that holds; one that was published without a plan is still building it."""
    version, lines = programmes.version_by_id(version_id), queries.plan_lines(version_id)
    return version is not None and version.state is VersionState.PUBLISHED and bool(lines) and short_of(lines, local(now).date()) is None


def _changed(version_id: int, *, held: bool, by: Identity, now: datetime) -> None:
    """After a change of items: a published plan that held still holds, and nobody stays under a text that reads otherwise now."""
    if held:
        judge(queries.plan_lines(version_id), local(now).date(), _("培养方案已发布，不能这样修改。"))
    discard_signatures(version_id, by=by, now=now)


def _version_of(item: PlanItem) -> ProgrammeVersion:
    version = programmes.version_by_id(item.version_id)
    assert version is not None
    return version


def _set(row: PlanItem, values: dict[str, Any]) -> dict[str, list[Any]]:
    values = {key: value.strip() if isinstance(value, str) else value for key, value in values.items()}
    if "title" in values and not values["title"]:
        raise BadPlacement(_("请填写教学环节或课程名称。"), field="title")
    if "weeks_x10" in values and not 1 <= values["weeks_x10"] <= 1000:
        raise BadPlacement(_("周数应大于 0，不超过 100。"), field="weeks")
    changed = {key: [getattr(row, key), value] for key, value in values.items() if getattr(row, key) != value}
    for key, (_before, after) in changed.items():
        setattr(row, key, after)
    return changed


def change_plan_item(*, item: PlanItem, by: Identity, now: datetime, version: int | None = None, **fields: Any) -> dict[str, list[Any]]:
    """Change an item. Raises Stale, BadPlacement (also when a published plan would no longer hold)."""
    check_version(item, version)
    check_unsigned(_version_of(item))
    held = _holds_published(item.version_id, now)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_plan_item() got unexpected fields {unknown}")
    changed = _set(item, fields)
    if changed:
        session().flush()
        _changed(item.version_id, held=held, by=by, now=now)
        audit.record(by=by, did="placements.plan_item.changed", on=item, data=audit.changes(changed, told=EDITABLE - {"mentor_name"}))
    return changed


def copy_plan(*, source: ProgrammeVersion, version: ProgrammeVersion, by: Identity, now: datetime) -> int:
    """Take the items of another version of the programme as the beginning of a plan; how many. A plan that has items keeps them (0)."""
    if source.programme_id != version.programme_id:
        raise BadPlacement(_("只能复制同一专业的企业培养方案。"), field="source_id")
    if queries.plan_items(version.id):
        return 0
    items = queries.plan_items(source.id)
    for item in items:
        add_plan_item(version=version, title=item.title, weeks_x10=item.weeks_x10, by=by, now=now, **{
            name: getattr(item, name) for name in sorted(EDITABLE - {"title", "weeks_x10"})
        })  # fmt: skip
    return len(items)


def remove_plan_item(*, item: PlanItem, by: Identity, now: datetime) -> None:
    """Take an item out of an unsigned plan."""
    check_unsigned(_version_of(item))
    version_id = item.version_id
    held = _holds_published(version_id, now)
    audit.record(by=by, did="placements.plan_item.removed", on=item, data={"title": item.title})
    session().delete(item)
    session().flush()
    _changed(version_id, held=held, by=by, now=now)
