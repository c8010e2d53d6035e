"""A run as a neutral course: what every format is written from. Reads only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time
from html import escape
from itertools import groupby

from courses.assessment import queries as assessment
from courses.assessment.models import QuestionVersion, QuizDraw, QuizItem
from courses.assessment.rules.drawing import picked
from courses.assignments.models import Assignment
from courses.assignments.queries import work as assignments
from courses.catalogue import authoring_queries as authored
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import ASSETS
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations.media import file_ids
from courses.catalogue.types import BlockKind, BodyFormat
from courses.interop import types as docs
from courses.interop import works
from courses.interop.freezing import thaw
from courses.interop.operations import EMPTY
from courses.interop.questions_out import as_packed, question_docs
from trainhub.kernel import files
from trainhub.kernel.files import StoredFile


def files_of(run_id: int, blocks: list[Block]) -> dict[str, StoredFile]:
    """Every file that goes out with a run, by the name its parts refer to: its own files, and those of videos and file blocks."""
    found = {row.name: row.file for row in catalogue.assets_of(run_id)}
    stored = authored.files_named({key for block in blocks for key in (*file_ids(block.settings), *([block.file_id] if block.file_id else []))})
    for block in blocks:
        for key in (*file_ids(block.settings), *([block.file_id] if block.file_id else [])):
            found[_name_of(block, stored[key])] = stored[key]
    return found


def _name_of(block: Block, file: StoredFile) -> str:
    """The name of a block's file in the package: no two blocks share one."""
    return f"{block.key}-{file.id}-{file.name.replace(' ', '_')}"


def course_doc(run: Run) -> docs.CourseDoc:
    """The course tree of a run with everything that was not removed. Needs a run from `run_by_id`."""
    course = run.course
    blocks = catalogue.blocks_of_run(run.id)
    items = _asked(run, [b.id for b in blocks if b.kind is BlockKind.QUIZ])
    versions = assessment.current_versions({question_id for rows in items.values() for question_id in rows})
    rules = assignments.rules_of([b.id for b in blocks if b.kind is BlockKind.ASSIGNMENT])
    of_unit: dict[int, list[Block]] = {}
    for block in blocks:
        of_unit.setdefault(block.unit_id, []).append(block)
    sections = []
    for section in catalogue.sections_of(run.id):
        lessons = []
        for key, group in groupby(catalogue.units_of(section.id), key=lambda u: u.lesson_key or u.key):
            lessons.append(_lesson(key, list(group), of_unit, items, versions, rules))
        sections.append(docs.SectionDoc(section.key, section.title, tuple(lessons), section.release_at, section.is_published))
    assets = tuple(docs.AssetDoc(name, f"static/{name}", row.size, row.media_type) for name, row in sorted(files_of(run.id, blocks).items()))
    return docs.CourseDoc(
        code=course.code,
        title=course.title,
        language=course.language,
        sections=tuple(sections),
        org=(run.import_report or {}).get("org", "") or "",
        run=run.code,
        summary=course.summary,
        overview=course.description_html,
        starts_at=datetime.combine(run.starts_on, time(), UTC),
        ends_at=datetime.combine(run.ends_on, time(), UTC) if run.ends_on else None,
        assets=assets,
    )


def _asked(run: Run, quizzes: list[int]) -> dict[int, list[int]]:
    """The questions of each quiz in order. A draw becomes one draw: formats carry fixed questions."""
    found: dict[int, list[int]] = {}
    parts: list[QuizItem | QuizDraw] = [*assessment.items_of_blocks(quizzes), *assessment.draws_of_blocks(quizzes)]
    taken = {(part.block_id, part.question_id) for part in parts if isinstance(part, QuizItem)}
    for part in sorted(parts, key=lambda row: (row.block_id, row.position)):
        rows = found.setdefault(part.block_id, [])
        if isinstance(part, QuizItem):
            rows.append(part.question_id)
            continue
        pool = assessment.drawable(run.course_id, category=part.category, tag=part.tag, difficulty=part.difficulty)
        free = [question_id for question_id in pool if (part.block_id, question_id) not in taken]
        drawn = picked(free, part.count, f"out:{part.id}")
        taken |= {(part.block_id, question_id) for question_id in drawn}
        rows += drawn
    return found


def _lesson(
    key: str,
    units: list[Unit],
    blocks: dict[int, list[Block]],
    items: dict[int, list[int]],
    versions: dict[int, QuestionVersion],
    rules: dict[int, Assignment],
) -> docs.UnitDoc:
    first = units[0]
    pages = []
    for unit in units:
        if unit.key.endswith(EMPTY) and not blocks.get(unit.id):
            continue
        made = tuple(_block(block, items.get(block.id, []), versions, rules) for block in blocks.get(unit.id, []))
        # Keys are one space in the neutral tree: a unit that is its own lesson gives its page a key beside its own.
        page_key = unit.key if unit.lesson_key and unit.lesson_key != unit.key else f"{unit.key}p"
        pages.append(docs.PageDoc(page_key, unit.title, made, unit.is_published))
    is_graded = any(block.is_graded for unit in units for block in blocks.get(unit.id, []))
    return docs.UnitDoc(
        key=key,
        title=first.lesson_title or first.title,
        pages=tuple(pages),
        is_graded=is_graded,
        assignment=first.assignment,
        starts_at=first.release_at,
        due_at=first.due_at,
        is_published=any(unit.is_published for unit in units) or not pages,
    )


def _block(block: Block, items: list[int], versions: dict[int, QuestionVersion], rules: dict[int, Assignment]) -> docs.BlockDoc:
    if block.id in rules:  # what is asked for changes without the block being edited
        text = block.body if block.body_format is BodyFormat.HTML else as_packed(block.body_html)
        return docs.BlockDoc(block.key, block.title, works.doc_of(text, rules[block.id]))
    return docs.BlockDoc(block.key, block.title, _content(block, items, versions))


def _is_rich(problem: docs.ProblemDoc) -> bool:
    """Whether it asks in a way that only some formats know: then it goes out like our own questions, as several that all of them know."""
    return any(question.kind in (docs.QuestionKind.MATCHING, docs.QuestionKind.ORDERING) for question in problem.questions)


def _content(block: Block, items: list[int], versions: dict[int, QuestionVersion]) -> docs.Content:
    """What came from a format and was not changed since goes out as it came; everything else from what is here now."""
    origin: docs.Content | None = thaw(block.settings.get("origin"))
    asked = [versions[question_id] for question_id in items]
    is_whole = not isinstance(origin, docs.ProblemDoc) or not items or (len(items) == len(origin.questions) and not _is_rich(origin))
    if origin is not None and is_whole and not block.settings.get("edited") and all(version.number == 1 for version in asked):
        return origin
    text = block.body if block.body_format is BodyFormat.HTML else as_packed(block.body_html)
    match block.kind:
        case BlockKind.VIDEO:
            source = str(block.settings.get("source") or "")
            named = authored.files_named([*file_ids(block.settings), *([block.file_id] if block.file_id else [])])
            own = [block.file_id, *[item["file"] for item in block.settings.get("renditions", ())]]
            return docs.VideoDoc(
                sources=(source,) if source else tuple(f"{ASSETS}{_name_of(block, named[key])}" for key in own if key),
                youtube_id=block.settings.get("youtube") or "",
                transcripts=tuple((item["lang"], _name_of(block, named[item["file"]])) for item in block.settings.get("captions", ())),
                duration=block.settings.get("duration"),
            )
        case BlockKind.QUIZ:
            questions = tuple(doc for version in asked for doc in question_docs(version))
            return docs.ProblemDoc(questions, closing="", weight_x10=block.weight_x10, attempts=block.settings.get("attempts"))
        case BlockKind.DISCUSSION:
            return docs.DiscussionDoc(category=block.title, target=block.title)
        case BlockKind.POLL:
            options = tuple((str(n), label) for n, label in enumerate(block.settings.get("options") or ()))
            return docs.PollDoc(text or block.title, options)
        case BlockKind.LINK | BlockKind.VSIM | BlockKind.LIVE:
            url = str(block.settings.get("recording") or block.settings.get("url") or "")
            return docs.HtmlDoc(f'{text}<p><a href="{escape(url)}">{escape(block.title or url)}</a></p>')
        case BlockKind.FILE if block.file is not None:
            return docs.FileDoc(f"{ASSETS}{_name_of(block, block.file)}")
        case BlockKind.FILE if block.settings.get("url"):
            return docs.FileDoc(str(block.settings["url"]))
        case BlockKind.UNKNOWN if origin is not None:
            return origin
        case _:
            return docs.HtmlDoc(text)


def asset_reader(run: Run) -> Callable[[docs.AssetDoc], bytes]:
    """What answers the bytes of each file of a run that goes out."""
    known = files_of(run.id, catalogue.blocks_of_run(run.id))
    return lambda asset: files.read(known[asset.name])
