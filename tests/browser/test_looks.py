"""What only a drawn page shows: what moves while it loads, and the colours of logos."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import OpenPage, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# Up to this a page counts as steady: https://web.dev/articles/cls
STEADY = 0.1

ADD_UP_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""

# So that what loads late loads.
SCROLL_TO_THE_END = """
async () => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  await document.fonts.ready;
  for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight) { scrollTo(0, y); await frame(); }
  await Promise.all([...document.images].map((image) => image.decode()));
  await frame();
}
"""

MOVE_EVERYTHING = "document.querySelector('main').prepend(document.querySelector('footer'))"

TWO = "/stackups/actix-web-vs-flask/"
FOUR = "/stackups/actix-web-vs-django-vs-express-vs-flask/"


@pytest.fixture
def page(browser: Browser, site: str) -> Iterator[Page]:
    """A page that adds up its shifts, in a browser that has loaded nothing before."""
    with new_context(browser, site) as context:
        page = context.new_page()
        page.add_init_script(ADD_UP_SHIFTS)
        yield page


def shift_of(page: Page, address: str) -> float:
    page.goto(address)
    page.evaluate(SCROLL_TO_THE_END)
    shift: float = page.evaluate("window.shift")
    return shift


@pytest.mark.parametrize(("address", "width"), [(TWO, 1280), (FOUR, 390)])
def test_stackup_page_stays_in_place_while_it_loads(page: Page, address: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})

    assert shift_of(page, address) <= STEADY


def test_what_moves_is_noticed(page: Page) -> None:
    before = shift_of(page, TWO)
    page.evaluate("scrollTo(0, 0)")

    page.evaluate(MOVE_EVERYTHING)

    page.wait_for_function("(before) => window.shift > before + 0.1", arg=before)


def colours(element: Locator) -> set[str]:
    """The colours that the element is drawn in."""
    with Image.open(io.BytesIO(element.screenshot())) as picture:
        found = picture.convert("RGB").getcolors(maxcolors=picture.width * picture.height) or []
    return {"#" + bytes(colour).hex() for _, colour in found}


@pytest.mark.parametrize(("theme", "other"), [("Light", "dark"), ("Dark", "light")])
def test_logo_has_the_colour_for_the_chosen_theme(open_page: OpenPage, theme: str, other: str) -> None:
    svg = Path(settings.BASE_DIR, "static/logos/django.svg").read_text()
    light, dark = re.findall(r"fill:(#[0-9a-f]{6})", svg)
    page = open_page("/tools/django/", scheme=other)

    page.get_by_role("button", name=theme).click()
    expect(page.get_by_role("button", name=theme)).to_have_attribute("aria-pressed", "true")

    drawn = colours(page.locator(".tool-head .tile img"))
    assert (light in drawn, dark in drawn) == (theme == "Light", theme == "Dark")
