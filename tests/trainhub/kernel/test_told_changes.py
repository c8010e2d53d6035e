"""What a report of an import says of a changed cell: what stands and what comes never read the same."""

from __future__ import annotations

import pytest
from flask import Flask

from trainhub.kernel.import_changes import Cell, Line, Planned, lines
from trainhub.people import queries
from trainhub.people.imports.persons import Facts, cells_of
from trainhub.people.models import Person
from trainhub.people.types import IdType

pytestmark = pytest.mark.usefixtures("session")


def told(column: str, old: object, new: object) -> Line:
    (line,) = lines([Planned(2, "某行", False, (Cell(column, old, new),))], {})
    return line


@pytest.mark.parametrize("column", ["phone", "guardian_phone"])
def test_another_telephone_reads_differently(app: Flask, column: str) -> None:
    line = told(column, "13800001111", "13900001112")
    assert (line.old, line.new) == ("138****1111", "139****1112")


def test_a_telephone_that_differs_in_its_hidden_middle_is_marked(app: Flask) -> None:
    line = told("phone", "13800001111", "13812341111")
    assert (line.old, line.new) == ("138****1111", "138****1111（与现有的不同）")


def test_a_long_text_is_shown_from_where_it_differs(app: Flask) -> None:
    start = "福建省福州市闽侯县上街镇大学城" * 9
    line = told("address", start + "学府南路1号", start + "学府南路2号")
    assert line.old.startswith("…")
    assert line.old.endswith("学府南路1号")
    assert line.new.endswith("学府南路2号")
    assert len(line.old) < 100


def test_a_long_text_that_differs_early_is_cut_behind(app: Flask) -> None:
    line = told("address", "甲" + "子" * 150, "乙" + "子" * 150)
    assert line.old == "甲" + "子" * 79 + "…"
    assert line.new == "乙" + "子" * 79 + "…"


@pytest.mark.parametrize("length", [79, 80, 81])
def test_a_text_at_the_limit_shows_its_last_sign(app: Flask, length: int) -> None:
    line = told("address", "子" * (length - 1) + "甲", "子" * (length - 1) + "乙")
    assert line.old.endswith("甲")
    assert line.new.endswith("乙")


def test_a_number_in_a_text_stays_hidden_where_the_text_is_cut(app: Flask) -> None:
    start = "备注" * 45
    line = told("reason", start + "350102199003078515甲", start + "350102199003078523乙")
    assert "199003" not in line.old + line.new
    assert (line.old[-1], line.new[-1]) == ("甲", "乙")
    same = told("reason", "证件350102199003070015", "证件350102199103070015")
    assert same.old == "证件3501**********0015"
    assert same.new == "证件3501**********0015（与现有的不同）"


def test_a_sign_that_is_only_wide_is_shown_as_it_is(app: Flask) -> None:
    line = told("address", "学府路　1号", "学府路　2号")
    assert (line.old, line.new) == ("学府路　1号", "学府路　2号")


@pytest.mark.parametrize(
    ("old", "new", "sign"),
    [
        ("学府路 1号", "学府路　1号", "U+3000"),
        ("مە\u200cن", "مەن", "U+200C"),
        ("ᠬᠠᠷ᠎ᠠ", "ᠬᠠᠷᠠ", "U+180E"),
        ("a  b", "a b", "U+0020"),
        ("e\u0301", "é", "U+0301"),
    ],
)
def test_what_only_a_hidden_sign_tells_apart_is_named(app: Flask, old: str, new: str, sign: str) -> None:
    line = told("address", old, new)
    assert line.old != line.new
    assert f"〔{sign}〕" in line.old + line.new


def test_a_number_that_the_holder_typed_is_told_as_confirmed(app: Flask) -> None:
    number = "350102199003078515"
    person = Person(
        id_type=IdType.RESIDENT_ID, id_number_hash=queries.hash_of(IdType.RESIDENT_ID, number), id_mask="3501**********8515", number_by_holder=True
    )
    facts = Facts(name="某", person_id=1, id_type=IdType.RESIDENT_ID, number=number, birth_on=None, contacts={})
    (line,) = lines([Planned(2, "某行", False, tuple(cells_of(facts, person)))], {})
    assert line.old == "3501**********8515"
    assert line.new == "3501**********8515（本人填写的号码，由这次导入核实）"
