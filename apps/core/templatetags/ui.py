"""Tags and filters of every template: icons, tool tiles, bars and figures. Built in; nothing to load."""

import re
import zlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Protocol

from django import template
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from lucide.templatetags.lucide import lucide

from apps.core.markdown import render_markdown

register = template.Library()


class HasLogo(Protocol):
    """What a tile needs to know of a tool."""

    name: str
    slug: str
    logo: str


@register.simple_tag
@lru_cache(maxsize=256)
def icon(name: str) -> SafeString:
    """An interface icon of Lucide, hidden from screen readers."""
    svg = lucide(name, size=None, **{"class": "icon", "aria-hidden": "true"})
    # The sheet styles strokes; what the file says of them only costs bytes.
    head, body = svg.split(">", 1)
    svg = re.sub(r' (?:width|height|fill|stroke(?:-[a-z]+)?)="[^"]*"', "", head) + ">" + body
    return mark_safe(re.sub(r">\s+<", "><", svg))  # noqa: S308 - from the package's own files


@register.simple_tag
def tile(tool: HasLogo, size: str = "") -> SafeString:
    """A tool's logo, or a monogram where it has none. `size`: xs, sm, xl or nothing."""
    css = f"tile tile-{size}" if size else "tile"
    if tool.logo:
        return format_html(
            '<span class="{}" aria-hidden="true"><img src="{}" alt="" width="24" height="24" loading="lazy"></span>',
            css,
            static(f"logos/{tool.logo}.svg"),
        )
    return format_html(
        '<span class="{} tile-mono hue-{}" aria-hidden="true">{}</span>',
        css,
        zlib.crc32(tool.slug.encode()) % 8,
        monogram(tool.name),
    )


class Person(Protocol):
    """What an avatar needs to know of a person."""

    pk: int
    avatar_digest: str

    def get_full_name(self) -> str: ...


@register.simple_tag
def avatar(person: Person, size: str = "") -> SafeString:
    """A person's picture, or a monogram where they have none. `size`: sm, xl or nothing."""
    css = f"avatar avatar-{size}" if size else "avatar"
    if person.avatar_digest:
        address = reverse("accounts:avatar", kwargs={"pk": person.pk, "digest": person.avatar_digest})
        return format_html(
            '<img class="{}" src="{}" alt="" width="36" height="36" loading="lazy">', css, address
        )
    return format_html(
        '<span class="{} hue-{}" aria-hidden="true">{}</span>',
        css,
        person.pk % 8,
        monogram(person.get_full_name()),
    )


def monogram(name: str) -> str:
    """Two letters for a name: the capitals of two words, or the first two letters of one."""
    words = re.findall(r"[^\W_]+", name)
    if len(words) > 1:
        return f"{words[0][0]}{words[1][0]}".upper()
    return (words[0][:2].capitalize() if words else name[:2]) or "?"


@register.simple_tag
def bar(value: int | None, peak: int | None, side: str = "a", mirrored: bool = False) -> SafeString:
    """A bar of `value` against `peak`; empty where the value is unknown or 0."""
    width = max(1.2, 100 * value / peak) if value and peak else 0
    x = 100 - width if mirrored else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="bg" width="100" height="10"/><rect class="{}" x="{}" width="{}" height="10"/></svg>',
        side,
        f"{x:.4g}",
        f"{width:.4g}",
    )


@register.filter
def compact(value: int | None) -> str:
    """A count with one decimal at most: 666, 9.1K, 72K, 123.5K, 1.2M. Unknown stays "unknown"."""
    if value is None:
        return "unknown"
    for unit, suffix in ((1_000_000, "M"), (1_000, "K")):
        # 999,950 and more would read "1000K".
        if abs(value) >= unit * 0.99995 and abs(value) >= 1_000:
            return f"{value / unit:.1f}".removesuffix(".0") + suffix
    return str(value)


@register.filter
def signed(value: int) -> str:
    """A change with its sign: +1.9K, −12, 0."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return sign + compact(abs(value))


@register.filter
def partial_date(value: str) -> str:
    """A date of the form 2010, 2010-04 or 2010-04-01 in words, as exactly as it is known; what is none stays so."""
    try:
        day = date.fromisoformat(value + "0000-01-01"[len(value) :])
    except ValueError:
        return value
    return date_format(day, ("Y", "M Y", "j M Y")[value.count("-")])


@register.simple_tag
def moment(value: datetime | None) -> SafeString | str:
    """A time: in UTC as the server writes it, and in the reader's zone once site.js has seen it. None: "never"."""
    if value is None:
        return "never"
    value = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}" data-local>{}</time>',
        value.isoformat(timespec="seconds"),
        date_format(value, "j M Y, H:i") + " UTC",
    )


@register.filter
def license_name(value: str) -> str:
    """An SPDX expression as people say it."""
    return value.replace("LicenseRef-Proprietary", "Proprietary").replace("LicenseRef-", "")


@register.filter
def host(url: str) -> str:
    """The host of an address, without www."""
    return re.sub(r"^https?://(www\.)?", "", url).split("/")[0]


@register.filter
def markdown(text: str) -> SafeString:
    return render_markdown(text)


@register.filter
def get(mapping: Mapping[Any, Any], key: object) -> object:
    """The value of a key that is a variable."""
    return mapping.get(key)
