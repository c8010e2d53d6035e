"""A journal loses nothing: not after a line that was cut off, not when the disk fills in the middle of one."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trainhub.kernel import journal


@contextmanager
def _room(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes: what is written up to there is written, as on a disk that fills."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _numbers(path: Path) -> list[object]:
    return [one["number"] for one in journal.read(path)]


def test_a_line_that_was_cut_off_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"number": "1"}, {"number": "2"}])
    path.write_bytes(path.read_bytes()[:-5])  # the power failed
    journal.append(path, [{"number": "3"}])
    journal.append(path, [{"number": "4"}])
    assert _numbers(path) == ["1", "3", "4"]


def test_what_found_no_room_is_told_and_written_with_the_next(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "journal.jsonl"
    journal.append(path, [{"number": "1"}])
    for lines in ([{"number": "2"}, {"number": "3"}], [{"number": "4"}]):
        with _room(path.stat().st_size + 8), pytest.raises(OSError, match="File too large"):
            journal.append(path, lines)
    journal.append(path, [{"number": "5"}])
    assert list(dict.fromkeys(_numbers(path))) == ["1", "2", "3", "4", "5"], "a line may stand twice, none is missing"
    journal.append(path, [{"number": "6"}])
    assert _numbers(path).count("2") <= 2
    assert _numbers(path)[-2:] == ["5", "6"]
