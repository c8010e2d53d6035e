"""Time to open, read, write and read back an OLX course.

python benchmarks/olx.py [PACKAGE ...]      default: the course in tests/data
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from courses.interop import formats  # noqa: E402
from courses.interop.olx.reader import read_olx  # noqa: E402
from courses.interop.olx.writer import write_olx  # noqa: E402


def measure(path: Path) -> dict[str, object]:
    """Seconds of each step for one package."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, formats.opened(path) as course:
        read = time.perf_counter()
        out = Path(folder, "out")
        write_olx(course.doc, out, asset=lambda asset: course.file(asset).read_bytes())
        written = time.perf_counter()
        read_olx(out)
        again = time.perf_counter()
        counts = course.doc.counts
    return {
        "package": path.name,
        "course": course.doc.code,
        "blocks": sum(1 for _block in course.doc.blocks()),
        "problems": counts.problems,
        "open_and_read_seconds": round(read - start, 3),
        "write_seconds": round(written - read, 3),
        "read_back_seconds": round(again - written, 3),
    }


if __name__ == "__main__":
    for name in sys.argv[1:] or [str(ROOT / "tests" / "data" / "olx" / "oxa-kitchen-sink.tar.gz")]:
        print(json.dumps(measure(Path(name)), ensure_ascii=False))
