"""Plots of a goal as SVG that stands alone: shown on the page, downloaded as a file. Every number of them stands in a table.

The map is our own simple geometry: one hexagon for each reporting unit, laid out as they lie to each other, 平潭 apart in
the sea. It shows no boundary (published maps of China need an approval number).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Any

INK, SOFT, GOLD, LINE = "#17586f", "#e7f0f3", "#c08a3e", "#d9d5ca"
SHADES = ("#f1eee6", "#d5e5ea", "#a9cbd6", "#6fa6b8", "#3a7f97", "#17586f")
RADIUS = 46.0
FONT = "PingFang SC, Microsoft YaHei, Noto Sans CJK SC, sans-serif"
CENTRES: dict[str, tuple[float, float]] = {
    "350700": (1.5, 0),
    "350900": (2.5, 0),
    "350400": (1.0, 1),
    "350100": (2.0, 1),
    "350128": (3.45, 1.25),
    "350800": (0.5, 2),
    "350500": (1.5, 2),
    "350300": (2.5, 2),
    "350600": (1.0, 3),
    "350200": (2.0, 3),
}
"""Where each unit lies, in columns and rows of the honeycomb."""


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _frame(width: int, height: int, label: str, inner: str) -> str:
    """A picture; one with links in it is a group, whose links a screen reader may enter."""
    role = "group" if "<a " in inner else "img"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="{role}" aria-label="{escape(label)}" font-family="{FONT}">'
        f"{inner}</svg>"
    )


def _hexagon(x: float, y: float) -> str:
    corners = [(x + RADIUS * math.sin(math.pi / 3 * n), y - RADIUS * math.cos(math.pi / 3 * n)) for n in range(6)]
    return " ".join(f"{_number(a)},{_number(b)}" for a, b in corners)


def fujian(tiles: Sequence[dict[str, Any]], label: str) -> str:
    """The map: tiles have code, short, persons, level 0 to 5, and `url` when they may be followed."""
    wide, step = RADIUS * math.sqrt(3), RADIUS * 1.5
    parts = []
    for tile in tiles:
        column, row = CENTRES[tile["code"]]
        x, y = 46 + column * wide, 52 + row * step
        dark = tile["level"] >= 3
        name, count = escape(str(tile["short"])), f"{tile['persons']:,}"
        border = f' stroke="{GOLD}" stroke-width="3"' if tile.get("is_chosen") else ' stroke="#fff" stroke-width="3"'
        shape = (
            f'<polygon points="{_hexagon(x, y)}" fill="{SHADES[tile["level"]]}"{border}/>'
            f'<text x="{_number(x)}" y="{_number(y - 4)}" font-size="{15 if len(name) < 7 else 11}" text-anchor="middle" '
            f'class="{"on-dark" if dark else "on-light"}" fill="{"#fff" if dark else "#1c2b33"}">{name}</text>'
            f'<text x="{_number(x)}" y="{_number(y + 17)}" font-size="14" font-weight="600" text-anchor="middle" '
            f'class="{"on-dark" if dark else "on-light"}" fill="{"#fff" if dark else INK}">{count}</text>'
        )
        title = f"<title>{name} {count}</title>"
        parts.append(f'<a href="{escape(tile["url"])}">{title}{shape}</a>' if tile.get("url") else f"<g>{title}{shape}</g>")
    return _frame(390, 330, label, "".join(parts))


def _axis(months: Sequence[str], height: float) -> str:
    """The years; below a year and a half the quarters too."""
    slot, is_short = 600 / max(1, len(months)), len(months) <= 18
    shown = []
    for n, month in enumerate(months):
        if month.endswith("-01"):
            shown.append((n, month[:4]))
        elif n == 0 and is_short:
            shown.append((n, month))
        elif is_short and n > 2 and month[-2:] in ("04", "07", "10"):
            shown.append((n, str(int(month[-2:]))))
    return "".join(f'<text x="{_number(slot * n)}" y="{height}" font-size="12" fill="#6b675e">{text}</text>' for n, text in shown)


def _grid() -> str:
    return "".join(f'<path d="M0 {_number(20 + n * 42.5)}H600" stroke="{LINE}" stroke-width="1"/>' for n in range(5))


def bars(months: Sequence[str], values: Sequence[int], label: str) -> str:
    """Persons first counted by month."""
    top, slot = max([*values, 1]), 600 / max(1, len(months))
    parts = [
        f'<rect x="{_number(slot * n + slot * 0.15)}" y="{_number(190 - value * 170 / top)}" width="{_number(min(slot * 0.7, 44))}" '
        f'height="{_number(value * 170 / top)}" rx="1" fill="{INK}"><title>{months[n]} {value:,}</title></rect>'
        for n, value in enumerate(values)
    ]
    return _frame(600, 216, label, f'{_grid()}{"".join(parts)}<text x="4" y="15" font-size="12" fill="#6b675e">{top:,}</text>{_axis(months, 210)}')


def lines(rows: Sequence[tuple[str, int]], label: str) -> str:
    """A horizontal bar for each name, with its number beside it."""
    top = max([value for _name, value in rows] + [1])
    parts = [
        f'<text x="4" y="{28 * n + 19}" font-size="13" fill="{INK}">{escape(name)}</text>'
        f'<rect x="150" y="{28 * n + 6}" width="{_number(value * 340 / top)}" height="18" rx="1" fill="{INK}"><title>{escape(name)} {value:,}</title></rect>'
        f'<text x="{_number(156 + value * 340 / top)}" y="{28 * n + 20}" font-size="12" fill="#6b675e">{value:,}</text>'
        for n, (name, value) in enumerate(rows)
    ]
    return _frame(600, max(28, 28 * len(rows)), label, "".join(parts))


def _points(values: Sequence[int], top: int, step: float = 0.0) -> str:
    step = step or 600 / max(1, len(values) - 1)
    return " ".join(f"{_number(step * n)},{_number(190 - value * 170 / top)}" for n, value in enumerate(values))


def course(months: Sequence[str], cumulative: Sequence[int], planned: Sequence[int], label: str) -> str:
    """Persons so far at the end of each month against the straight line."""
    top = max([*cumulative, *planned, 1])
    inner = f'<polygon points="0,190 {_points(cumulative, top)} 600,190" fill="{SOFT}"/>'
    inner += f'<polyline points="{_points(cumulative, top)}" fill="none" stroke="{INK}" stroke-width="2.5"/>'
    if planned:
        inner += f'<polyline points="{_points(planned, top)}" fill="none" stroke="{GOLD}" stroke-width="2.5" stroke-dasharray="6 4"/>'
    return _frame(600, 216, label, f'{_grid()}{inner}<text x="4" y="15" font-size="12" fill="#6b675e">{top:,}</text>{_axis(months, 210)}')


YEAR_COLOURS = ("#17586f", "#c08a3e", "#7a9e7e", "#8c6a9e", "#b5584b", "#5b7fb0")


def years(series: Sequence[tuple[str, Sequence[int]]], label: str) -> str:
    """The persons of each year, month by month, over each other: at most the latest six years."""
    shown = list(series)[-6:]
    top = max([value for _year, values in shown for value in values] or [1]) or 1
    parts = []
    for n, (year, values) in enumerate(shown):
        colour = YEAR_COLOURS[n]
        parts.append(
            f'<polyline points="{_points(values, top, 560 / 11)}" fill="none" stroke="{colour}" stroke-width="2.5"><title>{year}</title></polyline>'
        )
        y = 190 - (values[-1] if values else 0) * 170 / top
        x = 560 * max(0, len(values) - 1) / 11
        parts.append(f'<text x="{_number(x + 4)}" y="{_number(y + 4)}" font-size="12" fill="{colour}">{year}</text>')
    axis = "".join(f'<text x="{_number(560 * n / 11)}" y="210" font-size="11" fill="#6b675e">{n + 1}</text>' for n in range(12))
    return _frame(600, 216, label, f'{_grid()}{"".join(parts)}<text x="4" y="15" font-size="12" fill="#6b675e">{top:,}</text>{axis}')
