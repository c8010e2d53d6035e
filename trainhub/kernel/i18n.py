"""Languages: the message id is the Chinese sentence; English is a translation of it.

`_` works outside a request too (commands, workers, tests): there it answers in Chinese unless a language was forced.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from babel import Locale
from flask import Flask, g, has_app_context, has_request_context, request, session
from flask_babel import Babel, force_locale, gettext, lazy_gettext
from flask_babel.speaklater import LazyString

from trainhub.kernel.clock import local

LANGUAGES = {"zh": "中文", "en": "English"}
TAGS = {"zh": "zh-CN", "en": "en"}
babel = Babel()


def _(message: str, **values: Any) -> str:
    """Translate a Chinese sentence into the language of the request; placeholders are `%(name)s`."""
    if not has_app_context():
        return message % values if values else message
    return str(gettext(message, **values))


def _l(message: str, **values: Any) -> Any:
    """The same, evaluated when shown: for labels that are made at import time."""
    return lazy_gettext(message, **values)


def either(chinese: str, english: str) -> Any:
    """A text that is kept in both languages, such as a label of a certificate's layout: in the reader's when it is shown."""
    return LazyString(lambda: english if english and language() == "en" else chinese)


def N_(message: str) -> str:  # noqa: N802 - the usual name, known to the extractor of messages
    """Mark a message id that is stored now and translated for each reader when it is shown (notices)."""
    return message


def language() -> str:
    """`zh` or `en`: the choice in the address, then of the session, then Chinese, whatever the browser asks."""
    if has_app_context() and "forced_language" in g:
        return str(g.forced_language)
    if not has_request_context():
        return "zh"
    asked = request.args.get("lang")
    if asked in LANGUAGES:
        return asked
    chosen = session.get("lang")
    return chosen if chosen in LANGUAGES else "zh"


def listed(words: Iterable[object]) -> str:
    """Several things in one sentence, as the reader's language puts them in a row: 甲、乙 and A, B."""
    return ("、" if language() == "zh" else ", ").join(map(str, words))


def clauses(words: Iterable[object]) -> str:
    """Several statements in one sentence, as the reader's language parts them: 甲；乙 and A; B."""
    return ("；" if language() == "zh" else "; ").join(map(str, words))


def language_tag() -> str:
    """The value of `<html lang>`."""
    return TAGS[language()]


def _locale() -> str:
    return "zh_Hans_CN" if language() == "zh" else "en"


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """Run a block in one language (e-mails in the reader's language, documents in both)."""
    before = g.get("forced_language")
    g.forced_language = code
    try:
        with force_locale("zh_Hans_CN" if code == "zh" else "en"):
            yield
    finally:
        if before is None:
            g.pop("forced_language", None)
        else:
            g.forced_language = before


# Own formatters: Babel per table cell costs 1 to 3 ms a page.
def format_date(day: date | datetime | None) -> str:
    """ISO date as people here write it; an instant is shown as its day in Shanghai."""
    if day is None:
        return "—"
    if isinstance(day, datetime):
        day = local(day).date()
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}"


def format_datetime(instant: datetime | None) -> str:
    """Minutes in Shanghai time."""
    return "—" if instant is None else local(instant).strftime("%Y-%m-%d %H:%M")


def format_yuan(fen: int | None) -> str:
    """Money in fen as yuan with thousands separators."""
    if fen is None:
        return "—"
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    whole, cents = divmod(fen, 100)
    return f"{sign}¥{whole:,}" + (f".{cents:02d}" if cents else "")


def format_number(value: int | float | None) -> str:
    """Thousands separators."""
    return "—" if value is None else f"{value:,}"


def unit_of(unit: Any, value: Any) -> str:
    """The unit beside a number: English says "1 course", "2 courses"; the catalogue holds the plural, Chinese has none."""
    text = str(unit)
    return text.removesuffix("s") if language() == "en" and str(value) == "1" else text


def format_country(code: str | None) -> str:
    """The name of a country in the reader's language for the two letters of ISO 3166; what Unicode does not name stays as it is."""
    if not code:
        return "—"
    if code == "TW":  # official papers write it beside Hong Kong and Macao, which Unicode's list already words so
        return _("中国台湾")
    return str(Locale.parse(_locale()).territories.get(code, code))


def format_percent(value: float | None, digits: int = 1) -> str:
    """A share between 0 and 1 as per cent."""
    return "—" if value is None else f"{value * 100:.{digits}f}%"


def init_app(app: Flask) -> None:
    """Install Babel and the template filters d, dt, yuan, num, pct, unit_of, country."""
    babel.init_app(app, locale_selector=_locale, timezone_selector=lambda: "Asia/Shanghai")
    app.jinja_env.filters.update(d=format_date, dt=format_datetime, yuan=format_yuan, num=format_number, pct=format_percent, unit_of=unit_of)
    app.jinja_env.filters["country"] = format_country

    @app.context_processor
    def _languages() -> dict[str, Any]:
        return {"lang": language(), "lang_tag": language_tag(), "languages": LANGUAGES}
