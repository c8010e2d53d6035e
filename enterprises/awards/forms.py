"""Input of awards: shape and type only."""

from __future__ import annotations

from decimal import Decimal

from flask_wtf.file import MultipleFileField
from wtforms import DateField, DecimalField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _l


class ApplyForm(Form):
    """An application with its evidence."""

    statement = LongText(_l("申请说明"), description=_l("写明举办形式、合作单位和建设情况。"), validators=[InputRequired(), Length(max=4000)])
    files = MultipleFileField(_l("证明材料"))


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
    conference_minutes = LongText(_l("联席会议纪要"), validators=[Length(max=4000)])
    overlap_group = Text(_l("重叠组"), description=_l("资助同一事项的奖励归为同一组，只能享受其中最高的一项。"), validators=[Length(max=40)])

    def amount_fen(self) -> int | None:
        """The amount in fen."""
        return None if self.amount.data is None else int((self.amount.data * 100).to_integral_value())


class PayForm(Form):
    """A payment."""

    on = DateField(_l("拨付日期"), validators=[InputRequired()])
    reference = Text(_l("拨付凭证号"), validators=[InputRequired(), Length(max=120)])
