"""Files people hand in: stored once by content, checked by content, named by row.

The bytes live in the instance folder or in an S3 bucket (TRAINHUB_FILES_URL); the row knows name, type, size, checksum
and owner. A file is never changed: a new version is a new row.
"""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, BinaryIO

import sqlalchemy as sa
from flask import current_app, has_request_context
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from trainhub.config import Settings
from trainhub.kernel import file_store, sealing, sniff
from trainhub.kernel.access import Identity
from trainhub.kernel.db import Base, Key, hold, session, transaction
from trainhub.kernel.errors import NotFound, TooLarge
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import keyring

CHUNK = 1 << 20
NEWEST = 5
"""How many of the last files are looked for when a server or worker starts."""
path_of = file_store.path_of
PARTS_AT_ONCE = 2
"""Parts of 5 MB that are held in memory while content goes to the store; with the twelve of the library every thread keeps 60 MB."""


class StoredFile(Base):
    """One immutable file. `kind` names what it is for (`evidence`, `agreement`, `import`, ...)."""

    __tablename__ = "stored_file"

    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(sa.String(40), index=True)
    name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64), index=True)
    uploaded_by_id: Mapped[int | None] = mapped_column(index=True)
    uploaded_at: Mapped[datetime]
    is_sealed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """The store has the content sealed (`kernel.sealing`): then `sha256` and `size` are of what lies there."""
    lost_at: Mapped[datetime | None] = mapped_column(index=True)
    """Since when the store is known not to have the content any more (`kernel.file_checks`); None: as far as is known it has it."""


def store() -> Any:
    """The object store of this installation: asked for a page it gives up soon, for a command or a job it tries for minutes."""
    known: dict[bool, Any] = current_app.extensions.setdefault("trainhub.files", {})
    is_waited_for = has_request_context()
    if is_waited_for not in known:
        known[is_waited_for] = file_store.opened(current_app.config["SETTINGS"], is_waited_for=is_waited_for)
    return known[is_waited_for]


def look(settings: Settings, engine: sa.Engine) -> str:
    """`file_store.look`, with the last files that the database names; those known as lost aside. A database that cannot be asked names none."""
    try:
        with engine.connect() as connection:
            named = select(StoredFile.sha256).where(StoredFile.lost_at.is_(None)).order_by(StoredFile.id.desc()).limit(NEWEST)
            newest = list(connection.scalars(named))
    except sa.exc.DBAPIError:
        newest = []
    return file_store.look(settings, newest)


def keep(
    file: IO[bytes],
    *,
    name: str,
    kind: str,
    by: Identity,
    now: datetime,
    allowed: frozenset[str] | None = None,
    max_bytes: int | None = None,
    is_sealed: bool = False,
) -> StoredFile:
    """Check and store an upload in the current transaction; the same content is kept once. `is_sealed`: it names people by their numbers, and lies
    nowhere in clear.

    Raises Refused when the file is empty, too large, of a type that is not allowed, or not what its name says.
    """
    import obstore

    limit = max_bytes or current_app.config["SETTINGS"].max_upload_mb * 1024 * 1024
    digest, size, head = hashlib.sha256(), 0, b""
    with tempfile.TemporaryFile() as spool, tempfile.TemporaryFile() as sealed:
        while chunk := file.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLarge(_("文件“%(name)s”超过 %(mb)d MB 的上限，没有保存。请压缩或拆分后再上传。", name=name, mb=limit // 1024 // 1024))
            head = head or chunk[: sniff.HEAD_BYTES]
            digest.update(chunk)
            spool.write(chunk)
        media = sniff.check_upload(head, name, size, allowed=allowed or sniff.EVIDENCE, max_bytes=limit)
        spool.seek(0)
        if is_sealed:
            size, digest = _seal(spool, digest.digest(), sealed)
        sha256 = digest.hexdigest()
        hold(f"content:{sha256}", is_shared=True)  # nobody erases it until this is committed
        obstore.put(store(), path_of(sha256), sealed if is_sealed else spool, max_concurrency=PARTS_AT_ONCE)
    row = StoredFile(
        is_sealed=is_sealed,
        kind=kind,
        name=name.replace("\\", "/").rsplit("/", 1)[-1][:255],
        media_type=media.mime,
        size=size,
        sha256=sha256,
        uploaded_by_id=by.account_id,
        uploaded_at=now,
    )
    session().add(row)
    session().flush()
    return row


def _seal(source: IO[bytes], digest: bytes, target: IO[bytes]) -> tuple[int, Any]:
    """Write the sealed content; its size and hash."""
    sealing.seal(keyring(), source, digest, target)
    size = target.tell()
    target.seek(0)
    made = hashlib.sha256()
    while chunk := target.read(CHUNK):
        made.update(chunk)
    target.seek(0)
    return size, made


def keep_bytes(data: bytes, *, name: str, kind: str, media_type: str, by: Identity, now: datetime, is_sealed: bool = False) -> StoredFile:
    """Store something the system made itself (a report, a certificate); `is_sealed` as in `keep`."""
    import obstore

    if is_sealed:
        box = io.BytesIO()
        _seal(io.BytesIO(data), hashlib.sha256(data).digest(), box)
        data = box.getvalue()
    sha256 = hashlib.sha256(data).hexdigest()
    hold(f"content:{sha256}", is_shared=True)  # nobody erases it until this is committed
    obstore.put(store(), path_of(sha256), data)
    facts = {"size": len(data), "sha256": sha256, "is_sealed": is_sealed}
    row = StoredFile(kind=kind, name=name, media_type=media_type, uploaded_by_id=by.account_id, uploaded_at=now, **facts)
    session().add(row)
    session().flush()
    return row


@dataclass(frozen=True, slots=True)
class Content:
    """Content by its checksum and size."""

    sha256: str
    size: int


def put_ahead(file: IO[bytes]) -> Content:
    """Put content into the store before the transaction that keeps it (`keep_made`): however much it is, nobody waits for its locks meanwhile.

    What is not kept after all is swept like the rest of an upload that failed (`file_sweeping`).
    """
    content = _content(file)
    _put(content, file)
    return content


def _content(file: IO[bytes]) -> Content:
    digest, size = hashlib.sha256(), 0
    file.seek(0)
    while chunk := file.read(CHUNK):
        size += len(chunk)
        digest.update(chunk)
    return Content(digest.hexdigest(), size)


def _put(content: Content, file: IO[bytes]) -> None:
    import obstore

    file.seek(0)
    obstore.put(store(), path_of(content.sha256), file, max_concurrency=PARTS_AT_ONCE)


def keep_made(file: IO[bytes], *, name: str, kind: str, media_type: str, by: Identity, now: datetime, ahead: Content | None = None) -> StoredFile:
    """The same from an open file, however large: it is read in pieces. `ahead`: what was put before; the file is read only if it is gone since."""
    content = ahead or _content(file)
    hold(f"content:{content.sha256}", is_shared=True)  # nobody erases it until this is committed
    if ahead is None or not file_store.has_any(store(), content.sha256):
        _put(content, file)
    facts = {"size": content.size, "sha256": content.sha256}
    row = StoredFile(kind=kind, name=name[:255], media_type=media_type, uploaded_by_id=by.account_id, uploaded_at=now, **facts)
    session().add(row)
    session().flush()
    return row


def forget(kinds: Collection[str], *, before: datetime) -> list[str]:
    """Delete the rows of files of some kinds handed in before an instant; returns the checksums nobody names any more.

    Erase those with `erase` after the commit: until then a failure loses nothing. A file that another row still needs stays.
    """
    digests = set()
    for row in session().scalars(select(StoredFile).where(StoredFile.kind.in_(kinds), StoredFile.uploaded_at < before).order_by(StoredFile.id)):
        try:
            with session().begin_nested():
                session().delete(row)
                session().flush()
        except IntegrityError:
            continue
        digests.add(row.sha256)
    still = set(session().scalars(select(StoredFile.sha256).where(StoredFile.sha256.in_(digests)))) if digests else set()
    return sorted(digests - still)


def drop(file_id: int) -> None:
    """Delete the row of a file that is not kept; that it is gone already is no error. Erase its content with `erase` after the commit."""
    row = session().get(StoredFile, file_id)
    if row is not None:
        session().delete(row)


def erase(digests: Collection[str]) -> int:
    """Remove content that no row names from the store, each in a transaction of its own; returns how much of it.

    Whoever is putting the same content there just now is waited for, and it stays. What is left because this fails is found by `file_sweeping`.
    """
    import obstore

    count = 0
    for digest in digests:
        with transaction():
            hold(f"content:{digest}")
            if session().scalar(select(StoredFile.id).where(StoredFile.sha256 == digest).limit(1)) is None:
                with suppress(FileNotFoundError):
                    obstore.delete(store(), path_of(digest))
                    count += 1
    return count


def kept(file_ids: Iterable[int | None]) -> dict[int | None, StoredFile]:
    """The files of a page by id, in one query; who has none is not asked for."""
    wanted = {key for key in file_ids if key is not None}
    return {row.id: row for row in session().scalars(select(StoredFile).where(StoredFile.id.in_(wanted)))} if wanted else {}


def is_same(one: int | None, other: int | None) -> bool:
    """Whether two files, by id, hold the same: a form that is sent twice keeps its upload under two. None: no file."""
    if one is None or other is None:
        return one is other
    rows = kept([one, other])
    return rows[one].sha256 == rows[other].sha256


def read(row: StoredFile) -> bytes:
    """The whole content; raises NotFound when the store lost it."""
    import obstore

    try:
        if row.is_sealed:
            return b"".join(_opened(row))
        return bytes(obstore.get(store(), path_of(row.sha256)).bytes())
    except FileNotFoundError as gone:
        raise _lost(row) from gone


def demand_there(row: StoredFile) -> None:
    """Refuse to answer with a file whose content the store has lost, before anything of it is sent; the operator finds it in the log."""
    import obstore

    try:
        obstore.head(store(), path_of(row.sha256))
    except FileNotFoundError as gone:
        raise _lost(row) from gone


def log_lost(file_id: int, name: str, sha256: str) -> None:
    """Name what is lost in the log, as the operations manual says."""
    current_app.logger.error("stored file %s (%s, sha256 %s) is not in the store: restore it from a backup", file_id, name, sha256)


def _lost(row: StoredFile) -> NotFound:
    log_lost(row.id, row.name, row.sha256)
    return NotFound(_("文件“%(name)s”的内容在存储中找不到，请联系系统管理员从备份恢复。", name=row.name))


def is_intact(row: StoredFile) -> bool:
    """Whether the store still has exactly the content that was kept: read anew and hashed, whatever the tables say."""
    return has(row.sha256, row.size)


def has(sha256: str, size: int) -> bool:
    """The same of content by its checksum and size."""
    import obstore

    place, path, sha = store(), path_of(sha256), hashlib.sha256()
    try:
        if obstore.head(place, path)["size"] != size:
            return False
        for piece in _pieces(place, path, 0, size):
            sha.update(piece)
    except FileNotFoundError:
        return False
    return sha.hexdigest() == sha256


def copy(row: StoredFile, target: IO[bytes]) -> bool:
    """Write the content to a file as it lies in the store, sealed if it is; False when the store has lost it or has something else in its place: what was written is then worth nothing."""
    import obstore

    place, path, sha = store(), path_of(row.sha256), hashlib.sha256()
    try:
        if obstore.head(place, path)["size"] != row.size:
            return False
        for piece in _pieces(place, path, 0, row.size):
            sha.update(piece)
            target.write(piece)
    except FileNotFoundError:
        return False
    return sha.hexdigest() == row.sha256


def stream(row: StoredFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
    """The content in pieces, from byte `start` up to and without `end` (of one that is sealed always the whole).

    What the app and the row know is asked now: an answer is sent after the request's context has gone.
    """
    if row.is_sealed:
        return _opened(row)
    return _pieces(store(), path_of(row.sha256), start, row.size if end is None else min(end, row.size))


def opened(row: StoredFile) -> BinaryIO | None:
    """The content as an open file, which a server sends without a thread and without a copy; None where it lies sealed or in a bucket. Raises NotFound when
    the store lost it."""
    if row.is_sealed:
        return None
    try:
        file = file_store.opened_file(current_app.config["SETTINGS"], row.sha256)
    except FileNotFoundError as gone:
        raise _lost(row) from gone
    if file is not None and os.fstat(file.fileno()).st_size != row.size:  # the server would send what is left of it as if it were whole
        file.close()
        raise _lost(row)
    return file


def _opened(row: StoredFile) -> Iterator[bytes]:
    """Sealed content as it was handed in."""
    import obstore

    place, path = store(), path_of(row.sha256)
    return sealing.unsealed(keyring(), lambda at, length: bytes(obstore.get_range(place, path, start=at, length=length)), row.size)


def _pieces(place: Any, path: str, at: int, stop: int) -> Iterator[bytes]:
    import obstore

    while at < stop:
        length = min(CHUNK, stop - at)
        yield bytes(obstore.get_range(place, path, start=at, length=length))
        at += length
