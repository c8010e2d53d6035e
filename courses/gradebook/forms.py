"""Forms of the gradebook: shape and type of input only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from wtforms import BooleanField, DecimalField, HiddenField, IntegerField, RadioField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from courses.gradebook import labels
from trainhub.kernel.fields import picks
from trainhub.kernel.forms import Form, Text
from trainhub.kernel.i18n import _l


class BookForm(Form):
    """Scale and rules of a gradebook."""

    scale = SelectField(_l("等级制"), [InputRequired()], choices=picks(labels.SCALES))
    missing_is_zero = BooleanField(_l("没有成绩的项按 0 分计"), description=_l("不选时，还没有成绩的项暂不参与计算"))
    shows_total = BooleanField(_l("学员可以看到总评"))


class CategoryForm(Form):
    """A category."""

    category_id = HiddenField()
    name = Text(_l("类别名称"), [InputRequired(), Length(max=60)])
    weight = DecimalField(_l("权重"), [InputRequired(), NumberRange(min=Decimal("0.1"), max=1000)], places=1, default=Decimal(100))
    drop = IntegerField(_l("去掉最低分个数"), [Optional(), NumberRange(min=0, max=50)], default=0)
    is_extra = BooleanField(_l("附加分类别（只加不减）"))


class ColumnForm(Form):
    """A column."""

    column_id = HiddenField()
    title = Text(_l("成绩项"), [InputRequired(), Length(max=120)])
    category_id = SelectField(_l("类别"), [InputRequired()], coerce=int)
    max_points = DecimalField(_l("满分"), [InputRequired(), NumberRange(min=1, max=1000)], places=1, default=Decimal(100))
    weight = DecimalField(_l("类别内权重"), [InputRequired(), NumberRange(min=0, max=1000)], places=1, default=Decimal(1))
    is_extra = BooleanField(_l("附加分（只加不减）"))
    is_hidden = BooleanField(_l("对学员隐藏"))
    is_locked = BooleanField(_l("锁定：不能修改成绩，新的结果解锁后才计入"))

    def __init__(self, *args: Any, categories: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.category_id.choices = picks(categories)


class CellForm(Form):
    """What is written into one cell."""

    column_id = SelectField(_l("成绩项"), [InputRequired()], coerce=int)
    kind = RadioField(_l("操作"), [InputRequired()], default="mark")
    points = DecimalField(_l("得分"), [Optional(), NumberRange(min=0, max=1000)], places=1)
    reason = Text(_l("理由"), [Length(max=400)], description=_l("改定和免计必须写明，学员会看到"))

    def __init__(self, *args: Any, columns: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.column_id.choices = picks(columns)
        self.kind.choices = picks({"mark": _l("记分或改定"), "excused": _l("免计"), "clear": _l("撤销手工成绩，恢复系统计算")})


class FeedForm(Form):
    """Which grades of a run go into which assessment item of a training plan."""

    item_id = SelectField(_l("考核方式"), [InputRequired()], coerce=int)
    what = SelectField(_l("取哪一项成绩"), coerce=int, description=_l("总成绩，或成绩册中的一项"))

    def __init__(self, *args: Any, items: Any = (), columns: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.item_id.choices = picks(items)
        self.what.choices = picks([(0, _l("总成绩")), *columns])
