"""Files of print runs on the disk: whole or not there, whoever else writes the same."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, _l

NO_ROOM = {
    errno.ENOSPC: _l("磁盘已满"),
    errno.EDQUOT: _l("磁盘配额已用完"),
    errno.EACCES: _l("没有写入权限"),
    errno.EROFS: _l("磁盘只能读取"),
}
"""Why a file could not be written, in words; anything else is told as the system tells it."""
HOST = hashlib.sha256(socket.gethostname().encode()).hexdigest()[:8]
"""This machine in the name of a file that is being written: what another server writes into the same folder is not judged by its process here."""
LEFT = 600
"""Seconds after which a file that nobody ended was left by somebody killed."""


class CannotPrint(Refused):
    """There is nothing to print, too much, or the files cannot be written; nothing half-done is left."""

    code = "cannot_print"


def write_whole(path: Path, data: bytes) -> None:
    """A file that is there whole or not at all; see `write_pieces`."""
    write_pieces(path, (data,))


def write_pieces(path: Path, pieces: Iterable[bytes]) -> None:
    """The same from pieces: written beside its place, synced, renamed. Raises CannotPrint in clear words."""
    partial = path.with_name(f"{path.name}.{HOST}-{os.getpid()}-{secrets.token_hex(4)}.part")  # two may write the same at once
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise CannotPrint(
            _(
                "无法写入 %(file)s：%(why)s。已完成的文件保留，没有留下不完整的文件；腾出空间或改正权限后重新执行，只会补画未完成的部分。",
                file=path.name,
                why=str(NO_ROOM.get(error.errno or 0, error.strerror or "")),
            ),
            code="cannot_write",
        ) from error


def tidy(folder: Path, run_id: int) -> None:
    """Remove what a killed drawing left beside the files of a finished run, and nothing that somebody is writing."""
    for left in folder.glob(f"certificates-{run_id}[-.]*.part"):
        with suppress(FileNotFoundError):
            if _is_left(left.name) or time.time() - left.stat().st_mtime > LEFT:
                left.unlink(missing_ok=True)


def _is_left(name: str) -> bool:
    """Whether a process of this machine began it that is no more."""
    host, _, process = name.removesuffix(".part").rpartition(".")[2].partition("-")
    pid = process.partition("-")[0]
    if host != HOST or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
