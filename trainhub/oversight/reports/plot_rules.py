"""What a plot may show of a table whose small groups are hidden. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from trainhub.oversight.reports.types import Cell, Plot, Table

HIDDEN = "*"


def without(plot: Plot, table: Table, names: Sequence[str], hidden: Collection[tuple[int, int]]) -> Plot | None:
    """The plot without what shows a hidden cell; None where nothing is left.

    `names`: what each row of the table is called; `hidden`: (row, column). A label goes with a hidden cell of a column that is drawn and with
    no other: were it left out because another cell of its row holds the same number, its absence would tell that number.
    """
    gone = [_gone(table, names, hidden, places) for places in _drawn_from(plot, table, names)]
    kept = [
        at
        for at, label in enumerate(plot.labels)
        if not any((label, value) in lost for lost, (_name, values) in zip(gone, plot.series, strict=True) for value in (None, values[at]))
    ]
    series = tuple((name, tuple(values[at] for at in kept)) for name, values in plot.series)
    return replace(plot, labels=tuple(plot.labels[at] for at in kept), series=series) if kept else None


def _gone(table: Table, names: Sequence[str], hidden: Collection[tuple[int, int]], places: Collection[int]) -> set[tuple[str, float | None]]:
    """(label, value) that a series drawn from these columns must not show; of a cell that came hidden the value is not known (None), its label goes."""
    found = {(names[at], _number(table.rows[at][place])) for at, place in hidden if place in places}
    return found | {(names[at], None) for at, row in enumerate(table.rows) for place in places if row[place] == HIDDEN}


def _drawn_from(plot: Plot, table: Table, names: Sequence[str]) -> list[Collection[int]]:
    """The columns each series may be drawn from: the one the plot names. A plot that was kept before it named any: those whose cells are its
    values at every label, and all of them where there is none, so that rather too much is left out than too little."""
    if plot.places:
        return [{place} for place in plot.places]
    numbers = [place for place, column in enumerate(table.columns) if column.is_number]
    cells: dict[tuple[str, int], set[float | None]] = {}
    for name, row in zip(names, table.rows, strict=True):
        for place in numbers:
            cells.setdefault((name, place), set()).add(None if row[place] == HIDDEN else _number(row[place]))
    found: list[Collection[int]] = []
    for _name, values in plot.series:
        of = [
            place
            for place in numbers
            if all({value, None} & cells.get((label, place), set()) for label, value in zip(plot.labels, values, strict=True))
        ]
        found.append(of or numbers)
    return found


def _number(cell: Cell) -> float | None:
    try:
        return float(cell or 0)
    except ValueError:
        return None
