"""Certificates a second: the press of a print run as the product uses it, beside a plain ReportLab loop.

    python benchmarks/certificates.py [--pages 10000] [--many 100000] [--plain 200] [--json]

`print_run` and `many` measure the press alone: glyphs looked for and pages drawn, from rows in memory. A run of the product also reads the rows, holds each
certificate against its history and the audit log, and looks for glyphs again; `benchmarks/issuing.py` measures that whole (its step `print_run`), which has no
goal of its own, so the 2,000 a second are of the press and not of a run.

The rows are made up but varied: 2,000 different characters in names, 40 courses. Goal: at least 2,000 certificates a
second a core, at most 1,200 bytes each, at most 250 MB at 10,000 pages, a run of 100,000 at most a fifth slower, a single file in at most 15 ms: the page alone, and the file as the holder gets it (`holder`: from the row in a small
instance, with its checks, credential and badge; what a PAdES signature adds is told apart). The plain loop
draws the same texts and QR code with ReportLab's own means, the ornaments once as a form (redrawn on every page they
would cost 200 ms); it is measured on fewer pages and its figures are for those pages, not scaled up. Each part runs in a process of its own, so that memory is its own.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
GOALS = {"per_second": 2000, "bytes_each": 1200, "peak_mb": 250, "single_ms": 15, "holder_ms": 15, "credential_ms": 0.5, "many_rate": 0.2}
BASE_URL = "https://px.example.edu.cn"
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖"
SUBJECTS = ("工业互联网", "大数据", "云计算", "移动应用", "跨境电商", "信息安全", "物联网", "人工智能", "数字孪生", "智能制造")
ENDINGS = ("平台架构与应用开发", "工程实践", "基础与创业案例", "综合能力提升培训（第二期）")
CODES = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def rows(count: int) -> Iterator[dict[str, str]]:
    """Made-up facts, the same for the same count."""
    source = random.Random(20261122)
    given = [chr(point) for point in source.sample(range(0x4E00, 0x9FA5), 2000)]
    for serial in range(1, count + 1):
        name = source.choice(SURNAMES) + "".join(source.choices(given, k=source.choice((1, 2, 2))))
        yield {
            "number": f"35000112026{serial:06d}{serial % 10}",
            "code": "".join(source.choices(CODES, k=12)),
            "name": name,
            "course": SUBJECTS[serial % 10] + ENDINGS[serial // 10 % 4],
            "hours": str(16 + 8 * (serial % 6)),
            "issued_on": f"2026-{1 + serial % 12:02d}-{1 + serial % 28:02d}",
        }


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def print_run(count: int) -> dict[str, float]:
    """One file of so many pages, from a cold process to its bytes."""
    facts = list(rows(count))
    start = time.process_time()
    from trainhub.certificates.layouts.drawing import Press
    from trainhub.certificates.layouts.model import built_in

    press = Press(built_in("completion"), base_url=BASE_URL)
    for page in facts:
        press.needs_glyph(page)
        press.add(page)
    size = len(press.finish())
    seconds = time.process_time() - start
    return {"pages": count, "per_second": count / seconds, "bytes_each": size / count, "peak_mb": _peak_mb()}


def many(count: int) -> dict[str, float]:
    """So many pages in files of 5,000, as a large run is drawn, each file written away and forgotten."""
    from trainhub.certificates.layouts.drawing import Press
    from trainhub.certificates.layouts.model import built_in
    from trainhub.certificates.rules import MOST_CHUNK

    size, seconds, source = 0, 0.0, iter(rows(count))
    for first in range(0, count, MOST_CHUNK):
        facts = [next(source) for _page in range(min(MOST_CHUNK, count - first))]
        start = time.process_time()
        press = Press(built_in("completion"), base_url=BASE_URL)
        for page in facts:
            press.needs_glyph(page)
            press.add(page)
        size += len(press.finish())
        seconds += time.process_time() - start
    return {"pages": count, "per_second": count / seconds, "bytes_each": size / count, "peak_mb": _peak_mb()}


def credentials(count: int) -> dict[str, float]:
    """Signed Open Badges credentials, from their values to the proof."""
    from dataclasses import replace

    from trainhub.certificates.openbadges import Badge, did_of, signed
    from trainhub.certificates.signers import SeedSigner

    signer = SeedSigner(b"benchmark benchmark benchmark 32")
    badge = Badge(
        address=f"{BASE_URL}/V/350001120260000017/7K3MZQ9XW2HB",
        issuer=did_of(BASE_URL),
        issuer_name="闽江理工大学",
        name="结业证书",
        valid_from="2026-03-02T01:00:00Z",
        identity="张三",
        salt="",
        number="350001120260000017",
        title="结业证书：工业互联网平台架构与应用开发",
        description="课程：工业互联网平台架构与应用开发；学时：48",
        narrative="完成课程",
        list_address=f"{BASE_URL}/status/1",
        index=7,
    )
    each = [replace(badge, identity=facts["name"], number=facts["number"]) for facts in rows(count)]
    start = time.process_time()
    for one in each:
        signed(one, signer)
    return {"credentials": count, "credential_ms": (time.process_time() - start) * 1000 / count}


def singles(count: int) -> dict[str, float]:
    """Files of one page each, after a first one that fills the caches."""
    from trainhub.certificates.layouts.drawing import render
    from trainhub.certificates.layouts.model import built_in

    layout, spent, sizes = built_in("completion"), [], []
    for facts in rows(count + 1):
        start = time.process_time()
        sizes.append(len(render(layout, facts, base_url=BASE_URL)))
        spent.append((time.process_time() - start) * 1000)
    return {
        "first_ms": spent[0],
        "single_ms": statistics.median(spent[1:]),
        "worst_ms": max(spent[1:]),
        "bytes_each": statistics.mean(sizes),
    }


def holder(count: int) -> dict[str, float]:
    """The file a holder downloads, from the row in the database: looked at, drawn, credential and badge inside; then signed (PAdES, P-256) as well."""
    import tempfile

    from benchmarks import _issued
    from trainhub.certificates import documents, pades, queries, tasks
    from trainhub.kernel.db import session

    spent, sealing, sizes = [], [], []
    with tempfile.TemporaryDirectory() as folder, _issued.instance(Path(folder)) as issuer_id:
        ids = [one.id for one in _issued.issue(issuer_id, count + 4)]
        sealer = pades.KeyFile.read(_issued.key_file(Path(folder)), "secret")
        session().expunge_all()
        for key in ids:
            start = time.process_time()
            row = queries.by_id(key)
            assert row is not None
            data = documents.pdf_of(row, tasks.maker())
            spent.append((time.process_time() - start) * 1000)
            start = time.process_time()
            pades.sealed(data, sealer, _issued.NOW)
            sealing.append((time.process_time() - start) * 1000)
            sizes.append(len(data))
    return {  # the first of each of the four kinds fills the caches
        "first_ms": spent[0],
        "holder_ms": statistics.median(spent[4:]),
        "worst_ms": max(spent[4:]),
        "pades_ms": statistics.median(sealing[4:]),
        "bytes_each": statistics.mean(sizes),
    }


def plain_single(count: int) -> dict[str, float]:
    """One ReportLab file each, fonts registered once: what a holder's file would be without credential, seal or check."""
    import contextlib

    spent: list[float] = []
    sizes: list[float] = []
    for _one in range(count + 1):
        start = time.process_time()
        with contextlib.redirect_stdout(io.StringIO()):
            sizes.append(plain(1)["bytes_each"])
        spent.append((time.process_time() - start) * 1000)
    return {"single_ms": statistics.median(spent[1:]), "bytes_each": statistics.mean(sizes)}


def plain_credential(count: int) -> dict[str, float]:
    """The floor of a credential: sorted JSON of the same values, its SHA-256, one Ed25519 signature; no RDF."""
    import hashlib

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(b"benchmark benchmark benchmark 32")
    each = list(rows(count))
    start = time.process_time()
    for facts in each:
        key.sign(hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).digest())
    return {"credentials": count, "credential_ms": (time.process_time() - start) * 1000 / count}


def plain(count: int) -> dict[str, float]:
    """The same pages with ReportLab's own means: registered fonts, a form for the ornaments, its QR widget."""
    from reportlab.graphics import renderPDF
    from reportlab.graphics.barcode.qr import QrCodeWidget
    from reportlab.graphics.shapes import Drawing
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont
    from reportlab.pdfgen.canvas import Canvas

    from trainhub.certificates.layouts import art
    from trainhub.certificates.layouts.model import Border, Divider, Rosette, Text, built_in
    from trainhub.certificates.layouts.typeset import POINTS_PER_MM as MM
    from trainhub.kernel.fonts import STYLES, text_font

    facts = list(rows(count))
    layout = built_in("completion")
    start = time.process_time()
    for style in STYLES:
        pdfmetrics.registerFont(TTFont(style, str(text_font(style).path)))
    target = io.BytesIO()
    canvas = Canvas(target, pagesize=(layout.width * MM, layout.height * MM), pageCompression=1)
    canvas.beginForm("ornaments")
    for item in layout.elements:
        match item:
            case Border():
                art.border(canvas, _place, item, layout.width, layout.height)
            case Rosette():
                art.rosette(canvas, _place, item)
            case Divider():
                art.divider(canvas, _place, item)
    canvas.endForm()
    common = {field.name: field.default for field in layout.fields}
    for page in facts:
        values = {**common, **page, "course_en": ""}
        canvas.doForm("ornaments")
        for item in layout.elements:
            if isinstance(item, Text):
                canvas.setFont(item.font, item.size)
                x, y = _place(item.box.x + item.box.w / 2, item.box.y + item.box.h)
                canvas.drawCentredString(x, y, item.text.format(**values))
        drawing = Drawing(74, 74)
        drawing.add(QrCodeWidget(f"{BASE_URL}/V/{page['number']}/{page['code']}", barLevel="M", barWidth=74, barHeight=74))
        renderPDF.draw(drawing, canvas, 88, 82)
        canvas.showPage()
    canvas.save()
    seconds = time.process_time() - start
    return {"pages": count, "per_second": count / seconds, "bytes_each": target.tell() / count, "peak_mb": _peak_mb()}


def _place(x: float, y: float) -> tuple[float, float]:
    return x * 72 / 25.4, (210 - y) * 72 / 25.4


PARTS = {
    "print_run": print_run,
    "many": many,
    "credentials": credentials,
    "singles": singles,
    "holder": holder,
    "plain": plain,
    "plain_single": plain_single,
    "plain_credential": plain_credential,
}


def keeps_up(large: float, run: float) -> bool:
    """Whether a larger run draws as fast as a run, both in pages a second: it may be faster, but at most a fifth slower."""
    return large >= run * (1 - GOALS["many_rate"])


def _apart(part: str, count: int) -> dict[str, float]:
    """Run a part in a process of its own."""
    command = [sys.executable, __file__, "--part", part, "--count", str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def main() -> int:
    """Print the figures and whether the goals are met; exit 1 when one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--many", type=int, default=100_000, help="also so many pages in files of 5,000; 0 leaves it out (100000 takes a minute)")
    parser.add_argument("--plain", type=int, default=200, help="pages of the plain ReportLab loop")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=sorted(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=1, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        print(json.dumps(PARTS[options.part](options.count)))
        return 0
    run, single, loop = _apart("print_run", options.pages), _apart("singles", 50), _apart("plain", options.plain)
    badge, file = _apart("credentials", 2000), _apart("holder", 40)
    one, floor = _apart("plain_single", 10), _apart("plain_credential", 2000)
    large = _apart("many", options.many) if options.many else {}
    met = {
        "per_second": run["per_second"] >= GOALS["per_second"],
        "bytes_each": run["bytes_each"] <= GOALS["bytes_each"],
        "peak_mb": run["peak_mb"] <= GOALS["peak_mb"],
        "single_ms": single["single_ms"] <= GOALS["single_ms"],
        "holder_ms": file["holder_ms"] <= GOALS["holder_ms"],
        "credential_ms": badge["credential_ms"] <= GOALS["credential_ms"],
    }
    if large:
        met["many_rate"] = keeps_up(large["per_second"], run["per_second"])
    result: dict[str, Any] = {
        "print_run": run,
        "many": large,
        "single": single,
        "holder": file,
        "credential": badge,
        "plain_reportlab": loop,
        "plain_single": one,
        "plain_credential": floor,
        "goals": GOALS,
        "met": met,
    }
    if options.json:
        print(json.dumps({name: _rounded(value) for name, value in result.items()}))
    else:
        told = {"print run": run, "large run": large, "single pages": single, "holder's files": file, "credentials": badge}
        told |= {"plain ReportLab": loop, "plain single": one, "plain signature": floor}
        for name, values in told.items():
            print(f"{name:16}", "  ".join(f"{key} {value:,.2f}" for key, value in values.items()))
        print("goals met:", ", ".join(f"{name} {'yes' if is_met else 'NO'}" for name, is_met in met.items()))
    return 0 if all(met.values()) else 1


def _rounded(values: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in values.items()}


if __name__ == "__main__":
    raise SystemExit(main())
