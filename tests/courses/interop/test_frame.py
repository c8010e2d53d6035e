"""What stands around a course comes in and goes out with it: dates, marks, cover, announcements, handouts; the rest is named."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from courses.catalogue import queries
from courses.catalogue.markup import plain
from courses.catalogue.models import Block, Run, RunStaff, Section, Unit
from courses.catalogue.operations import content
from courses.catalogue.types import Access, BlockKind, BodyFormat, Condition, ConditionKind, MoveTo
from courses.gradebook import queries as gradebook
from courses.gradebook.operations import books
from courses.gradebook.types import Scale
from courses.interop import frame, frame_out, operations
from courses.interop.formats import opened
from courses.interop.frame_types import GraderDoc
from courses.interop.olx.reader import read_olx
from courses.interop.olx.writer import write_olx
from courses.interop.putting_out import asset_reader, course_doc
from courses.messages.models import Announcement
from tests.courses.interop.courses_for_tests import OXA, course_folder
from tests.factories import courses as make
from tests.factories import ground
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role
from trainhub.notifications.models import Notice

AsRole = Callable[..., FlaskClient]
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
CHOICE = '<problem><multiplechoiceresponse><choicegroup><choice correct="true">a</choice><choice correct="false">b</choice></choicegroup></multiplechoiceresponse></problem>'
HEAD = {
    "display_name": "软件工程",
    "start": "2026-09-01T00:00:00Z",
    "end": "2027-01-15T15:59:59Z",
    "enrollment_start": "2026-08-01T00:00:00Z",
    "enrollment_end": "2026-09-10T15:59:59Z",
    "course_image": "cover.png",
    "self_paced": True,
    "teams_configuration": {"max_team_size": 10, "topics": []},
    "user_partitions": [{"id": 1, "name": "A"}],
}
GRADING = {
    "GRADER": [
        {"type": "作业", "weight": 0.4, "min_count": 2, "drop_count": 1, "short_label": "HW"},
        {"type": "考试", "weight": 0.6, "min_count": 1, "drop_count": 0, "short_label": "Exam"},
    ],
    "GRADE_CUTOFFS": {"优秀": 0.85, "合格": 0.55},
}
NEWS = [
    {"id": 2, "date": "November 12, 2025", "content": '<p>第二条 <img src="/static/cover.png" alt="图"></p>', "status": "visible"},
    {"id": 1, "date": "November 5, 2025", "content": "<p>第一条<script>x()</script></p>", "status": "visible"},
    {"id": 3, "date": "November 13, 2025", "content": "<p>撤回</p>", "status": "deleted"},
]
FILES: dict[str, str | bytes] = {
    "chapter/c1.xml": '<chapter display_name="第一章"><sequential url_name="s1"/><sequential url_name="s2"/><sequential url_name="s3"/></chapter>',
    "sequential/s1.xml": '<sequential display_name="练习一" graded="true" format="作业"><vertical url_name="v1"/></sequential>',
    "sequential/s2.xml": '<sequential display_name="练习二" graded="true" format="作业"><vertical url_name="v2"/></sequential>',
    "sequential/s3.xml": '<sequential display_name="期末" graded="true" format="考试"><vertical url_name="v3"/></sequential>',
    "vertical/v1.xml": '<vertical><html url_name="h1"/><problem url_name="p1"/><problem url_name="p2"/></vertical>',
    "vertical/v2.xml": '<vertical><problem url_name="p3"/></vertical>',
    "vertical/v3.xml": '<vertical><problem url_name="p4"/></vertical>',
    **{f"problem/p{n}.xml": CHOICE for n in range(1, 5)},
    "policies/run1/policy.json": json.dumps({"course/run1": HEAD}),
    "policies/run1/grading_policy.json": json.dumps(GRADING),
    "info/updates.items.json": json.dumps(NEWS),
    "info/handouts.html": '<ol><li><a href="/static/notes.txt">讲义</a></li></ol>',
    "about/overview.html": "<p>概况</p>",
    "about/effort.html": "每周 4 小时",
    "about/video.html": "",
    "static/cover.png": PNG,
    "static/notes.txt": b"notes",
}


def take_in(folder: Path, code: str = "") -> tuple[Run, dict[str, Any]]:
    with opened(folder) as course:
        run, report = operations.import_course(opened=course, owner=ground.university(), by=SYSTEM, now=make.NOW, code=code)
    return make.loaded(run), report


def marking(run: Run) -> list[tuple[str, int, int, list[tuple[str, int]]]]:
    book = gradebook.book_of(run.id)
    assert book is not None
    keys = {block.id: block.key for block in queries.blocks_of_run(run.id)}
    columns = gradebook.columns_of(book.id)
    return [
        (row.name, row.weight_x10, row.drop_lowest, [(keys[c.block_id or 0], c.weight_x10) for c in columns if c.category_id == row.id])
        for row in gradebook.categories_of(book.id)
    ]


def test_what_stands_around_the_content_is_taken_in(session: Session, tmp_path: Path) -> None:
    run, report = take_in(course_folder(tmp_path / "in", FILES))
    assert (run.starts_on, run.ends_on, run.enrol_from, run.enrol_until) == (
        date(2026, 9, 1),
        date(2027, 1, 15),
        date(2026, 8, 1),
        date(2026, 9, 10),
    )
    assert run.pass_mark_x10 == 550
    book = gradebook.book_of(run.id)
    assert book is not None
    assert Scale.of(book.scale).bands == ((850, "优秀"), (550, "合格"), (0, "不合格"))
    # Two assignments weigh the same, whatever stands in them; "drop one" is said to mean something else here.
    assert marking(run) == [("作业", 400, 1, [("p1", 500), ("p2", 500), ("p3", 1000)]), ("考试", 600, 0, [("p4", 1000)])]
    assert run.course.cover_file_id is not None
    assert files.read(session.get_one(files.StoredFile, run.course.cover_file_id)) == PNG
    told = session.scalars(select(Announcement).where(Announcement.run_id == run.id).order_by(Announcement.id)).all()
    assert [(row.title, row.published_at and row.published_at.date(), row.told) for row in told] == [
        ("第一条", date(2025, 11, 5), 0),
        ("第二条", date(2025, 11, 12), 0),
    ]
    assert f'src="/learning/runs/{run.id}/assets/cover.png"' in told[1].body_html
    assert "script" not in told[0].body_html
    assert session.scalars(select(Notice)).all() == []
    handouts = session.scalars(select(Block).where(Block.run_id == run.id, Block.title == "课程资料")).one()
    assert f'href="/learning/runs/{run.id}/assets/notes.txt"' in handouts.body_html
    words = "\n".join(report["warnings"])
    assert "about/effort.html" in words
    assert "about/video.html" not in words
    assert "self_paced" in words
    assert "user_partitions" in words
    assert "teams_configuration" not in words
    assert "按内容块去掉" in words
    assert len(report["warnings"]) == 3


@pytest.mark.parametrize("which", ["made", "real"])
def test_it_goes_out_and_comes_in_again_the_same(session: Session, tmp_path: Path, which: str) -> None:
    run, _report = take_in(course_folder(tmp_path / "in", FILES) if which == "made" else OXA)
    first = course_doc(run)
    write_olx(first, tmp_path / "out", asset=asset_reader(run))
    again, _again = take_in(tmp_path / "out", code="AGAIN")
    second = course_doc(again)
    for name in ("starts_at", "ends_at", "enrols_from", "enrols_until", "image", "grading", "news", "handouts", "overview", "summary"):
        one, other = getattr(first, name), getattr(second, name)
        assert (other.strip(), name) == (one.strip(), name) if isinstance(one, str) else other == one
    assert [(u.key, u.is_graded, u.assignment) for s in second.sections for u in s.units] == [
        (u.key, u.is_graded, u.assignment) for s in first.sections for u in s.units
    ]
    assert (again.pass_mark_x10, again.enrol_from, again.enrol_until, again.ends_on) == (
        run.pass_mark_x10,
        run.enrol_from,
        run.enrol_until,
        run.ends_on,
    )
    # Weights are relative here and shares of one elsewhere.
    counted = [row for row in marking(run) if any(weight for _key, weight in row[3])]
    shares = frame_out.split_whole([row[1] for row in counted])
    assert marking(again)[: len(counted)] == [(name, share, drop, of) for (name, _weight, drop, of), share in zip(counted, shares, strict=True)]
    assert [row.name for row in second.assets] == [row.name for row in first.assets]


def test_a_second_run_keeps_what_it_calls_itself(session: Session, tmp_path: Path) -> None:
    first, _report = take_in(course_folder(tmp_path / "in", FILES))
    doc = replace(course_doc(first), run="run2", title="软件工程（英文班）", language="en", summary="英文班", overview="")
    write_olx(doc, tmp_path / "out", asset=asset_reader(first))
    second, report = take_in(tmp_path / "out")
    assert second.course_id == first.course_id
    assert (second.title, second.language, second.summary) == ("软件工程（英文班）", "en", "英文班")
    assert (first.title, first.own_title, make.loaded(first).language) == ("软件工程", None, first.course.language)
    assert any("封面图保持不变" in one for one in report["warnings"])
    assert course_doc(second).title == "软件工程（英文班）"


def test_a_block_that_learners_do_not_see_stays_hidden(session: Session, tmp_path: Path) -> None:
    """Answers for the staff, kept as a hidden text beside a quiz, must not be shown by the next platform."""
    run = make.run(code="run1")
    unit = make.unit(run)
    parts = [make.text(unit, title="给学员"), make.text(unit, title="给教师"), make.quiz(unit, of=run), make.video(unit), make.discussion(unit)]
    for block in parts[1:]:
        content.publish(part=block, is_published=False, by=SYSTEM, now=make.NOW)
    run = make.loaded(run)
    write_olx(course_doc(run), tmp_path / "out", asset=asset_reader(run))
    again, _report = take_in(tmp_path / "out", code="AGAIN")
    assert [(b.kind, b.is_published) for b in queries.blocks_of_run(again.id)] == [(b.kind, b.is_published) for b in parts]
    checker = pytest.importorskip("olxcleaner")
    _course, store, _names = checker.validate(str(tmp_path / "out" / "course.xml"))
    assert [error.description for error in store.errors if error.level == "ERROR"] == []


def test_conditions_that_do_not_go_out_are_named(session: Session) -> None:
    run = make.run()
    first, second = make.unit(run, title="入门"), make.unit(run, title="进阶")
    make.text(first)
    opens = Access((Condition(ConditionKind.DONE, f"unit:{first.key}"),))
    content.update_part(part=second, version=None, by=SYSTEM, now=make.NOW, access=opens.plain())
    assert course_doc(make.loaded(run)).warnings == ("访问条件没有导出，其他平台上对所有学员开放：进阶",)


def handouts_of(run: Run) -> tuple[Section, Unit, Block]:
    section = next(row for row in queries.sections_of(run.id) if row.key.startswith(frame.HANDOUTS))
    (unit,) = queries.units_of(section.id)
    (block,) = queries.blocks_of(unit.id)
    return section, unit, block


def parts_of(run: Run) -> list[tuple[str, bool, list[tuple[str, bool, list[tuple[str, str, str]]]]]]:
    """Everything that can be read in a run."""
    return [
        (
            s.title,
            s.is_published,
            [
                (u.title, u.is_published, [(b.kind.value, b.title, plain(b.body_html)) for b in queries.blocks_of(u.id)])
                for u in queries.units_of(s.id)
            ],
        )
        for s in queries.sections_of(run.id)
    ]


def test_words_that_an_author_changed_in_the_handouts_stay_handouts(session: Session, tmp_path: Path) -> None:
    run, _report = take_in(course_folder(tmp_path / "in", FILES))
    _section, _unit, block = handouts_of(run)
    content.update_block(block=block, version=None, by=SYSTEM, now=make.NOW, body="新的**讲义**", body_format=BodyFormat.MARKDOWN)
    doc = course_doc(run)
    assert "<strong>讲义</strong>" in doc.handouts
    assert [section.title for section in doc.sections] == ["第一章"]


def add_text(run: Run) -> None:
    make.text(handouts_of(run)[1], body="补充阅读", title="延伸")


def add_quiz(run: Run) -> None:
    make.quiz(handouts_of(run)[1], of=run)


def add_unit(run: Run) -> None:
    make.text(make.unit(run, handouts_of(run)[0], title="下载"), body="清单")


def rename_section(run: Run) -> None:
    content.update_part(part=handouts_of(run)[0], version=None, by=SYSTEM, now=make.NOW, title="教材与工具")


def rename_unit(run: Run) -> None:
    content.update_part(part=handouts_of(run)[1], version=None, by=SYSTEM, now=make.NOW, title="教材")


def rename_block(run: Run) -> None:
    content.update_block(block=handouts_of(run)[2], version=None, by=SYSTEM, now=make.NOW, title="教材")


def hide(run: Run) -> None:
    content.publish(part=handouts_of(run)[1], is_published=False, by=SYSTEM, now=make.NOW)


def open_later(run: Run) -> None:
    content.update_part(part=handouts_of(run)[1], version=None, by=SYSTEM, now=make.NOW, release_at=datetime(2026, 10, 1, tzinfo=UTC))


def move_up(run: Run) -> None:
    content.move(part=handouts_of(run)[0], to=MoveTo.UP, by=SYSTEM, now=make.NOW)


def empty(run: Run) -> None:
    content.remove(part=handouts_of(run)[2], by=SYSTEM, now=make.NOW)


@pytest.mark.parametrize("change", [add_text, add_quiz, add_unit, rename_section, rename_unit, rename_block, hide, open_later, move_up, empty])
def test_what_an_author_makes_of_the_handouts_goes_out_and_comes_in_again(session: Session, tmp_path: Path, change: Callable[[Run], None]) -> None:
    """The page of handouts of another platform is one text that everybody reads: whatever is more goes out as a chapter."""
    run, _report = take_in(course_folder(tmp_path / "in", FILES))
    change(run)
    session.expire_all()
    run = make.loaded(run)
    doc = course_doc(run)
    assert doc.handouts == ""
    write_olx(doc, tmp_path / "out", asset=asset_reader(run))
    again, _again = take_in(tmp_path / "out", code="AGAIN")
    assert parts_of(again) == parts_of(run)
    assert [u.release_at for s in queries.sections_of(again.id) for u in queries.units_of(s.id)] == [
        u.release_at for s in queries.sections_of(run.id) for u in queries.units_of(s.id)
    ]
    # The second time nothing changes any more, and handouts that somebody writes beside the chapter come in too.
    write_olx(course_doc(again), tmp_path / "more", asset=asset_reader(again))
    (tmp_path / "more/info").mkdir(exist_ok=True)
    (tmp_path / "more/info/handouts.html").write_text("<p>另写的讲义</p>", encoding="utf-8")
    third, _third = take_in(tmp_path / "more", code="THIRD")
    assert parts_of(third) == [*parts_of(run), ("课程资料", True, [("课程资料", True, [("text", "课程资料", "另写的讲义")])])]
    assert course_doc(third).handouts == "<p>另写的讲义</p>"
    assert [s.title for s in course_doc(third).sections] == [s.title for s in queries.sections_of(run.id)]


def test_what_goes_out_passes_the_public_checker(session: Session, tmp_path: Path) -> None:
    checker = pytest.importorskip("olxcleaner")
    run, _report = take_in(course_folder(tmp_path / "in", FILES))
    write_olx(course_doc(run), tmp_path / "out", asset=asset_reader(run))
    _course, store, _names = checker.validate(str(tmp_path / "out" / "course.xml"))
    assert [error.description for error in store.errors if error.level == "ERROR"] == []
    assert read_olx(tmp_path / "out").grading.graders == (GraderDoc("作业", 400, 2, 1), GraderDoc("考试", 600, 1, 0))
    assert read_olx(tmp_path / "out").grading.cutoffs == (("优秀", 850), ("合格", 550))


def test_a_real_course_brings_its_marks_and_dates(session: Session) -> None:
    run, report = take_in(OXA)
    assert run.pass_mark_x10 == 300
    assert [row[:3] for row in marking(run)][:2] == [("Midterm Exam", 300, 0), ("Final Exam", 400, 0)]
    assert any("70%" in one for one in report["warnings"])
    assert any("about/effort.html" in one for one in report["warnings"])


def test_days_and_pictures_that_cannot_be_are_said(session: Session, tmp_path: Path) -> None:
    head = {**HEAD, "end": "2026-08-01T00:00:00Z", "enrollment_end": "2026-07-01T00:00:00Z"}
    changed = {**FILES, "policies/run1/policy.json": json.dumps({"course/run1": head}), "static/cover.png": b"no picture"}
    run, report = take_in(course_folder(tmp_path, changed))
    assert (run.ends_on, run.enrol_from, run.enrol_until, run.course.cover_file_id) == (None, None, None, None)
    words = "\n".join(report["warnings"])
    for part in ("结束日期 2026-08-01 早于开始日期 2026-09-01", "报名截止 2026-07-01 早于报名开始 2026-08-01", "封面图 cover.png 不是"):
        assert part in words


def test_old_announcements_without_a_list_are_found_in_their_page(session: Session, tmp_path: Path) -> None:
    page = "<ol><li><h2>September 2, 2025</h2><p>新</p></li><li><h2>September 1, 2025</h2>旧</li></ol>"
    changed = {name: text for name, text in FILES.items() if not name.startswith("info/")} | {
        "info/updates.html": page,
        "info/handouts.html": "<ol></ol>",
    }
    doc = read_olx(course_folder(tmp_path, changed))
    assert [(one.html, one.at and one.at.date()) for one in doc.news] == [("旧", date(2025, 9, 1)), ("<p>新</p>", date(2025, 9, 2))]
    assert doc.handouts == ""


@pytest.mark.parametrize(
    ("bands", "mark", "cutoffs"),
    [
        ((), 700, (("Pass", 700),)),
        (((900, "优"), (600, "及格"), (0, "不及格")), 600, (("优", 900), ("及格", 600))),
        (((900, "优"), (600, "及格"), (0, "不及格")), 650, (("优", 900), ("及格", 650))),
        (((900, "优"), (600, "及格"), (0, "不及格")), 500, (("优", 900), ("及格", 500))),
        (((900, "优"), (600, "及格"), (0, "不及格")), 900, (("优", 900),)),
        (((900, "优"), (600, "及格"), (0, "不及格")), 950, (("优", 950),)),
    ],
)
def test_the_lowest_grade_that_goes_out_is_the_pass_mark(bands: tuple[tuple[int, str], ...], mark: int, cutoffs: tuple[tuple[str, int], ...]) -> None:
    assert frame_out.cutoffs_of(Scale("x", bands), mark) == cutoffs


@pytest.mark.parametrize(("weights", "shares"), [([], []), ([1, 1, 1], [334, 333, 333]), ([300, 400], [429, 571]), ([1000], [1000])])
def test_weights_go_out_as_shares_of_one(weights: list[int], shares: list[int]) -> None:
    assert frame_out.split_whole(weights) == shares


def test_the_scale_of_a_package_stays_until_another_is_chosen(session: Session, tmp_path: Path) -> None:
    run, _report = take_in(course_folder(tmp_path, FILES))
    book = gradebook.book_of(run.id)
    assert book is not None
    kept: dict[str, Any] = {"book": book, "version": None, "missing_is_zero": True, "shows_total": True, "by": SYSTEM, "now": make.NOW}
    books.configure(**kept, scale="own")
    assert Scale.of(book.scale).label(900) == "优秀"
    books.configure(**kept, scale="five")
    assert Scale.of(book.scale).label(900) == "优"


def test_what_other_platforms_show_otherwise_is_named(session: Session) -> None:
    run = make.run()
    unit = make.unit(run)
    times = {"starts_at": "2026-10-01T08:00:00+00:00", "ends_at": "2026-10-01T09:00:00+00:00"}
    live = {"url": "https://live.example.cn/1", **times}
    content.add_block(unit=unit, kind=BlockKind.LIVE, settings=live, title="周三直播", by=SYSTEM, now=make.NOW)
    make.quiz(unit, make.single(run), of=run)
    notes = course_doc(make.loaded(run)).warnings
    assert any("周三直播" in note for note in notes)
    assert any("没有成绩册" in note for note in notes)


def test_the_report_stays_with_the_run_also_of_a_command(as_role: AsRole, session: Session) -> None:
    run, report = take_in(OXA)
    plain = make.run(run.course)
    who = ground.person()
    session.add_all([RunStaff(run_id=run.id, person_id=who.id), RunStaff(run_id=plain.id, person_id=who.id)])
    session.commit()
    author, other = as_role(Role.LECTURER, person_id=who.id), as_role(Role.LECTURER)
    session.commit()
    where = f"/teaching/runs/{run.id}/import-report"
    assert where in author.get(f"/teaching/runs/{run.id}/settings").text
    assert where in author.get(f"/teaching/runs/{run.id}").text
    page = html.unescape(author.get(where).text)
    assert all(text in page for text in report["warnings"])
    assert all(row["block"] in page for row in report["unsupported"])
    assert author.get(f"/teaching/runs/{plain.id}/import-report").status_code == 404
    assert "import-report" not in author.get(f"/teaching/runs/{plain.id}/settings").text
    assert other.get(where).status_code == 403
