"""Checks of organisations: the unified social credit code, and what a verification needs."""

from __future__ import annotations

import re
import unicodedata

from trainhub.organisations.types import OrganisationKind, UsccProblem

# GB 32100: registering authority and category (letters are in use), division (6 digits), organisation code, check character.
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}\Z")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{1,39}\Z")

JUDGED = ("is_internet_enterprise", "is_leading_internet")
"""What awards and certificates go by: who verifies says it, not the organisation of itself."""
PLACED = ("region_code", "parent_id")
"""Where an organisation belongs: it decides who verifies, inspects and pays it, so that is not the organisation's own to say."""
LOOKED_UP = ("credit_status", "credit_checked_on")
"""What a look-up of the credit found (FJ-31, 000:817): nobody types it, a look-up is recorded."""
GOOD_CREDIT = "正常"


def normalise_code(text: str) -> str:
    """A code as it is stored: narrow characters, no spaces inside."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def normalise_uscc(text: str) -> str:
    """A USCC as it is stored: narrow, upper case, no spaces or dashes."""
    return re.sub(r"[\s-]+", "", unicodedata.normalize("NFKC", text)).upper()


def uscc_problem(uscc: str) -> UsccProblem | None:
    """What is wrong with a normalised USCC (GB 32100-2015), None when nothing is."""
    from stdnum.cn import uscc as standard

    if len(uscc) != 18:
        return UsccProblem.LENGTH
    if not _USCC.match(uscc):
        return UsccProblem.CHARACTERS
    if uscc[-1] != standard.calc_check_digit(uscc[:-1]):
        return UsccProblem.CHECK_DIGIT
    return None


def uscc_of_code(kind: OrganisationKind, code: str) -> str | None:
    """The USCC that an enterprise's code is meant to be: any code of 18 letters and digits. None for a code of one's own, and for others.

    An enterprise that has no USCC yet (abroad, being founded) gets a code of one's own, and its USCC before it is verified.
    """
    text = normalise_uscc(code)
    return text if kind is OrganisationKind.ENTERPRISE and re.fullmatch(r"[0-9A-Z]{18}", text) else None


def is_code(code: str) -> bool:
    """Whether a text may be an organisation's code: 2 to 40 letters, digits, dots, dashes and underscores."""
    return bool(_CODE.match(code))


def missing_for_verification(kind: OrganisationKind, *, uscc: str | None, region_code: str | None) -> list[str]:
    """Names of the facts that must be known before an organisation is verified (IPLUS-3.3.2: only a verified one publishes).

    An enterprise needs its USCC; everybody needs a region, because figures are reported by region.
    """
    missing = []
    if kind is OrganisationKind.ENTERPRISE and not uscc:
        missing.append("uscc")
    if not region_code:
        missing.append("region_code")
    return missing
