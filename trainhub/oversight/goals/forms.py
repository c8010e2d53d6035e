"""Shape of what people type about goals."""

from __future__ import annotations

from wtforms import DateField
from wtforms.validators import InputRequired, Length

from trainhub.kernel.forms import Form, Text
from trainhub.kernel.i18n import _l


class SnapshotForm(Form):
    """A report to be kept as it is given out."""

    on = DateField(_l("截至日期"), [InputRequired(_l("请填写截至日期。"))])
    reason = Text(_l("用途"), [InputRequired(_l("请写明用途。")), Length(max=200)], description=_l("例如：2016年度中期评估"))
