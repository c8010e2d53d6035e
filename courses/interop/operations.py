"""A course in from a package, all or nothing; a run out as a package."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.assessment.models import Question, QuestionVersion, QuizItem
from courses.assessment.operations.bank import version_data
from courses.assignments.models import Assignment
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import ASSETS, TooTangled, lost, to_html
from courses.catalogue.models import Block, Course, Run, RunAsset, Section, Unit
from courses.catalogue.operations import offerings
from courses.catalogue.types import BlockKind, BodyFormat, StaffRole
from courses.interop import frame, taking_in
from courses.interop import types as docs
from courses.interop.formats import OpenCourse
from courses.interop.packages import PackageRefused
from courses.interop.report import import_report
from courses.interop.subtitles import MOST, as_webvtt
from courses.permissions import Can
from trainhub.kernel import audit, files, sniff
from trainhub.kernel.access import Identity, may
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.organisations import operations as organisations
from trainhub.organisations import queries as organisation_queries
from trainhub.organisations.models import Organisation
from trainhub.organisations.types import OrganisationKind

PLATFORM = "trainhub-courses"
MAX_ASSET = 128 << 20
MAX_TITLE = 200


class CannotImport(Refused):
    """The course cannot be taken in; nothing of it stays."""

    code = "cannot_import"


def owner_for(doc: docs.CourseDoc, *, by: Identity, now: datetime) -> Organisation:
    """Who owns a course imported without saying: the organisation of the package's `org`, else the platform's own."""
    known = organisation_queries.by_code(doc.org) if doc.org else None
    known = known or organisation_queries.by_code(PLATFORM)
    if known is not None:
        return known
    return organisations.register(code=PLATFORM, kind=OrganisationKind.SOCIAL_EDUCATION, name=_("平台课程中心"), by=by, now=now)


def _clean(code: str, most: int, instead: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9._-]+", "-", code).strip("-._")[:most]
    return cleaned or instead


@dataclass(frozen=True, slots=True)
class Ahead:
    """What was done of an import before its transaction: the fingerprint of the package, its files in the store, by their names."""

    digest: str
    contents: Mapping[str, files.Content]


def put_ahead(opened: OpenCourse) -> Ahead:
    """Read and store the files of a package, gigabytes perhaps, while no transaction is open: on SQLite whoever writes would wait for it."""
    contents = {}
    for asset in opened.doc.assets:
        if _is_taken(asset):
            with opened.file(asset).open("rb") as file:
                contents[asset.name] = files.put_ahead(file)
    return Ahead(opened.digest(), contents)


def _is_taken(asset: docs.AssetDoc) -> bool:
    return asset.size <= MAX_ASSET and len(asset.name) <= 255


def import_course(
    *, opened: OpenCourse, owner: Organisation, by: Identity, now: datetime, code: str = "", staff: Iterable[int] = (), ahead: Ahead | None = None
) -> tuple[Run, dict[str, Any]]:
    """Make a draft run of an opened package, and its course unless the code is known. Returns the run and the contract's report.
    `ahead`: what `put_ahead` has done of it.

    The same package again (the same files, or what was read of them) answers the known run and changes nothing. Refuses a code that belongs to another course,
    and, whatever owner was picked and whatever the package calls itself, a course of which `by` may not make runs: a run brings seats at the owner and the questions
    of the course.
    """
    doc = opened.doc
    marks = {"fingerprint": hashlib.sha256(repr(doc).encode()).hexdigest(), "files": opened.digest() if ahead is None else ahead.digest}
    own_code, run_code = _clean(code or doc.code, 60, "course"), _clean(doc.run, 40, "1")
    course = catalogue.course_by_code(own_code)
    if course is not None and not _may_add_run(course, by):
        raise _taken(own_code)
    known = catalogue.run_by_codes(own_code, run_code) if course is not None else None
    if known is not None:
        report = known.import_report or {}
        if any(report.get(name) == mark for name, mark in marks.items()):
            return known, {k: v for k, v in report.items() if k not in ("org", *marks)}
        raise CannotImport(
            _("课程 %(code)s 的期次 %(run)s 已存在，且内容不同，没有导入。请改用其他课程代码后再导入。", code=own_code, run=run_code),
            code="run_exists",
        )
    if course is not None and not any((r.import_report or {}).get("org") == doc.org for r in catalogue.runs_of(course.id)):
        raise _taken(own_code)
    is_new_course = course is None
    if course is None:
        course = _course(doc, own_code, owner, by, now)
    report = {**import_report(doc), "code": own_code, "run": run_code, "is_new": True}
    run = offerings.create_run(
        course=course,
        code=run_code,
        by=by,
        now=now,
        staff=[(person_id, StaffRole.LEAD) for person_id in staff],
        **frame.run_fields(doc, now, report["warnings"]),
        **({} if is_new_course else frame.own_fields(doc, course)),
    )
    if is_new_course:
        frame.set_cover(opened, course, report["warnings"], by, now)
    else:
        frame.second_run(doc, course, report["warnings"])
    _assets(opened, run, report, by, now, {} if ahead is None else ahead.contents)
    made = _content(opened, run, report, by, now)
    frame.add_handouts(doc, run, len(doc.sections))
    frame.set_marks(doc, run, made, report["warnings"], by, now)
    frame.add_news(doc, run, by, now)
    run.import_report = {**report, "is_new": False, "org": doc.org, **marks}
    session().flush()
    audit.record(by=by, did="courses.run.imported", on=run, data={"format": opened.format.code, "course": own_code, "counts": report["verticals"]})
    return run, report


def _may_add_run(course: Course, by: Identity) -> bool:
    """Whether somebody may make courses of the owner and edits this one, as for a run that is made by hand."""
    return may(by, Can.COURSE_CREATE_FOR, organisation_queries.subject_of(course.owner)) and may(
        by, Can.COURSE_EDIT, catalogue.subject_of_course(course)
    )


def _taken(code: str) -> CannotImport:
    return CannotImport(_("课程代码 %(code)s 已被其他课程使用，没有导入。请改用其他课程代码后再导入。", code=code), code="code_taken")


def _course(doc: docs.CourseDoc, code: str, owner: Organisation, by: Identity, now: datetime) -> Course:
    course = offerings.create_course(
        code=code,
        title=(doc.title or doc.code)[:200],
        owner=owner,
        by=by,
        now=now,
        language=(doc.language or "zh")[:12],
        summary=doc.summary[:500],
    )
    course.description, course.description_html = doc.overview, to_html(doc.overview, BodyFormat.HTML)
    session().flush()
    loaded = catalogue.course_by_code(code)
    assert loaded is not None
    return loaded


def _assets(opened: OpenCourse, run: Run, report: dict[str, Any], by: Identity, now: datetime, ahead: Mapping[str, files.Content]) -> None:
    for asset in opened.doc.assets:
        if not _is_taken(asset):
            report["warnings"].append(_("文件 %(name)s 太大或文件名太长，没有导入", name=asset.name[:120]))
            continue
        given: dict[str, Any] = {"name": asset.name.rsplit("/", 1)[-1], "kind": "course", "media_type": asset.media_type, "by": by, "now": now}
        with opened.file(asset).open("rb") as file:
            row = files.keep_made(file, **given, ahead=ahead.get(asset.name))
        session().add(RunAsset(run_id=run.id, name=asset.name, file_id=row.id))
    session().flush()


def _content(opened: OpenCourse, run: Run, report: dict[str, Any], by: Identity, now: datetime) -> list[frame.Taken]:
    """Every section, unit and block in few statements: rows of one kind are written together. Answers the blocks in their order."""
    current, doc = session(), opened.doc
    titles = [title for s in doc.sections for title in (s.title, *(u.title for u in s.units), *(p.title for u in s.units for p in u.pages))]
    titles += [block.title for block in doc.blocks()]
    long = dict.fromkeys(title for title in titles if len(title) > MAX_TITLE)
    report["warnings"] += [_("标题超过 %(n)d 个字，只保留了前面的部分：%(title)s……", n=MAX_TITLE, title=title[:40]) for title in long]
    sections = [
        Section(run_id=run.id, key=s.key[:120], position=n, title=s.title[:200] or "—", release_at=s.starts_at, is_published=s.is_published)
        for n, s in enumerate(doc.sections, start=1)
    ]
    current.add_all(sections)
    current.flush()
    units: list[tuple[Unit, docs.UnitDoc, docs.PageDoc | None]] = []
    for section, section_doc in zip(sections, doc.sections, strict=True):
        pages = [(lesson, page) for lesson in section_doc.units for page in (lesson.pages or (None,))]
        for position, (lesson, page) in enumerate(pages, start=1):
            units.append((_unit(section, lesson, page, position), lesson, page))
    current.add_all([unit for unit, _lesson, _page in units])
    current.flush()
    made: list[tuple[Block, taking_in.Block]] = []
    placed: list[frame.Taken] = []
    prefix = offerings.asset_prefix(run.id)
    for unit, lesson, page in units:
        for position, block_doc in enumerate(page.blocks if page is not None else (), start=1):
            taken = taking_in.block_of(block_doc, is_graded=lesson.is_graded)
            if isinstance(block_doc.content, docs.VideoDoc):
                _subtitles(opened, block_doc.content, taken, by, now)
            report["unsupported"] += [{"block": f"{block_doc.kind}/{block_doc.key}", "reason": note} for note in (*taken.notes, *_lost(taken))]
            made.append((_block(unit, block_doc, taken, position, prefix), taken))
            placed.append((unit, lesson, made[-1][0]))
    current.add_all([block for block, _taken in made])
    current.flush()
    current.add_all([Assignment(block_id=block.id, run_id=run.id, **taken.work) for block, taken in made if taken.work is not None])
    _questions(run, made, by, now)
    return placed


def _subtitles(opened: OpenCourse, video: docs.VideoDoc, taken: taking_in.Block, by: Identity, now: datetime) -> None:
    """The subtitles of a video that the package holds; of the others the report says why."""
    known = {asset.name: asset for asset in opened.doc.assets}
    captions = []
    for language, path in video.transcripts:
        name = path.removeprefix(ASSETS)
        asset = known.get(name) or known.get(name.replace(" ", "_"))
        made = as_webvtt(opened.file(asset).read_bytes(), name) if asset is not None and asset.size <= MOST else None
        if made is None:
            why = _("包中没有这个文件") if asset is None else _("文件不是可用的字幕")
            taken.notes.append(_("字幕 %(lang)s（%(name)s）没有导入：%(why)s", lang=language, name=name[:80], why=why))
            continue
        stem = name.rsplit("/", 1)[-1].rsplit(".", 1)[0][:120]
        row = files.keep_bytes(made, name=f"{stem}.vtt", kind="course", media_type=sniff.VTT.mime, by=by, now=now)
        captions.append({"file": row.id, "lang": language[:12]})
    if captions:
        taken.settings["captions"] = captions


def _lost(taken: taking_in.Block) -> list[str]:
    """What sanitising takes away of the texts of a block."""
    tags = lost(taken.body, *(asked.stem for asked in taken.questions), *(asked.explanation for asked in taken.questions))
    if not tags:
        return []
    return [_("没有保留：%(tags)s。课程内容不运行脚本，也不嵌入外部页面；视频、音频和外部页面请改用相应的内容块", tags=listed(tags))]


def _unit(section: Section, lesson: docs.UnitDoc, page: docs.PageDoc | None, position: int) -> Unit:
    return Unit(
        run_id=section.run_id,
        section_id=section.id,
        key=(page.key if page is not None else f"{lesson.key}{EMPTY}")[:120],
        position=position,
        title=((page.title if page is not None else "") or lesson.title or "—")[:200],
        lesson_key=lesson.key[:120],
        lesson_title=lesson.title[:200],
        assignment=lesson.assignment[:80],
        release_at=lesson.starts_at,
        due_at=lesson.due_at,
        is_published=lesson.is_published and (page is None or page.is_published) and page is not None,
    )


EMPTY = "~empty"
"""Ends the key of the unit that stands for a lesson without pages, so that it is written out again."""


def _html(text: str, prefix: str, name: str) -> str:
    """The safe HTML of a text of the package. Raises PackageRefused with its name."""
    try:
        return to_html(text, BodyFormat.HTML, assets=prefix)
    except TooTangled as refused:
        raise PackageRefused(name, refused.message, code=refused.code) from refused


def _block(unit: Unit, doc: docs.BlockDoc, taken: taking_in.Block, position: int, prefix: str) -> Block:
    return Block(
        run_id=unit.run_id,
        unit_id=unit.id,
        key=doc.key[:120],
        position=position,
        kind=taken.kind,
        title=taken.title[:200],
        body_format=BodyFormat.HTML,
        body=taken.body,
        body_html=_html(taken.body, prefix, f"{doc.kind}/{doc.key}"),
        settings=taken.settings,
        is_graded=taken.is_graded,
        is_required=taken.is_required,
        weight_x10=taken.weight_x10,
        is_published=doc.is_published and taken.kind is not BlockKind.UNKNOWN,
    )


def _questions(run: Run, made: list[tuple[Block, taking_in.Block]], by: Identity, now: datetime) -> None:
    rows: list[tuple[Question, Block, taking_in.Taken, int]] = []
    for block, taken in made:
        for n, asked in enumerate(taken.questions, start=1):
            key = hashlib.sha256(f"{run.code}/{block.key}/{n}".encode()).hexdigest()[:32]
            rows.append((Question(course_id=run.course_id, key=key, kind=asked.kind, category=block.title[:80], created_at=now), block, asked, n))
    current = session()
    current.add_all([row[0] for row in rows])
    current.flush()
    for question, block, asked, n in rows:
        current.add(
            QuestionVersion(
                question_id=question.id,
                number=1,
                stem=asked.stem,
                stem_html=_html(asked.stem, "", f"problem/{block.key}"),
                explanation=asked.explanation,
                explanation_html=_html(asked.explanation, "", f"problem/{block.key}"),
                data=version_data(asked.data, BodyFormat.HTML),
                saved_at=now,
                saved_by_id=by.account_id,
            )
        )
        current.add(QuizItem(block_id=block.id, question_id=question.id, position=n, points_x10=asked.points_x10))
    current.flush()


def latest_run(code: str) -> Run:
    """The run that `courses export CODE` means: CODE or CODE/RUN; of a course the latest run."""
    course_code, _slash, run_code = code.partition("/")
    course = catalogue.course_by_code(course_code)
    runs = [run for run in catalogue.runs_of(course.id) if not run_code or run.code == run_code] if course is not None else []
    run = catalogue.run_by_id(runs[0].id) if runs else None
    if run is None:
        raise CannotImport(_("没有课程或期次“%(code)s”。可用 trainhub courses list 查看全部课程代码。", code=code), code="not_found")
    return run
