"""The access log of gunicorn without what must not be kept: no query, no Referer, no token of a link, whatever format is asked for."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from trainhub.kernel.logs import safe_path

FORMAT = '%(h)s %(t)s "%(m)s %(U)s %(H)s" %(s)s %(B)s %(M)sms'
HIDDEN = ("q", "f", "{referer}i", "{cookie}i", "{authorization}i", "{location}o", "{set-cookie}o")


class AccessLog(Logger):  # type: ignore[misc]
    """For `gunicorn --logger-class trainhub.kernel.access_log.AccessLog`."""

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """What a format may name; variables of the environment repeat all of it and are not told."""
        made = {key: value for key, value in super().atoms(resp, req, environ, request_time).items() if not key.endswith("}e")}
        made["U"] = safe_path(str(made["U"] or ""))
        made["r"] = f"{made['m']} {made['U']} {made['H']}"
        return made | dict.fromkeys(HIDDEN, "-")
