"""Verification without an installation: a file, and the keys somebody downloaded from the site that issued it. No database, no network.

It tells what was signed and that nothing was changed since; whether the certificate still stands the site knows, or a status list
downloaded from it, as of the list's day.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trainhub.certificates import credentials, openbadges
from trainhub.certificates.chain import parsed
from trainhub.certificates.layouts import reading
from trainhub.certificates.numbers import KIND_DIGITS, mask_name, parse
from trainhub.certificates.signers import PUBLIC_BYTES, Trust, unbase58
from trainhub.certificates.types import Looked, Status
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _

_MULTIKEY_HEAD = b"\xed\x01"


class ListNotReadable(Refused):
    """The file is no status list of the platform whose keys were given."""

    code = "status_not_readable"


@dataclass(frozen=True, slots=True)
class _Held:
    """What a good file says besides its answer: the code of the certificate, and its place in a status list."""

    code: str = ""
    list_address: str = ""
    index: int = -1
    since: str = ""


class KeysNotReadable(Refused):
    """The file of keys is none that this platform publishes."""

    code = "keys_not_readable"


def read_keys(data: bytes) -> Trust:
    """The keys of a DID document (`/.well-known/did.json`) or of `/.well-known/trainhub-certificates.json`."""
    try:
        found = json.loads(data)
        if "verificationMethod" in found:
            keys = [_of_multikey(one["publicKeyMultibase"]) for one in found["verificationMethod"]]
        else:
            keys = [credentials.unb64(one["public_key"]) for one in found["keys"] if found["type"] == credentials.TYPE]
    except (ValueError, KeyError, TypeError, RecursionError) as bad:
        raise KeysNotReadable(_not_keys()) from bad
    if not keys or any(len(one) != PUBLIC_BYTES for one in keys):
        raise KeysNotReadable(_not_keys())
    return Trust(tuple(keys))


def _not_keys() -> str:
    return _("这不是密钥文件：请从签发平台下载 /.well-known/did.json 或 /.well-known/trainhub-certificates.json，原样保存后再试。")


def _of_multikey(text: str) -> bytes:
    if not text.startswith("z"):
        raise ValueError("no base 58")
    data = unbase58(text[1:], len(_MULTIKEY_HEAD) + PUBLIC_BYTES)
    if not data.startswith(_MULTIKEY_HEAD):
        raise ValueError("no Ed25519 key")
    return data[len(_MULTIKEY_HEAD) :]


def read_list(data: bytes, trust: Trust) -> openbadges.StatusList:
    """A status list (`/status/1`, `/status/2` …) as the platform signed it; Refused for anything else, also for a list of a key that is not known."""
    found = parsed(data)
    known = openbadges.verified_list(found, trust) if isinstance(found, dict) else None
    if known is None:
        message = _("这不是状态列表，被改动过，或由密钥文件之外的密钥签名：请从签发平台重新下载密钥文件和 /status/1（2、3……），原样保存后再试。")
        raise ListNotReadable(message)
    return known


def check(data: bytes, trust: Trust, code: str | None = None, lists: Iterable[openbadges.StatusList] = ()) -> dict[str, Any]:
    """The verdict on a PDF or a credential, in the fields of `verifying.Verdict.as_dict` and `offline`; `code` was given beside it. With the status list
    on which the certificate has its place also whether it stands, as of `status_at` (UTC); of several of one page the newest counts.

    Raises Refused for a file that is neither.
    """
    found, held = _check_badge(data, trust) if data.lstrip()[:1] == b"{" else _check_file(data, trust)
    if code is not None and found["status"] != Status.TAMPERED and held.code not in ("", code):
        return _answer(Status.UNKNOWN, credentials.other_code(), found["number"] or "")
    return _with_status(found, held, list(lists))


def _with_status(found: dict[str, Any], held: _Held, lists: list[openbadges.StatusList]) -> dict[str, Any]:
    if found["status"] != Status.ISSUED or not lists:
        return found
    page = openbadges.page_of(held.list_address)
    fitting = [one for one in lists if held.list_address and one.page == page]
    older = [one for one in fitting if one.valid_from < held.since]
    if fitting and len(older) == len(fitting):
        early = _("给出的状态列表早于证书的签发，不能说明这张证书的状态：请重新下载 %(page)s。", page=page)
        return {**found, "reason": early + str(found["reason"])}
    if not fitting:
        needed = (
            _("给出的状态列表中没有这张证书的位置：需要 %(page)s。", page=page) if held.list_address else _("这个文件没有写明它在状态列表中的位置。")
        )
        return {**found, "reason": needed + str(found["reason"])}
    newest = max(fitting, key=lambda one: one.valid_from)
    day = {"at": newest.valid_from.replace("T", " ").removesuffix("Z")}
    told = {"status_at": newest.valid_from}
    if newest.holds(held.index):
        reason = _("签名有效，但证书不能作为凭证：%(at)s UTC 的状态列表中已撤销、暂停，或已由新证书替代。请在签发平台查验现在的状态。", **day)
        return {**found, **told, "status": Status.REVOKED.value, "reason": reason}
    reason = _("签名有效，内容与签发时一致；%(at)s UTC 的状态列表中没有撤销、暂停或替代的记录。此后的变化请在签发平台查验。", **day)
    return {**found, **told, "reason": reason if found.get("checked") != Looked.CONTENT_STREAMS else reason + str(found["reason"])}


def _answer(
    status: Status,
    reason: str,
    number: str = "",
    holder: str | None = None,
    kind: str | None = None,
    issued_on: str | None = None,
    looked: Looked | None = None,
) -> dict[str, Any]:
    masked = mask_name(holder) if holder else None
    return {
        "status": status.value,
        "number": number or None,
        "holder_masked": masked,
        "kind": kind,
        "issued_on": issued_on,
        "reason": reason,
        **({"checked": looked.value} if looked is not None else {}),
        "offline": True,
    }


def _signed_only() -> str:
    return _("签名有效，内容与签发时一致。离线不能知道此后是否被撤销、暂停或更正：请再用编号和核验码在签发平台查一次。")


def _streams_only() -> str:
    return _(
        "签名有效，但文件下载得较早：只核对了其中的文字、字体和图形数据，没有核对整个文件。请以上列内容为准，"
        "并用编号和核验码在签发平台查一次：是否被撤销、暂停或更正，离线不能知道。"
    )


def _forged() -> str:
    return _("没有有效的签名：文件被改动过，不是这个平台签发的，或签名密钥不在这份密钥文件中（文件较旧，或密钥已作废）。")


def _check_badge(data: bytes, trust: Trust) -> tuple[dict[str, Any], _Held]:
    openbadges.demand_small(data)
    found = openbadges.parse(data)
    if found is None:
        raise Refused(_("这不是本平台的证书文件：请使用下载的 PDF 或凭证（JSON）原文件。"), code="file_not_readable")
    badge = openbadges.verified(found, openbadges.did_of(str(found.get("id", "")).partition("/V/")[0]), trust)
    if badge is None:
        return _answer(Status.TAMPERED, _forged()), _Held()
    holder = "" if badge.salt else badge.identity
    held = _Held(badge.address.rpartition("/")[2], badge.list_address, badge.index, badge.valid_from)
    return _answer(Status.ISSUED, _signed_only(), badge.number, holder, _kind_of(badge.number), looked=Looked.CREDENTIAL), held


def _kind_of(number: str) -> str | None:
    parts = parse(number)
    return next((kind.value for kind, digit in KIND_DIGITS.items() if parts is not None and digit == parts.kind), None)


def _check_file(data: bytes, trust: Trust) -> tuple[dict[str, Any], _Held]:
    try:
        read = reading.read(data)
    except reading.NotReadable as bad:
        raise Refused(_("这不是单张证书的 PDF 文件，无法读取。请使用平台下载的原文件。"), code="file_not_readable") from bad
    found = next((one for one in map(credentials.parse, read.attachments) if one is not None), None)
    if found is None:
        return _answer(Status.UNKNOWN, _("文件中没有本平台的签名数据（扫描件、批量打印件或另存的文件没有）：请用编号和核验码查验。")), _Held()
    if not credentials.is_signed(found, trust):
        return _answer(Status.TAMPERED, _forged()), _Held()
    said: Mapping[str, Any] = found["certificate"]
    about: dict[str, Any] = {
        "number": str(said["number"]),
        "holder": str(said["facts"].get("name", "")),
        "kind": str(said["kind"]),
        "issued_on": str(said["issued_on"]),
    }
    badge = next((one for one in map(openbadges.parse, read.attachments) if one is not None), None)
    if int(found.get("version") or 0) > credentials.VERSION:
        return _answer(
            Status.UNKNOWN, _("签名有效，但文件比这个程序新，不知道怎样核对：请用新版程序，或用编号和核验码在签发平台查验。"), **about
        ), _Held()
    looked = credentials.looked_at(data, read, found, badge)
    if looked is None:
        return _answer(Status.TAMPERED, _("文件与签发时不同：被改动过，或被其他软件另存过。请以查验页显示的内容为准。"), **about), _Held()
    held = _Held(str(said["code"]))
    if badge is not None:
        values = openbadges.verified(badge, openbadges.did_of(str(found.get("site", ""))), trust)
        if values is None or (values.number, values.identity) != (about["number"], about["holder"]):
            return _answer(Status.TAMPERED, _("文件内附的凭证被改动过，或不属于这张证书。"), **about), _Held()
        held = _Held(held.code, values.list_address, values.index, values.valid_from)
    reason = _signed_only() if looked is Looked.WHOLE_FILE else _streams_only()
    return _answer(Status.ISSUED, reason, looked=looked, **about), held
