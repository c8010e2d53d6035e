"""The address that printed codes lead to: on paper it stands for years, so it is never one that leads to the reader's own device."""

from __future__ import annotations

import os
from pathlib import Path

from trainhub.config import DEMO_MARK, Settings
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import FILE as KEYS_FILE

LOOPBACK = "http://127.0.0.1:8000"


class NoAddress(Refused):
    """It is not known where certificates are verified; nothing was printed."""

    code = "no_address"

    def __init__(self, address: str) -> None:
        super().__init__(
            _(
                "没有设置 TRAINHUB_BASE_URL：印出的二维码会指向 %(address)s，别人扫码打不开。请把它设为用户输入的网址（例如 https://train.example.edu.cn）后重试；没有打印任何内容。",
                address=address,
            )
        )


def printable(settings: Settings) -> str:
    """The address of this installation. Raises NoAddress where it leads everybody to their own device; only demos print that."""
    if not (settings.is_reachable or settings.is_demo or settings.is_testing):
        raise NoAddress(settings.base_url)
    return settings.base_url


def without_app() -> tuple[str, bool]:
    """(address, whether it is real) for a command that opens no installation, by the same rule; a shell beside none may try things out."""
    given = os.environ.get("TRAINHUB_BASE_URL", "").strip()
    folder = Path(os.environ.get("TRAINHUB_INSTANCE") or "instance")
    if not given and (folder / KEYS_FILE).exists() and not (folder / DEMO_MARK).exists():
        raise NoAddress(LOOPBACK)
    return given or LOOPBACK, bool(given)
