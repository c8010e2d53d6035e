"""Consent to the privacy notice, and what a person may ask about their own data (PIPL)."""

from __future__ import annotations

from datetime import datetime

from trainhub.identity import rules
from trainhub.identity.models import Account, Consent
from trainhub.identity.notice import VERSION
from trainhub.identity.operations._support import AccountRefused, number
from trainhub.kernel import audit
from trainhub.kernel.access import Identity
from trainhub.kernel.clock import local
from trainhub.kernel.db import session
from trainhub.kernel.i18n import _
from trainhub.people.models import Person


def give_consent(
    *, account: Account, by: Identity, now: datetime, version: str = VERSION, guardian_name: str = "", guardian_phone: str = ""
) -> Consent:
    """Note the consent to a version of the privacy notice; below privacy.guardian_age a guardian is named (PIPL-31)."""
    person = session().get(Person, account.person_id) if account.person_id is not None else None
    today = local(now).date()
    if person is not None and rules.needs_guardian(person.birth_on, today, number("privacy.guardian_age", today)):
        if not guardian_name.strip() or not rules.phone_is_plausible(guardian_phone):
            raise AccountRefused(_("未满14周岁须由父母或其他监护人同意：请填写监护人姓名和手机号。"), field="guardian_name", code="guardian_needed")
    consent = Consent(
        account_id=account.id,
        notice_version=version,
        given_at=now,
        guardian_name=guardian_name.strip(),
        guardian_phone=rules.normalise_login(rules.LoginKind.PHONE, guardian_phone) if guardian_phone else "",
    )
    session().add(consent)
    session().flush()
    audit.record(by=by, did="identity.consent.given", on=account, data={"version": version, "guardian": bool(guardian_name.strip())})
    return consent
