"""What can be done with bases: open, describe, lead, agree, recognise and accept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from flask import current_app

from enterprises.bases import labels, queries, rules
from enterprises.bases.models import BaseAcceptance, BaseAgreement, BaseFigurePast, BaseLeader, BasePeriod, BaseProfile
from enterprises.bases.operations.errors import BadBase
from enterprises.bases.operations.schools import school_meant, sending
from enterprises.bases.operations.typed import hold_base
from enterprises.bases.types import AcceptanceStep, AgreementTopic, BaseType, LeaderSide
from trainhub.kernel import audit, files
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.clock import local
from trainhub.kernel.db import hold, session
from trainhub.kernel.errors import NotAllowed, Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind
from trainhub.people.models import Person

FIGURES = frozenset(
    [
        "is_on_campus",
        "opened_on",
        "capacity_per_term",
        "area_new_m2",
        "area_extended_m2",
        "startup_entities",
        "workers",
        "facilities",
        "summary",
        "latitude_e5",
        "longitude_e5",
        "level",
        "school_invested_fen",
        "enterprise_invested_fen",
    ]
)
DATED = ("is_on_campus", "area_new_m2", "area_extended_m2", "startup_entities", "workers")
"""Figures that awards and weeks are decided by: what they were on an earlier day is kept."""
MOVED = "enterprises.bases.moved_onto_campus"
"""Rooms above do what follows when a base moves onto a campus: functions (base id, by, now)."""


FIGURED = "enterprises.bases.figured"
"""Rooms above do what follows when a figure of `DATED` has changed: functions (base id, by, now)."""


class WrongStep(Refused):
    """The step of recognition does not follow the one before."""

    code = "wrong_step"


def open_base(*, base: Organisation, by: Identity, now: datetime, **figures: Any) -> BaseProfile:
    """Give an organisation of kind `base` its profile; a base that has one keeps it and gets the figures named.

    `figures`: see FIGURES (areas in m², capacity in students per term; None: not known). Raises BadBase.
    """
    if base.kind is not OrganisationKind.BASE:
        raise BadBase(_("“%(name)s”不是实践基地，请先登记为“基地”类机构。", name=base.name))
    unknown = sorted(set(figures) - FIGURES)
    if unknown:
        raise TypeError(f"open_base() got unexpected fields {unknown}")
    profile = queries.profile(base.id)
    if profile is None:
        profile = BaseProfile(base_id=base.id)
        session().add(profile)
        audit.record(by=by, did="bases.base.opened", on=("base", str(base.id)), data={"code": base.code})
        _set(profile, figures)
    else:
        hold_base(base.id)
        changed = _set(profile, figures)
        _keep(profile, changed, by, now)
        session().flush()
        _follow(base.id, changed, by, now)
    session().flush()
    return profile


def _follow(base_id: int, changed: dict[str, list[Any]], by: Identity, now: datetime) -> None:
    """Whoever offers or places there does what follows from a move onto a campus, and from figures that awards are decided by."""
    for hook, is_due in ((MOVED, changed.get("is_on_campus") == [False, True]), (FIGURED, bool(changed.keys() & set(DATED)))):
        for follow in current_app.extensions.get(hook, []) if is_due else ():
            follow(base_id, by=by, now=now)


def _set(profile: BaseProfile, figures: dict[str, Any]) -> dict[str, list[Any]]:
    invested = ("school_invested_fen", "enterprise_invested_fen")
    for key in ("capacity_per_term", "area_new_m2", "area_extended_m2", "startup_entities", "workers", *invested):
        value = figures.get(key)
        if value is not None and value < 0:
            raise BadBase(_("“%(field)s”不能是负数。", field=str(labels.FIGURES[key])), field=key)
    for key, most in (("latitude_e5", 9_000_000), ("longitude_e5", 18_000_000)):
        value = figures.get(key)
        if value is not None and not -most <= value <= most:
            raise BadBase(_("“%(field)s”不是有效的经纬度。", field=str(labels.FIGURES[key])), field=key)
    changed = {key: [getattr(profile, key), value] for key, value in figures.items() if getattr(profile, key) != value}
    for key, (_before, after) in changed.items():
        setattr(profile, key, after)
    return changed


def _keep(profile: BaseProfile, changed: dict[str, list[Any]], by: Identity, now: datetime) -> None:
    """Keep what the figures of awards were before today."""
    today = local(now).date()
    session().add_all(
        BaseFigurePast(base_id=profile.base_id, key=key, value=_number(changed[key][0]), until=today, replaced_by_id=by.account_id, replaced_at=now)
        for key in DATED
        if key in changed
    )


def _number(value: Any) -> int | None:
    """A figure as it is kept: yes is 1, no is 0."""
    return int(value) if isinstance(value, bool) else value


def change_base(*, profile: BaseProfile, by: Identity, now: datetime, version: int | None = None, **figures: Any) -> dict[str, list[Any]]:
    """Change the figures of a base; returns {field: [before, after]}. Raises Stale, BadBase."""
    check_version(profile, version)
    unknown = sorted(set(figures) - FIGURES)
    if unknown:
        raise TypeError(f"change_base() got unexpected fields {unknown}")
    hold_base(profile.base_id)
    changed = _set(profile, figures)
    if changed:
        _keep(profile, changed, by, now)
        session().flush()
        audit.record(by=by, did="bases.base.changed", on=("base", str(profile.base_id)), data=audit.changes(changed, told=FIGURES))
        _follow(profile.base_id, changed, by, now)
    return changed


def set_period(
    *,
    base: Organisation,
    title: str,
    since: date,
    until: date,
    capacity: int,
    by: Identity,
    now: datetime,
    facilities: str = "",
    period: BasePeriod | None = None,
    version: int | None = None,
) -> BasePeriod:
    """Say what a base can take and show in a span (a term), anew or by changing `period`; the same span again is changed.

    Raises BadBase for impossible dates or a span that overlaps another one, Stale.
    """
    if until < since:
        raise BadBase(_("结束日期不能早于开始日期。"), field="until")
    if not title.strip():
        raise BadBase(_("请填写名称。"), field="title")
    if not 0 <= capacity <= 100_000:
        raise BadBase(_("人数应为 0 或正整数。"), field="capacity")
    hold(f"periods:{base.id}")  # two periods at once do not overlap
    known = queries.periods_of(base.id)
    if period is None:
        period = next((row for row in known if (row.since, row.until) == (since, until)), None)
    else:
        check_version(period, version)
    for row in known:
        if row is not period and row.since <= until and since <= row.until:
            raise BadBase(_("与“%(title)s”（%(a)s 至 %(b)s）的日期重叠。", title=row.title, a=row.since, b=row.until), field="since")
    if period is None:
        period = BasePeriod(base_id=base.id, title="", since=since, until=until, capacity=capacity)
        session().add(period)
    period.title, period.since, period.until = title.strip()[:120], since, until
    period.capacity, period.facilities = capacity, facilities.strip()[:4000]
    session().flush()
    audit.record(
        by=by, did="bases.period.set", on=("base", str(base.id)), data={"title": period.title, "since": since, "until": until, "capacity": capacity}
    )
    return period


def add_leader(
    *,
    base: Organisation,
    person: Person,
    side: LeaderSide,
    post: str,
    since: date,
    by: Identity,
    now: datetime,
    until: date | None = None,
    university_id: int | None = None,
) -> BaseLeader:
    """Note a leader of one side of a base with post and span (PETOE-6.2). The same again is the known one; with another post or last day it is refused.

    `university_id`: the school led for; the only one of the base unless it is said. Raises BadBase.
    """
    post = post.strip()
    if not post:
        raise BadBase(_("请填写负责人的职务。"), field="post")
    if until is not None and until < since:
        raise BadBase(_("结束日期不能早于开始日期。"), field="until")
    school = school_meant(base, university_id) if side is LeaderSide.SCHOOL else None
    for known in queries.leader_rows(base.id):
        if (known.person_id, known.side, known.since, known.university_id) != (person.id, side, since, school):
            continue
        if (known.post, known.until) == (post[:100], until):
            return known
        said = _("这位负责人的这段任职已登记，职务或离任日期不同。请先在基地页面登记离任，再登记新的任职。")
        raise BadBase(said, field="person_id", code="leader_known")
    row = BaseLeader(base_id=base.id, person_id=person.id, side=side, university_id=school, post=post[:100], since=since, until=until)
    session().add(row)
    session().flush()
    told = {"person": person.id, "side": side.value, "post": post, "since": since}
    audit.record(by=by, did="bases.leader.added", on=("base", str(base.id)), data=told)
    return row


def end_leader(*, base: Organisation, leader_id: int, until: date, by: Identity, now: datetime) -> None:
    """Note the last day in office; doing it again changes nothing."""
    for leader in queries.leader_rows(base.id):
        if leader.id == leader_id and leader.until is None:
            if until < leader.since:
                raise BadBase(_("结束日期不能早于开始日期。"), field="until")
            leader.until = until
            session().flush()
            audit.record(by=by, did="bases.leader.ended", on=("base", str(base.id)), data={"leader": leader_id, "until": until})


def sign_agreement(
    *,
    base: Organisation,
    title: str,
    signed_on: date,
    since: date,
    until: date,
    topics: Iterable[AgreementTopic | str],
    by: Identity,
    now: datetime,
    file_id: int | None = None,
    university_id: int | None = None,
) -> BaseAgreement:
    """Record a signed cooperation agreement with its term and topics (PETOE-6.6). The same again is the known one; the same with other topics or another
    scan is refused, for the known one is edited.

    `university_id`: the school that signed, of those that build the base or send students there; the only one that builds it unless it is said. Fewer than
    the four topics are accepted and show as a finding. Raises BadBase for impossible dates or an empty title.
    """
    title = title.strip()
    _check_agreement(title, signed_on, since, until, local(now).date())
    wanted = sorted({AgreementTopic(topic) for topic in topics}, key=list(AgreementTopic).index)
    school = school_meant(base, university_id, others=sending(base.id))
    for known in queries.agreements_of(base.id):
        if (known.title, known.signed_on, known.since, known.until, known.university_id) != (title[:200], signed_on, since, until, school):
            continue
        if known.topics == [topic.value for topic in wanted] and files.is_same(known.file_id, file_id):
            return known
        raise BadBase(_("这份协议已登记，载明内容或扫描件不同。请在基地页面编辑那一份。"), field="title", code="agreement_known")
    row = BaseAgreement(
        base_id=base.id,
        university_id=school,
        title=title[:200],
        signed_on=signed_on,
        since=since,
        until=until,
        topics=[topic.value for topic in wanted],
        file_id=file_id,
    )
    session().add(row)
    session().flush()
    audit.record(
        by=by,
        did="bases.agreement.signed",
        on=("base", str(base.id)),
        data={"agreement": row.id, "title": title, "university": school, "since": since, "until": until, "topics": row.topics},
    )
    return row


def _check_agreement(title: str, signed_on: date, since: date, until: date, today: date) -> None:
    if not title:
        raise BadBase(_("请填写协议名称。"), field="title")
    if until < since:
        raise BadBase(_("协议的截止日期不能早于开始日期。"), field="until")
    if signed_on > today:
        raise BadBase(_("签署日期不能晚于今天。"), field="signed_on")


def change_agreement(
    *,
    agreement: BaseAgreement,
    base: Organisation,
    title: str,
    signed_on: date,
    since: date,
    until: date,
    topics: Iterable[AgreementTopic | str],
    reason: str,
    by: Identity,
    now: datetime,
    version: int | None = None,
    file_id: int | None = None,
    university_id: int | None = None,
) -> BaseAgreement:
    """Correct what was typed, or end the agreement early by an earlier last day, with the reason; the audit log keeps what stood
    there. Starts are judged by what stands from now on; placements that have begun go on. The same again changes nothing.

    Raises Stale, BadBase without a reason or for what `sign_agreement` refuses.
    """
    check_version(agreement, version)
    _check_agreement(title.strip(), signed_on, since, until, local(now).date())
    wanted = {AgreementTopic(topic) for topic in topics}
    is_same_school = university_id in (None, agreement.university_id)
    after = {
        "title": title.strip()[:200],
        "university_id": agreement.university_id if is_same_school else school_meant(base, university_id, others=sending(base.id)),
        "signed_on": signed_on,
        "since": since,
        "until": until,
        "topics": [topic.value for topic in AgreementTopic if topic in wanted],
        "file_id": file_id or agreement.file_id,
    }
    changed = {name: [getattr(agreement, name), value] for name, value in after.items() if getattr(agreement, name) != value}
    if not changed:
        return agreement
    if not reason.strip():
        raise BadBase(_("请写明更正或提前终止的理由。"), field="reason")
    for name, value in after.items():
        setattr(agreement, name, value)
    session().flush()
    told = {"agreement": agreement.id, "reason": reason.strip()[:400], "changed": changed}
    audit.record(by=by, did="bases.agreement.changed", on=("base", str(base.id)), data=told)
    return agreement


def record_acceptance(
    *, base: Organisation, type: BaseType, step: AcceptanceStep, on: date, by: Identity, now: datetime, department: str = "", document: str = ""
) -> BaseAcceptance:
    """Record a department's step for one type of a base: 认定, 验收 or 撤销 (FJ-16b, FJ-26). The same again is the known one.

    `department` is a role code (dept_edu, dept_hr, dept_st); it defaults to the one the type belongs to. Raises NotAllowed
    when the signed-in department does not answer for the type, WrongStep when the step does not follow, BadBase.
    """
    able = rules.DEPARTMENTS[type]
    department = department or next((name for name in able if by.has(Role(name))), able[0])
    if department not in able or not (by.everywhere(Role(department)) or by.everywhere(Role.SYSTEM_ADMIN)):
        names = listed(str(labels.DEPARTMENTS[name]) for name in able)
        raise NotAllowed(_("“%(type)s”由%(names)s认定和验收，你的部门不能办理。", type=str(labels.BASE_TYPES[type]), names=names))
    hold_base(base.id)
    if all(known.type is not type for known in queries.types_of(base.id)):
        raise BadBase(_("这个基地没有登记为“%(type)s”，请先补充类型。", type=str(labels.BASE_TYPES[type])), field="type")
    if on > local(now).date():
        raise BadBase(_("日期不能晚于今天。"), field="on")
    history = [row for row in queries.acceptances_of(base.id) if row.type is type]
    for known in history:
        if (known.step, known.on) != (step, on):
            continue
        if document.strip()[:200] in ("", known.document):
            return known
        said = _("这一步已登记，文号是“%(document)s”，不能再登记另一个文号。", document=known.document or "—")
        raise BadBase(said, field="document", code="step_known")
    allowed = rules.next_steps(row.step for row in history)
    if step not in allowed or (history and on < history[-1].on):
        names = listed(str(labels.STEPS[one]) for one in allowed)
        raise WrongStep(_("当前可以办理的是：%(names)s；日期不能早于上一步。", names=names), field="step")
    row = BaseAcceptance(
        base_id=base.id,
        type=type,
        step=step,
        department=department,
        on=on,
        document=document.strip()[:200],
        recorded_by_id=by.account_id,
        recorded_at=now,
    )
    session().add(row)
    session().flush()
    told = {"type": type.value, "step": step.value, "department": department, "on": on, "document": row.document}
    audit.record(by=by, did="bases.acceptance.recorded", on=("base", str(base.id)), data=told)
    return row
