"""Identity numbers, names, and months of work, at, below and above."""

from __future__ import annotations

from datetime import date

import pytest

from tests.factories import ground
from trainhub.kernel import pinyin
from trainhub.people import rules
from trainhub.people.types import Gender, IdProblem, IdType, NationalityKind, WorkSpan

GOOD = ground.resident_id(date(2000, 2, 29), order=123)


def test_a_good_number_tells_birth_date_and_gender() -> None:
    check = rules.check_resident_id(GOOD)
    assert (check.problem, check.birth_on, check.gender, check.has_unknown_prefix) == (None, date(2000, 2, 29), Gender.MALE, False)
    assert rules.check_resident_id(ground.resident_id(order=124)).gender is Gender.FEMALE


@pytest.mark.parametrize(
    ("number", "problem"),
    [
        (GOOD[:-1], IdProblem.LENGTH),
        (GOOD + "1", IdProblem.LENGTH),
        ("350102000229123", IdProblem.OLD_15),
        (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), IdProblem.CHECK_DIGIT),
        ("35010220160230123X", IdProblem.BIRTH_DATE),
        ("3501022016O2301234", IdProblem.CHARACTERS),
        ("", IdProblem.LENGTH),
    ],
)
def test_bad_numbers(number: str, problem: IdProblem) -> None:
    assert rules.check_resident_id(number).problem is problem


def test_spaces_full_width_and_lower_x_are_the_same_number() -> None:
    number = next(n for n in (ground.resident_id(order=i) for i in range(1, 60)) if n.endswith("X"))
    wide = "".join(chr(ord(c) + 0xFEE0) if c.isdigit() else c for c in number)
    for typed in (number.lower(), f" {number[:6]} {number[6:]} ", wide, f"{number[:6]}-{number[6:]}"):
        assert rules.check_resident_id(typed).number == number


def test_an_unknown_or_abolished_prefix_is_a_warning_only() -> None:
    for prefix, is_unknown in (("359999", True), ("350182", False), ("350128", False)):
        check = rules.check_resident_id(ground.resident_id(prefix=prefix))
        assert (check.problem, check.has_unknown_prefix) == (None, is_unknown), prefix


def test_residents_cards_of_hong_kong_people_and_of_foreigners() -> None:
    assert rules.check_resident_id(ground.resident_id(prefix="810000")).nationality_kind is NationalityKind.HK_MO_TW
    assert rules.check_resident_id(ground.resident_id(prefix="911156")).nationality_kind is NationalityKind.FOREIGN


@pytest.mark.parametrize(
    ("kind", "number", "stored"),
    [
        (IdType.PASSPORT, "e 1234 5678", "E12345678"),
        (IdType.PASSPORT, "ABCDEF", None),
        (IdType.PASSPORT, "E123", None),
        (IdType.MAINLAND_PERMIT_HK_MO, "h12345678", "H12345678"),
        (IdType.MAINLAND_PERMIT_HK_MO, "H1234567802", "H12345678"),
        (IdType.MAINLAND_PERMIT_HK_MO, "X12345678", None),
        (IdType.MAINLAND_PERMIT_TW, "12345678", "12345678"),
        (IdType.MAINLAND_PERMIT_TW, "1234567890(B)", "1234567890B"),
        (IdType.MAINLAND_PERMIT_TW, "123456789", None),
    ],
)
def test_other_documents(kind: IdType, number: str, stored: str | None) -> None:
    check = rules.check_number(kind, number)
    assert (check.number if check.problem is None else None) == stored


def test_masks() -> None:
    assert rules.mask_number(IdType.RESIDENT_ID, "350211199001011234") == "3502**********1234"
    assert rules.mask_number(IdType.PASSPORT, "E12345678") == "E******78"
    assert rules.mask_number(None, "") == ""
    assert rules.mask_phone("13805911234") == "138****1234"
    assert rules.mask_phone("1234567") == "*******"


def test_names() -> None:
    assert rules.normalise_name("  陈　 一 ") == "陈一"
    assert rules.normalise_name("买买提•艾力") == rules.normalise_name("买买提·艾力") == "买买提·艾力"
    assert rules.normalise_name(" John   Smith ") == "John Smith"
    assert rules.same_name("john smith", "John  Smith")
    assert not rules.same_name("陈一", "陈二")


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("曾小贤", "zengxiaoxian zxx"),
        ("单田芳", "shantianfang stf"),
        ("解晓东", "xiexiaodong xxd"),
        ("仇英", "qiuying qy"),
        ("区元", "ouyuan oy"),
        ("朴树", "piaoshu ps"),
        ("查良镛", "zhaliangyong zly"),
        ("尉迟恭", "yuchigong ycg"),
        ("万俟卨", "moqixie mqx"),
        ("令狐冲", "linghuchong lhc"),
        ("John Smith", "johnsmith js"),
    ],
)
def test_surnames_are_read_as_names(name: str, reading: str) -> None:
    assert pinyin.of_name(name) == reading


@pytest.mark.parametrize(
    ("spans", "on", "months"),
    [
        ([(date(2019, 3, 1), date(2024, 2, 28))], date(2024, 6, 1), 59),
        ([(date(2019, 3, 1), date(2024, 2, 29))], date(2024, 6, 1), 60),
        ([(date(2019, 3, 1), date(2024, 3, 31))], date(2024, 6, 1), 61),
        ([(date(2019, 3, 1), None)], date(2024, 2, 29), 60),
        ([(date(2019, 3, 1), None)], date(2024, 2, 28), 59),
        ([(date(2019, 1, 1), date(2019, 12, 31)), (date(2019, 6, 1), date(2020, 5, 31))], date(2021, 1, 1), 17),
        ([(date(2019, 1, 1), date(2019, 12, 31)), (date(2020, 1, 1), date(2020, 12, 31))], date(2021, 1, 1), 24),
        ([(date(2019, 1, 31), date(2019, 2, 27))], date(2021, 1, 1), 0),
        ([(date(2019, 1, 31), date(2019, 2, 28))], date(2021, 1, 1), 1),
        ([(date(2030, 1, 1), None)], date(2021, 1, 1), 0),
        ([], date(2021, 1, 1), 0),
    ],
)
def test_months_of_work_count_once(spans: list[tuple[date, date | None]], on: date, months: int) -> None:
    assert rules.months_worked([WorkSpan(*span) for span in spans], on) == months


def test_age_at_the_birthday() -> None:
    born = date(2012, 2, 29)
    assert [rules.age_on(born, day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [13, 14]


def test_persons_decided_to_be_the_same_stand_for_the_first_with_a_number() -> None:
    pairs = [(5, 9), (9, 3), (7, 8)]
    assert rules.humans(pairs) == {3: 3, 5: 3, 7: 7, 8: 7, 9: 3}
    assert rules.humans(pairs, without_number={3, 7, 8}) == {3: 5, 5: 5, 7: 7, 8: 7, 9: 5}
    assert rules.humans([]) == {}
