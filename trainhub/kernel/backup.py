"""Backup and restore: database rows, files and the key file in one archive, verified by checksums.

The archive is a tar.gz: `manifest.json` (format, revision, rows and SHA-256 of each member), `keys.json` (wrapped, as in
the instance), `tables/<table>.jsonl` and `files/<sha256>`. Rows travel as JSON, so a college that outgrows its laptop
restores its SQLite backup into PostgreSQL. A restore first reads everything, checks every checksum and opens the keys
with the current secret; only then it writes, in one transaction, and what lies beside the database follows (`restoring`).
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import secrets
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from flask import current_app

from trainhub.config import DEMO_MARK
from trainhub.kernel import audit, file_checks, files, jobs, key_marks, keys, migrations, refilling, restoring
from trainhub.kernel.access import Identity
from trainhub.kernel.db import Base, db, read_at_once, session, transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.folders import private_folder

FORMAT = 1
BATCH = 2000
AT_ONCE = 100
"""Tables that one question names: SQLite joins 500 at most."""
SKIPPED = {"worker_heartbeat"}
CARRIED = "trainhub.backup.carried"
"""Under this name in `app.extensions` rooms say, each under its own name, what a restore must not make the installation forget."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What outlives a restore. `look` reads it from the database that is about to be replaced (only when that is one of the same
    installation, with the same keys); `put` brings it into the restored one at a moment (`now`), in the same transaction, and says what the operator should
    know."""

    look: Callable[[], Any]
    put: Callable[[Any, Identity, datetime], Mapping[str, Any]]


class BadArchive(Refused):
    """The file is no backup of ours, or it was changed or cut off."""

    code = "bad_archive"


def _encode(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    if isinstance(value, date):
        return {"$on": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"$bytes": base64.b64encode(bytes(value)).decode()}
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict) and len(value) == 1:
        ((kind, text),) = value.items()
        if kind == "$at":
            return datetime.fromisoformat(text)
        if kind == "$on":
            return date.fromisoformat(text)
        if kind == "$bytes":
            return base64.b64decode(text)
    return value


def _tables() -> list[sa.Table]:
    return [table for table in Base.metadata.sorted_tables if table.name not in SKIPPED]


def _filled(tables: Sequence[sa.Table]) -> set[str]:
    """Those that hold a row. Most tables of an installation are empty, and to open one takes as long as to read a hundred rows."""
    quoted = db.engine.dialect.identifier_preparer.format_table
    found = set[str]()
    for place in range(0, len(tables), AT_ONCE):
        asked = (f"SELECT '{table.name}' WHERE EXISTS (SELECT 1 FROM {quoted(table)})" for table in tables[place : place + AT_ONCE])  # noqa: S608 - names of our own tables
        found |= set(session().scalars(sa.text(" UNION ALL ".join(asked))))
    return found


def _rows(table: sa.Table) -> Iterator[bytes]:
    key = list(table.primary_key.columns)
    result = session().execute(sa.select(table).order_by(*key).execution_options(yield_per=BATCH))
    names = [column.name for column in table.columns]
    for row in result:
        plain = {name: _encode(value) for name, value in zip(names, row, strict=True)}
        yield json.dumps(plain, ensure_ascii=False, sort_keys=True, default=str).encode() + b"\n"


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes], manifest: dict[str, Any]) -> None:
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while chunk := file.read(1 << 20):
        digest.update(chunk)
        size += len(chunk)
    file.seek(0)
    info = tarfile.TarInfo(name)
    info.size = size
    archive.addfile(info, file)
    manifest["members"][name] = digest.hexdigest()


def backup(target: Path) -> dict[str, Any]:
    """Write the archive (mode 0600, atomically); returns counts. The database is read in one consistent transaction.

    Files whose content the store has lost or damaged are left out and named (`lost`): they must not stop the backup of everything else.
    Raises keys.NoKeys, WrongSecret or DamagedKeys: with such keys nobody could ever read what the archive holds.
    """
    settings = current_app.config["SETTINGS"]
    keys.load(settings.instance, settings.secret_key)
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # of a backup that was killed: whoever could read that one must not read this one
    try:
        part.touch(mode=0o600, exist_ok=False)
        manifest = _write(part)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return {
        "file": str(target),
        "bytes": target.stat().st_size,
        "tables": len(manifest["rows"]),
        "rows": sum(manifest["rows"].values()),
        "files": sum(1 for name in manifest["members"] if name.startswith("files/")),
        "lost": manifest["lost"],
    }


def tell(made: dict[str, Any], *, by: Identity) -> bool:
    """Write a backup that was made into the audit log; False where the database cannot be written, of which a backup may be wanted all the more."""
    try:
        with transaction():
            audit.record(by=by, did=DID, on=("instance", "all"), data={"file": Path(made["file"]).name, "rows": made["rows"]})
    except sa.exc.DBAPIError as error:
        current_app.logger.warning("the backup is made, but the audit log could not be written: %s", error.orig)
        return False
    return True


def _write(part: Path) -> dict[str, Any]:
    instance = current_app.config["SETTINGS"].instance
    mark = instance / DEMO_MARK
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "revision": migrations.revision_of(session().connection()),
        "demo": mark.read_text("utf-8") if mark.exists() else None,
        "members": {},
        "rows": {},
        "lost": [],
    }
    missing = dict[int, tuple[str, str]]()
    read_at_once()
    with gzip.open(part, "wb", compresslevel=6) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        _add(archive, keys.FILE, io.BytesIO((instance / keys.FILE).read_bytes()), manifest)
        filled = _filled(tables := _tables())
        for table in tables:
            with tempfile.TemporaryFile() as spool:
                count = 0
                for line in _rows(table) if table.name in filled else ():
                    spool.write(line)
                    count += 1
                manifest["rows"][table.name] = count
                _add(archive, f"tables/{table.name}.jsonl", spool, manifest)
        for row in session().scalars(sa.select(files.StoredFile).order_by(files.StoredFile.id)).unique():
            name = f"files/{row.sha256}"
            if name not in manifest["members"]:
                with tempfile.TemporaryFile() as spool:
                    if files.copy(row, spool):
                        _add(archive, name, spool, manifest)
                    else:
                        missing[row.id] = row.name, row.sha256
        session().rollback()
        for key in file_checks.still_named(missing):
            shown, sha256 = missing[key]
            manifest["lost"].append({"id": key, "name": shown, "sha256": sha256})
            files.log_lost(key, shown, sha256)
        text = json.dumps(manifest, indent=1).encode()
        info = tarfile.TarInfo("manifest.json")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    session().rollback()
    return manifest


def check(source: Path) -> dict[str, Any]:
    """Read the whole archive and compare every checksum; returns the manifest. Raises BadArchive."""
    digests: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with tarfile.open(source, "r:gz") as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is None:
                    raise BadArchive(f"备份文件中有无法识别的内容：{member.name}。请换一份备份。")
                if member.name == "manifest.json":
                    manifest = json.loads(file.read())
                    continue
                digest = hashlib.sha256()
                while chunk := file.read(1 << 20):
                    digest.update(chunk)
                digests[member.name] = digest.hexdigest()
    except (tarfile.TarError, EOFError, OSError, ValueError) as broken:
        raise BadArchive(f"备份文件 {source.name} 无法读取，可能已损坏或不完整（{broken}）。请换一份备份。") from broken
    if manifest is None or manifest.get("format") != FORMAT:
        raise BadArchive(f"{source.name} 不是 trainhub 的备份文件，或由不兼容的版本生成。")
    wrong = sorted(name for name in manifest["members"].keys() | digests.keys() if manifest["members"].get(name) != digests.get(name))
    if wrong:
        raise BadArchive(f"备份文件 {source.name} 的校验和不符（{wrong[0]} 等 {len(wrong)} 项），内容已被改动或损坏，没有恢复任何数据。")
    return manifest


def refuse_running(*, now: datetime) -> None:
    """Refuse while a server or worker is seen at work: it keeps the keys it was started with, and nobody could read what it writes afterwards.

    One that was killed counts until jobs.ALIVE is over; servers that run no jobs are not seen.
    """
    url = db.engine.url
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").exists():
        return  # a new instance: looking for the table would make an empty file
    with db.engine.connect() as connection:
        if not sa.inspect(connection).has_table(jobs.WorkerHeartbeat.__tablename__):
            return
        names = connection.scalars(
            sa.select(jobs.WorkerHeartbeat.name).where(jobs.WorkerHeartbeat.seen_at > now - jobs.ALIVE).order_by(jobs.WorkerHeartbeat.name)
        ).all()
    if names:
        raise Refused(
            f"服务或后台进程仍在运行（{'、'.join(names)}），没有恢复任何数据。请先停止所有 trainhub serve 和 worker；"
            f"被强行结束的，过 {int(jobs.ALIVE.total_seconds())} 秒再执行。",
            code="running",
        )


def restore(source: Path, *, by: Identity, now: datetime) -> dict[str, Any]:
    """Replace this instance's database, files, keys and demo mark by the archive's. All or nothing; the log that comes with it says so.

    What rooms must not forget (`CARRIED`) is brought over; the answer has what each of them says under its name.

    Raises BadArchive, keys.WrongSecret (the current secret does not open the archive's keys), or Refused when the archive
    or the database that is there comes from a newer version.
    """
    settings = current_app.config["SETTINGS"]
    manifest = check(source)
    if manifest["revision"] != migrations.head():
        raise Refused(
            f"备份的数据库版本是 {manifest['revision']}，当前程序是 {migrations.head()}：请用生成备份的版本恢复，再升级程序。", code="other_revision"
        )
    with tarfile.open(source, "r:gz") as archive:
        key_text = _member(archive, keys.FILE).read().decode()
        try:
            ring = keys.unwrap(key_text, settings.secret_key)
        except keys.WrongSecret as wrong:
            raise keys.WrongSecret(
                f"备份 {source.name} 中的密钥打不开，没有恢复任何数据：当前的 TRAINHUB_SECRET_KEY 不是做这份备份时使用的那一个。"
                "请先设为当时的密钥再恢复；恢复后可执行 trainhub keys rewrap 更换。"
            ) from wrong
    private_folder(settings.instance)
    migrations.refuse_newer(db.engine)
    migrations.install(db.engine, is_to_be_emptied=True)
    note: dict[str, Any] = {"token": secrets.token_hex(16), "keys": key_text}
    if "demo" in manifest:
        note["demo"] = manifest["demo"]
    with tarfile.open(source, "r:gz") as archive, _opened(ring), restoring.noted(settings.instance, note), transaction() as current:
        carried: dict[str, Carried] = current_app.extensions.get(CARRIED, {})
        seen = {name: one.look() for name, one in carried.items()} if _is_ours(settings.instance, settings.secret_key, ring) else {}
        current.expunge_all()
        constraints = refilling.clear(current)
        for table in _tables():
            _load(current, table, _member(archive, f"tables/{table.name}.jsonl"))
        for statement in constraints:
            current.connection().exec_driver_sql(statement)
        refilling.count_on(current, _tables())
        told = {name: dict(one.put(seen.get(name), by, now)) for name, one in carried.items()}
        written = {"file": source.name, "rows": sum(manifest["rows"].values()), "key": note["token"]}
        audit.record(by=by, did=restoring.DID, on=("instance", "all"), data=written)
        import obstore

        for name in manifest["members"]:
            if name.startswith("files/"):
                # A member that is sought in would be unpacked anew from the start of the archive: what is large goes by way of the disk.
                with tempfile.SpooledTemporaryFile(files.CHUNK) as spool:
                    shutil.copyfileobj(_member(archive, name), spool, files.CHUNK)
                    spool.seek(0)
                    obstore.put(files.store(), files.path_of(name.removeprefix("files/")), spool, max_concurrency=files.PARTS_AT_ONCE)
    return {"tables": len(manifest["rows"]), "rows": sum(manifest["rows"].values()), "revision": manifest["revision"], **told}


def _is_ours(instance: Path, secret: str, ring: keys.Keyring) -> bool:
    """Whether what is here is an installation with the archive's keys: another one's records say nothing about what the archive lacks.

    The mark in the database tells: the key file may be lost, damaged, wrapped by a forgotten secret or another installation's, which is why
    one restores. Only where no mark was left the file does.
    """
    known = key_marks.stored()
    if known is not None:
        return known == key_marks.of(ring)
    try:
        return keys.load(instance, secret).signing == ring.signing
    except (keys.NoKeys, keys.WrongSecret, keys.DamagedKeys):
        return False


@contextmanager
def _opened(ring: keys.Keyring) -> Iterator[None]:
    """While an archive's rows are put in, what is signed or sealed is so with its keys, which lie beside them afterwards."""
    before = current_app.extensions.get("trainhub.keyring")
    current_app.extensions["trainhub.keyring"] = ring
    try:
        yield
    except Exception:
        if before is not None:
            current_app.extensions["trainhub.keyring"] = before
        else:  # there was none: one that is looked for later reads the file
            current_app.extensions.pop("trainhub.keyring", None)
        raise


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    file = archive.extractfile(name)
    assert file is not None
    return file


def _load(current: Any, table: sa.Table, file: IO[bytes]) -> None:
    batch: list[dict[str, Any]] = []
    for line in file:
        batch.append({name: _decode(value) for name, value in json.loads(line).items()})
        if len(batch) == BATCH:
            current.execute(table.insert(), batch)
            batch = []
    if batch:
        current.execute(table.insert(), batch)


STALE = timedelta(days=30)
"""A backup older than this is reminded of."""
DID = "kernel.instance.backed_up"
NOTE = "last-backup"
"""In the instance folder: when the last backup was made, for those who are reminded of it. No part of a backup."""


def note_made(instance: Path, now: datetime) -> None:
    """Remember that a backup was made; an instance folder that cannot be written forgets it."""
    with suppress(OSError):
        (instance / NOTE).write_text(now.isoformat(), "utf-8")


def last_made(instance: Path) -> datetime | None:
    """When the last backup was made, as far as is known: here, or on another machine, which told the audit log that all share."""
    told = sa.select(sa.func.max(audit.AuditEvent.at)).where(
        audit.AuditEvent.on_kind == "instance", audit.AuditEvent.on_id == "all", audit.AuditEvent.did == DID
    )
    known = [session().scalar(told)]
    with suppress(OSError, ValueError):
        known.append(datetime.fromisoformat((instance / NOTE).read_text("utf-8").strip()))
    return max((at for at in known if at is not None), default=None)
