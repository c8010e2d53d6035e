"""The list of contents of an IMS package: what it is called, how it is arranged, which files belong to what."""

from __future__ import annotations

import mimetypes
import posixpath
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from courses.interop.olx import markup
from courses.interop.olx.files import CourseFiles
from courses.interop.olx.markup import Element
from courses.interop.packages import PackageRefused
from courses.interop.types import AssetDoc
from trainhub.kernel.i18n import _, listed

FILE = "imsmanifest.xml"
MAX_DEPTH = 60
MAX_ITEMS = 50_000
FILEBASE = re.compile(r"(?:\$|%24)(?:IMS[-_]CC[-_]FILEBASE|CANVAS_COURSE_REFERENCE)(?:\$|%24)/?")
_REFERENCE = re.compile(r"""(\b(?:src|href|data|poster)\s*=\s*)(["'])(.*?)\2""", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its type as declared, its main file and all of its files, as paths below the package."""

    id: str
    type: str
    href: str
    files: tuple[str, ...]
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the organisation; with a resource it is a leaf, mostly."""

    id: str
    title: str
    resource: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole manifest."""

    id: str
    title: str
    summary: str
    language: str
    schema: str
    items: tuple[Item, ...]
    resources: dict[str, Resource]


class Package(CourseFiles):
    """The files of an IMS package, and what its pages refer to as `/static/<path>`."""

    def assets(self, left_out: frozenset[str] = frozenset()) -> tuple[AssetDoc, ...]:  # type: ignore[override]
        """Every file that is no part of the description itself, under its own path."""
        made = []
        for path in sorted(self.root.rglob("*")):
            name = path.relative_to(self.root).as_posix()
            if not path.is_file() or path.is_symlink() or name == FILE or name in left_out or path.name.startswith("._"):
                continue
            media, _coding = mimetypes.guess_type(path.name)
            made.append(AssetDoc(name, name, path.stat().st_size, media or "application/octet-stream"))
        return tuple(made)

    def linked(self, text: str, at: str) -> str:
        """Markup of the file `at` with the addresses of other files of the package as `/static/<path>`."""
        folder = posixpath.dirname(at)

        def put(match: re.Match[str]) -> str:
            address = match[3].strip()
            plain = FILEBASE.sub("", address)
            path = within(unquote(plain.split("#")[0].split("?")[0]), "" if plain != address else folder)
            for known in (path, f"web_resources/{path}" if path else None):
                if known and self.exists(known):
                    return f"{match[1]}{match[2]}/static/{known}{match[2]}"
            return match[0]

        return _REFERENCE.sub(put, text)


def within(address: str, folder: str = "") -> str | None:
    """A relative address as a path below the package; None for one that leads elsewhere or out."""
    address = address.replace("\\", "/").strip()
    if not address or address.startswith("/") or re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", address):
        return None
    path = posixpath.normpath(posixpath.join(folder, address))
    return None if path.startswith("..") or path == "." else path


def find_manifest(folder: Path) -> Path | None:
    """The folder with imsmanifest.xml: this one, or the only folder inside."""
    if (folder / FILE).is_file():
        return folder
    inside = [child for child in sorted(folder.iterdir()) if child.is_dir() and (child / FILE).is_file()]
    if len(inside) > 1:
        names = listed(child.name for child in inside[:5])
        raise PackageRefused(folder.name, _("包内有多门课程（%(names)s）；请一次导入一门", names=names))
    return inside[0] if inside else None


def read_manifest(files: CourseFiles) -> Manifest:
    """Read imsmanifest.xml. Refuses a broken one by line, one that nests without end, and paths that leave the package."""
    root = files.xml(FILE)
    if markup.tag_of(root) != "manifest":
        raise PackageRefused(FILE, _("应是 <%(tag)s>，实际是 <%(other)s>", tag="manifest", other=markup.tag_of(root)), line=1, code="broken_file")
    resources: dict[str, Resource] = {}
    for node in root.iter():
        if markup.tag_of(node) == "resource":
            made = _resource(node)
            resources.setdefault(made.id, made)
    organisation = next((node for node in root.iter() if markup.tag_of(node) == "organization"), None)
    count = [0]
    items = tuple(_item(node, 1, count) for node in organisation if markup.tag_of(node) == "item") if organisation is not None else ()
    while len(items) == 1 and not items[0].resource and items[0].items and not items[0].title:
        items = items[0].items  # Common Cartridge wraps everything in one item without a title
    metadata = next((node for node in root if markup.tag_of(node) == "metadata"), None)
    return Manifest(
        id=str(root.get("identifier") or ""),
        title=_lom(metadata, "title") or (_title(organisation) if organisation is not None else ""),
        summary=_lom(metadata, "description"),
        language=_lom(metadata, "language")[:12],
        schema=_child_text(metadata, "schema"),
        items=items,
        resources=resources,
    )


def _resource(node: Element) -> Resource:
    base = str(node.get("{http://www.w3.org/XML/1998/namespace}base") or "")
    named = [(str(child.get("href") or ""), child) for child in node if markup.tag_of(child) == "file"]
    href = _inside(str(node.get("href") or ""), base)
    listed = tuple(path for text, _child in named if (path := _inside(text, base)))
    needs = tuple(str(child.get("identifierref") or "") for child in node if markup.tag_of(child) == "dependency")
    return Resource(str(node.get("identifier") or ""), str(node.get("type") or "").lower(), href or (listed[0] if listed else ""), listed, needs)


def _inside(text: str, base: str) -> str:
    if not text:
        return ""
    if ".." in text.replace("\\", "/").split("/"):
        raise PackageRefused(FILE, _("清单中的路径“%(path)s”会离开课程包，不予读取", path=text[:120]), code="unsafe_path")
    return within(unquote(text.split("#")[0].split("?")[0]), base) or ""


def _item(node: Element, depth: int, count: list[int]) -> Item:
    count[0] += 1
    if depth > MAX_DEPTH or count[0] > MAX_ITEMS:
        raise PackageRefused(FILE, _("嵌套层数过多"), line=getattr(node, "sourceline", None), code="broken_file")
    inside = tuple(_item(child, depth + 1, count) for child in node if markup.tag_of(child) == "item")
    return Item(str(node.get("identifier") or f"item-{count[0]}"), _title(node), str(node.get("identifierref") or ""), inside)


def _title(node: Element) -> str:
    found = next((child for child in node if markup.tag_of(child) == "title"), None)
    return markup.text_of(found)[:200] if found is not None else ""


def _lom(metadata: Element | None, name: str) -> str:
    """A text of the general part of the package's LOM description."""
    general = next((node for node in metadata.iter() if markup.tag_of(node) == "general"), None) if metadata is not None else None
    found = next((node for node in general if markup.tag_of(node) == name), None) if general is not None else None
    return markup.text_of(found)[:500] if found is not None else ""


def _child_text(metadata: Element | None, name: str) -> str:
    found = next((node for node in metadata if markup.tag_of(node) == name), None) if metadata is not None else None
    return markup.text_of(found) if found is not None else ""
