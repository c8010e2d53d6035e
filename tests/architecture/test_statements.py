"""Which tests are repeated on the other kind of database: every statement is sent there, by few."""

from __future__ import annotations

from pathlib import Path

from tests.statements import Notes, cover, kind_of, left_out


def test_the_length_of_a_list_is_no_other_statement_and_the_type_of_a_value_is() -> None:
    assert kind_of("SELECT a FROM t WHERE b IN (?, ?, ?)", (1, 2, 3)) == kind_of("SELECT a FROM t WHERE b IN (?)", (1,))
    assert kind_of("SELECT a FROM t WHERE b = ?", (1,)) == kind_of("SELECT a FROM t WHERE b = ?", (2,))
    assert kind_of("SELECT a FROM t WHERE b = ?", (1,)) != kind_of("SELECT a FROM t WHERE b = ?", ("1",))
    one, two = "INSERT INTO t (a, b) VALUES (?, ?)", "INSERT INTO t (a, b) VALUES (?, ?), (?, ?)"
    assert kind_of(one, (1, None)) != kind_of(one, (1, 2))
    assert kind_of(one, (1, None)) == kind_of(two, (1, None, 3, 4))


def test_every_kind_is_sent_and_who_sends_nothing_new_is_left_out() -> None:
    notes = {"a": (1.0, frozenset({1, 2})), "b": (1.0, frozenset({2})), "c": (9.0, frozenset({1, 2, 3})), "d": (0.1, frozenset({3}))}
    assert cover(notes, []) == {"a", "d"}
    assert cover(notes, ["c"]) == {"c"}


def test_what_was_never_noted_runs(tmp_path: Path) -> None:
    notes = Notes(tmp_path)
    for test in ("a", "b"):
        notes.now = test
        notes._note(None, None, "SELECT 1", (), None, False)
        notes.took(test, 0.5)
    notes.keep("one")
    assert left_out([("a", False), ("b", False), ("new", False)], tmp_path) == {"a"}
    assert left_out([("a", True), ("b", False)], tmp_path) == {"b"}
