"""Forms of copies: shape and type of input only."""

from __future__ import annotations

from wtforms import DateField
from wtforms.validators import InputRequired, Length

from trainhub.kernel.forms import CodeText, Form
from trainhub.kernel.i18n import _l


class CopyForm(Form):
    """A new run from an old one."""

    code = CodeText(_l("新期次代码"), [InputRequired(), Length(max=40)])
    starts_on = DateField(_l("开始日期"), [InputRequired()])
