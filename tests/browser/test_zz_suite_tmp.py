"""What holds of every page: nothing to complain of for axe or the browser, nothing wider than a small phone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, ViewportSize

from tests.browser.conftest import SignIn, new_context
from tests.browser.pages import PAGES, SIGNED_IN, go_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

WIDE: ViewportSize = {"width": 1280, "height": 800}
NARROW: ViewportSize = {"width": 390, "height": 800}
SMALLEST_PHONE: ViewportSize = {"width": 320, "height": 640}
# Contrast hangs on the scheme, sizes on the width; all other rules see the same in every state.
HANG_ON_THE_WIDTH = ["target-size", "scrollable-region-focusable"]

REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation",
  (e) => console.error(`policy: ${e.violatedDirective} ${e.blockedURI}`))
"""


# Those further down, too, which a reader would have to scroll to.
LOAD_ALL_IMAGES = """
() => Promise.all([...document.images].map((image) => { image.loading = "eager"; return image.decode(); }))
"""

# The rules of `only`, or all others than that of contrast.
# `preload` would fetch the style sheets once more, for rules about sound and turned phones that see nothing here.
RUN_AXE = """
(only) => axe.run({
  resultTypes: ["violations"], preload: false,
  ...(only ? {runOnly: {type: "rule", values: only}} : {rules: {"color-contrast": {enabled: false}}})
}).then((result) => result.violations)
"""

# Contrast is most of what axe costs, and the same in every row of a list: of the texts that look alike, they
# and all that they stand in, one is enough.
RUN_AXE_FOR_CONTRAST = """
() => {
  const numbers = new Map(), looks = new Map(), seen = new Set(), again = [];
  for (const element of document.querySelectorAll("*")) {
    const style = getComputedStyle(element);
    const look = [
      looks.get(element.parentElement), element.matches(":disabled"), style.color, style.backgroundColor,
      style.backgroundImage, style.clipPath, style.filter, style.fontSize, style.fontWeight, style.mixBlendMode,
      style.opacity, style.position, style.textShadow
    ].join();
    if (!numbers.has(look)) numbers.set(look, numbers.size);
    looks.set(element, numbers.get(look));
    if (element.children.length || !element.textContent.trim() || !element.checkVisibility()) continue;
    if (seen.has(look)) again.push(element);
    seen.add(look);
  }
  return axe.run({include: document, exclude: again}, {
    resultTypes: ["violations"], preload: false, runOnly: {type: "rule", values: ["color-contrast"]}
  }).then((result) => result.violations);
}
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
def watched(browser: Browser, site: str) -> Iterator[Watched]:
    with new_context(browser, site) as context:
        yield Watched(context.new_page())


def violations(page: Page, script: str, only: list[str] | None = None) -> Iterator[str]:
    """What axe finds, by rule and element."""
    for rule in page.evaluate(script, only):
        for node in rule["nodes"]:
            yield f"{rule['impact']} {rule['id']}: {node['html'][:200]} {node['failureSummary']}"


# One test for all of it: to load a page and to start axe in it costs more than most of what is looked for.
@pytest.mark.parametrize("name", PAGES | SIGNED_IN)
def test_page_has_no_fault_for_axe_the_browser_and_a_small_phone(
    watched: Watched, sign_in: SignIn, name: str
) -> None:
    page = watched.page
    page.context.clear_cookies()
    if name in SIGNED_IN:
        sign_in(page.context, "alice")
    page.set_viewport_size(WIDE)
    page.emulate_media(color_scheme="light")
    watched.complaints.clear()

    go_to(page, name)
    page.evaluate(LOAD_ALL_IMAGES)
    faults = list(watched.complaints)
    page.evaluate(AXE_SCRIPT)
    faults += violations(page, RUN_AXE)
    faults += violations(page, RUN_AXE_FOR_CONTRAST)
    page.set_viewport_size(NARROW)
    page.emulate_media(color_scheme="dark")
    faults += violations(page, RUN_AXE, HANG_ON_THE_WIDTH)
    faults += violations(page, RUN_AXE_FOR_CONTRAST)
    page.set_viewport_size(SMALLEST_PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")

    assert faults == []
    assert width <= SMALLEST_PHONE["width"]


@pytest.mark.parametrize("name", ["tool", "contact with errors", "sign in", "stackup of four", "editor of a stack", "stack"])
def test_zz(watched, sign_in, name):
    from tests.browser.test_every_page import RUN_AXE as NEW
    page = watched.page
    page.context.clear_cookies()
    if name in SIGNED_IN:
        sign_in(page.context, "alice")
    go_to(page, name)
    page.evaluate(AXE_SCRIPT)
    R = 'result.violations.concat(result.passes, result.incomplete).filter(r => r.id == "color-contrast").flatMap(r => r.nodes.map(n => n.target.join()))'
    old = set(page.evaluate(RUN_AXE_FOR_CONTRAST.replace('resultTypes: ["violations"], ', "").replace("result.violations", R)))
    new = set(page.evaluate(NEW.replace('resultTypes: ["violations"], ', "").replace("result.violations", R), ["color-contrast"]))
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    bad = page.evaluate(NEW, ["color-contrast"])
    print("ZZ", name, len(old), len(new), "lost", sorted(old - new)[:5], "more", sorted(new - old)[:5], "seeded", [len(r["nodes"]) for r in bad])
    assert True
