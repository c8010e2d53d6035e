"""An OLX folder -> `CourseDoc`. Reads whole or refuses; never runs anything it finds."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path

from courses.interop.olx import blocks, carrier, markup, settings, unread, values
from courses.interop.olx.files import CourseFiles
from courses.interop.olx.found import Found, Inherited
from courses.interop.olx.leftovers import Leftovers
from courses.interop.olx.markup import Element
from courses.interop.olx.problems import read_problem
from courses.interop.packages import PackageRefused
from courses.interop.types import (
    BlockDoc,
    Content,
    CountsDoc,
    CourseDoc,
    HtmlDoc,
    PageDoc,
    PoolDoc,
    ProblemDoc,
    SectionDoc,
    UnitDoc,
    UnsupportedDoc,
)
from trainhub.kernel.i18n import _

STRUCTURE = ("chapter", "sequential", "vertical")
UNPUBLISHED = "unpublished"
MAX_DEPTH = 40
# Children of structure that are no content of their own.
SILENT = frozenset({"wiki", "textbook", "static_tab", "course_info", "about", "show", "progress", "external_link"})
_EMPTY_PAGE = "<p></p>"


def read_olx(root: Path) -> CourseDoc:
    """Read the course whose course.xml lies in `root`. Refuses a broken file by name and line (`PackageRefused`)."""
    return _Reader(CourseFiles(root)).course()


class _Reader:
    def __init__(self, files: CourseFiles) -> None:
        self.files = files
        self.seen: set[tuple[str, str]] = set()
        self.keys: set[str] = set()
        self.pages_read: set[str] = set()
        self.pooled: set[tuple[str, str]] = set()
        self.leftovers = Leftovers()
        self.counts: Counter[str] = Counter()
        self.warnings: list[str] = []
        self.unsupported: list[UnsupportedDoc] = []
        self.policy: dict[str, dict[str, object]] = {}
        self.folder = ""  # "drafts/" while drafts are read
        self.above = Inherited()

    def course(self) -> CourseDoc:
        head = settings.read_head(self.files)
        self.policy = head.policy
        self.warnings += head.warnings
        self.leftovers.look("course", head.settings)
        self.leftovers.meet("course", head.element)
        with self.above.under(head.settings):
            sections = [section for child in head.element for section in self.sections(child, head.file)]
            sections += self.orphans()
        assets = tuple(self.files.assets())
        number = self.counts
        known = {"chapter", "sequential", "vertical", "problem", "video", "html", "discussion"}
        doc = head.doc(
            sections=tuple(sections),
            assets=assets,
            unsupported=tuple(self.unsupported),
            counts=CountsDoc(
                number["chapter"],
                number["sequential"],
                number["vertical"],
                number["problem"],
                number["video"],
                number["html"],
                number["discussion"],
                tuple(sorted((tag, n) for tag, n in number.items() if tag not in known)),
            ),
        )
        return settings.with_warnings(doc, (*self.warnings, *self.leftovers.warnings(), *settings.open_ends(doc), *settings.missing_assets(doc)))

    # --- structure

    def sections(self, child: Element, file: str, *, is_orphan: bool = False) -> list[SectionDoc]:
        if markup.tag_of(child) in SILENT or not markup.tag_of(child):
            if markup.tag_of(child):
                self.leftovers.silent("course", markup.tag_of(child))
            return []
        found = self.find(child, file)
        if found is None:
            return []
        if found.tag != "chapter":
            unit = self.unit(found, 0)
            return [SectionDoc(self.key(f"{found.name}-section"), unit.title, (unit,), is_published=not is_orphan)]
        with self.above.under(found.settings):
            units = [self.unit(inside, 1) for inside in self.inside(found)]
        starts_at = self.instant(found, "start")
        published = found.is_published and not is_orphan
        return [SectionDoc(self.key(found.name), found.title, tuple(units), starts_at, published)]

    def inside(self, found: Found) -> list[Found]:
        """The definitions in a chapter."""
        for node in found.element:
            if markup.tag_of(node) in SILENT:
                self.leftovers.silent(f"{found.tag}/{found.name}", markup.tag_of(node))
        nodes = [node for node in found.element if markup.tag_of(node) not in SILENT]
        return [one for node in nodes for one in [self.find(node, found.file)] if one is not None]

    def unit(self, found: Found, depth: int) -> UnitDoc:
        """A sequential; anything else directly in a chapter becomes a unit of its own."""
        if found.tag in ("sequential", "problemset", "videosequence"):
            if found.tag != "sequential":
                self.cannot(found, blocks.WRAPPERS[found.tag]())
            with self.above.under(found.settings):
                pages = [self.page(inside, depth + 1) for node in found.element for inside in [self.find(node, found.file)] if inside is not None]
        else:
            page = self.page(found, depth + 1)
            return UnitDoc(self.key(f"{found.name}-unit"), page.title, (page,))
        return UnitDoc(
            key=self.key(found.name),
            title=found.title,
            pages=tuple(pages),
            is_graded=values.is_true(found.settings.get("graded", "")),
            assignment=values.unquoted(found.settings.get("format", "")),
            starts_at=self.instant(found, "start"),
            due_at=self.instant(found, "due"),
            is_published=found.is_published,
        )

    def page(self, found: Found, depth: int) -> PageDoc:
        """A vertical; anything else directly in a sequential becomes a page of its own."""
        if found.tag == "vertical":
            key = self.key(found.name)
            inside = self.children(found, depth)
            return PageDoc(key, found.title, tuple(inside), found.is_published)
        inside = self.blocks(found, depth)
        return PageDoc(self.key(f"{found.name}-page"), found.title, tuple(inside), found.is_published)

    def children(self, found: Found, depth: int) -> list[BlockDoc]:
        if depth > MAX_DEPTH:
            raise PackageRefused(found.file, _("嵌套层数过多"), code="broken_file")
        inside: list[BlockDoc] = []
        with self.above.under(found.settings):
            for node in found.element:
                if markup.tag_of(node) == "show":
                    inside += self.shown(node, found, depth)
                elif markup.tag_of(node) in SILENT:
                    self.leftovers.silent(f"{found.tag}/{found.name}", markup.tag_of(node))
                else:
                    child = self.find(node, found.file)
                    if child is not None:
                        inside += self.blocks(child, depth + 1)
        return inside

    def shown(self, node: Element, parent: Found, depth: int) -> list[BlockDoc]:
        """`<show sources="i4x://org/course/problem/name; …"/>` of a conditional: references in another spelling."""
        inside: list[BlockDoc] = []
        for source in re.split(r"[;\s]+", str(node.get("sources") or "")):
            match = re.search(r"type@([\w-]+)\+block@(.+)$|/([\w-]+)/([^/]+)$", source)
            if match:
                tag, name = match[1] or match[3], match[2] or match[4]
                child = self.load(tag, name, parent.file)
                inside += self.blocks(child, depth + 1) if child is not None else []
        return inside

    def blocks(self, found: Found, depth: int) -> list[BlockDoc]:
        if found.tag in blocks.POOLS:
            return self.pool(found, depth)
        if found.tag in blocks.WRAPPERS:
            self.cannot(found, blocks.WRAPPERS[found.tag]())
            return self.children(found, depth)
        if found.tag in ("vertical", *STRUCTURE):
            self.warnings.append(_("%(block)s 嵌在页面中，内容并入该页", block=f"{found.tag}/{found.name}"))
            return self.children(found, depth)
        title, content = found.title, self.content(found)
        if found.tag == "openassessment":
            title = title or values.unquoted(blocks.first_title(found.element))
        elif found.tag in ("poll", "survey"):
            title = title or found.settings.get("block_name", "")
        return [BlockDoc(self.key(found.name), title, content, found.is_published)]

    def pool(self, found: Found, depth: int) -> list[BlockDoc]:
        """Problems to draw from. What holds more than single questions is shown as a whole, and said so."""
        key, inside = self.key(found.name), self.children(found, depth)
        problems = [block.content for block in inside if isinstance(block.content, ProblemDoc) and len(block.content.questions) == 1]
        if not inside or len(problems) < len(inside):
            self.keys.discard(key)
            self.cannot(found, blocks.WRAPPERS[found.tag]())
            return inside
        wanted = found.settings.get("max_count", "1").strip()
        count = int(wanted) if wanted.isascii() and wanted.isdigit() and 0 < int(wanted[:9]) < len(problems) else None
        if found.settings.get("capa_type", "any") not in ("any", ""):
            self.cannot(found, _("按题型筛选没有导入，从全部题目中抽取"))
        if found.is_carried:
            self.pooled.update(("problem", str(node.get("url_name"))) for node in found.element)
        pool = PoolDoc(tuple(problems), tuple(block.key for block in inside), tuple(block.title for block in inside), count)
        return [BlockDoc(key, found.title, pool, found.is_published)]

    def content(self, found: Found) -> Content:
        if found.tag == "html":
            return HtmlDoc(self.html(found))
        if found.tag == "problem":
            read = read_problem(found.element, found.settings)
            if read.reasons:
                self.cannot(found, "；".join(read.reasons))
            return read.problem
        leaf = blocks.read_leaf(found.tag, found.element, found.settings)
        if leaf is not None:
            return leaf
        content = blocks.unknown(found.tag, found.element)
        self.cannot(found, content.reason)
        return content

    def html(self, found: Found) -> str:
        element = found.element
        filename = str(element.get("filename") or "").replace(":", "/")
        if filename and not len(element) and not (element.text or "").strip():
            for file in (f"{self.folder}html/{filename}.html", f"html/{filename}.html", f"{self.folder}html/{filename}"):
                if self.files.exists(file):
                    self.pages_read.add(filename.replace("/", ":"))
                    text = markup.with_static_links(self.files.text(file).strip())
                    return "" if text == _EMPTY_PAGE else text
            self.cannot(found, _("缺少文件 html/%(name)s.html，内容为空", name=filename), warn=True)
            return ""
        return markup.inner(element)

    # --- definitions

    def find(self, node: Element, file: str) -> Found | None:
        """The definition a child element points at or is. None, with a warning, for a missing or repeated one."""
        tag = markup.tag_of(node)
        if not tag:
            return None
        name = str(node.get("url_name") or node.get("slug") or "")
        is_empty = not len(node) and not (node.text or "").strip()
        if tag == "html" and is_empty:  # a note for checkers, or a page without XML
            is_pointer = set(node.attrib) <= {"url_name", "slug"}
        else:
            is_pointer = is_empty and (set(node.attrib) <= {"url_name", "slug"} or self.path(tag, name) is not None)
        if name and is_pointer:
            return self.load(tag, name, file, node)
        if not name:
            name = str(node.get("filename") or "") or f"{Path(file).stem}-{tag}-{sum(1 for _x in node.itersiblings(preceding=True)) + 1}"
            return self.define(tag, self.free_name(tag, name), node, file)
        free = self.free_name(tag, name)
        if free != name:
            self.warnings.append(_("%(block)s 的名称重复，第二处内容以 %(name)s 导入（%(file)s）", block=f"{tag}/{name}", name=free, file=file))
        return self.define(tag, free, node, file)

    def free_name(self, tag: str, name: str) -> str:
        """A name that no definition of this kind has: what stands in its parent is a definition of its own, whatever it is called."""
        free, number = name, 2
        while (tag, free) in self.seen:
            free, number = f"{name}-{number}", number + 1
        return free

    def path(self, tag: str, name: str) -> str | None:
        """The file of a definition."""
        relative = f"{tag}/{name.replace(':', '/')}.xml" if name else ""
        if self.folder and relative and self.files.exists(self.folder + relative):
            return self.folder + relative
        return relative if relative and self.files.exists(relative) else None

    def load(self, tag: str, name: str, parent: str, pointer: Element | None = None) -> Found | None:
        """The definition in a file; attributes at the pointer itself count above those of the file."""
        path = self.path(tag, name)
        if path is not None:
            element = self.files.xml(path)
            for attribute, value in pointer.attrib.items() if pointer is not None else ():
                element.set(attribute, value)
            if markup.tag_of(element) != tag:
                problem = _("应是 <%(tag)s>，实际是 <%(other)s>", tag=tag, other=markup.tag_of(element))
                raise PackageRefused(path, problem, line=1, code="broken_file")
            return self.define(tag, name, element, path)
        if tag == "html" and self.files.exists(f"html/{name.replace(':', '/')}.html"):
            from lxml import etree

            return self.define(tag, name, etree.Element("html", filename=name), parent)
        reason = _("%(parent)s 指向的文件 %(tag)s/%(name)s.xml 不存在", parent=parent, tag=tag, name=name)
        self.unsupported.append(UnsupportedDoc(f"{tag}/{name}", reason))
        self.warnings.append(reason)
        return None

    def define(self, tag: str, name: str, element: Element, file: str) -> Found | None:
        if (tag, name) in self.pooled:  # what every learner got on another platform is in our pool already
            return None
        if (tag, name) in self.seen:
            block = f"{tag}/{name}"
            self.warnings.append(_("%(block)s 被多次引用，只在第一处导入（第二处：%(file)s）", block=block, file=file))
            return None
        self.seen.add((tag, name))
        carried = None
        if tag == "html":
            carried = carrier.unpack(element, self.files) if len(element) or element.get("filename") else None
            if carried is not None:
                self.pages_read.add(str(element.get("filename") or ""))
                element, tag = carried, markup.tag_of(carried)
        self.counts[tag] += 1
        attributes = values.merged(markup.attributes(element), self.policy.get(f"{tag}/{name}", {}))
        is_kept = tag not in unread.READ and tag not in ("vertical", "html")
        self.leftovers.look(f"{tag}/{name}", attributes, is_kept=is_kept)
        self.leftovers.meet(f"{tag}/{name}", element)
        if tag in ("problem", "sequential"):
            attributes = {**self.above.settings, **attributes}
        return Found(tag, name, element, attributes, file, carried is not None)

    def orphans(self) -> list[SectionDoc]:
        """What no parent points at: kept, in sections nobody sees, and named in the warnings."""
        names = self.files.definitions()
        sections: list[SectionDoc] = []
        units: list[UnitDoc] = []
        pages: list[PageDoc] = []
        loose: list[BlockDoc] = []
        left: list[str] = []
        for folder in ("", "drafts/"):
            self.folder = folder
            tags = [tag.removeprefix("drafts/") for tag in names if tag.startswith("drafts/") == bool(folder)]
            order = [*STRUCTURE, *blocks.WRAPPERS]
            tags.sort(key=lambda tag: (order.index(tag) if tag in order else len(order), tag))
            for tag in tags:
                for name in names[folder + tag]:
                    if (tag, name) in self.seen:
                        if folder:
                            self.warnings.append(_("草稿 %(block)s 已有发布版本，没有导入", block=f"{tag}/{name}"))
                        continue
                    if self.is_foreign(tag, name):
                        self.warnings.append(_("%(file)s 不是课程内容，没有导入", file=f"{folder}{tag}/{name}.xml"))
                        continue
                    left.append(f"{folder}{tag}/{name}")
                    found = self.load(tag, name, folder + tag)
                    if found is None:
                        continue
                    if tag == "chapter":
                        self.seen.discard((tag, name))
                        self.counts[tag] -= 1
                        sections += self.sections(markup.pointer(tag, name), folder + tag, is_orphan=True)
                    elif tag in ("sequential", "problemset", "videosequence"):
                        units.append(self.unit(found, 1))
                    elif tag == "vertical":
                        pages.append(self.page(found, 2))
                    else:
                        loose += self.blocks(found, 3)
        self.folder = ""
        for name in sorted(self.files.lone_pages - self.pages_read):
            if ("html", name) not in self.seen:
                left.append(f"html/{name}")
                found = self.load("html", name, "html")
                loose += self.blocks(found, 3) if found is not None else []
        if loose:
            pages.append(PageDoc(self.key(f"{UNPUBLISHED}-blocks"), _("未编入目录的组件"), tuple(loose)))
        if pages:
            units.append(UnitDoc(self.key(f"{UNPUBLISHED}-pages"), _("未编入目录的页面"), tuple(pages)))
        if units:
            sections.append(SectionDoc(self.key(UNPUBLISHED), _("未编入目录的内容"), tuple(units), is_published=False))
        for block in left:
            self.warnings.append(_("%(block)s 没有被任何上级引用，已放入未发布的章节", block=block))
        return sections

    def is_foreign(self, tag: str, name: str) -> bool:
        """A file in a folder that only happens to lie beside the course: the folder is no known tag, the root another."""
        path = self.path(tag, name)
        known = tag in (*STRUCTURE, *blocks.WRAPPERS, *blocks.REASONS, "html", "problem") or blocks.is_known(tag)
        return not known and path is not None and markup.tag_of(self.files.xml(path)) != tag

    # --- small things

    def key(self, name: str) -> str:
        """A key nobody else of this course has."""
        key, number = name, 2
        while key in self.keys:
            key, number = f"{name}-{number}", number + 1
        self.keys.add(key)
        return key

    def instant(self, found: Found, name: str) -> datetime | None:
        try:
            return values.instant(found.settings.get(name, ""))
        except ValueError:
            block = f"{found.tag}/{found.name}"
            self.warnings.append(_("%(block)s 的 %(name)s 不是日期，已忽略", block=block, name=name))
            return None

    def cannot(self, found: Found, reason: str, *, warn: bool = False) -> None:
        block = f"{found.tag}/{found.name}"
        self.unsupported.append(UnsupportedDoc(block, reason))
        if warn:
            self.warnings.append(f"{block}：{reason}")
