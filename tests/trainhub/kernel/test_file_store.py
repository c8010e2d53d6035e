"""Where files lie: looked at before anybody hands one in, and told in words when it does not take or give them."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import obstore
import pytest
from flask import Flask
from flask.testing import FlaskClient
from obstore.exceptions import BaseError
from sqlalchemy.orm import Session

from tests import object_store, processes
from tests.sqlite_files import opened
from tests.trainhub.kernel.test_installation import environment, run
from trainhub import config
from trainhub.kernel import clock, file_store, files, jobs
from trainhub.kernel.access import SYSTEM, public
from trainhub.kernel.db import session as current_session
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import in_language

SHA = "ab" + "cd" + "0" * 60


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[config.Settings, dict[str, bytes]]]:
    """Settings of an installation whose files lie in a bucket; what lies there."""
    for name in config.AWS:
        monkeypatch.delenv(name, raising=False)
    with object_store.served() as (env, objects):
        for name, value in env.items():
            if name.startswith("AWS_"):
                monkeypatch.setenv(name, value)
        yield config.load({"TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_SECRET_KEY": "x" * 32, **env}), objects


def test_files_go_to_the_bucket_under_its_prefix_and_come_back(bucket: tuple[config.Settings, dict[str, bytes]]) -> None:
    settings, objects = bucket
    store = file_store.opened(settings, is_waited_for=True)
    obstore.put(store, "ab/cd/x", b"content")
    assert objects == {"files/ab/cd/x": b"content"}
    assert bytes(obstore.get_range(store, "ab/cd/x", start=3, length=2)) == b"te"
    assert [row["path"] for page in obstore.list(store) for row in page] == ["ab/cd/x"]
    obstore.delete(store, "ab/cd/x")
    assert objects == {}
    with pytest.raises(FileNotFoundError):
        obstore.head(store, "ab/cd/x")


def test_a_store_that_answers_is_not_spoken_of(bucket: tuple[config.Settings, dict[str, bytes]]) -> None:
    settings, objects = bucket
    assert file_store.look(settings) == ""
    objects[f"files/ab/cd/{SHA}"] = b"x"
    assert file_store.look(settings, [SHA]) == ""


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("AWS_ACCESS_KEY_ID", "another", "AWS_ACCESS_KEY_ID"), ("TRAINHUB_FILES_URL", "s3://elsewhere/files", "s3://elsewhere/files")],
)
def test_a_store_that_refuses_is_told_with_what_to_set(
    bucket: tuple[config.Settings, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    settings, _objects = bucket
    if name == "TRAINHUB_FILES_URL":
        settings = dataclasses.replace(settings, files_url=value)
    monkeypatch.setenv(name, value)
    with pytest.raises(Refused, match=says) as refused:
        file_store.look(settings)
    assert refused.value.code == "store_refuses"
    assert "<" not in str(refused.value), "a code, not a page of XML"


def test_a_store_that_does_not_answer_holds_nobody_back(bucket: tuple[config.Settings, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be back in a moment, and whoever checks a certificate needs no file."""
    settings, _objects = bucket
    monkeypatch.setenv("AWS_ENDPOINT", "http://127.0.0.1:1")
    assert "http://127.0.0.1:1" in file_store.look(settings)


@pytest.mark.parametrize(
    ("status", "is_no"),
    [(301, True), (400, True), (403, True), (404, True), (408, False), (409, True), (425, False), (429, False), (500, False), (503, False)],
)
def test_an_answer_that_may_be_another_in_a_moment_stops_no_start(
    bucket: tuple[config.Settings, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch, status: int, is_no: bool
) -> None:
    """A store that throttles is back in a moment; a key that it does not know stays unknown."""
    settings, _objects = bucket
    with object_store.served(itertools.repeat(status)) as (env, _):
        monkeypatch.setenv("AWS_ENDPOINT", env["AWS_ENDPOINT"])
        if is_no:
            with pytest.raises(Refused) as refused:
                file_store.look(settings)
            assert refused.value.code == "store_refuses"
        else:
            assert str(status) in file_store.look(settings)


@pytest.mark.parametrize(("is_amazon", "status", "is_no"), [(True, 0, False), (True, 404, True), (False, 0, True)])
def test_the_role_of_a_machine_may_come_late(
    bucket: tuple[config.Settings, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch, is_amazon: bool, status: int, is_no: bool
) -> None:
    """Without keys the library asks the machine in Amazon's cloud for its role; beside a store of another address nobody answers that, ever."""
    settings, _objects = bucket
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    if is_amazon:
        monkeypatch.delenv("AWS_ENDPOINT")
    with object_store.served(itertools.repeat(status)) as (env, _):
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", env["AWS_ENDPOINT"] if status else "http://127.0.0.1:1")
        if is_no:
            with pytest.raises(Refused, match="AWS_ACCESS_KEY_ID"):
                file_store.look(settings)
        else:
            assert "AWS_ACCESS_KEY_ID" in file_store.look(settings)


def test_an_empty_store_beside_a_database_that_names_files_is_told(bucket: tuple[config.Settings, dict[str, bytes]], tmp_path: Path) -> None:
    """Another prefix, or a network folder that is not mounted: what is handed in now would lie elsewhere than the rest."""
    settings, _objects = bucket
    assert "s3://training/files" in file_store.look(settings, [SHA])
    local = dataclasses.replace(settings, files_url="")
    assert str(tmp_path / "files") in file_store.look(local, [SHA])
    (tmp_path / "files" / "ab" / "cd").mkdir(parents=True)
    (tmp_path / "files" / "ab" / "cd" / SHA).write_bytes(b"x")
    assert file_store.look(local, [SHA, "0" * 64]) == "", "some that are lost are named by `files check`"


def test_a_page_says_in_words_that_the_store_is_away(
    bucket: tuple[config.Settings, dict[str, bytes]], app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file handed in while the store refuses is nobody's mistake, and no bug."""
    settings, _objects = bucket
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    monkeypatch.setitem(app.extensions, "trainhub.files", {})

    def hand_in() -> str:
        with transaction():
            files.keep_bytes(b"x", name="x.txt", kind="test", media_type="text/plain", by=SYSTEM, now=clock.now())
        return ""

    monkeypatch.setitem(app.view_functions, "identity.login", public(hand_in))
    answer = client.get("/login")
    assert (answer.status_code, "存放文件的地方" in answer.text) == (503, True)
    assert answer.headers["Retry-After"]


def test_a_folder_that_has_a_file_and_does_not_give_it_is_away(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A network folder that fails, a mode that somebody changed: it is there when asked for, and cannot be opened. No bug, and no lost file."""
    with app.app_context(), transaction():
        row = files.keep_bytes(b"x", name="x.zip", kind="test", media_type="application/zip", by=SYSTEM, now=clock.now())
        path, file_id = app.config["SETTINGS"].instance / "files" / files.path_of(row.sha256), row.id
    path.unlink()

    def hand_out() -> str:
        return str(files.opened(current_session().get_one(files.StoredFile, file_id)))

    monkeypatch.setitem(app.view_functions, "identity.login", public(hand_out))
    with socket.socket(socket.AF_UNIX) as stands_there:  # what opens for nobody, for the superuser neither
        here = os.getcwd()
        os.chdir(path.parent)  # the name of a socket may not be long
        try:
            stands_there.bind(path.name)
        finally:
            os.chdir(here)
        answer = client.get("/login")
    path.unlink()
    assert (answer.status_code, "存放文件的地方" in answer.text) == (503, True)
    assert "restore it from a backup" not in caplog.text


@pytest.mark.parametrize(("times", "is_kept"), [(3, True), (4, False)])
def test_only_what_somebody_waits_for_gives_up_soon(
    bucket: tuple[config.Settings, dict[str, bytes]], app: Flask, monkeypatch: pytest.MonkeyPatch, times: int, is_kept: bool
) -> None:
    """A page answers in time; a backup of hours does not end over a store that is started again meanwhile."""
    settings, _objects = bucket
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    for context, is_kept_here in ((app.test_request_context, is_kept), (app.app_context, True)):
        monkeypatch.setitem(app.extensions, "trainhub.files", {})
        with object_store.served([503] * times) as (env, objects):
            monkeypatch.setenv("AWS_ENDPOINT", env["AWS_ENDPOINT"])
            with context():
                if is_kept_here:
                    obstore.put(files.store(), "ab/cd/x", b"content")
                else:
                    with pytest.raises(BaseError):
                        obstore.put(files.store(), "ab/cd/x", b"content")
            assert list(objects) == ["files/ab/cd/x"] * is_kept_here


def test_a_job_says_in_words_that_the_store_is_away(
    bucket: tuple[config.Settings, dict[str, bytes]], app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again by itself, and no bug of ours."""
    settings, _objects = bucket
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "another")
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    monkeypatch.setitem(app.extensions, "trainhub.files", {})

    def keep(_job: jobs.Running) -> dict[str, int]:
        with transaction():
            files.keep_bytes(b"x", name="x.txt", kind="test", media_type="text/plain", by=SYSTEM, now=clock.now())
        return {}

    monkeypatch.setitem(app.extensions["trainhub.tasks"], "test.keep", keep)
    with transaction():
        job_id = jobs.ask("test.keep", by=SYSTEM, title="test").id
    running = jobs.claim(clock.now())
    assert running is not None
    assert jobs.run(running) is jobs.JobState.QUEUED
    job = session.get_one(jobs.Job, job_id)
    with in_language("zh"):
        assert ("存放文件的地方" in job.shown_message, str(job_id) in job.shown_message) == (True, True), job.shown_message


def test_a_new_instance_has_no_folder_and_gets_none_by_looking(tmp_path: Path) -> None:
    settings = config.load({"TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_SECRET_KEY": "x" * 32})
    assert file_store.look(settings) == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_servers_and_workers_look_when_they_start(bucket: tuple[config.Settings, dict[str, bytes]], tmp_path: Path) -> None:
    with object_store.served() as (env, _objects):
        assert processes.run(["init"], environment(tmp_path, **env)).returncode == 0
        for words in (["serve", "--no-jobs"], ["serve", "--workers", "2"], ["worker", "--once"]):
            done = processes.run(words, environment(tmp_path, **env | {"AWS_ACCESS_KEY_ID": "another"}), timeout=60)
            assert (done.returncode, "TRAINHUB_FILES_URL" in done.stderr) == (1, True), done.stderr
        done = processes.run(["worker", "--once"], environment(tmp_path, **env), timeout=60)
        assert done.returncode == 0, done.stderr
        done = processes.run(["worker", "--once"], environment(tmp_path, **env | {"AWS_ENDPOINT": "http://127.0.0.1:1"}), timeout=60)
        assert (done.returncode, "http://127.0.0.1:1" in done.stderr) == (0, True), done.stderr


@pytest.mark.slow
def test_what_lies_in_a_bucket_is_checked_backed_up_and_restored_into_another(tmp_path: Path) -> None:
    content = b"an agreement"
    sha256 = hashlib.sha256(content).hexdigest()
    old, new, archive = tmp_path / "old", tmp_path / "new", tmp_path / "all.tar.gz"
    with object_store.served() as (env, objects):
        assert run(old, "init", "--json", **env)["keys_made"] is True
        with opened(old / "trainhub.sqlite3") as connection:
            row = ("evidence", "a.txt", "text/plain", len(content), sha256, "2026-11-02 08:00:00")
            connection.execute("INSERT INTO stored_file (kind, name, media_type, size, sha256, uploaded_at) VALUES (?, ?, ?, ?, ?, ?)", row)
        objects[f"files/{file_store.path_of(sha256)}"] = content
        told = run(old, "files", "check", "--content", "--json", **env)
        assert (told["read"], told["lost"]) == (1, 0)
        assert run(old, "backup", str(archive), "--json", **env)["lost"] == []
        run(new, "restore", str(archive), "--yes", "--json", **env | {"TRAINHUB_FILES_URL": f"s3://{object_store.BUCKET}/restored"})
        away = run(new, "files", "check", "--content", "--json", code=1, **env | {"AWS_ACCESS_KEY_ID": "another"})
        assert away["error"]["code"] == "no_store"
        assert objects[f"restored/{file_store.path_of(sha256)}"] == content
    third = tmp_path / "third"
    (third / "files").mkdir(parents=True)
    (third / "files" / sha256[:2]).write_bytes(b"in the way")
    told = run(third, "restore", str(archive), "--yes", "--json", code=1)["error"]
    assert (told["code"], str(third / "files") in told["message"], "AWS" in told["message"]) == ("no_store", True, False)
