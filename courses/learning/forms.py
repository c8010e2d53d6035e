"""Forms of learning: shape and type of input only."""

from __future__ import annotations

from typing import Any

from wtforms import DateTimeLocalField, IntegerField, SelectField
from wtforms.validators import Length, NumberRange, Optional

from trainhub.kernel.clock import SHANGHAI
from trainhub.kernel.fields import picks
from trainhub.kernel.forms import CodeText, Form, Text
from trainhub.kernel.i18n import _l


class AllowanceForm(Form):
    """What one person or cohort may do differently."""

    login = CodeText(_l("学员登录名、学号或邮箱"), [Length(max=60)], description=_l("给一个人；给整个年级时留空"))
    cohort_id = SelectField(_l("或整个年级"), default="", coerce=str)
    extra_minutes = IntegerField(_l("加时（分钟）"), [Optional(), NumberRange(min=0, max=10080)], default=0)
    extra_attempts = IntegerField(_l("加次数"), [Optional(), NumberRange(min=0, max=100)], default=0)
    opens_at = DateTimeLocalField(_l("单独的开放时间"), [Optional()])
    closes_at = DateTimeLocalField(
        _l("单独的关闭时间"), [Optional()], description=_l("关闭后才公布得分或答案的测验，等到给了更晚时间的学员交卷或时间到才向全班公布")
    )
    reason = Text(_l("理由"), [Length(max=200)], description=_l("例如：因病补考、视力障碍加时"))

    def __init__(self, *args: Any, cohorts: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.cohort_id.choices = picks([("", _l("（不选）")), *((str(key), label) for key, label in cohorts)])

    def values(self) -> dict[str, Any]:
        """What is granted, without to whom."""
        return {
            "extra_minutes": self.extra_minutes.data or 0,
            "extra_attempts": self.extra_attempts.data or 0,
            "opens_at": None if self.opens_at.data is None else self.opens_at.data.replace(tzinfo=SHANGHAI),
            "closes_at": None if self.closes_at.data is None else self.closes_at.data.replace(tzinfo=SHANGHAI),
            "reason": self.reason.data or "",
        }
