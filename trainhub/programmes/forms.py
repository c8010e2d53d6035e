"""Shape of what people type about programmes."""

from __future__ import annotations

from typing import Any

from flask import request
from wtforms import BooleanField, DateField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from trainhub.kernel.access import Identity
from trainhub.kernel.fields import NEEDED, blank, optional_int, values_of
from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.kernel.numbers import whole
from trainhub.organisations import queries as organisations
from trainhub.organisations.types import SCHOOLS
from trainhub.programmes import labels, queries
from trainhub.programmes.permissions import EDITORS
from trainhub.programmes.types import AccreditationResult, DegreeLevel, PointKind, ProgrammeFilter

YEARS = [InputRequired(NEEDED), NumberRange(1950, 2200, _l("请填写四位年份。"))]


def wanted() -> ProgrammeFilter:
    """The filter of the list, from the address."""
    petoe = request.args.get("petoe", "")
    return ProgrammeFilter(
        text=request.args.get("q", "")[:100],
        university_id=request.args.get("university", type=whole),
        region=request.args.get("region", "")[:6],
        is_petoe={"yes": True, "no": False}.get(petoe),
    )


class ProgrammeForm(Form):
    """The facts of a programme that may change."""

    name = Text(_l("专业名称"), [DataRequired(NEEDED), Length(max=120)])
    name_en = Text(_l("英文名称"), [Length(max=200)])
    study_years = IntegerField(
        _l("学制（年）"), [Optional(), NumberRange(min=1, max=8)], description=_l("留空按层次推算：高职专科三年，本科四年，硕士三年，博士四年。")
    )
    key_field_no = SelectField(_l("制造业重点领域"), [Optional()], coerce=optional_int, description=_l("所属的十大重点领域；没有则留空。"))
    is_petoe = BooleanField(_l("卓越计划专业"), description=_l("列入卓越工程师教育培养计划的试点专业。"))
    petoe_since = DateField(_l("列入日期"), [Optional()])

    def prepare(self, fields: list[tuple[int, str]]) -> ProgrammeForm:
        """Fill the choices."""
        self.key_field_no.choices = blank([(number, f"{number} {name}") for number, name in fields])
        return self

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        return values_of(self, ("name", "name_en", "study_years", "key_field_no", "is_petoe", "petoe_since"))


class NewProgrammeForm(ProgrammeForm):
    """The same with what never changes afterwards."""

    code = CodeText(_l("专业点代码"), [DataRequired(NEEDED), Length(max=40)], description=_l("全平台唯一，如 10386-080201。"))
    university_id = SelectField(_l("学校"), [InputRequired(NEEDED)], coerce=optional_int)
    major_code = CodeText(_l("专业代码"), [DataRequired(NEEDED), Length(max=20)], description=_l("教育部本科或职业教育专业目录中的代码。"))
    degree_level = SelectField(
        _l("层次"), coerce=str, choices=lambda: [(level.value, label) for level, label in labels.DEGREES.items()], default="bachelor"
    )

    def prepare_new(self, identity: Identity, fields: list[tuple[int, str]]) -> NewProgrammeForm:
        """Fill the choices: the schools over which the person holds a role that may set up programmes."""
        self.prepare(fields)
        schools = organisations.choices(*SCHOOLS)
        if not identity.everywhere(*EDITORS):
            own = identity.organisation_ids(*EDITORS)
            schools = [row for row in schools if row[0] in own]
        self.university_id.choices = blank(schools)
        return self

    @property
    def level(self) -> DegreeLevel:
        """The level as a value."""
        return DegreeLevel(self.degree_level.data)


class VersionForm(Form):
    """A new draft of the training plan."""

    label = Text(_l("名称"), [DataRequired(NEEDED), Length(max=40)], description=_l("如 2026 版。"))
    from_cohort_year = IntegerField(_l("自哪一级起实行"), YEARS)
    copy_from = SelectField(_l("以哪一版为底稿"), [Optional()], coerce=optional_int)

    def prepare(self, programme_id: int) -> VersionForm:
        """Fill the choices."""
        self.copy_from.choices = blank([(row.id, row.label) for row in queries.versions_of(programme_id)])
        return self


class RequirementForm(Form):
    """A graduation requirement with the general standards it covers."""

    number = IntegerField(_l("序号"), [InputRequired(NEEDED), NumberRange(1, 99)])
    title = Text(_l("标题"), [DataRequired(NEEDED), Length(max=120)])
    text = LongText(_l("内容"), [DataRequired(NEEDED), Length(max=2000)])
    standards = Checks(_l("对应的通用标准"), description=_l("11 条通用标准都应至少被一条毕业要求覆盖。"))

    def prepare(self, standards: list[tuple[str, str]]) -> RequirementForm:
        """Fill the choices."""
        self.standards.choices = list(standards)
        return self


class PointForm(Form):
    """An indicator point."""

    kind = SelectField(_l("类别"), coerce=str, choices=lambda: [(kind.value, label) for kind, label in labels.POINTS.items()])
    text = LongText(_l("内容"), [DataRequired(NEEDED), Length(max=1000)], description=_l("写成可以检查的表述。"))

    @property
    def chosen_kind(self) -> PointKind:
        """The kind as a value."""
        return PointKind(self.kind.data)


class CohortForm(Form):
    """A cohort."""

    year = IntegerField(_l("年级"), YEARS, description=_l("入学年份，如 2026。"))
    starts_on = DateField(_l("入学日期"), [Optional()], description=_l("留空为当年 9 月 1 日。"))
    version_id = SelectField(_l("培养方案"), [Optional()], coerce=optional_int, description=_l("留空则采用为该年级发布的方案。"))
    graduated_on = DateField(_l("毕业日期"), [Optional()])
    reason = Text(_l("更改毕业日期的理由"), [Length(max=200)], description=_l("已登记的毕业日期改为另一天或清空时必填，专业评价会列出。"))

    def prepare(self, programme_id: int) -> CohortForm:
        """Fill the choices: drafts are no plan yet."""
        self.version_id.choices = blank([(row.id, row.label) for row in queries.versions_of(programme_id) if row.state.value != "draft"])
        return self


class AccreditationForm(Form):
    """A conclusion of the association."""

    result = SelectField(_l("结论"), coerce=str, choices=lambda: [(result.value, label) for result, label in labels.RESULTS.items()])
    concluded_on = DateField(_l("结论日期"), [InputRequired(NEEDED)])
    valid_from = DateField(_l("有效期起"), [Optional()])
    valid_years = SelectField(_l("有效期"), [Optional()], coerce=optional_int, choices=lambda: [("", "—"), (3, _l("3 年")), (6, _l("6 年"))])

    @property
    def chosen_result(self) -> AccreditationResult:
        """The result as a value."""
        return AccreditationResult(self.result.data)


class WithdrawForm(Form):
    """Why a confirmation is taken back."""

    reason = LongText(_l("撤销确认的理由"), [DataRequired(NEEDED), Length(max=500)])


class PlainForm(Form):
    """A button: version and submission key only."""
