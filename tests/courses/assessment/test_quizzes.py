"""Quizzes as they are taken: draws, windows, passwords, extra time, two windows, order, files, regrades, removed quizzes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.assessment import answering, labels, notation, passwords, queries
from courses.assessment.models import Attempt, AttemptAnswer, AttemptEvent, Question
from courses.assessment.operations import attempts, bank, grading, quizzes
from courses.assessment.queries.hours import allowances_at
from courses.assessment.types import Allowance, AttemptEventKind, AttemptState, Difficulty, QuestionKind, QuizSettings, When
from courses.catalogue import authoring_queries as authored
from courses.catalogue import version_notes
from courses.catalogue.models import Block, Run
from courses.catalogue.operations import content, versions
from courses.learning import operations as learning
from courses.learning import queries as learning_queries
from courses.learning import review_queries
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import audit, clock, files
from trainhub.kernel.access import SYSTEM, Identity, Role
from trainhub.kernel.errors import Refused, Stale

NOW = make.NOW
MINUTE = timedelta(minutes=1)


def asked(attempt: Attempt) -> list[AttemptAnswer]:
    """The answers of an attempt, read again."""
    row = queries.attempt_by_id(attempt.id)
    assert row is not None
    return row.answers


def question(run: Run, kind: QuestionKind, stem: str = "题", **texts: Any) -> Question:
    """A question in the notation of the editor."""
    flags = {name: texts.pop(name) for name in list(texts) if name not in notation.PARTS[kind] and name in ("expression", "tolerance", "max_files")}
    data = {**notation.read(kind, texts), **flags}
    return bank.save_question(course_id=run.course_id, kind=kind, stem=stem, data=data, by=SYSTEM, now=NOW)


def sorted_single(run: Run, n: int, **given: Any) -> Question:
    """A single choice question with its place in the bank."""
    options = [{"body": "1", "is_correct": True}, {"body": "2"}]
    return bank.save_question(
        course_id=run.course_id, kind=QuestionKind.SINGLE, stem=f"抽 {n}", data={"options": options}, by=SYSTEM, now=NOW, **given
    )


def set_up(block: Block, **settings: Any) -> None:
    quizzes.set_up(block=block, version=None, settings=settings, by=SYSTEM, now=NOW)


def events(attempt: Attempt) -> list[AttemptEventKind]:
    return [event.kind for event in queries.events_of(attempt.id)]


# -- the bank -----------------------------------------------------------------------------------------------------------------


def test_sorting_makes_no_version_and_content_does(session: Session) -> None:
    run = make.run()
    row = sorted_single(run, 1, category=" 第一章 / 第一节 ", tags=["甲"])
    assert (row.category, row.current_no) == ("第一章/第一节", 1)
    same = queries.current_version(row)
    bank.save_question(
        course_id=run.course_id, kind=row.kind, question=row, stem=same.stem, data=same.data, category="第二章", tags=["乙"], by=SYSTEM, now=NOW
    )
    assert (row.category, row.current_no, [tag.tag for tag in queries.tag_rows(row.id)]) == ("第二章", 1, ["乙"])
    bank.save_question(course_id=run.course_id, kind=row.kind, question=row, stem="改", data=same.data, by=SYSTEM, now=NOW)
    assert (row.category, row.current_no) == ("第二章", 2)


def test_restore_asks_the_old_again_as_a_new_version(session: Session) -> None:
    run = make.run()
    row = make.single(run)
    bank.save_question(course_id=run.course_id, kind=row.kind, question=row, stem="改过", data=queries.current_version(row).data, by=SYSTEM, now=NOW)
    with pytest.raises(Stale):
        bank.restore(question=row, number=1, version=row.version - 1, by=SYSTEM, now=NOW)
    bank.restore(question=row, number=1, version=row.version, by=SYSTEM, now=NOW)
    assert [(v.number, v.stem) for v in queries.versions_of(row.id)] == [(3, "1 + 1 = ?"), (2, "改过"), (1, "1 + 1 = ?")]
    with pytest.raises(bank.BadQuestion):
        bank.restore(question=row, number=9, version=row.version, by=SYSTEM, now=NOW)


def test_a_category_moves_with_what_is_below_and_draws_follow(session: Session) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), of=run)
    rows = [sorted_single(run, n, category=path) for n, path in enumerate(["甲", "甲/一", "甲乙"])]
    draw = bank.add_draw(run=run, block=quiz, count=2, points_x10=10, category="甲", by=SYSTEM, now=NOW)
    assert bank.rename_category(course_id=run.course_id, old="甲", new="丙/丁", by=SYSTEM, now=NOW) == 2
    assert ([row.category for row in rows], draw.category) == (["丙/丁", "丙/丁/一", "甲乙"], "丙/丁")
    with pytest.raises(bank.BadQuestion):
        bank.rename_category(course_id=run.course_id, old="丙", new="丙/戊", by=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    ("kind", "stem", "texts", "field"),
    [
        (QuestionKind.CLOZE, "没有空", {"blanks": "1: 甲"}, "stem"),
        (QuestionKind.CLOZE, "[[1]] [[2]]", {"blanks": "1: 甲"}, "blanks"),
        (QuestionKind.CLOZE, "[[1]]", {"blanks": ""}, "blanks"),
        (QuestionKind.CLOZE, "[[1]]", {"blanks": "1: =约三"}, "blanks"),
        (QuestionKind.MATCHING, "配", {"pairs": "a => 1"}, "pairs"),
        (QuestionKind.MATCHING, "配", {"pairs": "a => 1\nb => 1"}, "pairs"),
        (QuestionKind.ORDERING, "排", {"items": "一"}, "items"),
        (QuestionKind.ORDERING, "排", {"items": "一\n一"}, "items"),
        (QuestionKind.FORMULA, "{x}", {"variables": "x: 0 ~ 5", "expression": "1/x"}, "expression"),
        (QuestionKind.FORMULA, "{x}", {"variables": "x: 1 ~ 5", "expression": "x+q"}, "expression"),
        (QuestionKind.FORMULA, "{x}", {"variables": "x: 5 ~ 1", "expression": "x"}, "variables"),
        (QuestionKind.FORMULA, "{y}", {"variables": "x: 1 ~ 5", "expression": "x"}, "stem"),
        (QuestionKind.FORMULA, "无变量", {"variables": "x: 1 ~ 5", "expression": "x"}, "stem"),
        (QuestionKind.FORMULA, "{x}", {"variables": "sin: 1 ~ 5", "expression": "1"}, "variables"),
        (QuestionKind.NUMERIC, "数", {"answers": "1", "units": "cm = 0.01"}, "units"),
    ],
)
def test_a_question_that_cannot_work_is_refused_with_its_field(
    session: Session, kind: QuestionKind, stem: str, texts: dict[str, str], field: str
) -> None:
    with pytest.raises(bank.BadQuestion) as bad:
        question(make.run(), kind, stem, **texts)
    assert bad.value.field == field


# -- draws ----------------------------------------------------------------------------------------------------------------------


def test_a_draw_gives_what_it_asks_for_once_and_stays_for_the_attempt(session: Session) -> None:
    run, who = make.run(), ground.person()
    fixed = sorted_single(run, 0, category="甲", tags=["期末"], difficulty=Difficulty.HARD)
    quiz = make.quiz(make.unit(run), fixed, of=run)
    wanted = {sorted_single(run, n, category="甲/一", tags=["期末"], difficulty=Difficulty.HARD).id for n in range(1, 6)}
    sorted_single(run, 6, category="甲/一", tags=["平时"], difficulty=Difficulty.HARD)
    sorted_single(run, 7, category="甲/一", tags=["期末"])
    bank.add_draw(run=run, block=quiz, count=3, points_x10=20, category="甲", tag="期末", difficulty=Difficulty.HARD, by=SYSTEM, now=NOW)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    drawn = [(a.version.question_id, a.points_x10) for a in asked(one)]
    assert drawn[0] == (fixed.id, 10)
    assert len({question_id for question_id, _p in drawn}) == 4
    assert {question_id for question_id, _p in drawn[1:]} <= wanted
    assert {p for _q, p in drawn[1:]} == {20}
    assert queries.item_counts([quiz.id]) == {quiz.id: 4}
    again = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    assert [(a.version.question_id, a.points_x10) for a in asked(again)] == drawn


def test_a_draw_for_which_the_bank_is_too_small_is_refused(session: Session) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), of=run)
    with pytest.raises(bank.BadQuestion) as bad:
        bank.add_draw(run=run, block=quiz, count=2, points_x10=10, category="没有", by=SYSTEM, now=NOW)
    assert bad.value.field == "count"


def test_formulas_differ_from_person_to_person_and_grade_by_their_own_numbers(session: Session) -> None:
    run = make.run()
    row = question(run, QuestionKind.FORMULA, "{x} 的平方", variables="x: 1 ~ 1000", expression="x^2")
    quiz = make.quiz(make.unit(run), row, of=run)
    shown = []
    for _n in range(3):
        one = attempts.start(block=quiz, person_id=ground.person().id, by=SYSTEM, now=NOW)
        x = asked(one)[0].shown["values"]["x"]
        shown.append(x)
        done, _ = attempts.submit(attempt_id=one.id, responses={1: {"text": str(int(x) ** 2)}}, by=SYSTEM, now=NOW)
        assert done.score_x10 == 1000
    assert len(set(shown)) == 3


# -- when one may -----------------------------------------------------------------------------------------------------------------


def test_opening_closing_password_and_attempts_are_refused_in_words(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), of=run)
    set_up(quiz, opens_at=(NOW + MINUTE).isoformat(), closes_at=(NOW + 60 * MINUTE).isoformat(), password="开考", attempts=1)

    def start(at: datetime, password: str | None = "开考") -> Attempt:
        return attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=at, password=password)

    stored = quiz.settings["password"]
    assert ("开考" in str(quiz.settings), passwords.opened(stored)) == (False, "开考")
    set_up(quiz, password="开考")
    assert quiz.settings["password"] == stored  # saved again without a change
    for at, password in ((NOW, "开考"), (NOW + 60 * MINUTE, "开考"), (NOW + 2 * MINUTE, "不对"), (NOW + 2 * MINUTE, "")):
        with pytest.raises(attempts.NoAttempt):
            start(at, password)
    one = start(NOW + MINUTE)
    assert one.due_at == NOW + 60 * MINUTE
    assert start(NOW + 5 * MINUTE, "").id == one.id  # going on needs no password
    with pytest.raises(Refused):
        set_up(quiz, opens_at=NOW.isoformat(), closes_at=NOW.isoformat())
    quiz.settings = {**quiz.settings, "password": "旧"}  # as it was stored before passwords were sealed
    assert passwords.is_right(quiz.settings["password"], "旧")
    set_up(quiz, password="")
    assert quiz.settings["password"] == ""


def test_rules_are_kept_as_versions_and_do_not_come_back_with_an_old_text(session: Session) -> None:
    """An old text brings no old rules; an old rule comes back by itself; an attempt keeps the rules it began under."""
    run = make.run(is_published=True)
    quiz = make.quiz(make.unit(run), of=run, minutes=10, attempts=1)
    first = attempts.start(block=quiz, person_id=ground.person().id, by=SYSTEM, now=NOW)
    set_up(quiz, minutes=30, attempts=3)
    versions.save(part=quiz, version=None, by=SYSTEM, now=NOW + MINUTE, title="期末测验")  # a draft: learners read this run
    later = NOW + 2 * MINUTE
    quizzes.set_up(block=quiz, version=None, settings={"attempts": 2}, by=SYSTEM, now=later)
    rows = authored.versions_of(quiz)
    assert [(v.number, v.data["title"], v.data["settings"]["minutes"], v.data["settings"]["attempts"], v.note) for v in rows] == [
        (4, "单元测验", 30, 2, version_notes.RULES),
        (3, "期末测验", 30, 2, ""),  # what waits follows the rules
        (2, "单元测验", 30, 3, version_notes.RULES),
        (1, "单元测验", 10, 1, ""),
    ]
    versions.publish_drafts(parts=[quiz], note="", by=SYSTEM, now=later)
    versions.restore(part=quiz, number=1, version=None, by=SYSTEM, now=later)
    versions.publish_drafts(parts=[quiz], note="", by=SYSTEM, now=later)
    assert (quiz.title, quiz.settings["minutes"], quiz.settings["attempts"]) == ("单元测验", 30, 2)
    versions.restore_rules(block=quiz, number=1, version=None, by=SYSTEM, now=later)
    assert (quiz.settings["minutes"], quiz.settings["attempts"]) == (10, 1)
    assert version_notes.said(authored.versions_of(quiz)[0].note) == "恢复第 1 版的作答规则"
    with pytest.raises(Refused, match="没有第 9 版"):
        versions.restore_rules(block=quiz, number=9, version=None, by=SYSTEM, now=later)
    assert labels.rules_in_words(queries.events_of(first.id)[0].data["rules"]) == ["限时 10 分钟", "最多 1 次"]


def test_a_result_that_waits_for_another_learner_names_no_instant_that_has_passed(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    run, closes = make.run(), clock.now() - 60 * MINUTE
    block = make.quiz(make.unit(run), make.essay(run), of=run, closes_at=closes.isoformat())
    run = make.publish(run)
    me, other = make.enrolment(run, ground.person()), make.enrolment(run, ground.person())
    set_up(block, review={"after": [], "closed": ["marks"]})
    quizzes.allow(block=block, person_id=other.person_id, closes_at=closes + 999 * MINUTE, by=SYSTEM, now=closes)
    row = attempts.start(block=block, person_id=me.person_id, by=SYSTEM, now=closes - 9 * MINUTE)
    attempts.submit(attempt_id=row.id, by=SYSTEM, now=closes - MINUTE)
    grading.grade(attempt_id=row.id, points={1: 80}, feedback={}, by=SYSTEM, now=closes)
    session.commit()
    page = as_role(Role.TRAINEE, person_id=me.person_id).get(f"/learning/attempts/{row.id}").text
    assert "现在不显示得分" in page
    assert "关闭后可看" not in page
    assert "还有学员" in page


def test_extra_time_reaches_who_is_already_sitting_and_extra_attempts_count(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), of=run, minutes=10, attempts=1)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    with pytest.raises(Refused):
        quizzes.allow(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    row = quizzes.allow(block=quiz, person_id=who.id, extra_minutes=5, extra_attempts=1, reason="视力障碍", by=SYSTEM, now=NOW)
    session.refresh(one)
    assert one.due_at == NOW + 15 * MINUTE
    attempts.submit(attempt_id=one.id, by=SYSTEM, now=NOW)
    two = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    assert two.number == 2
    attempts.submit(attempt_id=two.id, by=SYSTEM, now=NOW)
    quizzes.disallow(row=row, by=SYSTEM, now=NOW)
    with pytest.raises(attempts.NoAttempt):
        attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)


# -- while it runs ----------------------------------------------------------------------------------------------------------------


def two_questions(session: Session, **settings: Any) -> tuple[Block, Attempt]:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), make.single(run), make.essay(run), of=run, **settings)
    return quiz, attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)


def test_two_windows_do_not_overwrite_what_they_did_not_change(session: Session) -> None:
    _quiz, one = two_questions(session)
    empty = {1: answering.digest({}), 2: answering.digest({})}
    attempts.save(attempt_id=one.id, responses={1: {"choice": "b"}, 2: {"text": ""}}, bases=empty, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=one.id, responses={1: {"choice": ""}, 2: {"text": "第二窗口"}}, bases=empty, by=SYSTEM, now=NOW)
    assert [a.response for a in asked(one)] == [{"choice": "b"}, {"text": "第二窗口"}]
    assert AttemptEventKind.REPLACED not in events(one)
    attempts.save(attempt_id=one.id, responses={2: {"text": "第一窗口"}}, bases=empty, by=SYSTEM, now=NOW)
    assert asked(one)[1].response == {"text": "第一窗口"}
    kept = queries.events_of(one.id)[-1]
    assert (kept.kind, kept.data) == (AttemptEventKind.REPLACED, {"position": 2, "response": {"text": "第二窗口"}})


def test_one_session_at_a_time(session: Session) -> None:
    quiz, one = two_questions(session, is_one_session=True)
    first = one.token
    attempts.save(attempt_id=one.id, responses={1: {"choice": "a"}}, token=first, by=SYSTEM, now=NOW)
    attempts.start(block=quiz, person_id=one.person_id, by=SYSTEM, now=NOW)
    session.refresh(one)
    assert (one.token != first, events(one)) == (True, [AttemptEventKind.STARTED, AttemptEventKind.TAKEN_OVER])
    for refused in (attempts.save, attempts.submit):
        with pytest.raises(attempts.OtherWindow):
            refused(attempt_id=one.id, responses={1: {"choice": "b"}}, token=first, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=one.id, responses={1: {"choice": "b"}}, token=one.token, by=SYSTEM, now=NOW)
    assert asked(one)[0].response == {"choice": "b"}


def test_no_way_back_where_questions_come_one_after_another(session: Session) -> None:
    _quiz, one = two_questions(session, is_sequential=True)
    with pytest.raises(attempts.TooLate):
        attempts.save(attempt_id=one.id, responses={2: {"text": "先做后面"}}, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=one.id, responses={1: {"choice": "a"}}, by=SYSTEM, now=NOW)
    attempts.go_on(attempt_id=one.id, by=SYSTEM, now=NOW)
    with pytest.raises(attempts.TooLate):
        attempts.save(attempt_id=one.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=one.id, responses={1: {"choice": "a"}, 2: {"text": "好"}}, by=SYSTEM, now=NOW)
    assert attempts.go_on(attempt_id=one.id, by=SYSTEM, now=NOW).reached == 2
    assert [a.response for a in asked(one)] == [{"choice": "a"}, {"text": "好"}]


def test_positions_and_keys_that_were_not_asked_are_passed_over(session: Session) -> None:
    _quiz, one = two_questions(session)
    attempts.save(attempt_id=one.id, responses={99: {"choice": "a"}, 1: {"choice": "zz", "text": "x", "choices": ["a"]}}, by=SYSTEM, now=NOW)
    assert [a.response for a in asked(one)] == [{}, {}]


def test_an_answer_of_a_megabyte_is_refused_in_words_and_the_saved_one_stays(session: Session) -> None:
    _quiz, one = two_questions(session)
    attempts.save(attempt_id=one.id, responses={2: {"text": "短"}}, by=SYSTEM, now=NOW)
    with pytest.raises(answering.BadAnswer, match="20000"):
        attempts.save(attempt_id=one.id, responses={2: {"text": "长" * 1_000_000}}, by=SYSTEM, now=NOW)
    assert asked(one)[1].response == {"text": "短"}


def test_answers_after_the_deadline_do_not_count_but_are_kept_for_the_lecturer(session: Session) -> None:
    _quiz, one = two_questions(session, minutes=10)
    attempts.save(attempt_id=one.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
    done, _ = attempts.submit(attempt_id=one.id, responses={1: {"choice": "a"}, 2: {"text": "晚了"}}, by=SYSTEM, now=NOW + 11 * MINUTE)
    assert [a.share_x1000 for a in done.answers] == [1000, 0]
    late = next(event for event in queries.events_of(one.id) if event.kind is AttemptEventKind.LATE)
    assert late.data == {"responses": {"1": {"choice": "a"}, "2": {"text": "晚了"}}}


def test_leaving_is_noted_only_where_the_rules_say_so(session: Session) -> None:
    _quiz, silent = two_questions(session)
    assert attempts.note(attempt_id=silent.id, kind=AttemptEventKind.LEFT, by=SYSTEM, now=NOW) is False
    _quiz, told = two_questions(session, logs_focus=True)
    assert attempts.note(attempt_id=told.id, kind=AttemptEventKind.LEFT, by=SYSTEM, now=NOW) is True
    assert attempts.note(attempt_id=told.id, kind=AttemptEventKind.LATE, by=SYSTEM, now=NOW) is False
    assert events(told) == [AttemptEventKind.STARTED, AttemptEventKind.LEFT]


def test_files_are_added_one_by_one_up_to_the_number_asked_for(session: Session) -> None:
    run, who = make.run(), ground.person()
    quiz = make.quiz(make.unit(run), question(run, QuestionKind.FILE, "交报告", max_files=1), make.single(run), of=run)
    one = attempts.start(block=quiz, person_id=who.id, by=SYSTEM, now=NOW)
    kept = files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name="报告.pdf", kind="attempt", by=SYSTEM, now=NOW)
    attempts.attach(attempt_id=one.id, position=1, file=kept, by=SYSTEM, now=NOW)
    with pytest.raises(attempts.NoAttempt):
        attempts.attach(attempt_id=one.id, position=1, file=kept, by=SYSTEM, now=NOW)
    with pytest.raises(attempts.NoAttempt):
        attempts.attach(attempt_id=one.id, position=2, file=kept, by=SYSTEM, now=NOW)
    attempts.save(attempt_id=one.id, responses={1: {"text": "说明"}}, by=SYSTEM, now=NOW)
    row = queries.attempt_by_id(one.id)
    assert row is not None
    assert row.answers[0].response == {"files": [{"id": kept.id, "name": "报告.pdf", "size": kept.size}], "text": "说明"}
    assert queries.file_of_attempt(row, kept.id) is not None
    assert queries.file_of_attempt(row, kept.id + 1) is None
    attempts.detach(attempt_id=one.id, position=1, file_id=kept.id, by=SYSTEM, now=NOW)
    assert asked(one)[0].response == {"text": "说明"}


# -- grading again ----------------------------------------------------------------------------------------------------------------


def wrong_key(run: Run, row: Question) -> None:
    """The question is corrected: the first option is the right one."""
    data = notation.read(QuestionKind.SINGLE, {"options": "* 1\n2\n3"}, queries.current_version(row).data)
    bank.save_question(course_id=run.course_id, kind=row.kind, question=row, stem="更正", data=data, by=SYSTEM, now=NOW)


def test_a_regrade_is_seen_before_it_is_done_and_keeps_what_a_person_gave(session: Session) -> None:
    run = make.run()
    row = make.single(run)
    quiz = make.quiz(make.unit(run), row, of=run)
    done = {}
    for choice in "abc":
        enrolment = make.enrolment(run)
        one = attempts.start(block=quiz, person_id=enrolment.person_id, by=SYSTEM, now=NOW)
        attempt, _ = attempts.submit(attempt_id=one.id, responses={1: {"choice": choice}}, by=SYSTEM, now=NOW)
        learning.note_attempt(enrolment=enrolment, attempt=attempt, by=SYSTEM, now=NOW)
        done[choice] = (attempt, enrolment)
    teacher = replace(SYSTEM, account_id=7)
    attempts.grade(attempt_id=done["c"][0].id, points={1: 40}, feedback={}, by=teacher, now=NOW)
    assert grading.regrade_preview(row) == []
    wrong_key(run, row)
    seen = [(c.before_x1000, c.after_x1000, c.is_kept) for c in grading.regrade_preview(row)]
    assert seen == [(0, 1000, False), (1000, 0, False), (400, 400, True)]
    changed = grading.regrade(question=row, run=make.loaded(run), by=SYSTEM, now=NOW)
    assert [(a.id, a.score_x10) for a in changed] == [(done["a"][0].id, 1000), (done["b"][0].id, 0)]
    for attempt in changed:
        learning.note_attempt(enrolment=next(e for a, e in done.values() if a.id == attempt.id), attempt=attempt, by=SYSTEM, now=NOW)
    states = {choice: learning_queries.states_of(e.id)[quiz.id].score_x10 for choice, (_a, e) in done.items() if choice != "c"}
    assert states == {"a": 1000, "b": 0}  # a mark that falls falls in the progress too
    kept = asked(done["a"][0])[0]
    assert (kept.version.number, kept.graded_version.number if kept.graded_version else None) == (1, 2)
    assert grading.regrade_preview(row) == []
    assert learning.recompute(enrolment=done["b"][1], by=SYSTEM, now=NOW) == []


def test_a_regrade_concerns_one_run_and_is_for_who_grades_there(session: Session) -> None:
    """The question belongs to the course, the marks to the run: another lecturer of the course changes none of them."""
    lead, other = ground.person(), ground.person()
    run = make.run(lead=lead)
    row = make.single(run)
    later = make.run(run.course, lead=other)
    done = {}
    for of in (run, later):
        quiz, enrolment = make.quiz(make.unit(of), row, of=of), make.enrolment(of)
        one = attempts.start(block=quiz, person_id=enrolment.person_id, by=SYSTEM, now=NOW)
        done[of.id] = attempts.submit(attempt_id=one.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)[0]
    wrong_key(run, row)
    assert {change.run_id for change in grading.regrade_preview(row)} == {run.id, later.id}
    mine = Identity(account_id=1, person_id=other.id, name="教师", grants=())
    with pytest.raises(Refused):
        grading.regrade(question=row, run=make.loaded(run), by=mine, now=NOW)
    assert [one.id for one in grading.regrade(question=row, run=make.loaded(later), by=mine, now=NOW)] == [done[later.id].id]
    assert [queries.attempt_by_id(one.id).score_x10 for one in done.values()] == [1000, 0]  # type: ignore[union-attr]


def test_which_attempt_counts_reaches_the_progress(session: Session) -> None:
    run = make.run()
    enrolment = make.enrolment(run)
    quiz = make.quiz(make.unit(run), of=run, counts="last")
    for choice, score in (("b", 1000), ("a", 0)):
        one = attempts.start(block=quiz, person_id=enrolment.person_id, by=SYSTEM, now=NOW)
        done, _ = attempts.submit(attempt_id=one.id, responses={1: {"choice": choice}}, by=SYSTEM, now=NOW)
        learning.note_attempt(enrolment=enrolment, attempt=done, by=SYSTEM, now=NOW)
        assert learning_queries.states_of(enrolment.id)[quiz.id].score_x10 == score


def test_a_removed_quiz_keeps_its_attempts_explainable(session: Session) -> None:
    quiz, one = two_questions(session)
    attempts.submit(attempt_id=one.id, responses={1: {"choice": "b"}}, by=SYSTEM, now=NOW)
    content.remove(part=quiz, by=SYSTEM, now=NOW)
    kept = queries.attempt_by_id(one.id)
    assert kept is not None
    assert (kept.state, kept.score_x10, kept.answers[0].version.stem, kept.block.title) == (AttemptState.GRADED, 500, "1 + 1 = ?", "单元测验")


def test_everything_a_person_does_is_in_the_audit(session: Session) -> None:
    run = make.run()
    row = make.single(run)
    quiz = make.quiz(make.unit(run), row, of=run)
    quizzes.allow(block=quiz, person_id=ground.person().id, extra_minutes=5, by=SYSTEM, now=NOW)
    bank.archive(question=row, is_archived=True, by=SYSTEM, now=NOW)
    grading.regrade(question=row, run=make.loaded(run), by=SYSTEM, now=NOW)
    audit.write_pending(session)
    did = set(session.scalars(select(audit.AuditEvent.did)))
    assert {"courses.quiz.allowed", "courses.question.archived", "courses.question.regraded", "courses.quiz.item_added"} <= did
    assert session.scalar(select(AttemptEvent.id)) is None


@pytest.mark.parametrize(("minutes", "before", "after"), [(None, 60, 90), (45, 45, 45), (80, 60, 80), (200, 60, 90)])
def test_a_later_closing_reaches_those_who_sit_in_it_and_an_earlier_one_takes_nothing(
    session: Session, minutes: int | None, before: int, after: int
) -> None:
    run = make.run()
    closes = NOW + 60 * MINUTE
    block = make.quiz(make.unit(run), make.essay(run), of=run, closes_at=closes.isoformat(), minutes=minutes)
    run = make.publish(run)
    row = attempts.start(block=block, person_id=make.enrolment(run).person_id, by=SYSTEM, now=NOW)
    assert row.due_at == NOW + before * MINUTE
    set_up(block, closes_at=(closes + 30 * MINUTE).isoformat())
    assert row.due_at == NOW + after * MINUTE
    set_up(block, closes_at=(closes - 30 * MINUTE).isoformat())
    assert row.due_at == NOW + after * MINUTE


def test_a_later_closing_that_comes_back_with_old_rules_reaches_them_too(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    lead = ground.person()
    run = make.run(lead=lead)
    closes = NOW + 60 * MINUTE
    block = make.quiz(make.unit(run), make.essay(run), of=run, closes_at=closes.isoformat())
    set_up(block, closes_at=(closes - 30 * MINUTE).isoformat())
    run = make.publish(run)
    row = attempts.start(block=block, person_id=make.enrolment(run).person_id, by=SYSTEM, now=NOW)
    assert row.due_at == closes - 30 * MINUTE
    session.commit()
    staff = as_role(Role.LECTURER, person_id=lead.id)
    assert f"/teaching/blocks/{block.id}/quiz/restore" in staff.get(f"/teaching/block/{block.id}/versions").text
    answer = staff.post(f"/teaching/blocks/{block.id}/quiz/restore", data={"number": 1, "version": block.version})
    assert answer.status_code == 303
    session.expire_all()
    assert row.due_at == closes


def test_answers_wait_for_who_was_given_a_later_closing_and_has_not_begun(session: Session) -> None:
    """Of the learners of the run only: until they have begun and handed in, or their own closing."""
    run = make.run()
    closes = NOW + 60 * MINUTE
    block = make.quiz(make.unit(run), make.essay(run), of=run, closes_at=closes.isoformat())
    run = make.publish(run)
    late, stranger = make.enrolment(run), ground.person()
    settings = QuizSettings.of(block.settings)

    def when(at: datetime) -> When:
        return review_queries.when_of(block.id, settings, Allowance(), at)

    assert when(closes) is When.CLOSED
    quizzes.allow(block=block, person_id=stranger.id, closes_at=closes + 99 * MINUTE, by=SYSTEM, now=NOW)
    assert when(closes) is When.CLOSED
    quizzes.allow(block=block, person_id=late.person_id, closes_at=closes + 60 * MINUTE, by=SYSTEM, now=NOW)
    assert [when(closes + n * MINUTE) for n in (0, 60, 61)] == [When.AFTER, When.AFTER, When.CLOSED]
    row = attempts.start(block=block, person_id=late.person_id, by=SYSTEM, now=closes)
    assert when(closes + MINUTE) is When.AFTER
    attempts.submit(attempt_id=row.id, by=SYSTEM, now=closes)
    assert when(closes + MINUTE) is When.CLOSED


def test_what_very_many_may_do_is_asked_in_portions(session: Session) -> None:
    run, who = make.run(), ground.person()
    block = make.quiz(make.unit(run), make.single(run), of=run)
    quizzes.allow(block=block, person_id=who.id, extra_minutes=5, by=SYSTEM, now=NOW)
    many = range(who.id, who.id + 300_000)  # more values than a database takes at once
    assert {key: given.extra_minutes for key, given in allowances_at(block.id, many).items()} == {who.id: 5}
