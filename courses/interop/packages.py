"""Opens what somebody hands in: a folder, a .tar.gz or a .zip, without trusting any of it.

Nothing is written outside a fresh folder; links, devices and paths that leave the package are refused; sizes are
checked while reading, so that a small file cannot fill the disk or the memory.
"""

from __future__ import annotations

import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

CHUNK = 1 << 20
SKIPPED_PARTS = frozenset({"__MACOSX", ".git", ".svn", ".hg"})
SKIPPED_NAMES = frozenset({".DS_Store", "Thumbs.db"})


@dataclass(frozen=True, slots=True)
class Limits:
    """What a package may hold. `max_ratio` (unpacked : packed) counts only above `ratio_from` bytes."""

    max_members: int = 50_000
    max_total: int = 2 << 30
    max_file: int = 1 << 30
    max_ratio: int = 200
    ratio_from: int = 64 << 20
    max_depth: int = 24


class PackageRefused(Refused):
    """The package is broken, unsafe, too large, or of an unknown kind; `details` name the file and, if known, the line."""

    code = "bad_package"

    def __init__(self, file: str, problem: str, *, line: int | None = None, code: str | None = None) -> None:
        where = _("%(file)s 第%(line)d行", file=file, line=line) if line is not None else file
        details: dict[str, Any] = {"file": file, "problem": problem}
        if line is not None:
            details |= {"line": line, "row": line}
        super().__init__(_("%(where)s：%(problem)s", where=where, problem=problem), code=code or self.code, details=[details])


@dataclass(frozen=True, slots=True)
class Package:
    """An opened package: a folder with plain files only. Valid inside `open_package` alone."""

    name: str
    root: Path


def _safe_parts(name: str, limits: Limits) -> tuple[str, ...] | None:
    """The parts of a member's path; None for what is left out silently; refuses what could leave the folder."""
    plain = name.replace("\\", "/")
    if plain.startswith("/") or (len(plain) > 1 and plain[1] == ":" and plain[0].isalpha()):
        raise PackageRefused(name, _("包内有绝对路径，不予解压"), code="unsafe_path")
    if any(ord(char) < 32 for char in plain):
        raise PackageRefused(repr(name), _("文件名含控制字符"), code="unsafe_path")
    parts = tuple(part for part in PurePosixPath(plain).parts if part not in (".", ""))
    if ".." in parts:
        raise PackageRefused(name, _("包内路径含“..”，会写到目录之外，不予解压"), code="unsafe_path")
    if len(parts) > limits.max_depth:
        raise PackageRefused(name, _("目录层数超过%(limit)d层", limit=limits.max_depth), code="too_large")
    if not parts or parts[-1] in SKIPPED_NAMES or parts[-1].startswith("._") or SKIPPED_PARTS & set(parts):
        return None
    return parts


class _Meter:
    """Counts members and bytes and refuses above the limits."""

    def __init__(self, package: str, packed: int, limits: Limits) -> None:
        self.package, self.packed, self.limits = package, max(packed, 1), limits
        self.members = self.total = 0

    def member(self, name: str, size: int) -> None:
        self.members += 1
        if self.members > self.limits.max_members:
            problem = _("包内文件超过%(limit)d个", limit=self.limits.max_members)
            raise PackageRefused(self.package, problem, code="too_large")
        if size > self.limits.max_file or self.total + size > self.limits.max_total:
            raise PackageRefused(name, _("解压后的大小超过限制"), code="too_large")

    def bytes(self, name: str, number: int) -> None:
        self.total += number
        over = self.total > self.limits.ratio_from and self.total > self.packed * self.limits.max_ratio
        if over or self.total > self.limits.max_total:
            raise PackageRefused(name, _("解压后的大小与压缩包不成比例或超过限制，可能是压缩炸弹"), code="too_large")


class _Guarded:
    """A byte stream that refuses to hand out more than the limits: long headers are read whole by tarfile."""

    def __init__(self, inner: IO[bytes], meter: _Meter) -> None:
        self.inner, self.meter = inner, meter
        self.tail = b""

    def read(self, size: int = -1) -> bytes:
        if size < 0 or size > 16 * CHUNK:
            raise PackageRefused(self.meter.package, _("压缩包的头部异常"), code="too_large")
        data = self.inner.read(size)
        self.meter.bytes(self.meter.package, len(data))
        self.tail = (self.tail + data[-tarfile.BLOCKSIZE :])[-tarfile.BLOCKSIZE :]
        return data


def _write(source: IO[bytes], into: Path, parts: tuple[str, ...], meter: _Meter | None, size: int) -> None:
    name = "/".join(parts)
    target = into.joinpath(*parts)
    left = size
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as out:
            while left > 0:
                data = source.read(min(CHUNK, left))
                if not data:
                    raise PackageRefused(name, _("压缩包不完整，文件被截断；请重新导出或上传"), code="truncated")
                if meter is not None:
                    meter.bytes(name, len(data))
                left -= len(data)
                out.write(data)
    except OSError as error:
        if isinstance(error, EOFError | zlib.error):
            raise
        raise PackageRefused(name, _("无法解压：%(why)s", why=error.strerror or str(error))) from error


def _untar(path: Path, into: Path, limits: Limits) -> None:
    import gzip

    meter = _Meter(path.name, path.stat().st_size, limits)
    with path.open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        guarded = _Guarded(stream, meter)
        with tarfile.open(fileobj=cast(IO[bytes], guarded), mode="r|") as archive:
            for member in archive:
                parts = _safe_parts(member.name, limits)
                if member.issym() or member.islnk():
                    raise PackageRefused(member.name, _("包内有链接，不予解压"), code="unsafe_path")
                if not (member.isreg() or member.isdir()):
                    raise PackageRefused(member.name, _("包内有设备或其他特殊文件，不予解压"), code="unsafe_path")
                meter.member(member.name, member.size if member.isreg() else 0)
                if parts is None or member.isdir():
                    continue
                source = archive.extractfile(member)
                if source is not None:
                    _write(source, into, parts, None, member.size)
        while guarded.read(CHUNK):  # the check sum stands behind the last byte: a package cut there is noticed only now
            pass
        if guarded.tail.strip(b"\0"):  # every archive ends with empty blocks
            raise PackageRefused(path.name, _("压缩包不完整，缺少结尾；请重新导出或上传"), code="truncated")


def _unzip(path: Path, into: Path, limits: Limits) -> None:
    meter = _Meter(path.name, path.stat().st_size, limits)
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            parts = _safe_parts(_zip_name(member), limits)
            mode = member.external_attr >> 16
            if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise PackageRefused(member.filename, _("包内有链接，不予解压"), code="unsafe_path")
            if member.flag_bits & 1:
                raise PackageRefused(member.filename, _("压缩包有密码，请去掉密码后再导入"))
            meter.member(member.filename, member.file_size)
            if parts is None or member.is_dir():
                continue
            with archive.open(member) as source:
                _write(source, into, parts, meter, member.file_size)


def _zip_name(member: zipfile.ZipInfo) -> str:
    """The name of a member. Archives of Chinese Windows hold GBK without saying so; zipfile then reads it as cp437."""
    if member.flag_bits & 0x800 or member.filename.isascii():
        return member.filename
    try:
        raw = member.filename.encode("cp437")
    except UnicodeEncodeError:
        return member.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return member.filename


def _check_folder(root: Path, limits: Limits) -> None:
    """A folder is read in place, so it may hold no link that leads elsewhere."""
    members = total = 0
    for folder, folders, files in os.walk(root, followlinks=False):
        folders[:] = [name for name in folders if name not in SKIPPED_PARTS]
        for name in folders + files:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            relative = path.relative_to(root).as_posix()
            if stat.S_ISLNK(mode):
                raise PackageRefused(relative, _("目录中有链接，不予读取"), code="unsafe_path")
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise PackageRefused(relative, _("目录中有设备或其他特殊文件，不予读取"), code="unsafe_path")
            members += 1
            total += path.lstat().st_size if stat.S_ISREG(mode) else 0
            if members > limits.max_members or total > limits.max_total:
                raise PackageRefused(root.name, _("目录中的文件太多或太大"), code="too_large")


@contextmanager
def open_package(path: Path, *, limits: Limits | None = None) -> Iterator[Package]:
    """Open a folder or an archive (.tar.gz, .tgz, .tar, .zip) for reading; archives go to a folder that is removed again.

    Refuses with `PackageRefused`, naming the member: links, devices, absolute paths and `..`; broken, truncated or
    encrypted archives; more than `limits` allow.
    """
    limits = limits or Limits()
    if path.is_dir():
        _check_folder(path, limits)
        yield Package(path.name, path)
        return
    if not path.is_file():
        raise PackageRefused(str(path), _("文件不存在；请检查路径"), code="not_found")
    with tempfile.TemporaryDirectory(prefix="trainhub-package-") as folder:
        into = Path(folder)
        try:
            with path.open("rb") as start:
                is_zip = start.read(2) == b"PK"
            if is_zip:
                _unzip(path, into, limits)
            else:
                _untar(path, into, limits)
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, OSError, ValueError, NotImplementedError) as error:
            problem = _("压缩包损坏、不完整或不是支持的格式（.tar.gz、.zip）；请重新导出或上传")
            raise PackageRefused(path.name, problem, code="truncated") from error
        yield Package(path.name, into)
