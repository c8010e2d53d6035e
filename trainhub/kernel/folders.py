"""The folder of an instance: what lies in it is for the account alone that runs the product."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def private_folder(path: Path) -> None:
    """Make a folder that others can neither list nor read. One that exists keeps its mode, which is the operator's to say."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)


def is_open(path: Path) -> bool:
    """Whether other accounts of the machine can go into a folder: the database and the files in it can then be read by them."""
    mode = path.stat().st_mode
    return os.name == "posix" and bool(mode & (stat.S_IRWXG | stat.S_IRWXO))
