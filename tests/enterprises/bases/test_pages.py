"""The page of a base: its papers are looked at where they stand."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from enterprises.bases import operations
from enterprises.bases.types import AgreementTopic
from tests.factories import enterprises as make
from tests.factories import ground
from trainhub.kernel import files
from trainhub.kernel.access import SYSTEM, Role


def test_the_text_of_an_agreement_is_previewed_for_those_inside_only(session: Session, as_role: Callable[..., FlaskClient]) -> None:
    base = ground.base()
    make.opened_base(base=base)
    text = files.keep(io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name="合作协议.pdf", kind="agreement", by=SYSTEM, now=make.NOW)
    days = {"signed_on": date(2026, 1, 1), "since": date(2026, 1, 1), "until": date(2028, 1, 1)}
    row = operations.sign_agreement(base=base, title="合作教育协议", topics=tuple(AgreementTopic), by=SYSTEM, now=make.NOW, file_id=text.id, **days)
    at, look = f"/bases/{base.code}", f'<iframe class="file-preview" src="/bases/agreements/{row.id}/file" title="合作协议.pdf"'
    session.commit()
    admin = as_role(Role.SYSTEM_ADMIN)
    assert look in admin.get(at).get_data(as_text=True)
    assert admin.get(f"/bases/agreements/{row.id}/file").headers["Content-Disposition"].startswith("inline")
    outside = as_role(Role.STUDENT)
    assert "file-preview" not in outside.get(at).get_data(as_text=True)
    assert outside.get(f"/bases/agreements/{row.id}/file").status_code == 403
