"""What hostile people write does nothing in a reader's browser, even without a content security policy."""

import pytest
from playwright.sync_api import Browser, Route

from tests.advice.threads_of_payloads import make_question
from tests.browser.conftest import new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Scripts of ours call none of these.
WATCH = """
  window.payloadsRan = [];
  for (const name of ["alert", "confirm", "prompt", "print", "msgbox"])
    window[name] = () => window.payloadsRan.push(name);
"""


def test_payloads_of_a_thread_do_nothing(browser: Browser, server: str) -> None:
    post = make_question()
    asked: list[str] = []

    def note(route: Route) -> None:
        asked.append(route.request.url)
        if route.request.url.startswith(server):
            route.continue_()
        else:
            route.abort()

    with new_context(browser, server, bypass_csp=True) as context:
        context.add_init_script(WATCH)
        page = context.new_page()
        page.route("**/*", note)
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        page.goto(post.get_absolute_url(), wait_until="networkidle")
        # What waits for a pointer or the keyboard to come over it.
        page.evaluate(
            "for (const one of document.querySelectorAll('main *'))"
            " for (const kind of ['mouseover', 'focus', 'blur', 'toggle', 'animationstart', 'error', 'load'])"
            " one.dispatchEvent(new Event(kind))"
        )
        ran = page.evaluate("window.payloadsRan")
        shown = page.locator(".prose").count()

    assert (ran, dialogs) == ([], [])
    assert [url for url in asked if not url.startswith(server)] == []
    assert shown > 200
