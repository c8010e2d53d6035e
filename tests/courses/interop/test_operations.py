"""A real course in and out: equal counts, nothing half-done, the same package again changes nothing."""

from __future__ import annotations

import functools
import io
import json
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from courses.assessment import queries as assessment
from courses.assessment import rules, showing
from courses.assessment.models import AttemptAnswer, Question, QuizItem
from courses.assessment.operations import attempts
from courses.assessment.types import QuestionKind
from courses.assignments.models import Assignment
from courses.assignments.operations import setup
from courses.catalogue import queries
from courses.catalogue.models import Block, Course, Run, Unit
from courses.catalogue.operations import content
from courses.catalogue.types import BlockKind
from courses.gradebook.operations import grades
from courses.interop import operations, packing
from courses.interop import types as docs
from courses.interop.formats import opened, read
from courses.interop.frame import HANDOUTS
from courses.interop.freezing import freeze, thaw
from courses.interop.olx.writer import write_olx
from courses.interop.packages import PackageRefused
from courses.interop.putting_out import asset_reader, course_doc
from courses.interop.questions_out import question_docs
from courses.learning import operations as learning
from courses.learning.types import EnrolmentState
from tests.courses.interop.courses_for_tests import course_folder
from tests.factories import courses as make
from tests.factories import ground
from trainhub.cli import main
from trainhub.kernel import files, jobs
from trainhub.kernel.access import SYSTEM, Grant, Identity, Role, ScopeKind
from trainhub.kernel.i18n import in_language
from trainhub.organisations.models import Organisation

SINK = Path(__file__).resolve().parents[2] / "data" / "olx" / "oxa-kitchen-sink.tar.gz"
STORED = "0ce1a12967c90599133de3bd71244fde2d9c3e2d0bb1080e580516612bb0349e"
"""The fingerprint that was stored of `course_folder` before blocks could be hidden."""
COUNTS = ("chapters", "sequentials", "verticals", "problems", "videos", "html", "discussions", "other")


def taken_in(session: Session) -> tuple[queries.Run, dict[str, object]]:
    with opened(SINK) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    return make.loaded(run), report


def test_a_real_course_is_taken_in_whole(session: Session) -> None:
    run, report = taken_in(session)
    doc = read(SINK)
    pages = [page for s in doc.sections for u in s.units for page in u.pages]
    assert report["verticals"] == doc.counts.verticals
    assert len([u for u in queries.outline(run.id).units if not u.key.endswith(operations.EMPTY) and not u.key.startswith(HANDOUTS)]) == len(pages)
    content = select(func.count()).select_from(Block).where(Block.run_id == run.id, Block.key.not_like(f"{HANDOUTS}%"))
    assert session.scalar(content) == len(list(doc.blocks()))
    assert session.scalar(select(func.count()).select_from(QuizItem)) == session.scalar(select(func.count()).select_from(Question))
    assert run.state.value == "draft"
    bodies = session.scalars(select(Block.body_html).where(Block.run_id == run.id, Block.kind == BlockKind.TEXT)).all()
    assert not [b for b in bodies if "<script" in b or 'src="/static/' in b]


def test_the_same_package_again_changes_nothing(session: Session) -> None:
    run, report = taken_in(session)
    with opened(SINK) as course:
        again, second = operations.import_course(opened=course, owner=run.course.owner, by=SYSTEM, now=make.NOW)
    assert (again.id, second["is_new"], report["is_new"]) == (run.id, False, True)
    assert {k: second[k] for k in COUNTS} == {k: report[k] for k in COUNTS}


def test_files_are_read_and_stored_before_the_transaction(session: Session, tmp_path: Path) -> None:
    folder = course_folder(tmp_path, {"static/a.txt": b"A", "static/b.txt": b"B"})
    before = session.scalar(select(func.count()).select_from(files.StoredFile))
    with opened(folder) as course:
        ahead = operations.put_ahead(course)
        assert session.scalar(select(func.count()).select_from(files.StoredFile)) == before, "no row yet: what is not kept is swept"
        assert ahead.contents
        first, *_rest = course.doc.assets
        was = course.file(first).read_bytes()
        for asset in course.doc.assets:
            course.file(asset).write_bytes(b"read again")
        run, _report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW, ahead=ahead)
    rows = {row.name: row.file for row in queries.assets_of(run.id)}
    assert files.read(rows[first.name]) == was
    assert set(rows) == {asset.name for asset in course.doc.assets}


def test_what_is_gone_from_the_store_meanwhile_is_put_there_again(session: Session, tmp_path: Path) -> None:
    with opened(course_folder(tmp_path, {"static/a.txt": b"A"})) as course:
        ahead = operations.put_ahead(course)
        files.erase([content.sha256 for content in ahead.contents.values()])
        run, _report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW, ahead=ahead)
    assert [files.is_intact(row.file) for row in queries.assets_of(run.id)] == [True]


def test_what_was_taken_in_goes_out_with_equal_counts(session: Session, tmp_path: Path) -> None:
    run, report = taken_in(session)
    write_olx(course_doc(run), tmp_path / "out", asset=asset_reader(run), is_native=True)
    write_olx(read(SINK), tmp_path / "straight", is_native=True)
    assert read(tmp_path / "out").counts == read(tmp_path / "straight").counts
    assert (report["problems"], report["videos"]) == (14, 2)


def test_a_course_of_our_own_goes_out_and_comes_in_again(session: Session, tmp_path: Path) -> None:
    run = make.run()
    unit = make.unit(run)
    make.text(unit, title="导言")
    make.video(unit)
    make.quiz(unit, make.single(run), make.essay(run), of=run)
    make.discussion(unit)
    write_olx(course_doc(make.loaded(run)), tmp_path / "out")
    with opened(tmp_path / "out") as course:
        new, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW, code="AGAIN")
    assert (report["chapters"], report["verticals"], report["problems"], report["videos"], report["html"], report["discussions"]) == (
        1,
        1,
        1,
        1,
        1,
        1,
    )
    assert [b.kind for b in queries.outline(new.id).blocks] == [BlockKind.TEXT, BlockKind.VIDEO, BlockKind.QUIZ, BlockKind.DISCUSSION]


RESPONSES = {
    "formula": "<formularesponse answer='R_1*R_2/R_3' samples='R_1,R_2,R_3@1,2,3:3,4,5#10' type='ci'><responseparam type='tolerance' default='0.1%'/><formulaequationinput/></formularesponse>",
    "number": "<numericalresponse answer='sqrt(2)*pi'><responseparam type='tolerance' default='1%'/><formulaequationinput/></numericalresponse>",
    "regexp": "<stringresponse answer='(?:the )?nile|nil' type='ci regexp'><textline/></stringresponse>",
    "back": r"<stringresponse answer='(a)\1' type='regexp'><textline/></stringresponse>",
    "matrix": "<formularesponse answer='A*B' samples='A@[1,2]:[3,4]#3'><textline/></formularesponse>",
}


def test_formulas_and_patterns_of_a_package_are_graded_and_what_cannot_be_says_why(session: Session, tmp_path: Path) -> None:
    """The learner may write the answer in another way; what no bounded machine can decide waits for a person."""
    files = {f"problem/{name}.xml": f"<problem><p>{name}</p>{response}</problem>" for name, response in RESPONSES.items()}
    files["vertical/v1.xml"] = f"<vertical>{''.join(f'<problem url_name={chr(34)}{name}{chr(34)}/>' for name in RESPONSES)}</vertical>"
    with opened(course_folder(tmp_path, files)) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    rows = session.execute(
        select(Block.key, Question).join(QuizItem, QuizItem.block_id == Block.id).join(Question, Question.id == QuizItem.question_id)
    )
    asked = {key: assessment.asked_of(assessment.current_version(question), question.kind) for key, question in rows}  # type: ignore[arg-type]
    given = {
        "formula": ("r_2/R_3*r_1", "R_1*R_2"),
        "number": ("pi*2^0.5", "4.5"),
        "regexp": ("The Nile", "the"),
        "back": ("aa",),
        "matrix": ("A*B",),
    }
    shares = {key: [rules.mark(asked[key], {"text": text}).share_x1000 for text in texts] for key, texts in given.items()}
    assert shares == {"formula": [1000, 0], "number": [1000, 0], "regexp": [1000, 0], "back": [None], "matrix": [None]}
    reasons = {one["block"]: one["reason"] for one in report["unsupported"]}
    assert set(reasons) == {"problem/back", "problem/matrix"}
    assert "不支持" in reasons["problem/back"]
    assert "取值范围" in reasons["problem/matrix"]
    write_olx(course_doc(make.loaded(run)), tmp_path / "out")
    assert [block.content for block in read(tmp_path / "out").blocks()] == [block.content for block in course.doc.blocks()]


SQL = "SELECT * FROM products WHERE price > 20;"


def test_a_star_in_an_answer_of_a_package_is_a_star(session: Session, tmp_path: Path) -> None:
    """As in DemoX: elsewhere answers are compared as they stand, here a star of our own stands for any text."""
    response = f"<stringresponse answer='{SQL.replace('>', '&gt;')}' type='ci'><textline/></stringresponse>"
    files = {"problem/p.xml": f"<problem><p>SQL</p>{response}</problem>", "vertical/v1.xml": '<vertical><problem url_name="p"/></vertical>'}
    with opened(course_folder(tmp_path, files)) as course:
        run, _report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    question = session.execute(select(Question).join(QuizItem, QuizItem.question_id == Question.id)).scalar_one()
    version = assessment.current_version(question)
    asked = assessment.asked_of(version, question.kind)
    given = ("select name from products where price > 20;", SQL.lower(), SQL)
    assert [rules.mark(asked, {"text": text}).share_x1000 for text in given] == [0, 1000, 1000]
    assert showing.expected(version, question.kind, {}) == SQL
    set_committed_value(version, "question", question)
    assert [(one.is_regexp, [answer.text for answer in one.answers]) for one in question_docs(version)] == [(False, [SQL])]
    write_olx(course_doc(make.loaded(run)), tmp_path / "out")
    assert [block.content for block in read(tmp_path / "out").blocks()] == [block.content for block in course.doc.blocks()]


def test_a_package_is_known_again_in_another_language_and_by_its_former_fingerprint(session: Session, tmp_path: Path) -> None:
    """What the report says is in the reader's language, so it may not decide; what was stored before blocks could be hidden still counts."""
    folder = course_folder(tmp_path / "course", {"vertical/v1.xml": '<vertical><html url_name="h1"/><strange url_name="s"/></vertical>'})
    owner = ground.university()

    def take(path: Path) -> tuple[int, dict[str, object]]:
        with opened(path) as course:
            run, report = operations.import_course(opened=course, owner=owner, by=SYSTEM, now=make.NOW)
        return run.id, report

    first, report = take(folder)
    with in_language("en"):
        again, second = take(folder)
    assert (again, second["is_new"], report["unsupported"] != []) == (first, False, True)
    assert not {"files", "fingerprint", "org"} & set(second)
    (folder / "html" / "h1.html").write_text("<p>别的</p>")
    with pytest.raises(operations.CannotImport, match="内容不同"):
        take(folder)


def test_a_package_imported_before_blocks_could_be_hidden_is_known_by_what_was_stored(session: Session, tmp_path: Path) -> None:
    folder, owner = course_folder(tmp_path), ground.university()

    def take() -> tuple[Run, dict[str, object]]:
        with opened(folder) as course:
            return operations.import_course(opened=course, owner=owner, by=SYSTEM, now=make.NOW)

    run, _report = take()
    stored = {key: value for key, value in (run.import_report or {}).items() if key != "files"}
    assert stored["fingerprint"] == STORED
    run.import_report = stored
    session.flush()
    again, report = take()
    assert (again.id, report["is_new"]) == (run.id, False)
    hidden = '<html filename="h1" display_name="导言" visible_to_staff_only="true"/>'
    (folder / "html" / "h1.xml").write_text(hidden)
    with pytest.raises(operations.CannotImport, match="内容不同"):
        take()


def test_a_pool_is_drawn_from_here_and_goes_out_whole(session: Session, tmp_path: Path) -> None:
    run = make.run()
    quiz = make.quiz(make.unit(run), *(make.single(run, f"题 {n}") for n in range(5)), of=run, draw=2)
    doc = course_doc(make.loaded(run))
    write_olx(doc, tmp_path / "out")
    with opened(tmp_path / "out") as course:
        new, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW, code="AGAIN")
    (node,) = queries.outline(new.id).blocks
    block = queries.block_by_id(node.id)
    assert block is not None
    assert (block.kind, block.title, block.settings["draw"], block.weight_x10) == (BlockKind.QUIZ, quiz.title, 2, quiz.weight_x10)
    assert (report["problems"], report["unsupported"], report["warnings"]) == (5, [], [])
    run = make.publish(new)
    row = attempts.start(block=block, person_id=make.enrolment(run).person_id, by=SYSTEM, now=make.NOW)
    found = assessment.attempt_by_id(row.id)
    assert found is not None
    assert len(found.answers) == 2
    assert list(course_doc(make.loaded(run)).blocks()) == list(course.doc.blocks())


def ora(due: datetime | None, reviewed: datetime | None) -> docs.CourseDoc:
    """A course with one open assessment: a rubric of two criteria, three reviews, files."""
    levels = (docs.LevelDoc("p", "差", 0), docs.LevelDoc("g", "好", 3))
    criteria = (docs.CriterionDoc("a", "清楚", "<b>清楚</b>吗", levels), docs.CriterionDoc("b", "没有分值", "", (docs.LevelDoc("x", "x", 0),)))
    steps = (docs.StepDoc("peer-assessment", 3, 2, None, reviewed), docs.StepDoc("self-assessment"))
    work = docs.OpenAssessmentDoc(("<p>写一份方案</p>",), criteria, steps, file_response="optional", due_at=due)
    page = docs.PageDoc("v", "页", (docs.BlockDoc("w", "方案", work),))
    return docs.CourseDoc("ORA", "课", "zh", (docs.SectionDoc("c", "章", (docs.UnitDoc("s", "节", (page,), is_graded=True),)),))


@pytest.mark.parametrize("is_reviewed", [True, False])
def test_an_open_assessment_becomes_an_assignment_with_its_rubric_and_reviews(session: Session, tmp_path: Path, is_reviewed: bool) -> None:
    due = make.NOW + timedelta(days=7)
    write_olx(ora(due, due + timedelta(days=7) if is_reviewed else due - timedelta(days=1)), tmp_path / "in")
    with opened(tmp_path / "in") as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    row = session.scalars(select(Assignment)).one()
    block = session.get_one(Block, row.block_id)
    assert (block.kind, block.is_graded, block.body) == (BlockKind.ASSIGNMENT, True, "<p>写一份方案</p>")
    assert (row.max_x10, row.due_at, row.takes_text, row.max_files > 0) == (30, due, True, True)
    assert [(c["title"], c["description"], [level["points_x10"] for level in c["levels"]]) for c in row.rubric] == [("清楚", "清楚 吗", [30, 0])]
    assert (row.peers, row.peers_needed, row.has_self_review) == ((3, 2, True) if is_reviewed else (0, 1, False))
    reasons = " ".join(one["reason"] for one in report["unsupported"])
    assert ("没有分值" in reasons, "互评没有可用的截止时间" in reasons) == (True, not is_reviewed)
    setup.save(block=block, version=row.version, by=SYSTEM, now=make.NOW, due_at=due - timedelta(days=1))
    out = next(course_doc(make.loaded(run)).blocks()).content
    assert isinstance(out, docs.OpenAssessmentDoc)
    assert (out.due_at, [step.name for step in out.steps][:1]) == (
        due - timedelta(days=1),
        ["peer-assessment" if is_reviewed else "staff-assessment"],
    )


def right_answer(answer: AttemptAnswer) -> dict[str, object]:
    """What the author holds for right."""
    data = answer.version.data
    right = [o["key"] for o in data["options"] if o["is_correct"]]
    if answer.version.question.kind is QuestionKind.MULTIPLE:
        return {"choices": right}
    return {"choice": right[0]} if right else {"text": data["answers"][0]["text"] if data["answers"] else data.get("expression") or "我的回答"}


def test_an_imported_course_can_be_published_and_completed(session: Session) -> None:
    run, _report = taken_in(session)
    run = make.publish(run)
    row = make.enrolment(run)
    for node in queries.outline(run.id, only_published=True).blocks:
        block = queries.block_by_id(node.id)
        assert block is not None
        if block.kind is BlockKind.QUIZ:
            attempt = attempts.start(block=block, person_id=row.person_id, by=SYSTEM, now=make.NOW)
            loaded = assessment.attempt_by_id(attempt.id)
            assert loaded is not None
            given = {answer.position: right_answer(answer) for answer in loaded.answers}
            done, _ = attempts.submit(attempt_id=attempt.id, responses=given, by=SYSTEM, now=make.NOW)
            if done.score_x10 is None:
                done = attempts.grade(
                    attempt_id=attempt.id, points={a.position: a.points_x10 * 10 for a in loaded.answers}, feedback={}, by=SYSTEM, now=make.NOW
                )
            assert (block.title, done.score_x10) == (block.title, 1000)
            learning.note_attempt(enrolment=row, attempt=done, by=SYSTEM, now=make.NOW)
        elif block.is_required:
            learning.mark_done(enrolment=row, block=block, by=SYSTEM, now=make.NOW)
    grades.hand_down(run_id=run.id, enrolment_ids=[row.id], by=SYSTEM, now=make.NOW)  # the package says how it is marked
    assert row.state is EnrolmentState.COMPLETED


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("javascript:alert(1)", BlockKind.UNKNOWN),
        ("data:text/html,x", BlockKind.UNKNOWN),
        ("https://example.edu.cn/a.pdf", BlockKind.FILE),
        ("/static/a.pdf", BlockKind.FILE),
    ],
)
def test_an_address_that_no_browser_may_open_is_dropped_and_named(session: Session, tmp_path: Path, url: str, kind: BlockKind) -> None:
    page = f'<vertical display_name="第一页"><pdf url_name="d1" display_name="讲义" url="{url}"/></vertical>'
    with opened(course_folder(tmp_path, {"vertical/v1.xml": page})) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    (block,) = session.scalars(select(Block).where(Block.run_id == run.id, Block.title == "讲义"))
    assert block.kind is kind
    is_kept = kind is BlockKind.FILE
    assert block.settings.get("url", "") == (url if is_kept else "")
    assert (url in str(report)) is not is_kept
    write_olx(course_doc(make.loaded(run)), tmp_path / "out", asset=asset_reader(make.loaded(run)))  # it goes out again all the same


def test_a_video_whose_address_is_none_says_so(session: Session, tmp_path: Path) -> None:
    video = '<video url_name="f1" display_name="片" youtube_id_1_0=""><source src="javascript:alert(1)"/></video>'
    with opened(course_folder(tmp_path, {"vertical/v1.xml": f'<vertical display_name="第一页">{video}</vertical>'})) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    (block,) = session.scalars(select(Block).where(Block.run_id == run.id, Block.kind == BlockKind.VIDEO))
    assert block.settings["source"] == ""
    assert "javascript:" in str(report)


def test_a_code_of_another_course_is_refused(session: Session) -> None:
    with opened(SINK) as course:
        make.course(code=operations._clean(course.doc.code, 60, "x"))
        with pytest.raises(operations.CannotImport) as refused:
            operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW)
    assert refused.value.code == "code_taken"
    assert "--code" not in refused.value.message  # a page has a field for it


def lecturer_at(owner: Organisation) -> Identity:
    grant = Grant(Role.LECTURER, ScopeKind.ORGANISATION, owner.id)
    return Identity(account_id=1, person_id=ground.person().id, name="教师", grants=(grant,))


def test_a_run_of_a_known_course_is_brought_only_by_who_may_make_courses_of_its_owner(session: Session, tmp_path: Path) -> None:
    """A package names its organisation itself, so that proves nothing: who brings a run would lead it."""
    first, second = course_folder(tmp_path / "a"), course_folder(tmp_path / "b")
    (second / "course.xml").write_text((second / "course.xml").read_text().replace('url_name="', 'url_name="later-'))
    (second / "course").mkdir(exist_ok=True)
    for one in list((second / "course").glob("*.xml")):
        one.rename(one.with_name(f"later-{one.name}"))
    owner, other = ground.university(), ground.university()

    def take(path: Path, by: Identity, own: Organisation) -> Run:
        with opened(path) as course:
            return make.loaded(operations.import_course(opened=course, owner=own, by=by, now=make.NOW, staff=[by.person_id or 0])[0])

    run = take(first, lecturer_at(owner), owner)
    for path in (first, second):
        with pytest.raises(operations.CannotImport) as refused:
            take(path, lecturer_at(other), other)
        assert refused.value.code == "code_taken"
    with pytest.raises(operations.CannotImport):  # a colleague who is not of the course's team either: who leads a run reads the questions
        take(second, lecturer_at(owner), owner)
    lead = run.staff[0].person_id
    later = take(second, replace(lecturer_at(owner), person_id=lead), owner)
    assert (later.course_id, later.id != run.id) == (run.course_id, True)


def test_every_content_survives_freezing() -> None:
    for block in read(SINK).blocks():
        assert thaw(json.loads(json.dumps(freeze(block.content)))) == block.content


def run_command(app: Flask, *arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(main, ["courses", *arguments, "--json"], obj={"create_app": lambda: app})
    return result.exit_code, json.loads(result.stdout)


def test_the_command_imports_lists_exports_and_refuses(app: Flask, session: Session, tmp_path: Path) -> None:
    code, report = run_command(app, "import", str(SINK))
    assert (code, report["verticals"]) == (0, read(SINK).counts.verticals)
    code, listed = run_command(app, "list")
    assert [row["code"] for row in listed["courses"]] == [report["code"]]  # type: ignore[index, union-attr]
    code, made = run_command(app, "export", str(report["code"]), "--format", "olx", "--out", str(tmp_path / "out"))
    assert (code, made["course"]) == (0, report["code"])
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "course.xml").write_text("<course url_name=")
    code, answer = run_command(app, "import", str(broken))
    assert code == 1
    assert answer["error"]["code"]  # type: ignore[index]
    make.course(code="TAKEN-1")
    code, answer = run_command(app, "import", str(SINK), "--code", "TAKEN-1")
    assert (code, answer["error"]["code"], "--code" in answer["error"]["message"]) == (1, "code_taken", True)  # type: ignore[index]
    assert run_command(app, "export", "nothing", "--out", str(tmp_path / "no"))[0] == 1
    assert session.scalar(select(func.count()).select_from(Course)) == 2


def test_a_broken_package_leaves_nothing(session: Session, tmp_path: Path) -> None:
    (tmp_path / "x.tar.gz").write_bytes(b"not a package")
    with pytest.raises(PackageRefused), opened(tmp_path / "x.tar.gz"):
        pass
    assert session.scalar(select(func.count()).select_from(Unit)) == 0


def test_a_page_of_a_package_that_nests_too_deep_is_named(app: Flask, session: Session, tmp_path: Path) -> None:
    make_ = {"course.xml": '<course org="X" course="C1" url_name="r"/>', "course/r.xml": '<course><chapter url_name="c"/></course>'}
    make_ |= {"chapter/c.xml": '<chapter><sequential><vertical><html url_name="h"/></vertical></sequential></chapter>'}
    make_ |= {"html/h.xml": '<html filename="h"/>', "html/h.html": "<div>" * 100_000}
    for name, text in make_.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    owner = ground.university()
    session.commit()
    code, answer = run_command(app, "import", str(tmp_path), "--owner", owner.code)
    assert (code, answer["error"]["code"]) == (1, "too_tangled")  # type: ignore[index]
    assert "html/h：" in answer["error"]["message"]  # type: ignore[index]
    assert session.scalar(select(func.count()).select_from(Course)) == 0


def test_blocks_of_ours_go_out_with_their_files_and_pass_the_checker(tmp_path: Path, session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    film = files.keep_bytes(b"film", name="a b.mp4", kind="course", media_type="video/mp4", by=SYSTEM, now=make.NOW)
    words = files.keep_bytes(b"WEBVTT", name="zh.vtt", kind="course", media_type="text/vtt", by=SYSTEM, now=make.NOW)
    sheet = files.keep_bytes("表".encode(), name="表.txt", kind="course", media_type="text/plain", by=SYSTEM, now=make.NOW)
    add = functools.partial(content.add_block, unit=unit, by=SYSTEM, now=make.NOW)
    add(kind=BlockKind.VIDEO, title="片", file_id=film.id, settings={"duration": 5, "captions": [{"file": words.id, "lang": "zh"}]})
    add(kind=BlockKind.FILE, title="表", file_id=sheet.id)
    add(kind=BlockKind.POLL, title="选", settings={"options": ["甲", "乙"]})
    at = {"starts_at": "2026-03-02T01:00:00+00:00", "ends_at": "2026-03-02T02:00:00+00:00"}
    add(kind=BlockKind.LIVE, title='课 <"&', settings={"url": "https://live.example.cn/?a=1&b=2", **at})
    add(kind=BlockKind.TEXT, title="文", body="![图](/static/p.png)")
    content.add_asset(run=run, name="p.png", file=sheet, by=SYSTEM, now=make.NOW)
    whole = make.loaded(run)
    out = tmp_path / "olx"
    write_olx(course_doc(whole), out, asset=asset_reader(whole))
    assert sorted(path.read_bytes() for path in (out / "static").iterdir()) == sorted([b"film", b"WEBVTT", "表".encode(), "表".encode()])
    doc = read(out)
    film_out, sheet_out, poll_out, live_out, text_out = (block.content for block in doc.blocks())
    assert isinstance(film_out, docs.VideoDoc)
    assert film_out.sources[0].endswith("a_b.mp4")
    assert (out / "static" / film_out.sources[0].removeprefix("/static/")).read_bytes() == b"film"
    assert dict(film_out.transcripts)["zh"].endswith("zh.vtt")
    assert isinstance(sheet_out, docs.FileDoc)
    assert isinstance(poll_out, docs.PollDoc)
    assert [label for _code, label in poll_out.options] == ["甲", "乙"]
    assert "https://live.example.cn/?a=1&amp;b=2" in repr(live_out)
    assert "/static/p.png" in repr(text_out)
    found = subprocess.run([Path(sys.executable).with_name("edx-cleaner"), "-c", "course.xml"], cwd=out, capture_output=True, text=True, check=False)
    assert "ERRORs" not in found.stdout, found.stdout
    assert found.returncode == 0


def test_a_package_from_the_page_names_what_others_will_not_show(as_role: Callable[..., FlaskClient], session: Session, tmp_path: Path) -> None:
    session.expire_on_commit = False
    lead = ground.person()
    run = make.run(lead=lead)
    unit = make.unit(run)
    poll = content.add_block(unit=unit, kind=BlockKind.POLL, title="选", settings={"options": ["甲", "乙"]}, by=SYSTEM, now=make.NOW)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    packed = tmp_path / "course.tar.gz"
    packed.write_bytes(author.get(f"/teaching/runs/{run.id}/olx.tar.gz").data)
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path)  # our own package; Debian's Python 3.11.2 knows no filters yet
    out = tmp_path / "course"
    notes = (out / "export-notes.txt").read_text(encoding="utf-8").splitlines()
    assert [poll.key in note and "以网页形式" in note for note in notes] == [True]
    assert [block.title for block in read(packed).blocks()] == ["选"]
    found = subprocess.run([Path(sys.executable).with_name("edx-cleaner"), "-c", "course.xml"], cwd=out, capture_output=True, text=True, check=False)
    assert (found.returncode, "ERRORs" in found.stdout) == (0, False), found.stdout


def test_a_large_package_is_packed_by_a_job(as_role: Callable[..., FlaskClient], session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    session.expire_on_commit = False
    lead, other = ground.person(), ground.person()
    run = make.run(lead=lead)
    make.text(make.unit(run), title="导言")
    kept = files.keep_bytes(b"x" * 100, name="a.txt", kind="course", media_type="text/plain", by=SYSTEM, now=make.NOW)
    content.add_asset(run=run, name="a.txt", file=kept, by=SYSTEM, now=make.NOW)
    session.commit()
    author = as_role(Role.LECTURER, organisation_id=run.course.owner_id, person_id=lead.id)
    monkeypatch.setattr(packing, "LARGE", 100)
    assert author.get(f"/teaching/runs/{run.id}/olx.tar.gz").status_code == 200, "as much as a request packs"
    monkeypatch.setattr(packing, "LARGE", 99)
    where = f"/teaching/runs/{run.id}/package"
    assert author.get(f"/teaching/runs/{run.id}/olx.tar.gz").headers["Location"].endswith(where)
    assert author.get(f"{where}/file").status_code == 404
    for _n in range(2):
        assert author.post(where).status_code == 303
    assert len(session.scalars(select(jobs.Job).where(jobs.Job.task == packing.TASK)).all()) == 1
    assert "生成课程包" not in author.get(where).text, "it is being made"
    assert jobs.run_all() == 1
    assert f"{where}/file" in author.get(where).text
    sent = author.get(f"{where}/file")
    assert "max-age" not in sent.headers["Cache-Control"], "packed again it has the same address"
    with tarfile.open(fileobj=io.BytesIO(sent.data)) as archive:
        assert {"course/course.xml", "course/static/a.txt"} <= set(archive.getnames())
    assert as_role(Role.LECTURER, person_id=other.id).get(f"{where}/file").status_code in {403, 404}
