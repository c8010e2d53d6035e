"""The frame of the HTTP API: OpenAPI 3.1, tokens, cursors, problem+json. Each feature adds its resources in its `api.py`.

`api_blueprint(name)` makes a blueprint under /api/v1 whose requests need no CSRF token (they carry a bearer token, never a
cookie). `CursorPage` and `cursor_page` give every list the same shape: items and next_cursor, in a stable order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

import sqlalchemy as sa
from apiflask import APIBlueprint, APIFlask
from flask import Flask, jsonify, render_template, request
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from trainhub.kernel.access import public
from trainhub.kernel.db import session
from trainhub.kernel.errors import Refused
from trainhub.kernel.i18n import _, listed
from trainhub.kernel.paging import CURSOR_PARTS, decode_cursor, encode_cursor
from trainhub.kernel.web import answer_refused, csrf, sent

PREFIX = "/api/v1"
LARGEST_ID = 2**63 - 1
"""What the integer keys of both databases can hold; a number beyond it would be an error of the database."""


WRITTEN: dict[type, tuple[re.Pattern[str], str]] = {
    bool: (re.compile("true|false"), "true or false"),
    int: (re.compile(r"(0|-?[1-9][0-9]*)(\.0+)?"), "a whole number"),
    float: (re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?"), "a number as JSON writes it"),
    date: (re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}"), "a day as YYYY-MM-DD"),
    datetime: (
        re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"),
        "an instant as RFC 3339 writes it, with its offset",
    ),
}
"""How a value may be written in a query, and the words for it; this is what the description promises (JSON Schema, RFC 3339)."""


def well_written(kind: type, value: Any) -> bool:
    """Whether a value stands for `kind` without guessing: of that type, or text in the one form of WRITTEN.

    Pydantic by itself also takes `0` for a day (1970), `yes` for true, `1_000` for a number; `1.0` is a whole number in JSON Schema.
    """
    if isinstance(value, str):
        return WRITTEN[kind][0].fullmatch(value) is not None
    if kind in (int, float):
        return isinstance(value, int | float) and not isinstance(value, bool) and (kind is float or value == int(value))
    return type(value) is kind


class ApiModel(BaseModel):
    """Strict on the way in: unknown and mistyped fields are refused, also numbers, days and instants written otherwise than promised."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)

    @field_validator("*", mode="before")
    @classmethod
    def _written_as_promised(cls, value: Any, info: ValidationInfo) -> Any:
        """Judge fields of one plain type, with or without null; all others are pydantic's."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        is_union = get_origin(annotation) in (Union, UnionType)
        kinds = [one for one in (get_args(annotation) if is_union else (annotation,)) if one in WRITTEN]
        if value is not None and kinds and not any(well_written(kind, value) for kind in kinds):
            raise PydanticCustomError("form", "Input should be {form}", {"form": " or ".join(WRITTEN[kind][1] for kind in kinds)})
        return value


class Problem(BaseModel):
    """RFC 9457 problem details; `details` name what was wrong at which parameter, column or row."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    code: str | None = None
    field: str | None = None
    details: list[dict[str, Any]] = Field(default_factory=list)


def _cursor(kind: type) -> Any:
    """A cursor over a column of that type: described here, judged by `decode_cursor`, which refuses with words."""
    return Field(json_schema_extra={"pattern": f"^{CURSOR_PARTS[kind]}$"})


class CursorQuery(ApiModel):
    """How to page: `cursor` is the `next_cursor` of the page before, absent for the first."""

    cursor: str | None = None
    limit: int = Field(50, ge=1, le=200)


class ByNumber(CursorQuery):
    """Pages of a list in the order of a number."""

    cursor: Annotated[str, _cursor(int)] | None = Field(None, description="`next_cursor` of the page before, as it was given")


class ByCode(CursorQuery):
    """Pages of a list in the order of a code."""

    cursor: Annotated[str, _cursor(str)] | None = Field(None, description="`next_cursor` of the page before, as it was given")


def api_blueprint(name: str, tag: str) -> APIBlueprint:
    """A blueprint of API resources; `tag` groups them in the documentation."""
    made = APIBlueprint(f"api_{name}", f"trainhub.api.{name}", url_prefix=PREFIX, tag=tag)
    csrf.exempt(made)
    made.before_request(_refuse_repeated)
    return made


def _refuse_repeated() -> None:
    """A parameter given twice is refused; taking the first and dropping the second would be a guess."""
    if twice := sorted(name for name, values in request.args.lists() if len(values) > 1):
        details = [{"column": name, "value": sent(name), "problem": "given more than once"} for name in twice]
        raise Refused(_("请求的参数重复：%(names)s。每个参数只能给一次。", names=listed(twice)), code="bad_input", details=details)


def cursor_page(
    statement: sa.Select[Any],
    *,
    order: Sequence[Any],
    key: Callable[[Any], Sequence[Any]],
    query: CursorQuery,
    render: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """One page of a statement in the order of `order` (which must be unique); one query."""
    if query.cursor is not None:
        after = decode_cursor(query.cursor, [one.type.python_type for one in order])
        statement = statement.where(sa.tuple_(*order) > sa.tuple_(*[sa.bindparam(None, v, type_=c.type) for v, c in zip(after, order, strict=True)]))
    rows = session().execute(statement.order_by(*order).limit(query.limit + 1)).all()
    page = rows[: query.limit]
    return {
        "items": [render(row) for row in page],
        "next_cursor": encode_cursor(key(page[-1])) if len(rows) > query.limit else None,
    }


def init_app(app: Flask) -> None:
    """Serve the description and its page."""
    assert isinstance(app, APIFlask)
    app.security_schemes = {"bearer": {"type": "http", "scheme": "bearer"}}

    def refused(error: Any) -> Any:
        """Input that does not fit its schema is refused like everything else: with words, as problem+json."""
        found = error.detail.items() if isinstance(error.detail, dict) else ()
        details = [
            {"column": name, "value": sent(name), "problem": "; ".join(said) if isinstance(said, list) else str(said)} for name, said in _flat(found)
        ]
        names = listed(row["column"] for row in details)
        refusal = Refused(_("请求的参数无效：%(names)s。", names=names), code="bad_input", details=details)
        refusal.status = error.status_code
        return answer_refused(refusal)

    # Not by error_processor: it would also take every 404 and CSRF error of the pages from kernel.web.
    app.error_callback = refused

    @app.spec_processor
    def described(spec: Any) -> Any:
        """Complete the description."""
        return _with_problems(spec)

    @cache
    def description() -> dict[str, Any]:
        """Made once: it says the same to everybody, but for the address it was asked at."""
        return cast("dict[str, Any]", app.spec)

    @app.get(f"{PREFIX}/openapi.json")
    @app.doc(hide=True)
    @public
    def openapi() -> Any:
        """The OpenAPI 3.1 description of this installation's API."""
        return jsonify(description() | {"servers": [{"url": request.url_root}]})

    @app.get(f"{PREFIX}/docs")
    @app.doc(hide=True)
    @public
    def api_docs() -> Any:
        """The description as a page to read."""
        return render_template("trainhub/api/docs.html", groups=_groups(description()))


def _flat(found: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Messages by parameter; apiflask puts them under the place they came from (query, json)."""
    for name, said in found:
        if isinstance(said, dict):
            yield from _flat(said.items())
        else:
            yield str(name), said


REFUSALS = {
    "400": "Not understood: a character that text cannot hold",
    "401": "No valid bearer token",
    "403": "The token's holder lacks the permission, or the token its scope",
    "404": "Unknown, or not visible to the token's holder",
    "422": "Input that was understood and refused",
    "429": "Too many requests; see Retry-After",
}


def _with_problems(spec: dict[str, Any]) -> dict[str, Any]:
    """Every operation may be refused, always as problem+json; every operation needs a token."""
    schemas = spec.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    body = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    spec["paths"] = {path: methods for path, methods in spec.get("paths", {}).items() if path.startswith(PREFIX + "/")}
    for methods in spec.get("paths", {}).values():
        for method, operation in methods.items():
            if method in ("get", "post", "put", "patch", "delete"):
                answers = operation.setdefault("responses", {})
                for status, text in REFUSALS.items():
                    answers[status] = {"description": text, "content": body}
                operation.setdefault("security", [{"bearer": []}])
    return spec


def _groups(spec: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The operations of a description by tag, as the page lists them."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, methods in sorted(spec.get("paths", {}).items()):
        shared = methods.get("parameters", [])
        for method, operation in methods.items():
            if method == "parameters":
                continue
            parameters = [p.get("name", "") for p in [*shared, *operation.get("parameters", [])]]
            row = {
                "method": method.upper(),
                "path": path,
                "summary": operation.get("summary", ""),
                "description": operation.get("description", ""),
                "parameters": parameters,
            }
            groups.setdefault((operation.get("tags") or ["-"])[0], []).append(row)
    return sorted(groups.items())
