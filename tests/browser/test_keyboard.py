"""Everything that can be used can be reached by Tab, and shows that it is."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

# What a reader can use, by its place in the page; each gets its number.
NUMBER_ALL = """
() => {
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  window.usable = [...document.querySelectorAll(usable)].filter(
    (element) => element.tabIndex >= 0 && element.checkVisibility({visibilityProperty: true}));
  return window.usable.map((element) => element.outerHTML.slice(0, 150));
}
"""

# The number of what has the focus (-1: nothing that counts), and what is wrong with the look of it. One side of
# an outline may be cut off, where a list scrolls sideways.
LOOK_AT_FOCUS = """
() => {
  const element = document.activeElement;
  const ringed = element.closest(".picker") ?? element;
  const look = getComputedStyle(ringed);
  const reach = parseFloat(look.outlineWidth) + parseFloat(look.outlineOffset);
  const ring = ringed.getBoundingClientRect();
  const faults = [];
  if (look.outlineStyle === "none" || parseFloat(look.outlineWidth) < 2) faults.push("no outline");
  if (!element.checkVisibility({opacityProperty: true}) || ring.bottom <= 0 || ring.top >= innerHeight)
    faults.push("out of sight");
  const first = element.getClientRects()[0];
  const top = document.elementFromPoint(first.x + first.width / 2, first.y + first.height / 2);
  if (top && !element.contains(top) && !top.contains(element)) faults.push(`behind ${top.outerHTML.slice(0, 60)}`);
  for (let around = ringed.parentElement; around !== document.body; around = around.parentElement) {
    const frame = around.getBoundingClientRect();
    const beyond = [frame.top - ring.top, ring.bottom - frame.bottom, frame.left - ring.left, ring.right - frame.right];
    if (getComputedStyle(around).overflow !== "visible" && beyond.filter((part) => part + reach > 1).length > 1)
      faults.push(`outline cut off by ${around.className || around.tagName}`);
  }
  return [window.usable.indexOf(element), faults.join(", ")];
}
"""


def tab_through(page: Page, count: int, key: str = "Tab") -> dict[int, str]:
    """What gets the focus in `count` presses of the key, by its number, and what is wrong with the look of it."""
    seen = {}
    for _ in range(count):
        page.keyboard.press(key)
        number, fault = page.evaluate(LOOK_AT_FOCUS)
        seen[number] = fault
    return seen


@pytest.mark.parametrize(
    ("address", "width"),
    [
        ("/", 1280),
        ("/tools/in/application-and-data/languages-and-frameworks/?language=Python", 1280),
        ("/tools/flask/", 390),
        ("/stackups/actix-web-vs-flask/", 1280),
        ("/stackups/actix-web-vs-django-vs-express-vs-flask/", 390),
        ("/contact/", 390),
    ],
)
def test_tab_reaches_everything_with_an_outline(open_page: OpenPage, address: str, width: int) -> None:
    page = open_page(address, width=width)
    usable = page.evaluate(NUMBER_ALL)

    seen = tab_through(page, len(usable))

    assert [html for number, html in enumerate(usable) if number not in seen] == []
    assert {usable[number]: fault for number, fault in seen.items() if fault} == {}


def test_shift_tab_shows_everything_on_the_way_back(open_page: OpenPage) -> None:
    page = open_page("/stackups/actix-web-vs-flask/")
    usable = page.evaluate(NUMBER_ALL)
    page.get_by_role("button", name="Dark").focus()

    seen = tab_through(page, len(usable) - 1, "Shift+Tab")

    assert {usable[number]: fault for number, fault in seen.items() if fault} == {}
