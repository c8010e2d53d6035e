"""Shape of what people type about records and rosters."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, DateField, DecimalField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, NumberRange, ValidationError

from trainhub.kernel.fields import day_asked
from trainhub.kernel.forms import CodeText, Form, LongText, Text
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import asked_key
from trainhub.ledger import labels
from trainhub.ledger.types import Category


def wanted() -> dict[str, Any]:
    """The filters of the registry from the address. Raises Refused for a day that does not exist."""
    category = request.args.get("category", "")
    return {
        "text": request.args.get("q", "").strip()[:60],
        "base_id": asked_key(request.args.get("base", "")),
        "region": request.args.get("region", "")[:6],
        "category": category if category in {one.value for one in labels.CATEGORIES} else "",
        "since": day_asked("since"),
        "until": day_asked("until"),
        "sort": request.args.get("sort", ""),
        "only_waiting": request.args.get("identity") == "waiting",
    }


class RosterForm(Form):
    """The upload of a roster."""

    file = FileField(
        _l("培训花名册"),
        [FileRequired(_l("请选择要导入的文件。"))],
        description=_l("CSV 或 XLSX，第一行是表头；一行是一人一次结业。可先下载模板。"),
    )
    base = SelectField(_l("培训机构"), validate_choice=True, description=_l("选择后，表中可不填“培训机构代码”；与所选机构不一致的行不会导入。"))
    is_dry_run = BooleanField(_l("只检查，不导入"), description=_l("先看结果和有问题的行，数据不会改变。"))
    is_strict = BooleanField(_l("有任何一行有问题就全部不导入"))


class CourseForm(Form):
    """A course and since when it is taught."""

    organisation = SelectField(_l("培训机构"), validate_choice=True)
    title = Text(_l("课程"), [InputRequired(), Length(max=200)], description=_l("与花名册“课程”一列的写法一致。"))
    since = DateField(_l("开设日期"), [InputRequired()])


class CancelForm(Form):
    """Why a record is cancelled."""

    reason = LongText(_l("作废理由"), [InputRequired(_l("请写明作废理由。")), Length(max=400)])


class IdentifyForm(Form):
    """What was looked at to know who somebody is."""

    reason = LongText(_l("核实依据"), [InputRequired(_l("请写明核实的依据。")), Length(max=400)])


class RestoreForm(Form):
    """Why a cancelled record stands again."""

    reason = LongText(_l("恢复理由"), [InputRequired(_l("请写明恢复理由。")), Length(max=400)])


class CorrectForm(Form):
    """The right values of a record, and why."""

    course = Text(_l("课程"), [InputRequired(), Length(max=200)])
    category = SelectField(_l("类别"), choices=[SelectChoice(one.value, labels.CATEGORIES[one]) for one in Category])
    county_code = CodeText(_l("所属县区代码"), [InputRequired(), Length(max=6)])
    hours = DecimalField(_l("学时"), [InputRequired(), NumberRange(0, 10_000)], places=1)
    completed_on = DateField(_l("完成日期"), [InputRequired()])

    def validate_hours(self, field: DecimalField) -> None:
        """At most one decimal, as in a roster: a second one would be cut off unseen."""
        if field.data is not None and field.data * 10 % 1:
            raise ValidationError(_("学时最多一位小数。"))

    is_counted = BooleanField(_l("是否计入"))
    reason = LongText(_l("更正理由"), [InputRequired(_l("请写明更正理由。")), Length(max=400)])


class DecideForm(Form):
    """Whether two persons are one."""

    note = LongText(_l("核对依据"), [InputRequired(), Length(max=400)])
