"""Input of subsidies: shape and type only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wtforms import DateField, DecimalField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from enterprises.awards.choices import OF_YEAR, PoolField, pools_with_money
from trainhub.kernel.forms import Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.ledger.labels import CATEGORIES


class RateForm(Form):
    """A rate."""

    amount = DecimalField(_l("每人每课程（元）"), places=2, validators=[InputRequired(), NumberRange(min=Decimal("0.01"), max=Decimal("1000000"))])
    category = SelectField(
        _l("人员类别"), choices=[SelectChoice("", _l("全部")), *[SelectChoice(one.value, label) for one, label in CATEGORIES.items()]]
    )
    course = Text(_l("课程"), [Length(max=200)], description=_l("空白为全部课程；范围更窄的标准优先。"))
    since = DateField(_l("起始日"), [InputRequired()])
    until = DateField(_l("截止日"), [Optional()])
    source = Text(_l("文件依据"), [InputRequired(), Length(max=200)])

    def amount_fen(self) -> int:
        """The amount in fen."""
        return int(((self.amount.data or Decimal(0)) * 100).to_integral_value())


class ClaimForm(Form):
    """A claim to be drawn up."""

    organisation = SelectField(_l("申领单位"), coerce=int)
    since = DateField(_l("结业起始日"), [InputRequired()])
    until = DateField(_l("结业截止日"), [InputRequired()])


class SampleForm(Form):
    """A lot to be drawn."""

    percent = IntegerField(_l("抽查百分比"), [InputRequired(), NumberRange(1, 100)], default=10)


class ApproveForm(Form):
    """A decision."""

    minutes = LongText(_l("审核意见"), [InputRequired(), Length(max=4000)])


class PayForm(Form):
    """A payment."""

    pool = PoolField(description=OF_YEAR)
    on = DateField(_l("拨付日期"), [InputRequired()])
    reference = Text(_l("拨付凭证号"), [InputRequired(), Length(max=120)])

    def __init__(self, **values: Any) -> None:
        super().__init__(**values)
        self.pool.choices = pools_with_money(self.on.data, chosen=self.pool.data, has_own=False)


class RecoverForm(Form):
    """What was ordered back has come in."""

    item = SelectField(_l("条目"), coerce=int)
    on = DateField(_l("收款日期"), [InputRequired()])
    reference = Text(_l("收款凭证号"), [InputRequired(), Length(max=120)])
