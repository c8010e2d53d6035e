"""Print runs: a choice of certificates is frozen, then drawn by a job into one PDF with a manifest."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert

from trainhub.certificates import queries
from trainhub.certificates.documents import Maker, page_facts
from trainhub.certificates.layouts.model import built_in
from trainhub.certificates.models import Certificate, PrintItem, PrintRun
from trainhub.certificates.types import Kind, State
from trainhub.kernel import audit, files, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.sheets.types import Column
from trainhub.kernel.sheets.writing import iter_csv

MOST_PAGES = 50_000
TASK = "certificates.print"
MANIFEST = (
    Column("page", "页"),
    Column("number", "证书编号"),
    Column("edition", "版次"),
    Column("name", "姓名"),
    Column("kind", "种类"),
    Column("issued_on", "发证日期"),
    Column("file", "文件"),
    Column("note", "备注"),
)


class CannotPrint(Refused):
    """There is nothing to print, or too much."""

    code = "cannot_print"


def start_run(*, title: str, wanted: queries.CertificateFilter, by: Identity, now: datetime) -> PrintRun:
    """Freeze the choice and ask for the job that draws it. `wanted` names one kind and one issuer.

    Only current, issued certificates that `by` may see are printed, in the order of their numbers.
    """
    if wanted.kind is None or wanted.issuer_id is None:
        raise CannotPrint(_("请选择证书种类和发证单位：一批只印同一单位的同一种证书。"))
    ids = queries.printable(by, wanted, MOST_PAGES + 1)
    if not ids:
        raise CannotPrint(_("所选范围内没有有效的证书，请调整种类、发证单位或日期。"))
    if len(ids) > MOST_PAGES:
        raise CannotPrint(_("所选证书超过%(most)d张，请缩小日期范围分批打印。", most=MOST_PAGES))
    run = PrintRun(
        title=title,
        kind=Kind(wanted.kind),
        issuer_id=wanted.issuer_id,
        count=len(ids),
        files=[],
        asked_by_id=by.account_id,
        asked_at=now,
    )
    session().add(run)
    session().flush()
    rows = [{"run_id": run.id, "position": place, "certificate_id": key} for place, key in enumerate(ids, 1)]
    session().execute(insert(PrintItem), rows)
    run.job_id = jobs.ask(TASK, by=by, title=_("打印证书：%(title)s", title=title), unique_key=f"{TASK}:{run.id}", run=run.id).id
    audit.record(by=by, did="certificates.run.started", on=run, data={"title": title, "count": len(ids)})
    session().flush()
    return run


def _group_key(one: Certificate) -> tuple[str, int, str, str]:
    return one.template, one.template_version, str(one.facts.get("issuer", "")), str(one.facts.get("issuer_en", ""))


def draw_run(*, run: PrintRun, maker: Maker, by: Identity, now: datetime) -> PrintRun:
    """Draw a run that is not drawn yet; a second time changes nothing. Certificates revoked meanwhile get no page.

    One PDF per template version and issuer's name (all pages of a file share their background), and one manifest.
    """
    if run.finished_at is not None:
        return run
    from trainhub.certificates.layouts.drawing import Press, common_facts

    items = queries.items_of(run.id)
    made: list[Any] = []
    manifest: list[dict[str, Any]] = []
    valid = [one for one in items if one.state is State.ISSUED]
    for part, (key, group) in enumerate(groupby(sorted(valid, key=lambda one: (_group_key(one), one.number)), key=_group_key), 1):
        layout = built_in(key[0], key[1])
        chosen = list(group)
        press = Press(layout, common_facts(layout, page_facts(chosen[0])), base_url=maker.site)
        name = f"certificates-{run.id}-{part}.pdf"
        for page, one in enumerate(chosen, 1):
            press.add(page_facts(one))
            manifest.append(_row(one, page, name, ""))
        kept = files.keep_bytes(press.finish(), name=name, kind="certificates", media_type="application/pdf", by=by, now=now)
        made.append({"file_id": kept.id, "name": name, "pages": len(chosen)})
    manifest += [_row(one, None, "", "打印前状态已变更，未打印") for one in items if one.state is not State.ISSUED]
    data = b"".join(iter_csv(manifest, MANIFEST, headers="zh"))
    name = f"certificates-{run.id}.csv"
    kept = files.keep_bytes(data, name=name, kind="certificates", media_type="text/csv", by=by, now=now)
    made.append({"file_id": kept.id, "name": name, "pages": 0})
    run.files, run.finished_at = made, now
    audit.record(by=by, did="certificates.run.drawn", on=run, data={"pages": len(valid), "left_out": len(items) - len(valid)})
    session().flush()
    return run


def _row(one: Certificate, page: int | None, file: str, note: str) -> dict[str, Any]:
    return {
        "page": page,
        "number": one.number,
        "edition": one.edition,
        "name": one.holder,
        "kind": one.kind.value,
        "issued_on": one.issued_on.isoformat(),
        "file": file,
        "note": note,
    }


def files_of(run: PrintRun) -> Iterator[tuple[str, io.BytesIO]]:
    """(name, content) of what was drawn."""
    for one in run.files:
        row = session().get(files.StoredFile, one["file_id"])
        if row is not None:
            yield one["name"], io.BytesIO(files.read(row))


__all__: Sequence[str] = ("CannotPrint", "draw_run", "files_of", "start_run")
