"""The signing keys: what each is worth, when they were last backed up, and a new one when the old is old or leaked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import render_template

from trainhub.certificates import queries, tasks
from trainhub.certificates.operations import keys
from trainhub.certificates.pades import out_of_time
from trainhub.certificates.permissions import Can
from trainhub.certificates.signers import LostSigner, key_id, multikey
from trainhub.certificates.views import blueprint
from trainhub.kernel import clock
from trainhub.kernel.access import guard, who
from trainhub.kernel.backup import STALE, last_made
from trainhub.kernel.clock import local
from trainhub.kernel.db import transaction
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import keyring
from trainhub.kernel.web import done

EXPIRY_DAYS = 30
"""So many days before it ends the certificate of PDF signatures is reminded of."""


def reminder(now: datetime) -> str:
    """What an administrator should be reminded of about backups; empty when there is nothing."""
    last = last_made(tasks.root())
    newest = max((row.made_at for row in queries.signing_keys() if row.sealed is not None), default=None)
    if last is None:
        return _("还没有备份过：密钥丢失后，新的证书无法用原来的密钥签名，加密的资料也无法读取。")
    if newest is not None and last < newest:
        return _("签名密钥更换后还没有备份过，请立即备份。")
    if now - last > STALE:
        return _("上一次备份已超过 %(n)d 天。", n=STALE.days)
    return ""


@dataclass(frozen=True, slots=True)
class Sealing:
    """The certificate by which the PDFs of holders are signed (PAdES): whose it is, until when; `reminder` what has to be done about it."""

    subject: str
    until: date | None
    reminder: str


def sealing(now: datetime) -> Sealing | None:
    """The certificate of the sealer that is plugged in; None without one."""
    sealer = tasks.sealer()
    if sealer is None:
        return None
    told = out_of_time(sealer, now)
    try:
        own = sealer.chain[0]
    except Exception:  # whatever a module fails with: `told` says so
        return Sealing("", None, told)
    until = local(own.not_valid_after_utc).date()
    if told:
        told = _("%(told)s：持证人现在不能下载 PDF。请换用有效的签章证书（TRAINHUB_PDF_SIGNER）并重启服务。", told=told)
    elif own.not_valid_after_utc - now < timedelta(days=EXPIRY_DAYS):
        told = _("签章证书 %(day)s 到期，此后持证人不能下载 PDF：请及早更换（TRAINHUB_PDF_SIGNER）并重启服务。", day=until.isoformat())
    return Sealing(own.subject.rfc4514_string(), until, told)


@blueprint.get("/keys")
@guard(Can.KEYS)
def key_list() -> Any:
    """The keys, the present one first."""
    rows = {row.public: row for row in queries.signing_keys()}
    trust = tasks.trust()
    signer = tasks.maker().signer
    present = signer.public
    module = tasks.module()
    is_module = module is not None and module.public == present
    shown = [
        (key_id(one), multikey(one), "present" if one == present else "leaked" if one in trust.leaked else "old", rows.get(one.hex()))
        for one in sorted((*trust.good, *trust.leaked), key=lambda one: one != present)
    ]
    return render_template(
        "trainhub/certificates/keys.html",
        rows=shown,
        last=last_made(tasks.root()),
        reminder=reminder(clock.now()),
        sealing=sealing(clock.now()),
        is_lost=isinstance(signer, LostSigner),
        is_module=is_module,
        is_noted=present.hex() in rows or not is_module,
    )


@blueprint.post("/keys/rotate")
@guard(Can.KEYS)
def key_rotate() -> Any:
    """Make a new key; the old one still verifies."""
    with transaction():
        _old, new = keys.rotate(ring=keyring(), by=who(), now=clock.now(), module=tasks.module())
    return done(_("现在由密钥 %(key)s 签名。请立即执行 trainhub backup。", key=new), "certificates.key_list")


@blueprint.post("/keys/<name>/leaked")
@guard(Can.KEYS)
def key_leaked(name: str) -> Any:
    """Give up the key of that name, and no other: nothing it signed is trusted any more."""
    before = key_id(tasks.maker().signer.public)
    with transaction():
        old, new = keys.withdraw(name=name, ring=keyring(), by=who(), now=clock.now(), module=tasks.module())
    if new == before:
        return done(_("密钥 %(key)s 已作废，它签过的文件不再可信。", key=old), "certificates.key_list")
    return done(
        _("密钥 %(old)s 已作废，它签过的文件不再可信。现在由密钥 %(key)s 签名，请立即执行 trainhub backup。", old=old, key=new),
        "certificates.key_list",
    )
