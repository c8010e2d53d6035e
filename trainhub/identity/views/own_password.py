"""Around every page that asks for one's own password again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trainhub.identity import operations as ops
from trainhub.kernel import clock
from trainhub.kernel.db import transaction
from trainhub.kernel.errors import Refused
from trainhub.kernel.proxies import client_address


@contextmanager
def counted(account_id: int) -> Iterator[None]:
    """Count the try first, so that no refusal takes it back; what told a guesser nothing is forgotten again. Raises Locked, and what is raised inside."""
    with transaction():
        ops.count_own_password(account_id=account_id, origin=client_address(), now=clock.now(), today=clock.today())
    try:
        yield
    except Refused as refused:
        if refused.code not in ops.TELLING:
            with transaction():
                ops.own_password_told_nothing(account_id=account_id)
        raise
    with transaction():
        ops.own_password_was_right(account_id=account_id)
