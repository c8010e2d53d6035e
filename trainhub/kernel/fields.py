"""What forms of every room do with their fields: choices with none in front, tenths, times of the wall clock, values out of an address."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from flask import request
from wtforms import SelectField, StringField, TextAreaField
from wtforms.fields.choices import Choice, SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from trainhub.kernel.clock import SHANGHAI, local
from trainhub.kernel.errors import Refused
from trainhub.kernel.forms import Form
from trainhub.kernel.i18n import _, _l
from trainhub.kernel.numbers import a_day, decimal_of

Day = TypeVar("Day", date, None)

NEEDED = _l("请填写此项。")


def optional_int(value: Any) -> int | None:
    """The value of a select whose empty choice means none."""
    return int(value) if value not in (None, "", "None") else None


class OnePerson(SelectField):
    """A choice of one person, which must be made: a browser takes the first of a list by itself, and somebody nobody meant would be named."""

    def __init__(self, label: Any = None, **kw: Any) -> None:
        super().__init__(label, [InputRequired(_l("请选择一位。"))], coerce=optional_int, **{"choices": [], **kw})

    def iter_choices(self) -> Iterator[Any]:
        """Nobody in front, as long as nobody is chosen, or somebody who is not offered any more."""
        found = list(super().iter_choices())
        if all(value != "" and not is_chosen for value, _name, is_chosen, *_rest in found):
            found.insert(0, Choice("", _("请选择"), self.data is None, {}))
        return iter(found)


def values_of(form: Form, names: Iterable[str]) -> dict[str, Any]:
    """The values of fields; a text that was not sent is empty."""
    texts = (StringField, TextAreaField)
    return {name: form[name].data if form[name].data is not None or not isinstance(form[name], texts) else "" for name in names}


def blank(choices: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Choices with an empty one in front."""
    return [("", "—"), *choices]


def offered(choices: Iterable[tuple[Any, Any]], name: str, called: Callable[[str], Any]) -> list[tuple[Any, Any]]:
    """The options of a filter, and behind them the value that the address asks for where a list leaves it out of them: a county beside the
    cities, a school that has nothing to show. `called` says what that value is called, "" or ValueError for what is nothing at all; only of that the
    filter then says that there is no such option.
    """
    options, asked = list(choices), request.args.get(name, "").strip()
    if not asked or any(str(value) == asked for value, _words in options):
        return options
    try:
        words = called(asked)
    except ValueError:
        return options
    return [*options, (asked, words)] if words else options


def pick(enum: Any, name: str) -> Any:
    """An enum value from the address; nonsense is no filter."""
    try:
        return enum(request.args.get(name, ""))
    except ValueError:
        return None


def tenths(value: Decimal | None) -> int:
    """A decimal with one place as tenths."""
    return int((value or Decimal(0)) * 10)


def picks(options: Any) -> list[Any]:
    """Choices of a form from a mapping of labels or pairs of value and label."""
    pairs = options.items() if hasattr(options, "items") else options
    return [SelectChoice(str(value), label) for value, label in pairs]


def instant(wall: datetime | None) -> datetime | None:
    """A wall-clock time of Shanghai as an instant."""
    return None if wall is None else wall.replace(tzinfo=SHANGHAI)


def wall(at: datetime | str | None) -> datetime | None:
    """An instant (or its stored text) as the wall-clock time of Shanghai that a form shows."""
    if not at:
        return None
    return local(datetime.fromisoformat(at) if isinstance(at, str) else at).replace(tzinfo=None)


def number_x10(text: str) -> int:
    """Points as people type them, in tenths."""
    value = decimal_of(text, places=30)
    if value is None:
        raise Refused(_("“%(text)s”不是数值。", text=text[:20]), field="points")
    if value * 10 != int(value * 10):
        raise Refused(_("得分最多保留一位小数。"), field="points")
    return int(value * 10)


def day_sent(name: str, default: Day) -> date | Day:
    """A day of the sent form; empty is the default, a day that does not exist is refused and never taken for another one."""
    return _day(request.form.get(name, ""), name, default)


def day_asked(name: str) -> date | None:
    """A day of the address that narrows a list; None: it does not. One that does not exist is refused: a list that was not narrowed
    looks like one in which everything was found."""
    return _day(request.args.get(name, ""), name, None)


def _day(text: str, name: str, default: Day) -> date | Day:
    text = text.strip()
    try:
        return a_day(text) if text else default
    except ValueError as wrong:
        raise Refused(_("日期“%(text)s”不存在，请按 2026-03-01 的格式填写。", text=text[:40]), field=name) from wrong
