"""Packages are refused, naming the member, before anything of them can do harm."""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
from pathlib import Path

import pytest

from courses.interop import formats
from courses.interop.packages import Limits, PackageRefused, open_package
from tests.courses.interop.courses_for_tests import OXA, course_folder, member, tar_gz


def refused(path: Path, **limits: int) -> PackageRefused:
    with pytest.raises(PackageRefused) as caught, open_package(path, limits=Limits(**limits)):
        pass
    return caught.value


@pytest.mark.parametrize("name", ["../evil.txt", "a/../../evil.txt", "/evil.txt", "..\\evil.txt", "C:\\evil.txt"])
def test_a_path_out_of_the_package_is_refused_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    error = refused(tar_gz(tmp_path / "x.tar.gz", [(member("course/course.xml"), b"<course/>"), (member(name), b"x")]))
    assert error.code == "unsafe_path"
    assert error.details[0]["file"] == name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["x.tar.gz"]


@pytest.mark.parametrize(
    ("kind", "link"),
    [(tarfile.SYMTYPE, "/etc/passwd"), (tarfile.LNKTYPE, "course.xml"), (tarfile.CHRTYPE, ""), (tarfile.FIFOTYPE, "")],
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes, link: str) -> None:
    error = refused(tar_gz(tmp_path / "x.tar.gz", [(member("static/a", kind, link), b"")]))
    assert (error.code, error.details[0]["file"]) == ("unsafe_path", "static/a")


def test_a_link_in_a_folder_is_refused(tmp_path: Path) -> None:
    root = course_folder(tmp_path / "c")
    (root / "static").mkdir()
    os.symlink("/etc/passwd", root / "static" / "p")
    assert refused(root).details[0]["file"] == "static/p"


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        info = zipfile.ZipInfo("static/p")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    assert refused(tmp_path / "x.zip").code == "unsafe_path"


def test_a_bomb_is_refused(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "bomb.tar.gz", "w:gz") as archive:
        info = member("static/zeros")
        info.size = 8 << 20
        with open("/dev/zero", "rb") as zeros:
            archive.addfile(info, zeros)
    assert (tmp_path / "bomb.tar.gz").stat().st_size < 20_000
    assert refused(tmp_path / "bomb.tar.gz", ratio_from=1 << 20).code == "too_large"
    assert refused(tmp_path / "bomb.tar.gz", max_file=1 << 20).details[0]["file"] == "static/zeros"
    assert refused(tmp_path / "bomb.tar.gz", max_total=1 << 20).code == "too_large"


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("static/zeros", b"\0" * (8 << 20))
    assert refused(tmp_path / "bomb.zip", ratio_from=1 << 20).code == "too_large"


def test_a_long_header_does_not_fill_the_memory(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar.gz", "w:gz", format=tarfile.PAX_FORMAT, pax_headers={"comment": "x" * (4 << 20)}) as archive:
        archive.addfile(member("course.xml"))
    assert refused(tmp_path / "x.tar.gz", ratio_from=1 << 20).code == "too_large"


def test_members_are_counted(tmp_path: Path) -> None:
    path = tar_gz(tmp_path / "x.tar.gz", [(member(f"f{n}"), b"") for n in range(4)])
    with open_package(path, limits=Limits(max_members=4)):
        pass
    assert refused(path, max_members=3).code == "too_large"


@pytest.mark.parametrize("share", [0.01, 0.5, 0.99, 0.99998])
def test_a_truncated_archive_is_refused(tmp_path: Path, share: float) -> None:
    whole = OXA.read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: int(len(whole) * share)])
    error = refused(tmp_path / "cut.tar.gz")
    assert error.code == "truncated"
    assert "重新" in error.message


def test_an_archive_without_its_end_is_refused(tmp_path: Path) -> None:
    whole = gzip.decompress(OXA.read_bytes()).rstrip(b"\0")
    cut = whole[: len(whole) // 2 // 512 * 512]
    (tmp_path / "cut.tar").write_bytes(cut)
    (tmp_path / "cut.tar.gz").write_bytes(gzip.compress(cut))
    assert refused(tmp_path / "cut.tar").code == "truncated"
    assert refused(tmp_path / "cut.tar.gz").code == "truncated"


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    whole = bytearray(OXA.read_bytes())
    whole[len(whole) // 2] ^= 0xFF
    (tmp_path / "bad.tar.gz").write_bytes(whole)
    assert refused(tmp_path / "bad.tar.gz").code == "truncated"


@pytest.mark.parametrize("content", [b"", b"hello", gzip.compress(b"hello", mtime=0), b"PK\x03\x04 no zip"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.tar.gz").write_bytes(content)
    with pytest.raises(PackageRefused):
        formats.read(tmp_path / "x.tar.gz")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.tar.gz").code == "not_found"


def test_an_unknown_format_names_the_formats_there_are(tmp_path: Path) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "imsmanifest.xml").write_text("<manifest/>")
    with pytest.raises(PackageRefused) as caught:
        formats.detect(tmp_path / "c")
    assert caught.value.code == "unknown_format"
    assert "OLX" in caught.value.message


def test_the_course_is_found_below_and_two_are_refused(tmp_path: Path) -> None:
    course_folder(tmp_path / "pack" / "a" / "b")
    assert formats.detect(tmp_path / "pack").code == "olx"
    assert formats.read(tmp_path / "pack").code == "SE101"
    course_folder(tmp_path / "pack" / "a" / "c")
    with pytest.raises(PackageRefused) as caught:
        formats.read(tmp_path / "pack")
    assert "a/b" in caught.value.message


def test_a_zip_reads_like_the_folder(tmp_path: Path) -> None:
    root = course_folder(tmp_path / "c")
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, path.relative_to(tmp_path).as_posix())
    assert formats.read(tmp_path / "c.zip") == formats.read(root)


def test_nothing_of_an_archive_stays(tmp_path: Path) -> None:
    with open_package(OXA) as package:
        root = package.root
        assert root.is_dir()
    assert not root.exists()
