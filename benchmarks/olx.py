"""Time to open, read, write and read back an OLX course; whether what is read back has the same parts; what olxcleaner says of what was written.

python benchmarks/olx.py [PACKAGE ...]      default: the course in tests/data
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import olxcleaner  # noqa: E402

from courses.interop import formats  # noqa: E402
from courses.interop.olx.reader import read_olx  # noqa: E402
from courses.interop.olx.writer import write_olx  # noqa: E402
from courses.interop.types import CourseDoc  # noqa: E402


def _parts(doc: CourseDoc) -> dict[str, int]:
    """How many sections, units and blocks of each kind a course has."""
    blocks = Counter(block.kind.value for block in doc.blocks())
    return {"sections": len(doc.sections), "units": sum(len(section.units) for section in doc.sections), **blocks}


def measure(path: Path) -> dict[str, object]:
    """Seconds of each step for one package."""
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, formats.opened(path) as course:
        read = time.perf_counter()
        out = Path(folder, "out")
        write_olx(course.doc, out, asset=lambda asset: course.file(asset).read_bytes())
        written = time.perf_counter()
        back = read_olx(out)
        again = time.perf_counter()
        counts, parts = course.doc.counts, [_parts(doc) for doc in (course.doc, back)]
        _course, store, _names = olxcleaner.validate(str(out / "course.xml"))
        found = Counter(error.level for error in store.errors)
    return {
        "package": path.name,
        "course": course.doc.code,
        "blocks": sum(1 for _block in course.doc.blocks()),
        "problems": counts.problems,
        "open_and_read_seconds": round(read - start, 3),
        "write_seconds": round(written - read, 3),
        "read_back_seconds": round(again - written, 3),
        "read_back_is_equal": parts[0] == parts[1],
        "olxcleaner": {"errors": found["ERROR"], "warnings": found["WARNING"]},
    }


if __name__ == "__main__":
    for name in sys.argv[1:] or [str(ROOT / "tests" / "data" / "olx" / "oxa-kitchen-sink.tar.gz")]:
        print(json.dumps(measure(Path(name)), ensure_ascii=False))
