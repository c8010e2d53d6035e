"""Whose offices answer for an issuer: its own, that of the organisation it belongs to, those of the hosts of a base."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from sqlalchemy import ColumnElement, select

from trainhub.organisations.models import BaseHost


def by_host(issuer: Any) -> Callable[[Collection[int]], ColumnElement[bool]]:
    """For scopes: the column names a base that one of these organisations hosts, whose office may do for it what it does for itself."""

    def hosted(ids: Collection[int]) -> ColumnElement[bool]:
        here: ColumnElement[bool] = issuer.in_(select(BaseHost.base_id).where(BaseHost.organisation_id.in_(ids), BaseHost.until.is_(None)))
        return here

    return hosted
