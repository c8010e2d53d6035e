"""Which format a package has, and reading it: one door for all formats.

A format is a `Format`; a new one adds itself to `FORMATS` and produces the same `CourseDoc`; everything behind it (files, blocks,
questions, the report, going out again as OLX) is then there. What people hand in and we do not read yet (SCORM, Moodle's .mbz, H5P)
is recognised in `UNREAD`, so that its owner is told what to do instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from courses.interop.ims.cartridge import find_cartridge, read_cartridge
from courses.interop.olx.files import find_root
from courses.interop.olx.reader import read_olx
from courses.interop.packages import Limits, PackageRefused, open_package
from courses.interop.types import AssetDoc, CourseDoc
from trainhub.kernel.i18n import _, _l, listed


@dataclass(frozen=True, slots=True)
class Format:
    """`find(folder)` answers the folder a course of this format starts in, or None; `read(root)` reads it."""

    code: str
    name: str
    find: Callable[[Path], Path | None]
    read: Callable[[Path], CourseDoc]


FORMATS: tuple[Format, ...] = (
    Format("olx", "OLX (Open edX, course.xml)", find_root, read_olx),
    Format("imscc", "Common Cartridge 1.x / QTI 1.2, 2.x, 3.0 (imsmanifest.xml)", find_cartridge, read_cartridge),
)


@dataclass(frozen=True, slots=True)
class Unread:
    """A kind of package that is known and not read: `sign` is the file that gives it away, `words` what is written in it (empty: anything)."""

    code: str
    sign: str
    words: str
    advice: Any


UNREAD: tuple[Unread, ...] = (
    Unread(
        "mbz",
        "moodle_backup.xml",
        "",
        _l(
            "这是 Moodle 备份（.mbz），目前不能直接导入。请在 Moodle 中安装 Common Cartridge 导出功能，导出 .imscc 后再导入；题目可另行导出为 GIFT，在题库中导入"
        ),
    ),
    Unread(
        "scorm",
        "imsmanifest.xml",
        "adlcp",
        _l("这是 SCORM 课件，目前不能拆成课程内容。请向课件提供方索取 Common Cartridge 或源文件；或把课件放在已有的平台上，用“网页链接”内容块引用"),
    ),
    Unread(
        "olx_library",
        "library.xml",
        "<library",
        _l("这是 Open edX 的题库（library），不是课程。请导出引用它的课程：课程包里带着它的题目，随机抽题也会保留"),
    ),
    Unread("h5p", "h5p.json", "", _l("这是 H5P 互动内容，目前不能导入。请用“网页链接”内容块引用，或在题库中重新建题")),
    Unread("xapi", "tincan.xml", "", _l("这是 xAPI（Tin Can）课件，目前不能导入。请索取 Common Cartridge 或源文件")),
    Unread("cmi5", "cmi5.xml", "", _l("这是 cmi5 课件，目前不能导入。请索取 Common Cartridge 或源文件")),
    Unread(
        "office", "[Content_Types].xml", "", _l("这是 Word、Excel 或 PowerPoint 文件，不是课程包。请作为“文件”内容块上传；题目表格请在题库中导入")
    ),
)
MAX_SIGN = 1 << 20
SIGN_DEPTH = 2


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

    def digest(self) -> str:
        """The fingerprint of the files: the same in whatever language, and by whatever later version, the package is read."""
        whole = hashlib.sha256()
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    own = hashlib.file_digest(file, "sha256").hexdigest()
                whole.update(f"{path.relative_to(self.root).as_posix()}\0{own}\n".encode())
        return whole.hexdigest()


def _recognise(folder: Path, name: str) -> tuple[Format, Path]:
    for known in FORMATS:
        root = known.find(folder)
        if root is not None:
            return known, root
    unread = _unread(folder)
    if unread is not None:
        raise PackageRefused(name, str(unread.advice), code="unsupported_format")
    supported = listed(known.name for known in FORMATS)
    problem = _("不是可导入的课程包；支持的格式：%(supported)s，目录或 .tar.gz、.zip", supported=supported)
    raise PackageRefused(name, problem, code="unknown_format")


def _unread(folder: Path) -> Unread | None:
    """The kind of a package that we know and do not read, by a file at its top or in the folder it was packed with."""
    level = [folder]
    for _depth in range(SIGN_DEPTH):
        for kind in UNREAD:
            for place in level:
                sign = place / kind.sign
                if sign.is_file() and (not kind.words or kind.words.encode() in sign.read_bytes()[:MAX_SIGN]):
                    return kind
        level = [child for place in level for child in sorted(place.iterdir())[:100] if child.is_dir()]
    return None


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
