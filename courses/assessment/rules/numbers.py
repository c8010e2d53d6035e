"""Numbers and texts as people write them, compared as graders mean it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from courses.assessment.types import Unit

_INTERVAL = re.compile(r"\s*([\[(])\s*([^,;]+)[,;]\s*([^\])]+)([\])])\s*\Z")
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?"
_MEASURE = re.compile(rf"({_NUMBER})(.*)\Z", re.DOTALL)
MAX_PATTERN = 200


def rounded(value: Decimal) -> int:
    """A whole number, half up."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


_GROUPED = re.compile(r"(?<![\d.,])[1-9]\d{0,2}(?:(?:,\d{3})+|(?: \d{3})+)(?![\d,]| \d)")


def _plain(text: str) -> str:
    """Full-width digits, digits in groups of three, a typographic minus and 3×10^8 as a number would be written.

    A comma or a blank elsewhere stays, and what has one is no number: `1,5` would else be read as fifteen."""
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    plain = _GROUPED.sub(lambda found: re.sub("[, ]", "", found[0]), re.sub(r"^([+-])\s+", r"\1", plain))
    return re.sub(r"(?<=[\d.])\s*[x×*·]\s*10\s*\^?\s*\(?\s*([+-]?\d{1,3})\)?", r"e\1", plain)


def number(text: str) -> Decimal | None:
    """A number as people write it: full-width digits, groups of three digits ("1,000", "1 000"), a decimal point, 1e3; None for anything else."""
    plain = _plain(text)
    if len(plain) > 100 or not re.fullmatch(_NUMBER, plain):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def kept_number(text: str) -> Decimal | None:
    """A number of a question as its author entered it. What was taken before a comma and a blank meant groups of three alone ("1,5" as fifteen) is read
    as it was read then: who asks it goes on asking the same."""
    value = number(text)
    return number(re.sub("[, ]", "", unicodedata.normalize("NFKC", text))) if value is None else value


def plain_number(text: str) -> str:
    """A number as machines write it: "1,000" is "1000", a typographic minus the plain one; what is no number stays as it is."""
    value = number(text)
    return text if value is None else f"{value:f}"


def measure(text: str) -> tuple[Decimal, str] | None:
    """A number with what follows it: "3.5 km" is (3.5, "km"); None when it does not begin with a number."""
    plain = _plain(text[:200])
    match = _MEASURE.match(plain)
    if match is None or re.match(r"\s*[,\d]", match.group(2)):  # "1,5 m" is not one of something
        return None
    try:
        return Decimal(match.group(1)), " ".join(match.group(2).split())
    except InvalidOperation:
        return None


def unit_named(name: str, units: Sequence[Unit]) -> Unit | None:
    """The unit a learner wrote: exactly, and only if nothing fits so in any case (mm is not Mm)."""
    wanted = unicodedata.normalize("NFKC", name).replace(" ", "")
    names = [(unicodedata.normalize("NFKC", unit.name).replace(" ", ""), unit) for unit in units]
    exact = next((unit for known, unit in names if known == wanted), None)
    if exact is not None:
        return exact
    loose = [unit for known, unit in names if known.casefold() == wanted.casefold()]
    return loose[0] if len(loose) == 1 else None


def folded(text: str, *, is_case_sensitive: bool = False) -> str:
    """A text answer as it is compared: composed, spaces joined, and lower case unless case matters."""
    plain = " ".join(unicodedata.normalize("NFKC", text).split())
    return plain if is_case_sensitive else plain.casefold()


def fits(given: str, pattern: str, *, is_case_sensitive: bool = False) -> bool:
    """Whether a text is the expected one; `*` stands for any text, `\\*` for a star. Linear in the length of the text."""
    given = folded(given, is_case_sensitive=is_case_sensitive)
    parts = [folded_part.replace("\ue000", "*") for folded_part in _pieces(pattern, is_case_sensitive)]
    if len(parts) == 1:
        return given == parts[0]
    if not given.startswith(parts[0]):
        return False
    place = len(parts[0])
    for part in parts[1:-1]:
        found = given.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return len(given) - place >= len(parts[-1]) and given.endswith(parts[-1])


def _pieces(pattern: str, is_case_sensitive: bool) -> list[str]:
    marked = pattern[:MAX_PATTERN].replace("\\*", "\ue000")
    pieces = marked.split("*")
    if len(pieces) == 1:
        return [folded(marked, is_case_sensitive=is_case_sensitive)]
    return [folded(piece, is_case_sensitive=is_case_sensitive) for piece in pieces]


def allowed_distance(right: Decimal, tolerance: str) -> Decimal:
    """How far from the expected value is still right: "0.5" is absolute, "2%" relative to the expected value."""
    tolerance = unicodedata.normalize("NFKC", tolerance).strip()
    allowed = kept_number(tolerance.rstrip("%")) or Decimal(0)
    return abs(right * allowed / 100) if tolerance.endswith("%") else abs(allowed)


def is_interval(expected: str) -> bool:
    """Whether an expected answer is an interval with two numbers as its ends."""
    match = _INTERVAL.match(expected)
    return match is not None and number(match.group(2)) is not None and number(match.group(3)) is not None


def is_near(given: Decimal, expected: str, tolerance: str) -> bool:
    """Whether a number is the expected one within the tolerance (inclusive), or lies in the expected interval "[5,7)"."""
    interval = _INTERVAL.match(expected)
    if interval:
        low, high = kept_number(interval.group(2)), kept_number(interval.group(3))
        if low is None or high is None:
            return False
        above = given >= low if interval.group(1) == "[" else given > low
        below = given <= high if interval.group(4) == "]" else given < high
        return above and below
    right = kept_number(expected)
    return right is not None and abs(given - right) <= allowed_distance(right, tolerance)
