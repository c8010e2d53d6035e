"""Pictures in a layout: scanned seals, emblems, signatures. PNG and JPEG, held in the layout itself so that a version is whole.

A picture is decoded once and embedded once in a file, however many pages show it. Transparency becomes a soft mask.
"""

from __future__ import annotations

import base64
import io
import re
import zlib
from dataclasses import dataclass
from functools import lru_cache

MOST_BYTES = 400_000
"""Of one picture: a seal of 40 mm at 300 dpi is far smaller."""
MOST_PIXELS = 4_000_000
_DATA = re.compile(r"data:image/(png|jpeg);base64,([A-Za-z0-9+/=]+)")


class BadPicture(ValueError):
    """The bytes are no picture that a certificate can hold; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as a PDF holds it: its samples (deflated RGB, or a JPEG as it came) and, when it is transparent, its mask."""

    width: int
    height: int
    samples: bytes
    is_jpeg: bool
    is_gray: bool
    mask: bytes
    uri: str

    @property
    def ratio(self) -> float:
        """Width by height."""
        return self.width / self.height


def data_uri(data: bytes) -> str:
    """The bytes of a PNG or JPEG as a layout holds them; BadPicture for anything else."""
    if len(data) > MOST_BYTES:
        raise BadPicture(f"more than {MOST_BYTES // 1000} KB")
    kind = "png" if data.startswith(b"\x89PNG\r\n\x1a\n") else "jpeg" if data.startswith(b"\xff\xd8\xff") else ""
    if not kind:
        raise BadPicture("neither PNG nor JPEG")
    uri = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    picture(uri)
    return uri


@lru_cache(maxsize=64)
def picture(uri: str) -> Picture:
    """The picture of a data URI; BadPicture when it cannot be read, is too large, or has colours for a press (CMYK)."""
    match = _DATA.fullmatch(uri)
    if match is None or len(match[2]) > MOST_BYTES * 4 // 3 + 4:
        raise BadPicture("a picture is data:image/png or data:image/jpeg in base64, of at most 400 KB")
    try:
        data = base64.b64decode(match[2], validate=True)
        return _decoded(data, uri, is_jpeg=match[1] == "jpeg")
    except BadPicture:
        raise
    except Exception as bad:  # Pillow raises many kinds for damaged files
        raise BadPicture(f"the picture cannot be read: {str(bad)[:80]}") from bad


def _decoded(data: bytes, uri: str, *, is_jpeg: bool) -> Picture:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=("JPEG",) if is_jpeg else ("PNG",)) as image:
        width, height = image.size
        if width * height > MOST_PIXELS:
            raise BadPicture(f"more than {MOST_PIXELS // 1_000_000} million pixels")
        image.load()
        if is_jpeg:
            if image.mode not in ("RGB", "L"):
                raise BadPicture("a JPEG in CMYK: save it as RGB")
            return Picture(width, height, data, True, image.mode == "L", b"", uri)
        full = image.convert("RGBA")
        alpha = full.getchannel("A")
        mask = b"" if alpha.getextrema() == (255, 255) else zlib.compress(alpha.tobytes(), 9)
        return Picture(width, height, zlib.compress(full.convert("RGB").tobytes(), 9), False, False, mask, uri)
