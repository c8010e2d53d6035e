"""The page that verifies without us, as one file to keep: script, keys and words inside, no address fetched, for years.

It is handed out as a download, not shown here, so the strict content security policy of the site does not apply to it; it brings
its own, which allows nothing but itself.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from typing import Any

from trainhub.assets import asset_dir

_STYLE = (
    "body{font:16px/1.75 'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem;color:#1b2630}"
    "h1{font-size:1.5rem}.faint{color:#636c75;font-size:.875rem;overflow-wrap:anywhere}dt{font-weight:600}dd{margin:0 0 .5rem}"
)


def page(*, lang: str, title: str, lead: str, label: str, hint: str, note: str, data: Mapping[str, Any]) -> str:
    """The HTML; `data` are the attributes that the script of the site's own page reads (keys, multikeys, words, labels, did)."""
    script = (asset_dir("static") / "js" / "verify-offline.js").read_text("utf-8")
    hashes = [b64encode(sha256(text.encode()).digest()).decode("ascii") for text in (script, _STYLE)]
    policy = f"default-src 'none'; script-src 'sha256-{hashes[0]}'; style-src 'sha256-{hashes[1]}'"
    attributes = " ".join(
        f'data-{name}="{escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True))}"'
        for name, value in data.items()
    )
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title><style>{_STYLE}</style></head>\n'
        f"<body><main data-verify-offline {attributes}><h1>{escape(title)}</h1><p>{escape(lead)}</p>"
        f'<div data-live hidden><p><label>{escape(label)} <input type="file" multiple></label></p><p class="faint">{escape(hint)}</p>'
        f'<div data-result aria-live="polite"></div></div><p class="faint">{escape(note)}</p></main>\n<script>{script}</script></body></html>\n'
    )
