"""The enterprise training plan of a programme version: items and the signatures of both sides."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from enterprises.placements import labels, queries, rules
from enterprises.placements.models import PlanItem, PlanSignature
from enterprises.placements.operations._support import BadPlacement, parameter
from enterprises.placements.types import PlanLine, PlanSide
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
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
    _check_unsigned(version.id)
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


def _check_unsigned(version_id: int) -> None:
    if len(queries.plan_signatures(version_id)) == len(PlanSide):
        raise BadPlacement(_("企业培养方案已由校企双方签署，不能再改。请在新的培养方案版本中修订。"), code="plan_signed")


def _holds_published(version_id: int, now: datetime) -> bool:
    """Whether a version is published with a plan that holds; one that was published without a plan is still building it."""
    version, lines = programmes.version_by_id(version_id), queries.plan_lines(version_id)
    return version is not None and version.state is VersionState.PUBLISHED and bool(lines) and _short_of(lines, local(now).date()) is None


def _changed(version_id: int, *, held: bool, by: Identity, now: datetime) -> None:
    """After a change of items: a published plan that held still holds, and nobody stays under a text that reads otherwise now."""
    if held:
        _judge(queries.plan_lines(version_id), local(now).date(), _("培养方案已发布，不能这样修改。"))
    for signature in queries.plan_signatures(version_id):
        data = {"side": signature.side.value, "signed_name": signature.signed_name, "signed_on": signature.signed_on}
        session().delete(signature)
        session().flush()
        audit.record(by=by, did="placements.plan_signature.discarded", on=("programme_version", str(version_id)), data=data)


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
    _check_unsigned(item.version_id)
    held = _holds_published(item.version_id, now)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_plan_item() got unexpected fields {unknown}")
    changed = _set(item, fields)
    if changed:
        session().flush()
        _changed(item.version_id, held=held, by=by, now=now)
        audit.record(by=by, did="placements.plan_item.changed", on=item, data=changed)
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
    _check_unsigned(item.version_id)
    version_id = item.version_id
    held = _holds_published(version_id, now)
    audit.record(by=by, did="placements.plan_item.removed", on=item, data={"title": item.title})
    session().delete(item)
    session().flush()
    _changed(version_id, held=held, by=by, now=now)


def sign_plan(*, version: ProgrammeVersion, side: PlanSide, signed_name: str, signed_on: date, by: Identity, now: datetime) -> PlanSignature:
    """Record the signature of one side under the plan (PETOE-6.3); the known one stays. Raises BadPlacement, also for a plan
    that falls short of 7.1 or 7.3: nobody signs what cannot be published."""
    for known in queries.plan_signatures(version.id):
        if known.side is side:
            return known
    if not queries.plan_items(version.id):
        raise BadPlacement(_("方案还没有教学环节，不能签署。"))
    _judge(queries.plan_lines(version.id), local(now).date(), _("方案还不能签署。"))
    if not signed_name.strip():
        raise BadPlacement(_("请填写签署人。"), field="signed_name")
    if signed_on > local(now).date():
        raise BadPlacement(_("签署日期不能晚于今天。"), field="signed_on")
    row = PlanSignature(version_id=version.id, side=side, signed_name=signed_name.strip()[:120], signed_on=signed_on, recorded_by_id=by.account_id)
    session().add(row)
    session().flush()
    audit.record(by=by, did="placements.plan.signed", on=("programme_version", str(version.id)), data={"side": side.value, "signed_on": signed_on})
    return row


def check_plan(version: ProgrammeVersion, today: date) -> None:
    """Refuse to publish a programme version whose enterprise plan falls short of 7.1 or 7.3 or lacks the signature of a side (6.3),
    or which has none although the programme is in the 卓越计划; a version without one of another programme is not held back.

    The programme's pages ask this before they publish (see `wiring`). Raises BadPlacement naming what is missing.
    """
    lines, programme = queries.plan_lines(version.id), programmes.by_id(version.programme_id)
    if lines:
        _judge(lines, today, _("不能发布。"))
        signed = [row.side.value for row in queries.plan_signatures(version.id)]
        found = rules.judge_plan_signatures(signed, parameter=parameter("petoe.plan_signatures", today))
        if not found.met:
            sides = listed(str(labels.PLAN_SIDES[PlanSide(side)]) for side in found.details)
            raise BadPlacement(_("企业培养方案还缺%(sides)s的签署，不能发布。请先在“企业培养方案”中登记签署。", sides=sides), code="plan_unsigned")
    elif programme is not None and programme.is_petoe:
        raise BadPlacement(
            _("卓越计划专业的培养方案须有企业培养方案（合计不少于 32 周，均在企业完成，校企双方签署），还不能发布。请先在“企业培养方案”中填写。"),
            code="no_plan",
        )


def _judge(lines: list[PlanLine], today: date, said: str) -> None:
    """Refuse in the words of what is asked for when the items fall short of 7.1 or 7.3."""
    short = _short_of(lines, today)
    if short is not None:
        raise BadPlacement(_("%(what)s%(then)s", what=short[1], then=said), code=short[0])


def _short_of(lines: list[PlanLine], today: date) -> tuple[str, str] | None:
    """(code, words) of what the items fall short of: the weeks of 7.1, the place of 7.3; None: nothing."""
    weeks = rules.judge_plan_weeks(lines, parameter=parameter("petoe.plan_weeks", today))
    if not weeks.met:
        return "plan_too_short", _("企业培养方案各环节合计 %(n)s 周，不足 %(w)s 周。", n=weeks.found, w=weeks.required)
    place = rules.judge_plan_place(lines, parameter=parameter("petoe.plan_location", today))
    if not place.met:
        return "plan_elsewhere", _("企业培养方案中有不在企业完成的环节：%(names)s。", names=listed(place.details))
    return None
