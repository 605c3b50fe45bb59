"""Logos as files of `static/logos/`: one colour for light pages and one for dark, both readable."""

import colorsys
from pathlib import Path

from django.conf import settings

LOGO_DIR = Path(settings.BASE_DIR) / "static/logos"

# WCAG asks 3:1 of graphics. The surfaces are those of static/css/tokens.css, the tile's `--raised`.
# Thin marks on dark need more to be told apart.
LIGHT_SURFACE, LEAST_ON_LIGHT = "#ffffff", 3.0
DARK_SURFACE, LEAST_ON_DARK = "#222d38", 4.5

# Marks under these may not be changed or not be used in commerce; a colour of our own is a change.
REFUSED_LICENCES = ("-ND", "-NC", "custom")


def is_allowed(licence: str | None) -> bool:
    """Whether a mark's licence (an SPDX name, "custom", or none stated) lets us recolour and show it."""
    return not licence or not any(part in licence for part in REFUSED_LICENCES)


def contrast(a: str, b: str) -> float:
    """The contrast of two colours "#rrggbb", 1 to 21, as WCAG 2 defines it."""
    lighter, darker = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def colour_pair(colour: str) -> tuple[str, str]:
    """A brand's colour for light and for dark surfaces: changed in lightness only, and only where it must be."""
    return (
        _readable(colour, LIGHT_SURFACE, LEAST_ON_LIGHT, step=-0.02),
        _readable(colour, DARK_SURFACE, LEAST_ON_DARK, step=0.02),
    )


def _readable(colour: str, surface: str, least: float, *, step: float) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    found = colour.lower()
    while contrast(found, surface) < least and 0 <= lightness <= 1:
        lightness += step
        rgb = colorsys.hls_to_rgb(hue, min(max(lightness, 0), 1), saturation)
        found = "#" + "".join(f"{round(channel * 255):02x}" for channel in rgb)
    return found


def logo_svg(path: str, colour: str) -> str:
    """The file of a mark: its path data in a 24 by 24 square, coloured for light and dark."""
    light, dark = colour_pair(colour)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        f"<style>path{{fill:{light}}}@media(prefers-color-scheme:dark){{path{{fill:{dark}}}}}</style>"
        f'<path d="{path}"/></svg>\n'
    )
