"""Files of questions: the notation, GIFT, AIKEN and Excel; taken twice nothing changes; what is broken is named with its place."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from courses.assessment import notation, queries
from courses.assessment.exchange import aiken, gift_read, gift_write, plan, table
from courses.assessment.exchange import texts as text_files
from courses.assessment.models import Question, QuestionVersion
from courses.assessment.operations import bank
from courses.assessment.operations.checking import version_data
from courses.assessment.types import BankFilter, Difficulty, QuestionKind
from courses.catalogue.types import BodyFormat
from tests.conftest import TODAY
from tests.factories import courses as make
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.imports import Draft, ImportRefused
from trainhub.kernel.sheets.writing import Sheet, write_xlsx

NOW = make.NOW


# -- the notation ---------------------------------------------------------------------------------------------------------

LINES: list[tuple[QuestionKind, dict[str, str]]] = [
    (QuestionKind.SINGLE, {"options": "* 北京 // 对\n[50%] 南京\n[-25%] 东京\n上海"}),
    (QuestionKind.MULTIPLE, {"options": "* 一\n* 二\n三"}),
    (QuestionKind.TEXT, {"answers": "发布\n[50%] 推送 // 接近\n[0%] 订阅 // 相反"}),
    (QuestionKind.NUMERIC, {"answers": "3.14\n[3,4)", "units": "m = 1\ncm = 0.01"}),
    (QuestionKind.CLOZE, {"blanks": "1: 北京 | [50%] 京城\n2: =3.14 ± 0.01\n3: ? * 是 | 否"}),
    (QuestionKind.MATCHING, {"pairs": "中国 => 北京\n法国 => 巴黎\n=> 伦敦"}),
    (QuestionKind.ORDERING, {"items": "一\n二\n三"}),
    (QuestionKind.FORMULA, {"variables": "x: 1 ~ 10, 2\ny: -5 ~ 5", "units": ""}),
]


@pytest.mark.parametrize(("kind", "texts"), LINES)
def test_lines_read_and_written_again_are_the_same(kind: QuestionKind, texts: dict[str, str]) -> None:
    assert notation.write(kind, notation.read(kind, texts)) == texts


MEANING = ["*", "＊", "√", "[50%]", "[-25%] ", "\\", "|", "=>", " // ", "//", "=", "?", "？", ":", "  ", "\n", "a", "甲", "±", "\u2028"]


def hard_texts(count: int, seed: int) -> list[str]:
    """Texts made of everything that means something in a line."""
    source, found = random.Random(seed), []
    while len(found) < count:
        text = "".join(source.choices(MEANING, k=source.randint(1, 6))).replace("\u2028", "\n").strip()
        if text and text not in found:
            found.append(text)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_whatever_an_author_writes_comes_back_from_its_line_as_it_was(seed: int) -> None:
    """A wrong option that begins with a star stays wrong; nothing is cut at a bar or an arrow, no space is lost."""
    one, two, three, four = hard_texts(4, seed)
    options = [
        {"body": one, "is_correct": False, "feedback": three},
        {"body": two, "is_correct": True, "feedback": ""},
        {"body": three, "is_correct": True, "feedback": one, "share_x1000": 500},
    ]
    answers = [{"text": one, "is_correct": True, "feedback": two}, {"text": two, "is_correct": False, "feedback": "", "share_x1000": 0}]
    plain = [{"text": text, "is_correct": True} for text in (one, two)]
    choices = [{"text": one, "is_correct": False, "feedback": two}, {"text": four, "is_correct": True, "feedback": ""}]
    for kind, part, rows in (
        (QuestionKind.MULTIPLE, "options", options),
        (QuestionKind.TEXT, "answers", answers),
        (QuestionKind.MATCHING, "pairs", [{"body": one, "answer": two}, {"body": "", "answer": three}]),
        (QuestionKind.CLOZE, "blanks", [{"key": "1", "kind": "text", "answers": plain}, {"key": "2", "kind": "choice", "answers": choices}]),
    ):
        written = notation.write(kind, {part: rows})
        assert len(written[part].splitlines()) == len(rows)
        assert notation.read(kind, written)[part] == rows, written[part]
    items = [{"body": text, "is_correct": True, "feedback": ""} for text in (one, two)]
    assert notation.read(QuestionKind.ORDERING, notation.write(QuestionKind.ORDERING, {"options": items}))["options"] == items


def test_an_option_that_stays_keeps_its_key_wherever_it_stands() -> None:
    known = {"options": [{"key": "a", "body": "一"}, {"key": "b", "body": "二"}, {"key": "c", "body": "三"}]}
    made = notation.read(QuestionKind.SINGLE, {"options": "三\n* 一\n新的"}, known)
    assert [(o["body"], o.get("key")) for o in made["options"]] == [("三", "c"), ("一", "a"), ("新的", "d")], "not the key of what is gone"


@pytest.mark.parametrize(
    ("written", "keys"),
    [
        ("一\n* 二改\n三", ["a", "b", "c"]),
        ("一\n新的\n* 二改\n三", ["a", "d", "e", "c"]),
        ("一\n* 二改", ["a", "d"]),
        ("* 一\n二\n三", ["a", "b", "c"]),
    ],
)
def test_a_reworded_option_keeps_its_key_while_there_are_as_many(written: str, keys: list[str]) -> None:
    known = {"options": [{"key": "a", "body": "一"}, {"key": "b", "body": "二"}, {"key": "c", "body": "三"}]}
    made = notation.read(QuestionKind.SINGLE, {"options": written}, known)
    assert [o["key"] for o in made["options"]] == keys


@pytest.mark.parametrize(
    ("before", "written", "keys"),
    [
        ("一\n* 二", "一\n* 二改\n三", "abc"),  # reworded, and one appended
        ("一\n* 二", "* 一\n二改\n三", "acd"),  # ... but another one is right now: nobody gets a mark for what they did not see
        ("一\n* 二\n三\n四", "一\n* 二改\n三", "abc"),  # reworded between two that stay, and one taken away behind them
        ("一\n* 二\n三", "一\n新的\n* 二改\n三", "adec"),  # which of the two it was nobody can tell
        ("一\n* 二\n三", "新的\n一\n* 二改\n三", "dabc"),
        ("一\n* 二\n三", "三\n一\n* 二改\n四", "cade"),  # the neighbours are others
        ("一\n* 二\n三", "一\n* 二改", "ad"),
    ],
)
def test_a_reworded_option_keeps_its_key_between_its_neighbours(before: str, written: str, keys: str) -> None:
    known = version_data(notation.read(QuestionKind.SINGLE, {"options": before}), BodyFormat.MARKDOWN)
    made = notation.read(QuestionKind.SINGLE, {"options": written}, known)
    assert [o["key"] for o in made["options"]] == list(keys)


@pytest.mark.parametrize(
    ("kind", "part", "text"),
    [
        (QuestionKind.CLOZE, "blanks", "北京"),
        (QuestionKind.MATCHING, "pairs", "中国 北京"),
        (QuestionKind.NUMERIC, "units", "cm = 零"),
        (QuestionKind.NUMERIC, "units", "cm = -1"),
        (QuestionKind.FORMULA, "variables", "x 1 10"),
        (QuestionKind.SINGLE, "options", "[500%] 甲"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_field(kind: QuestionKind, part: str, text: str) -> None:
    with pytest.raises(bank.BadQuestion) as bad:
        notation.read(kind, {part: text})
    assert bad.value.field == part


# -- GIFT ---------------------------------------------------------------------------------------------------------------------

GIFT = r"""// a comment
$CATEGORY: $course$/第一章/架构

::Q1:: 2 + 2 = ? {=4 #right ~3 #wrong ~%50%four}

Which are even? {~%50%2 ~%50%4 ~%-50%3 ~%-50%5}

The sky is blue.{T#no#yes}

Grant is buried in {~nowhere =Grant's tomb} in New York.

Who wrote it?{=Shakespeare =%50%Bacon#partly}

Match. {=a -> 1 =b -> 2 = -> 3}

Pi is {#3.14:0.005####because}

Between {#1..5}

When? {#=1822:0 =%50%1822:2}

Describe a \{set\} \= braces. {}

[html]<b>Bold</b> ok? {TRUE}

A description without an answer.
"""


def test_gift_of_every_kind() -> None:
    found = gift_read.read(GIFT)
    kinds = [one.kind.value for one in found.questions]
    assert kinds == ["single", "multiple", "true_false", "single", "text", "matching", "numeric", "numeric", "numeric", "essay", "true_false"]
    first, even, blue, tomb, wrote, match, pi, between, when, describe, bold = found.questions
    assert (first.name, first.category, first.stem) == ("Q1", "第一章/架构", "2 + 2 = ?")
    assert [(o["body"], o["is_correct"], o.get("share_x1000"), o["feedback"]) for o in first.data["options"]] == [
        ("4", True, None, "right"),
        ("3", False, None, "wrong"),
        ("four", True, 500, ""),
    ]
    assert [o.get("share_x1000") for o in even.data["options"]] == [None] * 4
    assert [(o["is_correct"], o["feedback"]) for o in blue.data["options"]] == [(True, "yes"), (False, "no")]
    assert tomb.stem == "Grant is buried in _____ in New York."
    assert [(a["text"], a.get("share_x1000")) for a in wrote.data["answers"]] == [("Shakespeare", None), ("Bacon", 500)]
    assert [(p["body"], p["answer"]) for p in match.data["pairs"]] == [("a", "1"), ("b", "2"), ("", "3")]
    assert (pi.data["tolerance"], pi.explanation) == ("0.005", "because")
    assert between.data["answers"][0]["text"] == "[1,5]"
    assert [a["text"] for a in when.data["answers"]] == ["1822", "[1820,1824]"]
    assert describe.stem == "Describe a {set} = braces."
    assert bold.body_format == "html"
    assert [(t.line, t.is_warning) for t in found.troubles] == [(26, True)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Broken {=a ~b", "大括号"),
        ("Broken =a}", "大括号"),
        ("Two {=a} and {=b}", "几组"),
        ("Odd {a ~b}", "开头"),
        ("N {#abc}", "数值"),
        ("W {~%300%a ~b}", "100"),
    ],
)
def test_broken_gift_is_named_and_the_next_question_is_still_read(text: str, word: str) -> None:
    found = gift_read.read(f"{text}\n\nFine {{=1 ~2}}\n")
    assert len(found.questions) == 1
    assert (found.troubles[0].line, word in found.troubles[0].problem) == (1, True)


# -- AIKEN --------------------------------------------------------------------------------------------------------------------


def test_aiken_with_its_mistakes() -> None:
    text = "一加一？\nA. 1\nB) 2\nANSWER: B\n\n没有答案\nA. 1\nB. 2\n\n只有一个\nA. 1\nANSWER: A\n\n跳字母\nA. 1\nC. 2\nANSWER: A\n\n不在\nA. 1\nB. 2\nANSWER: D\n"
    found = aiken.read(text)
    assert [(q.line, q.stem, [o["is_correct"] for o in q.data["options"]]) for q in found.questions] == [(1, "一加一？", [False, True])]
    assert [t.line for t in found.troubles] == [6, 10, 14, 19]


# -- there and back ---------------------------------------------------------------------------------------------------------


def every_kind(course_id: int) -> list[Question]:
    """A question of every kind a person can write, some with everything they can have."""
    more: dict[QuestionKind, dict[str, Any]] = {
        QuestionKind.SINGLE: {"penalty_x1000": 250},
        QuestionKind.TEXT: {"is_case_sensitive": True},
        QuestionKind.NUMERIC: {"tolerance": "2%", "unit_share_x1000": 500},
        QuestionKind.FORMULA: {"expression": "x*y", "tolerance": "0.1"},
        QuestionKind.MATCHING: {"is_all_or_nothing": True},
    }
    stems = {QuestionKind.CLOZE: "首都 [[1]]，\\(\\pi\\) 是 [[2]]，[[3]]", QuestionKind.FORMULA: "{x} 乘 {y}"}
    extra = [(QuestionKind.TRUE_FALSE, {"options": "* 正确 // 对\n错误"}), (QuestionKind.ESSAY, {}), (QuestionKind.FILE, {})]
    extra += [(QuestionKind.NUMERIC, {"answers": "7"}), (QuestionKind.SINGLE, {"options": "* 甲\n乙"})]
    made = []
    for n, (kind, texts) in enumerate([*LINES, *extra]):
        data = {**notation.read(kind, texts), **(more.get(kind, {}) if n < len(LINES) else {})}
        made.append(
            bank.save_question(
                course_id=course_id,
                kind=kind,
                stem=stems.get(kind, f"第 {n} 题：a=b ~c {{d}} #e \\f <b>粗</b>") if kind is not QuestionKind.FORMULA else stems[kind],
                data=data,
                explanation="解析\n两行" if n % 2 else "",
                category="第一章/第二节" if n % 3 else "",
                tags=["甲", "乙 丙"] if n % 2 else [],
                difficulty=Difficulty.HARD if n % 2 else Difficulty.EASY,
                name=f"名{n}" if n % 3 else "",
                by=SYSTEM,
                now=NOW,
            )
        )
    return made


def known(course_id: int) -> list[plan.Known]:
    tags = queries.tags_of_course(course_id)
    return [plan.Known(q, v, tuple(tags.get(q.id, ()))) for q, v in queries.bank_rows(course_id, BankFilter())]


def workbook(course_id: int) -> bytes:
    target = io.BytesIO()
    write_xlsx([Sheet("题库", table.schema().columns, [table.record(row) for row in known(course_id)], codes=["key"], headers="zh")], target)
    return target.getvalue()


def examined(course_id: int, content: bytes) -> Draft:
    read, problems, file, sheet = table.read(content, filename="题库.xlsx", max_rows=plan.MAX_QUESTIONS)
    draft = plan.examine(read, course_id=course_id, by=SYSTEM, today=TODAY, file=file, sheet=sheet)
    draft.problems += problems
    return draft


def test_excel_out_and_in_changes_nothing_and_into_another_course_brings_all(session: Session) -> None:
    course, other = make.course(), make.course()
    rows = every_kind(course.id)
    content = workbook(course.id)
    draft = examined(course.id, content)
    assert (draft.problems, draft.added, draft.changed, draft.unchanged) == ([], 0, 0, len(rows))
    versions = session.scalar(select(func.count(QuestionVersion.id)))
    plan.apply(draft, course_id=course.id, by=SYSTEM, now=NOW)
    assert session.scalar(select(func.count(QuestionVersion.id))) == versions
    moved = examined(other.id, content)
    assert (moved.problems, moved.added) == ([], len(rows))
    plan.apply(moved, course_id=other.id, by=SYSTEM, now=NOW)
    again = examined(other.id, workbook(other.id))
    assert (again.problems, again.unchanged) == ([], len(rows))
    assert workbook(course.id) == workbook(other.id) or [table.record(r) for r in known(course.id)] == [table.record(r) for r in known(other.id)]


def test_gift_out_and_in_changes_nothing_and_says_what_it_cannot_carry(session: Session) -> None:
    course = make.course()
    rows = every_kind(course.id)
    made = gift_write.write(known(course.id))
    assert len(made.left_out) == 5  # units, cloze, formula, ordering, file
    read = gift_read.read(made.text)
    assert read.troubles == []
    draft = plan.examine(read, course_id=course.id, by=SYSTEM, today=TODAY)
    assert (draft.problems, draft.added, draft.changed, draft.unchanged) == ([], 0, 0, len(rows) - 5)
    other = make.course()
    plan.apply(plan.examine(read, course_id=other.id, by=SYSTEM, today=TODAY), course_id=other.id, by=SYSTEM, now=NOW)
    assert gift_write.write(known(other.id)).text == made.text


@pytest.mark.parametrize(
    ("kind", "texts", "is_written"),
    [
        (QuestionKind.TEXT, {"answers": "H2 -> H2O"}, False),
        (QuestionKind.TEXT, {"answers": "H2 -> H2O\nA -> B"}, False),
        (QuestionKind.TEXT, {"answers": "H2 -> H2O\n水"}, True),
        (QuestionKind.TEXT, {"answers": "%50% 的人"}, False),
        (QuestionKind.TEXT, {"answers": "50% 的人"}, True),
        (QuestionKind.SINGLE, {"options": "* %50% 的人\n没有人"}, False),
        (QuestionKind.SINGLE, {"options": "* 有 %50% 的人\n没有人"}, True),
        (QuestionKind.MULTIPLE, {"options": "* %50% 的人\n* 没有人\n所有人"}, True),
    ],
)
def test_texts_that_gift_would_read_as_something_else_are_named(
    session: Session, kind: QuestionKind, texts: dict[str, str], is_written: bool
) -> None:
    course = make.course()
    bank.save_question(course_id=course.id, kind=kind, stem="题", data=notation.read(kind, texts), by=SYSTEM, now=NOW)
    made = gift_write.write(known(course.id))
    assert (len(made.left_out), bool(made.text)) == ((0, True) if is_written else (1, False))
    draft = plan.examine(gift_read.read(made.text), course_id=course.id, by=SYSTEM, today=TODAY)
    assert (draft.problems, draft.unchanged) == ([], int(is_written))


def test_aiken_out_and_in_changes_nothing(session: Session) -> None:
    course = make.course()
    every_kind(course.id)
    made = aiken.write(known(course.id))
    assert made.text.count("ANSWER") == 1
    draft = plan.examine(aiken.read(made.text), course_id=course.id, by=SYSTEM, today=TODAY)
    assert (draft.problems, draft.added, draft.changed, draft.unchanged) == ([], 0, 0, 1)


def test_a_changed_row_becomes_a_new_version_with_the_same_keys(session: Session) -> None:
    course = make.course()
    question = bank.save_question(
        course_id=course.id, kind=QuestionKind.SINGLE, stem="题", data=notation.read(QuestionKind.SINGLE, {"options": "* 甲\n乙"}), by=SYSTEM, now=NOW
    )
    read = gift_read.read(gift_write.write(known(course.id)).text.replace("=甲 ~乙", "~甲 =乙"))
    draft = plan.examine(read, course_id=course.id, by=SYSTEM, today=TODAY)
    assert (draft.changed, draft.added) == (1, 0)
    plan.apply(draft, course_id=course.id, by=SYSTEM, now=NOW)
    version = queries.current_version(question)
    assert [(o["key"], o["is_correct"]) for o in version.data["options"]] == [("a", False), ("b", True)]
    assert version.number == 2


def test_a_table_with_mistakes_names_row_and_column_and_writes_nothing(session: Session) -> None:
    course = make.course()
    rows = [
        {"kind": "单选题", "stem": "好题", "options": "* 1\n2"},
        {"kind": "选择", "stem": "题型不对", "options": "* 1\n2"},
        {"kind": "单选题", "stem": "", "options": "* 1\n2"},
        {"kind": "单选题", "stem": "没有正确选项", "options": "1\n2"},
        {"kind": "公式题", "stem": "{x} 分之一", "variables": "x: 0 ~ 5", "expression": "1/x"},
        {"kind": "匹配题", "stem": "放错列", "pairs": "a => 1\nb => 2", "options": "* 1\n2"},
        {"kind": "数值题", "stem": "=1+1", "answers": "2", "tolerance": "大约"},
    ]
    target = io.BytesIO()
    write_xlsx([Sheet("数据", table.schema().columns, rows, headers="zh")], target)
    draft = examined(course.id, target.getvalue())
    found = sorted((p.row, p.column) for p in draft.problems if p.level == "error")
    assert found == [(3, "kind"), (4, "stem"), (5, "options"), (6, "expression"), (7, "options"), (8, "tolerance")]
    with pytest.raises(ImportRefused):
        plan.apply(draft, course_id=course.id, by=SYSTEM, now=NOW)
    assert session.scalar(select(func.count(Question.id)).where(Question.course_id == course.id)) == 0


def test_a_key_twice_or_of_another_kind_is_refused(session: Session) -> None:
    course = make.course()
    every_kind(course.id)
    text = gift_write.write(known(course.id)).text
    block = next(part for part in text.split("\n\n") if "TRUE" in part)
    draft = plan.examine(gift_read.read(f"{block}\n\n{block}"), course_id=course.id, by=SYSTEM, today=TODAY)
    assert [p.column for p in draft.problems] == ["key"]
    essay = block[: block.index("{TRUE")] + "{}"
    assert [p.column for p in plan.examine(gift_read.read(essay), course_id=course.id, by=SYSTEM, today=TODAY).problems] == ["kind"]


def test_gift_keeps_a_stem_with_a_blank_inside_as_it_stands(session: Session) -> None:
    course = make.course()
    stems = [
        "中国的首都是_____。",
        "Grant is buried in _____ in New York.",
        "_____是首都",
        "甲_____乙_____丙",
        "第一行\n_____\n第二行",
        "首都是_____",
        " 空格 _____ 。",
    ]
    for stem in stems:
        bank.save_question(course_id=course.id, kind=QuestionKind.TEXT, stem=stem, data={"answers": [{"text": "北京"}]}, by=SYSTEM, now=NOW)
    written = gift_write.write(plan.known_of(course.id))
    draft = plan.examine(gift_read.read(written.text), course_id=course.id, by=SYSTEM, today=TODAY)
    assert (draft.problems, draft.work, written.left_out) == ([], [], ())


SAME_STEM = """下列说法正确的是
A. {0}一
B. {0}二
C. {0}三
ANSWER: {1}
"""


def test_questions_with_one_stem_and_other_options_are_other_questions(session: Session) -> None:
    course = make.course()

    def take(*texts: str) -> tuple[int, int, int]:
        draft = plan.examine(aiken.read("\n".join(texts)), course_id=course.id, by=SYSTEM, today=TODAY)
        plan.apply(draft, course_id=course.id, by=SYSTEM, now=NOW)
        return draft.added, draft.changed, draft.unchanged

    one, two, three = (SAME_STEM.format(word, "A") for word in "甲乙丙")
    assert take(one) == (1, 0, 0)
    assert take(two, three) == (2, 0, 0)
    assert take(three, one, two) == (0, 0, 3)
    corrected = SAME_STEM.format("乙", "B")
    assert take(corrected, one, three) == (0, 1, 2)
    assert len(plan.known_of(course.id)) == 3
    # Two of three options are the same, in two questions of a file: one is the known one, the other is new.
    near = one.replace("甲三", "甲四")
    assert take(near, near.replace("甲四", "甲五")) == (1, 1, 0)


@pytest.mark.parametrize(("kept", "is_known"), [(2, True), (1, False)])
def test_half_of_the_options_make_a_question_the_known_one(session: Session, kept: int, is_known: bool) -> None:
    course = make.course()

    def text(options: list[str]) -> str:
        return "选哪个\n" + "".join(f"{letter}. {option}\n" for letter, option in zip("ABCD", options, strict=True)) + "ANSWER: A\n"

    first = plan.examine(aiken.read(text(["一", "二", "三", "四"])), course_id=course.id, by=SYSTEM, today=TODAY)
    plan.apply(first, course_id=course.id, by=SYSTEM, now=NOW)
    others = [*"一二三四"[:kept], *"五六七八"][:4]
    draft = plan.examine(aiken.read(text(others)), course_id=course.id, by=SYSTEM, today=TODAY)
    assert (draft.added, draft.changed) == ((0, 1) if is_known else (1, 0))


def test_a_question_without_a_right_option_goes_out_and_comes_in_again(session: Session) -> None:
    """A survey, or "none of them" is right: GIFT has no words for it and says so, a table carries it."""
    course, other = make.course(), make.course()
    for kind in (QuestionKind.MULTIPLE, QuestionKind.SINGLE):
        data = {"options": [{"body": "甲"}, {"body": "乙"}]}
        bank.save_question(course_id=course.id, kind=kind, stem="哪些？", data=data, is_survey=True, by=SYSTEM, now=NOW)
    rows = plan.known_of(course.id)
    written = gift_write.write(rows)
    assert (written.text, [why for _name, why in written.left_out]) == ("", ["GIFT 不能写没有正确选项的题"] * 2)
    target = io.BytesIO()
    write_xlsx([Sheet("题库", table.schema().columns, [table.record(row) for row in rows], codes=["key"], headers="zh")], target)
    read, problems, file, sheet = table.read(target.getvalue(), filename="q.xlsx", max_rows=100)
    draft = plan.examine(read, course_id=other.id, by=SYSTEM, today=TODAY, file=file, sheet=sheet)
    assert ([p.problem for p in (*problems, *draft.problems)], len(draft.work)) == ([], 2)
    plan.apply(draft, course_id=other.id, by=SYSTEM, now=NOW)
    assert [row.version.data["options"][0]["is_correct"] for row in plan.known_of(other.id)] == [False, False]


AIKEN_WITH_FORMULAS = """Which is \\(\\frac{a}{b}\\)?
A. \\(\\frac{1}{2}\\)
B. two

ANSWER: A

::Q2:: 2 + 2 = ? {=4 ~3}

Next \\(x_{1}\\)

A) yes
B) no
ANSWER: B
"""


def test_formulas_in_aiken_are_no_gift() -> None:
    found = text_files.read(AIKEN_WITH_FORMULAS)
    assert [t.problem for t in found.troubles] == []
    assert [(one.line, one.stem[:5]) for one in found.questions] == [(1, "Which"), (7, "2 + 2"), (9, "Next ")]
    assert [[o["is_correct"] for o in one.data["options"]] for one in found.questions] == [[True, False], [True, False], [False, True]]


@pytest.mark.parametrize(
    ("line", "low", "high"), [("x: 1,000 ~ 2,000, 2", "1000", "2000"), ("x: \u22125 ~ 5", "-5", "5"), ("x：１ ~ １０，1", "1", "10")]
)
def test_a_range_is_read_as_people_write_numbers(session: Session, line: str, low: str, high: str) -> None:
    data = notation.read(QuestionKind.FORMULA, {"variables": line})
    assert (data["variables"][0]["low"], data["variables"][0]["high"]) == (low, high)
    written = {"variables": [{"name": "x", "low": line.split()[1], "high": high, "decimals": 0}], "expression": "x"}
    if line.startswith("x: "):
        bank.save_question(course_id=make.course().id, kind=QuestionKind.FORMULA, stem="{x}", data=written, by=SYSTEM, now=NOW)
