"""Keys: wrapped by the secret, never replaced, refused with words when the secret is wrong."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from trainhub.kernel import keys

SECRET = "one secret that is long enough for it"
OTHER = "another secret that is long enough too"


def test_keys_are_made_once_and_readable_by_their_owner_only(tmp_path: Path) -> None:
    assert keys.make(tmp_path, SECRET) is True
    before = (tmp_path / keys.FILE).read_text()
    assert keys.make(tmp_path, SECRET) is False
    assert (tmp_path / keys.FILE).read_text() == before
    assert stat.S_IMODE((tmp_path / keys.FILE).stat().st_mode) == 0o600
    ring = keys.load(tmp_path, SECRET)
    assert all(key.hex() not in before for key in (ring.data, ring.lookup, ring.signing))


def test_a_wrong_secret_is_refused_with_words(tmp_path: Path) -> None:
    keys.make(tmp_path, SECRET)
    with pytest.raises(keys.WrongSecret, match="TRAINHUB_SECRET_KEY"):
        keys.load(tmp_path, OTHER)
    with pytest.raises(keys.NoKeys, match="trainhub init"):
        keys.load(tmp_path / "elsewhere", SECRET)


def test_rewrap_changes_the_secret_and_keeps_the_keys(tmp_path: Path) -> None:
    keys.make(tmp_path, SECRET)
    before = keys.load(tmp_path, SECRET)
    keys.rewrap(tmp_path, SECRET, OTHER)
    assert keys.load(tmp_path, OTHER) == before
    with pytest.raises(keys.WrongSecret):
        keys.load(tmp_path, SECRET)


def test_encryption_hides_and_returns_the_text_and_notices_a_change(tmp_path: Path) -> None:
    keys.make(tmp_path, SECRET)
    ring = keys.load(tmp_path, SECRET)
    blob = ring.encrypt("350102199001011234")
    assert b"350102" not in blob
    assert ring.encrypt("350102199001011234") != blob
    assert ring.decrypt(blob) == "350102199001011234"
    with pytest.raises(keys.WrongSecret):
        ring.decrypt(blob[:-1] + bytes([blob[-1] ^ 1]))
    assert ring.keyed_hash("a") == ring.keyed_hash("a") != ring.keyed_hash("b")


def test_a_swapped_key_is_noticed(tmp_path: Path) -> None:
    keys.make(tmp_path, SECRET)
    path = tmp_path / keys.FILE
    stored = json.loads(path.read_text())
    stored["keys"]["data"], stored["keys"]["lookup"] = stored["keys"]["lookup"], stored["keys"]["data"]
    path.write_text(json.dumps(stored))
    with pytest.raises(keys.WrongSecret):
        keys.load(tmp_path, SECRET)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 1}', '{"salt": "x", "keys": {}}', '{"salt": "AAAA", "keys": {"data": "AA=="}}', "\ufeff{}"]
)
def test_a_damaged_key_file_is_refused_with_words(tmp_path: Path, content: str) -> None:
    (tmp_path / keys.FILE).write_text(content, "utf-8")
    for act in (lambda: keys.load(tmp_path, SECRET), lambda: keys.rewrap(tmp_path, SECRET, OTHER), lambda: keys.check(tmp_path, SECRET)):
        with pytest.raises(keys.DamagedKeys, match=r"keys\.json.*备份"):
            act()
    assert (tmp_path / keys.FILE).read_text("utf-8") == content
