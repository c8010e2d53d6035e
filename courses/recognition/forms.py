"""Forms of credit recognition: shape and type of input only."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_wtf.file import FileField
from wtforms import DateField, DecimalField, SelectField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from trainhub.kernel.fields import picks
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l


class RunClaimForm(Form):
    """Apply with a run completed here."""

    enrolment_id = SelectField(_l("完成的课程"), [InputRequired()], coerce=int)
    target_id = SelectField(_l("认定为培养方案中的课程"), [InputRequired()], coerce=int)
    statement = LongText(_l("说明"), [Length(max=1000)])

    def __init__(self, *args: Any, runs: Any = (), targets: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.enrolment_id.choices, self.target_id.choices = picks(runs), picks(targets)


class CertificateClaimForm(Form):
    """Apply with a certificate from elsewhere."""

    target_id = SelectField(_l("认定为培养方案中的课程"), [InputRequired()], coerce=int)
    title = Text(_l("课程或证书名称"), [InputRequired(), Length(max=200)])
    provider = Text(_l("发证机构"), [InputRequired(), Length(max=200)])
    number = CodeText(_l("证书编号"), [InputRequired(), Length(max=100)])
    completed_on = DateField(_l("完成日期"), [InputRequired()])
    credits = DecimalField(_l("申请学分"), [InputRequired(), NumberRange(min=Decimal("0.1"), max=100)], places=1)
    file = FileField(_l("证书扫描件（PDF 或图片）"), [InputRequired()])
    statement = LongText(_l("说明"), [Length(max=1000)])

    def __init__(self, *args: Any, targets: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.target_id.choices = picks(targets)


class MappingForm(Form):
    """An online course that counts as a course of the plan."""

    course_code = CodeText(_l("在线课程代码"), [InputRequired(), Length(max=60)])
    target_id = SelectField(_l("培养方案中的课程"), [InputRequired()], coerce=int)
    credits = DecimalField(_l("认定学分"), [InputRequired(), NumberRange(min=Decimal("0.1"), max=100)], places=1)
    least_score = DecimalField(_l("最低成绩"), [InputRequired(), NumberRange(min=0, max=100)], places=1, default=Decimal(60))
    since = DateField(_l("起始日期"), [InputRequired()], description=_l("按完成课程的日期判断"))
    until = DateField(_l("终止日期"), [Optional()])
    document = Text(_l("依据文件"), [Length(max=200)])

    def __init__(self, *args: Any, targets: Any = (), **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.target_id.choices = picks(targets)
