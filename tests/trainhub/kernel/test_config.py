"""Settings refuse to start half-configured and say what to set."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from trainhub import config

GOOD = {"TRAINHUB_SECRET_KEY": "x" * 32}


def test_defaults_are_a_laptop(tmp_path: Path) -> None:
    settings = config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'trainhub.sqlite3'}"
    assert (settings.base_url, settings.is_https, settings.is_demo) == ("http://127.0.0.1:8000", False, False)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "TRAINHUB_SECRET_KEY is not set"),
        ({"TRAINHUB_SECRET_KEY": "x" * 31}, "shorter than 32"),
        ({**GOOD, "TRAINHUB_DATABASE_URL": "mysql://x"}, "TRAINHUB_DATABASE_URL must begin with"),
        ({**GOOD, "TRAINHUB_BASE_URL": "train.example.cn"}, "TRAINHUB_BASE_URL must be"),
        ({**GOOD, "TRAINHUB_BASE_URL": "https://a.cn/path"}, "without a path"),
        ({**GOOD, "TRAINHUB_SMTP_URL": "smtp://h"}, "belong together"),
        ({**GOOD, "TRAINHUB_MAIL_FROM": "a@b.cn"}, "belong together"),
        ({**GOOD, "TRAINHUB_SMTP_URL": "http://h", "TRAINHUB_MAIL_FROM": "a@b.cn"}, "must look like smtp://"),
        ({**GOOD, "TRAINHUB_MAX_UPLOAD_MB": "much"}, "whole number"),
        ({**GOOD, "TRAINHUB_FILES_URL": "bucket"}, "TRAINHUB_FILES_URL must look like s3://"),
        ({**GOOD, "TRAINHUB_LOG_LEVEL": "loud"}, "TRAINHUB_LOG_LEVEL must be one of DEBUG"),
        ({**GOOD, "TRAINHUB_SECRETKEY": "typo"}, "TRAINHUB_SECRETKEY is not a setting"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, environ: dict[str, str], says: str) -> None:
    with pytest.raises(config.HalfConfigured, match=says.replace("(", r"\(")):
        config.load({"TRAINHUB_INSTANCE": str(tmp_path), **environ})


def test_every_setting_is_documented() -> None:
    """Those of an installation in operations.md, those of a test run in testing.md."""
    docs = Path(__file__).resolve().parents[3] / "docs"
    text = (docs / "operations.md").read_text() + (docs / "testing.md").read_text()
    assert [name for name in sorted(config._KNOWN) if f"TRAINHUB_{name}" not in text] == []


def test_every_mistake_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(config.HalfConfigured) as refused:
        config.load({"TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_BASE_URL": "x", "TRAINHUB_DATABASE_URL": "y"})
    assert len(str(refused.value).splitlines()) == 3


def test_a_demo_instance_makes_its_secret_once_and_keeps_it(tmp_path: Path) -> None:
    (tmp_path / config.DEMO_MARK).write_text("{}")
    first = config.load({"TRAINHUB_INSTANCE": str(tmp_path)})
    assert first.is_demo
    assert len(first.secret_key) >= 32
    assert config.load({"TRAINHUB_INSTANCE": str(tmp_path)}).secret_key == first.secret_key
    assert stat.S_IMODE((tmp_path / "demo-secret").stat().st_mode) == 0o600


def test_cookies_are_secure_exactly_over_https(tmp_path: Path) -> None:
    assert config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_BASE_URL": "https://a.cn"}).is_https


def test_postgresql_addresses_get_their_driver(tmp_path: Path) -> None:
    settings = config.load({**GOOD, "TRAINHUB_INSTANCE": str(tmp_path), "TRAINHUB_DATABASE_URL": "postgresql://u@h/d"})
    assert settings.database_url == "postgresql+psycopg://u@h/d"
