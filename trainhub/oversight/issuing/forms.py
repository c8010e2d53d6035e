"""Shape and type of what people send to certify records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from wtforms import DateField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import DataRequired, InputRequired, Length, ValidationError

from trainhub.kernel.forms import Checks, Form, Text
from trainhub.kernel.i18n import _, _l


class _ChosenForm(Form):
    title = Text(_l("批次名称"), [DataRequired(_l("请给这一批起个名称。")), Length(max=200)])


class ClassesForm(_ChosenForm):
    """Training classes to certify, and who issues."""

    issuer_id = SelectField(_l("发证单位"), [InputRequired()], coerce=int)
    classes = Checks(_l("班级"), coerce=int)

    def prepare(self, issuers: Sequence[tuple[int, str]], classes: Sequence[tuple[int, str]]) -> ClassesForm:
        """The issuers and classes to choose from."""
        self.issuer_id.choices = [SelectChoice(key, name) for key, name in issuers]
        self.classes.choices = list(classes)
        return self

    def validate_classes(self, field: Checks) -> None:
        """Something must have been chosen."""
        if not field.data:
            raise ValidationError(_("请至少选择一个班级。"))


class MentorsForm(_ChosenForm):
    """Mentors to certify."""

    mentors = Checks(_l("指导教师"), coerce=str)

    def prepare(self, mentors: Sequence[tuple[str, str]]) -> MentorsForm:
        """The mentors to choose from."""
        self.mentors.choices = list(mentors)
        return self

    def validate_mentors(self, field: Checks) -> None:
        """Something must have been chosen."""
        if not field.data:
            raise ValidationError(_("请至少选择一人。"))


class SpanForm(Form):
    """When the training was completed."""

    since = DateField(_l("结业日期从"), [InputRequired()])
    until = DateField(_l("到"), [InputRequired()])

    def span(self, today: date) -> tuple[date, date]:
        """The days asked for; the last year when nothing is asked. The fields show them."""
        self.since.data, self.until.data = self.since.data or date(today.year - 1, today.month, 1), self.until.data or today
        return self.since.data, self.until.data


class MentorSpanForm(SpanForm):
    """Whose students, and when their placements ended."""

    issuer_id = SelectField(_l("发证高校"), [InputRequired()], coerce=int)
    since = DateField(_l("实习结束日期从"), [InputRequired()])

    def prepare(self, issuers: Sequence[tuple[int, str]]) -> MentorSpanForm:
        """The universities to choose from."""
        self.issuer_id.choices = [SelectChoice(key, name) for key, name in issuers]
        return self
