"""Background work of certificates: drawing print runs, issuing batches. Each unit of work is a transaction of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import structlog
from flask import current_app
from sqlalchemy.exc import IntegrityError

from trainhub.certificates import addresses, operations, pades, queries
from trainhub.certificates.documents import Maker
from trainhub.certificates.models import PrintChunk, PrintRun
from trainhub.certificates.operations import batches, blanks, lost_files, printing
from trainhub.certificates.operations import keys as signing
from trainhub.certificates.pades import Sealer
from trainhub.certificates.permissions import Can
from trainhub.certificates.signers import SLOT, Signer, Trust
from trainhub.certificates.types import State
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock
from trainhub.kernel.access import SYSTEM, Identity, may
from trainhub.kernel.db import is_taken, session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.jobs import Running
from trainhub.kernel.keys import keyring

Progress = Callable[[int, int, str], None]
log = structlog.get_logger("certificates")
MOST_COLLISIONS = 10
RELEASE = "certificates.release"
"""The task that looks at a long list of waiting certificates again."""
PROGRESS_EVERY = 20


def maker() -> Maker:
    """What drawing needs of this installation."""
    ring = keyring()
    return Maker(site=current_app.config["SETTINGS"].base_url, signer=signing.present_signer(ring, module()), salting=ring.lookup)


def printing_site() -> str:
    """The address printed codes lead to. Refused where paper would lead everybody to their own device: only demos print that."""
    return addresses.printable(current_app.config["SETTINGS"])


def module() -> Signer | None:
    """The external module that signs credentials, when the installation has one."""
    found: Signer | None = current_app.extensions.get(SLOT)
    return found


def sealer() -> Sealer | None:
    """Who signs the holder's PDF (PAdES), when the installation has a key file for it."""
    found: Sealer | None = current_app.extensions.get(pades.SLOT)
    return found


def trust() -> Trust:
    """The keys whose signatures hold here."""
    return signing.trusted(keyring(), module())


def root() -> Path:
    """The instance folder, under which the files of print runs lie."""
    folder: Path = current_app.config["SETTINGS"].instance
    return folder


def load_chunk(run_id: int, place: int) -> tuple[PrintRun, PrintChunk]:
    """A run and one of its files, as they stand now; NotFound."""
    run, chunk = queries.run_by_id(run_id), queries.chunk(run_id, place)
    if run is None or chunk is None:
        raise NotFound(_("没有这个打印批次，或它没有这个文件。"))
    return run, chunk


def draw_chunk(run_id: int, place: int, by: Identity, known: queries.Portions | None = None) -> None:
    """Draw, write and note one file. The database is locked only for the note; a certificate revoked meanwhile: drawn again."""
    for _try in range(20):
        run, chunk = load_chunk(run_id, place)
        path = printing.folder_of(root(), run) / printing.file_name(run, chunk)
        drawn = printing.draw(run, chunk, maker(), known)
        session().rollback()
        if drawn.pages:
            printing.write_whole(path, drawn.data)
        with transaction():
            run, chunk = load_chunk(run_id, place)
            if printing.note_drawn(run=run, chunk=chunk, drawn=drawn, by=by, now=clock.now()):
                return
    raise printing.CannotPrint(_("证书的状态在绘制时不断变化，请稍后重新执行。"))


def draw_run(run_id: int, by: Identity, progress: Progress) -> None:
    """Draw what of a run is not drawn yet; harmless to repeat, also by two at once (equal bytes take the same place)."""
    found = queries.run_by_id(run_id)
    if found is not None and not found.site:
        site = printing_site()
        session().rollback()
        with transaction():
            run = queries.run_by_id(run_id)
            if run is not None:
                printing.settle_address(run, site)
    if not queries.chunks_of(run_id):
        session().rollback()
        progress(0, 0, "")
        with transaction():
            run = queries.run_by_id(run_id)
            if run is not None:
                printing.arrange(run)
    total = len(queries.chunks_of(run_id))
    places = queries.unfinished(run_id)
    session().rollback()
    known: queries.Portions = {}
    for place in places:
        progress(total - len(queries.unfinished(run_id)), total, _("正在绘制第 %(place)d 个文件，共 %(total)d 个", place=place, total=total))
        session().rollback()
        draw_chunk(run_id, place, by, known)
    progress(total, total, "")
    run = queries.run_by_id(run_id)
    if run is not None:
        printing.tidy(printing.folder_of(root(), run), run_id)
    with transaction():
        run = queries.run_by_id(run_id)
        if run is not None and run.settled_at is None:
            blanks.lay(run=run, by=by, now=clock.now())


def draw(running: Running) -> Mapping[str, Any]:
    """Draw the print run of a job; harmless to repeat."""
    run_id = int(running.args["run"])
    if queries.run_by_id(run_id) is None:
        raise NotFound(_("打印批次不存在。"))
    session().rollback()
    draw_run(run_id, SYSTEM, running.progress)
    return {"run": run_id, "files": len(queries.chunks_of(run_id)), "pages": queries.pages_of(run_id)}


def redraw(running: Running) -> Mapping[str, Any]:
    """Draw the lost files of the print run of a job again; harmless to repeat."""
    run_id = int(running.args["run"])
    return {"run": run_id, "drawn": lost_files.draw_lost(root(), run_id, maker(), running.progress)}


def issue_batch(batch_id: int, by: Identity, progress: Progress) -> None:
    """Issue what of an approved batch is not issued yet, a portion a transaction."""
    collisions = 0
    while True:
        try:
            with transaction():
                batch = queries.batch_by_id(batch_id)
                if batch is None:
                    raise NotFound(_("签发批次不存在。"))
                count = batch.count
                left = batches.issue_portion(batch=batch, by=by, today=clock.today(), now=clock.now())
        except IntegrityError as twice:  # one of them was issued elsewhere at the same moment: the next try finds it
            collisions += 1
            if not is_taken(twice) or collisions > MOST_COLLISIONS:
                raise
            continue
        progress(count - left, count, "")
        if not left:
            return


def issue(running: Running) -> Mapping[str, Any]:
    """Issue the batch of a job, in the name of who approved it, whoever asked to go on; harmless to repeat."""
    batch_id = int(running.args["batch"])
    batch = queries.batch_by_id(batch_id)
    decided_by = batch.decided_by_id if batch is not None else None
    issue_batch(batch_id, SYSTEM if decided_by is None else replace(SYSTEM, account_id=decided_by), running.progress)
    return {"batch": batch_id}


@dataclass(frozen=True, slots=True)
class Released:
    """What looking again came to: how many were issued, still wait for a reason that their pages tell, or failed by a mistake that the log tells."""

    issued: int = 0
    waiting: int = 0
    failed: int = 0


def release_waiting(by: Identity, progress: Progress) -> Released:
    """Look at everything that waits in somebody's scope once more, each in a transaction of its own: what stops one stops no other."""
    keys = queries.waiting_ids(by)
    made = left = failed = 0
    for place, key in enumerate(keys):
        if place % PROGRESS_EVERY == 0:
            session().rollback()
            progress(place, len(keys), "")
        try:
            with transaction():
                row = queries.by_id(key)
                if row is None or row.state is not State.DRAFT or not row.is_current or not may(by, Can.ISSUE, queries.subject_of(row)):
                    continue
                operations.release(certificate=row, by=by, today=clock.today(), now=clock.now())
            made += 1
        except Refused:
            left += 1
        except Exception as error:  # one that cannot be read must not keep the others waiting; it is named for whoever runs the site
            log.error("certificate.not_released", certificate=key, exc_info=error)
            failed += 1
    return Released(made, left, failed)


def release(running: Running) -> Mapping[str, Any]:
    """Issue what can be issued of what waits, in the name of who asked; harmless to repeat."""
    assert running.asked_by_id is not None
    found = release_waiting(identity_of(running.asked_by_id, today=clock.today(), origin=running.origin), running.progress)
    return {"issued": found.issued, "waiting": found.waiting, "failed": found.failed}
