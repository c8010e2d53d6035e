"""A SQLite file beside the product's own connections, closed when it is no longer needed.

`with sqlite3.connect(…)` ends a transaction and leaves the file open until the garbage is collected. Whoever copies the folder meanwhile lets go of
the process's locks on it, another process that ends takes the write-ahead log away, and what is read here stands still from then on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def opened(path: Path | str, **options: Any) -> Iterator[sqlite3.Connection]:
    """The file at `path`; what was done is committed unless it failed, and the file is closed."""
    with closing(sqlite3.connect(path, **options)) as connection, connection:
        yield connection
