"""Numbers, codes, masked names and states: every rule at, below and above its threshold."""

from __future__ import annotations

import random

import pytest

from trainhub.certificates import numbers
from trainhub.certificates.states import TRANSITIONS, VALID, events_in, next_state
from trainhub.certificates.types import Event, Number, State

FIRST = Number("35", "0001", "1", 2026, 1)


def test_check_digit_is_the_one_of_iso_7064() -> None:
    # The example of ISO 7064 for MOD 11,10: 0794 has the check digit 5.
    assert numbers.check_digit("0794") == "5"


def test_compose_and_parse_are_inverse() -> None:
    text = numbers.compose(FIRST)
    assert text[:17] == "35000112026000001"
    assert len(text) == 18
    assert numbers.parse(text) == FIRST


@pytest.mark.parametrize(
    "parts",
    [
        Number("05", "0001", "1", 2026, 1),
        Number("3", "0001", "1", 2026, 1),
        Number("35", "001", "1", 2026, 1),
        Number("35", "0001", "0", 2026, 1),
        Number("35", "0001", "8", 2026, 1),
        Number("35", "0001", "1", 1999, 1),
        Number("35", "0001", "1", 2100, 1),
        Number("35", "0001", "1", 2026, 0),
        Number("35", "0001", "1", 2026, 1_000_000),
        Number("３５", "0001", "1", 2026, 1),
    ],
)
def test_parts_out_of_range_are_refused(parts: Number) -> None:
    with pytest.raises(ValueError, match="not the parts"):
        numbers.compose(parts)


@pytest.mark.parametrize("serial", [1, 999_999])
@pytest.mark.parametrize("year", [2000, 2099])
def test_the_limits_themselves_are_allowed(serial: int, year: int) -> None:
    parts = Number("35", "9999", "4", year, serial)
    assert numbers.parse(numbers.compose(parts)) == parts


def test_every_single_wrong_digit_is_found() -> None:
    text = numbers.compose(FIRST)
    wrong = [text[:place] + str(digit) + text[place + 1 :] for place in range(18) for digit in range(10) if str(digit) != text[place]]
    assert [number for number in wrong if numbers.is_number(number)] == []


def test_wrong_shapes_are_no_numbers() -> None:
    text = numbers.compose(FIRST)
    for strange in ("", text[:-1], text + "0", text[:-1] + "X", " " + text[1:], "３" + text[1:]):
        assert numbers.parse(strange) is None
        assert not numbers.has_number_shape(strange)
    assert numbers.has_number_shape("0" * 18)


def test_no_number_reads_as_a_diploma_or_identity_number() -> None:
    """Both carry a year in digits 7 to 10."""
    for kind in numbers.KIND_DIGITS.values():
        for year in (2000, 2026, 2099):
            text = numbers.compose(Number("35", "0001", kind, year, 1))
            assert not 1900 <= int(text[6:10]) <= 2199


def test_a_typed_number_is_put_right() -> None:
    assert numbers.read_number(" ３５0001-1 2026 000001 7 ") == "350001120260000017"
    assert numbers.show_number("350001120260000017") == "35 0001 1 2026 000001 7"
    assert numbers.show_number("12") == "12"


def test_codes_come_from_the_given_source() -> None:
    source = random.Random(7)
    code = numbers.new_code(source.choice)
    assert numbers.is_code(code)
    assert numbers.new_code(random.Random(7).choice) == code
    assert numbers.new_code(source.choice) != code


FULL_WIDTH = "7K3M ZQ9X W2HB".translate({point: point + 0xFEE0 for point in range(0x21, 0x7F)})


@pytest.mark.parametrize("typed", ["7k3m-zq9x-w2hb", FULL_WIDTH, "7K3MZQ9XW2HB", " 7k3m—zq9x—w2hb "])
def test_a_typed_code_is_put_right(typed: str) -> None:
    assert numbers.read_code(typed) == "7K3MZQ9XW2HB"


def test_look_alikes_of_a_code_are_read_as_digits() -> None:
    assert numbers.read_code("oOiIlL000000") == "001111000000"
    assert numbers.show_code("7K3MZQ9XW2HB") == "7K3M-ZQ9X-W2HB"
    for strange in ("", "7K3MZQ9XW2H", "7K3MZQ9XW2HBA", "7K3MZQ9XW2HU", "7k3mzq9xw2hb"):
        assert not numbers.is_code(strange)


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张**"),
        ("欧阳娜娜", "欧阳**"),
        ("欧阳修", "欧阳*"),
        ("欧阳", "欧*"),
        ("阿卜杜拉·买买提", "阿***·***"),
        ("John Smith", "J*** S****"),
        ("Anne-Marie Neil", "A***-M**** N***"),
        ("Ёлкин Пётр", "Ё**** П***"),
        ("𠮷野", "𠮷*"),
        ("王", "*"),
        ("J", "*"),
        (" Ё ", "*"),
        ("", ""),
    ],
)
def test_masked_names(name: str, masked: str) -> None:
    assert numbers.mask_name(name) == masked
    assert len(numbers.mask_name(name)) == len(name.strip())


def test_the_life_of_a_certificate() -> None:
    assert next_state(State.DRAFT, Event.ISSUE) is State.ISSUED
    assert next_state(State.ISSUED, Event.REISSUE) is State.REISSUED
    assert next_state(State.SUSPENDED, Event.RESUME) is State.ISSUED
    assert next_state(State.REISSUED, Event.REVOKE) is None
    assert next_state(State.ISSUED, Event.ISSUE) is None
    assert next_state(State.DRAFT, Event.REVOKE) is None


def test_revoked_and_superseded_are_final() -> None:
    assert events_in(State.REVOKED) == ()
    assert events_in(State.SUPERSEDED) == ()
    assert State.DRAFT not in TRANSITIONS.values()
    assert frozenset({State.ISSUED}) == VALID
