"""Laboratories elsewhere: a learner goes out with a signed launch, the laboratory reports back signed (docs/laboratories.md).

The secret is shared per block. The laboratory never learns who the learner is: `user` is a stable pseudonym per block.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from sqlalchemy.exc import IntegrityError

from courses.catalogue import authoring_queries as found
from courses.catalogue.models import Block, LabKey, LabLaunch, LabReport, Run
from courses.catalogue.operations.offerings import BadCourse
from courses.catalogue.types import BlockKind
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.db import session
from trainhub.kernel.errors import NotFound, Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import keyring

TOLERANCE = timedelta(minutes=5)
MAX_BODY = 16_384


class BadReport(Refused):
    """A report that cannot be believed or read."""

    code = "bad_report"


class NotSigned(Refused):
    """The signature is missing, wrong or too old."""

    code = "bad_signature"
    status = 401


class OtherReport(Refused):
    """The same report key with another content."""

    code = "report_conflict"
    status = 409


def new_secret(*, block: Block, by: Identity, now: datetime) -> str:
    """Make the secret of a laboratory block, or another one; shown to the author, encrypted at rest."""
    if block.kind is not BlockKind.VSIM:
        raise BadCourse(_("只有虚拟仿真实验有密钥。"))
    secret = secrets.token_urlsafe(32)
    row = found.lab_key(block.id)
    if row is None:
        session().add(LabKey(block_id=block.id, secret=keyring().encrypt(secret)))
    else:
        row.secret = keyring().encrypt(secret)
    session().flush()
    audit.record(by=by, did="courses.lab.secret_made", on=block)
    return secret


def secret_of(block_id: int) -> str | None:
    """The secret of a laboratory block; None: the block is a plain link."""
    row = found.lab_key(block_id)
    return keyring().decrypt(row.secret) if row is not None else None


def launch(*, block: Block, person_id: int, by: Identity, now: datetime) -> LabLaunch:
    """A new launch of a learner; what is reported later names it."""
    row = LabLaunch(token=secrets.token_urlsafe(24), block_id=block.id, person_id=person_id, launched_at=now)
    session().add(row)
    session().flush()
    audit.record(by=by, did="courses.lab.launched", on=row, data={"block": block.id})
    return row


def launch_url(*, row: LabLaunch, run: Run, secret: str, base_url: str, language: str, now: datetime) -> str:
    """The laboratory's address with signed parameters: HMAC-SHA256 over the sorted, encoded parameters of ours."""
    block = row.block
    given = {
        "th_launch": row.token,
        "th_user": keyring().keyed_hash(f"lab:{block.id}:{row.person_id}")[:32],
        "th_course": run.course.code,
        "th_run": run.code,
        "th_lang": language,
        "th_ts": str(int(now.timestamp())),
        "th_return": f"{base_url}/learning/runs/{run.id}/units/{block.unit_id}#block-{block.id}",
        "th_report": f"{base_url}/api/labs/{row.token}/reports",
    }
    signed = urlencode(sorted(given.items()))
    given["th_sig"] = sign(secret, signed.encode())
    parts = urlsplit(str(block.settings.get("url") or ""))
    query = "&".join(part for part in (parts.query, urlencode(sorted(given.items()))) if part)
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, parts.fragment))


def sign(secret: str, message: bytes) -> str:
    """HMAC-SHA256 in hex."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def receive(*, token: str, body: bytes, timestamp: str, signature: str, by: Identity, now: datetime) -> tuple[LabLaunch, LabReport, bool]:
    """Take a report of a laboratory; the last value says whether it is new. The same report again answers the known one.

    Believed only with the signature over `timestamp.body` by the block's secret, not older or newer than five minutes.
    """
    row = found.launch_by_token(token)
    secret = secret_of(row.block_id) if row is not None else None
    if row is None or secret is None:
        raise NotFound(_("没有这次实验启动。"))
    if len(body) > MAX_BODY:
        raise BadReport(_("回传内容超过 16 KB。"))
    expected = sign(secret, timestamp.encode() + b"." + body)
    if not hmac.compare_digest(expected.encode(), signature.strip().lower().removeprefix("v1=").encode()):
        raise NotSigned(_("签名不正确。请核对密钥，并对“时间戳.请求正文”做 HMAC-SHA256。"))
    if not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        raise NotSigned(_("时间戳应是 Unix 秒数。"))
    if abs(now - datetime.fromtimestamp(int(timestamp), UTC)) > TOLERANCE:
        raise NotSigned(_("时间戳与当前时间相差超过 5 分钟，请校准实验平台的时钟。"))
    report_key, is_completed, score_x10 = _read(body)
    digest = hashlib.sha256(f"{report_key}|{is_completed}|{score_x10}".encode()).hexdigest()
    known = found.lab_report(row.id, report_key)
    if known is None:
        known = LabReport(launch_id=row.id, report_key=report_key, is_completed=is_completed, score_x10=score_x10, digest=digest, received_at=now)
        try:
            with session().begin_nested():
                session().add(known)
                session().flush()
            audit.record(by=by, did="courses.lab.reported", on=row, data={"completed": is_completed, "score_x10": score_x10})
            return row, known, True
        except IntegrityError:
            known = found.lab_report(row.id, report_key)
            assert known is not None
    if known.digest != digest:
        raise OtherReport(_("同一编号的回传已收到，内容不同，没有采用。新的结果请用新的编号。"))
    return row, known, False


def _read(body: bytes) -> tuple[str, bool, int | None]:
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadReport(_("请求正文不是 JSON。")) from error
    if not isinstance(data, dict) or set(data) - {"report", "completed", "score"}:
        raise BadReport(_("请求正文应只含 report、completed、score 三项。"))
    key, completed, score = data.get("report"), data.get("completed"), data.get("score")
    if not isinstance(key, str) or not 1 <= len(key) <= 80 or not key.isprintable():
        raise BadReport(_("report 应是 1 到 80 个字符的回传编号。"), field="report")
    if not isinstance(completed, bool):
        raise BadReport(_("completed 应是 true 或 false。"), field="completed")
    if score is not None and (isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 100):
        raise BadReport(_("score 应是 0 到 100 之间的数，或省略。"), field="score")
    return key, completed, None if score is None else int(score * 10 + 0.5)
