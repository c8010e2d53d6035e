"""Files of a finished print run that the disk lost or damaged: a download says so, a job draws them again with the checksum they had."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from trainhub.certificates import queries
from trainhub.certificates.documents import Maker
from trainhub.certificates.models import PrintChunk, PrintRun
from trainhub.certificates.operations.printing import content, file_name, folder_of, read_as_noted
from trainhub.kernel import audit, jobs
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused, Stale
from trainhub.kernel.i18n import N_, _, listed, say

TASK = "certificates.redraw"
TITLE = N_("重画丢失的打印文件：%(title)s")


class FileLost(Refused):
    """A file of a finished run does not lie on the disk as it was noted; nothing is handed out."""

    code = "file_lost"
    status = 409


def kept(root: Path, run: PrintRun, chunk: PrintChunk) -> bytes:
    """The bytes of a finished file as they were noted. Raises FileLost, Stale while it is not drawn yet."""
    if chunk.finished_at is None:
        raise Stale(_("这个文件还没有画完，请稍后再下载。"))
    if not chunk.pages:
        return b""
    data = read_as_noted(folder_of(root, run) / file_name(run, chunk), chunk)
    if data is None:
        raise _lost(root, run, chunk)
    return data


def _lost(root: Path, run: PrintRun, chunk: PrintChunk) -> FileLost:
    path = folder_of(root, run) / file_name(run, chunk)
    why = _("内容与画完时的校验值不同，已损坏") if path.exists() else _("服务器上已没有这个文件")
    return FileLost(
        _(
            "文件 %(file)s 不能下载：%(why)s。证书没有变化。请回到打印批次的页面，点“检查并重画丢失的文件”，画完后再下载。",
            file=path.name,
            why=why,
        )
    )


def must_be_there(root: Path, run: PrintRun) -> None:
    """Raises FileLost before a download begins that would break off in its middle: every file is read and compared with its checksum."""
    for chunk in queries.chunks_of(run.id):
        kept(root, run, chunk)


def lacking(root: Path, run: PrintRun) -> list[int]:
    """The places of finished files that are gone or have another length: seen without reading them."""
    folder, found = folder_of(root, run), []
    for chunk in queries.chunks_of(run.id):
        if chunk.pages:
            try:
                is_there = (folder / file_name(run, chunk)).stat().st_size == chunk.size
            except OSError:
                is_there = False
            found += [] if is_there else [chunk.place]
    return found


def is_redrawing(job: jobs.Job | None) -> bool:
    """Whether a job draws lost files again, or failed to."""
    return job is not None and job.task == TASK and job.state is not jobs.JobState.DONE


def is_elsewhere(job: jobs.Job | None, lost: Sequence[int]) -> bool:
    """Whether the last check of all files ended well and some lack here all the same: the worker may look into another folder than the site does."""
    return bool(lost) and job is not None and job.task == TASK and job.state is jobs.JobState.DONE


def redraw(*, run: PrintRun, by: Identity) -> None:
    """Ask for the job that looks at every file of a finished run and draws again what is lost. Raises Stale while one does."""
    job = queries.job_by_id(run.job_id)
    if run.finished_at is None or (job is not None and job.task == TASK and job.state in (jobs.JobState.QUEUED, jobs.JobState.RUNNING)):
        raise Stale(_("这个批次正在绘制，请等它画完。"))
    title = say(TITLE, title=run.title)
    run.job_id = jobs.ask(TASK, by=by, title=title, unique_key=f"{TASK}:{run.id}:after:{run.job_id}", run=run.id).id
    audit.record(by=by, did="certificates.run.redrawn", on=run, data={})
    session().flush()


def draw_lost(root: Path, run_id: int, maker: Maker, tell: Callable[[int, int, str], None]) -> list[str]:
    """Draw again what of a finished run is lost or damaged; the names of the files. Harmless to repeat.

    `tell` is told how far it is, and may commit. Raises CannotPrint when a file would not be what it was: fonts or program changed.
    """
    known: queries.Portions = {}
    places = [chunk.place for chunk in queries.chunks_of(run_id) if chunk.pages]
    drawn: list[str] = []
    for done, place in enumerate(places):
        session().rollback()
        tell(done, len(places), _("正在检查第 %(place)d 个文件", place=place))
        run, chunk = queries.run_by_id(run_id), queries.chunk(run_id, place)
        if run is None or chunk is None:
            return drawn
        if read_as_noted(folder_of(root, run) / file_name(run, chunk), chunk) is None:
            content(root, run, chunk, maker, known)
            drawn.append(file_name(run, chunk))
    session().rollback()
    tell(len(places), len(places), _("已重画：%(files)s", files=listed(drawn)) if drawn else _("各文件完好，没有重画"))
    return drawn
