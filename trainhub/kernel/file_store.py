"""Where the content of files lies: the instance folder, or a bucket that speaks S3 (TRAINHUB_FILES_URL with the variables AWS_*)."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, BinaryIO

from trainhub.config import Settings
from trainhub.kernel.errors import Refused
from trainhub.kernel.folders import private_folder

RETRY: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
"""How long a bucket is asked where a person waits. Left to itself the library tries for three minutes: right for what nobody waits for, as a backup."""
ROLE_ASKED = re.compile(r"/latest/(api/token|meta-data)")
"""Where the library asks for credentials where none are set: of the machine itself, which in Amazon's cloud has a role and elsewhere never answers."""
PASSING = frozenset({408, 425, 429})
"""Statuses below 500 that a store gives while it is busy: another moment, another answer."""


class Unreadable(Exception):
    """The folder has the content and does not give it: no permission, a disk or a network that fails. As an error of the library says it of what is read by it."""


def path_of(sha256: str) -> str:
    """Where content lives in the store."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


def opened(settings: Settings, *, is_waited_for: bool) -> Any:
    """The store of an installation; nothing is asked of a bucket yet. `is_waited_for`: somebody looks on, and rather reads that it is away."""
    import obstore.store

    if settings.files_url:
        return obstore.store.from_url(settings.files_url, retry_config=RETRY if is_waited_for else None)
    folder = settings.instance / "files"
    private_folder(folder)
    return obstore.store.LocalStore(folder)


def opened_file(settings: Settings, sha256: str) -> BinaryIO | None:
    """The content as an open file where it lies in the instance folder, else None. Raises FileNotFoundError, Unreadable."""
    if settings.files_url:
        return None
    try:
        return (settings.instance / "files" / path_of(sha256)).open("rb")
    except FileNotFoundError:
        raise
    except OSError as problem:
        raise Unreadable(str(problem)) from problem


def is_away(problem: BaseException) -> bool:
    """Whether it is the store that did not do what it was asked: it does not answer, refuses, or its disk is full. What it does not have is another matter."""
    is_of_library = type(problem).__module__.startswith("obstore") and not isinstance(problem, FileNotFoundError)
    return is_of_library or isinstance(problem, Unreadable)


def reason(problem: BaseException) -> str:
    """What the store said, in one line; of a page of XML its code."""
    said = re.sub(r"\s+", " ", str(problem).partition("Debug source:")[0]).strip().removeprefix("Generic S3 error: ")
    code = re.search(r"<Code>(\w+)</Code>", said)
    return said.partition(": <")[0][:300] + (f": {code[1]}" if code else "")


def look(settings: Settings, newest: Sequence[str] = ()) -> str:
    """Ask the store once, before anybody hands a file in. Returns what the operator should know, or nothing.

    `newest` are checksums of the last files the database names: with none of them there, what comes now would lie elsewhere than the rest. Raises Refused
    (`store_refuses`) when the store says no. One that does not answer now is no hindrance: it may be back in a moment, and certificates are verified without.
    """
    if not settings.files_url:
        return _look_at_folder(settings, newest)
    import obstore
    from obstore.exceptions import BaseError

    try:
        store = opened(settings, is_waited_for=True)
        next(iter(obstore.list(store, chunk_size=1)), None)
        is_there = not newest or any(has_any(store, sha256) for sha256 in newest)
    except (BaseError, FileNotFoundError) as problem:
        if _is_no(problem):
            raise Refused(
                f"文件存储 {settings.files_url} 拒绝了访问：{reason(problem)}。请核对 TRAINHUB_FILES_URL 中的存储桶和 AWS_ACCESS_KEY_ID、AWS_SECRET_ACCESS_KEY、AWS_REGION、"
                "AWS_ENDPOINT（见 docs/operations.md），密钥须能列出、读取、写入和删除其中的对象，然后重新启动。",
                code="store_refuses",
            ) from problem
        return (
            f"文件存储 {settings.files_url} 没有应答：{reason(problem)}。恢复之前不能上传和下载文件；若一直如此，请核对 AWS_ENDPOINT 和 AWS_ACCESS_KEY_ID / "
            "the file store does not answer: nothing is uploaded or downloaded until it does; if it stays so, look at AWS_ENDPOINT and AWS_ACCESS_KEY_ID"
        )
    return "" if is_there else _elsewhere(settings.files_url)


def _look_at_folder(settings: Settings, newest: Sequence[str]) -> str:
    folder = settings.instance / "files"
    nearest = folder if folder.is_dir() else settings.instance
    if nearest.is_dir() and not os.access(nearest, os.W_OK | os.X_OK):
        return f"文件夹 {nearest} 不能写入，上传的文件不能保存：请检查权限 / this folder cannot be written: no file can be uploaded"
    is_there = not newest or any((folder / path_of(sha256)).is_file() for sha256 in newest)
    return "" if is_there else _elsewhere(str(folder))


def has_any(store: Any, sha256: str) -> bool:
    """Whether the store has something under a checksum."""
    import obstore

    try:
        obstore.head(store, path_of(sha256))
    except FileNotFoundError:
        return False
    return True


def _is_no(problem: BaseException) -> bool:
    """An answer that asking again does not change: a status of 300 to 499 but PASSING, an address that is none, or no credentials at all."""
    from obstore.exceptions import GenericError

    if not isinstance(problem, GenericError):
        return True  # no such bucket, no permission, a setting that is none
    said = str(problem).partition("Debug source:")[0]
    if status := re.search(r"status code: (\d{3})", said):
        return int(status[1]) < 500 and int(status[1]) not in PASSING
    is_of_amazon = "amazonaws.com" in os.environ.get("AWS_ENDPOINT", "amazonaws.com")  # there a machine that starts may have its role a moment later
    return "builder error" in said or "redirect without LOCATION" in said or (ROLE_ASKED.search(said) is not None and not is_of_amazon)


def _elsewhere(place: str) -> str:
    return (
        f"数据库中最近的文件在 {place} 一个也找不到：网络文件夹可能没有挂载，或 TRAINHUB_FILES_URL 的路径与以前不同；若内容确已丢失，请从备份恢复（trainhub files check 列出） / "
        "none of the newest files of the database is there: is a network folder not mounted, or the path of TRAINHUB_FILES_URL another than before?"
    )
