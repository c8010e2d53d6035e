"""Whole tables as columns: the quick way and the careful way find the same and say the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainhub.kernel.errors import Refused
from trainhub.kernel.sheets import columns
from trainhub.kernel.sheets.columns import read_columns
from trainhub.kernel.sheets.folder import BadFolder, Folder
from trainhub.kernel.sheets.parsers import parse_int, parse_text, split_list
from trainhub.kernel.sheets.schema import Field, Schema

SCHEMA = Schema(
    [Field("code", "编号", parse_text(most=20), required=True), Field("count", "数量", parse_int), Field("tags", "标签", split_list(), default=())]
)
PLAIN = "code,count,tags\nA1,3,x|y\nB-2,,\n丙,12,z\n"


@pytest.mark.parametrize(
    ("text", "is_plain"),
    [
        (PLAIN, True),
        (PLAIN.replace("\n", "\r\n"), True),
        ("\ufeff编号,数量,标签\nA1,3,x\n", True),
        ("code,extra\nA1,beside\n", True),
        ("code,count,tags\n", True),
        ('code,count\n"A,1",3\n', False),
        ("code,count\n=1+1,3\n", False),
        ("code,count\n-1,3\n", False),
        ("code,count\n A1 ,3\n", False),
        ("code,count\nA1,many\nB2,4\n", False),
        ("code,count\n,4\nB2,4\n", False),
        ("code,count\nA1,3,4\nB2,4\n", False),
        ("code,count\n\nB2,4\n", False),
        ("code,count\n,\nB2,4\n", False),
        ("code;count\nA1;3\n", False),
        ("标题\ncode,count\nA1,3\n", False),
        ("code,count\nA\u0301,3\n", False),
        ("code,count\nA1,１\n", False),
    ],
)
def test_both_ways_agree(tmp_path: Path, text: str, is_plain: bool) -> None:
    path = tmp_path / "one.csv"
    path.write_text(text, encoding="utf-8", newline="")
    quick, careful = columns._plain(path, SCHEMA), columns._careful(path, SCHEMA)
    assert (quick is not None) is is_plain
    found = read_columns(path, SCHEMA)
    assert (list(found.numbers), found.data, found.problems, found.warnings) == (
        list(careful.numbers), careful.data, careful.problems, careful.warnings,
    )  # fmt: skip


def test_a_folder_names_repeated_and_unknown_cells(tmp_path: Path) -> None:
    (tmp_path / "one.csv").write_text("code,count\nA,1\nA,2\nB,3\n")
    folder = Folder(tmp_path, {"one": SCHEMA, "two": SCHEMA}, ("two",))
    rows = folder.known("one", folder.unique("one", folder.read("one"), "code"), code={"A"})
    assert (rows.data["count"], len(folder.read("two"))) == ([1], 0)
    with pytest.raises(BadFolder) as refused:
        folder.refuse_if_bad()
    assert [(d["file"], d["row"], d["column"], d["value"]) for d in refused.value.details] == [
        ("one.csv", 3, "code", "A"),
        ("one.csv", 4, "code", "B"),
    ]
    with pytest.raises(Refused):
        Folder(tmp_path / "nowhere", {}, ())
