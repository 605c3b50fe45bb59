"""Badges: a stack in one line of SVG. Nothing here knows a database or a request."""

import base64
import hashlib
import unicodedata
from collections.abc import Iterable
from itertools import takewhile

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

THEMES = ("auto", "light", "dark")
LABEL = "tech stack"
# More names than these, or wider than this, is a list and no badge.
MAX_TOOLS = 4
MAX_VALUE_PIXELS = 320

# Of the label, its text, the value, its text. Each text has a contrast of at least 4.5:1 to what is behind it.
_FILLS = {
    "light": ("#e6ebf0", "#1d2935", "#0a536c", "#ffffff"),
    "dark": ("#27313c", "#e9eef3", "#6fcbe6", "#0b1d27"),
}
# The mark of the site: width, height, x and y of each bar are in the template below.
_MARK = ("#a34a86", "#25805a", "#9a6a12", "#3f63b5")

_DARK_RULES = "".join(f".{name}{{fill:{fill}}}" for name, fill in zip("abcd", _FILLS["dark"], strict=True))
# Its text is always the same, so that the answer's security policy can name it by its digest.
_AUTO_STYLE = f"@media(prefers-color-scheme:dark){{{_DARK_RULES}}}"
STYLE_SOURCE = f"'sha256-{base64.b64encode(hashlib.sha256(_AUTO_STYLE.encode()).digest()).decode()}'"

FONT_PIXELS = 11
# Widths in thousandths of the type's size, about those of Verdana. `textLength` has viewers keep to what comes of them.
_WIDTHS = {
    274: "il",
    344: "j",
    352: "f ",
    364: ".,",
    394: "t",
    421: "I",
    427: "r",
    454: "()[]/:;-|\\",
    521: "csz",
    545: "?J",
    592: "kvxyL",
    607: "aeoFP",
    623: "bdghnpquTY",
    636: "0123456789$*_`{}E",
    689: "ABCKRSVX",
    732: "UGNH",
    771: "DOQ",
    818: "+<=>~^#w&",
    843: "M",
    973: "mW@%",
}
_WIDTH_OF = {character: width for width, characters in _WIDTHS.items() for character in characters}
# Of a letter that is in no line of the table, and of one as wide as high.
_OTHER_WIDTH, _FULL_WIDTH = 640, 1000

_TEMPLATE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="20" viewBox="0 0 {width} 20" role="img"'
    ' aria-label="{title}"><title>{title}</title>{style}'
    '<clipPath id="r"><rect width="{width}" height="20" rx="4"/></clipPath>'
    '<g clip-path="url(#r)"><rect class="a" width="{label_width}" height="20" fill="{a}"/>'
    '<rect class="c" x="{label_width}" width="{value_width}" height="20" fill="{c}"/></g>{mark}'
    '<g font-family="Verdana,DejaVu Sans,Bitstream Vera Sans,sans-serif" font-size="11">'
    '<text class="b" x="{label_x}" y="14" textLength="{label_length}" fill="{b}">{label}</text>'
    '<text class="d" x="{value_x}" y="14" textLength="{value_length}" fill="{d}">{value}</text></g></svg>'
)
# Pixels beside a text, and what the mark takes with the space behind it.
_SPACE, _MARK_PIXELS = 7, 16


def plain(text: str) -> str:
    """`text` without what XML can't hold, or what would change the order of the letters beside it."""
    return "".join(
        character if not unicodedata.category(character).startswith("C") else " " for character in text
    ).strip()


def text_width(text: str) -> int:
    """About how many pixels wide `text` is at the size of badges."""
    return round(sum(map(_width, text)) * FONT_PIXELS / 1000)


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    if unicodedata.east_asian_width(character) in "WF":
        return _FULL_WIDTH
    return _WIDTH_OF.get(character, _OTHER_WIDTH)


def count_value(count: int) -> str:
    """What a badge says of a number of tools."""
    return f"{count:,} tool{'' if count == 1 else 's'}"


def tools_value(names: Iterable[str], count: int) -> str:
    """The first names that have room, and how many of `count` more there are: "Python · Django +12"."""
    shown: list[str] = []

    def fits(name: str) -> bool:
        return len(shown) < MAX_TOOLS and text_width(" · ".join([*shown, name])) <= MAX_VALUE_PIXELS

    for name in takewhile(fits, map(plain, names)):
        shown.append(name)  # noqa: PERF402 - `fits` looks at what is there
    if not shown:
        return count_value(count)
    more = count - len(shown)
    return " · ".join(shown) + (f" +{more:,}" if more > 0 else "")


def draw(*, value: str, title: str, theme: str) -> SafeString:
    """The badge as SVG, without a script. `title` is what screen readers say; `theme` one of `THEMES`."""
    label_length, value_length = text_width(LABEL), text_width(value)
    label_width = _SPACE + _MARK_PIXELS + label_length + _SPACE
    value_width = _SPACE + value_length + _SPACE
    style = mark_safe(f"<style>{_AUTO_STYLE}</style>") if theme == "auto" else ""  # noqa: S308 - a constant
    return format_html(
        _TEMPLATE,
        width=label_width + value_width,
        label_width=label_width,
        value_width=value_width,
        label_x=_SPACE + _MARK_PIXELS,
        value_x=label_width + _SPACE,
        label_length=label_length,
        value_length=value_length,
        label=LABEL,
        value=value,
        title=plain(title),
        style=style,
        mark=_mark(),
        **dict(zip("abcd", _FILLS["dark" if theme == "dark" else "light"], strict=True)),
    )


def _mark() -> SafeString:
    bars = ((4, 0, 16), (1, 6, 14), (7, 12, 16), (2, 18, 20))
    return format_html(
        '<g transform="translate(6 4.5) scale(.5)">{}</g>',
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="4" rx="1" fill="{}"/>',
            ((*bar, fill) for bar, fill in zip(bars, _MARK, strict=True)),
        ),
    )
