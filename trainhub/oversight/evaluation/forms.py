"""Forms of evaluation: judgement, accreditation, and one form for each register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wtforms import BooleanField, DateField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainhub.kernel.fields import OnePerson
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.oversight.evaluation import labels
from trainhub.oversight.evaluation.register_types import (
    ActivityKind,
    BudgetPurpose,
    BudgetSource,
    CentreRole,
    ExchangeKind,
    IncentiveKind,
    OutputKind,
    ParticipationArea,
    PolicyTopic,
    ProgrammeMode,
)
from trainhub.oversight.evaluation.types import JudgementResult


def _choices(words: Mapping[Any, Any]) -> list[SelectChoice]:
    return [SelectChoice(member.value, label) for member, label in words.items()]


def options(rows: Iterable[tuple[int, str]]) -> list[SelectChoice]:
    """Rows of a query as choices."""
    return [SelectChoice(key, label) for key, label in rows]


def _select(label: Any, enum: Any, words: Mapping[Any, Any]) -> SelectField:
    return SelectField(label, choices=_choices(words), coerce=enum, validators=[InputRequired(_l("请选择一项。"))])


def _day(label: Any, *, required: bool = True) -> DateField:
    return DateField(label, validators=[InputRequired(_l("请填写日期。")) if required else Optional()])


def _line(label: Any, limit: int = 200, *, required: bool = True, description: Any = "") -> Text:
    first = InputRequired(_l("请填写这一项。")) if required else Optional()
    return Text(label, [first, Length(max=limit)], description=description)


class JudgementForm(Form):
    """What a person judges about a criterion."""

    result = RadioField(_l("结论"), choices=_choices(labels.RESULTS), coerce=JudgementResult, validators=[InputRequired(_l("请选择达到或未达到。"))])
    remark = LongText(_l("说明"), [Optional(), Length(max=2000)], description=_l("写明依据的材料或现场情况；结论为未达到时必填。"))


class ParticipationForm(Form):
    """An industry expert's part."""

    area = _select(_l("参与内容"), ParticipationArea, labels.AREAS)
    expert = _line(_l("专家姓名"), 120)
    enterprise = _line(_l("所在企业"))
    held_on = _day(_l("日期"))
    contribution = LongText(_l("贡献"), [InputRequired(_l("请写明专家做出的贡献。")), Length(max=2000)])
    evidence = _line(_l("佐证材料"), 300, required=False)


class PolicyForm(Form):
    """A policy of the university."""

    topic = _select(_l("方面"), PolicyTopic, labels.TOPICS)
    title = _line(_l("文件名称"))
    issued_no = _line(_l("文号"), 80, required=False)
    issued_on = _day(_l("印发日期"))


class BudgetForm(Form):
    """Money for a purpose in a year, in yuan."""

    year = IntegerField(_l("年度"), [InputRequired(_l("请填写年度。")), NumberRange(2000, 2200)])
    purpose = _select(_l("用途"), BudgetPurpose, labels.PURPOSES)
    source = _select(_l("来源"), BudgetSource, labels.SOURCES)
    planned = IntegerField(_l("预算（元）"), [InputRequired(_l("请填写金额。")), NumberRange(0, 10**12)])
    spent = IntegerField(_l("已支出（元）"), [Optional(), NumberRange(0, 10**12)], default=0)


class NeedForm(Form):
    """What a purpose costs in a year, in yuan."""

    year = IntegerField(_l("年度"), [InputRequired(_l("请填写年度。")), NumberRange(2000, 2200)])
    purpose = _select(_l("用途"), BudgetPurpose, labels.PURPOSES)
    need = IntegerField(_l("需要（元）"), [InputRequired(_l("请填写金额。")), NumberRange(0, 10**12)])
    basis = _line(_l("测算依据"), 300, required=False, description=_l("同一年度、同一用途再次登记即更新。"))


class CentreMentorForm(Form):
    """Somebody in the team of a practice centre."""

    base_id = SelectField(_l("中心（基地）"), coerce=int)
    name = _line(_l("姓名"), 120)
    role = _select(_l("人员类别"), CentreRole, labels.CENTRE_ROLES)
    unit = _line(_l("所在单位"))
    post = _line(_l("职务或职称"), 100, required=False)
    since = _day(_l("开始日期"))
    until = DateField(_l("结束日期"), [Optional()], description=_l("离开后按同一开始日期再次登记，补填结束日期。"))


class IncentiveForm(Form):
    """An incentive for a teacher."""

    kind = _select(_l("类别"), IncentiveKind, labels.INCENTIVES)
    title = _line(_l("名称"))
    teacher_id = OnePerson(_l("教师"))
    granted_on = _day(_l("日期"))


class ExchangeForm(Form):
    """A student's exchange."""

    student_id = OnePerson(_l("学生"))
    kind = _select(_l("形式"), ExchangeKind, labels.EXCHANGES)
    partner = _line(_l("学校或机构"))
    country = _line(_l("国家或地区代码"), 3, description=_l("ISO 3166 的两位字母，例如 DE、HK"))
    took_place_on = _day(_l("日期"))


class IntlProgrammeForm(Form):
    """A joint programme."""

    mode = _select(_l("模式"), ProgrammeMode, labels.MODES)
    partner = _line(_l("境外合作学校"))
    country = _line(_l("国家或地区代码"), 3, description=_l("ISO 3166 的两位字母，例如 DE、HK"))
    agreement_no = _line(_l("协议编号"), 80)
    recognises_credits = BooleanField(_l("承认或互认学分"), description=_l("互派学生和分段合作模式须承认学分，否则不计入 9.4。"))
    since = _day(_l("开始日期"))
    until = _day(_l("结束日期"), required=False)


class EquivalenceForm(Form):
    """A comparison of courses."""

    course_id = SelectField(_l("本专业课程"), coerce=int)
    university = _line(_l("境外学校"))
    country = _line(_l("国家或地区代码"), 3, description=_l("ISO 3166 的两位字母，例如 DE、HK"))
    foreign_course = _line(_l("对应课程"))
    evidence = _line(_l("对照依据"), 400, required=False)
    compared_on = _day(_l("对照日期"))


class ActivityForm(Form):
    """A form of internationalisation that experts judge."""

    kind = _select(_l("形式"), ActivityKind, labels.ACTIVITIES)
    title = _line(_l("名称"))
    partner = _line(_l("合作单位"), required=False, description=_l("与境外企业或研发机构合作的必填"))
    country = _line(_l("国家或地区代码"), 3, required=False, description=_l("ISO 3166 的两位字母，例如 DE、HK"))
    took_place_on = _day(_l("日期"))
    description = LongText(_l("做法和效果"), [InputRequired(_l("请写明做法和效果，供专家判断。")), Length(max=2000)])
    evidence = _line(_l("佐证材料"), 300, required=False)


class CaseForm(Form):
    """A problem, case or project from practice in a course."""

    course_id = SelectField(_l("本专业课程"), coerce=int)
    title = _line(_l("问题、案例或项目"))
    enterprise = _line(_l("来源企业"))
    source = LongText(_l("来源说明"), [Optional(), Length(max=2000)])
    taken_up_on = _day(_l("开始使用日期"))


class OutputForm(Form):
    """What a teacher brought forth."""

    teacher_id = OnePerson(_l("教师"))
    kind = _select(_l("类别"), OutputKind, labels.OUTPUTS)
    title = _line(_l("成果名称"), 300)
    published_on = _day(_l("日期"))


def _share(label: Any) -> IntegerField:
    return IntegerField(label, [Optional(), NumberRange(0, 100)], default=0)


class SchemeForm(Form):
    """The rule of appraisal with its five weights."""

    title = _line(_l("文件名称"))
    issued_no = _line(_l("文号"), 80, required=False)
    since = _day(_l("施行日期"))
    project_design = _share(_l("工程项目设计占比（%）"))
    r_and_d = _share(_l("开发研究占比（%）"))
    patent = _share(_l("产权专利占比（%）"))
    iur_cooperation = _share(_l("产学研合作占比（%）"))
    tech_service = _share(_l("技术服务占比（%）"))


class ReviewForm(Form):
    """A round of quality assurance of both sides."""

    held_on = _day(_l("评价日期"))
    school_members = IntegerField(_l("学校方人数"), [InputRequired(_l("请填写人数。")), NumberRange(0, 500)])
    enterprise_members = IntegerField(_l("企业方人数"), [InputRequired(_l("请填写人数。")), NumberRange(0, 500)])
    findings = LongText(_l("发现的问题"), [InputRequired(_l("请写明发现的问题；没有问题的，写明结论。")), Length(max=2000)])
    actions = LongText(_l("改进措施"), [Optional(), Length(max=2000)])
    closed_on = DateField(_l("整改完成日期"), [Optional()], description=_l("同一日期再次登记即更新，例如整改完成后补填。"))


class SecondmentForm(Form):
    """A teacher's plan to work in an enterprise."""

    teacher_id = OnePerson(_l("专职教师"))
    enterprise_name = _line(_l("企业"), required=False)
    post = _line(_l("岗位"), 100, required=False)
    planned_since = _day(_l("计划开始"), required=False)
    planned_until = _day(_l("计划结束"), required=False)
    is_full_time = BooleanField(_l("脱产"), default=True)
    exempt_reason = _line(
        _l("免予选送的理由"), 400, required=False, description=_l("有核实的企业工作经历的自动免予，不必填写；其他理由由专家判断是否成立")
    )


class RemoveForm(Form):
    """Why an entry goes."""

    reason = Text(_l("理由"), [InputRequired(_l("请写明删除的理由。")), Length(max=400)])
