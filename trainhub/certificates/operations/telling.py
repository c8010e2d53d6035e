"""Telling the second person: a batch, a correction or a template waits until somebody else decides, who has to know of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from trainhub.certificates.models import CertificateTemplate, IssueBatch
from trainhub.certificates.permissions import APPROVERS
from trainhub.identity.queries import accounts_holding, accounts_of_holder
from trainhub.kernel.access import Identity, Role
from trainhub.kernel.i18n import N_
from trainhub.notifications.operations import notify
from trainhub.organisations import queries as organisations

OF_ISSUER = (Role.UNIVERSITY_ADMIN, Role.CENTRE_LEADER)
OF_PROVINCE = (Role.DEPT_EDU, Role.DEPT_HR)
BATCH = N_("签发批次“%(name)s”（%(n)d 张）等待另一人审核。")
TEMPLATE = N_("证书模板“%(name)s”第 %(n)d 版等待另一人批准。")
KIND = "certificates.to_decide"


def tell_of_batch(batch: IssueBatch, *, by: Identity, now: datetime) -> None:
    """Tell who answers for the issuer beside the one who prepared it; where that one is alone, the province's departments."""
    issuer = organisations.by_id(batch.issuer_id)
    assert issuer is not None
    places = organisations.subject_of(issuer).organisations
    near = {key for place in places for key in accounts_holding(*OF_ISSUER, organisation_id=place)} - _own(by)
    values = {"name": batch.title, "n": batch.count}
    _tell(near or set(accounts_holding(*OF_PROVINCE)) - _own(by), BATCH, values, f"/certificates/batches/{batch.id}", now)


def tell_of_template(template: CertificateTemplate, *, name: str, by: Identity, now: datetime) -> None:
    """Tell those who approve templates, but who submitted it."""
    values = {"name": name, "n": template.edition}
    _tell(set(accounts_holding(*APPROVERS)) - _own(by), TEMPLATE, values, f"/certificates/templates/{template.id}", now)


def _own(by: Identity) -> set[int]:
    return set(accounts_of_holder(by.account_id)) if by.account_id is not None else set()


def _tell(accounts: Collection[int], message: str, values: dict[str, Any], url: str, now: datetime) -> None:
    notify(account_ids=sorted(accounts), kind=KIND, message=message, values=values, url=url, unique_key=f"{KIND}:{url}:{now.isoformat()}", now=now)
