"""A long list that somebody handed in, or a large selection, becomes a batch in the background."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from trainhub.certificates import imports, queries
from trainhub.certificates.operations import batches
from trainhub.certificates.operations.issuing import template_for
from trainhub.certificates.permissions import Can
from trainhub.certificates.types import BatchSource, Kind
from trainhub.identity.queries import identity_of
from trainhub.kernel import clock, files, jobs
from trainhub.kernel.access import Identity, demand
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import N_, _, say
from trainhub.kernel.jobs import Running
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations
from trainhub.organisations.models import Organisation
from trainhub.people import queries as people
from trainhub.people.types import StudentState
from trainhub.programmes import queries as programmes

IMPORT = "certificates.import"
TITLE = N_("检查签发名单 %(name)s")
FILE_KIND = "issue_list"
FORGET = "certificates.uploads.forget"
KEPT = timedelta(days=2)
"""So long an upload may wait for its check; a job that comes later says that it has to be handed in again."""
SELECT = "certificates.select"
LONG = "trainhub.certificates.long_selections"
"""Under this name in `app.extensions` stands for each task of a large selection a function of the job's args that answers with what the page of its
choice is called and where it is."""
SELECTED_AT_ONCE = 1000
"""So many people are checked while whoever chose them waits, which takes less than a second; more by a job."""
SELECTION_TITLE = N_("检查签发人员 %(name)s")
CHECKED = N_("名单“%(name)s”检查无误，已建立批次，共 %(n)d 张，等待另一人审核。")
REFUSED = N_("名单“%(name)s”没有通过检查，没有建立批次，请查看原因。")
SELECTED = N_("批次“%(name)s”已建立，共 %(n)d 张，等待另一人审核。")
NOT_SELECTED = N_("批次“%(name)s”没有建立，请查看原因。")
STUDYING = {"enrolled": (StudentState.ENROLLED,), "graduated": (StudentState.GRADUATED,), "both": (StudentState.ENROLLED, StudentState.GRADUATED)}
"""Whose names a selection shows, by the word in its address; those who study now unless asked otherwise."""


def import_list(running: Running) -> Mapping[str, Any]:
    """Read and check an uploaded list and put a batch together, or refuse it with every problem named; harmless to repeat.

    args: file_id, title_of_batch, kind, issuer_id, template. The upload is deleted at the end, whatever it was, also by the worker that takes up
    the job of one that died in between (see `forget_uploads` for one that nobody takes up).
    """
    known = queries.batch_of_job(running.id)
    stored = session().get(StoredFile, running.args["file_id"])
    if known is not None:
        key = known.id
        if stored is not None:
            _drop(stored.id, stored.sha256)
        return {"batch": key}
    if stored is None:
        raise NotFound(_("上传的名单已不在，请重新上传。"))
    assert running.asked_by_id is not None
    by, name, sha256 = identity_of(running.asked_by_id, today=clock.today(), origin=running.origin), stored.name, stored.sha256
    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / ("list" + Path(name).suffix.lower())
            with path.open("wb") as out:
                for piece in files.stream(stored):
                    out.write(piece)
            session().rollback()
            batch_id, count, warnings = _put_together(running, path, name, by)
    except Refused:
        _drop(running.args["file_id"], sha256)
        _tell(running, REFUSED, {"name": name})
        raise
    _drop(running.args["file_id"], sha256)
    _tell(running, CHECKED, {"name": name, "n": count})
    return {"batch": batch_id, "warnings": warnings}


def forget_uploads(_running: Running) -> Mapping[str, Any]:
    """Erase uploads whose job never came to its end (workers that died over it, a mistake of ours): they name people. Harmless to repeat."""
    with transaction():
        digests = files.forget((FILE_KIND,), before=clock.now() - KEPT)
    files.erase(digests)
    session().rollback()
    return {"erased": len(digests)}


def put_selection_together(running: Running, choose: Callable[[Mapping[str, Any], Identity], Sequence[batches.Wanted]]) -> Mapping[str, Any]:
    """Check a large selection and put a batch together; harmless to repeat. `choose` tells from the args who is chosen, and may refuse.

    args, beside those of `choose`: title_of_batch, kind, issuer_id, template.
    """
    known = queries.batch_of_job(running.id)
    if known is not None:
        return {"batch": known.id}
    assert running.asked_by_id is not None
    args, by = running.args, identity_of(running.asked_by_id, today=clock.today(), origin=running.origin)
    name = args["title_of_batch"]
    try:
        issuer, kind, template = _issuing(args, by)
        rows = choose(args, by)
        checked = batches.check(
            kind=kind,
            issuer=issuer,
            rows=rows,
            template=template,
            tell=lambda done, total: running.progress(done, total, _("正在检查每一个字和版面")),
        )
        batch_id, count = _make(running, BatchSource.SELECTION, checked, "", by)
    except Refused:
        session().rollback()
        _tell(running, NOT_SELECTED, {"name": name})
        raise
    _tell(running, SELECTED, {"name": name, "n": count})
    return {"batch": batch_id}


def ask_to_select(task: str, *, by: Identity, title: str, kind: Kind, issuer_id: int, template: str, **chosen: Any) -> int:
    """Ask for the job of a large selection; its id."""
    job = jobs.ask(
        task,
        by=by,
        title=say(SELECTION_TITLE, name=title),
        title_of_batch=title,
        kind=kind.value,
        issuer_id=issuer_id,
        template=template,
        **chosen,
    )
    return job.id


def select_people(running: Running) -> Mapping[str, Any]:
    """A batch of everybody of a programme who was chosen together. args: programme_id, cohort_id, studying (`STUDYING`), facts; who it is is asked now."""
    return put_selection_together(running, _people_of_programme)


def _people_of_programme(args: Mapping[str, Any], by: Identity) -> Sequence[batches.Wanted]:
    if args["programme_id"] not in dict(programmes.choices(by)):
        raise NotFound(_("没有这个专业，或它不在你的范围内，没有建立批次。"))
    persons = people.person_ids_of_programme(args["programme_id"], cohort_id=args["cohort_id"], states=STUDYING[args["studying"]])
    return [batches.Wanted(key, args["facts"]) for key in dict.fromkeys(persons)]


def _issuing(args: Mapping[str, Any], by: Identity) -> tuple[Organisation, Kind, str]:
    """The issuer, kind and template of a batch, if whoever asked for it may still issue there."""
    issuer, kind = organisations.by_id(args["issuer_id"]), Kind(args["kind"])
    if issuer is None:
        raise NotFound(_("持证人或发证单位不存在，没有签发证书。"))
    demand(by, Can.BATCH_VIEW, queries.subject_of_issuer(issuer.id))
    return issuer, kind, template_for(issuer, kind, args["template"] or None)


def _put_together(running: Running, path: Path, name: str, by: Identity) -> tuple[int, int, list[str]]:
    issuer, kind, template = _issuing(running.args, by)
    said = [_("正在核对人员和内容"), _("正在检查每一个字和版面")]
    found = imports.read(
        path, name, queries.layout_of(template), issuer.id, lambda done, total: running.progress(done, 2 * total, said[0]), kind=kind
    )
    imports.refuse_problems(found)
    total = len(found.rows)
    checked = batches.check(
        kind=kind, issuer=issuer, rows=found.rows, template=template, tell=lambda done, _total: running.progress(total + done, 2 * total, said[1])
    )
    batch_id, count = _make(running, BatchSource.IMPORT, checked, found.digest, by)
    return batch_id, count, imports.warnings_told(found.warnings)


def _make(running: Running, source: BatchSource, checked: batches.Checked, digest: str, by: Identity) -> tuple[int, int]:
    """Write the batch, once; its id and how many are in it."""
    args = running.args
    session().rollback()
    with transaction():
        task = IMPORT if source is BatchSource.IMPORT else SELECT
        if not once(f"{task}:{running.id}"):
            raise Refused(_("这个表单已经提交过，没有重复建立批次。"))
        issuer = organisations.by_id(args["issuer_id"])
        assert issuer is not None
        batch = batches.prepare(
            title=args["title_of_batch"],
            kind=Kind(args["kind"]),
            source=source,
            issuer=issuer,
            checked=checked,
            digest=digest,
            by=by,
            now=clock.now(),
            job_id=running.id,
        )
        return batch.id, batch.count


def _drop(file_id: int, sha256: str) -> None:
    """The upload is not kept: whoever keeps the file can show by its checksum that it is the one."""
    session().rollback()
    with transaction():
        files.drop(file_id)
    files.erase([sha256])
    session().rollback()


def _tell(running: Running, message: str, values: Mapping[str, Any]) -> None:
    with transaction():
        notify(
            account_ids=[running.asked_by_id] if running.asked_by_id is not None else [],
            kind="certificates.list_checked",
            message=message,
            values=values,
            url=f"/certificates/batches/import/{running.id}",
            unique_key=f"{IMPORT}:{running.id}",
            now=clock.now(),
        )
