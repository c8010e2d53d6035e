"""Content that names people by their numbers, as it lies in the store: sealed with the data key of the installation, in pieces.

A column of numbers is encrypted (`keys.Keyring.encrypt`); the tables from which they came would lie beside it, and in every archive, for anybody to read.
Each content has a key of its own, made of the data key and a keyed hash of the content: the same content is sealed to the same bytes, so that it is
kept once and known again, and nobody without the key can tell what it is or try what it may be. A piece that is changed, cut off or put elsewhere is noticed.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from trainhub.kernel.keys import Keyring, WrongSecret

MARK = b"THS1"
ROOT = 32
HEADER = len(MARK) + ROOT
PIECE, TAG = 1 << 20, 16


def seal(ring: Keyring, source: IO[bytes], digest: bytes, target: IO[bytes]) -> None:
    """Write the sealed content of an open file whose SHA-256 is `digest`."""
    root = _made(ring.data, b"files root", digest)
    box = AESGCM(_made(ring.data, b"files key", root))
    target.write(MARK + root)
    count, piece = 0, source.read(PIECE)
    while True:
        following = source.read(PIECE) if piece else b""
        target.write(box.encrypt(_nonce(count, is_last=not following), piece, None))
        if not following:
            return
        count, piece = count + 1, following


def unsealed(ring: Keyring, get: Callable[[int, int], bytes], size: int) -> Iterator[bytes]:
    """The content again, piece by piece; `get(at, length)` reads what is stored, `size` bytes in all.

    Raises WrongSecret when it belongs to other keys, or was changed or cut off.
    """
    head = get(0, min(HEADER, size))
    if len(head) < HEADER or not head.startswith(MARK):
        raise _unreadable()
    box, at, count = AESGCM(_made(ring.data, b"files key", head[len(MARK) :])), HEADER, 0
    while True:
        length = min(PIECE + TAG, size - at)
        if length < TAG:
            raise _unreadable()
        is_last = at + length == size
        try:
            yield box.decrypt(_nonce(count, is_last=is_last), get(at, length), None)
        except InvalidTag as wrong:
            raise _unreadable() from wrong
        if is_last:
            return
        at, count = at + length, count + 1


def _made(key: bytes, what: bytes, of: bytes) -> bytes:
    return hmac.digest(key, b"trainhub " + what + b"\0" + of, "sha256")


def _nonce(count: int, *, is_last: bool) -> bytes:
    """Of the key of one content: which piece it is, and whether one follows."""
    return bytes([0, 0, 0, is_last]) + count.to_bytes(8, "big")


def _unreadable() -> WrongSecret:
    return WrongSecret("加密保存的文件无法解开：密钥文件 keys.json 与文件不属于同一套备份，或文件已损坏。")
