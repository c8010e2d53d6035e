"""Password hashes: argon2id with the cost of the house; old costs are renewed at sign-in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


def hash_password(password: str) -> str:
    """The encoded argon2id hash of a password."""
    return _hasher.hash(password)


def is_password(password_hash: str, password: str) -> bool:
    """Whether the password is the one that was hashed; an empty or broken hash takes as long as a real one and never fits."""
    try:
        return _hasher.verify(password_hash or _nobody(), password) and bool(password_hash)
    except (VerificationError, InvalidHashError):
        return False


@dataclass(frozen=True, slots=True, repr=False)
class Worked:
    """What takes long about a password, worked out before a transaction holds up whoever writes: its hash, and which hashes are of it or are not."""

    password_hash: str
    fits: Mapping[str, bool]

    def is_of(self, password_hash: str, password: str) -> bool:
        """Whether a hash is of the password; one that was made meanwhile is looked at now."""
        return self.fits[password_hash] if password_hash in self.fits else is_password(password_hash, password)


def work_out(password: str, *, against: Collection[str] = ()) -> Worked:
    """Hash a password, and compare it with hashes."""
    return Worked(hash_password(password), compare(password, against=against).fits)


def compare(password: str, *, against: Collection[str]) -> Worked:
    """Compare a password that is asked for again with hashes, without hashing it anew."""
    return Worked("", {one: is_password(one, password) for one in against})


def needs_renewal(password_hash: str) -> bool:
    """Whether the hash was made with other costs than today's."""
    return _hasher.check_needs_rehash(password_hash)


@lru_cache(maxsize=1)
def _nobody() -> str:
    return _hasher.hash("no account has this password")
