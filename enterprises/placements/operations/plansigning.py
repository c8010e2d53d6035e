"""The signatures under an enterprise training plan: the school's and that of each enterprise at whose base items take place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from enterprises.placements import labels, queries, rules
from enterprises.placements.models import PlanHostSignature, PlanSignature
from enterprises.placements.operations._support import BadPlacement, parameter
from enterprises.placements.types import PlanLine, PlanSide
from trainhub.identity import queries as identities
from trainhub.kernel import audit
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.errors import Stale
from trainhub.kernel.i18n import N_, _, listed
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import ProgrammeVersion


# -- signing ------------------------------------------------------------------------------------------------------------
def sign_plan(
    *, version: ProgrammeVersion, signed_name: str, signed_on: date, by: Identity, now: datetime, edition: str | None = None
) -> PlanSignature:
    """Record what the school signed on paper under the plan (PETOE-6.3); the known signature stays. The enterprises of the plan that
    have not signed are told that theirs is wanted. `edition`: what the page had shown of the plan (`queries.plan_edition`).

    Raises Stale, BadPlacement, also for a plan that falls short of 7.1 or 7.3 (nobody signs what cannot be published), and for whoever
    signed for an enterprise.
    """
    hold_plan(version)
    known = _side(version.id, PlanSide.SCHOOL)
    if known is not None:
        return known
    _check_edition(version, edition)
    signed = queries.plan_host_signatures(version.id)
    if any(row.file_id is None and identities.is_same_holder(row.recorded_by_id, by.account_id) for row in signed):
        raise BadPlacement(_("企业一方是你签署的，同一个人不能代表双方签署。"), code="same_person")
    _check_signable(version, signed_name, signed_on, now)
    row = PlanSignature(
        version_id=version.id, side=PlanSide.SCHOOL, signed_name=signed_name.strip()[:120], signed_on=signed_on, recorded_by_id=by.account_id
    )
    session().add(row)
    session().flush()
    _audit_signed(version, by, side=PlanSide.SCHOOL.value, signed_on=signed_on)
    if _side(version.id, PlanSide.ENTERPRISE) is None:
        waiting = set(queries.plan_enterprises(version.id)) - {one.organisation_id for one in signed}
        _tell_hosts(version, sorted(waiting), "placements.plan_to_sign", N_("“%(programme)s”%(label)s的企业培养方案请核对并签署。"), now)
    return row


def sign_plan_as_enterprise(
    *, version: ProgrammeVersion, enterprise_id: int, signed_name: str, by: Identity, now: datetime, edition: str | None = None
) -> PlanHostSignature:
    """An enterprise at whose base items take place signs for itself, today; the known signature stays. The school is told.

    `edition`: what the page had shown of the plan: nobody signs what was changed since. Raises Stale, BadPlacement for another enterprise, and for whoever put the school's name under the same plan.
    """
    hold_plan(version)
    if enterprise_id not in queries.plan_enterprises(version.id):
        raise BadPlacement(_("这家企业的基地不在这份企业培养方案中，不能签署。"), field="organisation_id")
    known = _known(version, enterprise_id)
    if known is None:
        _check_edition(version, edition)
        school = _side(version.id, PlanSide.SCHOOL)
        if school is not None and identities.is_same_holder(school.recorded_by_id, by.account_id):
            raise BadPlacement(_("学校一方是你登记的，同一个人不能代表双方签署。"), code="same_person")
        today = local(now).date()
        _check_signable(version, signed_name, today, now)
        known = _add(version, enterprise_id, signed_name, today, by, person_id=by.person_id)
        _tell_school(version, enterprise_id, now)
    _complete(version, by)
    return known


def record_plan_signature(
    *,
    version: ProgrammeVersion,
    enterprise_id: int | None,
    signed_name: str,
    signed_on: date,
    file_id: int | None,
    by: Identity,
    now: datetime,
    edition: str | None = None,
) -> PlanHostSignature:
    """The school records what an enterprise signed on paper, with the scan; the known signature stays. Without an enterprise it is
    the signature for the items that name none. Raises Stale, BadPlacement."""
    hold_plan(version)
    if enterprise_id is not None and enterprise_id not in queries.plan_enterprises(version.id):
        raise BadPlacement(_("这家企业的基地不在这份企业培养方案中，不能签署。"), field="party")
    if enterprise_id is None and all(place.hosts for place in queries.plan_places(version.id)) and queries.plan_items(version.id):
        raise BadPlacement(_("每个教学环节都写明了企业，请选择签署的企业。"), field="party")
    known = _known(version, enterprise_id)
    if known is None:
        _check_edition(version, edition)
        _check_signable(version, signed_name, signed_on, now)
        if file_id is None:
            raise BadPlacement(_("登记企业的纸面签署，请上传签署页的扫描件；企业也可以自己在线签署。"), field="file", code="scan_missing")
        known = _add(version, enterprise_id, signed_name, signed_on, by, file_id=file_id)
    _complete(version, by)
    return known


def hold_plan(version: ProgrammeVersion) -> None:
    """Let signatures and changes of a plan that are sent at the same time queue up: the last of two enterprises sees the other's, and
    nobody signs what is being changed."""
    session().flush()
    session().refresh(version, with_for_update={"key_share": True})


def _check_edition(version: ProgrammeVersion, edition: str | None) -> None:
    """Nobody signs what was changed after it was opened."""
    if edition is not None and edition != queries.plan_edition(version.id):
        raise Stale(_("企业培养方案在你打开之后有修改，没有签署。请核对下面的现行内容后再签署。"))


def _side(version_id: int, side: PlanSide) -> PlanSignature | None:
    return next((row for row in queries.plan_signatures(version_id) if row.side is side), None)


def _known(version: ProgrammeVersion, enterprise_id: int | None) -> PlanHostSignature | None:
    return next((row for row in queries.plan_host_signatures(version.id) if row.organisation_id == enterprise_id), None)


def _check_signable(version: ProgrammeVersion, signed_name: str, signed_on: date, now: datetime) -> None:
    lines = queries.plan_lines(version.id)
    if not lines:
        raise BadPlacement(_("方案还没有教学环节，不能签署。"))
    judge(lines, local(now).date(), _("方案还不能签署。"))
    if not signed_name.strip():
        raise BadPlacement(_("请填写签署人。"), field="signed_name")
    if signed_on > local(now).date():
        raise BadPlacement(_("签署日期不能晚于今天。"), field="signed_on")


def _add(
    version: ProgrammeVersion,
    enterprise_id: int | None,
    signed_name: str,
    signed_on: date,
    by: Identity,
    *,
    person_id: int | None = None,
    file_id: int | None = None,
) -> PlanHostSignature:
    row = PlanHostSignature(
        version_id=version.id,
        organisation_id=enterprise_id,
        signed_name=signed_name.strip()[:120],
        signed_on=signed_on,
        person_id=person_id,
        file_id=file_id,
        recorded_by_id=by.account_id,
    )
    session().add(row)
    session().flush()
    _audit_signed(version, by, side=PlanSide.ENTERPRISE.value, signed_on=signed_on, enterprise=enterprise_id, is_paper=file_id is not None)
    return row


def _complete(version: ProgrammeVersion, by: Identity) -> None:
    """The enterprise side has signed as soon as one enterprise of every place has, on the day of the last."""
    rows = queries.plan_host_signatures(version.id)
    if _side(version.id, PlanSide.ENTERPRISE) is not None or unsigned_places(version.id):
        return
    row = PlanSignature(
        version_id=version.id,
        side=PlanSide.ENTERPRISE,
        signed_name="、".join(dict.fromkeys(one.signed_name for one in rows))[:120],
        signed_on=max(one.signed_on for one in rows),
        organisation_id=rows[0].organisation_id if len(rows) == 1 else None,
        recorded_by_id=by.account_id,
    )
    session().add(row)
    session().flush()


def _audit_signed(version: ProgrammeVersion, by: Identity, **data: object) -> None:
    audit.record(
        by=by, did="placements.plan.signed", on=("programme_version", str(version.id)), data={k: v for k, v in data.items() if v is not None}
    )


# -- what is still to sign ----------------------------------------------------------------------------------------------
def unsigned_places(version_id: int) -> list[str]:
    """Whose signature the enterprise side lacks, in words: of each place one of the enterprises that run it."""
    signed = [row.organisation_id for row in queries.plan_host_signatures(version_id)]
    places = rules.places_unsigned(queries.plan_places(version_id), signed)
    names = organisations.names_of({one for place in places for one in place.hosts})
    return list(dict.fromkeys(labels.place_words(sorted(names[one] for one in place.hosts)) for place in places))


def check_unsigned(version: ProgrammeVersion) -> None:
    """Refuse to change a plan that both sides have signed; whoever signs or changes it meanwhile waits."""
    hold_plan(version)
    if len(queries.plan_signatures(version.id)) == len(PlanSide):
        raise BadPlacement(_("企业培养方案已由校企双方签署，不能再改。请在新的培养方案版本中修订。"), code="plan_signed")


def check_plan(version: ProgrammeVersion, today: date) -> None:
    """Refuse to publish a programme version whose enterprise plan falls short of 7.1 or 7.3 or lacks the signature of a side (6.3),
    or which has none although the programme is in the 卓越计划; a version without one of another programme is not held back.

    The programme's pages ask this before they publish (see `wiring`). Raises BadPlacement naming what is missing.
    """
    lines, programme = queries.plan_lines(version.id), programmes.by_id(version.programme_id)
    if lines:
        judge(lines, today, _("不能发布。"))
        signed = [row.side.value for row in queries.plan_signatures(version.id)]
        found = rules.judge_plan_signatures(signed, parameter=parameter("petoe.plan_signatures", today))
        if not found.met:
            sides = listed(_side_words(version.id, PlanSide(side)) for side in found.details)
            raise BadPlacement(_("企业培养方案还缺%(sides)s的签署，不能发布。请先在“企业培养方案”中登记签署。", sides=sides), code="plan_unsigned")
    elif programme is not None and programme.is_petoe:
        raise BadPlacement(
            _("卓越计划专业的培养方案须有企业培养方案（合计不少于 32 周，均在企业完成，校企双方签署），还不能发布。请先在“企业培养方案”中填写。"),
            code="no_plan",
        )


def _side_words(version_id: int, side: PlanSide) -> str:
    """The side, and which enterprises of it when the plan names some."""
    label = str(labels.PLAN_SIDES[side])
    is_named = side is PlanSide.ENTERPRISE and queries.plan_enterprises(version_id)
    return _("%(side)s（%(names)s）", side=label, names=listed(unsigned_places(version_id))) if is_named else label


def judge(lines: list[PlanLine], today: date, said: str) -> None:
    """Refuse in the words of what is asked for when the items fall short of 7.1 or 7.3."""
    short = short_of(lines, today)
    if short is not None:
        raise BadPlacement(_("%(what)s%(then)s", what=short[1], then=said), code=short[0])


def short_of(lines: list[PlanLine], today: date) -> tuple[str, str] | None:
    """(code, words) of what the items fall short of: the weeks of 7.1, the place of 7.3; None: nothing."""
    weeks = rules.judge_plan_weeks(lines, parameter=parameter("petoe.plan_weeks", today))
    if not weeks.met:
        return "plan_too_short", _("企业培养方案各环节合计 %(n)s 周，不足 %(w)s 周。", n=weeks.found, w=weeks.required)
    place = rules.judge_plan_place(lines, parameter=parameter("petoe.plan_location", today))
    if not place.met:
        return "plan_elsewhere", _("企业培养方案中有不在企业完成的环节：%(names)s。", names=listed(place.details))
    return None


# -- lapsing ------------------------------------------------------------------------------------------------------------
def discard_signatures(version_id: int, *, by: Identity, now: datetime) -> None:
    """Nobody stays under a text that reads otherwise now; each enterprise that signed learns that it has to look again."""
    hosts, sides = queries.plan_host_signatures(version_id), queries.plan_signatures(version_id)
    both: list[PlanSignature | PlanHostSignature] = [*sides, *hosts]
    named = {row.organisation_id for row in both if row.organisation_id is not None}
    version = programmes.version_by_id(version_id)
    if version is not None and named:
        message = N_("“%(programme)s”%(label)s的企业培养方案有修改，原签署失效，请重新核对并签署。")
        _tell_hosts(version, sorted(named), "placements.plan_lapsed", message, now)
    for row in both:
        session().delete(row)
    session().flush()
    for one in both:
        if isinstance(one, PlanSignature) and one.side is PlanSide.ENTERPRISE and hosts:
            continue  # the sum of those of the enterprises, each of which is told
        side = one.side if isinstance(one, PlanSignature) else PlanSide.ENTERPRISE
        data: dict[str, object] = {"side": side.value, "signed_name": one.signed_name, "signed_on": one.signed_on}
        data |= {"enterprise": one.organisation_id} if one.organisation_id is not None else {}
        audit.record(by=by, did="placements.plan_signature.discarded", on=("programme_version", str(version_id)), data=data)


# -- telling ------------------------------------------------------------------------------------------------------------
def _named(version: ProgrammeVersion) -> dict[str, str]:
    programme = programmes.by_id(version.programme_id)
    assert programme is not None
    return {"programme": programme.name, "label": version.label}


def _tell_school(version: ProgrammeVersion, enterprise_id: int, now: datetime) -> None:
    programme, today = programmes.by_id(version.programme_id), local(now).date()
    assert programme is not None
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


def _tell_hosts(version: ProgrammeVersion, enterprise_ids: Sequence[int], kind: str, message: str, now: datetime) -> None:
    notify(
        account_ids=_coordinators(enterprise_ids, local(now).date()),
        kind=kind,
        message=message,
        values=_named(version),
        url=f"/placements/plans/{version.id}/enterprise",
        now=now,
    )


def _coordinators(enterprise_ids: Iterable[int], today: date) -> Iterable[int]:
    return identities.holders_at([Role.ENTERPRISE_COORDINATOR], list(enterprise_ids), today=today)
