"""Programmes and cohorts."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm.attributes import flag_modified

from trainhub.kernel import addresses, audit, pinyin
from trainhub.kernel.access import Identity
from trainhub.kernel.db import add_once, session
from trainhub.kernel.forms import check_version
from trainhub.kernel.i18n import _
from trainhub.organisations.models import Organisation
from trainhub.organisations.rules import is_code, normalise_code
from trainhub.organisations.types import SCHOOLS
from trainhub.programmes import queries
from trainhub.programmes.models import (
    Cohort,
    GraduationChange,
    Programme,
    ProgrammeVersion,
)
from trainhub.programmes.operations.errors import BadProgramme, CodeTaken
from trainhub.programmes.types import DegreeLevel, VersionState


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
    study_years: int | None = None,
    key_field_no: int | None = None,
    is_petoe: bool = False,
    petoe_since: date | None = None,
) -> Programme:
    """Set up a programme of a school. Raises CodeTaken, or BadProgramme when the organisation is no school."""
    code, name = normalise_code(code), name.strip()
    if not is_code(code):
        raise BadProgramme(_("专业点代码无效：请用 2 至 40 个字母、数字、点、横线或下划线。"), field="code")
    if addresses.is_page(code, addresses.Kind.PROGRAMME):
        raise BadProgramme(_("“%(code)s”是页面自己用的地址，请换一个代码。", code=code), field="code")
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
        study_years=study_years,
        key_field_no=key_field_no,
        is_petoe=is_petoe,
        petoe_since=petoe_since,
        created_at=now,
    )
    add_once(row, lambda: CodeTaken(_("专业点代码 %(code)s 已被使用。", code=code), field="code"))
    audit.record(by=by, did="programmes.programme.created", on=row, data={"code": code, "name": name, "university": university.code})
    return row


EDITABLE = frozenset(["name", "name_en", "study_years", "key_field_no", "is_petoe", "petoe_since"])


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
        audit.record(by=by, did="programmes.programme.changed", on=programme, data=audit.changes(changed, told=EDITABLE))
    return changed


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
    row = Cohort(programme_id=programme.id, version_id=version.id if version else None, year=year, starts_on=starts_on or date(year, 9, 1))
    session().add(row)
    session().flush()
    audit.record(by=by, did="programmes.cohort.created", on=programme, data={"year": year, "version": version.label if version else None})
    return row


def change_cohort(
    *,
    cohort: Cohort,
    by: Identity,
    now: datetime,
    version: ProgrammeVersion | None = None,
    graduated_on: date | None = None,
    opened_at: int | None = None,
    reason: str = "",
) -> Cohort:
    """Put a cohort under a published plan, or note the day it graduated. `reason`: why a day that was noted is another one or none; it is kept.

    Raises Stale: `opened_at` is the version of the programme, which counts up with its cohorts, so that two editors of one cohort notice each
    other. Raises BadProgramme for a day that cannot be, another programme's plan, or a day taken away without a reason."""
    programme = queries.by_id(cohort.programme_id)
    assert programme is not None
    check_version(programme, opened_at)
    if version is not None and (version.programme_id != cohort.programme_id or version.state is VersionState.DRAFT):
        raise BadProgramme(_("年级只能采用本专业已发布的培养方案。"), field="version_id")
    if graduated_on is not None and graduated_on <= cohort.starts_on:
        raise BadProgramme(_("毕业日期应晚于入学日期。"), field="graduated_on")
    if cohort.graduated_on is not None and graduated_on != cohort.graduated_on:
        words = " ".join(reason.split())[:200]
        if not words:
            raise BadProgramme(_("毕业日期已登记为 %(day)s，更改或清空请写明理由；专业评价会列出理由。", day=cohort.graduated_on), field="reason")
        session().add(
            GraduationChange(
                cohort_id=cohort.id, was=cohort.graduated_on, became=graduated_on, reason=words, written_by_id=by.account_id, written_at=now
            )
        )
    if version is not None:
        cohort.version_id = version.id
    cohort.graduated_on = graduated_on
    flag_modified(programme, "name")
    session().flush()
    audit.record(
        by=by,
        did="programmes.cohort.changed",
        on=programme,
        data={"year": cohort.year, "version": version.label if version else None, "graduated_on": graduated_on},
    )
    return cohort
