"""What holds of every page: nothing to complain of for axe or the browser, nothing wider than a small phone."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response

from tests.browser.conftest import SignIn, new_context
from tests.browser.pages import PAGES, SIGNED_IN, go_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

every_page = pytest.mark.parametrize("name", PAGES)
every_page_of_people = pytest.mark.parametrize("name", SIGNED_IN)

# Contrast hangs on the scheme, sizes on the width; all other rules see the same in every state.
STATES: dict[tuple[int, Literal["light", "dark"]], dict[str, Any]] = {
    (1280, "light"): {"resultTypes": ["violations"]},
    (390, "dark"): {
        "resultTypes": ["violations"],
        "runOnly": {
            "type": "rule",
            "values": ["color-contrast", "target-size", "scrollable-region-focusable"],
        },
    },
}
SMALLEST_PHONE = 320

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation",
  (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))
"""


# Those further down, too, which a reader would have to scroll to.
LOAD_ALL_IMAGES = """
() => Promise.all([...document.images].map((image) => { image.loading = "eager"; return image.decode(); }))
"""


class Watched:
    """A page, and what the browser finds fault with on it, but for its own status."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.add_init_script(REPORT_VIOLATIONS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # That a page is a 404 is said here too, and is what it shall be.
        is_status = message.text.startswith("Failed to load resource: the server responded")
        if is_status and message.location["url"] == self.page.url:
            return
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} {message.location['url']}")

    def _failed(self, request: Request) -> None:
        self.complaints.append(f"failed: {request.url} {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self.complaints.append(f"{response.status}: {response.url}")


@pytest.fixture(scope="module")
def page_with_axe(browser: Browser, site: str) -> Iterator[Page]:
    with new_context(browser, site, bypass_csp=True) as context:
        page = context.new_page()
        page.add_init_script(AXE_SCRIPT)
        yield page


@pytest.fixture(scope="module")
def watched(browser: Browser, site: str) -> Iterator[Watched]:
    with new_context(browser, site) as context:
        yield Watched(context.new_page())


def violations(page: Page, options: dict[str, Any]) -> Iterator[str]:
    """What axe finds, by rule and element."""
    found = page.evaluate("(options) => axe.run(options).then((result) => result.violations)", options)
    for rule in found:
        for node in rule["nodes"]:
            yield f"{rule['impact']} {rule['id']}: {node['html'][:200]} {node['failureSummary']}"


@pytest.fixture
def as_anybody(page_with_axe: Page, watched: Watched) -> None:
    page_with_axe.context.clear_cookies()
    watched.page.context.clear_cookies()


@pytest.fixture
def as_alice(page_with_axe: Page, watched: Watched, sign_in: SignIn) -> None:
    sign_in(page_with_axe.context, "alice")
    sign_in(watched.page.context, "alice")


@every_page
@pytest.mark.usefixtures("as_anybody")
def test_page_has_nothing_for_axe(page_with_axe: Page, name: str) -> None:
    find_nothing(page_with_axe, name)


@every_page_of_people
@pytest.mark.usefixtures("as_alice")
def test_page_of_people_has_nothing_for_axe_and_is_no_wider_than_a_small_phone(
    page_with_axe: Page, name: str
) -> None:
    find_nothing(page_with_axe, name)
    page_with_axe.set_viewport_size({"width": SMALLEST_PHONE, "height": 640})

    assert page_with_axe.evaluate("document.documentElement.scrollWidth") <= SMALLEST_PHONE


def find_nothing(page_with_axe: Page, name: str) -> None:
    """Fail with what axe finds on a page, in each of the states."""
    go_to(page_with_axe, name)
    found = []

    for (width, scheme), options in STATES.items():
        page_with_axe.set_viewport_size({"width": width, "height": 800})
        page_with_axe.emulate_media(color_scheme=scheme)
        found += [f"{scheme} {width}: {violation}" for violation in violations(page_with_axe, options)]

    assert found == []


@every_page
@pytest.mark.usefixtures("as_anybody")
def test_page_gives_the_browser_no_cause_to_complain(watched: Watched, name: str) -> None:
    complain_of_nothing(watched, name)


@every_page_of_people
@pytest.mark.usefixtures("as_alice")
def test_page_of_people_gives_the_browser_no_cause_to_complain(watched: Watched, name: str) -> None:
    complain_of_nothing(watched, name)


def complain_of_nothing(watched: Watched, name: str) -> None:
    """Fail with what the browser finds fault with on a page."""
    watched.complaints.clear()

    go_to(watched.page, name)
    watched.page.evaluate(LOAD_ALL_IMAGES)

    assert watched.complaints == []


@every_page
def test_page_is_no_wider_than_a_small_phone(site: str, scripted_page: Page, name: str) -> None:
    scripted_page.set_viewport_size({"width": SMALLEST_PHONE, "height": 640})

    go_to(scripted_page, name)

    assert scripted_page.evaluate("document.documentElement.scrollWidth") <= SMALLEST_PHONE
