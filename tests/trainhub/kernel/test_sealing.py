"""Tables that name people by their numbers lie nowhere in clear: not in the store, not in an archive; and are read by the same keys on any machine."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import ground
from trainhub.kernel import backup, clock, file_checks, files, keys, sealing
from trainhub.kernel.access import SYSTEM, Role
from trainhub.kernel.db import transaction
from trainhub.kernel.files import StoredFile
from trainhub.programmes.models import Programme

As = Callable[..., FlaskClient]
PIECE = sealing.PIECE


def ring(fill: int = 1) -> keys.Keyring:
    return keys.Keyring(data=bytes([fill]) * 32, lookup=b"l" * 32, signing=b"s" * 32)


def sealed(data: bytes, by: keys.Keyring) -> bytes:
    box = io.BytesIO()
    sealing.seal(by, io.BytesIO(data), hashlib.sha256(data).digest(), box)
    return box.getvalue()


def opened(data: bytes, by: keys.Keyring) -> bytes:
    return b"".join(sealing.unsealed(by, lambda at, length: data[at : at + length], len(data)))


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_what_is_sealed_is_read_again(size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    box = sealed(data, ring())
    assert opened(box, ring()) == data
    assert box == sealed(data, ring()), "the same content is kept once"
    assert size < 64 or data[:64] not in box


def test_what_was_changed_cut_or_put_elsewhere_is_noticed() -> None:
    data = b"a" * PIECE + b"b" * PIECE + b"c"
    box, head, step = sealed(data, ring()), sealing.HEADER, PIECE + sealing.TAG
    swapped = box[:head] + box[head + step : head + 2 * step] + box[head : head + step] + box[head + 2 * step :]
    for bad in (box[:-1], box[: head + step], box[:head], box[:10], box[:-1] + b"\0", swapped, box + b"x", b""):
        with pytest.raises(keys.WrongSecret):
            opened(bad, ring())
    with pytest.raises(keys.WrongSecret):
        opened(box, ring(2))


def stored(app: Flask) -> bytes:
    """Everything that lies in the store."""
    folder = Path(app.config["SETTINGS"].instance) / "files"
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_an_upload_with_numbers_is_read_by_its_pages_and_lies_nowhere_in_clear(app: Flask, session: Session, as_role: As) -> None:
    cohort = ground.cohort(year=2023)
    programme = session.get_one(Programme, cohort.programme_id)
    client = as_role(Role.UNIVERSITY_ADMIN, organisation_id=programme.university_id)
    number = ground.resident_id(date(2004, 5, 6))
    head = "学号,姓名,证件类型,证件号码,专业点代码,年级\n"
    text = f"{head}S1,林一,居民身份证,{number},{programme.code},2023\nS2,林二,居民身份证,{number[:-1]}0,{programme.code},2023\n".encode()
    answer = client.post("/people/students/import", data={"file": (io.BytesIO(text), "学生.csv")}, content_type="multipart/form-data")
    assert answer.status_code == 303
    row = session.scalars(select(StoredFile).where(StoredFile.kind == "import").order_by(StoredFile.id.desc())).first()
    assert row is not None
    assert (row.is_sealed, files.read(row), b"".join(files.stream(row))) == (True, text, text)
    assert "第" in client.get(answer.location).get_data(as_text=True)
    assert client.get(f"{answer.location}/problems").status_code == 200
    assert number.encode() not in stored(app)
    assert files.is_intact(row), "the checks of the store hash what lies there"


def test_an_archive_holds_it_sealed_and_gives_it_back(committed: Flask, tmp_path: Path) -> None:
    text = "姓名,证件号码\n林一,350102200405060019\n".encode()
    with committed.app_context():
        with transaction():
            row = files.keep_bytes(text, name="名册.csv", kind="roster", media_type="text/csv", by=SYSTEM, now=clock.now(), is_sealed=True)
            name = row.sha256
        backup.backup(tmp_path / "all.tar.gz")
        with tarfile.open(tmp_path / "all.tar.gz") as archive:
            member = archive.extractfile(f"files/{name}")
            assert member is not None
            box = member.read()
        assert b"350102200405060019" not in box
        assert opened(box, keys.keyring()) == text
        assert file_checks.lost(10)[0] == 0
