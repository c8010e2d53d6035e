"""What a reader finds on pages as a printer shows them: poppler draws them at 150 dpi, in grey and with hard edges, as ink has them (to smooth them takes
as long again), and writes them as they are (to deflate a page as PNG takes three times as long as to draw it). The reader looks for QR codes, the only ones
that are drawn: to look for all it knows takes five times as long."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


def codes_on(pdf: bytes) -> list[list[str]]:
    """What the QR codes of each page say; the test is skipped where there is no poppler or no reader."""
    zxing, image = pytest.importorskip("zxingcpp"), pytest.importorskip("PIL.Image")
    if shutil.which("pdftoppm") is None:
        pytest.skip("pdftoppm (poppler-utils) is not installed")
    with TemporaryDirectory() as folder:
        subprocess.run(["pdftoppm", "-r", "150", "-gray", "-aa", "no", "-aaVector", "no", "-", f"{folder}/page"], input=pdf, check=True)
        return [
            [code.text for code in zxing.read_barcodes(image.open(page), formats=zxing.BarcodeFormat.QRCode)]
            for page in sorted(Path(folder).iterdir())
        ]
