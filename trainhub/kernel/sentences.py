"""Sentences that rules wrote in Chinese, told in the language of the reader.

Rules are pure and decisions are frozen, so what they found is Chinese text in the finding. A feature names the sentences that its
rules write, with `%(name)s` where a value stands; a text that is none of them is left as it is.
"""

from __future__ import annotations

import re

from trainhub.kernel.i18n import _, language

_PLACE = re.compile(r"%\((\w+)\)s")


class Sentences:
    """The sentences of one feature, as message ids marked with `N_`; what has more fixed words is tried first."""

    def __init__(self, *sentences: str) -> None:
        by_words = sorted(sentences, key=lambda one: (-len(_PLACE.sub("", one)), one))
        self._known = [(one, re.compile(self._pattern(one), re.S)) for one in by_words]
        within = [(one, re.compile(self._pattern(one, "." if "；" in one else "[^；]"), re.S)) for one in by_words]
        self._tried = [*within, *self._known]
        """A value may hold anything, but first none that holds several clauses: 甲 1 人；乙 2 人 is two sentences, not one of 1 人；乙 2."""

    @staticmethod
    def _pattern(sentence: str, letter: str = ".") -> str:
        parts = _PLACE.split(sentence.replace("%%", "%"))
        return "".join(f"(?P<{part}>{letter}+?)" if place % 2 else re.escape(part) for place, part in enumerate(parts))

    def told(self, text: object) -> str:
        """The text in the reader's language; values inside it that are sentences too are told in their turn."""
        said = str(text)
        if language() == "zh" or said.isascii():
            return said
        for sentence, pattern in self._tried:
            if (found := pattern.fullmatch(said)) is not None:
                return _(sentence, **{name: self.told(value) for name, value in found.groupdict().items()})
        return said
