"""Who signs: an interface that a hardware module can stand behind, the signer made of a seed, and the keys trusted here.

Pure, apart from the cryptography. A key is named by the first 16 hex digits of the SHA-256 of its public half; as a Multikey it
is `z` and base 58 of 0xED01 and the 32 bytes (W3C Controlled Identifiers 1.0, 2.2.2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}


PUBLIC_BYTES, SIGNATURE_BYTES = 32, 64
TRIAL = b"trainhub: a signature for trial"
SLOT = "trainhub.certificates.signer"
"""Under this name in `app.extensions` an external signer takes the place of the key kept here."""


class Signer(Protocol):
    """Something that signs with Ed25519: a seed in memory, or a module that never hands its key out."""

    @property
    def public(self) -> bytes:
        """The 32 bytes that check what it signs."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature."""
        ...


class SeedSigner:
    """Signs with a seed of 32 bytes held in memory."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    @property
    def public(self) -> bytes:
        """The 32 bytes that check what it signs."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature; the same message always gives the same."""
        return self._key.sign(message)


class CannotSign(Refused):
    """Nothing can be signed now; what was signed before is still verified."""

    status = 503
    retry_after = 300


class LostKey(CannotSign):
    """The key that should sign is in no keys.json at hand: what it signed is still verified, nothing new can be signed by it."""

    code = "lost_key"


class LostSigner:
    """A key of which only the public half is left."""

    def __init__(self, public: bytes) -> None:
        self._public = public

    @property
    def public(self) -> bytes:
        """The 32 bytes that check what it signed."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """Raises LostKey with what to do."""
        raise LostKey(
            _(
                "签名密钥 %(key)s 打不开：keys.json 与数据库不属于同一套备份，暂不能签名，查验不受影响。"
                "请恢复原来的 keys.json；确已丢失时，由系统管理员在“签名密钥”页面更换密钥，旧文件仍可查验。",
                key=key_id(self._public),
            )
        )


class SignerAway(CannotSign):
    """The external module did not sign; nothing was handed out. What was signed before is still verified."""

    code = "signer_away"


class NotSigned(CannotSign):
    """What visitors are told who ask for something signed while nothing can be signed: where the answer is to be had without."""

    code = "not_signed"


class CannotPlug(ValueError):
    """What should be an external signer is none; the message says what is wrong."""


class ModuleSigner:
    """A module outside (hardware, a service) that never hands its key out, as the app uses it: whatever it fails with is told in words."""

    def __init__(self, module: Signer) -> None:
        public = module.public
        if not isinstance(public, bytes) or len(public) != PUBLIC_BYTES:
            raise CannotPlug("public must be the 32 bytes of an Ed25519 key")
        self._module, self._public = module, public

    @property
    def public(self) -> bytes:
        """The 32 bytes that check what it signs, read once."""
        return self._public

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature; SignerAway when the module gives none."""
        try:
            signature = self._module.sign(message)
        except Exception as away:
            raise SignerAway(_("外接签名设备没有签名（%(why)s）：请检查设备和连接后再试，查验不受影响。", why=str(away)[:120])) from away
        if len(signature) != SIGNATURE_BYTES:
            raise SignerAway(_("外接签名设备给出的不是 Ed25519 签名：请检查设备设置，查验不受影响。"))
        return signature


def plugged(place: str) -> ModuleSigner:
    """The external signer that `package.module:function` gives; it signs once for a trial. CannotPlug with what is wrong."""
    name, _colon, attribute = place.partition(":")
    try:
        signer = ModuleSigner(getattr(import_module(name), attribute)())
        signature = signer.sign(TRIAL)
    except CannotPlug:
        raise
    except Exception as bad:
        raise CannotPlug(f"{place}: {type(bad).__name__}: {bad}") from bad
    if not is_signed(TRIAL, signature, signer.public):
        raise CannotPlug(f"{place}: its signature is not one of its public key")
    return signer


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Whether the signature is one of the message by the key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public: bytes) -> str:
    """The short name of a public key."""
    return hashlib.sha256(public).hexdigest()[:16]


def base58(data: bytes) -> str:
    """Base 58 as Bitcoin writes it."""
    value, digits = int.from_bytes(data, "big"), []
    while value:
        value, digit = divmod(value, 58)
        digits.append(_ALPHABET[digit])
    return "1" * (len(data) - len(data.lstrip(b"\0"))) + "".join(reversed(digits))


def unbase58(text: str, length: int) -> bytes:
    """The bytes again; ValueError when they are not so many. Reading grows with the square of the length, so what is longer than they can be is not read."""
    if len(text) > length * 138 // 100 + 1:  # log(256) / log(58) = 1.366
        raise ValueError("too long")
    value = 0
    for char in text:
        if char not in _VALUES:
            raise ValueError("no base 58")
        value = value * 58 + _VALUES[char]
    try:
        data = value.to_bytes(length, "big")
    except OverflowError as long:
        raise ValueError("too long") from long
    if base58(data) != text:
        raise ValueError("not the one way to write it")
    return data


@lru_cache(maxsize=64)
def multikey(public: bytes) -> str:
    """The public key in the form of DID documents."""
    return "z" + base58(b"\xed\x01" + public)


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys whose signatures hold here, and those that leaked: what they signed proves nothing any more."""

    good: tuple[bytes, ...]
    leaked: tuple[bytes, ...] = ()

    def named(self, name: str) -> bytes | None:
        """The good key of that short name or Multikey."""
        return _named(self.good, name)

    def is_leaked(self, name: str) -> bool:
        """Whether the name is that of a leaked key."""
        return _named(self.leaked, name) is not None


def _named(keys: Iterable[bytes], name: str) -> bytes | None:
    return next((one for one in keys if name in (key_id(one), multikey(one))), None)
