"""A run as a neutral course: what every format is written from. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from html import escape
from itertools import groupby

from courses.assessment import queries as assessment
from courses.assessment.models import QuestionVersion, QuizDraw, QuizItem
from courses.assessment.types import QuestionKind, QuizSettings
from courses.assignments.models import Assignment
from courses.assignments.queries import work as assignments
from courses.catalogue import authoring_queries as authored
from courses.catalogue import queries as catalogue
from courses.catalogue.markup import ASSETS
from courses.catalogue.models import Block, Run, Unit
from courses.catalogue.operations.media import file_ids
from courses.catalogue.types import BlockKind, BodyFormat
from courses.interop import as_came, frame_out, left_behind, works
from courses.interop import types as docs
from courses.interop.freezing import thaw
from courses.interop.operations import EMPTY
from courses.interop.questions_out import as_packed, question_docs
from courses.interop.sharing import weighed
from trainhub.kernel import files
from trainhub.kernel.files import StoredFile


def files_of(run: Run, blocks: list[Block]) -> dict[str, StoredFile]:
    """Every file that goes out with a run, by the name its parts refer to: its own files, those of videos and file blocks, the cover."""
    assets = catalogue.assets_of(run.id)
    found = {row.name: row.file for row in assets}
    cover = frame_out.cover_of(run, assets)
    if cover is not None:
        found.setdefault(*cover)
    stored = authored.files_named({key for block in blocks for key in (*file_ids(block.settings), *([block.file_id] if block.file_id else []))})
    for block in blocks:
        for key in (*file_ids(block.settings), *([block.file_id] if block.file_id else [])):
            found[_name_of(block, stored[key])] = stored[key]
    return found


def _name_of(block: Block, file: StoredFile) -> str:
    """The name of a block's file in the package: no two blocks share one."""
    return f"{block.key}-{file.id}-{file.name.replace(' ', '_')}"


def course_doc(run: Run) -> docs.CourseDoc:
    """The course tree of a run with everything that was not removed. Needs a run from `run_by_id`.

    `warnings` say what does not go out, or will mean something else on another platform.
    """
    course = run.course
    blocks = catalogue.blocks_of_run(run.id)
    items = _asked(run, [b.id for b in blocks if b.kind is BlockKind.QUIZ])
    versions = assessment.current_versions({question_id for rows in items.values() for part in rows for question_id in part.questions})
    rules = assignments.rules_of([b.id for b in blocks if b.kind is BlockKind.ASSIGNMENT])
    of_unit: dict[int, list[Block]] = {}
    for block in blocks:
        of_unit.setdefault(block.unit_id, []).append(block)
    parts = [(section, catalogue.units_of(section.id)) for section in catalogue.sections_of(run.id)]
    lesson_of = {unit.id: unit.lesson_key or unit.key for _section, units in parts for unit in units}
    grading, graders, notes = frame_out.marks_of(run, blocks, lesson_of)
    handouts_id, handouts = frame_out.handouts_of(run, parts, of_unit)
    sections = []
    for section, units in parts:
        if section.id == handouts_id:
            continue
        lessons = []
        for key, group in groupby(units, key=lambda u: u.lesson_key or u.key):
            lesson = _lesson(key, list(group), of_unit, items, versions, rules)
            lessons.append(replace(lesson, assignment=graders.get(key, lesson.assignment)))
        sections.append(docs.SectionDoc(section.key, section.title, tuple(lessons), section.release_at, section.is_published))
    assets = tuple(docs.AssetDoc(name, f"static/{name}", row.size, row.media_type) for name, row in sorted(files_of(run, blocks).items()))
    cover = frame_out.cover_of(run, catalogue.assets_of(run.id))
    return docs.CourseDoc(
        code=course.code,
        title=run.title,
        language=run.language,
        sections=tuple(sections),
        org=(run.import_report or {}).get("org", "") or "",
        run=run.code,
        summary=run.summary,
        overview=course.description_html,
        starts_at=frame_out.begin_of(run.starts_on),
        ends_at=frame_out.close_of(run.ends_on),
        enrols_from=frame_out.begin_of(run.enrol_from),
        enrols_until=frame_out.close_of(run.enrol_until),
        image=cover[0] if cover is not None else "",
        grading=grading,
        news=frame_out.news_of(run),
        handouts=handouts,
        assets=assets,
        warnings=(
            *notes,
            *frame_out.changed_blocks(blocks),
            *frame_out.conditions(parts, blocks),
            *_left_behind(run, blocks, items, versions, rules),
        ),
    )


def _left_behind(
    run: Run, blocks: list[Block], items: dict[int, list[Part]], versions: dict[int, QuestionVersion], rules: dict[int, Assignment]
) -> list[str]:
    """The rules that no format takes. Of questions that go out as they came nothing is lost."""
    asked: dict[str, list[QuestionVersion]] = {}
    by_lot = []
    for block in blocks:
        if block.id in items:
            came = _as_it_came(block, items[block.id], versions)
            mine = _asked_in(items[block.id], versions)
            by_lot.append(left_behind.ByLot(block, came, mine))
            if came is None:
                asked.setdefault(block.title or block.key, []).extend(one.version for one in mine)
    told = [*left_behind.quizzes(blocks), *left_behind.lots(by_lot), *left_behind.questions(asked), *left_behind.assignments(rules, blocks)]
    told += left_behind.laboratories(blocks)
    return [*told, *left_behind.run_rules(run, blocks)]


@dataclass(frozen=True, slots=True)
class Part:
    """Questions of a quiz that follow each other, with their points; `count` of them are drawn (None: all are asked)."""

    questions: tuple[int, ...]
    points_x10: tuple[int, ...]
    count: int | None = None

    @property
    def worth_x10(self) -> int:
        """The points that one attempt can get here, of what is drawn the mean."""
        return sum(self.points_x10) if self.count is None else round(Fraction(self.count * sum(self.points_x10), len(self.points_x10)))


def _asked(run: Run, quizzes: list[int]) -> dict[int, list[Part]]:
    """What each quiz asks, in order: runs of fixed questions, and draws with everything that may be drawn."""
    found: dict[int, list[Part]] = {}
    parts: list[QuizItem | QuizDraw] = [*assessment.items_of_blocks(quizzes), *assessment.draws_of_blocks(quizzes)]
    fixed = {(part.block_id, part.question_id) for part in parts if isinstance(part, QuizItem)}
    for part in sorted(parts, key=lambda row: (row.block_id, row.position, isinstance(row, QuizDraw), row.id)):
        rows = found.setdefault(part.block_id, [])
        if isinstance(part, QuizDraw):
            pool = assessment.drawable(run.course_id, category=part.category, tag=part.tag, difficulty=part.difficulty)
            free = tuple(question_id for question_id in pool if (part.block_id, question_id) not in fixed)
            if free:
                rows.append(Part(free, (part.points_x10,) * len(free), min(part.count, len(free))))
        elif rows and rows[-1].count is None:
            rows[-1] = Part((*rows[-1].questions, part.question_id), (*rows[-1].points_x10, part.points_x10))
        else:
            rows.append(Part((part.question_id,), (part.points_x10,)))
    return found


def _lesson(
    key: str,
    units: list[Unit],
    blocks: dict[int, list[Block]],
    items: dict[int, list[Part]],
    versions: dict[int, QuestionVersion],
    rules: dict[int, Assignment],
) -> docs.UnitDoc:
    first = units[0]
    pages = []
    for unit in units:
        if unit.key.endswith(EMPTY) and not blocks.get(unit.id):
            continue
        made = tuple(
            replace(doc, is_published=block.is_published or block.kind is BlockKind.UNKNOWN)
            for block in blocks.get(unit.id, [])
            for doc in _block(block, items.get(block.id, []), versions, rules)
        )
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


def _block(block: Block, items: list[Part], versions: dict[int, QuestionVersion], rules: dict[int, Assignment]) -> list[docs.BlockDoc]:
    """One block; a quiz of fixed and drawn questions becomes several."""
    if block.id in rules:  # what is asked for changes without the block being edited
        text = block.body if block.body_format is BodyFormat.HTML else as_packed(block.body_html)
        return [docs.BlockDoc(block.key, block.title, works.doc_of(text, rules[block.id], block.weight_x10))]
    if block.kind is BlockKind.QUIZ and items:
        return _quiz(block, items, versions)
    return [docs.BlockDoc(block.key, block.title, _content(block))]


def _quiz(block: Block, parts: list[Part], versions: dict[int, QuestionVersion]) -> list[docs.BlockDoc]:
    """What came from a format and was not changed since goes out as it came, under the rules of today; the rest from the bank."""
    came = _as_it_came(block, parts, versions)
    origin: docs.Content | None = thaw(block.settings.get("origin"))
    asked = _asked_in(parts, versions)
    if came is not None:
        whole = replace(came, attempts=block.settings.get("attempts")) if isinstance(came, docs.ProblemDoc) else came
        return [docs.BlockDoc(block.key, block.title, whole)]
    if isinstance(origin, docs.PollDoc | docs.SurveyDoc) and (found := as_came.questionnaire(block, origin, asked)):
        return [docs.BlockDoc(_key(block, n), block.title, one) for n, one in enumerate(found, start=1)]
    draw = block.settings.get("draw")
    if draw and all(part.count is None for part in parts):
        (pool,) = parts
        parts = [replace(pool, count=min(draw, len(pool.questions)))]
    total = sum(part.worth_x10 for part in parts)
    made = []
    for n, part in enumerate(parts, start=1):
        key = _key(block, n)
        made.append(docs.BlockDoc(key, block.title, _part(key, block, part, total, versions)))
    return made


def _asked_in(parts: list[Part], versions: dict[int, QuestionVersion]) -> list[as_came.Asked]:
    return [as_came.Asked(versions[key], points) for part in parts for key, points in zip(part.questions, part.points_x10, strict=True)]


def _as_it_came(block: Block, parts: list[Part], versions: dict[int, QuestionVersion]) -> docs.Content | None:
    """What a quiz came as, while it goes out like that; None where it goes out from the bank."""
    origin: docs.Content | None = thaw(block.settings.get("origin"))
    if origin is None or _is_rich(origin):
        return None
    is_drawn = any(part.count is not None for part in parts)
    return origin if as_came.is_as_it_came(block, origin, _asked_in(parts, versions), is_drawn=is_drawn) else None


def _key(block: Block, n: int) -> str:
    """The key of the nth block that a quiz becomes."""
    return block.key if n == 1 else f"{block.key}-{n}"


def _part(key: str, block: Block, part: Part, total: int, versions: dict[int, QuestionVersion]) -> docs.Content:
    """Questions asked one after another, or problems to draw from; the weight of the quiz is shared by points."""

    def problem(questions: tuple[int, ...], points: int, each: Sequence[int] = ()) -> docs.ProblemDoc:
        asked = weighed([_mixed(versions[question_id], block) for question_id in questions], each or [1] * len(questions))
        weight = round(block.weight_x10 * points / total) if total else block.weight_x10
        shown = "attempted" if QuizSettings.of(block.settings).shows_answers else "never"
        return docs.ProblemDoc(asked, weight_x10=weight, attempts=block.settings.get("attempts"), show_answer=shown)

    if part.count is None:
        return problem(part.questions, part.worth_x10, part.points_x10)
    pairs = list(zip(part.questions, part.points_x10, strict=True))
    return docs.PoolDoc(
        tuple(problem((question_id,), points) for question_id, points in pairs),
        tuple(f"{key}-q{n}" for n in range(1, len(pairs) + 1)),
        tuple(versions[question_id].question.name for question_id, _points in pairs),
        part.count if part.count < len(pairs) else None,
    )


def _mixed(version: QuestionVersion, block: Block) -> list[docs.QuestionDoc]:
    """What a question becomes. The order of options is decided by lot where the quiz says so and formats can say it: of single choices, not of true and
    false, which are never mixed here."""
    mixes = QuizSettings.of(block.settings).shuffles_options and version.question.kind is QuestionKind.SINGLE
    return [replace(one, is_shuffled=mixes) for one in question_docs(version)]


def _is_rich(content: docs.Content | None) -> bool:
    """Whether it asks in a way that only some formats know: then it goes out like our own questions, as several that all of them know."""
    problem = content if isinstance(content, docs.ProblemDoc) else docs.ProblemDoc(())
    return any(question.kind in (docs.QuestionKind.MATCHING, docs.QuestionKind.ORDERING) for question in problem.questions)


def _content(block: Block) -> docs.Content:
    """What came from a format and was not changed since goes out as it came; everything else from what is here now."""
    origin: docs.Content | None = thaw(block.settings.get("origin"))
    if origin is not None and not block.settings.get("edited"):
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
    known = files_of(run, catalogue.blocks_of_run(run.id))
    return lambda asset: files.read(known[asset.name])
