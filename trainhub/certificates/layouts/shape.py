"""Whether the data of a layout has the shape it must have, in words: which element or field, which property, what is expected there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from trainhub.kernel.fonts import STYLES
from trainhub.kernel.i18n import _, listed

WANTED: Mapping[str, type] = {"code": str, "version": int, "title": str, "title_en": str, "page": list, "fields": list, "elements": list}
"""What a layout has, and of which type."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_MOST_SHOWN = 30


class BadLayout(ValueError):
    """A layout is wrong; the message says which element and what is expected there."""


def must_be_a_layout(data: Any, *, is_kept: bool = False) -> Mapping[str, Any]:
    """The data when its outer shape is that of a layout; BadLayout otherwise. `is_kept`: see `must_fit`."""
    if not isinstance(data, dict):
        raise BadLayout(_("最外层应是一个 JSON 对象，写在 { } 里"))
    absent = [name for name in WANTED if name not in data]
    if absent:
        raise BadLayout(_("缺少 %(names)s", names=listed(absent)))
    if is_kept:
        return data
    for name, kind in WANTED.items():
        if not _is_of(data[name], kind):
            raise BadLayout(_("%(name)s 应为%(expected)s，现在是 %(value)s", name=name, expected=_expected(kind), value=_shown(data[name])))
    if len(data["page"]) != 2 or not all(_is_of(one, float) for one in data["page"]):
        raise BadLayout(_("page 应写作 [宽, 高]，单位毫米，现在是 %(value)s", value=_shown(data["page"])))
    return data


def must_fit(data: Any, made: type[Any], place: str, *, is_kept: bool = False) -> Mapping[str, Any]:
    """The properties of an element or a field when each is one that `made` has, of its type; BadLayout names `place`.

    The types of one that is kept are not looked at again: what was approved is drawn as it was.
    """
    if not isinstance(data, dict):
        raise BadLayout(_("%(place)s应是一个 JSON 对象，写在 { } 里", place=place))
    hints: Mapping[str, Any] = _hints(made)  # type: ignore[arg-type]  # a class can be a key
    defaults = {one.name: one.default for one in fields(made)}
    unknown = sorted(data.keys() - hints.keys())
    if unknown:
        raise BadLayout(_("%(place)s没有 %(names)s 这项，可以写的是 %(known)s", place=place, names=listed(unknown), known=listed(hints)))
    absent = [name for name, default in defaults.items() if default is MISSING and name not in data]
    if absent:
        raise BadLayout(_("%(place)s缺少 %(names)s", place=place, names=listed(absent)))
    for name, value in () if is_kept else data.items():
        expected = _wrong(name, value, hints[name])
        if expected:
            raise BadLayout(
                _("%(place)s的 %(name)s 应为%(expected)s，现在是 %(value)s", place=place, name=name, expected=expected, value=_shown(value))
            )
    return data


@cache
def _hints(made: Any) -> Mapping[str, Any]:
    hints = get_type_hints(made)
    return {one.name: hints[one.name] for one in fields(made)}


def _wrong(name: str, value: Any, hint: Any) -> str:
    """What is expected instead; empty when the value fits."""
    if name == "font":
        return "" if value in STYLES else _("其中之一：%(choices)s", choices=listed(STYLES))
    if name in ("color", "light"):
        return "" if isinstance(value, str) and _COLOUR.fullmatch(value) else _("颜色，写作 #rrggbb")
    if getattr(hint, "__name__", "") == "Box":
        is_box = isinstance(value, list) and len(value) == 4 and all(_is_of(one, float) for one in value)
        return "" if is_box else _("四个数字 [左, 上, 宽, 高]，单位毫米")
    if get_origin(hint) is not None:
        choices = [str(one) for one in get_args(hint)]
        return "" if value in choices else _("其中之一：%(choices)s", choices=listed(choices))
    return "" if _is_of(value, hint) else _expected(hint)


def _is_of(value: Any, kind: type) -> bool:
    if kind is bool or isinstance(value, bool):
        return kind is bool and isinstance(value, bool)
    return isinstance(value, int | float) if kind is float else isinstance(value, kind)


def _expected(kind: type) -> str:
    words = {str: _("文字，写在英文双引号里"), int: _("整数"), float: _("数字"), bool: _("true 或 false"), list: _("列表，写在 [ ] 里")}
    return words[kind]


def _shown(value: Any) -> str:
    text = f"“{value}”" if isinstance(value, str) else str(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
