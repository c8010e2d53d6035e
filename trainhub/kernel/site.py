"""The address of this installation, for whoever stands outside: a link that somebody is handed leads to it, never to the reader's own device."""

from __future__ import annotations

from flask import current_app

from trainhub.config import Settings
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _


class NoAddress(Refused):
    """It is not known by which address others reach this installation; no link was made."""

    code = "no_address"

    def __init__(self, address: str) -> None:
        super().__init__(
            _(
                "TRAINHUB_BASE_URL 没有设置，或指向本机：链接会指向 %(address)s，收到的人在自己的设备上打不开。请系统管理员把它设为用户输入的网址（例如 https://train.example.edu.cn），"
                "重新启动后再试；没有生成链接，之前的链接仍然有效。",
                address=address,
            )
        )


def is_reachable() -> bool:
    """Whether links lead to this installation wherever they are opened (`Settings.gives_links`)."""
    settings: Settings = current_app.config["SETTINGS"]
    return settings.gives_links


def address(path: str = "") -> str:
    """The whole address of a page (`/link/…`) for somebody outside. Raises NoAddress where it would lead everybody to their own device."""
    base: str = current_app.config["SETTINGS"].base_url
    if not is_reachable():
        raise NoAddress(base)
    return base.rstrip("/") + path


def link(path: str) -> str:
    """The same for a page that shows the address of something that is there already; nothing where it would mislead (`no_address` of the macros says why)."""
    return address(path) if is_reachable() else ""
