"""Whether a telephone number, an e-mail address or a country's code can be one, and a number with its middle hidden. Pure.

Whether it is reached shows when something is sent; here only slips of the pen are found, at the moment somebody can still mend them.
"""

from __future__ import annotations

import re

from babel import Locale

_PHONE = re.compile(r"\+?\(?\d[\d ()\-]*(?:(?:转| ?ext\.? ?|#)\d{1,6})?", re.IGNORECASE)
_EMAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,180}\.[^@\s<>,;\".]{2,}")
_NO_COUNTRY = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})  # entries of Unicode's list of territories that issue no passport


def is_phone(text: str) -> bool:
    """7 to 20 digits, with +, blanks, hyphens, brackets and an extension where they belong."""
    return bool(_PHONE.fullmatch(text)) and 7 <= sum(sign.isdigit() for sign in text) <= 20


def is_email(text: str) -> bool:
    """One @, a dotted domain and no blanks."""
    return bool(_EMAIL.fullmatch(text))


def is_country(code: str) -> bool:
    """The two capital letters that ISO 3166 gives a country or region."""
    return bool(re.fullmatch("[A-Z]{2}", code)) and code not in _NO_COUNTRY and code in Locale("en").territories


def mask_phone(phone: str) -> str:
    """A phone number with its middle hidden: 138****1234."""
    return phone[:3] + "*" * (len(phone) - 7) + phone[-4:] if len(phone) > 7 else "*" * len(phone)
