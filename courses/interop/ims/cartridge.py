"""Common Cartridge 1.0 to 1.3 and QTI packages -> `CourseDoc`. What has no counterpart is kept as text and named."""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from html import escape
from pathlib import Path

from courses.interop.ims import qti, qti1, spelling
from courses.interop.ims.manifest import FILE, Item, Manifest, Package, Resource, find_manifest, read_manifest
from courses.interop.ims.worth import by_worth, worth_of
from courses.interop.olx import markup
from courses.interop.olx.files import CourseFiles
from courses.interop.packages import PackageRefused
from courses.interop.types import (
    BlockDoc,
    CountsDoc,
    CourseDoc,
    DiscussionDoc,
    FileDoc,
    HtmlDoc,
    LtiDoc,
    PageDoc,
    ProblemDoc,
    SectionDoc,
    UnitDoc,
    UnsupportedDoc,
)
from trainhub.kernel.i18n import _, listed

PAGES = (".html", ".htm", ".xhtml")
MAX_NESTING = 2
"""Section and unit; what is nested deeper is laid flat, and said so."""


def find_cartridge(folder: Path) -> Path | None:
    """The folder of a Common Cartridge or QTI package; None for any other (SCORM also has a manifest)."""
    root = find_manifest(folder)
    if root is None:
        return None
    manifest = read_manifest(CourseFiles(root))
    kinds = " ".join(resource.type for resource in manifest.resources.values())
    return root if "cartridge" in manifest.schema.lower() or "imscc" in kinds or "imsqti" in kinds or "imsdt" in kinds else None


def read_cartridge(root: Path) -> CourseDoc:
    """Read a package. Refuses a broken description by file and line; a missing file is named and passed over."""
    files = Package(root)
    return _Reader(files, read_manifest(files)).course()


class _Reader:
    def __init__(self, files: Package, manifest: Manifest) -> None:
        self.files, self.manifest = files, manifest
        self.counts: Counter[str] = Counter()
        self.unsupported: list[UnsupportedDoc] = []
        self.warnings: list[str] = []
        self.missing: list[str] = []
        self.described: set[str] = set()
        self.used: set[str] = set()
        self.keys: set[str] = set()

    def course(self) -> CourseDoc:
        manifest = self.manifest
        sections = [self.section(item) for item in manifest.items]
        rest = self.rest()
        sections += [rest] if rest is not None else []
        if not any(unit.pages for section in sections for unit in section.units):
            if self.missing:
                names = listed(dict.fromkeys(self.missing[:5]))
                why = _("包中没有可以导入的内容：清单列出的文件不在包里（%(names)s）；请重新导出完整的课程包", names=names)
                raise PackageRefused(FILE, why, code="not_found")
            raise PackageRefused(FILE, _("包中没有可以导入的内容：清单里没有网页、链接、讨论或题目"), code="unknown_format")
        known = ("problem", "html", "discussion")
        other = tuple(sorted((tag, n) for tag, n in self.counts.items() if tag not in known))
        units = [unit for section in sections for unit in section.units]
        counts = CountsDoc(
            len(sections),
            len(units),
            sum(len(unit.pages) for unit in units),
            self.counts["problem"],
            0,
            self.counts["html"],
            self.counts["discussion"],
            other,
        )
        return CourseDoc(
            code=manifest.id or "cartridge",
            title=manifest.title or _("导入的课程"),
            language=manifest.language or "zh",
            sections=tuple(sections),
            summary=manifest.summary,
            assets=self.files.assets(frozenset(self.described)),
            warnings=tuple(self.warnings),
            unsupported=tuple(self.unsupported),
            counts=counts,
        )

    # --- arrangement

    def section(self, item: Item) -> SectionDoc:
        """An entry of the first level; a leaf there becomes a section with one page."""
        units: list[UnitDoc] = []
        loose: list[PageDoc] = []
        for child in item.items or (item,):
            if child.items:
                units += self.flush(item, loose)
                units.append(UnitDoc(self.key(child.id), child.title or item.title, tuple(self.pages(child)), is_graded=self.is_graded(child)))
            else:
                loose += self.leaf(child)
        units += self.flush(item, loose)
        return SectionDoc(self.key(item.id), item.title or _("未命名"), tuple(units))

    def flush(self, item: Item, pages: list[PageDoc]) -> list[UnitDoc]:
        if not pages:
            return []
        made = UnitDoc(self.key(f"{item.id}-unit"), item.title or pages[0].title, tuple(pages), is_graded=self.is_graded(item))
        pages.clear()
        return [made]

    def is_graded(self, item: Item) -> bool:
        named = [item, *item.items]
        return any("assessment" in self.type_of(child.resource) for child in named)

    def type_of(self, resource: str) -> str:
        found = self.manifest.resources.get(resource)
        return found.type if found is not None else ""

    def pages(self, item: Item) -> list[PageDoc]:
        """Everything inside an entry, deeper levels laid flat."""
        made = []
        if item.resource:
            made += self.leaf(item)
        for child in item.items:
            if child.items:
                self.warnings.append(_("“%(title)s”嵌套过深，其中的内容并入上一级", title=child.title or child.id))
            made += self.pages(child) if child.items else self.leaf(child)
        return made

    def leaf(self, item: Item) -> list[PageDoc]:
        if not item.resource:
            return [PageDoc(self.key(item.id), item.title)] if item.title and not item.items else []
        resource = self.manifest.resources.get(item.resource)
        if resource is None:
            self.lose(item.id, _("清单没有说明资源 %(id)s", id=item.resource))
            return []
        blocks = self.blocks(resource, item.title)
        return [PageDoc(self.key(item.id), item.title or resource.href, tuple(blocks))] if blocks else []

    def rest(self) -> SectionDoc | None:
        """Resources that nothing arranges: question banks, tests of a QTI package, lone pages. Not published."""
        left = [r for r in self.manifest.resources.values() if r.id not in self.used and not self.is_file(r)]
        items = [r for r in left if "imsqti_item" in r.type or "assessmentitem" in r.type]
        tests = [r for r in left if "imsqti_test" in r.type or "imsqti_assessment" in r.type]
        pages = []
        for resource in [r for r in left if r not in items]:
            blocks = self.blocks(resource, "")
            pages += [PageDoc(self.key(f"{resource.id}-page"), blocks[0].title or resource.href, tuple(blocks))] if blocks else []
        lone = [r for r in items if r.id not in self.used and r.href not in self.described]  # what a test needs and did not take is kept here
        if lone:
            questions = [question for resource in lone for question in self.item(resource).questions]
            if questions:
                block = BlockDoc(self.key("items"), _("试题"), ProblemDoc(tuple(questions)))
                pages.append(PageDoc(self.key("items-page"), _("试题"), (block,)))
        if not pages:
            return None
        if self.manifest.items:
            self.warnings.append(_("%(n)d 项没有编入目录，已放入未发布的章节", n=len(pages)))
        unit = UnitDoc(self.key("rest-unit"), _("未编入目录的内容"), tuple(pages), is_graded=bool(tests))
        title = _("未编入目录的内容") if self.manifest.items else (self.manifest.title or _("试题"))
        return SectionDoc(self.key("rest"), title, (unit,), is_published=not self.manifest.items)

    def is_file(self, resource: Resource) -> bool:
        """A resource that only brings files along for others."""
        return resource.type in ("webcontent", "associatedcontent/imscc_xmlv1p0/learning-application-resource") or resource.type.startswith(
            "associatedcontent"
        )

    # --- content

    def blocks(self, resource: Resource, title: str) -> list[BlockDoc]:
        """The blocks of a resource: one, or for a topic its text and the discussion."""
        self.used.add(resource.id)
        kind = resource.type
        if not resource.href or not self.files.exists(resource.href):
            self.lack(resource.id, resource.href)
            return []
        if kind == "webcontent" or kind.startswith("associatedcontent"):
            return [self.web(resource, title)]
        if "imswl" in kind:
            return [self.link(resource, title)]
        if "imsdt" in kind:
            return self.topic(resource, title)
        if "imsbasiclti" in kind:
            return [self.tool(resource, title)]
        if "imsqti_test" in kind or ("imsqti_assessment" in kind and self.root_of(resource) in ("assessmentTest", "qti-assessment-test")):
            return self.test(resource, title)
        if "imsqti_item" in kind:
            questions = self.item(resource).questions
            return [BlockDoc(self.key(resource.id), title, ProblemDoc(tuple(questions)))] if questions else []
        if "assessment" in kind or "question-bank" in kind or "questionbank" in kind or "imsqti" in kind:
            return self.assessment(resource, title)
        self.lose(resource.id, _("资源类型 %(kind)s 没有对应的内容，没有导入", kind=kind or "?"))
        return []

    def root_of(self, resource: Resource) -> str:
        return markup.tag_of(self.files.xml(resource.href))

    def web(self, resource: Resource, title: str) -> BlockDoc:
        path = resource.href
        if not path.lower().endswith(PAGES):
            self.counts["file"] += 1
            return BlockDoc(self.key(resource.id), title or path.rsplit("/", 1)[-1], FileDoc(f"/static/{path}"))
        self.described.add(path)
        self.counts["html"] += 1
        return BlockDoc(self.key(resource.id), title, HtmlDoc(self.files.linked(_body(self.files.text(path)), path)))

    def link(self, resource: Resource, title: str) -> BlockDoc:
        root = self.described_xml(resource)
        url = next((str(node.get("href") or "") for node in root.iter() if markup.tag_of(node) == "url"), "").strip()
        name = title or next((markup.text_of(node) for node in root if markup.tag_of(node) == "title"), "") or url
        self.counts["weblink"] += 1
        if not url.startswith(("https://", "http://")):
            self.lose(resource.id, _("网址“%(url)s”不能打开，只保留标题", url=url[:80]))
            return BlockDoc(self.key(resource.id), name, HtmlDoc(f"<p>{escape(name)}</p>"))
        return BlockDoc(self.key(resource.id), name, HtmlDoc(f'<p><a href="{escape(url)}">{escape(name)}</a></p>'))

    def topic(self, resource: Resource, title: str) -> list[BlockDoc]:
        root = self.described_xml(resource)
        text = next((node for node in root if markup.tag_of(node) == "text"), None)
        raw = "".join(str(part) for part in text.itertext()).strip() if text is not None else ""
        is_html = text is not None and "html" in str(text.get("texttype") or "")
        name = title or next((markup.text_of(node) for node in root if markup.tag_of(node) == "title"), "")
        self.counts["discussion"] += 1
        made = [BlockDoc(self.key(resource.id), name, DiscussionDoc(name, name))]
        if raw:
            body = self.files.linked(raw, resource.href) if is_html else f"<p>{escape(raw, quote=False)}</p>"
            made.insert(0, BlockDoc(self.key(f"{resource.id}-text"), "", HtmlDoc(body)))
        return made

    def tool(self, resource: Resource, title: str) -> BlockDoc:
        root = self.described_xml(resource)
        parts = {markup.tag_of(node): markup.text_of(node) for node in root.iter()}
        self.counts["lti"] += 1
        return BlockDoc(self.key(resource.id), title or parts.get("title", ""), LtiDoc(parts.get("secure_launch_url") or parts.get("launch_url", "")))

    def assessment(self, resource: Resource, title: str) -> list[BlockDoc]:
        root = self.described_xml(resource)
        if spelling.name(root) == "assessmentitem":
            questions = self.item(resource).questions
            return [BlockDoc(self.key(resource.id), title, ProblemDoc(tuple(questions)))] if questions else []
        read = qti1.read_assessment(root, lambda text: self.files.linked(text, resource.href))
        self.counts["problem"] += len(read.questions)
        for item, reason in read.lost:
            self.lose(f"{resource.id}/{item}", reason)
        if not read.questions:
            self.lose(resource.id, _("测验中没有题目"))
            return []
        return [BlockDoc(self.key(resource.id), title or read.title, ProblemDoc(tuple(read.questions), attempts=read.attempts))]

    def test(self, resource: Resource, title: str) -> list[BlockDoc]:
        """A test of QTI 2 or 3: its sections in order, the items they name."""
        root = self.described_xml(resource)
        made = []
        folder = resource.href.rpartition("/")[0]
        by_path = {other.href: other for other in self.manifest.resources.values() if other.href}
        holders = [node for node in root.iter() if spelling.name(node) == "assessmentsection"] or [root]
        for number, holder in enumerate(holders, start=1):
            asked: list[qti.ItemRead] = []
            weights: list[Fraction | None] = []
            for node in holder:
                if spelling.name(node) in ("selection", "ordering"):
                    self.lose(f"{resource.id}/{number}", _("随机抽题和乱序规则没有导入，题目按顺序全部保留"))
                if spelling.name(node) == "assessmentsectionref":
                    self.lose_section(resource, node)
                if spelling.name(node) != "assessmentitemref":
                    continue
                path = "/".join(part for part in (folder, spelling.value(node, "href")) if part)
                item = by_path.get(path) or by_path.get(spelling.value(node, "href"))
                if item is not None:
                    self.used.add(item.id)
                if item is None or not self.files.exists(item.href):
                    self.lack(f"{resource.id}/{spelling.value(node, 'identifier')}", path)
                    continue
                if (read := self.item(item)).questions:
                    asked.append(read)
                    weights.append(_weight(node))
            if asked:
                name = spelling.value(holder, "title") or title or spelling.value(root, "title")
                questions, is_worth = by_worth([read.questions for read in asked], weights, [read.highest for read in asked])
                if not is_worth:
                    self.lose(resource.id, _("题目的分值权重没有导入，请在测验中重新填写分值"))
                made.append(BlockDoc(self.key(f"{resource.id}-{number}"), name[:200], ProblemDoc(questions, attempts=qti.attempts_of(root))))
        for part in [node for node in root if spelling.name(node) == "testpart"]:
            for node in [node for node in part if spelling.name(node) == "assessmentsectionref"]:
                self.lose_section(resource, node)
        for reason in qti.rules_lost(root):
            self.lose(resource.id, reason)
        if not made:
            self.lose(resource.id, _("测验中没有题目"))
        return made

    def lose_section(self, test: Resource, node: markup.Element) -> None:
        """A section of a test that stands in a file of its own is not read; its questions come as loose ones."""
        words = _("写在另一个文件 %(file)s 中的部分没有编入测验，其中的题目单独导入", file=spelling.value(node, "href") or "?")
        self.lose(f"{test.id}/{spelling.value(node, 'identifier')}", words)

    def item(self, resource: Resource) -> qti.ItemRead:
        if not self.files.exists(resource.href):
            self.lack(resource.id, resource.href)
            return qti.ItemRead("")
        self.used.add(resource.id)
        read = qti.read_item(self.described_xml(resource), lambda text: self.files.linked(text, resource.href))
        self.counts["problem"] += 1
        for reason in dict.fromkeys(read.reasons):
            self.lose(resource.id, reason)
        return read

    # --- small things

    def described_xml(self, resource: Resource) -> markup.Element:
        self.described.add(resource.href)
        return self.files.xml(resource.href)

    def lack(self, block: str, file: str) -> None:
        """A file that the list of contents names and the package does not hold."""
        self.missing.append(file or "?")
        self.lose(block, _("包中没有文件 %(file)s", file=file or "?"))

    def lose(self, block: str, reason: str) -> None:
        self.unsupported.append(UnsupportedDoc(block, reason))

    def key(self, wanted: str) -> str:
        """A key nobody else of this course has."""
        plain = wanted[:100] or "part"
        key, number = plain, 2
        while key in self.keys:
            key, number = f"{plain}-{number}", number + 1
        self.keys.add(key)
        return key


def _weight(node: markup.Element) -> Fraction | None:
    """The weight of an item of a test: 1 where nothing is said; None for one that is no number, or where it has several for several sums."""
    said = [worth_of(spelling.value(one, "value")) for one in node if spelling.name(one) == "weight"]
    return Fraction(1) if not said else said[0] if len(said) == 1 else None


_BEGIN = re.compile(r"<body(?=[\s>/])[^>]*>", re.IGNORECASE | re.ASCII)
_END = re.compile(r"</body", re.IGNORECASE | re.ASCII)


def _body(page: str) -> str:
    """What stands in the body of a page; the whole text when there is none."""
    begin = _BEGIN.search(page)
    if begin is None:
        return page
    end = max((found.start() for found in _END.finditer(page, begin.end())), default=None)
    return page[begin.end() : end].strip()
