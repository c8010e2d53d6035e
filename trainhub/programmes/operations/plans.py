"""Training plans: versions with requirements, their standards and points; a published one stays as it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from flask import current_app
from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _, listed
from trainhub.programmes import queries, rules
from trainhub.programmes.models import (
    GraduationRequirement,
    IndicatorPoint,
    Programme,
    ProgrammeVersion,
    RequirementStandard,
)
from trainhub.programmes.operations.errors import BadProgramme, CodeTaken, IsPublished, NotReady
from trainhub.programmes.types import PointKind, VersionState

CHECKS = "trainhub.programmes.publication_checks"
"""Rooms above add what else must hold before a version is published: functions (version, day) that refuse."""


def create_version(
    *,
    programme: Programme,
    label: str,
    from_cohort_year: int,
    by: Identity,
    now: datetime,
    copy_from: ProgrammeVersion | None = None,
) -> ProgrammeVersion:
    """A new draft of the training plan, empty or as a copy of another version of the same programme."""
    label = label.strip()
    if not label:
        raise BadProgramme(_("请填写培养方案的名称，例如“2026 版”。"), field="label")
    if not 1950 <= from_cohort_year <= 2200:
        raise BadProgramme(_("起始年级应为四位年份。"), field="from_cohort_year")
    if any(known.label == label for known in queries.versions_of(programme.id)):
        raise CodeTaken(_("这个专业已有名为“%(label)s”的培养方案。", label=label), field="label")
    row = ProgrammeVersion(programme_id=programme.id, label=label, from_cohort_year=from_cohort_year)
    session().add(row)
    session().flush()
    if copy_from is not None:
        if copy_from.programme_id != programme.id:
            raise BadProgramme(_("只能复制同一专业的培养方案。"), field="copy_from")
        _copy(copy_from, row)
    audit.record(by=by, did="programmes.version.created", on=row, data={"programme": programme.code, "label": label, "from": from_cohort_year})
    return row


def _copy(source: ProgrammeVersion, target: ProgrammeVersion) -> None:
    for old in queries.requirements_of(source.id):
        new = GraduationRequirement(version_id=target.id, number=old.number, title=old.title, text=old.text)
        session().add(new)
        session().flush()
        session().add_all([RequirementStandard(requirement_id=new.id, standard_code=code) for code in sorted(old.standards)])
        session().add_all([IndicatorPoint(requirement_id=new.id, number=p.number, kind=p.kind, text=p.text) for p in old.points])
    session().flush()


def publish_version(*, version: ProgrammeVersion, today: date, by: Identity, now: datetime, opened_at: int | None = None) -> ProgrammeVersion:
    """Publish a draft: from now on it stays as it is. Again changes nothing. Raises NotReady and Stale."""
    check_version(version, opened_at)
    if version.state is VersionState.PUBLISHED:
        return version
    if version.state is VersionState.RETIRED:
        raise NotReady(_("培养方案“%(label)s”已停用，不能再发布。请以它为底稿新建一版。", label=version.label))
    has_any, bare = rules.publication_gaps(queries.requirements_of(version.id))
    if not has_any:
        raise NotReady(_("培养方案“%(label)s”还没有毕业要求，不能发布。请先添加毕业要求。", label=version.label))
    if bare:
        raise NotReady(
            _(
                "培养方案“%(label)s”的毕业要求 %(numbers)s 还没有指标点，不能发布。请先把毕业要求细化为可以检查的指标点。",
                label=version.label,
                numbers=listed(str(n) for n in bare),
            )
        )
    for check in current_app.extensions.get(CHECKS, []):
        check(version, today)
    version.state, version.published_on = VersionState.PUBLISHED, today
    session().flush()
    audit.record(by=by, did="programmes.version.published", on=version, data={"label": version.label, "on": today})
    return version


def retire_version(*, version: ProgrammeVersion, by: Identity, now: datetime, opened_at: int | None = None) -> ProgrammeVersion:
    """Take a version out of use for new cohorts; cohorts that follow it go on."""
    check_version(version, opened_at)
    if version.state is not VersionState.RETIRED:
        version.state = VersionState.RETIRED
        session().flush()
        audit.record(by=by, did="programmes.version.retired", on=version, data={"label": version.label})
    return version


def _draft(version_id: int, opened_at: int | None = None, *, touches: bool = True) -> ProgrammeVersion:
    """The version to write into. Its own version counts up with each change of its requirements, so that two editors of one
    plan notice each other."""
    version = queries.version_by_id(version_id)
    if version is None or version.state is not VersionState.DRAFT:
        raise IsPublished(_("培养方案已发布，不能再修改。请以它为底稿新建一版。"))
    check_version(version, opened_at)
    if touches:
        flag_modified(version, "label")
    return version


def add_requirement(
    *,
    version: ProgrammeVersion,
    number: int,
    title: str,
    text: str,
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
    standards: Iterable[str] = (),
) -> GraduationRequirement:
    """Add a graduation requirement to a draft, with the standards it covers. Raises IsPublished and CodeTaken (the number)."""
    _draft(version.id, opened_at)
    title, text = title.strip(), text.strip()
    if number < 1:
        raise BadProgramme(_("毕业要求的序号从 1 开始。"), field="number")
    if not title or not text:
        raise BadProgramme(_("请填写毕业要求的标题和内容。"), field="text" if title else "title")
    if any(known.number == number for known in queries.requirements_of(version.id)):
        raise CodeTaken(_("已有序号为 %(number)d 的毕业要求。", number=number), field="number")
    row = GraduationRequirement(version_id=version.id, number=number, title=title, text=text)
    session().add(row)
    session().flush()
    audit.record(by=by, did="programmes.requirement.added", on=version, data={"number": number, "title": title})
    set_standards(requirement=row, codes=standards, by=by, now=now)
    return row


def change_requirement(
    *,
    requirement: GraduationRequirement,
    title: str,
    text: str,
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
    number: int | None = None,
    standards: Iterable[str] | None = None,
) -> GraduationRequirement:
    """Reword or renumber a requirement of a draft; with `standards` also say which general standards it covers."""
    version = _draft(requirement.version_id, opened_at)
    number = requirement.number if number is None else number
    if number != requirement.number and any(known.number == number for known in queries.requirements_of(version.id)):
        raise CodeTaken(_("已有序号为 %(number)d 的毕业要求。", number=number), field="number")
    if not title.strip() or not text.strip():
        raise BadProgramme(_("请填写毕业要求的标题和内容。"), field="text" if title.strip() else "title")
    before = [requirement.number, requirement.title, requirement.text]
    requirement.number, requirement.title, requirement.text = number, title.strip(), text.strip()
    session().flush()
    if before != [number, requirement.title, requirement.text]:
        audit.record(by=by, did="programmes.requirement.changed", on=version, data={"number": number, "before": before})
    if standards is not None:
        set_standards(requirement=requirement, codes=standards, by=by, now=now)
    return requirement


def remove_requirement(*, requirement: GraduationRequirement, by: Identity, now: datetime, opened_at: int | None = None) -> None:
    """Remove a requirement of a draft with its points and its mapping."""
    version = _draft(requirement.version_id, opened_at)
    current = session()
    for point in queries.points_of(requirement.id):
        current.delete(point)
    for mapped in queries.mapping_of(requirement.id).values():
        current.delete(mapped)
    current.flush()
    audit.record(by=by, did="programmes.requirement.removed", on=version, data={"number": requirement.number, "title": requirement.title})
    current.delete(requirement)
    current.flush()


def map_standard(*, requirement: GraduationRequirement, standard_code: str, by: Identity, now: datetime) -> None:
    """Say that a requirement covers a general standard (SUP-1); saying it again changes nothing."""
    set_standards(requirement=requirement, codes={*queries.mapping_of(requirement.id), standard_code}, by=by, now=now)


def set_standards(*, requirement: GraduationRequirement, codes: Iterable[str], by: Identity, now: datetime, opened_at: int | None = None) -> None:
    """Say which general standards a requirement of a draft covers, and no others."""
    version = _draft(requirement.version_id, opened_at, touches=False)
    wanted = set(codes)
    unknown = sorted(wanted - {row.code for row in queries.standards()})
    if unknown:
        raise BadProgramme(_("没有代码为 %(code)s 的通用标准。", code=unknown[0]), field="standards")
    known = queries.mapping_of(requirement.id)
    if wanted == set(known):
        return
    flag_modified(version, "label")
    for code, row in known.items():
        if code not in wanted:
            session().delete(row)
    session().add_all([RequirementStandard(requirement_id=requirement.id, standard_code=code) for code in sorted(wanted - set(known))])
    session().flush()
    audit.record(by=by, did="programmes.requirement.mapped", on=version, data={"number": requirement.number, "standards": sorted(wanted)})


def add_point(
    *,
    requirement: GraduationRequirement,
    number: str | None = None,
    kind: PointKind,
    text: str,
    by: Identity,
    now: datetime,
    opened_at: int | None = None,
) -> IndicatorPoint:
    """Refine a requirement of a draft by a point that can be checked; without a number the next one is taken."""
    version = _draft(requirement.version_id, opened_at)
    used = [point.number for point in queries.points_of(requirement.id)]
    number = (number or "").strip() or rules.next_point_number(requirement.number, used)
    if number in used:
        raise CodeTaken(_("已有编号为 %(number)s 的指标点。", number=number), field="number")
    if not text.strip():
        raise BadProgramme(_("请填写指标点的内容。"), field="text")
    row = IndicatorPoint(requirement_id=requirement.id, number=number, kind=kind, text=text.strip())
    session().add(row)
    session().flush()
    audit.record(by=by, did="programmes.point.added", on=version, data={"number": number, "kind": kind.value})
    return row


def change_point(*, point: IndicatorPoint, kind: PointKind, text: str, by: Identity, now: datetime, opened_at: int | None = None) -> IndicatorPoint:
    """Reword a point of a draft."""
    requirement = queries.requirement_by_id(point.requirement_id)
    assert requirement is not None
    version = _draft(requirement.version_id, opened_at)
    if not text.strip():
        raise BadProgramme(_("请填写指标点的内容。"), field="text")
    before = [point.kind.value, point.text]
    point.kind, point.text = kind, text.strip()
    session().flush()
    audit.record(by=by, did="programmes.point.changed", on=version, data={"number": point.number, "before": before})
    return point


def remove_point(*, point: IndicatorPoint, by: Identity, now: datetime, opened_at: int | None = None) -> None:
    """Remove a point of a draft."""
    requirement = queries.requirement_by_id(point.requirement_id)
    assert requirement is not None
    version = _draft(requirement.version_id, opened_at)
    audit.record(by=by, did="programmes.point.removed", on=version, data={"number": point.number, "text": point.text})
    session().delete(point)
    session().flush()
