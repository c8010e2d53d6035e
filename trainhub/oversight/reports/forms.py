"""Shape of what people type about reports."""

from __future__ import annotations

from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from trainhub.kernel.forms import Form
from trainhub.kernel.i18n import _l
from trainhub.oversight.reports.labels import KINDS, LANGUAGES


class AskForm(Form):
    """A report to be made."""

    kind = SelectField(_l("报告"), [InputRequired()], choices=[SelectChoice(kind.value, label) for kind, label in KINDS.items()])
    since = DateField(_l("起始日"), [InputRequired(_l("请填写起始日。"))])
    until = DateField(_l("截止日"), [InputRequired(_l("请填写截止日。"))])
    language = SelectField(_l("报告语言"), choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()], default="zh")
    organisation = SelectField(_l("企业或基地"), coerce=int, description=_l("只有企业社会责任专章和基地评分卡需要选择。"))
