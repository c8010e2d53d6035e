"""Shape of what people type about mentors."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, DateField, IntegerField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Optional, ValidationError

from enterprises.mentors.labels import GRADES
from enterprises.mentors.types import AppraisalGrade
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _l
from trainhub.kernel.sheets.parsers import parse_phone
from trainhub.people.types import IdType

NEEDED = _l("请填写此项。")


class ListText(Text):
    """A list typed in one line, parted by 、."""

    def process_data(self, value: Any) -> None:
        """Show a stored list."""
        self.data = "、".join(value) if isinstance(value, list) else value


class OwnMentorForm(Form):
    """What mentors say of themselves. What evidence says of them (title in T2, experience, training, office) the enterprise states."""

    post = Text(_l("岗位"), [DataRequired(NEEDED), Length(max=100)])
    skills = ListText(_l("专长"), [Length(max=800)], description=_l("多项用顿号或逗号分开，如：数据分析、嵌入式。"))
    load_limit = IntegerField(_l("同时指导学生上限"), [InputRequired(NEEDED), NumberRange(0, 99)], default=5)
    is_shared = BooleanField(
        _l("可为多所学校指导学生"), description=_l("勾选后，没有与本单位合作的学校也能在导师库中看到；不勾选，只有合作的学校能看到。")
    )

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        text = (self.skills.data or "").replace("，", "、").replace(",", "、")
        return {
            "post": self.post.data or "",
            "skills": [part.strip() for part in text.split("、") if part.strip()],
            "load_limit": self.load_limit.data or 0,
            "is_shared": bool(self.is_shared.data),
        }


class MentorForm(OwnMentorForm):
    """What a mentor is and can do, by the enterprise."""

    title = Text(_l("职称"), [Length(max=60)])
    years_experience = IntegerField(_l("从业年限"), [InputRequired(NEEDED), NumberRange(0, 80)], default=0)
    trained_on = DateField(_l("导师培训日期"), [Optional()])
    until = DateField(_l("聘任截止日期"), [Optional()])

    def facts(self) -> dict[str, Any]:
        """The values for the operation."""
        return super().facts() | {
            "title": self.title.data or "",
            "years_experience": self.years_experience.data or 0,
            "trained_on": self.trained_on.data,
            "until": self.until.data,
        }


class NewMentorForm(MentorForm):
    """The same with who it is and where."""

    name = Text(_l("姓名"), [DataRequired(NEEDED), Length(max=120)])
    id_type = SelectField(_l("证件类型"), coerce=str, default=IdType.RESIDENT_ID.value)
    id_number = CodeText(_l("证件号码"), [Length(max=40)], description=_l("用于识别同一个人，加密保存，页面只显示部分。"))
    phone = CodeText(_l("手机"), [Length(max=30)], description=_l("用一次性链接办理的，核对其后四位。"))
    enterprise_id = SelectField(_l("所在企业"), [InputRequired(NEEDED)], coerce=int)
    since = DateField(_l("聘任日期"), [InputRequired(NEEDED)])

    def validate_phone(self, field: Any) -> None:
        """A telephone number is one, or is left out: of a false one nobody knows the last four digits."""
        if (field.data or "").strip():
            try:
                parse_phone(field.data)
            except ValueError as wrong:
                raise ValidationError(str(wrong)) from wrong


class AppraisalForm(Form):
    """The appraisal of a year."""

    year = IntegerField(_l("年份"), [InputRequired(NEEDED), NumberRange(1980, 2200)])
    grade = SelectField(_l("考核结果"), coerce=AppraisalGrade, choices=lambda: [(key.value, label) for key, label in GRADES.items()])
    text = LongText(_l("说明"), [Length(max=2000)])


class ConflictForm(Form):
    """A student whom the mentor must not guide."""

    student_no = CodeText(_l("学号"), [DataRequired(NEEDED), Length(max=40)])
    reason = Text(_l("回避原因"), [DataRequired(NEEDED), Length(max=200)], description=_l("如亲属、利益关系。"))
