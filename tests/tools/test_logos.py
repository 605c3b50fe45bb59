import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.tools.logos import (
    DARK_SURFACE,
    LEAST_ON_DARK,
    LEAST_ON_LIGHT,
    LIGHT_SURFACE,
    LOGO_DIR,
    colour_pair,
    contrast,
    is_allowed,
    logo_svg,
)

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06X}")


@pytest.mark.parametrize("licence", [None, "", "CC0-1.0", "MIT", "CC-BY-4.0", "CC-BY-SA-4.0"])
def test_licence_allows_a_recoloured_mark(licence: str | None) -> None:
    assert is_allowed(licence)


@pytest.mark.parametrize("licence", ["custom", "CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-2.0"])
def test_licence_refuses_a_recoloured_mark(licence: str) -> None:
    assert not is_allowed(licence)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [("#000000", "#ffffff", 21.0), ("#777777", "#777777", 1.0), ("#ff0000", "#ffffff", 3.998)],
)
def test_contrast_is_that_of_wcag(a: str, b: str, expected: float) -> None:
    assert contrast(a, b) == pytest.approx(expected, abs=0.001)


@given(a=colours, b=colours)
@settings(deadline=None)
def test_contrast_is_symmetric_and_between_1_and_21(a: str, b: str) -> None:
    assert contrast(a, b) == contrast(b, a)
    assert 1.0 <= contrast(a, b) <= 21.0


@given(colour=colours)
@settings(deadline=None)
def test_colours_of_a_mark_can_be_seen_on_light_and_dark(colour: str) -> None:
    light, dark = colour_pair(colour)

    assert contrast(light, LIGHT_SURFACE) >= LEAST_ON_LIGHT
    assert contrast(dark, DARK_SURFACE) >= LEAST_ON_DARK


@given(colour=colours)
@settings(deadline=None)
def test_colour_that_can_be_seen_stays_as_the_brand_has_it(colour: str) -> None:
    light, dark = colour_pair(colour)

    assert (light == colour.lower()) >= (contrast(colour, LIGHT_SURFACE) >= LEAST_ON_LIGHT)
    assert (dark == colour.lower()) >= (contrast(colour, DARK_SURFACE) >= LEAST_ON_DARK)


def test_svg_holds_the_path_in_both_colours() -> None:
    svg = logo_svg("M0 0h24v24z", "#3776AB")

    light, dark = colour_pair("#3776AB")
    assert f"path{{fill:{light}}}" in svg
    assert f"(prefers-color-scheme:dark){{path{{fill:{dark}}}}}" in svg
    assert '<path d="M0 0h24v24z"/>' in svg


def test_every_logo_in_the_repository_is_a_single_coloured_path() -> None:
    form = re.compile(
        r'<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 24 24"><style>path\{fill:#[0-9a-f]{6}\}'
        r"@media\(prefers-color-scheme:dark\)\{path\{fill:#[0-9a-f]{6}\}\}</style>"
        r'<path d="[-MmLlHhVvCcSsQqTtAaZz0-9.,\se]+"/></svg>\n'
    )

    odd = [path.name for path in LOGO_DIR.glob("*.svg") if not form.fullmatch(path.read_text())]

    assert odd == []
