"""What the elements of a layout are made of, for the page on which layouts are drawn up: properties, types, defaults."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import Any, get_args, get_origin, get_type_hints

from trainhub.certificates.layouts.model import KINDS
from trainhub.kernel.fonts import STYLES

_STARTS: dict[str, dict[str, Any]] = {
    "text": {"text": "文字", "box": [20, 20, 80, 8]},
    "rule": {"x1": 20, "y1": 30, "x2": 100, "y2": 30},
    "panel": {"box": [-3, -3, 60, 30]},
    "border": {},
    "rosette": {"x": 60, "y": 60, "radius": 40},
    "divider": {"x": 60, "y": 40, "width": 60},
    "seal": {"x": 60, "y": 60, "radius": 16, "text": "{issuer}"},
    "qr": {"box": [20, 20, 26, 26]},
    "image": {"image": "", "box": [20, 20, 30, 30]},
    "signature": {"box": [20, 20, 48, 22]},
}
"""A new element of each kind, in millimetres."""


def _type(name: str, hint: Any) -> tuple[str, list[str]]:
    if name == "font":
        return "choice", list(STYLES)
    if name == "image":
        return "image", []
    if name in ("needs", "unless"):
        return "field", []
    if name in ("color", "light"):
        return "color", []
    if get_origin(hint) is not None and get_args(hint):
        return "choice", [str(one) for one in get_args(hint)]
    return {"float": "number", "int": "number", "Box": "box"}.get(getattr(hint, "__name__", ""), "text"), []


def spec() -> dict[str, Any]:
    """For each kind of element: how a new one begins, and its properties with type, choices and default, in order."""
    known: dict[str, Any] = {}
    for kind, made in KINDS.items():
        hints = get_type_hints(made)
        properties = []
        for one in fields(made):
            sort, choices = _type(one.name, hints[one.name])
            properties.append({"name": one.name, "type": sort, "choices": choices, "default": None if one.default is MISSING else one.default})
        known[kind] = {"start": {"kind": kind, **_STARTS[kind]}, "properties": properties}
    return known
