"""What the pages of capstones share: who acts, what an address names, files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import url_for
from werkzeug.datastructures import FileStorage

from enterprises.capstones import labels, queries, rules
from enterprises.capstones.models import Capstone, Topic
from enterprises.capstones.types import Stay
from enterprises.permissions import Can
from trainhub.kernel import clock, files, sniff
from trainhub.kernel.access import Subject, may, who
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import _, listed
from trainhub.organisations.models import Organisation
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status


def load(capstone_id: int) -> Capstone:
    """The capstone of an address."""
    row = queries.by_id(capstone_id)
    if row is None:
        raise NotFound(_("没有这个毕业设计。"))
    return row


def load_topic(topic_id: int) -> Topic:
    """The topic of an address, if the reader may know of it."""
    row = queries.topic_seen_by(topic_id, who())
    if row is None:
        raise NotFound(_("没有这个选题，或者它不在你可以查看的范围内。"))
    return row


def enterprise_subject(row: Organisation) -> Subject:
    """The enterprise with its region."""
    return queries.university_subject(row)


def desk_of(row: Organisation) -> str:
    """The address of an enterprise's desk for who may see it; empty for everybody else."""
    return url_for("capstones.enterprise", code=row.code) if may(who(), Can.ENTERPRISE_DESK, enterprise_subject(row)) else ""


def kept(upload: FileStorage | None, kind: str) -> int | None:
    """Store an upload and return its id; None when nothing was chosen."""
    if upload is None or not upload.filename:
        return None
    allowed = sniff.EVIDENCE | sniff.DOCUMENTS
    return files.keep(upload.stream, name=upload.filename, kind=kind, by=who(), now=clock.now(), allowed=allowed).id


def stored(file_id: int) -> StoredFile:
    """A stored file by id."""
    return session().get_one(StoredFile, file_id)


def covered(starts_on: date, ends_on: date, enterprise_id: int, stays: Sequence[Stay], most: int) -> tuple[str, str]:
    """(pill, words): how the placements at the enterprise of the topic hold the days of a capstone (8.2); `most` days may be open."""
    gaps = rules.uncovered(starts_on, ends_on, enterprise_id, stays)
    days = rules.days_in(gaps)
    if not days:
        return "ok", _("全程在该企业的实习期内")
    if not any(stay.starts_on <= ends_on and stay.ends_on >= starts_on for stay in stays):
        return "wait", _("这段时间还没有实习安排，%(days)d 天未覆盖", days=days)
    if days == (ends_on - starts_on).days + 1:
        return "bad", _("没有在该企业的实习，全部 %(days)d 天未覆盖", days=days)
    spans = listed(_("%(first)s 至 %(last)s", first=first.isoformat(), last=last.isoformat()) for first, last in gaps)
    return ("bad" if days > most else "wait"), _("%(days)d 天不在该企业的实习期内：%(spans)s", days=days, spans=spans)


def open_days_most() -> int:
    """How many days of a capstone may lie outside the placements."""
    return book().at("own.capstone.uncovered_days_max", on=clock.today()).number


def shown(finding: Finding | dict[str, Any]) -> dict[str, Any]:
    """A finding, live or frozen, for the macro `findings`."""
    data = finding.as_dict() if isinstance(finding, Finding) else finding
    return {
        "met": None if data["status"] in (Status.JUDGE, Status.NO_DATA) else data["met"],
        "title": labels.FINDINGS.get(data["code"], data["code"]),
        "required": _asked(data["code"], data["required"]),
        "found": _value(data["code"], data["found"]),
        "clause": f"{data['clause']}「{data['source']['quote']}」" if data["source"]["quote"] else data["clause"],
        "details": data["details"],
    }


def _asked(code: str, value: Any) -> str:
    """A number with the side on which it binds."""
    if code in ("8.1.source", "8.4"):
        return _value(code, value)
    return f"{_('不超过') if code == '8.2' else _('不少于')} {_value(code, value)}"


def _value(code: str, value: Any) -> str:
    if code == "8.1.source":
        return str(next((text for key, text in labels.TOPIC_SOURCES.items() if key.value == value), value))
    if code == "8.4":
        return listed(str(text) for key, text in labels.ROLES.items() if key.value in (value or ())) or str(_("无"))
    unit = {"8.1.evidence": _("件"), "8.2": _("天未覆盖")}.get(code, _("次") if "guidance" in code else _("人"))
    return f"{value} {unit}"
