"""Sharing a stack, as people do it: by hand with the keyboard, from a folder, and without JavaScript."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import SignIn, new_context

pytestmark = [pytest.mark.browser, pytest.mark.django_db]


@pytest.fixture
def page(browser: Browser, site: str, sign_in: SignIn) -> Iterator[Page]:
    with new_context(browser, site) as context:
        sign_in(context, "alice")
        yield context.new_page()


@pytest.fixture
def plain_page(browser: Browser, site: str, sign_in: SignIn) -> Iterator[Page]:
    with new_context(browser, site, javascript=False) as context:
        sign_in(context, "alice")
        yield context.new_page()


def tools_of(page: Page) -> list[str]:
    return page.locator(".edited b").all_inner_texts()


def test_stack_is_shared_by_hand_with_the_keyboard(page: Page) -> None:
    page.goto("/stacks/new/")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("Ticket office")
    page.keyboard.press("Enter")

    add = page.get_by_role("combobox", name="Add tools")
    add.focus()
    for typed in ("Flas", "Djan"):
        page.keyboard.type(typed)
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("Added Flask, Django.")

    page.get_by_role("link", name="Edit Flask").press("Enter")
    expect(page.get_by_label("Why you use it")).to_be_focused()
    page.keyboard.type("Small and *ours*.")

    # Moved without leaving the page: the focus stays, for the next step, and so does what was typed.
    up = page.get_by_role("button", name="Move Django up")
    up.press("Enter")
    expect(page.locator(".edited b").first).to_have_text("Django")
    expect(up).to_be_focused()
    page.get_by_role("button", name="Save Flask").press("Enter")
    expect(page.locator("#said")).to_contain_text("Flask was changed.")
    page.get_by_role("link", name="See the page").press("Enter")

    expect(page.get_by_role("heading", name="Ticket office", level=1)).to_be_visible()
    expect(page.locator(".picks em")).to_have_text("ours")


def test_tool_is_replaced_in_its_place_and_that_is_undone(page: Page) -> None:
    page.goto("/stacks/tidewater/rider-api/edit/")
    before = tools_of(page)

    page.get_by_role("link", name="Edit Express").click()
    page.get_by_text("Drop or replace Express").click()
    page.get_by_role("combobox", name="Replaced by").fill("Gunicorn")
    page.get_by_role("option", name="Gunicorn").click()
    page.get_by_role("button", name="Drop Express").click()
    expect(page.locator("#said")).to_contain_text("Express was replaced by Gunicorn.")
    page.get_by_role("button", name="Undo").click()

    expect(page.locator("#said")).to_contain_text("Express is back.")
    assert set(tools_of(page)) == {*before, "Gunicorn"}


def test_folder_is_imported_and_published(page: Page, tmp_path: Path) -> None:
    for path, text in {
        "rider/package.json": json.dumps({"dependencies": {"left-pad": "1"}}),
        "rider/api/requirements.txt": "flask-with-a-name-as-long-as-some-of-them-are==3.1\n",
        "rider/api/secrets.py": "PASSWORD = 1",
        "rider/node_modules/x/package.json": "{}",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    page.goto("/stacks/new/import/")

    page.get_by_label("Or a whole folder").set_input_files(tmp_path / "rider")
    expect(page.get_by_text("3 files chosen")).to_be_visible()
    page.get_by_role("button", name="Read the files").click()
    expect(page.get_by_role("checkbox", name="Flask")).to_be_checked()
    expect(page.get_by_text("api/requirements.txt:1 evidence")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("From a folder")
    page.get_by_role("button", name="Publish").first.click()

    expect(page.get_by_role("heading", name="From a folder", level=1)).to_be_visible()
    expect(page.locator(".picks")).to_contain_text("Verified")


def test_stack_is_shared_without_javascript(plain_page: Page) -> None:
    page = plain_page
    page.goto("/stacks/new/")
    page.get_by_label("Name", exact=True).fill("Harbour office")
    page.get_by_role("button", name="Go on to the tools").click()

    page.get_by_label("Add tools").fill("Flask, Djnago")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Did you mean Django?")).to_be_visible()
    page.get_by_label("Add tools").fill("Flask, Django")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Move Django up").click()
    assert tools_of(page) == ["Django", "Flask"]

    page.get_by_role("link", name="Edit Flask").click()
    page.get_by_text("Drop or replace Flask").click()
    page.get_by_label("Until").fill("2025")
    page.get_by_role("button", name="Drop Flask").click()
    assert tools_of(page) == ["Django"]
    page.get_by_role("button", name="Undo").click()
    assert set(tools_of(page)) == {"Django", "Flask"}

    page.get_by_text("Paste a list of names").click()
    page.get_by_label("Names").fill("Express\nActix Web\n")
    page.get_by_role("button", name="Look them up").click()
    page.get_by_role("checkbox", name="Express").uncheck()
    page.get_by_role("button", name="Publish").first.click()
    expect(page).to_have_url(re.compile("/stacks/alice/harbour-office/$"))
    expect(page.locator(".picks .hd")).to_contain_text(["Actix Web"])
