"""The roof: `create_app` knows every room by its door and nothing of what is inside."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast

import click
from apiflask import APIFlask
from flask import Flask, send_from_directory

import courses.wiring
import enterprises.wiring
import trainhub.certificates.wiring
import trainhub.identity.wiring
import trainhub.ledger.wiring
import trainhub.notifications.wiring
import trainhub.organisations.wiring
import trainhub.oversight.chains.wiring
import trainhub.oversight.evaluation.wiring
import trainhub.oversight.goals.wiring
import trainhub.oversight.home.wiring
import trainhub.oversight.issuing.wiring
import trainhub.oversight.reports.wiring
import trainhub.oversight.search.wiring
import trainhub.oversight.surveys.wiring
import trainhub.oversight.talents.wiring
import trainhub.people.wiring
import trainhub.programmes.wiring
from trainhub import __version__, config
from trainhub.assets import asset_dir
from trainhub.kernel import (
    api,
    audit,
    db,
    file_checks,
    file_sweeping,
    files,
    forms,
    health,
    i18n,
    initialise,
    job_sweeping,
    jobs,
    key_marks,
    logs,
    proxies,
    restoring,
    stylesheet,
    web,
)
from trainhub.kernel.access import public
from trainhub.kernel.engines import engine_options
from trainhub.kernel.i18n import N_


class Door(Protocol):
    """What every room's `wiring.py` offers."""

    TABLES: tuple[ModuleType, ...]
    COMMANDS: dict[str, click.Command]

    def register(self, app: Flask) -> None:
        """Register blueprints, permissions, navigation, tasks."""


DOORS: tuple[Door, ...] = cast(
    "tuple[Door, ...]",
    (
        trainhub.organisations.wiring,
        trainhub.programmes.wiring,
        trainhub.people.wiring,
        trainhub.identity.wiring,
        trainhub.notifications.wiring,
        trainhub.ledger.wiring,
        trainhub.certificates.wiring,
        courses.wiring,
        enterprises.wiring,
        trainhub.oversight.goals.wiring,
        trainhub.oversight.evaluation.wiring,
        trainhub.oversight.chains.wiring,
        trainhub.oversight.issuing.wiring,
        trainhub.oversight.surveys.wiring,
        trainhub.oversight.talents.wiring,
        trainhub.oversight.reports.wiring,
        trainhub.oversight.search.wiring,
        trainhub.oversight.home.wiring,
    ),
)
KERNEL_TABLES = (audit, files, forms, jobs, key_marks)


def load_tables() -> tuple[ModuleType, ...]:
    """Every module that declares tables; importing this module has loaded them all."""
    return (*KERNEL_TABLES, *(module for door in DOORS for module in door.TABLES))


def create_app(settings: config.Settings | None = None) -> APIFlask:
    """Build the app from its settings (default: the environment), and do the rest of a restore that was killed. Raises config.HalfConfigured with words."""
    asked, settings = settings, settings or config.load()
    static = asset_dir("static")
    app = APIFlask(
        "trainhub",
        template_folder=str(asset_dir("templates")),
        static_folder=str(static),
        json_errors=False,
        docs_path=None,
        spec_path=None,
        title="trainhub API",
        version=__version__,
    )
    # Jinja keeps 400 templates unless told otherwise; the house has more, and each that falls out is compiled again when it is asked for.
    app.jinja_options = {**app.jinja_options, "cache_size": 2_000}
    app.config.update(_flask_settings(settings))
    logs.init_app(app, settings.log_level)
    proxies.init_app(app, settings.trusted_proxies)
    db.init_app(app)
    i18n.init_app(app)
    web.init_app(app)
    stylesheet.init_app(app)
    app.register_blueprint(health.blueprint)
    for door in DOORS:
        door.register(app)
    jobs.register_periodic(app, "files.check", file_checks.task, every=file_checks.EVERY, title=N_("核对保存的文件"))
    jobs.register_periodic(app, job_sweeping.TASK, job_sweeping.task, every=timedelta(hours=12), title=N_("删除到期的后台任务记录"))
    jobs.register_periodic(app, file_sweeping.TASK, file_sweeping.task, every=timedelta(days=1), title=N_("清除没有登记的文件内容"))
    loaders = [door.load_reference for door in DOORS if hasattr(door, "load_reference")]
    initialise.register_reference(app, asset_dir("seeds") / "reference", loaders)
    api.init_app(app)
    web.protect(app)

    @app.get("/favicon.ico")
    @public
    def favicon() -> Any:
        """Browsers ask for it at the root whatever the page says."""
        return send_from_directory(static / "img", "favicon.ico", max_age=86400)

    if (settings.instance / restoring.NOTE).exists():
        with app.app_context():
            if restoring.resume(settings.instance):
                return create_app(asked)  # whether the instance is a demo may have changed with its files
    return app


def _flask_settings(settings: config.Settings) -> dict[str, Any]:
    return {
        "SETTINGS": settings,
        "SECRET_KEY": settings.secret_key,
        "TESTING": settings.is_testing,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "MAX_CONTENT_LENGTH": settings.max_upload_mb * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 4 * 1024 * 1024,
        "SESSION_COOKIE_NAME": "trainhub",
        "SESSION_COOKIE_SECURE": settings.is_https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_TIME_LIMIT": 12 * 3600,
        "WTF_CSRF_SSL_STRICT": settings.is_https,
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_TIMEZONE": "Asia/Shanghai",
        "BABEL_TRANSLATION_DIRECTORIES": str(Path(__file__).resolve().parent / "translations"),
        "OPENAPI_VERSION": "3.1.0",
        "VALIDATION_ERROR_STATUS_CODE": 422,
    }
