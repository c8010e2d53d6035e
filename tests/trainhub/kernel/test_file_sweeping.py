"""Content that no row names does not stay in the store, and what somebody is handing in just now is not taken from under them."""

from __future__ import annotations

import io
import os
import threading
from datetime import timedelta
from pathlib import Path

import obstore
import pytest
from flask import Flask
from sqlalchemy import select

from trainhub.kernel import clock, file_sweeping, files
from trainhub.kernel.access import SYSTEM
from trainhub.kernel.db import session, transaction
from trainhub.kernel.files import StoredFile


def _keep(text: bytes) -> StoredFile:
    return files.keep(io.BytesIO(b"%PDF-1.4\n" + text), name="a.pdf", kind="evidence", by=SYSTEM, now=clock.now())


def _is_there(digest: str) -> bool:
    try:
        obstore.head(files.store(), files.path_of(digest))
    except FileNotFoundError:
        return False
    return True


def _age(app: Flask, digest: str, age: timedelta) -> None:
    path = Path(app.config["SETTINGS"].instance) / "files" / files.path_of(digest)
    at = (clock.now() - age).timestamp()
    os.utime(path, (at, at))


@pytest.mark.database
def test_content_without_a_row_goes_after_a_day(committed: Flask) -> None:
    with committed.app_context():
        with pytest.raises(RuntimeError, match="in between"), transaction():
            digests = [_keep(b"never committed").sha256, _keep(b"young").sha256]
            raise RuntimeError("the process ends in between")
        with transaction():
            named = _keep(b"named").sha256
        for digest, minutes in ((digests[0], 1), (digests[1], -1), (named, 60)):
            _age(committed, digest, file_sweeping.OLD + timedelta(minutes=minutes))
        obstore.put(files.store(), "notes/readme.txt", b"put there by an operator")
        assert file_sweeping.sweep(now=clock.now()) == 1
        assert [_is_there(digest) for digest in (*digests, named)] == [False, True, True]
        assert file_sweeping.sweep(now=clock.now()) == 0


@pytest.mark.database
def test_content_that_is_handed_in_again_meanwhile_stays(committed: Flask) -> None:
    """The row of an upload is seen by others only after its commit: whoever erases waits for it."""
    with committed.app_context():
        with transaction():
            row = _keep(b"twice")
            digest, key = row.sha256, row.id
        with transaction():
            files.drop(key)
        is_put, go_on = threading.Event(), threading.Event()

        def upload() -> None:
            with committed.app_context(), transaction():
                _keep(b"twice")
                is_put.set()
                go_on.wait(20)

        def erase() -> None:
            with committed.app_context():
                files.erase([digest])

        threads = [threading.Thread(target=upload), threading.Thread(target=erase)]
        threads[0].start()
        assert is_put.wait(20)
        threads[1].start()
        threads[1].join(1)
        go_on.set()
        for thread in threads:
            thread.join(30)
        assert session().scalar(select(StoredFile.sha256).where(StoredFile.sha256 == digest)) == digest
        assert _is_there(digest)
