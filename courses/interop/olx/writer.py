"""`CourseDoc` -> an OLX folder that Open edX imports and `olxcleaner` passes; reading it gives the same course."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from courses.interop.olx import carrier, info, markup, values, write_blocks, write_grading
from courses.interop.olx.markup import Element
from courses.interop.olx.write_problems import write_problem
from courses.interop.packages import PackageRefused
from courses.interop.types import (
    AssetDoc,
    BlockDoc,
    CourseDoc,
    FileDoc,
    HtmlDoc,
    LtiDoc,
    PageDoc,
    PollDoc,
    PoolDoc,
    ProblemDoc,
    SectionDoc,
    SurveyDoc,
    UnitDoc,
    UnknownDoc,
    VideoDoc,
)
from trainhub.kernel.i18n import _

Opener = Callable[[AssetDoc], bytes]
DEFAULT_ORG = "trainhub"
DEFAULT_RUN = "run"


def write_olx(doc: CourseDoc, out: Path, *, asset: Opener | None = None, is_native: bool = False) -> list[str]:
    """Write the course into the empty or new folder `out`; answer what another platform will not show as it is here.

    `asset` answers the bytes of each asset; without it none is written. Polls, surveys, files and blocks we do not know
    are carried inside html pages, which every checker passes; `is_native` writes them as the extensions of Open edX
    instead. Refuses a folder that holds anything.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise PackageRefused(out.name, _("目标目录不是空目录；请换一个新目录"), code="not_empty")
    out.mkdir(parents=True, exist_ok=True)
    return _Writer(doc, out, is_native).write(asset)


class _Writer:
    def __init__(self, doc: CourseDoc, out: Path, is_native: bool) -> None:
        self.doc, self.out, self.is_native = doc, out, is_native
        self.notes: list[str] = []
        self.names: set[str] = set()
        self.is_hidden = False
        self.lti: list[str] = []
        self.modules: set[str] = set()

    def write(self, asset: Opener | None) -> list[str]:
        doc = self.doc
        run = _file_name(doc.run or DEFAULT_RUN)
        root = _element("course", display_name=doc.title, language=doc.language)
        self.names.add(run)
        for section in doc.sections:
            root.append(markup.pointer("chapter", self.section(section)))
        root.set("start", values.written(doc.starts_at, values.NO_START))
        root.set("end", values.written(doc.ends_at, values.NO_END))
        _set(root, enrollment_start=values.written(doc.enrols_from), enrollment_end=values.written(doc.enrols_until))
        root.set("course_image", doc.image or values.NO_IMAGE)
        if self.modules:
            root.set("advanced_modules", json.dumps(sorted(self.modules)))
        self.xml(f"course/{run}.xml", root)
        self.xml("course.xml", _element("course", url_name=run, org=doc.org or DEFAULT_ORG, course=doc.code))
        policy: dict[str, Any] = {}
        if self.lti:  # keys and secrets are never exported; who imports the course enters them
            policy = {"lti_passports": [f"{name}:KEY:SECRET" for name in sorted(set(self.lti))]}
            self.notes.append(_("外部工具（LTI）的密钥没有导出，请在目标平台填写"))
        self.text(f"policies/{run}/policy.json", _json({f"course/{run}": policy}))
        self.text(f"policies/{run}/grading_policy.json", _json(self.grading()))
        for name, text in (("short_description", doc.summary), ("overview", doc.overview)):
            if text:
                self.text(f"about/{name}.html", text)
        for name, text in (info.news_files(doc.news) if doc.news else {}).items():
            self.text(name, text)
        if doc.handouts:
            self.text(info.HANDOUTS, doc.handouts)
        for item in doc.assets if asset is not None else ():
            target = self.out / "static" / item.name
            if not target.resolve().is_relative_to((self.out / "static").resolve()):
                raise PackageRefused(item.name, _("附件名会写到目录之外"), code="unsafe_path")
            target.parent.mkdir(parents=True, exist_ok=True)
            assert asset is not None
            target.write_bytes(asset(item))
        return self.notes

    def grading(self) -> dict[str, object]:
        policy, note = write_grading.grading_policy(self.doc.grading)
        self.notes += [note] if note else []
        return policy

    def section(self, section: SectionDoc) -> str:
        element = _element("chapter", display_name=section.title)
        _set(element, start=values.written(section.starts_at), visible_to_staff_only="" if section.is_published else "true")
        for unit in section.units:
            element.append(markup.pointer("sequential", self.unit(unit)))
        return self.definition("chapter", section.key, element)

    def unit(self, unit: UnitDoc) -> str:
        element = _element("sequential", display_name=unit.title)
        _set(
            element,
            start=values.written(unit.starts_at),
            due=values.written(unit.due_at),
            format=unit.assignment,
            graded="true" if unit.is_graded else "",
            visible_to_staff_only="" if unit.is_published else "true",
        )
        for page in unit.pages:
            element.append(markup.pointer("vertical", self.page(page)))
        return self.definition("sequential", unit.key, element)

    def page(self, page: PageDoc) -> str:
        element = _element("vertical", display_name=page.title)
        _set(element, visible_to_staff_only="" if page.is_published else "true")
        for block in page.blocks:
            self.is_hidden = not block.is_published
            element.extend(self.pool(block, block.content) if isinstance(block.content, PoolDoc) else [self.block(block)])
        self.is_hidden = False
        return self.definition("vertical", page.key, element)

    def pool(self, block: BlockDoc, pool: PoolDoc) -> list[Element]:
        """Problems to draw from. Checkers refuse such a block: then the first `count` problems go out for everybody, and a page
        before them carries the pool, from which our reader makes it whole again."""
        count = pool.count or len(pool.problems)
        element = _element("library_content", display_name=block.title, max_count=str(pool.count or -1), mode="random")
        self.mark(element)
        names: list[str] = []
        for number, (key, title, problem) in enumerate(zip(pool.keys, pool.titles, pool.problems, strict=True)):
            written = write_problem(problem)
            written.set("display_name", title)
            self.mark(written)
            if self.is_native or number < count:
                names.append(self.definition("problem", key, written))
                element.append(markup.pointer("problem", names[-1]))
            else:
                written.set("url_name", self.name(key))
                element.append(written)
        if self.is_native:
            return [markup.pointer("library_content", self.definition("library_content", block.key, element))]
        self.notes.append(
            _("%(block)s 随机抽题：其他平台上是固定的 %(n)d 题，题池（%(all)d 题）保存在网页中", block=block.key, n=count, all=len(pool.problems))
        )
        page = self.html(block.key, block.title, carrier.pack(markup.outer(element), "library_content"))
        return [page, *(markup.pointer("problem", name) for name in names)]

    def block(self, block: BlockDoc) -> Element:
        """The child of the vertical: a pointer to a file, or for blocks that must stand there, the block itself."""
        content = block.content
        if isinstance(content, HtmlDoc):
            return self.html(block.key, block.title, content.html or "<p></p>")
        if isinstance(content, ProblemDoc):
            element = write_problem(content)
            element.set("display_name", block.title)
            self.mark(element)
            return markup.pointer("problem", self.definition("problem", block.key, element))
        if isinstance(content, UnknownDoc):
            element = markup.parse(content.source.encode(), block.key)
            _set(element, display_name=block.title)
            self.mark(element)
            if not self.is_native and content.tag != "drag-and-drop-v2":
                return self.carried(block, element)
            element.set("url_name", self.name(block.key))
            return element
        element = write_blocks.write_leaf(content)
        self.mark(element)
        if isinstance(content, PollDoc | SurveyDoc | FileDoc) and not self.is_native:
            element.set("display_name", block.title)
            return self.carried(block, element)
        if isinstance(content, VideoDoc):
            element.set("display_name", block.title)
            return markup.pointer("video", self.definition("video", block.key, element))
        if isinstance(content, LtiDoc):
            self.modules.add("lti")
            self.lti.append(content.lti_id or "lti")
        if element.tag == "openassessment":
            if block.title:
                title = _element("title")
                title.text = markup.clean(block.title)
                element.insert(0, title)
        else:
            element.set("display_name", block.title)
        element.set("url_name", self.name(block.key))
        if element.tag == "discussion":
            element.set("discussion_id", str(element.get("url_name")))
        return element

    def carried(self, block: BlockDoc, element: Element) -> Element:
        tag = str(element.tag)
        self.notes.append(_("%(block)s 以网页形式保存了源代码，其他平台只显示说明", block=f"{tag}/{block.key}"))
        element.attrib.pop("url_name", "")
        return self.html(block.key, block.title, carrier.pack(markup.outer(element), tag))

    def html(self, key: str, title: str, text: str) -> Element:
        name = self.name(key)
        sound = markup.sound(text)
        if sound != text:
            self.notes.append(_("html/%(name)s 的标记不完整，已修补", name=name))
        self.text(f"html/{name}.html", sound)
        element = _element("html", filename=name, display_name=title)
        self.mark(element)
        self.xml(f"html/{name}.xml", element)
        return markup.pointer("html", name)

    def mark(self, element: Element) -> None:
        """What learners do not see here is for the staff only elsewhere too."""
        _set(element, visible_to_staff_only="true" if self.is_hidden else "")

    def definition(self, tag: str, key: str, element: Element) -> str:
        name = self.name(key)
        self.xml(f"{tag}/{name}.xml", element)
        return name

    def name(self, key: str) -> str:
        """A url_name no other block has, whatever its tag: checkers ask for it."""
        plain = name = _file_name(key)
        number = 2
        while name in self.names:
            name, number = f"{plain}-{number}", number + 1
        self.names.add(name)
        return name

    def xml(self, relative: str, element: Element) -> None:
        from lxml import etree

        self.text(relative, str(etree.tostring(element, encoding="unicode")) + "\n")

    def text(self, relative: str, text: str) -> None:
        path = self.out / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(markup.clean(text), encoding="utf-8", newline="\n")


def _file_name(key: str) -> str:
    """A key as the name of a file: no separators, not hidden."""
    plain = "".join(char if char.isalnum() or char in "-_.@" else "_" for char in key)
    return plain.lstrip(".")[:120] or "block"


def _element(tag: str, **attributes: str) -> Element:
    from lxml import etree

    element = etree.Element(tag)
    for name, value in attributes.items():
        element.set(name, markup.clean(value))
    return element


def _set(element: Element, **attributes: str) -> None:
    for name, value in attributes.items():
        if value:
            element.set(name, markup.clean(value))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"
