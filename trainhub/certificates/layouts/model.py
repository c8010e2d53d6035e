"""The shape of a layout: a certificate template as versioned data.

Layouts are JSON files. Lengths are millimetres from the top left corner of the page, sizes of type are points, colours
are `#rrggbb`. A text may hold `{field}`; a text with none of the layout's own fields is *fixed* and is drawn once for
a whole file. A change to a published layout is a new version: certificates remember theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from trainhub.certificates.layouts.pictures import BadPicture, Picture, picture

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
FIELD = re.compile(r"\{([a-z_]+)\}")
_FILE = re.compile(r"([a-z_]+)-([0-9]+)\.json")
ALWAYS = ("number", "code", "name")
"""The columns that every template has."""

FieldType = Literal["text", "date", "number"]
Align = Literal["left", "center", "right"]
VerticalAlign = Literal["top", "middle", "bottom"]


@dataclass(frozen=True)
class Field:
    """A fact a template prints. `common` fields are the same on all pages of a file and may have a default."""

    name: str
    label: str
    label_en: str
    type: FieldType = "text"
    required: bool = True
    common: bool = False
    default: str = ""


@dataclass(frozen=True)
class Box:
    """A rectangle in millimetres from the top left corner."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True)
class Text:
    """A text fitted into a box: shrunk from `size` to `min_size` until it fits in `max_lines`, then reported.

    `tracking` is letter spacing in thousandths of the size. With `needs`, the text is left out when that fact is
    absent, with `unless` when it is there; a text of nothing but optional facts also when one of them is absent. `lang` decides how dates and missing facts are worded.
    """

    text: str
    box: Box
    font: str = "serif"
    size: float = 12
    min_size: float = 7
    max_lines: int = 1
    leading: float = 1.35
    align: Align = "center"
    valign: VerticalAlign = "middle"
    color: str = "#1f2937"
    tracking: float = 0
    lang: Literal["zh", "en"] = "zh"
    needs: str = ""
    unless: str = ""


@dataclass(frozen=True)
class Rule:
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float = 0.2
    color: str = "#1f2937"


@dataclass(frozen=True)
class Panel:
    """A filled rectangle; one that reaches beyond the page (x below 0) fills the bleed too."""

    box: Box
    color: str = "#fbf8f1"


@dataclass(frozen=True)
class Border:
    """The frame: two rules with a woven band between them, and corner rosettes."""

    inset: float = 9
    band: float = 6
    color: str = "#9c7a3c"
    light: str = "#cdb98c"


@dataclass(frozen=True)
class Rosette:
    """A pale guilloche behind the text."""

    x: float
    y: float
    radius: float
    color: str = "#f1e9d8"


@dataclass(frozen=True)
class Divider:
    """A rule that thins out from a lozenge in its middle."""

    x: float
    y: float
    width: float
    color: str = "#9c7a3c"


@dataclass(frozen=True)
class Seal:
    """A round seal drawn by us: a ring, a star, the issuer's name along the arc, a line below the star."""

    x: float
    y: float
    radius: float
    text: str
    line: str = ""
    color: str = "#c3272b"


@dataclass(frozen=True)
class Qr:
    """The QR code of the address where the certificate is verified, with its quiet zone outside the box."""

    box: Box
    level: Literal["L", "M"] = "M"
    color: str = "#1f2937"


@dataclass(frozen=True)
class Image:
    """A picture of the layout (`images`), as large as its box allows without being distorted: an emblem, a scanned seal."""

    image: str
    box: Box


@dataclass(frozen=True)
class Signature:
    """A place to sign: a line with a label below it in one or two languages, and above it a scanned signature when there is one."""

    box: Box
    label: str = "负责人（签章）"
    label_en: str = ""
    image: str = ""
    color: str = "#374151"


Element = Text | Rule | Panel | Border | Rosette | Divider | Seal | Qr | Image | Signature
KINDS: dict[str, type[Any]] = {
    "text": Text,
    "rule": Rule,
    "panel": Panel,
    "border": Border,
    "rosette": Rosette,
    "divider": Divider,
    "seal": Seal,
    "qr": Qr,
    "image": Image,
    "signature": Signature,
}


@dataclass(frozen=True, eq=False)
class Layout:
    """A template: page size in millimetres, the facts it prints and what stands where, back to front.

    Compared by identity: `built_in` hands out one object a code.
    """

    code: str
    version: int
    title: str
    title_en: str
    width: float
    height: float
    fields: tuple[Field, ...]
    elements: tuple[Element, ...] = field(repr=False)
    images: Mapping[str, Picture] = field(default_factory=dict, repr=False)

    @property
    def key(self) -> str:
        """Code and version, as certificates store it: `completion-1`."""
        return f"{self.code}-{self.version}"

    @property
    def own_fields(self) -> tuple[Field, ...]:
        """The facts that differ from page to page, beside number, code and name."""
        return tuple(one for one in self.fields if not one.common)

    def field(self, name: str) -> Field | None:
        """The field of that name."""
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Field]:
        return {one.name: one for one in self.fields}

    def is_fixed(self, text: Text) -> bool:
        """Whether the text is the same on all pages of a file."""
        fields_of_text = [self.field(name) for name in FIELD.findall(text.text)]
        return all(one is not None and one.common for one in fields_of_text)


class BadLayout(ValueError):
    """A layout file is wrong; the message says which element and what."""


def _element(data: Mapping[str, Any], position: int) -> Element:
    kind = KINDS.get(str(data.get("kind")))
    if kind is None:
        raise BadLayout(f"element {position}: unknown kind {data.get('kind')!r}")
    values = {key: value for key, value in data.items() if key != "kind"}
    unknown = sorted(values.keys() - {one.name for one in fields(kind)})
    if unknown:
        raise BadLayout(f"element {position} ({data['kind']}): unknown {', '.join(unknown)}")
    if "box" in values:
        values["box"] = Box(*(float(value) for value in values["box"]))
    try:
        element: Element = kind(**values)
    except TypeError as error:
        raise BadLayout(f"element {position} ({data['kind']}): {error}") from error
    return element


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number")


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        data = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError) as bad:
        raise BadLayout(f"no JSON: {bad}") from bad
    wanted = ("code", "version", "title", "title_en", "page", "fields", "elements")
    absent = [name for name in wanted if not isinstance(data, dict) or name not in data]
    if absent:
        raise BadLayout(f"missing {', '.join(absent)}")
    found: Mapping[str, Any] = data
    return found


def read_layout(text: str) -> Layout:
    """A layout from its JSON text; BadLayout names the element at fault."""
    data = _parsed(text)
    layout = Layout(
        code=str(data["code"]),
        version=int(data["version"]),
        title=str(data["title"]),
        title_en=str(data["title_en"]),
        width=float(data["page"][0]),
        height=float(data["page"][1]),
        fields=tuple(Field(**one) for one in data["fields"]),
        elements=tuple(_element(one, position) for position, one in enumerate(data["elements"], 1)),
        images=_images(data.get("images", {})),
    )
    _check(layout)
    return layout


def _images(data: Any) -> dict[str, Picture]:
    if not isinstance(data, dict):
        raise BadLayout("images: a name for each picture")
    found = {}
    for name, uri in data.items():
        if not _NAME.fullmatch(name):
            raise BadLayout(f"images: {name!r} is no name (small letters, digits, hyphens)")
        try:
            found[name] = picture(str(uri))
        except BadPicture as bad:
            raise BadLayout(f"image {name}: {bad}") from bad
    return found


def _check(layout: Layout) -> None:
    """Names that texts and pictures refer to are there; sizes are in order."""
    known = set(ALWAYS)
    known |= {one.name for one in layout.fields}
    for position, element in enumerate(layout.elements, 1):
        if isinstance(element, Text | Seal):
            strange = [name for name in FIELD.findall(element.text) if name not in known]
            if strange:
                raise BadLayout(f"element {position}: no field {', '.join(strange)}")
            if isinstance(element, Text) and not 0 < element.min_size <= element.size:
                raise BadLayout(f"element {position}: min_size must lie between 0 and size")
        if isinstance(element, Image | Signature) and element.image not in layout.images and (element.image or isinstance(element, Image)):
            raise BadLayout(f"element {position}: no image {element.image}")


@cache
def _files() -> dict[str, dict[int, str]]:
    """The built-in layouts: file name by code and version, from names like `completion-1.json`."""
    found: dict[str, dict[int, str]] = {}
    for name in sorted(one.name for one in files(__package__ or "").iterdir()):
        match = _FILE.fullmatch(name)
        if match:
            found.setdefault(match[1], {})[int(match[2])] = name
    return found


def codes() -> tuple[str, ...]:
    """The codes of the built-in layouts."""
    return tuple(_files())


@cache
def built_in(code: str, version: int | None = None) -> Layout:
    """A built-in layout, the newest unless a version is given; KeyError for an unknown one."""
    if version is None:
        return built_in(code, max(_files()[code]))
    name = _files()[code][version]
    layout = read_layout(files(__package__ or "").joinpath(name).read_text("utf-8"))
    if (layout.code, layout.version) != (code, version):
        raise BadLayout(f"{name} holds {layout.key}")
    return layout


def data_of(layout: Layout) -> dict[str, Any]:
    """A built-in layout as the data it was read from."""
    name = _files()[layout.code][layout.version]
    data: dict[str, Any] = json.loads(files(__package__ or "").joinpath(name).read_text("utf-8"))
    return data
