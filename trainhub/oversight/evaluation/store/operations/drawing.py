"""The supplementary report as DOCX or PDF: asked for in a request, drawn by a job, kept as a file that is not drawn again while nothing changes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from trainhub.kernel import audit, files, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import N_, _, say
from trainhub.kernel.papers import docx, pdf
from trainhub.kernel.papers.blocks import DOCX, PDF, Paper
from trainhub.oversight.evaluation.documents import report
from trainhub.oversight.evaluation.store import queries
from trainhub.oversight.evaluation.store.models import ReportDrawing
from trainhub.oversight.evaluation.store.types import PaperForm
from trainhub.programmes import queries as programmes
from trainhub.programmes.models import Programme

TASK = "evaluation.draw_report"
KIND = "report"
STEPS = 3
DRAW: dict[PaperForm, tuple[Callable[[Paper], bytes], str]] = {PaperForm.DOCX: (docx.draw, DOCX), PaperForm.PDF: (pdf.draw, PDF)}


class NotWhole(Refused):
    """Sections of the report are not written: it is drawn to be read, and not handed in."""

    code = "report_not_whole"


@dataclass(frozen=True, slots=True)
class Drawn:
    """What came of a drawing: its bytes, or the file that already holds the same; what it was drawn from; when the facts were read."""

    data: bytes
    digest: str
    file_id: int | None
    read_at: datetime


def ask(*, programme: Programme, form: PaperForm, application_id: int | None, by: Identity, today: date, now: datetime) -> ReportDrawing:
    """Ask for the report of the day; one that is still being drawn is returned as it is.

    With an application it is handed in there, and has to be whole: every section that needs text has it. Raises NotWhole.
    """
    lacks = report.gaps(programme, today) if application_id is not None else []
    if lacks:
        raise NotWhole(_("补充报告还有 %(n)s 处没有写完：%(gaps)s请写完再提交，或上传另行编写的报告。", n=len(lacks), gaps="".join(lacks)))
    for row in queries.drawings_of(programme.id, form, application_id):
        if row.made_at is None and row.on == today and not has_failed(row):
            return row
    row = ReportDrawing(programme_id=programme.id, application_id=application_id, form=form, on=today, asked_by=by.name[:200], asked_at=now)
    session().add(row)
    session().flush()
    title = say(N_("生成补充报告：%(name)s（%(form)s）"), name=programme.name, form=form.value.upper())
    row.job_id = jobs.ask(TASK, by=by, title=title, drawing_id=row.id).id
    data = {"drawing": row.id, "form": form.value, "application": application_id}
    audit.record(by=by, did="evaluation.report.asked", on=programme, data=data)
    return row


def has_failed(row: ReportDrawing) -> bool:
    """Whether nobody draws it any more."""
    job = session().get(jobs.Job, row.job_id) if row.job_id is not None else None
    return job is None or job.state is jobs.JobState.FAILED


def draw(drawing_id: int, progress: Callable[[int, int], None], now: datetime) -> Drawn | None:
    """Draw what was asked for, or find the file that holds the same content. Reads only; None when it is made.

    `now` is before the facts are read: what is saved later is not in it.
    """
    row = queries.drawing(drawing_id)
    programme = programmes.by_id(row.programme_id) if row is not None else None
    if row is None or programme is None or row.made_at is not None:
        return None
    form, programme_id = row.form, programme.id
    content = report.content(programme, row.on)
    digest = hashlib.sha256(repr(content).encode()).hexdigest()
    progress(1, STEPS)
    same = queries.drawn_from(programme_id, form, digest)
    if same is not None:
        return Drawn(b"", digest, same, now)
    data = DRAW[form][0](content)
    progress(2, STEPS)
    return Drawn(data, digest, None, now)


def keep(*, drawing_id: int, drawn: Drawn, by: Identity, now: datetime) -> ReportDrawing:
    """Keep what was drawn; a drawing that is made stays as it is."""
    row = queries.drawing(drawing_id)
    assert row is not None
    if row.made_at is not None:
        return row
    programme = programmes.by_id(row.programme_id)
    assert programme is not None
    if drawn.file_id is None:
        name = f"补充报告-{programme.code}-{row.on}.{row.form.value}"
        row.file_id = files.keep_bytes(drawn.data, name=name, kind=KIND, media_type=DRAW[row.form][1], by=by, now=now).id
    else:
        row.file_id = drawn.file_id
    row.digest, row.made_at = drawn.digest, drawn.read_at
    session().flush()
    audit.record(by=by, did="evaluation.report.made", on=programme, data={"drawing": row.id, "is_anew": drawn.file_id is None})
    return row
