"""Shape of what people type about bases."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask import request
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, DecimalField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional

from enterprises.bases import labels
from enterprises.bases.types import AcceptanceStep, AgreementTopic, BaseFilter, BaseLevel, BaseType, Conclusion, InspectionKind, LeaderSide, Refusal
from trainhub.kernel.fields import OnePerson, optional_int
from trainhub.kernel.forms import Checks, Form, LongText, Text
from trainhub.kernel.i18n import _l

NEEDED = _l("请填写此项。")


def options(labelled: Any) -> list[tuple[str, Any]]:
    """Choices of an enum in its own order."""
    return [(member.value, label) for member, label in labelled.items()]


def pick(enum: Any, name: str) -> Any:
    """An enum value from the address; nonsense is no filter."""
    try:
        return enum(request.args.get(name, ""))
    except ValueError:
        return None


def wanted() -> BaseFilter:
    """The filter of the list, from the address."""
    return BaseFilter(
        text=request.args.get("q", "")[:100],
        type=pick(BaseType, "type"),
        region=request.args.get("region", "")[:6],
        agreement=request.args.get("agreement", "")[:10],
    )


class Scaled(DecimalField):
    """A number as people write it, kept as a whole number `times` as large."""

    times = 1

    def process_data(self, value: Any) -> None:
        """Show a stored number."""
        self.data = None if value is None else Decimal(value) / self.times

    def kept(self) -> int | None:
        """The number to store."""
        return None if self.data is None else round(self.data * self.times)


class Degrees(Scaled):
    """Degrees; the fifth place is about a metre."""

    times = 100_000


class Yuan(Scaled):
    """Yuan, kept in fen."""

    times = 100


class ProfileForm(Form):
    """The figures of a base."""

    level = SelectField(
        labels.FIGURES["level"],
        [Optional()],
        coerce=lambda value: BaseLevel(value) if value not in (None, "", "None") else None,
        choices=lambda: [("", "—"), *options(labels.LEVELS)],
    )
    capacity_per_term = IntegerField(
        labels.FIGURES["capacity_per_term"],
        [Optional(), NumberRange(0, 100_000)],
        description=_l("同一时期已审核的岗位席位合计不能超过这个人数；某一学期不同的，在基地页面另行登记。"),
    )
    is_on_campus = BooleanField(
        labels.FIGURES["is_on_campus"],
        description=_l("设在校内的基地不计企业学习周数。改为校内后，这里的岗位退回企业，安排好的学生从今天起不再计日，学校、企业和学生会收到通知。"),
    )
    opened_on = DateField(labels.FIGURES["opened_on"], [Optional()])
    area_new_m2 = IntegerField(labels.FIGURES["area_new_m2"], [Optional(), NumberRange(0, 10_000_000)])
    area_extended_m2 = IntegerField(labels.FIGURES["area_extended_m2"], [Optional(), NumberRange(0, 10_000_000)])
    startup_entities = IntegerField(labels.FIGURES["startup_entities"], [Optional(), NumberRange(0, 1_000_000)])
    workers = IntegerField(labels.FIGURES["workers"], [Optional(), NumberRange(0, 10_000_000)])
    latitude_e5 = Degrees(
        labels.FIGURES["latitude_e5"], [Optional(), NumberRange(-90, 90)], places=5, description=_l("如 26.07421；填写后学生可以核对到岗位置。")
    )
    longitude_e5 = Degrees(labels.FIGURES["longitude_e5"], [Optional(), NumberRange(-180, 180)], places=5, description=_l("如 119.29655。"))
    school_invested_fen = Yuan(labels.FIGURES["school_invested_fen"], [Optional(), NumberRange(0, 10**11)], places=2)
    enterprise_invested_fen = Yuan(labels.FIGURES["enterprise_invested_fen"], [Optional(), NumberRange(0, 10**11)], places=2)
    facilities = LongText(labels.FIGURES["facilities"], [Length(max=4000)], description=_l("实训、实习、现场教学的场所与主要设备。"))
    summary = LongText(labels.FIGURES["summary"], [Length(max=4000)])

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        skipped = ("version", "submission_key", "csrf_token")
        return {
            name: one.kept() if isinstance(one, Scaled) else one.data if one.data is not None or name not in ("facilities", "summary") else ""
            for name, one in self._fields.items()
            if name not in skipped
        }


class PeriodForm(Form):
    """What a base can take in a span."""

    title = Text(_l("学期或时期"), [DataRequired(NEEDED), Length(max=120)], description=_l("如 2026—2027 学年第一学期。"))
    since = DateField(_l("开始日期"), [InputRequired(NEEDED)])
    until = DateField(_l("结束日期"), [InputRequired(NEEDED)])
    capacity = IntegerField(_l("可接收学生（人）"), [InputRequired(NEEDED), NumberRange(0, 100_000)])
    facilities = LongText(_l("本期可用的场所与设备"), [Length(max=4000)])


class TypeForm(Form):
    """A type of a base."""

    type = SelectField(_l("类型"), coerce=BaseType, choices=lambda: options(labels.BASE_TYPES))
    since = DateField(_l("起始日期"), [InputRequired(NEEDED)])


class LeaderForm(Form):
    """A leader of one side."""

    person_id = OnePerson(_l("负责人"), description=_l("从共建单位的教师和企业指导教师中选择。"))
    side = SelectField(_l("所属一方"), coerce=LeaderSide, choices=lambda: options(labels.SIDES))
    university_id = SelectField(
        _l("代表哪所学校"), [Optional()], coerce=optional_int, description=_l("学校方负责人必选；专业评价只计本校的负责人。企业方留空。")
    )
    post = Text(_l("职务"), [DataRequired(NEEDED), Length(max=100)])
    since = DateField(_l("任职日期"), [InputRequired(NEEDED)])


class AgreementForm(Form):
    """A cooperation agreement."""

    university_id = SelectField(
        _l("签署的学校"), [InputRequired(NEEDED)], coerce=optional_int, description=_l("专业评价只计本校签署的协议；学生开始实习也要有本校的协议。")
    )
    title = Text(_l("协议名称"), [DataRequired(NEEDED), Length(max=200)])
    signed_on = DateField(_l("签署日期"), [InputRequired(NEEDED)])
    since = DateField(_l("生效日期"), [InputRequired(NEEDED)])
    until = DateField(_l("截止日期"), [InputRequired(NEEDED)])
    topics = Checks(
        _l("文本涵盖的内容"), coerce=AgreementTopic, choices=lambda: options(labels.TOPICS), description=_l("四项都应涵盖，缺项会在评价中显示。")
    )
    file = FileField(_l("协议文本"), description=_l("PDF 或扫描件。"))


class AgreementChangeForm(AgreementForm):
    """The correction of an agreement, or its early end."""

    until = DateField(_l("截止日期"), [InputRequired(NEEDED)], description=_l("协议提前终止的，改为最后一天。"))
    reason = LongText(_l("更正或提前终止的理由"), [DataRequired(NEEDED), Length(max=400)])


class AcceptanceForm(Form):
    """A step of recognition or acceptance."""

    type = SelectField(_l("基地类型"), coerce=BaseType)
    step = SelectField(_l("办理"), coerce=AcceptanceStep, choices=lambda: options(labels.STEPS))
    on = DateField(_l("日期"), [InputRequired(NEEDED)])
    document = Text(_l("文号"), [Length(max=200)])


class InspectionForm(Form):
    """An inspection or review."""

    kind = SelectField(_l("类别"), coerce=InspectionKind, choices=lambda: options(labels.INSPECTIONS))
    on = DateField(_l("日期"), [InputRequired(NEEDED)])
    inspectors = Text(_l("检查人员"), [DataRequired(NEEDED), Length(max=200)])
    conclusion = SelectField(_l("结论"), coerce=Conclusion, choices=lambda: options(labels.CONCLUSIONS))
    text = LongText(_l("检查情况"), [Length(max=4000)])
    findings = LongText(_l("需要整改的问题，每行一条"), [Length(max=4000)])
    due_on = DateField(_l("整改期限"), [Optional()])
    file = FileField(_l("检查记录"), description=_l("PDF 或扫描件。"))


class MeasureForm(Form):
    """How something found was mended; who inspects may leave what the base reported."""

    measure = Text(_l("整改措施"), [Length(max=400)])


class InterestForm(Form):
    """What an enterprise says for a year."""

    enterprise_id = SelectField(_l("企业"), [InputRequired(NEEDED)], coerce=int)
    year = IntegerField(_l("年份"), [InputRequired(NEEDED), NumberRange(2010, 2200)])
    is_interested = SelectField(
        _l("是否接收实习学生"), coerce=lambda value: str(value) in ("1", "True"), choices=lambda: [("1", _l("接收")), ("", _l("不接收"))]
    )
    seats = IntegerField(_l("大约可接收人数"), [Optional(), NumberRange(0, 100_000)])
    reasons = Checks(_l("不接收的原因"), coerce=Refusal, choices=lambda: options(labels.REFUSALS))
    text = LongText(_l("说明"), [Length(max=2000)])
