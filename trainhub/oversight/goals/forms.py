"""Shape of what people type about goals."""

from __future__ import annotations

from wtforms import DateField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainhub.kernel.forms import Checks, CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.ledger.labels import CATEGORIES
from trainhub.oversight.goals.types import Change, CountingRule, GoalState, ReviewKind

RULES = {CountingRule.DISTINCT_PERSONS: _l("按培训记录计不同的人"), CountingRule.REPORTED: _l("由各地上报数字")}
STATES = {GoalState.OPEN: _l("启用"), GoalState.PLANNED: _l("未启用")}
CHANGES = {
    Change.RECORDED: _l("补录"),
    Change.CORRECTED: _l("更正（含随证件号码归到持有人名下）"),
    Change.RESTORED: _l("恢复（曾作废的记录重新计入）"),
    Change.CANCELLED: _l("作废"),
    Change.IDENTIFIED: _l("身份后来核实，或核实后来撤销"),
    Change.JOINED: _l("人员合并或拆分"),
    Change.DEADLINE: _l("截止日期改动"),
}
"""Why a completion counts that did not, or the other way round."""
REVIEWS = {ReviewKind.MIDTERM: _l("中期评估"), ReviewKind.YEARLY: _l("年度评估"), ReviewKind.FINAL: _l("终期评估")}


class SnapshotForm(Form):
    """A report to be kept as it is given out."""

    on = DateField(_l("截至日期"), [InputRequired(_l("请填写截至日期。"))])
    reason = Text(_l("用途"), [InputRequired(_l("请写明用途。")), Length(max=200)], description=_l("例如：2016年度中期评估"))


class ChangeForm(Form):
    """What may change of a goal."""

    name = Text(_l("名称"), [InputRequired(), Length(max=200)])
    target = IntegerField(_l("目标数"), [InputRequired(), NumberRange(1, 1_000_000_000)])
    deadline = DateField(_l("截止日"), [InputRequired()])
    state = SelectField(_l("状态"), choices=[SelectChoice(one.value, label) for one, label in STATES.items()])
    source = Text(_l("依据"), [InputRequired(), Length(max=400)])
    note = LongText(_l("说明"), [Optional(), Length(max=400)])


class GoalForm(ChangeForm):
    """A goal to be defined."""

    code = CodeText(_l("代码"), [InputRequired(), Length(max=40)], description=_l("小写字母、数字和连字符，例如 fj-400k；以后不能修改。"))
    counting_rule = SelectField(_l("计数规则"), choices=[SelectChoice(one.value, label) for one, label in RULES.items()])
    unit = Text(_l("单位"), [InputRequired(), Length(max=20)], default="人")
    starts_on = DateField(_l("起始日"), [InputRequired()])
    region_code = SelectField(_l("范围"))
    categories = Checks(_l("人员类别"), choices=[SelectChoice(one.value, label) for one, label in CATEGORIES.items()], description=_l("不选为全部。"))
    clause = Text(_l("条款"), [Length(max=60)])


class ClosingForm(Form):
    """A period to be closed."""

    until = DateField(_l("封存至"), [InputRequired()], description=_l("这一天及以前的时段；以后补录的记录照常计入，并标明“补录”。"))
    reason = Text(_l("用途"), [InputRequired(), Length(max=200)], description=_l("例如：2016 年度统计上报"))


class ReviewForm(Form):
    """A review."""

    kind = SelectField(_l("评估"), choices=[SelectChoice(one.value, label) for one, label in REVIEWS.items()])
    on = DateField(_l("截至日期"), [InputRequired()])
    judgement = LongText(_l("评估结论"), [InputRequired(), Length(max=4000)])
    measures = LongText(_l("下一步措施"), [Optional(), Length(max=4000)])


class FigureForm(Form):
    """A reported figure."""

    region = SelectField(_l("地区"))
    on = DateField(_l("截至日期"), [InputRequired()])
    value = IntegerField(_l("累计数"), [InputRequired(), NumberRange(0, 1_000_000_000)])
    evidence = Text(_l("依据"), [Length(max=400)], description=_l("文件名称或文号。"))
