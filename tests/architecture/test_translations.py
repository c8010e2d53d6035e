"""Every message of the product has an English translation with the same placeholders; what is untranslated is listed."""

from __future__ import annotations

import ast
import difflib
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from flask import Flask, render_template_string

from trainhub.kernel.i18n import _, _l, say, sentence

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "trainhub" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%(?:\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%)")


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make translations` makes of the catalogues of this tree: its own commands, on a copy."""
    recipe = (ROOT / "Makefile").read_text().split("\ntranslations: setup")[1].split("\n\n")[0]
    commands = [line.strip() for line in recipe.splitlines() if line.startswith("\t")]
    assert len(commands) == 2
    folder = tmp_path_factory.mktemp("translations")
    (folder / "en" / "LC_MESSAGES").mkdir(parents=True)
    shutil.copy(CATALOGUE, folder / "en" / "LC_MESSAGES")
    for line in commands:
        words = shlex.split(line.replace("$(BIN)", str(Path(sys.executable).parent)))
        words = [word.replace("trainhub/translations", str(folder)) if word != "trainhub/translations/babel.cfg" else word for word in words]
        subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return folder


CALL_IN_F_STRING = re.compile(r"""\b[rR]?[fF][rR]?(?:\"{3}|'{3}|["'].*?\b(?:_|_l|N_)\()""")
"""Where a call may stand inside an f-string: behind its beginning in the same line, or anywhere where it has three quotes."""


def _inside_f_strings() -> set[str]:
    """The messages written inside f-strings, which the extractor may not see; to parse what cannot hold one takes five seconds."""
    found = set()
    for path in (path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        strings = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.JoinedStr)] if CALL_IN_F_STRING.search(text) else []
        for call in (part for string in strings for part in ast.walk(string) if isinstance(part, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in ("_", "_l", "N_") and call.args and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
    return found


def test_everything_is_translated(collected: Path) -> None:
    with CATALOGUE.open("rb") as file:
        done = {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}
    with (collected / "messages.pot").open("rb") as file:
        extracted = {str(message.id) for message in read_po(file) if message.id}
    assert len(extracted) > 3000
    assert sorted(extracted - {key for key, text in done.items() if text}) == []
    assert sorted(set(done) - extracted) == []
    assert sorted(_inside_f_strings() - extracted) == [], "write these before the f-string: the extractor does not look into it"


def test_a_percent_sign_is_doubled_only_where_values_are_filled_in() -> None:
    """Without values nothing is filled in, and "100%%" would be read as it is written."""
    found = []
    for path in (path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        for call in ast.walk(ast.parse(text)) if "%%" in text else ():
            is_said = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("_", "_l") and not call.keywords
            if is_said and call.args and isinstance(call.args[0], ast.Constant) and "%%" in str(call.args[0].value):
                found.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert found == []


def test_collecting_messages_again_changes_nothing(collected: Path) -> None:
    """Who adds one sentence gets a change of one sentence; the header (plural forms) is never lost."""
    again = collected / "en" / "LC_MESSAGES" / CATALOGUE.name
    changed = list(difflib.unified_diff(CATALOGUE.read_text().splitlines(), again.read_text().splitlines(), lineterm="", n=0))
    assert changed[:40] == []
    assert '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"' in again.read_text()


def test_placeholders_survive_translation() -> None:
    with CATALOGUE.open("rb") as file:
        wrong = [
            (message.id, message.string)
            for message in read_po(file, locale="en")
            if message.id and sorted(PLACEHOLDER.findall(str(message.id))) != sorted(PLACEHOLDER.findall(str(message.string)))
        ]
    assert wrong == []


def _stored_words() -> set[str]:
    """The messages marked `N_`: stored as they are and translated for each reader when they are shown."""
    found = set()
    for path in (path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if "N_(" not in text:
            continue
        for call in ast.walk(ast.parse(text)):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "N_" and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
    return found


def test_words_that_were_stored_are_kept_when_they_are_said_otherwise() -> None:
    """Notices with the old words lie in centres: without a message of theirs an English reader gets Chinese, whatever is said today."""
    listed = [line for line in (ROOT / "tests" / "architecture" / "stored_words.txt").read_text(encoding="utf-8").splitlines() if line]
    said = {word.replace("\n", "\\n") for word in _stored_words()}
    assert len(listed) == len(set(listed))
    gone = sorted(set(listed) - said)
    assert gone == [], "move these to trainhub/notifications/former.py; only what was never stored is taken off the list"
    assert sorted(said - set(listed)) == [], "append these to tests/architecture/stored_words.txt"


NO_PLURAL = frozenset(
    [
        "is",
        "was",
        "has",
        "does",
        "its",
        "this",
        "as",
        "us",
        "his",
        "less",
        "across",
        "towards",
        "yes",
        "thesis",
        "basis",
        "gets",
        "goes",
        "says",
        "becomes",
        "remains",
        "needs",
        "lies",
        "stands",
        "stays",
        "leaves",
        "joins",
        "exists",
        "belongs",
        "asks",
        "counts",
        "supervises",
        "sits",
        "reviews",
        "signs",
        "uses",
        "holds",
        "lacks",
        "fits",
        "ends",
        "begins",
        "starts",
        "comes",
        "takes",
        "gives",
        "keeps",
        "shows",
        "makes",
        "works",
        "waits",
        "appears",
        "allows",
        "contains",
        "covers",
        "exceeds",
        "already",
        "grades",
        "plans",
        "requests",
        "means",
        "passes",
        "sends",
        "lasts",
        "always",
        "process",
        "address",
        "access",
        "draws",
        "class",
        "business",
        "progress",
        "invites",
        "divides",
        "lateness",
        "platforms",
    ]
)
"""What ends in s behind a value and is no noun of which there may be one: verbs after a name, and the like."""
BETWEEN = frozenset(["of", "than", "on", "and", "for", "take", "can", "reach", "their", "by", "the", "to", "in", "at", "from", "or", "with"])
"""Words after which the noun is not the counted one: two of the eight purposes."""
NAMES = frozenset({"names", "parent", "row", "stage", "term", "theirs", "what", "who", "name", "owner", "years", "said", "posts"})
"""Values that are no numbers."""
_COUNTED = re.compile(r"%\((\w+)\)[sd] ((?:[A-Za-z-]+ ){0,3}?)([a-z-]+s)\b")
_FORMS = re.compile(r"\{(\w+):[^{}|]*\|[^{}|]*\}")


def counted_without_one(english: str) -> list[str]:
    """What of a translation reads "1 items": a number before a plural that has no form for one."""
    return [
        found[0]
        for found in _COUNTED.finditer(english)
        if found[1] not in NAMES and found[3] not in NO_PLURAL and not BETWEEN & set(found[2].lower().split())
    ]


def _catalogue() -> list[Any]:
    with CATALOGUE.open("rb") as file:
        return list(read_po(file, locale="en"))


def test_every_count_has_a_form_for_one() -> None:
    """English says 1 item and 2 items: `%(n)s {n:item|items}`, see `kernel.i18n.numbered`."""
    assert counted_without_one("%(n)s new items of %(name)s has") == ["%(n)s new items"]
    assert counted_without_one("%(n)s {n:item|items}, %(name)s is, %(n)s of the eight kinds") == []
    assert [(str(one.id), found) for one in _catalogue() if one.id for found in counted_without_one(str(one.string))] == []


def test_the_form_asks_a_value_of_the_sentence() -> None:
    wrong = [
        str(one.id)
        for one in _catalogue()
        for name in _FORMS.findall(str(one.string))
        if f"%({name})" not in str(one.string) or f"%({name})" not in str(one.id)
    ]
    assert wrong == []


@pytest.mark.parametrize(("count", "said"), [(1, "1 day"), ("1", "1 day"), (0, "0 days"), (2, "2 days"), ("1,001", "1,001 days"), (1.5, "1.5 days")])
def test_one_is_singular_wherever_it_is_said(app: Flask, count: Any, said: str) -> None:
    with app.test_request_context("/?lang=en"):
        assert _("%(n)s 天", n=count) == said
        assert str(_l("%(n)s 天", n=count)) == said
        assert sentence("%(n)s 天", {"n": count}) == said
        assert say("%(n)s 天", n=count) == said
        assert render_template_string("{{ _('%(n)s 天', n=n) }}", n=count) == said
        assert render_template_string("{{ _('%(n)s 天', n=n) }}", n="<b>") == "&lt;b&gt; days"
    with app.test_request_context("/"):
        assert _("%(n)s 天", n=count) == f"{count} 天"
