"""Which tests are repeated on the other kind of database: every statement is sent there, by few."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.statements import Notes, cover, kinds_of, left_out


def test_the_length_of_a_list_is_no_other_statement_and_the_type_of_a_value_is() -> None:
    assert kinds_of("SELECT a FROM t WHERE b IN (?, ?, ?)", (1, 2, 3)) == kinds_of("SELECT a FROM t WHERE b IN (?)", (1,))
    assert kinds_of("SELECT a FROM t WHERE b = ?", (1,)) == kinds_of("SELECT a FROM t WHERE b = ?", (2,))
    assert kinds_of("SELECT a FROM t WHERE b = ?", (1,)) != kinds_of("SELECT a FROM t WHERE b = ?", ("1",))
    one, two = "INSERT INTO t (a, b) VALUES (?, ?)", "INSERT INTO t (a, b) VALUES (?, ?), (?, ?)"
    assert kinds_of(one, (1, None)) != kinds_of(one, (1, 2))
    assert kinds_of(one, (1, None)) == kinds_of(two, (1, None, 3, 4))


def test_types_before_a_list_count() -> None:
    asked = "SELECT a FROM t WHERE b = ? AND c IN (?, ?)"
    assert kinds_of(asked, (1, 2, 3)) != kinds_of(asked, ("1", 2, 3))
    assert kinds_of(asked, (1, 2, 3)) == kinds_of(asked, (1, "2", "3"))


@pytest.mark.parametrize(
    ("short", "long"), [("x" * 40, "x" * 41), ("x" * 400, "x" * 401), ((1 << 15) - 1, 1 << 15), ((1 << 31) - 1, 1 << 31), (1, -(1 << 40))]
)
def test_a_long_text_and_a_large_number_are_one_kind_more(short: str | int, long: str | int) -> None:
    few, more = (kinds_of("UPDATE t SET a = ?, b = ?", (1, value)) for value in (short, long))
    assert more != few
    assert few & more == kinds_of("UPDATE t SET a = ?, b = ?", (1, short * 0 if isinstance(short, str) else 0))


def test_who_sends_what_is_refused_is_kept(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    for test in ("a", "b", "c"):
        notes.now = test
        notes._note(None, None, "INSERT INTO t (a) VALUES (?)", (1,), None, False)
        if test != "c":
            notes.failed()
    notes.keep("one")
    assert left_out([(test, False) for test in "abc"], tmp_path) == {"c"}


def test_every_kind_is_sent_and_who_sends_nothing_new_is_left_out() -> None:
    notes = {"a": (1.0, frozenset({1, 2})), "b": (1.0, frozenset({2})), "c": (9.0, frozenset({1, 2, 3})), "d": (0.1, frozenset({3}))}
    assert cover(notes, []) == {"a", "d"}
    assert cover(notes, ["c"]) == {"c"}


def test_who_was_taken_first_is_left_out_when_others_send_all_of_it() -> None:
    notes = {"first": (1.0, frozenset({1, 2, 3, 4})), "left": (1.0, frozenset({1, 2, 5})), "right": (1.0, frozenset({3, 4, 6}))}
    assert cover(notes, []) == {"left", "right"}
    assert cover(notes, ["first"]) == {"first", "left", "right"}


def test_what_was_never_noted_runs(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    for test in ("a", "b"):
        notes.now = test
        notes._note(None, None, "SELECT 1", (), None, False)
        notes.took(test, 0.5)
    notes.keep("one")
    assert left_out([("a", False), ("b", False), ("new", False)], tmp_path) == {"a"}
    assert left_out([("a", True), ("b", False)], tmp_path) == {"b"}
