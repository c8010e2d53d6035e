"""Shape of what people type about talent."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wtforms import DateField, DecimalField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from enterprises.awards.choices import OF_YEAR, OWN, PoolField, pools_with_money
from enterprises.awards.types import PoolKind
from trainhub.kernel.forms import CodeText, Form, LongText, Text, given
from trainhub.kernel.i18n import _l
from trainhub.oversight.talents import labels
from trainhub.people.labels import ID_TYPES


class NominateForm(Form):
    """A nomination. The questions on the former employer are only for leading talent (FJ-15b)."""

    kind = SelectField(_l("人才库"), choices=[SelectChoice(kind.value, label) for kind, label in labels.KINDS.items()])
    person = HiddenField()
    name = Text(_l("姓名"), [Length(max=120)])
    id_type = SelectField(_l("证件类型"), choices=[SelectChoice(kind.value, label) for kind, label in ID_TYPES.items()], validate_choice=False)
    id_number = CodeText(_l("证件号码"), [Length(max=40)], description=_l("只用来认定同一人，此后只显示掩码。"))
    employer = SelectField(_l("工作单位"), coerce=int, description=_l("不选时为其任企业指导教师、教师或任职的单位；资金支持公示时列出。"))
    post = Text(_l("职务"), [Length(max=100)])
    title = Text(_l("职称"), [Length(max=60)])
    key_field_no = SelectField(_l("重点领域"), coerce=int)
    shortage = SelectField(_l("急需紧缺目录岗位"), coerce=int)
    origin = SelectField(_l("来源"), choices=[SelectChoice(one.value, label) for one, label in labels.ORIGINS.items()])
    merits = LongText(_l("推荐理由和主要业绩"), [InputRequired(), Length(max=4000)])
    former_employer = Text(_l("原单位"), [Length(max=200)], description=_l("以下各项只在推荐领军人才时填写。"))
    rank_world = IntegerField(_l("原单位营业收入国际排名"), [Optional(), NumberRange(1, 100_000)])
    rank_china = IntegerField(_l("原单位营业收入国内排名"), [Optional(), NumberRange(1, 100_000)])
    rank_year = IntegerField(_l("排名的年度"), [Optional(), NumberRange(2000, 2100)], description=_l("填写排名的，写明是哪一年的排名。"))
    years_there = IntegerField(_l("在原单位工作年数"), [Optional(), NumberRange(0, 80)])
    is_mid_senior = SelectField(_l("中高级以上职务"), choices=[SelectChoice("", "—"), SelectChoice("yes", _l("是")), SelectChoice("no", _l("否"))])
    project = Text(_l("带来的项目"), [Length(max=200)])


class OpinionForm(Form):
    """An opinion."""

    opinion = LongText(_l("评审意见"), [InputRequired(), Length(max=4000)])


class DecisionForm(Form):
    """A decision."""

    decision = LongText(_l("认定意见"), [InputRequired(), Length(max=4000)])
    document = Text(_l("文号"), [Length(max=200)])
    valid_until = DateField(_l("有效期至"), [Optional()])


class MoveForm(Form):
    """Who employs the person now."""

    employer = SelectField(_l("现工作单位"), coerce=int)
    reason = LongText(_l("变更依据"), [InputRequired(), Length(max=400)], description=_l("例如劳动合同、社保记录。"))


class AwardForm(Form):
    """The decision on money for a talent, in yuan, with minutes."""

    amount = DecimalField(_l("金额（元）"), places=2, validators=[InputRequired(), NumberRange(min=Decimal("0.01"), max=Decimal("10000000000"))])
    minutes = LongText(_l("决定依据与会议纪要"), [InputRequired(), Length(max=4000)])
    judgement = LongText(_l("需由人判断的条件：结论和理由"), [Length(max=400)])

    def amount_fen(self) -> int:
        """The amount in fen."""
        return int((given(self.amount.data) * 100).to_integral_value())


class ConferenceForm(Form):
    """What the joint conference decided."""

    on = DateField(_l("日期"), [InputRequired()])
    is_positive = RadioField(_l("结论"), choices=[SelectChoice("yes", _l("通过")), SelectChoice("no", _l("不通过"))], validators=[InputRequired()])
    text = LongText(_l("意见和依据"), [InputRequired(), Length(max=4000)])


class RecoverForm(Form):
    """What was paid came back."""

    on = DateField(_l("收款日期"), [InputRequired()])
    reference = Text(_l("收款凭证号"), [InputRequired(), Length(max=120)])


class ObjectionForm(Form):
    """What somebody says against an award during its notice."""

    on = DateField(_l("收到日期"), [InputRequired()])
    objector = Text(_l("异议人和联系方式"), [InputRequired(), Length(max=200)], description=_l("只有主管部门看到，公开页面不显示。"))
    text = LongText(_l("异议内容和理由"), [InputRequired(), Length(max=4000)])


class SettleForm(Form):
    """What the department found of an objection."""

    is_upheld = RadioField(_l("结论"), choices=[SelectChoice("no", _l("不成立")), SelectChoice("yes", _l("成立"))], validators=[InputRequired()])
    answer = LongText(_l("核实经过和答复"), [InputRequired(), Length(max=4000)])


class ShortageForm(Form):
    """A post of the catalogue."""

    year = IntegerField(_l("年度"), [InputRequired(), NumberRange(2000, 2100)])
    code = CodeText(_l("代码"), [InputRequired(), Length(max=40)])
    post = Text(_l("岗位"), [InputRequired(), Length(max=120)])
    key_field_no = SelectField(_l("重点领域"), coerce=int)
    urgency = SelectField(_l("紧缺程度"), coerce=int, choices=[SelectChoice(number, label) for number, label in labels.URGENCIES.items()])
    wanted = IntegerField(_l("需求人数"), [InputRequired(), NumberRange(0, 1_000_000)])
    requirement = Text(_l("要求"), [Length(max=400)])
    source = Text(_l("依据"), [Length(max=200)])


class PayForm(Form):
    """A payment of an award to a talent; `only`: out of pools of that kind."""

    on = DateField(_l("拨付日期"), validators=[InputRequired()])
    reference = Text(_l("拨付凭证号"), validators=[InputRequired(), Length(max=120)])
    pool = PoolField(default=OWN, description=OF_YEAR)

    def __init__(self, *, only: PoolKind | None = None, **values: Any) -> None:
        super().__init__(**values)
        self.pool.choices = pools_with_money(self.on.data, only, chosen=self.pool.data)
