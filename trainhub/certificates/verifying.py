"""Verification: a number, a number with its code, or a file is answered with one verdict. Reads only.

With the right code a visitor learns the facts; with the number alone only that the certificate exists, its kind (a digit of the
number), its state with its day but not its reason, and a masked name. A wrong code and an unknown number are answered alike.
The command, which whoever runs the server asks, tells the date of issue and the reason beside: its fields are always all there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from trainhub.certificates import credentials, openbadges, queries
from trainhub.certificates.documents import HIDDEN, Maker, as_shown, badge_of, is_told_by, snapshot_of
from trainhub.certificates.labels import called_in
from trainhub.certificates.layouts import reading
from trainhub.certificates.layouts.model import Field
from trainhub.certificates.models import Certificate
from trainhub.certificates.numbers import is_number, mask_name, read_code, read_number
from trainhub.certificates.openbadges import Badge
from trainhub.certificates.signers import Trust
from trainhub.certificates.states import PUBLIC, shown_state
from trainhub.certificates.types import Event, Looked, State, Status
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.organisations import queries as organisations


class FileNotReadable(Refused):
    """The file is no PDF of a certificate."""

    code = "file_not_readable"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the public history."""

    event: Event
    state: State
    on: date
    reason: str
    document: str
    edition: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. `certificate` is given for pages when something was found; `is_full`: the code was right."""

    status: Status
    number: str
    reason: str = ""
    certificate: Certificate | None = None
    is_full: bool = False
    state_on: date | None = None
    steps: tuple[Step, ...] = ()
    issuer: str = ""
    issuer_en: str = ""
    facts: tuple[tuple[str, str, str], ...] = field(default=())
    looked: Looked | None = None
    is_unread: bool = False
    """A file with nothing in it that could be looked up, as a scan of a genuine certificate: nothing was found out about it."""

    @property
    def holder_masked(self) -> str | None:
        """The holder's name as visitors see it."""
        return mask_name(self.certificate.holder) if self.certificate is not None else None

    def as_dict(self) -> dict[str, Any]:
        """The promised fields of the contract, always all of them; `checked` when a file was good."""
        one = self.certificate
        return {
            "status": self.status.value,
            "number": self.number or None,
            "holder_masked": self.holder_masked,
            "kind": one.kind.value if one is not None else None,
            "issued_on": one.issued_on.isoformat() if one is not None else None,
            "reason": self.reason,
            **({"checked": self.looked.value} if self.looked is not None else {}),
        }

    def as_public_dict(self) -> dict[str, Any]:
        """The JSON of the verification page: the promised fields and, with the right code, everything the page shows; without it no day of issue."""
        answer = self.as_dict() | {"state_on": self.state_on.isoformat() if self.state_on else None}
        if not self.is_full:
            answer["issued_on"] = None
        elif self.certificate is not None:
            answer |= {
                "edition": self.certificate.edition,
                "issuer": self.issuer,
                "facts": {name: value for name, _label, value in self.facts},
                "history": [
                    {"event": s.event.value, "state": s.state.value, "on": s.on.isoformat(), "reason": s.reason, "edition": s.edition}
                    for s in self.steps
                ],
            }
        return answer


def _not_found(number: str) -> Verdict:
    if number and not is_number(number):
        reason = _("证书编号应为18位数字，且末位是校验位：输入的编号有误，请对照原件逐位核对。")
    else:
        reason = _("编号或核验码不对，或本平台没有签发过这张证书。请对照原件逐位核对；字母 O 与数字 0、字母 I 与数字 1 视为相同。")
    return Verdict(Status.UNKNOWN, number, reason)


def check(
    number: str, code: str | None = None, *, english: bool = False, known: queries.Portions | None = None, tells_reason: bool = False
) -> Verdict:
    """The verdict on what somebody typed or scanned; `code` None asks with the number alone. `known`: see `queries.whole_among`. With `tells_reason`,
    for whoever runs the server, the number alone tells the reason too."""
    number = read_number(number)[:40]
    found = None
    if is_number(number):
        found = queries.by_number(number) if code is None else queries.by_number_and_code(number, read_code(code)[:40])
    if found is None or found.state not in PUBLIC:
        return _not_found(number)
    verdict = _verdict(found, is_full=code is not None, english=english, known=known)
    return replace(verdict, reason=_reason_of(found)) if tells_reason and not verdict.reason else verdict


PORTION = 500
"""So many rows of a list are looked up together."""


def check_each(asked: Sequence[tuple[str, str]]) -> list[Verdict]:
    """`check` of many numbers with their codes, without the facts.

    What nobody issued and what stands as it was first issued is answered by a few queries a portion; anything with more history is
    looked at by itself, once however often it is listed. Of a number with a wrong code nothing more is asked.
    """
    found: list[Verdict] = []
    longer: dict[tuple[str, str], Verdict] = {}
    known: queries.Portions = {}
    for start in range(0, len(asked), PORTION):
        found += _portion([(read_number(number)[:40], read_code(code)[:40]) for number, code in asked[start : start + PORTION]], longer, known)
    return found


def _portion(asked: Sequence[tuple[str, str]], longer: dict[tuple[str, str], Verdict], known: queries.Portions) -> Iterator[Verdict]:
    editions, fitting = queries.editions_of_each(number for number, _code in asked if is_number(number)), set(asked)
    first = [one for one, *others in editions.values() if not others and one.state is State.ISSUED and (one.number, one.code) in fitting]
    stands = queries.whole_among(first, known)
    for number, code in asked:
        one = next((edition for edition in editions.get(number, ()) if edition.code == code and edition.state in PUBLIC), None)
        if one is None:
            yield _not_found(number)
        elif one.id in stands:
            yield Verdict(Status.ISSUED, number, "", one, is_full=True, state_on=one.state_on, issuer=str(one.facts.get("issuer") or ""))
        else:
            if (number, code) not in longer:
                longer[number, code] = check(number, code, known=known)
            yield longer[number, code]


def _reason_of(found: Certificate) -> str:
    """Why the certificate stands no more, as its last event says; nothing of one that stands."""
    latest = queries.by_number(found.number)
    last = queries.last_event(latest if latest is not None and shown_state(found.state, latest.state) is not found.state else found)
    return last.reason if last is not None and last.state is not State.ISSUED else ""


def _verdict(found: Certificate, *, is_full: bool, english: bool, known: queries.Portions | None = None) -> Verdict:
    latest = queries.by_number(found.number)
    assert latest is not None
    state = shown_state(found.state, latest.state)
    told = latest if state is not found.state else found
    last = queries.last_event(told)
    if not queries.is_whole(found, known) or (told is not found and not queries.is_whole(told, known)):
        reason = _("平台中的记录与签发时的记录不一致，请联系发证单位核实。")
        return Verdict(Status.TAMPERED, found.number, reason, found, is_full=False)
    if not is_full:  # a reason may tell more of the holder than a number entitles to
        return Verdict(Status(state.value), found.number, "", found, state_on=told.state_on)
    reason = last.reason if last is not None and state is not State.ISSUED else ""
    issuer = organisations.by_id(found.issuer_id)
    return Verdict(
        Status(state.value),
        found.number,
        reason,
        found,
        is_full=True,
        state_on=told.state_on,
        steps=_steps(found, told),
        issuer=str(found.facts.get("issuer") or (issuer.name if issuer else "")),
        issuer_en=str(found.facts.get("issuer_en") or ""),
        facts=public_facts(found, english=english),
    )


def _steps(found: Certificate, told: Certificate) -> tuple[Step, ...]:
    line = queries.line_of(told if told is not found else found)
    rows = queries.events_of([one for one in line if one.number == found.number])
    untold = _lifted(rows)
    return tuple(
        Step(
            row.event.event,
            row.event.state,
            row.event.on,
            "" if row.event.id in untold else row.event.reason,
            "" if row.event.id in untold else row.event.document,
            row.edition,
        )
        for row in rows
    )


def _lifted(rows: Sequence[queries.EventRow]) -> set[int]:
    """The suspensions that were lifted, and the lifting: that it happened is told, but not the suspicion that came to nothing."""
    found, waiting = set[int](), set[int]()
    for row in rows:
        if row.event.event is Event.SUSPEND:
            waiting.add(row.event.id)
        elif row.event.event is Event.RESUME:
            found |= {row.event.id, *waiting}
            waiting.clear()
    return found


def labelled(fields: Iterable[Field], facts: Mapping[str, Any], *, english: bool = False) -> tuple[tuple[str, str, str], ...]:
    """(field, label, value) of facts in the order of these fields, those of a template as a rule; names in full, for holder and issuer."""
    return tuple(
        (one.name, called_in(one.label, one.label_en, english=english), str(facts[one.name]))
        for one in fields
        if one.name not in HIDDEN and facts.get(one.name)
    )


def shown_facts(certificate: Certificate, *, english: bool = False) -> tuple[tuple[str, str, str], ...]:
    """The facts of a certificate as `labelled` tells them."""
    return labelled(queries.layout_of(certificate.template, certificate.template_version).fields, certificate.facts, english=english)


def public_facts(certificate: Certificate, *, english: bool = False) -> tuple[tuple[str, str, str], ...]:
    """The same for visitors: each as its field says, names of people are masked."""
    said = {one.name: one.visibility for one in queries.layout_of(certificate.template, certificate.template_version).fields}
    told = ((name, label, as_shown(value, said[name])) for name, label, value in shown_facts(certificate, english=english))
    return tuple((name, label, value) for name, label, value in told if value)


def linked_facts(certificate: Certificate, *, english: bool = False) -> tuple[tuple[str, str, str], ...]:
    """The same for whom the holder gave the link: names in full, without what is for holder and issuer alone."""
    said = {one.name: one.visibility for one in queries.layout_of(certificate.template, certificate.template_version).fields}
    return tuple(one for one in shown_facts(certificate, english=english) if said[one[0]] != "holder_only")


def check_badge(data: bytes, maker: Maker, trust: Trust, *, english: bool = False) -> Verdict:
    """The verdict on a downloaded Open Badges credential: its proof and the database must agree."""
    openbadges.demand_small(data)
    found = openbadges.parse(data)
    if found is None:
        raise FileNotReadable(_("这不是本平台的证书文件：请上传下载的 PDF 或凭证（JSON）原文件，或用编号和核验码查验。"))
    method = str(openbadges.proof_of(found).get("verificationMethod", ""))
    site = str(found.get("id", "")).partition("/V/")[0]  # the address of then: the site may have moved, the key vouches for it
    badge = openbadges.verified(found, openbadges.did_of(site), trust)
    subject = found.get("credentialSubject")
    number = str(subject.get("licenseNumber", ""))[:40] if isinstance(subject, Mapping) else ""
    if badge is None:
        return Verdict(Status.TAMPERED, number, _withdrawn() if trust.is_leaked(method.rpartition("#")[2]) else _forged())
    stored = queries.by_number_and_code(badge.number, badge.address.rpartition("/")[2])
    if stored is None:
        return Verdict(Status.TAMPERED, number, _("文件有签名，但平台中没有对应的证书，请联系发证单位核实。"))
    if not _is_ours(badge, stored, replace(maker, site=site)):
        return Verdict(Status.TAMPERED, number, _("文件中的内容与平台中的记录不一致。"))
    return replace(_verdict(stored, is_full=True, english=english), looked=Looked.CREDENTIAL)


def _is_ours(badge: Badge, stored: Certificate, maker: Maker) -> bool:
    """Whether a credential whose signature holds says what the database says.

    For what it rests on the signature vouches alone: those of before told it in other words, and a record may be found later. Public ones were
    salted by keys that may be lost.
    """
    ours = replace(badge_of(stored, maker, is_public=bool(badge.salt)), narrative=badge.narrative)
    if badge.salt:
        ours = replace(ours, salt=badge.salt, identity=openbadges.hashed_name(stored.holder, badge.salt))
        return is_told_by(badge, stored) and badge == replace(ours, title=badge.title, description=badge.description)
    return badge == ours


def _forged() -> str:
    return _("签名与内容不符：文件被改动过，或不是本平台签发的。")


def _withdrawn() -> str:
    return _("文件是用已作废的密钥签名的，不能再作为凭证：请持证人重新下载，或用编号和核验码查验。")


def with_code(verdict: Verdict, code: str | None) -> Verdict:
    """The verdict on a file, compared with a code that was given beside it: of another certificate, or of another edition, it is unknown."""
    if code is None or verdict.certificate is None or verdict.status is Status.TAMPERED or verdict.certificate.code == code:
        return verdict
    return Verdict(Status.UNKNOWN, verdict.number, credentials.other_code())


def check_file(data: bytes, maker: Maker, trust: Trust, *, english: bool = False) -> Verdict:
    """The verdict on a PDF of one certificate: its signed credentials, what it draws, and the database must agree.

    Raises FileNotReadable for anything but a PDF. `tampered` says in its reason what does not agree.
    """
    try:
        read = reading.read(data)
    except reading.NotReadable as bad:
        raise FileNotReadable(_("这不是单张证书的 PDF 文件，无法读取。请上传平台下载的原文件，或用编号和核验码查验。")) from bad
    found = next((one for one in map(credentials.parse, read.attachments) if one is not None), None)
    if found is None:
        reason = _("文件中没有本平台的签名数据（扫描件、批量打印件或另存的文件没有），不说明证书的真假：请用编号和核验码查验。")
        return Verdict(Status.UNKNOWN, "", reason, is_unread=True)
    said: Mapping[str, Any] = found["certificate"]
    number, code = str(said.get("number", ""))[:40], str(said.get("code", ""))[:40]
    if not credentials.is_signed(found, trust):
        return Verdict(Status.TAMPERED, number, _withdrawn() if trust.is_leaked(str(found.get("key", ""))) else _forged())
    stored = queries.by_number_and_code(number, code)
    if stored is None:
        return Verdict(Status.TAMPERED, number, _("文件有签名，但平台中没有对应的证书，请联系发证单位核实。"))
    if snapshot_of(stored).as_dict() != dict(said):
        return Verdict(Status.TAMPERED, number, _("文件中的内容与平台中的记录不一致。"))
    badge = next((one for one in map(openbadges.parse, read.attachments) if one is not None), None)
    looked = credentials.looked_at(data, read, found, badge)
    if looked is None:
        return Verdict(Status.TAMPERED, number, _("文件与签发时不同：被改动过，或被其他软件另存过。请以查验页显示的内容为准。"))
    if badge is not None:
        then = replace(maker, site=str(found.get("site", "")))  # signed; the site may have moved since
        values = openbadges.verified(badge, openbadges.did_of(then.site), trust)
        if values is None or values.salt or not _is_ours(values, stored, then):
            return Verdict(Status.TAMPERED, number, _("文件内附的凭证被改动过，或与平台中的记录不一致。"))
    verdict = replace(_verdict(stored, is_full=True, english=english), looked=looked)
    if looked is Looked.CONTENT_STREAMS and verdict.status is Status.ISSUED:
        verdict = replace(
            verdict,
            reason=_(
                "证书有效，但这个文件下载得较早：只核对了其中的文字、字体和图形数据，没有核对整个文件。请以平台记录的内容为准，或请持证人重新下载。"
            ),
        )
    return verdict
