"""The address that printed codes lead to: on paper it stands for years, so it is never one that leads to the reader's own device."""

from __future__ import annotations

import os
from pathlib import Path

from trainhub.certificates.layouts.qr import TooLong, least_version
from trainhub.config import DEMO_MARK, Settings
from trainhub.kernel import site
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _
from trainhub.kernel.keys import FILE as KEYS_FILE

LOOPBACK = "http://127.0.0.1:8000"


class NoAddress(site.NoAddress):
    """It is not known where certificates are verified; nothing was printed."""

    def __init__(self, address: str) -> None:
        Refused.__init__(
            self,
            _(
                "TRAINHUB_BASE_URL 没有设置，或指向本机：印出的二维码会指向 %(address)s，别人扫码打不开。请把它设为用户输入的网址（例如 https://train.example.edu.cn）后重试；没有打印任何内容。",
                address=address,
            ),
        )


class AddressTooLong(Refused):
    """No code that can be scanned at the size certificates print it holds the address."""

    code = "address_too_long"

    def __init__(self, address: str) -> None:
        super().__init__(
            _(
                "网址 %(address)s 太长，证书上的二维码放不下：请把 TRAINHUB_BASE_URL 设为更短的网址（例如 https://train.example.edu.cn）。",
                address=address,
            )
        )


def fits(address: str) -> bool:
    """Whether the code of a certificate holds this address with number and verification code behind it."""
    base = address.rstrip("/")
    is_bare = "/" not in base.partition("://")[2]  # then the code holds capitals, which take less room (see `Press`)
    try:
        least_version(f"{base.upper() if is_bare else base}/V/{'0' * 18}/{'0' * 12}")
    except TooLong:
        return False
    return True


def must_fit(address: str) -> str:
    """The address; AddressTooLong when it does not fit. Asked before anything is drawn, so that no run stops half-way."""
    if not fits(address):
        raise AddressTooLong(address)
    return address


def printable(settings: Settings) -> str:
    """The address of this installation. Raises NoAddress where it leads everybody to their own device; only demos print that."""
    if not settings.gives_links:
        raise NoAddress(settings.base_url)
    return settings.base_url


def without_app() -> tuple[str, bool]:
    """(address, whether it is real) for a command that opens no installation, by the same rule; a shell beside none may try things out.
    Raises NoAddress and AddressTooLong."""
    given = os.environ.get("TRAINHUB_BASE_URL", "").strip()
    folder = Path(os.environ.get("TRAINHUB_INSTANCE") or "instance")
    if not given and (folder / KEYS_FILE).exists() and not (folder / DEMO_MARK).exists():
        raise NoAddress(LOOPBACK)
    return must_fit(given or LOOPBACK), bool(given)
