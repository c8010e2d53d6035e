"""How codes, links and news reach people: channels are adapters that rooms above, or an installation, register.

An adapter is a function `(to, subject, text, now) -> None` called inside the transaction that makes the code or link; it
must not talk to the network there but queue a row or a job. `trainhub.notifications` registers e-mail. For short messages an
installation registers its provider with `register_channel(app, Channel.SMS, send)`; until it does, the phone is not offered,
except in demo mode, where `log_adapter` writes the message to the log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from flask import Flask, current_app

from trainhub.identity.types import Channel

Adapter = Callable[[str, str, str, datetime], None]


@dataclass(frozen=True, slots=True)
class News:
    """Something an account is told where it finds all its news: a Chinese message id with its values, and the page it leads to."""

    account_id: int
    kind: str
    message: str
    url: str
    unique_key: str
    is_mailed: bool = False
    """Whether the same was sent by e-mail already."""
    values: Mapping[str, Any] = field(default_factory=dict)


Teller = Callable[[News, datetime], None]
log = structlog.get_logger("delivery")


def register_channel(app: Flask, channel: Channel, adapter: Adapter) -> None:
    """Called by `wiring.py` of a room above, or by an installation's own code; the last one registered is used."""
    app.extensions.setdefault("trainhub.channels", {})[channel] = adapter


def channels() -> list[Channel]:
    """By what this installation can reach people, in the order of the enum."""
    known = current_app.extensions.get("trainhub.channels", {})
    return [channel for channel in Channel if channel in known]


def reaches_by_mail() -> bool:
    """Whether this installation can send an e-mail at all: pages promise none where it cannot."""
    return Channel.EMAIL in channels()


def is_offered(channel: Channel) -> bool:
    """Whether this installation has a way to send by a channel, be it to the log of a demonstration."""
    return channel in channels()


def deliver(channel: Channel, *, to: str, subject: str, text: str, now: datetime) -> bool:
    """Hand a message to its channel; False when there is none or no address, and nothing was sent, or when it went to the log only."""
    adapter: Adapter | None = current_app.extensions.get("trainhub.channels", {}).get(channel)
    if adapter is None or not to:
        return False
    adapter(to, subject, text, now)
    return adapter is not log_adapter


def is_only_logged(channel: Channel) -> bool:
    """Whether messages of a channel reach nobody: a demonstration writes them to its log."""
    return current_app.extensions.get("trainhub.channels", {}).get(channel) is log_adapter


def log_adapter(to: str, subject: str, text: str, now: datetime) -> None:
    """For demonstrations: the message is written to the log instead of being sent."""
    log.info("message.not_sent", to=to, subject=subject, text=text, at=now.isoformat())


def register_teller(app: Flask, teller: Teller) -> None:
    """Called by the room above that keeps the news of each account."""
    app.extensions["trainhub.teller"] = teller


def tell(news: News, *, now: datetime) -> None:
    """Hand on what an account shall find among its news; in the same transaction."""
    teller: Teller = current_app.extensions["trainhub.teller"]
    teller(news, now)
