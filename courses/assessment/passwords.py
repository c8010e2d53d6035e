"""The password of a quiz: who starts the quiz types it, its author reads it again, and the database holds neither.

It is sealed with the data key of the installation, like the secrets of laboratories, because the settings of a block travel into its
versions, into copied runs and into backups.
"""

from __future__ import annotations

import base64
import secrets
import unicodedata

from trainhub.kernel.characters import clean_line
from trainhub.kernel.keys import keyring

SEALED = "sealed:"


def sealed(password: str, known: str = "") -> str:
    """What is stored for a password; `known` stays as it is when it holds the same one, whatever hidden signs either has. No password is stored as nothing."""
    if not password:
        return ""
    return known if known.startswith(SEALED) and is_right(known, password) else seal(password)


def seal(password: str) -> str:
    """A password, unreadable without the keys of the installation."""
    return SEALED + base64.b64encode(keyring().encrypt(password)).decode()


def opened(stored: str) -> str:
    """The password again, for the author's form. What was stored before passwords were sealed is read as it is."""
    return keyring().decrypt(base64.b64decode(stored.removeprefix(SEALED))) if stored.startswith(SEALED) else stored


def is_right(stored: str, typed: str) -> bool:
    """Whether somebody typed the password; what nobody sees does not count on either side: it was pasted here and there."""
    return secrets.compare_digest(_plain(typed), _plain(opened(stored)))


def _plain(password: str) -> bytes:
    return (unicodedata.normalize("NFC", clean_line(password)) or password).encode()
