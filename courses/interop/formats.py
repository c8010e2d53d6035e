"""Which format a package has, and reading it: one door for all formats.

A format is a `Format`; new ones (SCORM, .mbz) add themselves to `FORMATS` and produce the same
`CourseDoc`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from courses.interop.ims.cartridge import find_cartridge, read_cartridge
from courses.interop.olx.files import find_root
from courses.interop.olx.reader import read_olx
from courses.interop.packages import Limits, PackageRefused, open_package
from courses.interop.types import AssetDoc, CourseDoc
from trainhub.kernel.i18n import _, listed


@dataclass(frozen=True, slots=True)
class Format:
    """`find(folder)` answers the folder a course of this format starts in, or None; `read(root)` reads it."""

    code: str
    name: str
    find: Callable[[Path], Path | None]
    read: Callable[[Path], CourseDoc]


FORMATS: tuple[Format, ...] = (
    Format("olx", "OLX (Open edX, course.xml)", find_root, read_olx),
    Format("imscc", "Common Cartridge 1.x / QTI 2.x, 3.0 (imsmanifest.xml)", find_cartridge, read_cartridge),
)


@dataclass(frozen=True, slots=True)
class OpenCourse:
    """A course with its files at hand; valid inside `opened` alone."""

    format: Format
    root: Path
    doc: CourseDoc

    def file(self, asset: AssetDoc) -> Path:
        """Where the asset's bytes are now; refuses what does not lie in the package."""
        path = (self.root / asset.path).resolve()
        if not path.is_relative_to(self.root.resolve()) or not path.is_file():
            raise PackageRefused(asset.path, _("包中没有该文件"), code="not_found")
        return path


def _recognise(folder: Path, name: str) -> tuple[Format, Path]:
    for known in FORMATS:
        root = known.find(folder)
        if root is not None:
            return known, root
    supported = listed(known.name for known in FORMATS)
    problem = _("不是可导入的课程包；支持的格式：%(supported)s，目录或 .tar.gz、.zip", supported=supported)
    raise PackageRefused(name, problem, code="unknown_format")


def detect(path: Path, *, limits: Limits | None = None) -> Format:
    """The format of a folder or archive. Refuses an unsafe package and an unknown format, naming those supported."""
    with open_package(path, limits=limits) as package:
        return _recognise(package.root, package.name)[0]


@contextmanager
def opened(path: Path, *, limits: Limits | None = None) -> Iterator[OpenCourse]:
    """Open, recognise and read a package; inside the block the assets' bytes can be copied (`file`)."""
    with open_package(path, limits=limits) as package:
        known, root = _recognise(package.root, package.name)
        yield OpenCourse(known, root, known.read(root))


def read(path: Path, *, limits: Limits | None = None) -> CourseDoc:
    """The course of a folder or archive, without its files. Refuses like `opened`."""
    with opened(path, limits=limits) as course:
        return course.doc
