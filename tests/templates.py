"""Templates compiled once for all apps and processes of a run, and for the runs that follow on the same sources.

To compile all of them takes a process ten seconds, to load them a third of one.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".pytest_cache" / "templates"


def fingerprint(root: Path) -> str:
    """What a compiled template rests on besides its own text: Jinja and our modules, whose filters it has applied to constants already."""
    said = sha256(jinja2.__version__.encode())
    for path in sorted(path for room in ("trainhub", "courses", "enterprises") for path in (root / room).rglob("*.py")):
        found = path.stat()
        said.update(f"{path}|{found.st_size}|{found.st_mtime_ns}\n".encode())
    return said.hexdigest()[:16]


class Compiled(BytecodeCache):
    """What was compiled, in this process and in a folder for the others; `folder` holds one set, of the sources as they stand."""

    def __init__(self, folder: Path = KEPT, root: Path = ROOT) -> None:
        self.known: dict[str, bytes] = {}
        self.folder = folder / fingerprint(root)
        if not self.folder.exists():  # those of earlier sources are of no use any more
            with suppress(OSError):
                for earlier in folder.iterdir():
                    if earlier != self.folder:  # another process of the run may have begun to fill ours
                        shutil.rmtree(earlier, ignore_errors=True)

    def load_bytecode(self, bucket: Bucket) -> None:
        """Jinja's own check of the source stays: a bucket of another text is not taken."""
        if bucket.key not in self.known:
            try:
                self.known[bucket.key] = (self.folder / bucket.key).read_bytes()
            except OSError:  # not there, or nobody may read it
                return
        bucket.bytecode_from_string(self.known[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, whole or not at all; in memory alone where the folder cannot be written (somebody else's checkout), or goes away meanwhile."""
        self.known[bucket.key] = bucket.bytecode_to_string()
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            made = self.folder / f"{bucket.key}.{os.getpid()}"
            made.write_bytes(self.known[bucket.key])
            made.replace(self.folder / bucket.key)
