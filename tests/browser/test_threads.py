"""Answering a question, accepting the answer and being told of it, with JavaScript and without."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SignIn, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

QUESTION = "/advice/9002-first-api/"


def answer(page: Page, words: str) -> None:
    """Look at the words as they will be, then publish them with a recommendation."""
    page.goto(QUESTION)
    form = page.locator("#your-answer form")
    form.get_by_label("What would you do").fill(words)
    form.get_by_role("button", name="Preview").click()
    expect(form.locator(".preview strong")).to_have_text("Django")
    form.get_by_label("Tools you recommend").fill("Django")
    form.get_by_role("button", name="Post answer").click()


@pytest.mark.parametrize("javascript", [True, False], ids=["scripted", "plain"])
def test_answer_that_recommends_is_accepted_and_its_author_told(
    browser: Browser, site: str, sign_in: SignIn, javascript: bool
) -> None:
    words = "Use **Django**, by keyboard." if javascript else "Use **Django**, by forms."
    with new_context(browser, site, javascript=javascript) as context:
        page = context.new_page()

        sign_in(context, "bob")
        answer(page, words)
        mine = page.locator(".answer", has_text=re.sub(r"\*", "", words))
        expect(mine).to_contain_text("Recommends")
        expect(mine.get_by_role("link", name="Django")).to_be_visible()
        expect(page).to_have_url(re.compile(r"#reply-\d+$"))
        expect(mine.get_by_role("button", name="Accept")).to_have_count(0)

        sign_in(context, "alice")
        page.goto("/notifications/")
        page.get_by_role("link", name=re.compile("bob")).first.click()
        expect(page).to_have_url(re.compile(r"/advice/9002-first-api/.*#reply-\d+$"))
        mine.get_by_role("button", name="Accept").click()
        expect(mine).to_have_class(re.compile("accepted"))
        expect(page.locator("#replies .answer").first).to_have_class(re.compile("accepted"))
        expect(page.locator("#answered")).to_have_text("Answered")
        mine.get_by_role("link", name="Comment", exact=True).click()
        page.get_by_label("Comment", exact=True).fill("Thank you for that.")
        page.get_by_role("button", name="Post comment").click()
        expect(mine.locator(".comments")).to_contain_text("Thank you for that.")

        sign_in(context, "bob")
        page.goto("/notifications/")
        expect(page.get_by_role("link", name=re.compile("accepts your answer")).first).to_be_visible()
