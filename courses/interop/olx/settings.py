"""The head of an OLX course: course.xml, the run's file, policy, grading, about pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from courses.interop.frame_types import GraderDoc, GradingDoc
from courses.interop.olx import info, markup, values
from courses.interop.olx.files import CourseFiles
from courses.interop.olx.markup import Element
from courses.interop.packages import PackageRefused
from courses.interop.types import (
    AssetDoc,
    CountsDoc,
    CourseDoc,
    PoolDoc,
    ProblemDoc,
    SectionDoc,
    UnsupportedDoc,
)
from trainhub.kernel.i18n import _, listed

NAMED = 12
_STATIC = re.compile(r"/static/([^\"'\s<>?#)&\\]+)")


@dataclass(frozen=True, slots=True)
class Head:
    """What stands above the chapters. `policy`: settings by `tag/name`."""

    element: Element
    file: str
    base: CourseDoc
    policy: dict[str, dict[str, object]]
    warnings: tuple[str, ...]
    settings: Mapping[str, str]

    def doc(
        self,
        *,
        sections: tuple[SectionDoc, ...],
        assets: tuple[AssetDoc, ...],
        unsupported: tuple[UnsupportedDoc, ...],
        counts: CountsDoc,
    ) -> CourseDoc:
        """The course with its content."""
        return replace(self.base, sections=sections, assets=assets, unsupported=unsupported, counts=counts)


def with_warnings(doc: CourseDoc, warnings: tuple[str, ...]) -> CourseDoc:
    """The same course with its warnings, each once, in order."""
    return replace(doc, warnings=tuple(dict.fromkeys(warnings)))


def read_head(files: CourseFiles) -> Head:
    """Read course.xml and all it names. Refuses a course.xml that is none."""
    pointer = files.xml("course.xml")
    if markup.tag_of(pointer) != "course":
        raise PackageRefused("course.xml", _("根元素应是 <course>"), line=1, code="broken_file")
    run = str(pointer.get("url_name") or "")
    element, file = pointer, "course.xml"
    if run and not len(pointer):
        file = f"course/{run}.xml"
        if not files.exists(file):
            raise PackageRefused("course.xml", _("指向的文件 %(file)s 不存在", file=file), line=1, code="broken_file")
        element = files.xml(file)
        if markup.tag_of(element) != "course":
            raise PackageRefused(file, _("根元素应是 <course>"), line=1, code="broken_file")
    policy = _policy(files, run)
    own = policy.get(f"course/{run}", {})
    found = values.merged(markup.attributes(element) | markup.attributes(pointer), own)
    warnings: list[str] = []

    def when(name: str) -> datetime | None:
        try:
            return values.instant(found.get(name, ""))
        except ValueError:
            warnings.append(_("课程的 %(name)s 不是日期，已忽略", name=name))
            return None

    number = (pointer.get("course") or element.get("course") or run).strip()
    if not number:
        raise PackageRefused("course.xml", _("没有课程编号（course 属性）"), line=1, code="broken_file")
    image = values.unquoted(found.get("course_image", ""))
    base = CourseDoc(
        code=number,
        title=values.unquoted(found.get("display_name", "")) or number,
        language=values.unquoted(found.get("language", "")),
        sections=(),
        org=str(pointer.get("org") or element.get("org") or ""),
        run=run,
        summary=_about(files, run, "short_description"),
        overview=markup.with_static_links(_about(files, run, "overview")),
        starts_at=when("start"),
        ends_at=when("end"),
        enrols_from=when("enrollment_start"),
        enrols_until=when("enrollment_end"),
        image="" if image == values.NO_IMAGE else image,
        grading=_grading(files, run),
        news=info.read_news(files, run, warnings),
        handouts=info.read_handouts(files, run),
    )
    warnings += info.left_behind(files, found)
    others = sorted(path.stem for path in (files.root / "course").glob("*.xml") if path.stem != run)
    if others:
        warnings.append(_("包内还有其他开课批次（%(runs)s），只导入 %(run)s", runs=listed(others), run=run))
    if any((files.root / "tabs").glob("*.html")):
        warnings.append(_("自定义标签页（tabs/）没有导入"))
    if found.get("pdf_textbooks") not in (None, "", "[]") or found.get("html_textbooks") not in (None, "", "[]"):
        warnings.append(_("电子教材目录没有导入，文件保留在附件中"))
    return Head(element, file, base, policy, tuple(warnings), found)


def _policy(files: CourseFiles, run: str) -> dict[str, dict[str, object]]:
    found = files.json(f"policies/{run}/policy.json") or files.json(f"policies/{run}.json")
    return {name: value for name, value in found.items() if isinstance(value, dict)}


def _about(files: CourseFiles, run: str, name: str) -> str:
    for file in (f"about/{run}/{name}.html", f"about/{name}.html"):
        if run and files.exists(file):
            return files.text(file).strip()
    return ""


def _share(value: object) -> int | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    if isinstance(value, bool) or not number.is_finite() or not 0 <= number <= 1:
        return None
    return int((number * 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _count(value: object, least: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else least


def _grading(files: CourseFiles, run: str) -> GradingDoc:
    file = f"policies/{run}/grading_policy.json"
    found = files.json(file) or files.json("grading_policy.json")
    graders: list[GraderDoc] = []
    rows = found.get("GRADER", [])
    for row in rows if isinstance(rows, list) else []:
        share = _share(row.get("weight")) if isinstance(row, dict) else None
        if share is None:
            raise PackageRefused(file, _("GRADER 中的权重应是 0 到 1 之间的数"), code="broken_file")
        if row.get("short_label") == values.FILLER:
            continue
        graders.append(
            GraderDoc(
                name=str(row.get("type") or ""),
                weight_x1000=share,
                min_count=_count(row.get("min_count"), 1),
                drop_count=_count(row.get("drop_count"), 0),
                short_label=str(row.get("short_label") or ""),
            )
        )
    cutoffs = found.get("GRADE_CUTOFFS", {})
    shares = [(str(name), _share(value)) for name, value in cutoffs.items()] if isinstance(cutoffs, dict) else []
    shares = _own_grades(found.get(values.OWN_GRADES)) or shares
    kept = sorted(((name, share) for name, share in shares if share is not None), key=lambda row: (-row[1], row[0]))
    is_filler = not graders and bool(rows) and kept == [("Pass", values.NO_CUTOFF)]
    return GradingDoc(tuple(graders), () if is_filler else tuple(kept))


def _own_grades(rows: object) -> list[tuple[str, int | None]]:
    """The grades of a run of ours by their own names; [] where nothing of the kind is written."""
    pairs = [row for row in rows if isinstance(row, list) and len(row) == 2] if isinstance(rows, list) else []
    return [(str(name), share) for name, share in pairs if isinstance(share, int) and 0 <= share <= 1000]


def open_ends(doc: CourseDoc) -> list[str]:
    """Units with a deadline whose quizzes stay open after it: it is shown to learners, what a quiz does by itself its own settings say."""
    units = [unit for section in doc.sections for unit in section.units if unit.due_at is not None]
    named = [
        unit.title or unit.key for unit in units if any(isinstance(one.content, ProblemDoc | PoolDoc) for page in unit.pages for one in page.blocks)
    ]
    if not named:
        return []
    names = listed(named[:NAMED]) + ("……" if len(named) > NAMED else "")
    return [_("截止时间只作为提示导入，到时测验不会自动关闭，请在测验设置中填写关闭时间：%(names)s", names=names)]


def missing_assets(doc: CourseDoc) -> list[str]:
    """Files that pages refer to and the package lacks: one warning with the first names."""
    have = {asset.name.replace(" ", "_") for asset in doc.assets}
    wanted: dict[str, None] = {}
    for text in (*(repr(block.content) for block in doc.blocks()), doc.overview, doc.handouts, *(one.html for one in doc.news)):
        for name in _STATIC.findall(text):
            wanted.setdefault(name)
    from urllib.parse import unquote

    missing = [name for name in wanted if unquote(name).replace(" ", "_") not in have]
    if not missing:
        return []
    names = listed(missing[:NAMED]) + ("……" if len(missing) > NAMED else "")
    return [_("页面引用了包中没有的 %(number)d 个静态文件：%(names)s", number=len(missing), names=names)]
