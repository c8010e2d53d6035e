"""How a run is cut into files, serials of blanks, and when books are even."""

from __future__ import annotations

import pytest

from trainhub.certificates.rules import plan_chunks, reconcile, serials, thing_of
from trainhub.certificates.types import SheetState


@pytest.mark.parametrize(
    ("sections", "limit", "cuts"),
    [
        ([], 500, []),
        ([("a", "1", 1)], 500, [(1, 1)]),
        ([("a", "1", 500)], 500, [(1, 500)]),
        ([("a", "1", 501)], 500, [(1, 500), (501, 501)]),
        ([("a", "1", 300), ("a", "2", 200)], 500, [(1, 500)]),
        ([("a", "1", 300), ("a", "2", 201)], 500, [(1, 300), (301, 501)]),
        ([("a", "1", 100), ("b", "1", 100)], 500, [(1, 100), (101, 200)]),
        ([("a", "1", 100), ("a", "2", 700), ("a", "3", 50)], 500, [(1, 500), (501, 850)]),
    ],
    ids=["none", "one", "full", "one over", "two classes fit", "a class stays whole", "another layout", "a long class is cut"],
)
def test_files_keep_classes_together(sections: list[tuple[str, str, int]], limit: int, cuts: list[tuple[int, int]]) -> None:
    keys = [(shared, section) for shared, section, length in sections for _one in range(length)]
    assert plan_chunks(keys, limit) == cuts


def test_serials_count_up_in_their_width() -> None:
    assert serials("A0000098", 3) == ["A0000098", "A0000099", "A0000100"]
    assert serials("0001", 1) == ["0001"]
    for first, count in (("A", 1), ("A98", 3), ("A1", 0), ("证1", 1), ("A000001", 100_001)):
        with pytest.raises(ValueError, match=first):
            serials(first, count)


def test_books_are_even_when_every_page_lies_on_a_blank() -> None:
    sums = reconcile(1, {SheetState.USED: 2, SheetState.SPOILED: 1, SheetState.TAKEN: 4})
    assert (sums.total, sums.lacking, sums.is_even) == (7, 1, False)
    assert reconcile(0, {SheetState.USED: 3, SheetState.TAKEN: 4}).is_even
    assert reconcile(0, {}).is_even, "nothing was left to print: every certificate of the run was revoked before"


@pytest.mark.parametrize(
    ("asked_key", "thing"),
    [
        ("course:MC-1/2026:person:7", "course:MC-1/2026"),
        ("training:3:0a1b:person:12", "training:3:0a1b"),
        ("programme:JX:student:9", "programme:JX"),
        ("supervision:1:2023:5:7", "supervision:1:2023:5"),
        ("placement:12", ""),
        ("capstone:12", ""),
    ],
)
def test_what_a_certificate_is_for(asked_key: str, thing: str) -> None:
    """Two certificates of one human for one thing are found by it; a placement and a capstone are one thing each."""
    assert thing_of(asked_key) == thing
