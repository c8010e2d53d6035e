"""The enterprise training plan of a programme version: items and the signatures of both sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from enterprises.placements import labels, queries, rules
from enterprises.placements.models import PlanItem, PlanSignature
from enterprises.placements.operations._support import BadPlacement, parameter
from enterprises.placements.types import PlanLine, PlanSide
from trainhub.identity import queries as identities
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations
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
        _tell_lapsed(signature, now)
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
    """Record what a side signed on paper under the plan (PETOE-6.3); the known one stays. Raises BadPlacement, also for a plan
    that falls short of 7.1 or 7.3: nobody signs what cannot be published.

    Once the school has signed, the enterprises of the plan are told that theirs is wanted.
    """
    known = _signed_by(version, side)
    return known or _sign(version, side, signed_name=signed_name, signed_on=signed_on, organisation_id=None, by=by, now=now)


def sign_plan_as_enterprise(*, version: ProgrammeVersion, enterprise_id: int, signed_name: str, by: Identity, now: datetime) -> PlanSignature:
    """An enterprise at whose base items take place signs for the enterprise side, today; the known signature stays. The school is told.

    Raises BadPlacement for another enterprise, and for whoever put the school's name under the same plan.
    """
    if enterprise_id not in queries.plan_enterprises(version.id):
        raise BadPlacement(_("这家企业的基地不在这份企业培养方案中，不能签署。"), field="organisation_id")
    known = _signed_by(version, PlanSide.ENTERPRISE)
    if known is not None:
        return known
    school = _signed_by(version, PlanSide.SCHOOL)
    if school is not None and identities.is_same_holder(school.recorded_by_id, by.account_id):
        raise BadPlacement(_("学校一方是你登记的，同一个人不能代表双方签署。"), code="same_person")
    row = _sign(version, PlanSide.ENTERPRISE, signed_name=signed_name, signed_on=local(now).date(), organisation_id=enterprise_id, by=by, now=now)
    programme = programmes.by_id(version.programme_id)
    assert programme is not None
    today = local(now).date()
    notify(
        account_ids={
            *identities.accounts_holding(Role.PROGRAMME_ADMIN, today=today, programme_id=programme.id),
            *identities.accounts_holding(Role.UNIVERSITY_ADMIN, today=today, organisation_id=programme.university_id),
        },
        kind="placements.plan_signed",
        message=N_("%(enterprise)s已签署“%(programme)s”%(label)s的企业培养方案。"),
        values={**_named(version), "enterprise": organisations.names_of([enterprise_id])[enterprise_id]},
        url=f"/placements/plans/{version.id}",
        now=now,
    )
    return row


def _signed_by(version: ProgrammeVersion, side: PlanSide) -> PlanSignature | None:
    return next((row for row in queries.plan_signatures(version.id) if row.side is side), None)


def _sign(
    version: ProgrammeVersion, side: PlanSide, *, signed_name: str, signed_on: date, organisation_id: int | None, by: Identity, now: datetime
) -> PlanSignature:
    if not queries.plan_items(version.id):
        raise BadPlacement(_("方案还没有教学环节，不能签署。"))
    _judge(queries.plan_lines(version.id), local(now).date(), _("方案还不能签署。"))
    if not signed_name.strip():
        raise BadPlacement(_("请填写签署人。"), field="signed_name")
    if signed_on > local(now).date():
        raise BadPlacement(_("签署日期不能晚于今天。"), field="signed_on")
    row = PlanSignature(
        version_id=version.id,
        side=side,
        signed_name=signed_name.strip()[:120],
        signed_on=signed_on,
        organisation_id=organisation_id,
        recorded_by_id=by.account_id,
    )
    session().add(row)
    session().flush()
    data = {"side": side.value, "signed_on": signed_on} | ({"enterprise": organisation_id} if organisation_id is not None else {})
    audit.record(by=by, did="placements.plan.signed", on=("programme_version", str(version.id)), data=data)
    if side is PlanSide.SCHOOL and _signed_by(version, PlanSide.ENTERPRISE) is None:
        _tell_hosts(
            version, queries.plan_enterprises(version.id), "placements.plan_to_sign", N_("“%(programme)s”%(label)s的企业培养方案请核对并签署。"), now
        )
    return row


def _tell_lapsed(signature: PlanSignature, now: datetime) -> None:
    """An enterprise that signed itself learns that it has to look again."""
    version = programmes.version_by_id(signature.version_id)
    if version is not None and signature.organisation_id is not None:
        message = N_("“%(programme)s”%(label)s的企业培养方案有修改，原签署失效，请重新核对并签署。")
        _tell_hosts(version, [signature.organisation_id], "placements.plan_lapsed", message, now)


def _named(version: ProgrammeVersion) -> dict[str, str]:
    programme = programmes.by_id(version.programme_id)
    assert programme is not None
    return {"programme": programme.name, "label": version.label}


def _tell_hosts(version: ProgrammeVersion, enterprise_ids: Sequence[int], kind: str, message: str, now: datetime) -> None:
    notify(
        account_ids=identities.holders_at([Role.ENTERPRISE_COORDINATOR], enterprise_ids, today=local(now).date()),
        kind=kind,
        message=message,
        values=_named(version),
        url=f"/placements/plans/{version.id}/enterprise",
        now=now,
    )


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
