"""The same journeys with JavaScript off: forms, links and style sheets do all of it."""

import re
from collections.abc import Callable
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from apps.pages.models import ContactMessage
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TWO = "/stackups/actix-web-vs-flask/"


@pytest.fixture
def open_plain(open_page: OpenPage) -> Callable[[str], Page]:
    return partial(open_page, javascript=False)


@pytest.mark.parametrize("address", ["/", "/stackups/", "/stackups/compare/"])
def test_names_lead_to_their_comparison(open_plain: OpenPage, address: str) -> None:
    page = open_plain(address)

    page.get_by_role("textbox", name="Tools").fill("Flask, django")
    page.get_by_role("main").get_by_role("button", name="Compare").click()

    expect(page).to_have_url(re.compile(r"/stackups/django-vs-flask/$"))


def test_unknown_name_comes_back_to_be_mended(open_plain: OpenPage) -> None:
    page = open_plain("/stackups/")

    page.get_by_role("textbox", name="Tools").fill("Flask, §§§")
    page.get_by_role("main").get_by_role("button", name="Compare").click()

    expect(page.get_by_role("alert")).to_contain_text("“§§§”")
    expect(page.get_by_role("textbox", name="Tools")).to_have_value("Flask, §§§")


def test_another_tool_joins_a_comparison(open_plain: OpenPage) -> None:
    page = open_plain(TWO)

    page.get_by_label("Add another tool").fill("Django")
    page.get_by_role("main").get_by_role("button", name="Compare").click()

    expect(page).to_have_url(re.compile(r"/stackups/actix-web-vs-django-vs-flask/$"))


def test_button_applies_the_filters(open_plain: OpenPage) -> None:
    page = open_plain("/tools/")

    page.get_by_label("Language").select_option("JavaScript")
    page.get_by_label("Order").select_option("name")
    page.get_by_role("button", name="Apply").click()

    expect(page.locator("#results h3")).to_have_text([re.compile("Bower"), "Express"])
    expect(page.get_by_label("Language")).to_have_value("JavaScript")


def test_next_page_keeps_the_filters(open_plain: OpenPage) -> None:
    page = open_plain("/tools/?language=Go&order=name")

    page.get_by_role("link", name="Next page").click()

    expect(page.locator("#results h3")).to_have_text(["Library 40", "Library 41"])
    expect(page.get_by_label("Language")).to_have_value("Go")


def test_search_finds_a_tool(open_plain: OpenPage) -> None:
    page = open_plain("/")

    page.get_by_role("searchbox", name="Search tools").fill("flask")
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name="Flask", exact=True).click()

    expect(page.get_by_role("heading", name="Flask", level=1)).to_be_visible()


def test_theme_is_kept_on_the_next_page(open_plain: OpenPage) -> None:
    page = open_plain("/about/")

    page.get_by_role("button", name="Dark").click()
    page.get_by_role("link", name="Terms of Service").click()

    expect(page).to_have_url(re.compile(r"/terms/$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_message_with_an_error_is_mended_and_sent(open_plain: OpenPage) -> None:
    page = open_plain("/contact/")
    page.get_by_label("Your name").fill("Alice")
    page.get_by_label("Your e-mail address").fill("alice@nowhere")
    page.get_by_label("Subject").fill("A date is wrong")
    page.get_by_label("Message").fill("Flask is from 2010.")

    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_contain_text("The message was not sent.")
    expect(page.get_by_label("Message")).to_have_value("Flask is from 2010.")
    page.get_by_label("Your e-mail address").fill("alice@example.org")
    page.get_by_role("button", name="Send").click()

    expect(page.get_by_role("status")).to_contain_text("Your message is on its way.")
    assert ContactMessage.objects.filter(email="alice@example.org", subject="A date is wrong").count() == 1


def test_differences_only_hides_what_is_the_same(open_plain: OpenPage) -> None:
    page = open_plain(TWO)
    same = page.get_by_role("row", name="First release")
    different = page.get_by_role("row", name="Language")
    expect(same).to_be_visible()

    page.get_by_label("Differences only").check()

    expect(same).to_be_hidden()
    expect(different).to_be_visible()


def test_star_history_opens_as_a_table(open_plain: OpenPage) -> None:
    page = open_plain(TWO)
    table = page.get_by_role("table", name="Stars by year")
    expect(table).to_be_hidden()

    page.get_by_text("Show as table").click()

    expect(table).to_be_visible()


def test_missing_page_offers_a_search(open_plain: OpenPage) -> None:
    page = open_plain("/stackups/flask-vs-unheard-of/")

    page.get_by_role("main").get_by_role("searchbox").fill("django")
    page.get_by_role("main").get_by_role("button", name="Search").click()

    expect(page.get_by_role("main").get_by_role("link", name="Django", exact=True)).to_be_visible()
