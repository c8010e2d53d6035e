"""Input of awards: shape and type only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_wtf.file import MultipleFileField
from wtforms import DateField, DecimalField, IntegerField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from enterprises.awards import labels
from enterprises.awards.choices import OF_YEAR, OWN, PoolField, local_money, pools_with_money
from enterprises.awards.types import OFFICE_KEYS, PoolKind
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l


class ApplyForm(Form):
    """An application with its evidence."""

    statement = LongText(_l("申请说明"), description=_l("写明举办形式、合作单位和建设情况。"), validators=[InputRequired(), Length(max=4000)])
    files = MultipleFileField(_l("证明材料"))


class SupplementForm(Form):
    """What is added to an application that is under way."""

    statement = LongText(_l("补充说明"), description=_l("写在原申请说明之后，原来的说明和材料不变。"), validators=[InputRequired(), Length(max=4000)])
    files = MultipleFileField(_l("补充材料"))


class CompanyApplyForm(ApplyForm):
    """An application of an enterprise."""

    statement = LongText(_l("申请说明"), description=_l("写明申请的事项、依据和数字的来源。"), validators=[InputRequired(), Length(max=4000)])
    project = Text(_l("项目名称"), description=_l("每个项目单独申请；中标项目的名称与登记合同金额时一致。"), validators=[Length(max=120)])
    project_number = CodeText(_l("招标编号或合同编号"), description=_l("按编号认定是否同一项目，照招标公告或合同填写。"), validators=[Length(max=60)])


class StepForm(Form):
    """A department's step."""

    on = DateField(_l("日期"), validators=[InputRequired()])
    document = Text(_l("文号"), validators=[Length(max=200)])


class DecideForm(Form):
    """The decision: amount in yuan, minutes."""

    amount = DecimalField(_l("金额（元）"), places=2, validators=[Optional(), NumberRange(min=Decimal("0.01"), max=Decimal("10000000000"))])
    payer = Text(_l("拨付单位"), validators=[Length(max=100)])
    minutes = LongText(_l("决定依据与会议纪要"), validators=[InputRequired(), Length(max=4000)])
    judgement = LongText(_l("需由人判断的条件：结论和理由"), validators=[Length(max=400)])
    overlap_group = Text(_l("重叠组"), description=_l("资助同一事项的奖励归为同一组，只能享受其中最高的一项。"), validators=[Length(max=40)])
    overlap_reason = Text(
        _l("改组的理由"), description=_l("重叠组按规定给出；个案需要改为其他组的，写明理由，会与决定一并保存。"), validators=[Length(max=400)]
    )

    def amount_fen(self) -> int | None:
        """The amount in fen."""
        return None if self.amount.data is None else int((self.amount.data * 100).to_integral_value())


class PayForm(Form):
    """A payment."""

    on = DateField(_l("拨付日期"), validators=[InputRequired()])
    reference = Text(_l("拨付凭证号"), validators=[InputRequired(), Length(max=120)])
    pool = PoolField(default=OWN)

    def __init__(self, only: PoolKind | None = None, *, is_local: bool = False, **values: Any) -> None:
        """`only`: the kind of pool the sentence names; `is_local`: it is paid by a local government, from none."""
        super().__init__(**values)
        self.pool.choices = local_money() if is_local else pools_with_money(self.on.data, only, chosen=self.pool.data)
        self.pool.description = "" if is_local else OF_YEAR


class RecoverForm(Form):
    """What was paid came back."""

    on = DateField(_l("收款日期"), validators=[InputRequired()])
    reference = Text(_l("收款凭证号"), validators=[InputRequired(), Length(max=120)])


class ExamineForm(Form):
    """A prefecture's check, a site inspection, or the joint conference."""

    on = DateField(_l("日期"), validators=[InputRequired()])
    is_positive = RadioField(_l("结论"), choices=[SelectChoice("yes", _l("通过")), SelectChoice("no", _l("不通过"))], validators=[InputRequired()])
    people = Text(_l("参加人员"), validators=[Length(max=200)])
    text = LongText(_l("意见和依据"), validators=[InputRequired(), Length(max=4000)])


class _Appropriation(Form):
    """What the forms of a pool hand on alike."""

    def facts(self) -> dict[str, Any]:
        """Name, source, amount in fen and document, as `funds` takes them; of a form that is valid."""
        typed = self.data
        return {
            "name": typed["name"] or "",
            "kind": PoolKind(typed["kind"]),
            "planned_fen": int((typed["planned"] * 100).to_integral_value()),
            "document": typed["document"] or "",
        }


class PoolForm(_Appropriation):
    """A pool of money."""

    year = IntegerField(_l("年度"), validators=[InputRequired(), NumberRange(2000, 2100)])
    name = Text(_l("名称"), validators=[InputRequired(), Length(max=120)])
    kind = SelectField(_l("来源"), choices=[SelectChoice(one.value, label) for one, label in labels.POOLS.items()])
    planned = DecimalField(
        _l("安排金额（元）"), places=2, validators=[InputRequired(), NumberRange(min=Decimal("0.01"), max=Decimal("100000000000"))]
    )
    document = Text(_l("文号"), validators=[Length(max=200)])


class PoolChangeForm(_Appropriation):
    """What may change of a pool; its year stays."""

    name = Text(_l("名称"), validators=[InputRequired(), Length(max=120)], description=_l("有列支以后，名称和来源不能再改。"))
    kind = SelectField(_l("来源"), choices=[SelectChoice(one.value, label) for one, label in labels.POOLS.items()])
    planned = DecimalField(
        _l("安排金额（元）"),
        places=2,
        validators=[InputRequired(), NumberRange(min=Decimal("0.01"), max=Decimal("100000000000"))],
        description=_l("不能少于已列支的金额。"),
    )
    document = Text(_l("文号"), validators=[Length(max=200)], description=_l("调整安排金额的，写明调整的文号。"))


class CreditForm(Form):
    """A look-up made elsewhere."""

    result = RadioField(
        _l("核查结果"), choices=[SelectChoice("good", _l("未见失信记录")), SelectChoice("bad", _l("在失信名单上"))], validators=[InputRequired()]
    )
    on = DateField(_l("核查日期"), validators=[InputRequired()])
    detail = Text(_l("核查来源与内容"), validators=[InputRequired(), Length(max=400)])


class FigureForm(Form):
    """A figure of an enterprise."""

    key = SelectField(_l("指标"), validators=[InputRequired()])
    year = IntegerField(
        _l("年度"), validators=[Optional(), NumberRange(2000, 2100)], description=_l("按年度的指标填写年度，历年累计的填写累计到哪一年；其余留空。")
    )
    value = DecimalField(
        _l("数值"),
        places=2,
        validators=[InputRequired(), NumberRange(min=0, max=Decimal("100000000000"))],
        description=_l("金额填元；是否类填 1 或 0。"),
    )
    project = Text(_l("中标项目名称"), description=_l("只有中标合同按项目填写；其余留空。"), validators=[Length(max=120)])
    document = Text(_l("依据文件"), validators=[Length(max=200)])

    def __init__(self, *, of_office: bool, **values: Any) -> None:
        """`of_office`: with what an office alone may say."""
        super().__init__(**values)
        kept = {key: label for key, (label, _kind) in labels.FIGURES.items() if of_office or key not in OFFICE_KEYS}
        self.key.choices = [SelectChoice(key, label) for key, label in kept.items()]
