"""The book: look-ups at, before and after `since`, refusals of broken files, search, shown values."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trainhub.policy.book import PARAMS, InvalidBook, book, load
from trainhub.policy.types import Clause, NotInForce, SinceSource, SourceStatus, Strength, UnknownParameter, WrongKind

DOCUMENTS = """
[[document]]
code = "law"
file = "002"
title_zh = "规定"
title_en = "Law"
status = "in_force"

[[document]]
code = "trainhub"
title_zh = "平台自定规则"
title_en = "Our own"
status = "own_decision"
"""

GOOD = """
[[parameter]]
key = "x.weeks"
value = 32
unit = "week"
since = 2010-01-01
since_source = "stated"
until = 2019-12-31
strength = "hard"
status = "trial"
label_zh = "周数"
label_en = "Weeks"
clauses = [{ rule = "X-1", document = "law", line = 7, quote = "不少于 32 周" }]

[[parameter]]
key = "x.weeks"
value = 40
unit = "week"
since = 2021-01-01
since_source = "stated"
strength = "hard"
status = "trial"
label_zh = "周数"
label_en = "Weeks"
clauses = [{ rule = "X-1", document = "law", line = 8, quote = "不少于 40 周" }]
"""


def write(folder: Path, text: str, documents: str = DOCUMENTS) -> Path:
    (folder / "documents.toml").write_text(documents, encoding="utf-8")
    (folder / "law.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_book_is_read_once() -> None:
    assert book() is book()


@pytest.mark.parametrize(
    ("day", "value"),
    [
        (date(2010, 1, 1), 32),
        (date(2010, 1, 2), 32),
        (date(2019, 12, 31), 32),
        (date(2021, 1, 1), 40),
        (date(2030, 1, 1), 40),
    ],
)
def test_the_version_of_the_day_holds(tmp_path: Path, day: date, value: int) -> None:
    found = load(write(tmp_path, GOOD))
    assert found.at("x.weeks", on=day).number == value
    assert found.find("x.weeks", on=day) == found.at("x.weeks", on=day)


@pytest.mark.parametrize("day", [date(2009, 12, 31), date(2020, 1, 1), date(2020, 12, 31)])
def test_a_day_without_a_rule_is_an_error_with_words(tmp_path: Path, day: date) -> None:
    found = load(write(tmp_path, GOOD))
    with pytest.raises(NotInForce) as caught:
        found.at("x.weeks", on=day)
    assert str(caught.value) == (f"“周数”（x.weeks）在{day}没有规定：该参数的有效期为2010-01-01至2019-12-31、2021-01-01起。")
    assert (caught.value.key, caught.value.on) == ("x.weeks", day)
    assert found.find("x.weeks", on=day) is None


def test_an_unknown_key_names_its_neighbours() -> None:
    with pytest.raises(UnknownParameter) as caught:
        book().at("petoe.enterprise_week", on=date(2015, 9, 1))
    assert caught.value.near[0] == "petoe.enterprise_weeks"
    assert "petoe.enterprise_weeks" in str(caught.value)
    with pytest.raises(UnknownParameter):
        book().find("no.such_key", on=date(2015, 9, 1))


def test_versions_keys_and_in_force(tmp_path: Path) -> None:
    found = load(write(tmp_path, GOOD))
    assert found.keys() == ("x.weeks",)
    assert [version.number for version in found.versions("x.weeks")] == [32, 40]
    assert [version.number for version in found.all()] == [32, 40]
    assert [version.number for version in found.in_force(on=date(2022, 1, 1))] == [40]
    assert found.in_force(on=date(2020, 6, 1)) == ()
    assert "x.weeks" in found
    assert "x.months" not in found
    assert len(found) == 1
    assert [document.code for document in found.documents()] == ["law", "trainhub"]
    assert found.document("law").title_zh == "规定"


def test_a_parameter_carries_everything(tmp_path: Path) -> None:
    parameter = load(write(tmp_path, GOOD)).at("x.weeks", on=date(2015, 1, 1))
    assert parameter.clause == Clause("law", "002", 7, "不少于 32 周", "X-1")
    assert str(parameter.clause) == "X-1, 002:7「不少于 32 周」"
    assert parameter.clause.cite == "X-1, 002:7"
    assert (parameter.strength, parameter.is_hard) == (Strength.HARD, True)
    assert (parameter.source_status, parameter.is_own) == (SourceStatus.TRIAL, False)
    assert parameter.since_source is SinceSource.STATED
    assert parameter.as_dict() == {
        "key": "x.weeks",
        "value": 32,
        "unit": "week",
        "since": "2010-01-01",
        "since_source": "stated",
        "until": "2019-12-31",
        "strength": "hard",
        "source_status": "trial",
        "clauses": [{"document": "law", "file": "002", "line": 7, "quote": "不少于 32 周", "rule": "X-1"}],
        "label_zh": "周数",
        "label_en": "Weeks",
        "reason": "",
        "note": "",
        "use": "applied",
        "read_as": "",
    }


def change(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new, 1)


OWN_ROW = """
[[parameter]]
key = "own.x"
value = 5
unit = "day"
since = 2010-01-01
since_source = "assumed"
strength = "hard"
status = "own_decision"
label_zh = "天"
label_en = "Days"
"""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[[parameter]", "law.toml"),
        ("", "no parameter"),
        ("[defaults]\n", "no parameter"),
        (GOOD + "\n[other]\na = 1\n", "unknown table other"),
        (change('key = "x.weeks"', 'key = "weeks"'), "a key has a family and a name"),
        (change('key = "x.weeks"\n', ""), "(no key)"),
        (change('unit = "week"', 'unit = "fortnight"'), "unit 'fortnight' is not known"),
        (change('unit = "week"\n', ""), "unit None is not known"),
        (change("value = 32", 'value = "32"'), "a value in week is not '32'"),
        (change("value = 32", "value = true"), "a value in week is not True"),
        (change("value = 32", "value = 32.5"), "a value in week is not 32.5"),
        (change("value = 32", "value = -1"), "-1 is too little: this measure is at least 1"),
        (change("value = 32", "value = 0"), "0 is too little: this measure is at least 1"),
        (change("value = 32", "value = -1\nleast = 0"), "-1 is too little: this measure is at least 0"),
        (change("value = 32", "value = 32\nmost = 31"), "32 is too much: this measure is at most 31"),
        (change('value = 32\nunit = "week"', 'value = 101\nunit = "percent"'), "at most 100"),
        (change("value = 32", "value = 32\nleast = -1"), "least and most are whole numbers"),
        (change("value = 32", 'value = 32\nmost = "x"'), "least and most are whole numbers"),
        (change('value = 32\nunit = "week"', 'value = true\nunit = "switch"\nleast = 0'), "has no least"),
        (change("value = 32\n", ""), "a value in week is not None"),
        (change('value = 32\nunit = "week"', 'value = []\nunit = "list"'), "at least one"),
        (change('value = 32\nunit = "week"', 'value = [[1]]\nunit = "list"'), "at least one"),
        (change('value = 32\nunit = "week"', 'value = 2015-01-01T00:00:00\nunit = "date"'), "a value in date"),
        (change("since = 2010-01-01", 'since = "2010"'), "since is a day"),
        (change("since = 2010-01-01", "since = 2010-01-01T00:00:00"), "since is a day"),
        (change("since = 2010-01-01\n", ""), "needs since"),
        (change("until = 2019-12-31", "until = 2009-12-31"), "until lies before since"),
        (change("until = 2019-12-31", "until = 2021-01-01"), "overlap"),
        (change("until = 2019-12-31\n", ""), "overlap"),
        (change("since = 2021-01-01", "since = 2010-01-01"), "two versions since 2010-01-01"),
        (change('since_source = "stated"', 'since_source = "guessed"'), "since_source 'guessed' is not known"),
        (change('strength = "hard"', 'strength = "firm"'), "strength 'firm' is not known"),
        (change('status = "trial"', 'status = "old"'), "status 'old' is not known"),
        (change('label_en = "Weeks"\n', ""), "needs label_zh and label_en"),
        (change('label_en = "Weeks"', 'label_en = "Weeks"\nremark = "x"'), "unknown field remark"),
        (change('quote = "不少于 32 周"', 'quote = " "'), "has no quotation"),
        (change("line = 7, ", ""), "has no line"),
        (change('document = "law"', 'document = "lore"'), "'lore' is not in the register"),
        (change("line = 7", "line = 7, page = 3"), "unknown field page in a clause"),
        (change('clauses = [{ rule = "X-1", document = "law", line = 7, quote = "不少于 32 周" }]', ""), "needs a clause"),
        (
            change('clauses = [{ rule = "X-1", document = "law", line = 7,', 'clauses = [{ document = "trainhub",'),
            "our own decision has the status own_decision",
        ),
        (OWN_ROW, "an own decision needs a reason"),
    ],
)
def test_a_broken_file_is_refused_with_its_name(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(InvalidBook) as caught:
        load(write(tmp_path, text))
    assert problem in str(caught.value)
    assert str(caught.value).startswith("law")


@pytest.mark.parametrize(
    ("documents", "problem"),
    [
        (DOCUMENTS.replace('code = "law"', 'code = "trainhub"'), "missing or repeated code 'trainhub'"),
        (DOCUMENTS.replace('code = "law"\n', ""), "missing or repeated code None"),
        (DOCUMENTS.replace('code = "trainhub"', 'code = "other"'), "the register needs trainhub"),
        (DOCUMENTS.replace('title_en = "Law"\n', ""), "needs title_zh and title_en"),
        (DOCUMENTS.replace('title_en = "Law"', 'title_en = "Law"\nx = 1'), "unknown field x"),
        (DOCUMENTS.replace('"in_force"', '"dead"'), "status 'dead' is not known"),
        ("[[document", "documents.toml"),
    ],
)
def test_a_broken_register_is_refused(tmp_path: Path, documents: str, problem: str) -> None:
    with pytest.raises(InvalidBook, match=r"documents\.toml") as caught:
        load(write(tmp_path, GOOD, documents))
    assert problem in str(caught.value)


def test_a_measure_may_reach_its_bounds(tmp_path: Path) -> None:
    """Nothing is by default, or everything, only where the row says that it makes sense: the weeks are divided by the days of one."""
    for value, bounds in ((1, ""), (0, "\nleast = 0"), (7, "\nmost = 7")):
        found = load(write(tmp_path, change("value = 32", f"value = {value}{bounds}"))).at("x.weeks", on=date(2015, 1, 1))
        assert found.number == value


def test_the_days_of_a_week_are_one_to_seven(tmp_path: Path) -> None:
    shipped = (PARAMS / "trainhub_teaching.toml").read_text()
    for wrong in (0, 8):
        (tmp_path / "trainhub_teaching.toml").write_text(shipped.replace("value = 5\nmost = 7", f"value = {wrong}\nmost = 7"))
        (tmp_path / "documents.toml").write_text((PARAMS / "documents.toml").read_text())
        with pytest.raises(InvalidBook, match=r"own\.weeks\.days_per_week: . is too"):
            load(tmp_path)


def test_a_missing_register_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidBook, match=r"documents\.toml"):
        load(tmp_path)


def test_an_own_decision_cites_itself(tmp_path: Path) -> None:
    parameter = load(write(tmp_path, OWN_ROW + 'reason = "取五天"\n')).at("own.x", on=date(2012, 2, 29))
    assert parameter.clause == Clause("trainhub", rule="own.x")
    assert (parameter.is_own, parameter.reason) == (True, "取五天")
    assert str(parameter.clause) == "own.x, trainhub"


def test_defaults_of_a_file_fill_what_a_row_leaves_out(tmp_path: Path) -> None:
    text = '[defaults]\nnote = "共同"\nstrength = "soft"\n' + change('strength = "hard"\n', "")
    first, second = load(write(tmp_path, text)).versions("x.weeks")
    assert (first.strength, first.note) == (Strength.SOFT, "共同")
    assert (second.strength, second.note) == (Strength.HARD, "共同")


def test_search_finds_by_every_word() -> None:
    keys = [parameter.key for parameter in book().search("PETOE-7.2")]
    assert keys == ["petoe.enterprise_weeks", "petoe.student_weeks"]
    assert [parameter.key for parameter in book().search("40 万人 deadline")] == ["fj.goal_deadline"]
    assert [parameter.key for parameter in book().search("000:755")] == [
        "fj.award_funds",
        "fj.award_payers",
        "fj.datacentre_cap_year_fen",
        "fj.datacentre_percent",
    ]
    assert {parameter.clause.document for parameter in book().search("教督 5号")} == {"cn-thesis-checks"}
    assert book().search("  ") == ()
    assert book().search("不存在的词语") == ()
    assert book().search("petoe-7.2") == book().search("PETOE-7.2")


@pytest.mark.parametrize(
    ("key", "zh", "en"),
    [
        ("petoe.enterprise_weeks", "32 周", "32 weeks"),
        ("fj.base_award_max_fen", "1,000,000 元", "1,000,000 yuan"),
        ("fj.goal_deadline", "2017-12-31", "2017-12-31"),
        ("own.courses.pass_mark_x10", "60.0 分", "60.0 points"),
        ("petoe.intl_faculty_percent", "25%", "25%"),
        ("petoe.accreditation_required", "是", "yes"),
        ("own.weeks.holiday_rule", "否", "no"),
        ("petoe.plan_location", "enterprise", "enterprise"),
        ("sup.sections_without_text", "4、5、7、8", "4, 5, 7, 8"),
        ("fj.incubator_new_fen_per_m2", "100 元/平方米", "100 yuan per m²"),
    ],
)
def test_values_are_shown_with_their_unit(key: str, zh: str, en: str) -> None:
    parameter = book().at(key, on=date(2016, 6, 1))
    assert parameter.shown() == zh
    assert parameter.shown(english=True) == en


def test_a_value_is_asked_for_by_its_kind() -> None:
    at = book().at
    day = date(2016, 6, 1)
    assert at("petoe.enterprise_weeks", on=day).number == 32
    assert at("fj.goal_deadline", on=day).day == date(2017, 12, 31)
    assert at("petoe.accreditation_required", on=day).flag is True
    assert at("petoe.plan_location", on=day).text == "enterprise"
    assert at("sup.sections_without_text", on=day).items == ("4", "5", "7", "8")
    for key, kind in [
        ("petoe.accreditation_required", "number"),
        ("petoe.enterprise_weeks", "flag"),
        ("petoe.enterprise_weeks", "day"),
        ("petoe.enterprise_weeks", "text"),
        ("petoe.enterprise_weeks", "items"),
    ]:
        with pytest.raises(WrongKind, match=key):
            getattr(at(key, on=day), kind)
