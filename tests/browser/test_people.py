"""What people with an account do, from signing up to signing out, with JavaScript and without."""

import re
from collections.abc import Iterator

import pytest
from django.core import mail
from playwright.sync_api import Browser, Page, expect

from apps.core.mail import send_due_mail
from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

PASSWORD = "correct-horse-battery-staple"

VIRTUAL_AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}

REFUSE = (
    "() => { navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
)


@pytest.fixture(params=[True, False], ids=["scripted", "plain"])
def javascript(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


# A context of its own for each test would cost Chromium a new process and everything compiled anew.
def as_new(page: Page) -> Page:
    page.unroute_all()
    page.context.clear_cookies()
    page.set_viewport_size({"width": 1280, "height": 800})
    return page


@pytest.fixture
def scripted(site: str, scripted_page: Page) -> Page:
    return as_new(scripted_page)


@pytest.fixture
def page(site: str, javascript: bool, request: pytest.FixtureRequest) -> Page:
    """A page without cookies, with JavaScript and without."""
    return as_new(request.getfixturevalue("scripted_page" if javascript else "plain_page"))


@pytest.fixture
def authenticator(scripted: Page) -> Iterator[None]:
    """A reader's device that makes passkeys."""
    devtools = scripted.context.new_cdp_session(scripted)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": VIRTUAL_AUTHENTICATOR})
    yield
    devtools.detach()


def code_from_mail(address: str) -> str:
    """The code in the last mail to `address`."""
    send_due_mail()
    letter = next(letter for letter in reversed(mail.outbox) if address in letter.to)
    found = re.search(r"^\s*([A-Z0-9]{3,}-?[A-Z0-9]{3,})\s*$", str(letter.body), re.MULTILINE)
    assert found, letter.body
    return found.group(1)


def sign_up(page: Page, username: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign in").click()
    page.get_by_role("main").get_by_role("link", name=re.compile("sign up", re.IGNORECASE)).first.click()
    page.get_by_label("E-mail").fill(f"{username}@example.org")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name=re.compile("sign up", re.IGNORECASE)).click()
    page.get_by_label("Code").fill(code_from_mail(f"{username}@example.org"))
    page.get_by_role("button", name=re.compile("confirm|verify", re.IGNORECASE)).click()
    expect(page.get_by_text(f"Your account, {username}")).to_be_attached()


def sign_out(page: Page) -> None:
    page.locator(".menu summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("link", name="Sign in").first).to_be_visible()


def test_newcomer_signs_up_follows_votes_and_adds_a_con(page: Page, javascript: bool) -> None:
    username, con = (
        ("carol", "Middleware runs in the order in which it was added")
        if javascript
        else ("dave", "Errors of a promise need a handler")
    )
    sign_up(page, username)

    page.goto("/tools/express/")
    page.get_by_role("button", name=re.compile("^Follow")).click()
    expect(page.get_by_role("button", name=re.compile("^Following"))).to_have_attribute(
        "aria-pressed", "true"
    )
    page.get_by_role("button", name=re.compile("^Upvote Express")).click()
    expect(page.get_by_role("button", name=re.compile("Upvote Express"))).to_have_attribute(
        "aria-pressed", "true"
    )

    page.get_by_role("link", name="Add a con").click()
    page.get_by_label("Statement").fill(con)
    page.get_by_label("Version or year").fill("5")
    page.get_by_role("button", name="Add").click()
    expect(page.locator(".pc .txt", has_text=con)).to_be_visible()

    sign_out(page)


@pytest.mark.usefixtures("authenticator")
def test_passkey_is_added_and_opens_the_account(scripted: Page) -> None:
    sign_up(scripted, "erin")

    scripted.goto("/settings/profile/")
    scripted.get_by_role("link", name="Passkeys and two-factor").click()
    scripted.get_by_role("link", name=re.compile("add", re.IGNORECASE)).first.click()
    # What is sensitive asks once more who it is.
    scripted.get_by_label("Password").fill(PASSWORD)
    scripted.get_by_role("button", name="Continue").click()
    scripted.get_by_label("Name").fill("Laptop")
    scripted.get_by_label("Sign in with it alone").check()
    scripted.get_by_role("button", name="Add").click()
    expect(scripted.get_by_role("main")).to_contain_text(re.compile("recovery codes|Laptop", re.IGNORECASE))

    sign_out(scripted)
    scripted.goto("/accounts/login/?next=/tools/flask/")
    scripted.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()

    expect(scripted).to_have_url(re.compile("/tools/flask/$"))
    expect(scripted.get_by_text("Your account, erin")).to_be_attached()


def test_vote_is_taken_back_by_a_second_press(page: Page, sign_in: SignIn) -> None:
    sign_in(page.context, "alice")
    page.goto("/stackups/actix-web-vs-flask/")
    button = page.get_by_role("button", name=re.compile("Upvote Flask,"))

    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    button.click()

    expect(button).to_have_attribute("aria-pressed", "false")


def test_menu_closes_by_escape(scripted: Page, sign_in: SignIn) -> None:
    sign_in(scripted.context, "alice")
    scripted.goto("/about/")
    scripted.locator(".menu summary").click()
    expect(scripted.get_by_role("link", name="Settings")).to_be_visible()

    scripted.keyboard.press("Escape")

    expect(scripted.get_by_role("link", name="Settings")).to_be_hidden()


def test_similar_statement_is_suggested_while_typing(scripted: Page, sign_in: SignIn) -> None:
    sign_in(scripted.context, "bob")
    scripted.goto("/tools/flask/pros-and-cons/add/?kind=pro")

    scripted.get_by_label("Statement").press_sequentially("The debugger runs inside the browser")

    expect(scripted.locator("#similar")).to_contain_text("The debugger runs in the browser")


def test_time_is_said_in_the_zone_of_the_reader(browser: Browser, site: str, sign_in: SignIn) -> None:
    with browser.new_context(base_url=site, timezone_id="Asia/Tokyo", locale="en-GB") as context:
        sign_in(context, "alice")
        page = context.new_page()
        page.goto("/notifications/")
        time = page.locator("time[data-local]").first

        said, title = time.text_content() or "", time.get_attribute("title") or ""

        hours = (int(said.split(", ")[1][:2]) - int(title.split(", ")[1][:2])) % 24
        assert hours == 9
        assert title.endswith("UTC")


def test_newcomer_is_told_that_the_vote_waits(page: Page, javascript: bool, sign_in: SignIn) -> None:
    sign_in(page.context, "alice")
    page.goto("/tools/django/" if javascript else "/tools/express/")

    page.get_by_role("button", name=re.compile("^Upvote")).first.click()

    expect(page.get_by_role("status").first).to_contain_text(
        "Your vote counts once your account is a day old."
    )


def test_reader_is_told_when_a_button_did_nothing(scripted: Page, sign_in: SignIn) -> None:
    sign_in(scripted.context, "alice")
    scripted.goto("/tools/flask/")
    scripted.route("**/votes/**", lambda route: route.abort())
    scripted.get_by_role("button", name=re.compile("^Upvote Flask,")).click()
    expect(scripted.get_by_role("alert")).to_have_text("The site could not be reached. Nothing was changed.")

    scripted.unroute("**/votes/**")
    scripted.route("**/votes/**", lambda route: route.fulfill(status=500))
    scripted.get_by_role("button", name=re.compile("^Upvote Flask,")).click()

    expect(scripted.get_by_role("alert")).to_have_text("That did not work. Reload the page and try again.")


def test_number_follows_the_button(scripted: Page, sign_in: SignIn) -> None:
    sign_in(scripted.context, "bob")
    scripted.goto("/tools/nameless/")
    number = scripted.locator(".stats dd").nth(1)
    expect(number).to_have_text("0")

    scripted.get_by_role("button", name=re.compile("^Follow")).click()

    expect(number).to_have_text("1")


def test_cancelled_passkey_is_answered_in_words(scripted: Page) -> None:
    scripted.goto("/accounts/login/")
    scripted.evaluate(REFUSE)

    scripted.get_by_role("button", name=re.compile("passkey", re.IGNORECASE)).click()

    expect(scripted.get_by_role("alert")).to_contain_text("Nothing came back from your browser.")


def test_first_field_that_is_wrong_has_the_focus(scripted: Page) -> None:
    scripted.goto("/accounts/signup/")
    scripted.get_by_label("E-mail").fill("carla@example.org")
    scripted.get_by_label("Username").fill("admin")
    scripted.get_by_label("Password").fill(PASSWORD)

    scripted.get_by_role("button", name="Sign up").click()

    expect(scripted.get_by_label("Username")).to_be_focused()
