"""Who rules an organisation: gives roles over it, changes what it is, ends its partners."""

from __future__ import annotations

from sqlalchemy import select

from trainhub.kernel.access import Subject
from trainhub.kernel.db import session
from trainhub.organisations.models import BaseHost, Organisation
from trainhub.organisations.queries import region_path, subject_of
from trainhub.organisations.types import OrganisationKind


def ruling_subject(organisation: Organisation) -> Subject:
    """Who rules an organisation: of a base itself and the host that leads it. The other partners see it and work there, but end no partner and give no
    roles over it."""
    if organisation.kind is not OrganisationKind.BASE:
        return subject_of(organisation)
    standing = (BaseHost.base_id == organisation.id, BaseHost.until.is_(None), BaseHost.is_lead.is_(True))
    leads = session().scalars(select(BaseHost.organisation_id).where(*standing))
    return Subject.of(organisations=(organisation.id, organisation.parent_id, *leads), regions=region_path(organisation.region_code).codes)
