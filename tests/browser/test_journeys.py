"""What readers do on the site with JavaScript on."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

TWO = "/stackups/actix-web-vs-flask/"
FOUR = "/stackups/actix-web-vs-django-vs-express-vs-flask/"


def names(page: Page) -> Locator:
    return page.locator("#results h3")


def test_slash_leads_to_the_search(open_page: OpenPage) -> None:
    page = open_page("/about/")

    page.keyboard.press("/")

    expect(page.get_by_role("searchbox", name="Search tools")).to_be_focused()


def test_slash_is_a_letter_where_somebody_types(open_page: OpenPage) -> None:
    page = open_page("/contact/")
    subject = page.get_by_label("Subject")

    subject.press_sequentially("CI/CD")

    expect(subject).to_have_value("CI/CD")


def test_filter_applies_itself_without_a_new_page(open_page: OpenPage) -> None:
    page = open_page("/tools/")
    page.evaluate("window.isTheSamePage = true")

    page.get_by_label("Language").select_option("Rust")

    expect(names(page)).to_have_text(["Actix Web"])
    expect(page).to_have_url(re.compile(r"[?&]language=Rust"))
    assert page.evaluate("window.isTheSamePage")


def test_filtered_address_shows_the_same_when_opened_anew(open_page: OpenPage) -> None:
    page = open_page("/tools/")
    page.get_by_label("Language").select_option("Rust")
    expect(names(page)).to_have_text(["Actix Web"])

    page.reload()

    expect(names(page)).to_have_text(["Actix Web"])
    expect(page.get_by_label("Language")).to_have_value("Rust")


def test_back_and_forward_restore_list_and_filter(open_page: OpenPage) -> None:
    page = open_page("/tools/?language=JavaScript")
    page.get_by_label("Language").select_option("Rust")
    expect(names(page)).to_have_text(["Actix Web"])

    page.go_back()
    expect(names(page)).to_have_text(["Express", re.compile("Bower")])
    expect(page.get_by_label("Language")).to_have_value("JavaScript")
    page.go_forward()

    expect(names(page)).to_have_text(["Actix Web"])
    expect(page.get_by_label("Language")).to_have_value("Rust")


def test_filters_work_after_back(open_page: OpenPage) -> None:
    page = open_page("/tools/")
    page.get_by_label("Language").select_option("Rust")
    expect(names(page)).to_have_text(["Actix Web"])
    page.go_back()
    expect(names(page)).to_have_count(40)

    page.get_by_label("Language").select_option("JavaScript")

    expect(names(page)).to_have_text(["Express", re.compile("Bower")])


def equal_rows(table: Locator) -> list[str]:
    """The labels of those rows of facts that are known and the same for all tools, read from the table."""
    labels: list[str] = table.evaluate(
        """(table) => [...table.querySelectorAll("tbody tr")].filter((row) => {
          const texts = [...row.querySelectorAll("td")].map((cell) => cell.firstChild?.textContent.trim());
          return texts.length && !texts.includes("unknown") && new Set(texts).size === 1;
        }).map((row) => row.querySelector("th").textContent)"""
    )
    return labels


@pytest.mark.parametrize("address", [TWO, FOUR])
def test_differences_only_hides_the_rows_that_are_the_same(open_page: OpenPage, address: str) -> None:
    page = open_page(address)
    table = page.locator(".matrix")
    rows = table.locator("tr:has(th[scope=row])")
    before = rows.locator("th:visible").all_inner_texts()

    page.get_by_label("Differences only").check()

    after = rows.locator("th:visible").all_inner_texts()
    hidden = set(before) - set(after)
    assert hidden == set(equal_rows(table)) - {"Features"}
    assert {"Language", "Stars"} <= set(after)


def test_head_of_the_matrix_stays_in_sight(open_page: OpenPage) -> None:
    page = open_page(FOUR)
    head = page.locator(".matrix thead th").last

    page.get_by_role("rowheader", name="Votes").last.evaluate(
        "(cell) => cell.scrollIntoView({block: 'center'})"
    )

    assert is_on_top(head)
    assert is_on_top(page.get_by_role("navigation", name="Sections of this page").get_by_role("link").first)


def is_on_top(element: Locator) -> bool:
    """Whether a reader sees the middle of the element in the window, with nothing over it."""
    return bool(
        element.evaluate(
            """(element) => {
              const box = element.getBoundingClientRect();
              const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              return element.contains(top);
            }"""
        )
    )


@pytest.mark.parametrize("section", ["Comparison", "Alternatives", "Decisions", "Overview"])
def test_section_navigation_marks_where_the_reader_is(open_page: OpenPage, section: str) -> None:
    page = open_page(TWO)
    navigation = page.get_by_role("navigation", name="Sections of this page")

    page.locator(f"#{section.lower()}").evaluate("(element) => element.scrollIntoView()")

    expect(navigation.locator("[aria-current]")).to_contain_text([section])


def test_section_link_leads_to_its_section(open_page: OpenPage) -> None:
    page = open_page(TWO)
    navigation = page.get_by_role("navigation", name="Sections of this page")

    navigation.get_by_role("link", name="Comparison").click()

    heading = page.get_by_role("heading", name="Detailed comparison")
    expect(heading).to_be_in_viewport()
    assert is_on_top(heading)
    expect(navigation.locator("[aria-current]")).to_contain_text(["Comparison"])


def test_star_history_opens_as_a_table_by_keyboard(open_page: OpenPage) -> None:
    page = open_page(TWO)
    table = page.get_by_role("table", name="Stars by year")
    expect(table).to_be_hidden()

    page.get_by_text("Show as table").focus()
    page.keyboard.press("Enter")

    expect(table).to_be_visible()
    expect(table.get_by_role("rowheader", name="2022")).to_be_visible()


def test_skip_link_leads_past_the_header(open_page: OpenPage) -> None:
    page = open_page("/tools/flask/")

    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")

    expect(page.locator("main :focus")).to_have_count(1)


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


@pytest.mark.parametrize(("theme", "other"), [("Light", "dark"), ("Dark", "light")])
def test_theme_overrides_the_system_on_every_page(open_page: OpenPage, theme: str, other: str) -> None:
    wanted = background(open_page("/about/", scheme=theme.lower()))
    page = open_page("/about/", scheme=other)
    assert background(page) != wanted

    page.get_by_role("button", name=theme).click()
    expect(page.get_by_role("button", name=theme)).to_have_attribute("aria-pressed", "true")
    assert background(page) == wanted
    page.get_by_role("link", name="Contact").click()
    page.wait_for_url("**/contact/")

    assert background(page) == wanted


def test_automatic_theme_follows_the_system_again(open_page: OpenPage) -> None:
    page = open_page("/tools/?language=Rust", scheme="light")
    light = background(page)
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    page.get_by_role("button", name="Auto").click()

    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    expect(page).to_have_url(re.compile(r"/tools/\?language=Rust$"))
    assert background(page) == light
    page.emulate_media(color_scheme="dark")
    assert background(page) != light
