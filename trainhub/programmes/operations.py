"""What can be done with programmes: set up, plan (versions with requirements, standards, points), publish, open cohorts."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from trainhub.kernel import audit, pinyin
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.organisations.rules import is_code, normalise_code
from trainhub.organisations.types import SCHOOLS
from trainhub.programmes import queries, rules
from trainhub.programmes.models import (
    Accreditation,
    Cohort,
    GraduationRequirement,
    IndicatorPoint,
    Programme,
    ProgrammeVersion,
    RequirementStandard,
)
from trainhub.programmes.types import AccreditationResult, DegreeLevel, PointKind, VersionState


class BadProgramme(Refused):
    """A fact of a programme is impossible."""

    code = "bad_programme"


class CodeTaken(Refused):
    """Another programme has this code, label, year or number."""

    code = "code_taken"


class IsPublished(Refused):
    """A published version stays as it is."""

    code = "version_published"
    status = 409


class NotReady(Refused):
    """The version lacks something before it can be published."""

    code = "version_not_ready"


def create_programme(
    *,
    code: str,
    university: Organisation,
    major_code: str,
    name: str,
    by: Identity,
    now: datetime,
    degree_level: DegreeLevel = DegreeLevel.BACHELOR,
    name_en: str = "",
    key_field_no: int | None = None,
    is_petoe: bool = False,
    petoe_since: date | None = None,
) -> Programme:
    """Set up a programme of a school. Raises CodeTaken, or BadProgramme when the organisation is no school."""
    code, name = normalise_code(code), name.strip()
    if not is_code(code):
        raise BadProgramme(_("专业点代码无效：请用 2 至 40 个字母、数字、点、横线或下划线。"), field="code")
    if university.kind not in SCHOOLS:
        raise BadProgramme(_("“%(name)s”不是学校，不能设立专业。", name=university.name), field="university_id")
    if not name:
        raise BadProgramme(_("请填写专业名称。"), field="name")
    if queries.by_code(code) is not None:
        raise CodeTaken(_("专业点代码 %(code)s 已被使用。", code=code), field="code")
    if any(p.major_code == major_code and p.degree_level is degree_level for p in queries.of_university(university.id)):
        raise CodeTaken(_("%(name)s 已设有同一层次的 %(major)s 专业。", name=university.name, major=major_code), field="major_code")
    row = Programme(
        code=code,
        university_id=university.id,
        major_code=major_code.strip(),
        name=name,
        name_en=name_en.strip(),
        pinyin=pinyin.of_text(name),
        degree_level=degree_level,
        key_field_no=key_field_no,
        is_petoe=is_petoe,
        petoe_since=petoe_since,
        created_at=now,
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="programmes.programme.created", on=row, data={"code": code, "name": name, "university": university.code})
    return row


EDITABLE = frozenset(["name", "name_en", "key_field_no", "is_petoe", "petoe_since"])


def change_programme(*, programme: Programme, by: Identity, now: datetime, version: int | None = None, **fields: Any) -> dict[str, list[Any]]:
    """Change facts of a programme; returns {field: [before, after]}. Raises Stale."""
    check_version(programme, version)
    unknown = sorted(set(fields) - EDITABLE)
    if unknown:
        raise TypeError(f"change_programme() got unexpected fields {unknown}")
    fields = {key: value.strip() if isinstance(value, str) else value for key, value in fields.items()}
    if "name" in fields and not fields["name"]:
        raise BadProgramme(_("请填写专业名称。"), field="name")
    changed = {key: [getattr(programme, key), value] for key, value in fields.items() if getattr(programme, key) != value}
    for key, (_before, after) in changed.items():
        setattr(programme, key, after)
    if changed:
        programme.pinyin = pinyin.of_text(programme.name)
        session().flush()
        audit.record(by=by, did="programmes.programme.changed", on=programme, data=changed)
    return changed


# -- versions -----------------------------------------------------------------------------------------------------------


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
    audit.record(
        by=by, did="programmes.version.created", on=row, data={"programme": programme.code, "label": label, "from": from_cohort_year}
    )
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
                numbers="、".join(str(n) for n in bare),
            )
        )
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


def _draft(version_id: int) -> ProgrammeVersion:
    version = queries.version_by_id(version_id)
    if version is None or version.state is not VersionState.DRAFT:
        raise IsPublished(_("培养方案已发布，不能再修改。请以它为底稿新建一版。"))
    return version


# -- requirements and points --------------------------------------------------------------------------------------------


def add_requirement(*, version: ProgrammeVersion, number: int, title: str, text: str, by: Identity, now: datetime) -> GraduationRequirement:
    """Add a graduation requirement to a draft. Raises IsPublished and CodeTaken (the number)."""
    _draft(version.id)
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
    return row


def change_requirement(
    *, requirement: GraduationRequirement, title: str, text: str, by: Identity, now: datetime, number: int | None = None
) -> GraduationRequirement:
    """Reword or renumber a requirement of a draft."""
    version = _draft(requirement.version_id)
    number = requirement.number if number is None else number
    if number != requirement.number and any(known.number == number for known in queries.requirements_of(version.id)):
        raise CodeTaken(_("已有序号为 %(number)d 的毕业要求。", number=number), field="number")
    if not title.strip() or not text.strip():
        raise BadProgramme(_("请填写毕业要求的标题和内容。"), field="text" if title.strip() else "title")
    before = [requirement.number, requirement.title, requirement.text]
    requirement.number, requirement.title, requirement.text = number, title.strip(), text.strip()
    session().flush()
    audit.record(by=by, did="programmes.requirement.changed", on=version, data={"number": number, "before": before})
    return requirement


def remove_requirement(*, requirement: GraduationRequirement, by: Identity, now: datetime) -> None:
    """Remove a requirement of a draft with its points and its mapping."""
    version = _draft(requirement.version_id)
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


def set_standards(*, requirement: GraduationRequirement, codes: Iterable[str], by: Identity, now: datetime) -> None:
    """Say which general standards a requirement of a draft covers, and no others."""
    version = _draft(requirement.version_id)
    wanted = set(codes)
    unknown = sorted(wanted - {row.code for row in queries.standards()})
    if unknown:
        raise BadProgramme(_("没有代码为 %(code)s 的通用标准。", code=unknown[0]), field="standards")
    known = queries.mapping_of(requirement.id)
    if wanted == set(known):
        return
    for code, row in known.items():
        if code not in wanted:
            session().delete(row)
    session().add_all([RequirementStandard(requirement_id=requirement.id, standard_code=code) for code in sorted(wanted - set(known))])
    session().flush()
    audit.record(
        by=by, did="programmes.requirement.mapped", on=version, data={"number": requirement.number, "standards": sorted(wanted)}
    )


def add_point(
    *, requirement: GraduationRequirement, number: str | None = None, kind: PointKind, text: str, by: Identity, now: datetime
) -> IndicatorPoint:
    """Refine a requirement of a draft by a point that can be checked; without a number the next one is taken."""
    version = _draft(requirement.version_id)
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


def change_point(*, point: IndicatorPoint, kind: PointKind, text: str, by: Identity, now: datetime) -> IndicatorPoint:
    """Reword a point of a draft."""
    requirement = queries.requirement_by_id(point.requirement_id)
    assert requirement is not None
    version = _draft(requirement.version_id)
    if not text.strip():
        raise BadProgramme(_("请填写指标点的内容。"), field="text")
    before = [point.kind.value, point.text]
    point.kind, point.text = kind, text.strip()
    session().flush()
    audit.record(by=by, did="programmes.point.changed", on=version, data={"number": point.number, "before": before})
    return point


def remove_point(*, point: IndicatorPoint, by: Identity, now: datetime) -> None:
    """Remove a point of a draft."""
    requirement = queries.requirement_by_id(point.requirement_id)
    assert requirement is not None
    version = _draft(requirement.version_id)
    audit.record(by=by, did="programmes.point.removed", on=version, data={"number": point.number, "text": point.text})
    session().delete(point)
    session().flush()


# -- cohorts and conclusions --------------------------------------------------------------------------------------------


def create_cohort(
    *,
    programme: Programme,
    year: int,
    by: Identity,
    now: datetime,
    starts_on: date | None = None,
    version: ProgrammeVersion | None = None,
) -> Cohort:
    """Open the cohort that enters in `year` (from 1 September unless said); it follows the plan published for it."""
    if not 1950 <= year <= 2200:
        raise BadProgramme(_("年级应为四位年份。"), field="year")
    if queries.cohort_of(programme.id, year) is not None:
        raise CodeTaken(_("%(name)s 已有 %(year)d 级。", name=programme.name, year=year), field="year")
    if version is not None and version.programme_id != programme.id:
        raise BadProgramme(_("只能采用本专业的培养方案。"), field="version_id")
    version = version or queries.version_for(programme.id, year)
    row = Cohort(
        programme_id=programme.id, version_id=version.id if version else None, year=year, starts_on=starts_on or date(year, 9, 1)
    )
    session().add(row)
    session().flush()
    audit.record(by=by, did="programmes.cohort.created", on=programme, data={"year": year, "version": version.label if version else None})
    return row


def change_cohort(
    *, cohort: Cohort, by: Identity, now: datetime, version: ProgrammeVersion | None = None, graduated_on: date | None = None
) -> Cohort:
    """Put a cohort under a published plan, or note the day it graduated."""
    programme = queries.by_id(cohort.programme_id)
    assert programme is not None
    if version is not None and (version.programme_id != cohort.programme_id or version.state is VersionState.DRAFT):
        raise BadProgramme(_("年级只能采用本专业已发布的培养方案。"), field="version_id")
    if graduated_on is not None and graduated_on <= cohort.starts_on:
        raise BadProgramme(_("毕业日期应晚于入学日期。"), field="graduated_on")
    if version is not None:
        cohort.version_id = version.id
    cohort.graduated_on = graduated_on
    session().flush()
    audit.record(
        by=by,
        did="programmes.cohort.changed",
        on=programme,
        data={"year": cohort.year, "version": version.label if version else None, "graduated_on": graduated_on},
    )
    return cohort


def enter_accreditation(
    *,
    programme: Programme,
    result: AccreditationResult,
    concluded_on: date,
    by: Identity,
    now: datetime,
    valid_from: date | None = None,
    valid_years: int | None = None,
) -> Accreditation:
    """Enter the association's conclusion (PETOE-P2, 002:217): it is never computed here. The same day again replaces it."""
    if valid_years not in (None, 3, 6):
        raise BadProgramme(_("认证有效期只能是 3 年或 6 年。"), field="valid_years")
    row = next((a for a in queries.accreditations_of(programme.id) if a.concluded_on == concluded_on), None)
    if row is None:
        row = Accreditation(programme_id=programme.id, concluded_on=concluded_on, result=result)
        session().add(row)
    row.result, row.valid_from, row.valid_years = result, valid_from, valid_years
    session().flush()
    audit.record(
        by=by, did="programmes.accreditation.entered", on=programme, data={"result": result.value, "on": concluded_on, "years": valid_years}
    )
    return row
