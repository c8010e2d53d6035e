"""Languages: the message id is the Chinese sentence; English is a translation of it.

`_` works outside a request too (commands, workers, tests): there it answers in Chinese unless a language was forced.

Chinese has one form for one and for many; where English has two, its translation holds both: `%(n)s {n:day|days}`, the first for a value
of 1. So a count stays one message id, also where it is kept and told later (docs/architecture.md, Languages).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from babel import Locale
from flask import Flask, g, has_app_context, has_request_context, request, session
from flask_babel import Babel, force_locale, get_translations, gettext
from flask_babel.speaklater import LazyString
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from trainhub.kernel.clock import local

LANGUAGES = {"zh": "中文", "en": "English"}
TAGS = {"zh": "zh-CN", "en": "en"}
babel = Babel()


WORD = "word"
"""The key of a kept value that is itself a sentence or word of the product: its message id."""
_remembers: ContextVar[bool] = ContextVar("remembers", default=False)


class Said(str):
    """A sentence in the language it was said in, that knows what of it is kept for readers of another (see `kept`)."""

    stored: Any

    def __new__(cls, text: str, stored: Any = None) -> Said:
        """`stored` is what `worded` makes the sentence of."""
        made = super().__new__(cls, text)
        made.stored = stored
        return made

    def __str__(self) -> str:
        return self


def _(message: str, **values: Any) -> str:
    """Translate a Chinese sentence into the language of the request; placeholders are `%(name)s`."""
    if _remembers.get():
        return say(message, **values)
    return _filled(message, values)


_FORMS = re.compile(r"\{(\w+):([^{}|]*)\|([^{}|]*)\}")


def _translated(message: str) -> str:
    """A sentence in the language that holds now; a page has hundreds of them, so the catalogue is looked for once as long as the language stays."""
    try:
        here = g._flask_babel
    except (RuntimeError, AttributeError):  # no context, or nothing was said in it yet
        return str(gettext(message)) if has_app_context() else message
    found = here.__dict__.get("catalogue")
    if found is None or found[0] is not here.__dict__.get("babel_locale"):
        said = get_translations().gettext
        found = here.catalogue = (here.babel_locale, said)
    return str(found[1](message))


def _filled(message: str, values: Mapping[str, Any]) -> str:
    text = _translated(message)
    return numbered(text, values) % values if values else text


def numbered(text: str, values: Mapping[str, Any]) -> str:
    """A translation with the form that fits each number: `{n:day|days}` is "day" where the value of `n` is shown as 1."""
    if "{" not in text:
        return text
    return _FORMS.sub(lambda found: found[2] if str(values.get(found[1])).strip() == "1" else found[3], text)


def say(message: str, **values: Any) -> Said:
    """The same, for what is kept and read by others later (the title of a job): `message` is marked `N_`."""
    return Said(_filled(message, values), {WORD: message, "values": kept(values)})


@contextmanager
def remembering() -> Iterator[None]:
    """Within the block every `_` remembers its message id: what a job says has no reader yet."""
    token = _remembers.set(True)
    try:
        yield
    finally:
        _remembers.reset(token)


def _l(message: str, **values: Any) -> Any:
    """The same, evaluated when shown: for labels that are made at import time."""
    return LazyString(_, message, **values)


def kept(value: Any) -> Any:
    """A value as it goes into the database: sentences by message id and values, wherever they stand in it; see `worded`."""
    if isinstance(value, LazyString):
        with remembering():
            value = str(value)
    if isinstance(value, Said):
        return value.stored
    if isinstance(value, Mapping):
        return {name: kept(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [kept(one) for one in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def worded(value: Any) -> Any:
    """What `kept` kept, in the language of the reader; text that was kept as it is stays as it is."""
    if isinstance(value, list):
        return [worded(one) for one in value]
    if not isinstance(value, Mapping):
        return value
    if isinstance(value.get(WORD), str):
        return sentence(value[WORD], value.get("values"))
    if value.keys() == LANGUAGES.keys():
        return value[language()]
    for several, put in (("listed", listed), ("clauses", clauses)):
        if value.keys() == {several}:
            return put(worded(value[several]))
    return {name: worded(one) for name, one in value.items()}


def sentence(message: str, values: Mapping[str, Any] | None) -> str:
    """A kept sentence in the language of the reader; a placeholder without a value shows as it is instead of failing.

    Values are plain ones, words of the product, or texts in both languages (`{"zh", "en"}`).
    """
    translated = _(message)
    try:
        told = {name: worded(one) for name, one in values.items()} if values else {}
        return numbered(translated, told) % told if values else translated
    except (KeyError, ValueError, TypeError):
        return translated


def either(chinese: str, english: str) -> Any:
    """A text that is kept in both languages, such as a label of a certificate's layout: in the reader's when it is shown."""

    def shown() -> str:
        text = english if english and language() == "en" else chinese
        return Said(text, {"zh": chinese, "en": english or chinese}) if _remembers.get() else text

    return LazyString(shown)


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
    return _row("listed", "、" if language() == "zh" else ", ", words)


def clauses(words: Iterable[object]) -> str:
    """Several statements in one sentence, as the reader's language parts them: 甲；乙 and A; B."""
    return _row("clauses", "；" if language() == "zh" else "; ", words)


def _row(name: str, between: str, words: Iterable[object]) -> str:
    parts = [str(word) for word in words]
    text = between.join(parts)
    return Said(text, {name: kept(parts)}) if _remembers.get() else text


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
    """A share between 0 and 1 as per cent, cut and not rounded, as in the reports: what is not whole never reads 100%."""
    if value is None:
        return "—"
    scale = 10**digits
    return f"{math.trunc(round(value * 100 * scale, 6)) / scale:.{digits}f}%"  # round: 0.283 * 1000 is 282.99999999999994


@pass_context
def _in_template(context: Context, message: str, /, **values: Any) -> str:
    """`_` of templates: what is put into the sentence is escaped, and the form of each number fits."""
    text = numbered(_translated(message), values)
    return (Markup(text) if context.eval_ctx.autoescape else text) % values  # noqa: S704 - the product's own words, see jinja2.ext


def init_app(app: Flask) -> None:
    """Install Babel and the template filters d, dt, yuan, num, pct, unit_of, country."""
    babel.init_app(app, locale_selector=_locale, timezone_selector=lambda: "Asia/Shanghai")
    app.jinja_env.filters.update(d=format_date, dt=format_datetime, yuan=format_yuan, num=format_number, pct=format_percent, unit_of=unit_of)
    app.jinja_env.filters["country"] = format_country
    app.jinja_env.globals["gettext"] = _in_template

    @app.context_processor
    def _languages() -> dict[str, Any]:
        return {"lang": language(), "lang_tag": language_tag(), "languages": LANGUAGES}
