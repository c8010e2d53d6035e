"""Every file of a capstone with its checksum, the manifest of the archive to take along, and what is attached to reviews and defences."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from flask import Response, render_template, request, url_for

from enterprises.capstones import labels, operations, queries
from enterprises.capstones.machine import Actor
from enterprises.capstones.models import Capstone, DefenceSlot, Review, Topic
from enterprises.capstones.queries import archive
from enterprises.capstones.queries import work as queries_work
from enterprises.capstones.queries.archive import KeptFile
from enterprises.capstones.queries.judging import lowered_reports
from enterprises.capstones.types import CONCLUDED
from enterprises.capstones.views import blueprint
from enterprises.capstones.views._support import (
    demand_opened,
    evidence_subject,
    load,
    load_review,
    load_slot,
    review_subject,
    secretary_subject,
    stored,
)
from enterprises.capstones.views.cohorts import Pair, load_cohort, subject
from enterprises.capstones.views.grading import times
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, files, paging
from trainhub.kernel.access import guard, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.forms import once
from trainhub.kernel.i18n import _, format_datetime
from trainhub.kernel.numbers import keys_of, whole
from trainhub.kernel.sending import send
from trainhub.kernel.web import done
from trainhub.people.models import Person, Student


def _is_whole(row: Capstone) -> bool:
    """Whether the reader runs the programme: only then reviewers have names."""
    return Actor.ADMIN in queries.actors_of(row, who(), among=(Actor.ADMIN,))


def _is_signed_open(row: Capstone) -> bool:
    """Whether the reader may see what a panel has signed: from publication on; whoever runs the programme before."""
    return row.state in CONCLUDED or _is_whole(row)


def _address(row: Capstone, one: KeptFile) -> str:
    """Where the reader, to whom the topic is open, finds a file; empty for the evidence of a topic that is not the reader's to see."""
    if one.stage == archive.EVIDENCE:
        topic = queries.topic_seen_by(one.key, who(), clock.today())
        is_mine = topic is not None and may(who(), Can.TOPIC_EVIDENCE, evidence_subject(topic))
        return url_for("capstones.evidence", topic_id=one.key) if is_mine else ""
    if one.stage == archive.REVIEW:
        return url_for("capstones.review_attachment", capstone_id=row.id, review_id=one.key)
    if one.stage == archive.ANONYMOUS:
        return url_for("capstones.anonymous", capstone_id=row.id, paper_id=one.key)
    if one.stage == archive.DEFENCE and not _is_signed_open(row):
        return ""
    if one.stage == archive.DEFENCE:
        return url_for("capstones.defence_attachment", capstone_id=row.id, slot_id=one.key)
    return url_for("capstones.paper", capstone_id=row.id, paper_id=one.key)


def _listed(row: Capstone, is_whole: bool) -> list[dict[str, Any]]:
    """The files as the manifest has them, or, before the archive, as they are now; each with its address."""
    live, is_opened = archive.files_of(row), queries.is_opened_to(row.topic_id, who(), clock.today())
    at = {(one.stage, one.file.sha256): _address(row, one) for one in live} if is_opened else {}
    kept = archive.manifest_for(row, is_whole=is_whole)["files"] if row.archived_at else [one.as_dict() for one in live]
    found = []
    for one in kept:
        url = at.get((one["stage"], one["sha256"]), "")
        is_hidden = not url or (one.get("blind") and not is_whole)
        found.append(
            one | {"url": url, "name": "" if is_hidden else one["name"], "label": labels.KEPT_STAGES[one["stage"]], "at": _instant(one["at"])}
        )
    return found


@blueprint.get("/<int:capstone_id>/files")
@guard(Can.CAPSTONE_VIEW, load=load, subject=queries.subject_of)
def kept_files(row: Capstone) -> Any:
    """Every file of every stage with its checksum; once archived, the manifest as it was frozen."""
    student, is_whole = session().get_one(Student, row.student_id), _is_whole(row)
    found = _listed(row, is_whole)
    is_same = None
    if row.archived_at is not None:
        live = archive.files_of(row)
        now = {(one.stage, one.file.sha256) for one in live if files.is_intact(one.file)}
        is_same = now == {(one["stage"], one["sha256"]) for one in found}
    return render_template(
        "enterprises/capstones/files.html",
        capstone=row,
        topic=session().get_one(Topic, row.topic_id),
        person=session().get_one(Person, student.person_id),
        files=found,
        manifest=_shown(row, archive.manifest_for(row, is_whole=is_whole)) if row.archived_at else None,
        digest=hashlib.sha256(_as_json(archive.manifest_for(row, is_whole=True))).hexdigest() if row.archived_at and is_whole else "",
        is_same=is_same,
        labels=labels,
    )


def _instant(text: str) -> datetime:
    """An instant of the manifest on Shanghai's clock."""
    return clock.local(datetime.fromisoformat(text))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _shown(row: Capstone, manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest with instants and days as such, for the page; without what was said on papers of a confidential topic that is not open to the reader."""
    grades = [one | {"signed_at": _instant(one["signed_at"])} for one in manifest["grades"]]
    rests = {key: manifest.get(key, []) for key in ("supervisors", "guidances", "extensions", "comments")}  # archives of before kept none
    rests["supervisors"] = [one | {key: _day(one[key]) for key in ("since", "until")} for one in rests["supervisors"]]
    rests["extensions"] = [one | {"until": _day(one["until"])} for one in rests["extensions"]]
    is_opened = queries.is_opened_to(row.topic_id, who(), clock.today())
    rests["comments"] = [one | {"at": _instant(one["at"])} for one in rests["comments"]] if is_opened else []
    return manifest | rests | {"grades": grades, "defences": [one | {"on": date.fromisoformat(one["on"])} for one in manifest["defences"]]}


def _as_json(manifest: dict[str, Any]) -> bytes:
    """The same bytes each time, whatever order a database keeps keys in: their checksum names the manifest."""
    return json.dumps(manifest, ensure_ascii=False, indent=2, sort_keys=True).encode()


@blueprint.get("/<int:capstone_id>/files.<any(txt, json):form>")
@guard(Can.CAPSTONE_VIEW, load=lambda capstone_id, form: (load(capstone_id), form), subject=lambda pair: queries.subject_of(pair[0]))
def manifest(pair: tuple[Capstone, str]) -> Any:
    """The manifest as a file: text that `sha256sum -c` reads, or JSON with grades, reviews and findings (once archived)."""
    row, form = pair
    is_whole = _is_whole(row)
    if form == "json":
        demand_opened(row.topic_id)
        if row.archived_at is None:
            raise NotFound(_("归档后才有完整的归档清单；现在可以下载文本清单。"))
        answer = Response(_as_json(archive.manifest_for(row, is_whole=is_whole)), mimetype="application/json")
    else:
        answer = Response(_as_text(row, _listed(row, is_whole)), mimetype="text/plain")
    title, student = _("毕业设计材料清单"), session().get_one(Student, row.student_id)
    return downloads.named(answer, f"{title}-{student.student_no}.{form}")


def _as_text(row: Capstone, files: list[dict[str, Any]]) -> str:
    """A line a file: checksum, two spaces, name (a number behind one that was there before); remarks begin with #."""
    if row.archived_at is not None:
        when = _("归档时间：%(at)s", at=format_datetime(row.archived_at))
    else:
        when = _("尚未归档，清单以 %(day)s 为准", day=clock.today().isoformat())
    lines, seen = [f"# {queries.title_of(row)}", f"# {when}"], Counter[str]()
    for one in files:
        name = "".join("_" if ord(c) < 32 or c == "\\" else c for c in one["name"]) or f"{one['stage']}-{one['sha256'][:8]}"
        seen[name] += 1
        if seen[name] > 1:  # as browsers name the next download of one name, so that each version can be checked
            stem, dot, end = name.rpartition(".")
            name = f"{stem or name} ({seen[name] - 1}){dot}{end if dot else ''}"
        lines += [f"# {one['label']} · {one['size']} B · {one['at']:%Y-%m-%d %H:%M}", f"{one['sha256']}  {name}"]
    return "\n".join([*lines, ""])


# -- many of a cohort at once ----------------------------------------------------------------------------------------------


@blueprint.route("/cohorts/<code>/<int:year>/concluding", methods=["GET", "POST"])
@guard(Can.CAPSTONE_FINISH, load=load_cohort, subject=subject)
def concluding(pair: Pair) -> Any:
    """Publish results and archive capstones by ticks from a list; each is judged on its own, as on its own page, and who stays is told why."""
    (programme, of), deed = pair, request.values.get("deed", "finish")
    if deed not in DEEDS:
        raise NotFound(_("没有这份名单。"))
    code, year, cohort_id = programme.code, of.year, of.id
    told, number, status = list[tuple[int, str]](), 0, 200
    if request.method == "POST":
        ids = keys_of(request.form.getlist("capstone"))
        if len(ids) > MOST:
            raise Refused(_("一次最多办理 %(n)d 项，请分页勾选。", n=MOST), field="capstone")
        with transaction():  # of its own, before the work: a second click begins nothing while the first goes on, capstone by capstone
            if not once(request.form.get("submission_key", "")):
                return done(_("这份名单已经提交过，没有重复办理。"), "capstones.concluding", code=code, year=year, deed=deed)
        told = [(key, _conclude_one(deed, key, cohort_id)) for key in ids]
        number = sum(1 for _key, reason in told if not reason)
        if number and number == len(told):
            return done(DONE[deed](number), "capstones.concluding", code=code, year=year, deed=deed)
        status = 200 if number else 422
        programme, of = load_cohort(code, year)
    found = queries_work.to_conclude(cohort_id)
    page = paging.slice_wanted(found[deed], at=url_for("capstones.concluding", code=code, year=year, deed=deed))
    mine = {key for keys in found.values() for key in keys}  # what was crafted into the form is named by its number alone
    names = queries.rows_of([*page.items, *(key for key, _reason in told if key in mine)])
    html = render_template(
        "enterprises/capstones/concluding.html",
        programme=programme,
        cohort=of,
        deed=deed,
        numbers={key: len(rows) for key, rows in found.items()},
        page=page,
        rows=queries_work.capstones_by_id(page.items),
        submission_key=secrets.token_urlsafe(24),
        names=names,
        lowered=lowered_reports(page.items, operations.most_similar(clock.today())) if deed == "finish" else {},
        done=DONE[deed](number) if number else "",
        left=[(key, names[key].student if key in names else _("编号 %(n)s", n=key), reason) for key, reason in told if reason],
        is_empty=request.method == "POST" and not told,
        labels=labels,
    )
    return html, status


MOST = max(paging.SIZES)
"""How many one form names: what a page shows at most. Each is published with its certificate while the reader waits."""
DEEDS: dict[str, Callable[..., object]] = {"finish": operations.finish, "archive": operations.archive}
DONE: dict[str, Callable[[int], str]] = {
    "finish": lambda n: _("已公布 %(n)d 项成绩。", n=n),
    "archive": lambda n: _("已归档 %(n)d 项。", n=n),
}


def _conclude_one(deed: str, key: int, cohort_id: int) -> str:
    """Do one deed on one capstone in a transaction of its own; why not, or nothing when it is done."""
    try:
        with transaction():
            row = load(key)
            if session().get_one(Student, row.student_id).cohort_id != cohort_id:
                raise NotFound(_("没有这个毕业设计。"))
            seen = {"version": request.form.get(f"version-{key}", type=whole)} if deed == "finish" else {}
            DEEDS[deed](capstone=row, **seen, **times())
    except Refused as refused:
        return refused.message
    return ""


# -- what is attached to reviews and defences ---------------------------------------------------------------------------


def _attachment(stage: str, key: int, file_id: int | None, *, is_named: bool = True) -> Response:
    if file_id is None:
        raise NotFound(_("没有附件。"))
    file = stored(file_id)
    answer = send(file)
    return answer if is_named else downloads.named(answer, f"{stage}-{key}.{file.name.rpartition('.')[2]}")


@blueprint.get("/<int:capstone_id>/reviews/<int:review_id>/file")
@guard(Can.CAPSTONE_VIEW, load=lambda capstone_id, review_id: (load(capstone_id), review_id), subject=lambda pair: queries.subject_of(pair[0]))
def review_attachment(pair: tuple[Capstone, int]) -> Any:
    """What a reviewer attached; a blind reviewer's under a name that tells nothing."""
    row, found = pair[0], queries.review_by_id(pair[1])
    demand_opened(row.topic_id)
    if found is None or found.capstone_id != row.id or found.signed_at is None:
        raise NotFound(_("没有这份评阅。"))
    return _attachment(archive.REVIEW, found.id, found.file_id, is_named=_is_whole(row))


@blueprint.get("/<int:capstone_id>/defences/<int:slot_id>/file")
@guard(Can.CAPSTONE_VIEW, load=lambda capstone_id, slot_id: (load(capstone_id), slot_id), subject=lambda pair: queries.subject_of(pair[0]))
def defence_attachment(pair: tuple[Capstone, int]) -> Any:
    """What the secretary attached to the record."""
    found = queries.slot_by_id(pair[1])
    demand_opened(pair[0].topic_id)
    if found is None or found.capstone_id != pair[0].id:
        raise NotFound(_("没有这个答辩安排。"))
    if not _is_signed_open(pair[0]):
        raise NotAllowed(_("答辩的打分表在成绩公布后才能查看。"))
    return _attachment(archive.DEFENCE, found.id, found.file_id)


@blueprint.get("/reviews/<int:review_id>/file")
@guard(Can.REVIEW_SIGN, load=load_review, subject=review_subject)
def own_review_attachment(row: Review) -> Any:
    """The reviewer's own attachment."""
    return _attachment(archive.REVIEW, row.id, row.file_id)


@blueprint.get("/defences/slots/<int:slot_id>/file")
@guard(Can.REVIEW_SIGN, load=load_slot, subject=secretary_subject)
def own_defence_attachment(row: DefenceSlot) -> Any:
    """The secretary's own attachment."""
    return _attachment(archive.DEFENCE, row.id, row.file_id)
