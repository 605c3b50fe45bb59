"""Asking, as people do it: with a preview and what was asked before, a draft that survives a closed tab; and without
JavaScript."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SignIn, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TITLE = "Flask or Django for a small API?"


def test_question_is_begun_survives_a_closed_tab_and_is_asked(
    browser: Browser, site: str, sign_in: SignIn
) -> None:
    with new_context(browser, site) as context:
        sign_in(context, "alice")
        page = context.new_page()
        page.goto("/advice/ask/?tools=flask,django")
        page.get_by_label("Your question in one line").press_sequentially(TITLE)
        expect(page.locator("#similar").get_by_role("link", name="Flask vs Django")).to_be_visible()
        body = page.get_by_label("What have you tried, and what matters?")
        body.fill("Forty *requests* a day.")
        page.get_by_role("button", name="Preview").click()
        expect(page.locator(".preview em")).to_have_text("requests")
        expect(page.get_by_text(re.compile(r"^Saved \d\d:\d\d$"))).to_be_visible()
        page.close()

        page = context.new_page()
        page.goto("/advice/drafts/")
        page.get_by_role("link", name=re.compile("^Continue.*for a small API")).click()
        expect(page.get_by_label("What have you tried, and what matters?")).to_have_value(
            "Forty *requests* a day."
        )
        expect(page.locator(".picker .chip")).to_have_text([re.compile("Flask"), re.compile("Django")])
        # What is wrong is said above, where the focus goes, and leads to its field.
        title = page.get_by_label("Your question in one line")
        title.fill("Flask?")
        page.get_by_role("button", name="Ask the question").click()
        problems = page.get_by_role("alert")
        expect(problems).to_be_focused()
        problems.get_by_role("link", name="Your question in one line").click()
        expect(title).to_be_focused()
        title.fill(TITLE)
        page.get_by_role("button", name="Ask the question").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(TITLE)
        page.goto("/advice/drafts/")
        expect(page.get_by_text("There are none.")).to_be_visible()


def test_question_is_asked_without_javascript(browser: Browser, site: str, sign_in: SignIn) -> None:
    with new_context(browser, site, javascript=False) as context:
        sign_in(context, "alice")
        page: Page = context.new_page()
        page.goto("/advice/ask/")
        page.get_by_label("Your question in one line").fill("Django or Express for a large API?")
        page.get_by_label("Tools you are weighing").fill("Django, Express")
        page.get_by_label("What have you tried, and what matters?").fill("Forty *requests* a second.")
        page.get_by_role("button", name="Save as draft").click()
        page.get_by_role("link", name=re.compile("^Continue.*for a large API")).click()
        page.get_by_role("button", name="Preview").click()
        expect(page.locator(".preview em")).to_have_text("requests")
        page.get_by_role("button", name="Ask the question").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Django or Express for a large API?")
