"""What the pages of capstones share: who acts, what an address names, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from flask import Response, g, request, url_for
from werkzeug.datastructures import FileStorage

from enterprises.capstones import labels, queries, rules
from enterprises.capstones.machine import Actor
from enterprises.capstones.models import Capstone, DefenceGroup, DefenceSlot, Review, Topic
from enterprises.capstones.types import Stay
from enterprises.permissions import Can
from trainhub.kernel import clock, downloads, files, sniff
from trainhub.kernel.access import Subject, may, who
from trainhub.kernel.db import session, transaction
from trainhub.kernel.errors import NotAllowed, NotFound, Refused
from trainhub.kernel.files import StoredFile
from trainhub.kernel.i18n import N_, _, listed
from trainhub.kernel.numbers import whole
from trainhub.kernel.sending import send
from trainhub.organisations.models import Organisation
from trainhub.people.models import Person, Student
from trainhub.policy.book import book
from trainhub.policy.findings import Finding, Status
from trainhub.programmes.models import Cohort, Programme

SPAN = re.compile(r"(?P<first>\d{4}-\d{2}-\d{2}) 至 (?P<last>\d{4}-\d{2}-\d{2})（(?P<days>\d+) 天）不在该企业的实习期内")
PLAIN = (N_("企业与选题的相关企业不是同一家。"), N_("设在校内的基地不算在企业完成。"))
OF_ENTERPRISE = re.compile(r"(?P<name>.+) 是该企业在任的指导教师")
NOT_OF_SCHOOL = re.compile(r"(?P<name>.+) 不是本校在任的教师")
STRANGER, BOTH_SIDES = re.compile(r"(?P<name>.+) 不是该企业在任的指导教师"), re.compile(r"(?P<name>.+) 同时担任双方导师")


def load(capstone_id: int) -> Capstone:
    """The capstone of an address."""
    row = queries.by_id(capstone_id)
    if row is None:
        raise NotFound(_("没有这个毕业设计。"))
    return row


def cohort_of(row: Capstone) -> int:
    """The cohort of a capstone's student."""
    return session().get_one(Student, row.student_id).cohort_id


def judge_chosen(cohort_id: int, field: str) -> Person:
    """Who was chosen in a form to sign as a judge of a cohort: somebody of the list that the page offers, whatever was sent (the thesis is opened to
    them). Raises Refused."""
    cohort, key = session().get_one(Cohort, cohort_id), request.form.get(field, 0, type=whole)
    programme = session().get_one(Programme, cohort.programme_id)
    if key not in {one for one, _words in queries.judge_choices(programme.university_id, cohort_id, clock.today(), signing=True)}:
        raise Refused(_("请从名单中选择：本校在任教师和本年级企业的在任指导教师，须有账户。"), field=field, code="not_offered")
    return session().get_one(Person, key)


READS_REASONS = (Actor.STUDENT, Actor.SCHOOL, Actor.ADMIN)


def sees_reasons(row: Capstone) -> bool:
    """Whether the reader is told why a student was given more time, which may be an illness: the student and the own school; others get the day."""
    return bool(queries.actors_of(row, who(), among=READS_REASONS))


def load_topic(topic_id: int) -> Topic:
    """The topic of an address, if the reader may know of it."""
    row = queries.topic_seen_by(topic_id, who(), clock.today())
    if row is None:
        raise NotFound(_("没有这个选题，或者它不在你可以查看的范围内。"))
    return row


def load_review(review_id: int) -> Review:
    """The review of an address."""
    found = queries.review_by_id(review_id)
    if found is None:
        raise NotFound(_("没有这份评阅。"))
    return found


def review_subject(row: Review) -> Subject:
    """Only the reviewer."""
    return Subject.of(persons=(row.person_id,))


def load_group(group_id: int) -> DefenceGroup:
    """The defence group of an address."""
    found = queries.group_by_id(group_id)
    if found is None:
        raise NotFound(_("没有这个答辩组。"))
    return found


def group_secretary(row: DefenceGroup) -> Subject:
    """Only the secretary of a group."""
    return Subject.of(persons=(row.secretary_id,))


def load_slot(slot_id: int) -> DefenceSlot:
    """The place of an address."""
    found = queries.slot_by_id(slot_id)
    if found is None:
        raise NotFound(_("没有这个答辩安排。"))
    return found


def secretary_subject(row: DefenceSlot) -> Subject:
    """Only the secretary of a place's group."""
    return group_secretary(load_group(row.group_id))


def topic_subject(row: Topic) -> Subject:
    """A topic's subject today (`queries.topic_subject`)."""
    return queries.topic_subject(row, clock.today())


def evidence_subject(row: Topic) -> Subject:
    """The subject of a topic's evidence today."""
    return queries.evidence_subject(row, clock.today())


def demand_opened(topic_id: int) -> None:
    """Refuse what is confidential to who is neither of both sides nor of those who judge it."""
    if not queries.is_opened_to(topic_id, who(), clock.today()):
        raise NotAllowed(_("选题内容需要保密：问题、证明和材料只对校企双方负责人、承担的学生和导师、指定的评审人、主管部门和评价专家开放。"))


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


def with_upload(upload: FileStorage | None, kind: str, act: Callable[[int | None], object]) -> None:
    """Do one act with an upload (its id, None without one) in a transaction; what was refused does not stay in the store."""
    digest = ""
    try:
        with transaction():
            file_id = kept(upload, kind)
            digest = stored(file_id).sha256 if file_id is not None else ""
            act(file_id)
    except Refused:
        if digest:
            files.erase([digest])  # unless another paper has the same content
        raise


def on_page(act: Callable[[], Callable[[], Any]], again: Callable[[Refused], Any]) -> Any:
    """Do one act in a transaction and answer with what it returns; what is refused is told by `again`, the page of the form itself with what was typed.

    Who may not do it, and what is not there, is told on the general page: the page of the form is perhaps not theirs to see.
    """
    try:
        with transaction():
            answer = act()
    except (NotAllowed, NotFound):
        raise
    except Refused as refused:
        g.refusal = refused.message  # for the panel that asks once more: open, it lies over the page
        return again(refused)
    return answer()


def sent_thesis(row: Capstone, file_id: int | None) -> Response:
    """A version of the thesis for who judges it, under a name that tells nothing; `?download` as a file to keep."""
    if file_id is None:
        raise NotFound(_("学生还没有提交论文。"))
    file = stored(file_id)
    return downloads.named(send(file), f"thesis-{row.id}.{file.name.rpartition('.')[2]}", inline="download" not in request.args)


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
        "details": [_line(line) for line in data["details"]],
    }


def _line(line: str) -> str:
    """A detail of a finding in the language of the reader; findings keep them as the rules write them."""
    if found := SPAN.fullmatch(line):
        return _("%(first)s 至 %(last)s（%(days)s 天）不在该企业的实习期内", **found.groupdict())
    if found := STRANGER.fullmatch(line):
        return _("%(name)s 不是该企业在任的指导教师", **found.groupdict())
    if found := OF_ENTERPRISE.fullmatch(line):
        return _("%(name)s 是该企业在任的指导教师", **found.groupdict())
    if found := NOT_OF_SCHOOL.fullmatch(line):
        return _("%(name)s 不是本校在任的教师", **found.groupdict())
    if found := BOTH_SIDES.fullmatch(line):
        return _("%(name)s 同时担任双方导师", **found.groupdict())
    return _(line) if line in PLAIN else line


def _asked(code: str, value: Any) -> str:
    """A number with the side on which it binds."""
    if code in ("8.1.source", "8.4"):
        return _value(code, value)
    return _("不超过 %(value)s", value=_value(code, value)) if code == "8.2" else _("不少于 %(value)s", value=_value(code, value))


def _value(code: str, value: Any) -> str:
    if code == "8.1.source":
        return str(next((text for key, text in labels.TOPIC_SOURCES.items() if key.value == value), value))
    if code == "8.4":
        return listed(str(text) for key, text in labels.ROLES.items() if key.value in (value or ())) or str(_("无"))
    unit = {"8.1.evidence": _("件"), "8.2": _("天未覆盖")}.get(code, _("次") if "guidance" in code else _("人"))
    return f"{value} {unit}"
