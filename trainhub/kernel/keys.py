"""Keys of an installation: made at random by `trainhub init`, kept in the instance folder, wrapped by the secret.

`data` encrypts identity numbers and other secrets at rest (AES-256-GCM); `lookup` is the key of the keyed hash that
finds a number again and keeps it unique; `signing` is the Ed25519 seed that signs certificates. `rewrap` changes the
secret that wraps them; the keys themselves stay, above all `lookup`: with another one no person would be found again.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app

from trainhub.kernel.errors import Refused
from trainhub.kernel.folders import private_folder

FILE = "keys.json"
NAMES = ("data", "lookup", "signing")
NONCE, TAG = 12, 16
"""Bytes before and behind what AES-GCM wraps."""


class WrongSecret(Refused):
    """The secret does not open the key file."""

    code = "wrong_secret"


class NoKeys(Refused):
    """The instance has no key file."""

    code = "no_keys"


class DamagedKeys(Refused):
    """The key file is cut off or is no key file."""

    code = "damaged_keys"


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The opened keys; never logged, never stored unwrapped."""

    data: bytes
    lookup: bytes
    signing: bytes

    def encrypt(self, text: str) -> bytes:
        """Nonce and ciphertext of a text."""
        nonce = os.urandom(12)
        return nonce + AESGCM(self.data).encrypt(nonce, text.encode(), None)

    def decrypt(self, blob: bytes) -> str:
        """The text again; raises WrongSecret when the blob belongs to another keyring or was changed."""
        try:
            return AESGCM(self.data).decrypt(blob[:12], blob[12:], None).decode()
        except InvalidTag as wrong:
            raise WrongSecret("加密数据无法解开：密钥文件 keys.json 与数据库不属于同一套备份。") from wrong

    def keyed_hash(self, text: str) -> str:
        """A stable hash of a normalised text that cannot be computed without the key (64 hex digits)."""
        return hmac.new(self.lookup, text.encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=8)
def _wrapping_key(secret: str, salt: bytes) -> bytes:
    """Slow on purpose, for whoever guesses at secrets: a process that has the right one need not wait each time it opens the same file."""
    return hashlib.scrypt(secret.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)


def _write(path: Path, content: dict[str, object]) -> None:
    part = path.with_suffix(".part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # without it a power cut may bring the old name back, to a file whose new secret is in use
    finally:
        os.close(folder)


def _wrap(keys: dict[str, bytes], secret: str) -> dict[str, object]:
    salt = os.urandom(16)
    box = AESGCM(_wrapping_key(secret, salt))
    wrapped = {}
    for name, key in keys.items():
        nonce = os.urandom(12)
        wrapped[name] = base64.b64encode(nonce + box.encrypt(nonce, key, name.encode())).decode()
    return {"version": 1, "salt": base64.b64encode(salt).decode(), "keys": wrapped}


def make(instance: Path, secret: str) -> bool:
    """Make the keys if there are none; returns whether it did. Existing keys are never replaced."""
    path = instance / FILE
    if path.exists():
        return False
    private_folder(instance)
    _write(path, _wrap({name: secrets.token_bytes(32) for name in NAMES}, secret))
    return True


def unwrap(content: str, secret: str) -> Keyring:
    """Open the text of a key file; raises WrongSecret or DamagedKeys."""
    salt, blobs = _parts(content)
    box = AESGCM(_wrapping_key(secret, salt))
    keys = {}
    for name, blob in blobs.items():
        try:
            keys[name] = box.decrypt(blob[:12], blob[12:], name.encode())
        except InvalidTag as wrong:
            raise WrongSecret(
                "密钥文件 keys.json 打不开：当前的 TRAINHUB_SECRET_KEY 不是加密它时使用的那一个。"
                "请改用原来的密钥；如需更换密钥，请用原密钥执行 trainhub keys rewrap。"
            ) from wrong
    return Keyring(**keys)


def _parts(content: str) -> tuple[bytes, dict[str, bytes]]:
    """The salt and the wrapped keys of a key file."""
    try:
        stored = json.loads(content)
        salt, blobs = base64.b64decode(stored["salt"]), {name: base64.b64decode(stored["keys"][name]) for name in NAMES}
        if min(map(len, blobs.values())) < NONCE + TAG:
            raise ValueError("cut off")
    except (ValueError, KeyError, TypeError) as damage:
        raise DamagedKeys(
            "密钥文件 keys.json 已损坏，无法读取，什么都没有改变。请用 trainhub restore 恢复备份，或从最近的备份或另一台机器取回 keys.json；不要重新执行 trainhub init。"
        ) from damage
    return salt, blobs


def load(instance: Path, secret: str) -> Keyring:
    """Open the instance's keys; raises NoKeys, WrongSecret or DamagedKeys."""
    path = instance / FILE
    if not path.exists():
        raise NoKeys("实例目录中没有密钥文件 keys.json：请先执行 trainhub init；若是恢复备份，请用 trainhub restore。")
    return unwrap(path.read_text("utf-8", errors="replace"), secret)


def check(instance: Path, secret: str) -> None:
    """Raises WrongSecret when there are keys and the secret does not open them: nobody should learn that from the first page that needs one.

    Asked of an app, not before there is one: a restore that was killed may first have to put its keys there (`restoring`)."""
    if (instance / FILE).exists():
        load(instance, secret)


def rewrap(instance: Path, old: str, new: str) -> None:
    """Wrap the same keys by a new secret; the file is replaced atomically."""
    ring = load(instance, old)
    _write(instance / FILE, _wrap({name: getattr(ring, name) for name in NAMES}, new))


def keyring() -> Keyring:
    """The opened keys of the running app."""
    ring = current_app.extensions.get("trainhub.keyring")
    if ring is None:
        settings = current_app.config["SETTINGS"]
        ring = load(settings.instance, settings.secret_key)
        current_app.extensions["trainhub.keyring"] = ring
    return ring
