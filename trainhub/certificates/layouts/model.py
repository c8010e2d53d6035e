"""The shape of a layout: a certificate template as versioned data.

Layouts are JSON files. Lengths are millimetres from the top left corner of the page, sizes of type are points, colours
are `#rrggbb`. A text may hold `{field}`; a text with none of the layout's own fields is *fixed* and is drawn once for
a whole file. A change to a published layout is a new version: certificates remember theirs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Literal

from trainhub.certificates.layouts.pictures import BadPicture, Picture, picture
from trainhub.certificates.layouts.shape import BadLayout, must_be_a_layout, must_fit
from trainhub.kernel.i18n import _, listed

_NAME = re.compile(r"[a-z][a-z0-9-]{0,29}")
FIELD = re.compile(r"\{([a-z_]+)\}")
_FILE = re.compile(r"([a-z_]+)-([0-9]+)\.json")
ALWAYS = ("number", "code", "name")
"""The columns that every template has."""

FieldType = Literal["text", "date", "number"]
Align = Literal["left", "center", "right"]
VerticalAlign = Literal["top", "middle", "bottom"]


Shown = Literal["", "public", "masked", "holder_only"]
_TEACHING = frozenset(
    [
        "teacher",
        "teachers",
        "advisor",
        "adviser",
        "supervisor",
        "supervisors",
        "mentor",
        "mentors",
        "tutor",
        "coach",
        "instructor",
        "lecturer",
        "professor",
        "examiner",
    ]
)
_PERSON = _TEACHING | frozenset(
    ["director", "dean", "principal", "headteacher", "contact", "person", "holder", "student", "trainee", "signer", "pinyin"]
)
_PERSON_NAMES = frozenset({"name_en", "name_zh", "full_name", "english_name"})
_PERSON_WORDS = re.compile("姓名|拼音|教师|老师|导师|师傅|讲师|教授|教练|班主任|负责人|联系人|评委|考官|签发人|院长|校长|主任")
_SPELLED = frozenset(["name", "names", "full", "english", "en", "zh", "cn"])
"""What follows a person's word in the name of a field that still is that person's name."""
_OF_A_PERSON = re.compile("(单位|院系|学院|学校|部门|企业|公司|专业|职称|职务|类别|类型|人数|级别)$")
"""What a label ends with that speaks of people, but names none."""
_PRIVATE = frozenset(["idcard", "passport", "phone", "mobile", "telephone", "email", "born", "birth", "birthday", "birthdate"])
_PRIVATE_OF_A_PERSON = frozenset(["id", "address"])
"""Of a person these are private; a project, an examination or a venue has them too."""
_ALONE = frozenset(["id", "id_no", "id_number", "id_card", "address", "home_address", "mailing_address", "postal_address"])
_PRIVATE_WORDS = re.compile("证件|身份证|护照|电话|手机|邮箱|出生|住址|银行")


@dataclass(frozen=True)
class Field:
    """A fact a template prints. `common` fields are the same on all pages of a file and may have a default.

    `shown` is who reads it where certificates are verified: everybody, everybody with all but the first letters hidden, as the holder's name is, or
    holder and issuer alone. Empty: nobody decided; then what it is called decides (`visibility`).
    """

    name: str
    label: str
    label_en: str
    type: FieldType = "text"
    required: bool = True
    common: bool = False
    default: str = ""
    shown: Shown = ""

    @property
    def visibility(self) -> Shown:
        """`shown`, or what fits the name and label: fields of people are masked, their numbers and addresses stay with the holder."""
        return self.shown or self.usual

    @property
    def usual(self) -> Shown:
        """What fits the name and label when nobody decided; a count of people names nobody."""
        words = self.name.split("_")
        is_of_a_person = not _PRIVATE_OF_A_PERSON.isdisjoint(words) and (self.name in _ALONE or not _PERSON.isdisjoint(words))
        if self.type != "number" and (is_of_a_person or not _PRIVATE.isdisjoint(words) or _PRIVATE_WORDS.search(self.label)):
            return "holder_only"
        while len(words) > 1 and words[-1] in _SPELLED:
            words.pop()
        said = _PERSON_WORDS.search(self.label) and not _OF_A_PERSON.search(self.label)
        names = self.type == "text" and (words[-1] in _PERSON or self.name in _PERSON_NAMES or said)
        return "masked" if names else "public"


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
    """A picture of the layout (`images`), as large as its box allows without being distorted: an emblem, a scanned seal.

    It stands on the blank that a printing house prints only with `on_blank`: nobody but the template knows which picture is a seal.
    """

    image: str
    box: Box
    on_blank: Literal["no", "yes"] = "no"


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
        """Whether the text is the same on all pages of a file: neither what it says nor whether it stands there hangs on a fact of one person."""
        names = [*FIELD.findall(text.text), *filter(None, (text.needs, text.unless))]
        return all((one := self.field(name)) is not None and one.common for name in names)


def _element(data: Any, position: int, *, is_kept: bool) -> Element:
    name = str(data.get("kind")) if isinstance(data, dict) else ""
    kind = KINDS.get(name)
    if kind is None:
        raise BadLayout(_("第 %(n)d 个元素的 kind 应为其中之一：%(kinds)s", n=position, kinds=listed(KINDS)))
    place = _("第 %(n)d 个元素（%(kind)s）", n=position, kind=name)
    values = dict(must_fit({key: value for key, value in data.items() if key != "kind"}, kind, place, is_kept=is_kept))
    if "box" in values:
        values["box"] = Box(*(float(value) for value in values["box"]))
    element: Element = kind(**values)
    return element


def _no_number(word: str) -> float:
    raise BadLayout(_("%(word)s 不是数字", word=word))


def parsed(text: str, *, is_kept: bool = False) -> Mapping[str, Any]:
    """The JSON of a layout by its outer shape; BadLayout says where it is none."""
    try:
        data = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as bad:
        where = {"line": bad.lineno, "column": bad.colno}
        raise BadLayout(_("不是 JSON：第 %(line)d 行第 %(column)d 个字符处写错了，常见的是少了引号、逗号或括号", **where)) from bad
    except RecursionError as bad:
        raise BadLayout(_("括号套得太多")) from bad
    return must_be_a_layout(data, is_kept=is_kept)


def read_layout(text: str, *, is_kept: bool = False) -> Layout:
    """A layout from its JSON text; BadLayout names the element at fault. One that `is_kept` was looked at when it was drawn up."""
    data = parsed(text, is_kept=is_kept)
    own_fields = (must_fit(one, Field, _("第 %(n)d 个字段", n=position), is_kept=is_kept) for position, one in enumerate(data["fields"], 1))
    layout = Layout(
        code=str(data["code"]),
        version=int(data["version"]),
        title=str(data["title"]),
        title_en=str(data["title_en"]),
        width=float(data["page"][0]),
        height=float(data["page"][1]),
        fields=tuple(Field(**one) for one in own_fields),
        elements=tuple(_element(one, position, is_kept=is_kept) for position, one in enumerate(data["elements"], 1)),
        images=_images(data.get("images", {})),
    )
    _check(layout)
    return layout


def _images(data: Any) -> dict[str, Picture]:
    if not isinstance(data, dict):
        raise BadLayout(_("images 应是一个 JSON 对象，写在 { } 里"))
    found = {}
    for name, uri in data.items():
        if not _NAME.fullmatch(name):
            raise BadLayout(_("图片名称“%(name)s”应用小写字母开头，只用小写字母、数字和连字符", name=name[:40]))
        try:
            found[name] = picture(str(uri))
        except BadPicture as bad:
            raise BadLayout(_("图片 %(name)s 不能使用：应为 400 KB 以内的 PNG 或 RGB 的 JPEG，以 base64 写成 data:image/…", name=name)) from bad
    return found


def _check(layout: Layout) -> None:
    """Names that texts and pictures refer to are there; sizes are in order."""
    known = set(ALWAYS)
    known |= {one.name for one in layout.fields}
    for position, element in enumerate(layout.elements, 1):
        if isinstance(element, Text | Seal):
            strange = [name for name in FIELD.findall(element.text) if name not in known]
            if strange:
                raise BadLayout(_("第 %(n)d 个元素引用了没有的字段：%(fields)s", n=position, fields=listed(strange)))
            if isinstance(element, Text) and not 0 < element.min_size <= element.size:
                raise BadLayout(_("第 %(n)d 个元素的 min_size 应大于 0，不超过 size", n=position))
        if isinstance(element, Image | Signature) and element.image not in layout.images and (element.image or isinstance(element, Image)):
            raise BadLayout(_("第 %(n)d 个元素引用了没有的图片：%(image)s", n=position, image=element.image or "—"))


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
