"""The blank that a printing house prints for an overprint (套打): what that leaves away, and nothing of anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

from trainhub.certificates.layouts.drawing import Press
from trainhub.certificates.layouts.filling import hangs_on_facts
from trainhub.certificates.layouts.model import Element, Image, Layout, Qr, Seal, Signature, Text
from trainhub.certificates.layouts.sheet import Sheet

HOUSE = Sheet(bleed=3, has_marks=True)
"""How printing houses want it: 3 mm of bleed on each side, and crop marks."""


@lru_cache(maxsize=8)
def _bare(layout: Layout) -> Layout:
    return replace(layout, elements=tuple(_printed_before(layout)))


def _printed_before(layout: Layout) -> Iterator[Element]:
    """What stands on a blank, back to front. Whoever issues seals and signs by hand: a blank with both would be a certificate for the taking."""
    for item in layout.elements:
        match item:
            case Qr() | Seal() | Image(on_blank="no"):
                continue
            case Text() if hangs_on_facts(item):
                continue  # also one that has fixed words beside its facts: the overprint draws it whole
            case Signature():
                yield replace(item, image="")
            case _:
                yield item


def left_to_hand(layout: Layout) -> list[Image]:
    """The pictures that neither the blank nor the overprint has."""
    return [one for one in layout.elements if isinstance(one, Image) and one.on_blank == "no"]


def blank(layout: Layout, sheet: Sheet = HOUSE) -> bytes:
    """The PDF of the blank: frame, ornaments, the pictures that are said to be on it, and fixed words; equal layouts give equal bytes.

    Without texts that hold a fact (with the words beside it) or hang on one, the QR code, the seal, scanned signatures and all other pictures.
    """
    press = Press(_bare(layout), base_url="", sheet=sheet)
    press.add({})
    return press.finish()
