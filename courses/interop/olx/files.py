"""The files of one OLX course: where the course is in a package, its definitions, policies and assets."""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from courses.interop.olx import markup
from courses.interop.olx.markup import Element
from courses.interop.packages import SKIPPED_NAMES, SKIPPED_PARTS, PackageRefused
from courses.interop.types import AssetDoc
from trainhub.kernel.i18n import _, listed

MAX_ROOT_DEPTH = 4
MAX_XML = 20 << 20
# Folders of a course that hold no definitions.
NO_BLOCKS = frozenset(["about", "assets", "course", "drafts", "info", "policies", "static", "tabs", "wiki", "textbook", "textbooks"])


def find_root(folder: Path) -> Path | None:
    """The folder with course.xml, at most four levels down, the highest first; None if there is none. Refuses two."""
    level = [folder]
    for _depth in range(MAX_ROOT_DEPTH + 1):
        found = sorted(place for place in level if (place / "course.xml").is_file())
        if len(found) > 1:
            names = listed(place.relative_to(folder).as_posix() for place in found[:5])
            raise PackageRefused(folder.name, _("包内有多门课程（%(names)s）；请一次导入一门", names=names))
        if found:
            return found[0]
        level = [
            child
            for place in level
            for child in sorted(place.iterdir())
            if child.is_dir() and not child.is_symlink() and not child.name.startswith(".") and child.name not in SKIPPED_PARTS
        ]
    return None


class CourseFiles:
    """Reads files below the course's folder. Every refusal names the file as the course's author knows it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._definitions: dict[str, list[str]] | None = None
        self.lone_pages: set[str] = set()

    def exists(self, relative: str) -> bool:
        """Whether there is such a file inside the course."""
        path = self.root / relative
        return ".." not in Path(relative).parts and not Path(relative).is_absolute() and path.is_file()

    def bytes(self, relative: str) -> bytes:
        """The content of a file."""
        path = self.root / relative
        try:
            if path.stat().st_size > MAX_XML:
                raise PackageRefused(relative, _("文件超过 20 MB，不是正常的课程描述文件"), code="too_large")
            return path.read_bytes()
        except OSError as error:
            raise PackageRefused(relative, _("无法读取：%(why)s", why=error.strerror or ""), code="broken_file") from error

    def text(self, relative: str) -> str:
        """A text file in UTF-8 (or GB18030, as older Chinese editors write)."""
        raw = self.bytes(relative)
        for encoding in ("utf-8-sig", "gb18030"):
            try:
                return markup.clean(raw.decode(encoding).replace("\r\n", "\n"))
            except UnicodeDecodeError:
                continue
        raise PackageRefused(relative, _("不是 UTF-8 文本；请另存为 UTF-8"), code="broken_file")

    def xml(self, relative: str) -> Element:
        """The root of an XML file."""
        return markup.parse(self.bytes(relative), relative)

    def json(self, relative: str) -> dict[str, Any]:
        """A JSON object; {} when the file does not exist."""
        if not self.exists(relative):
            return {}
        try:
            value = json.loads(self.text(relative) or "{}")
        except json.JSONDecodeError as error:
            problem = _("不是完整的 JSON（%(why)s）", why=error.msg)
            raise PackageRefused(relative, problem, line=error.lineno, code="broken_file") from error
        except (ValueError, RecursionError) as error:
            raise PackageRefused(relative, _("不是完整的 JSON"), code="broken_file") from error
        if not isinstance(value, dict):
            raise PackageRefused(relative, _("应是一个 JSON 对象"), code="broken_file")
        return value

    def definitions(self) -> dict[str, list[str]]:
        """Names of definitions by tag: `html/dir/intro.xml` is html, dir:intro. Drafts are apart (`drafts/html`)."""
        if self._definitions is None:
            found: dict[str, list[str]] = {}
            for base, prefix in ((self.root, ""), (self.root / "drafts", "drafts/")):
                if base.is_dir():
                    for folder in sorted(base.iterdir()):
                        skipped = folder.name in NO_BLOCKS or folder.name.startswith(".") or folder.name in SKIPPED_PARTS
                        if folder.is_dir() and not skipped:
                            found[prefix + folder.name] = self._names(folder)
            self._definitions = {tag: names for tag, names in found.items() if names}
        return self._definitions

    def _names(self, folder: Path) -> list[str]:
        names = {self._name(path, folder) for path in folder.rglob("*.xml") if _is_content(path)}
        if folder.name == "html":  # an html page may stand without its XML
            pages = {self._name(path, folder) for path in folder.rglob("*.html") if _is_content(path)}
            self.lone_pages |= pages - names
        return sorted(names)

    @staticmethod
    def _name(path: Path, folder: Path) -> str:
        return path.relative_to(folder).with_suffix("").as_posix().replace("/", ":")

    def assets(self) -> Iterator[AssetDoc]:
        """The files below static/, by name."""
        base = self.root / "static"
        if not base.is_dir():
            return
        for path in sorted(base.rglob("*")):
            if path.is_file() and not path.is_symlink() and _is_content(path):
                media, _coding = mimetypes.guess_type(path.name)
                yield AssetDoc(
                    name=path.relative_to(base).as_posix(),
                    path=path.relative_to(self.root).as_posix(),
                    size=path.stat().st_size,
                    media_type=media or "application/octet-stream",
                )


def _is_content(path: Path) -> bool:
    return path.is_file() and path.name not in SKIPPED_NAMES and not path.name.startswith("._")
