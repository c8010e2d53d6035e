"""Small OLX courses written file by file."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

OXA = Path(__file__).parents[2] / "data" / "olx" / "oxa-kitchen-sink.tar.gz"

BASE = {
    "course.xml": '<course url_name="run1" org="FZU" course="SE101"/>',
    "course/run1.xml": '<course display_name="软件工程" language="zh"><chapter url_name="c1"/></course>',
    "chapter/c1.xml": '<chapter display_name="第一章"><sequential url_name="s1"/></chapter>',
    "sequential/s1.xml": '<sequential display_name="第一节"><vertical url_name="v1"/></sequential>',
    "vertical/v1.xml": '<vertical display_name="第一页"><html url_name="h1"/></vertical>',
    "html/h1.xml": '<html filename="h1" display_name="导言"/>',
    "html/h1.html": "<p>你好</p>",
}


def course_folder(root: Path, files: dict[str, str | bytes] | None = None, *, without: tuple[str, ...] = ()) -> Path:
    """Write the base course plus `files` into `root`."""
    merged: dict[str, str | bytes] = {**BASE, **(files or {})}
    for name, text in merged.items():
        if name not in without:
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def with_problem(root: Path, problem: str) -> Path:
    """The base course with one problem on its page."""
    return course_folder(root, {"vertical/v1.xml": '<vertical display_name="第一页"><problem url_name="p1"/></vertical>', "problem/p1.xml": problem})


def tar_gz(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> Path:
    """An archive of exactly these members."""
    with tarfile.open(path, "w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    """A member's head."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    return info
