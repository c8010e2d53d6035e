"""Forms: shape and type of input only. A form knows the version it was opened at and can be sent only once.

* `version`: optimistic locking; pass it to the operation, which compares (see `check_version`).
* `submission_key`: made when the form is shown; `once` stores it in the same transaction as the work, so a double click
  or a repeated POST finds it and changes nothing.
"""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask import g, has_request_context, request
from flask_wtf import FlaskForm
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column
from wtforms import (
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FloatField,
    HiddenField,
    IntegerField,
    SelectFieldBase,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, ValidationError
from wtforms.widgets import CheckboxInput, HiddenInput, ListWidget

from trainhub.kernel import clock
from trainhub.kernel.characters import clean_line
from trainhub.kernel.db import Base, Versioned, session
from trainhub.kernel.errors import Refused, Repeated, Stale
from trainhub.kernel.i18n import _, _l, format_date, format_datetime, listed
from trainhub.kernel.numbers import FIRST_DAY, LARGEST, LAST_DAY, is_day, is_finite
from trainhub.kernel.sheets.text import has_control


class FormSubmission(Base):
    """A submission key that was used; swept after a week."""

    __tablename__ = "form_submission"

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(index=True)


def _plain_text(value: str | None) -> str | None:
    """Trim, compose (NFC) and refuse control characters: a NUL is an error deep inside PostgreSQL."""
    if value is None:
        return None
    return unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip(" \u3000\t\n")


def _no_controls(_form: Any, field: Any) -> None:
    if field.data and any((ord(c) < 32 and c not in "\n\t") or c == "\x7f" for c in field.data):
        raise ValidationError(_("包含看不见的控制字符，请删除后重新输入。"))


def _plain_line(value: str | None) -> str | None:
    """`_plain_text` of one line, without what nobody sees: a name that was pasted would never compare equal. What turns the direction stays in sight of
    `_no_turning`."""
    text = _plain_text(value)
    return text if text is None or has_control(text) else clean_line(text)


def _no_turning(_form: Any, field: Any) -> None:
    """What an import refuses in any cell: it turns round what follows it, wherever the line is shown."""
    if field.data and has_control(field.data) and not field.errors:
        raise ValidationError(_("包含看不见的控制字符，请删除后重新输入。"))


def _not_blank(form: Any, field: Any) -> None:
    """`InputRequired` looks at what was sent; of a blank nothing is left once it is trimmed."""
    required = next((one for one in field.validators if isinstance(one, InputRequired)), None)
    if required is not None:
        DataRequired(required.message)(form, field)


class Text(StringField):
    """One line of text, trimmed, free of control characters and of what turns the direction; what nobody sees is left out."""

    def __init__(self, label: Any = None, validators: Any = None, **kw: Any) -> None:
        checks = [*(validators or ()), _not_blank, _no_controls, _no_turning]
        super().__init__(label, checks, filters=(*kw.pop("filters", ()), _plain_line), **kw)


def _without_marks(value: str | None) -> str | None:
    return value if value is None else clean_line(value)


class CodeText(Text):
    """A code, a number, a login name, a telephone or an address of mail: what was copied out of a contact card comes wrapped in marks of direction, which are
    taken off. In a name they are refused: there they turn round what follows."""

    def __init__(self, label: Any = None, validators: Any = None, **kw: Any) -> None:
        super().__init__(label, validators, filters=(_without_marks, *kw.pop("filters", ())), **kw)


class LongText(TextAreaField):
    """Several lines of text, trimmed and free of control characters."""

    def __init__(self, label: Any = None, validators: Any = None, **kw: Any) -> None:
        super().__init__(label, [*(validators or ()), _not_blank, _no_controls], filters=(*kw.pop("filters", ()), _plain_text), **kw)


class Checks(SelectMultipleField):
    """Several choices as a list of check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


MESSAGES: Mapping[str, Any] = {
    "This field is required.": _l("请填写这一项。"),
    "Not a valid choice.": _l("请从列出的选项中选择；这个选项不存在，或已不再提供。"),
    "Invalid Choice: could not coerce.": _l("请从列出的选项中选择；这个选项不存在，或已不再提供。"),
    "Invalid choice(s): one or more data inputs could not be coerced.": _l("有的选项不存在，或已不再提供，请重新勾选。"),
    "'%(value)s' is not a valid choice for this field.": _l("有的选项不存在，或已不再提供，请重新勾选。"),
    "'%(value)s' are not valid choices for this field.": _l("有的选项不存在，或已不再提供，请重新勾选。"),
    "Not a valid integer value.": _l("请填写整数，例如 12。"),
    "Not a valid decimal value.": _l("请填写数字，例如 12.5。"),
    "Not a valid float value.": _l("请填写数字，例如 12.5。"),
    "Not a valid date value.": _l("请填写存在的日期，例如 2016-02-03。"),
    "Not a valid datetime value.": _l("请填写存在的日期和时间，例如 2016-02-03 09:30。"),
    "Not a valid time value.": _l("请填写存在的时间，例如 09:30。"),
    "Invalid email address.": _l("请填写完整的邮箱地址，例如 name@example.edu.cn。"),
    "Invalid URL.": _l("请填写完整的网址，例如 https://example.edu.cn。"),
    "Invalid input.": _l("这一项的格式不对，请改正。"),
    "Number must be at least %(min)s.": _l("请填写不小于 %(min)s 的数。"),
    "Number must be at most %(max)s.": _l("请填写不大于 %(max)s 的数。"),
    "Number must be between %(min)s and %(max)s.": _l("请填写 %(min)s 至 %(max)s 之间的数。"),
    "Date must be at least %(min)s.": _l("日期不能早于 %(min)s。"),
    "Date must be at most %(max)s.": _l("日期不能晚于 %(max)s。"),
    "Date must be between %(min)s and %(max)s.": _l("日期须在 %(min)s 至 %(max)s 之间。"),
    "Field must be at least %(min)d character long.": _l("请至少填写 %(min)d 个字。"),
    "Field must be at least %(min)d characters long.": _l("请至少填写 %(min)d 个字。"),
    "Field cannot be longer than %(max)d character.": _l("请不要超过 %(max)d 个字。"),
    "Field cannot be longer than %(max)d characters.": _l("请不要超过 %(max)d 个字。"),
    "Field must be exactly %(max)d character long.": _l("请填写恰好 %(max)d 个字。"),
    "Field must be exactly %(max)d characters long.": _l("请填写恰好 %(max)d 个字。"),
    "Field must be between %(min)d and %(max)d characters long.": _l("请填写 %(min)d 至 %(max)d 个字。"),
    "Field must be equal to %(other_name)s.": _l("两次填写的内容不一致，请重新填写。"),
}
"""What the form library says, in words that say what to do; its own placeholders are filled in by it."""


class _Words:
    """The translations a form asks for; a sentence of the library without words of ours stays as it is."""

    def gettext(self, text: str) -> str:
        return str(MESSAGES.get(text, text))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(singular if n == 1 else plural)


def fresh_key() -> str:
    """A submission key for a form that is shown now."""
    return secrets.token_urlsafe(24)


class Form(FlaskForm):  # type: ignore[misc]
    """The base of every form of the house."""

    version = IntegerField(widget=HiddenInput(), default=0)
    submission_key = HiddenField(default=fresh_key)

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def get_translations(self, form: Any) -> Any:
            return _Words()

    def process(self, formdata: Any = None, obj: Any = None, data: Any = None, extra_filters: Any = None, **kwargs: Any) -> None:
        """Remember which fields came from the row, so that a refused second editor can be shown its current values."""
        given = {**(data or {}), **kwargs}
        self._of_row = {name for name in self._fields if hasattr(obj, name) or name in given}
        super().process(formdata, obj, data=data, extra_filters=extra_filters, **kwargs)

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether what was typed holds; a page that shows a form again with its mistakes answers 422 (see `web`)."""
        is_sound = self._has_numbers() & self._has_days() & bool(super().validate(extra_validators))
        if not is_sound and has_request_context() and self.is_submitted():
            g.is_mistaken = True
        return is_sound

    def _has_numbers(self) -> bool:
        """Whether every field of numbers holds one that a column holds: `nan` and `inf` are decimals to Python, thirty digits are an integer."""
        wrong = [
            field
            for field in self
            if (isinstance(field, IntegerField) and field.data is not None and abs(field.data) > LARGEST)
            or (isinstance(field, DecimalField | FloatField) and field.data is not None and not is_finite(field.data))
        ]
        for field in wrong:
            field.data, field.process_errors = None, [*field.process_errors, _("请填写数字，例如 12.5；这个数太大，或者不是数。")]
        return not wrong

    def _has_days(self) -> bool:
        """Whether every date is one that can be counted with: 0001-01-01 and 9999-12-31 are dates to Python. (To WTForms a field of a time of
        the day is one of a date and time.)"""
        wrong = [
            field
            for field in self
            if isinstance(field, DateField | DateTimeField) and isinstance(field.data, date) and not is_day(_date_of(field.data))
        ]
        for field in wrong:
            field.data, field.process_errors = None, [*field.process_errors, _("请填写 %(a)s 至 %(b)s 之间的日期。", a=FIRST_DAY, b=LAST_DAY)]
        return not wrong

    def apart(self, word: str) -> Form:
        """Stand beside another form of the page that has fields of the same names: the ids, not the names, get the word in front."""
        for field in self:
            field.id = field.label.field_id = f"{word}-{field.id}"
        return self

    def said(self) -> list[str]:
        """Everything that is wrong, for a page on which the form itself is not shown any more."""
        return [*map(str, self.form_errors), *(str(told) for field in self for told in field.errors)]

    def refuse(self, refused: Refused) -> None:
        """Show a refusal of the operation, and those beside it, at their fields or above the form; the answer then has its status.

        Somebody else saved meanwhile (Stale): what was typed stays in the form, each field that differs shows the current
        value beside it (`now_says`), and the form now stands on the version that was just shown.
        """
        for other in refused.others:
            self.refuse(other)
        g.refused = refused
        message = self._beside_current(refused.message) if isinstance(refused, Stale) else refused.message
        field = self._fields.get(refused.field or "")
        if field is not None:
            field.errors = [*field.errors, message]
        else:
            self.form_errors.append(message)

    def _beside_current(self, message: str) -> str:
        if "version" not in self._of_row or self.version.object_data == self.version.data:
            return message
        self.version.data, self.version.raw_data = self.version.object_data, None
        for name in (self._of_row & set(self._fields)) - {"version"}:  # a page may leave fields out
            now = _now_says(self._fields[name])
            if now is not None:
                self._fields[name].now_says = now
        return _(
            "这条记录刚被其他人修改过，你的修改还没有保存，也没有覆盖对方的修改。"
            "你填写的内容保留在下面；与现在的值不同的项目旁边写明了现在的值，请核对后再保存。"
        )


def _now_says(field: Field) -> str | None:
    """The row's current value of a field in words, or None when it is what was typed (or cannot be put in words)."""
    if not isinstance(field, StringField | IntegerField | SelectFieldBase | DateField | DateTimeField | BooleanField | DecimalField):
        return None
    now = field.object_data
    if isinstance(now, datetime) and now.tzinfo is not None:
        now = clock.local(now).replace(tzinfo=None)
    if isinstance(field, SelectFieldBase):
        typed = field.data
        field.process_data(now)
        now, field.data = field.data, typed
    for change in field.filters:
        now = change(now)
    if now == field.data or (not now and not field.data):
        return None
    if isinstance(field.object_data, datetime):
        return format_datetime(field.object_data)
    if isinstance(field, SelectFieldBase):
        chosen = now if isinstance(now, list) else [now]
        names = [str(choice[1]) for choice in field.iter_choices() if choice[0] in chosen]
        return listed(names) or _("（空）")
    return _in_words(now)


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, date):
        return format_date(value)
    return str(value) if value not in (None, "") else _("（空）")


def _date_of(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


T = TypeVar("T")


def given(value: T | None) -> T:
    """What a required field holds after the form was checked; None there is a slip in the code."""
    if value is None:
        raise TypeError("a required field is empty after the form was checked")
    return value


def _mark_of_form(version: int) -> str:
    """Under which the saving of a form that was opened at a version is known; empty where no form was sent (commands, the API)."""
    key = request.form.get("submission_key", "") if has_request_context() else ""
    return f"saved:{key[:40]}:{version}" if key else ""


def once(key: str) -> bool:
    """Whether this submission is the first; False when the same form was already sent, also by a double click whose first half is not done yet."""
    if not key:
        return True
    current = session()
    if current.get(FormSubmission, key[:64]) is not None:
        return False
    current.flush()
    try:
        with current.begin_nested():
            current.add(FormSubmission(key=key[:64], used_at=clock.now()))
            current.flush()
    except IntegrityError:  # the other one was committed while this waited for its key
        return False
    return True


def check_version(row: Versioned, version: int | None) -> None:
    """Refuse when somebody else saved the row since the form was opened. Raises Stale, or Repeated when the same form was saved before."""
    if version is None:
        return
    mark = _mark_of_form(version)
    if version == row.version:
        once(mark)
    elif mark and session().get(FormSubmission, mark) is not None:
        raise Repeated(_("这份表单你刚才已经提交并保存过（例如点了两次，或返回后再次提交），这一次没有再写入。如果又改了内容，请重新打开页面再改。"))
    else:
        raise Stale(_("这条记录刚被其他人修改过，你的修改没有保存，也没有覆盖对方的修改。请重新打开页面，核对后再提交。"))
