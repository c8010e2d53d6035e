"""Typed settings from the environment; a half-configured system refuses to start and says what to set.

Every variable begins with TRAINHUB_ and is documented in docs/operations.md.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


class HalfConfigured(Exception):
    """The settings contradict each other or something is missing; the message says which variable to set to what."""


@dataclass(frozen=True)
class Settings:
    """What an installation decides. `is_demo` belongs to the instance folder, not to a variable."""

    instance: Path
    database_url: str
    secret_key: str
    base_url: str = "http://127.0.0.1:8000"
    is_demo: bool = False
    is_testing: bool = False
    smtp_url: str = ""
    mail_from: str = ""
    files_url: str = ""
    trusted_proxies: int = 0
    max_upload_mb: int = 200
    log_level: str = "INFO"
    pdf_signer: Path | None = None
    pdf_signer_password: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_https(self) -> bool:
        """Cookies are Secure exactly when the address people use is https."""
        return self.base_url.startswith("https://")


DEMO_MARK = "demo.json"
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_KNOWN = {
    "DATABASE_URL", "INSTANCE", "SECRET_KEY", "BASE_URL", "SMTP_URL", "MAIL_FROM", "FILES_URL", "TRUSTED_PROXIES",
    "MAX_UPLOAD_MB", "LOG_LEVEL", "PDF_SIGNER", "PDF_SIGNER_PASSWORD", "TEST_DATABASE_URL", "TEST_REQUIRE", "CHROMIUM",
}  # fmt: skip


def load(environ: Mapping[str, str] | None = None, *, need_secret: bool = True) -> Settings:
    """Read the settings. Raises HalfConfigured with every problem found, not only the first."""
    env = {k.removeprefix("TRAINHUB_"): v.strip() for k, v in (environ or os.environ).items() if k.startswith("TRAINHUB_")}
    problems: list[str] = [f"TRAINHUB_{name} is not a setting; the settings are listed in docs/operations.md" for name in sorted(set(env) - _KNOWN)]
    instance = Path(env.get("INSTANCE") or "instance").resolve()
    is_demo = (instance / DEMO_MARK).exists()
    secret = env.get("SECRET_KEY", "")
    if not secret and is_demo:
        secret = _kept_demo_secret(instance)
    if need_secret and not secret:
        problems.append(
            "TRAINHUB_SECRET_KEY is not set: set it to a random text of at least 32 characters, for example the output of "
            "`python -c 'import secrets; print(secrets.token_urlsafe(48))'`, and keep it as safe as the backups"
        )
    elif secret and len(secret) < 32:
        problems.append("TRAINHUB_SECRET_KEY is shorter than 32 characters: use a longer random text")
    url = env.get("DATABASE_URL") or f"sqlite:///{instance / 'trainhub.sqlite3'}"
    if url.startswith(("postgresql://", "postgres://")):
        url = "postgresql+psycopg://" + url.split("://", 1)[1]
    if not url.startswith(("sqlite:///", "postgresql+psycopg://")):
        problems.append("TRAINHUB_DATABASE_URL must begin with sqlite:/// or postgresql://")
    base_url = (env.get("BASE_URL") or "http://127.0.0.1:8000").rstrip("/")
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
        problems.append("TRAINHUB_BASE_URL must be the address people type, such as https://train.example.edu.cn, without a path")
    if bool(env.get("SMTP_URL")) != bool(env.get("MAIL_FROM")):
        problems.append("TRAINHUB_SMTP_URL and TRAINHUB_MAIL_FROM belong together: set both to send e-mail, or neither")
    if env.get("SMTP_URL") and urlsplit(env["SMTP_URL"]).scheme not in ("smtp", "smtps"):
        problems.append("TRAINHUB_SMTP_URL must look like smtp://user:password@host:587 or smtps://host:465")
    if env.get("FILES_URL") and (urlsplit(env["FILES_URL"]).scheme != "s3" or not urlsplit(env["FILES_URL"]).netloc):
        problems.append("TRAINHUB_FILES_URL must look like s3://bucket/prefix; without it files are kept in the instance folder")
    log_level = (env.get("LOG_LEVEL") or "INFO").upper()
    if log_level not in LOG_LEVELS:
        problems.append(f"TRAINHUB_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}, not {env['LOG_LEVEL']!r}")
    if env.get("PDF_SIGNER") and not Path(env["PDF_SIGNER"]).is_file():
        problems.append("TRAINHUB_PDF_SIGNER must name a PKCS #12 file (.p12, .pfx) that can be read; without it PDFs carry no PAdES signature")
    numbers = {name: _number(env.get(name, ""), name, default, problems) for name, default in (("TRUSTED_PROXIES", 0), ("MAX_UPLOAD_MB", 200))}
    if problems:
        raise HalfConfigured("\n".join(problems))
    return Settings(
        instance=instance,
        database_url=url,
        secret_key=secret,
        base_url=base_url,
        is_demo=is_demo,
        smtp_url=env.get("SMTP_URL", ""),
        mail_from=env.get("MAIL_FROM", ""),
        files_url=env.get("FILES_URL", ""),
        trusted_proxies=numbers["TRUSTED_PROXIES"],
        max_upload_mb=numbers["MAX_UPLOAD_MB"],
        log_level=log_level,
        pdf_signer=Path(env["PDF_SIGNER"]) if env.get("PDF_SIGNER") else None,
        pdf_signer_password=env.get("PDF_SIGNER_PASSWORD", ""),
    )


def _number(text: str, name: str, default: int, problems: list[str]) -> int:
    if not text:
        return default
    if not text.isdigit():
        problems.append(f"TRAINHUB_{name} must be a whole number, not {text!r}")
        return default
    return int(text)


def _kept_demo_secret(instance: Path) -> str:
    """A demo instance makes its own secret once and keeps it, readable by its owner only."""
    path = instance / "demo-secret"
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()
