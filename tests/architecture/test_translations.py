"""Every message of the product has an English translation with the same placeholders; what is untranslated is listed."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "trainhub" / "translations" / "en" / "LC_MESSAGES" / "messages.po"
PLACEHOLDER = re.compile(r"%(?:\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]|%)")


def _extracted(folder: Path) -> set[str]:
    """The messages in code and templates, as `make translations` collects them."""
    pot = folder / "messages.pot"
    command = [str(Path(sys.executable).parent / "pybabel"), "-q", "extract", "--ignore-dirs", ".*", "-F", "trainhub/translations/babel.cfg"]
    command += ["-k", "_", "-k", "_l", "-k", "N_", "--omit-header", "-o", str(pot), "trainhub", "courses", "enterprises", "templates"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    with pot.open("rb") as file:
        return {str(message.id) for message in read_po(file) if message.id}


def _inside_f_strings() -> set[str]:
    """The messages written inside f-strings, which the extractor may not see."""
    found = set()
    for path in (path for room in ("trainhub", "courses", "enterprises") for path in (ROOT / room).rglob("*.py")):
        strings = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.JoinedStr)]
        for call in (part for string in strings for part in ast.walk(string) if isinstance(part, ast.Call)):
            if isinstance(call.func, ast.Name) and call.func.id in ("_", "_l", "N_") and call.args and isinstance(call.args[0], ast.Constant):
                found.add(str(call.args[0].value))
    return found


def test_everything_is_translated(tmp_path: Path) -> None:
    with CATALOGUE.open("rb") as file:
        done = {str(message.id): str(message.string) for message in read_po(file, locale="en") if message.id}
    extracted = _extracted(tmp_path)
    assert len(extracted) > 3000
    assert sorted(extracted - {key for key, text in done.items() if text}) == []
    assert sorted(set(done) - extracted) == []
    assert sorted(_inside_f_strings() - extracted) == [], "write these before the f-string: the extractor does not look into it"


def test_placeholders_survive_translation() -> None:
    with CATALOGUE.open("rb") as file:
        wrong = [
            (message.id, message.string)
            for message in read_po(file, locale="en")
            if message.id and sorted(PLACEHOLDER.findall(str(message.id))) != sorted(PLACEHOLDER.findall(str(message.string)))
        ]
    assert wrong == []
