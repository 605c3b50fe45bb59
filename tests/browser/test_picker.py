"""The field that becomes a picker of tools, by keyboard and by pointer."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page("/stackups/")


@pytest.fixture
def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Tools")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Matching tools").get_by_role("option")


def marked(page: Page) -> Locator:
    return page.get_by_role("option", selected=True)


def chips(page: Page) -> Locator:
    return page.locator(".picker .chip")


def pick(field: Locator, *names: str) -> None:
    for name in names:
        field.fill(name)
        expect(options(field.page).first).to_contain_text(name)
        field.press("Enter")


def test_picker_lists_the_matches_of_what_is_typed(page: Page, field: Locator) -> None:
    field.press_sequentially("fla")

    expect(options(page)).to_have_text([re.compile("Flask")])
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(marked(page)).to_contain_text("Flask")


def test_picker_says_how_many_match(page: Page, field: Locator) -> None:
    field.fill("library")

    expect(page.get_by_role("status")).to_have_text("8 matches")


def test_arrow_keys_go_round_the_options(page: Page, field: Locator) -> None:
    field.fill("library")
    expect(marked(page)).to_contain_text("Library 00")

    field.press("ArrowDown")
    expect(marked(page)).to_contain_text("Library 01")
    field.press("ArrowUp")
    field.press("ArrowUp")

    expect(marked(page)).to_contain_text("Library 07")
    active = field.get_attribute("aria-activedescendant")
    expect(marked(page)).to_have_attribute("id", str(active))


@pytest.mark.parametrize("key", ["Enter", ","])
def test_key_picks_the_marked_option(page: Page, field: Locator, key: str) -> None:
    field.fill("fla")
    expect(marked(page)).to_contain_text("Flask")

    field.press(key)

    expect(chips(page)).to_contain_text(["Flask"])
    expect(field).to_have_value("")
    expect(page).to_have_url(re.compile(r"/stackups/$"))


def test_click_picks_an_option(page: Page, field: Locator) -> None:
    field.fill("library")

    options(page).nth(2).click()

    expect(chips(page)).to_contain_text(["Library 02"])
    expect(field).to_be_focused()


def test_escape_closes_the_list_and_keeps_what_is_typed(page: Page, field: Locator) -> None:
    field.fill("fla")
    expect(options(page)).to_have_count(1)

    field.press("Escape")

    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("fla")
    expect(field).to_have_attribute("aria-expanded", "false")


def test_backspace_in_the_empty_field_removes_the_last_tool(page: Page, field: Locator) -> None:
    pick(field, "Flask", "Django")

    field.press("Backspace")

    expect(chips(page)).to_contain_text(["Flask"])
    expect(page.get_by_role("status")).to_have_text("Django removed")


def test_button_removes_its_tool(page: Page, field: Locator) -> None:
    pick(field, "Flask", "Django")

    page.get_by_role("button", name="Remove Flask").click()

    expect(chips(page)).to_contain_text(["Django"])
    expect(field).to_be_focused()


def test_picker_takes_no_tool_twice(page: Page, field: Locator) -> None:
    pick(field, "Flask")

    field.fill("Flask")
    expect(options(page)).to_have_count(1)
    field.press("Enter")

    expect(chips(page)).to_have_count(1)


def test_picked_tools_lead_to_their_comparison(page: Page, field: Locator) -> None:
    pick(field, "Flask", "Django")

    page.get_by_role("button", name="Compare").click()

    expect(page).to_have_url(re.compile(r"/stackups/django-vs-flask/$"))


def test_picked_and_typed_tools_go_together(page: Page, field: Locator) -> None:
    pick(field, "Flask")
    field.fill("Express")
    expect(options(page)).to_have_count(1)
    field.press("Escape")

    field.press("Enter")

    expect(page).to_have_url(re.compile(r"/stackups/express-vs-flask/$"))


def test_names_with_an_error_come_back_as_chips(open_page: OpenPage) -> None:
    page = open_page("/stackups/compare/?tool=Flask&tool=%C2%A7%C2%A7%C2%A7")

    expect(chips(page)).to_contain_text(["Flask", "§§§"])
    expect(page.get_by_role("alert")).to_contain_text("We know no tool called “§§§”")
