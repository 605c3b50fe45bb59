import re
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from django.template import Context, Template
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.accounts.models import User
from apps.core.templatetags.ui import compact, host, license_name, monogram, partial_date, signed
from tests.factories.tools import ToolFactory


def render(template: str, **context: object) -> str:
    return Template(template).render(Context(context))


def value_of(text: str) -> float:
    factor = {"K": 1_000, "M": 1_000_000}.get(text[-1], 1)
    return float(text.rstrip("KM")) * factor


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (None, "unknown"),
        (0, "0"),
        (666, "666"),
        (999, "999"),
        (1_000, "1K"),
        (1_049, "1K"),
        (9_100, "9.1K"),
        (72_014, "72K"),
        (123_456, "123.5K"),
        (999_949, "999.9K"),
        (999_950, "1M"),
        (1_000_000, "1M"),
        (1_249_000, "1.2M"),
        (2_147_483_647, "2147.5M"),
        (-5, "-5"),
        (-1_500, "-1.5K"),
    ],
)
def test_compact_shortens_a_count(count: int | None, text: str) -> None:
    assert compact(count) == text


@given(st.integers(0, 2**31))
@settings(deadline=None)
def test_compact_is_near_the_count(count: int) -> None:
    text = compact(count)

    assert re.fullmatch(r"\d{1,4}(\.[1-9])?[KM]?", text)
    assert abs(value_of(text) - count) <= (0 if count < 1_000 else 0.0501 * (10**6 if "M" in text else 10**3))


@given(st.integers(0, 2**31), st.integers(0, 2**31))
@settings(deadline=None)
def test_compact_keeps_the_order(a: int, b: int) -> None:
    low, high = sorted([a, b])

    assert value_of(compact(low)) <= value_of(compact(high))


@pytest.mark.parametrize(
    ("change", "text"), [(1_900, "+1.9K"), (1, "+1"), (0, "0"), (-12, "−12"), (-1_200, "−1.2K")]
)
def test_signed_shows_the_direction(change: int, text: str) -> None:
    assert signed(change) == text


@given(st.integers(1, 2**31))
@settings(deadline=None)
def test_signed_of_opposite_changes_differs_in_the_sign_only(change: int) -> None:
    assert signed(change) == "+" + compact(change)
    assert signed(-change) == "−" + compact(change)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2010", "2010"),
        ("2010-04", "Apr 2010"),
        ("2010-04-01", "1 Apr 2010"),
        ("2024-02-29", "29 Feb 2024"),
        ("", ""),
        ("2023-02-29", "2023-02-29"),
        ("2010-13", "2010-13"),
        ("0000", "0000"),
        ("soon", "soon"),
        ("2010-04-01-05", "2010-04-01-05"),
        ("9" * 40, "9" * 40),
    ],
)
def test_partial_date_is_as_exact_as_it_is_known(value: str, text: str) -> None:
    assert partial_date(value) == text


@given(st.dates(date(1950, 1, 1)), st.sampled_from([4, 7, 10]))
@settings(deadline=None)
def test_partial_date_says_no_more_than_is_known(day: date, length: int) -> None:
    text = partial_date(day.isoformat()[:length])

    assert text.split()[-1] == str(day.year)
    assert len(text.split()) == {4: 1, 7: 2, 10: 3}[length]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("", ""),
        ("MIT", "MIT"),
        ("Apache-2.0 OR MIT", "Apache-2.0 OR MIT"),
        ("LicenseRef-Proprietary", "Proprietary"),
        ("GPL-2.0-only OR LicenseRef-Oracle", "GPL-2.0-only OR Oracle"),
    ],
)
def test_license_name_is_what_people_say(expression: str, text: str) -> None:
    assert license_name(expression) == text


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://www.djangoproject.com/", "djangoproject.com"),
        ("http://example.org/a/b?c", "example.org"),
        ("https://www2.example.org", "www2.example.org"),
        ("", ""),
    ],
)
def test_host_is_the_name_without_www(url: str, text: str) -> None:
    assert host(url) == text


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Flask", "Fl"),
        ("Spring Boot", "SB"),
        ("Node.js", "NJ"),
        (".NET", "Ne"),
        ("ASP.NET Core", "AN"),
        ("C", "C"),
        ("C++", "C"),
        ("scikit-learn", "SL"),
        ("Élan", "Él"),
        ("Ökosystem Über", "ÖÜ"),
        ("日本語", "日本"),
        ("++", "++"),
        ("", "?"),
    ],
)
def test_monogram_is_two_letters_of_the_name(name: str, letters: str) -> None:
    assert monogram(name) == letters


@given(st.text(max_size=60))
@settings(deadline=None)
def test_monogram_is_short_and_never_empty(name: str) -> None:
    assert 1 <= len(monogram(name)) <= 6


def test_tile_shows_a_logo() -> None:
    html = render("{% tile tool 'sm' %}", tool=ToolFactory.build(function=None, logo="flask"))

    assert 'class="tile tile-sm"' in html
    assert 'src="/static/logos/flask.svg"' in html


def test_tile_shows_a_monogram_where_there_is_no_logo() -> None:
    html = render("{% tile tool %}", tool=ToolFactory.build(function=None, name="<b>", slug="b"))

    assert re.fullmatch(r'<span class="tile tile-mono hue-[0-7]" aria-hidden="true">B</span>', html)


def test_tile_escapes_a_name_without_letters() -> None:
    html = render("{% tile tool %}", tool=ToolFactory.build(function=None, name="<&>", slug="x"))

    assert html.endswith(">&lt;&amp;</span>")


def test_icon_is_hidden_from_screen_readers_and_has_no_style_of_its_own() -> None:
    html = render("{% icon 'search' %}")

    assert html.startswith("<svg ")
    assert 'aria-hidden="true"' in html
    assert "stroke-width" not in html.split(">")[0]
    assert "style=" not in html


def rectangle(html: str) -> tuple[float, float]:
    match = re.search(r'<rect class="[a-d]" x="([\d.e+-]+)" width="([\d.e+-]+)"', html)
    assert match
    return float(match[1]), float(match[2])


@pytest.mark.parametrize(
    ("value", "peak", "drawn"),
    [
        (50, 100, (0, 50)),
        (100, 100, (0, 100)),
        (0, 100, (0, 0)),
        (None, 100, (0, 0)),
        (0, 0, (0, 0)),
        (5, None, (0, 0)),
    ],
)
def test_bar_is_as_long_as_the_share_of_the_peak(
    value: int | None, peak: int | None, drawn: tuple[float, float]
) -> None:
    assert rectangle(render("{% bar value peak %}", value=value, peak=peak)) == drawn


def test_bar_of_a_small_value_can_still_be_seen() -> None:
    assert rectangle(render("{% bar 1 1000000 'b' %}")) == (0, 1.2)


@given(st.integers(0, 2**31), st.integers(0, 2**31))
@settings(deadline=None)
def test_mirrored_bar_ends_at_the_right(value: int, more: int) -> None:
    x, width = rectangle(render("{% bar value peak 'a' True %}", value=value, peak=value + more))

    assert x >= 0
    assert x + width == pytest.approx(100, abs=0.1)


def test_get_looks_up_a_variable_key() -> None:
    assert render("{{ mapping|get:key }}", mapping={1: "one"}, key=1) == "one"
    assert render("{{ mapping|get:key }}", mapping={1: "one"}, key=2) == "None"


def test_moment_is_said_in_utc_for_the_browser_to_translate() -> None:
    value = datetime(2026, 11, 22, 17, 5, tzinfo=timezone(timedelta(hours=1)))

    html = render("{% moment value %}", value=value)

    assert html == '<time datetime="2026-11-22T16:05:00+00:00" data-local>22 Nov 2026, 16:05 UTC</time>'
    assert render("{% moment value %}", value=value.astimezone(UTC)) == html


def test_moment_that_never_came_is_never() -> None:
    assert render("{% moment value %}", value=None) == "never"


def test_avatar_without_a_picture_is_a_monogram() -> None:
    html = render('{% avatar person "sm" %}', person=User(pk=9, username="ada", name="Ada <Example>"))

    assert html == '<span class="avatar avatar-sm hue-1" aria-hidden="true">AE</span>'


def test_avatar_with_a_picture_is_an_image() -> None:
    html = render("{% avatar person %}", person=User(pk=9, username="ada", avatar_digest="0123456789abcdef"))

    assert 'src="/avatars/9-0123456789abcdef.webp"' in html
    assert 'alt=""' in html
    assert 'class="avatar"' in html
