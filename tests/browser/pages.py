"""Every page of the site in the states that look different, for tests that hold of each."""

from playwright.sync_api import Page

PAGES = {
    "home": "/",
    "tools": "/tools/",
    "tools filtered": "/tools/?language=Python&order=name",
    "tools, none left": "/tools/?language=Python&license=MIT",
    "trending": "/tools/trending/?days=90",
    "trending, nothing known": "/tools/trending/?days=7",
    "category": "/tools/in/application-and-data/languages-and-frameworks/",
    "function": "/tools/in/application-and-data/languages-and-frameworks/microframeworks/",
    "tool": "/tools/flask/",
    "tool, nothing known": "/tools/nameless/",
    "tool, deprecated": "/tools/bower/",
    "tool with long words": "/tools/opentelecommunicationsinstrumentation/",
    "alternatives": "/tools/flask/alternatives/",
    "alternatives, none": "/tools/nameless/alternatives/",
    "stackups": "/stackups/",
    "stackup of two": "/stackups/actix-web-vs-flask/",
    "stackup of two, little known": "/stackups/bower-vs-nameless/",
    "stackup of two with long words": "/stackups/flask-vs-opentelecommunicationsinstrumentation/",
    "stackup of three": "/stackups/django-vs-express-vs-flask/",
    "stackup of four": "/stackups/actix-web-vs-django-vs-express-vs-flask/",
    "compare": "/stackups/compare/",
    "compare with an error": "/stackups/compare/?tool=Flask&tool=%C2%A7%C2%A7%C2%A7",
    "search": "/search/?q=flask",
    "search, no match": "/search/?q=%C2%A7%C2%A7%C2%A7",
    "feed": "/feed/",
    "stacks": "/stacks/",
    "stack": "/stacks/tidewater/rider-api/",
    "advice": "/advice/",
    "thread": "/advice/9001-flask-or-django/",
    "share a stack": "/stacks/tidewater/rider-api/share/",
    "embedded stack": "/stacks/tidewater/rider-api/embed/",
    "how to share": "/docs/sharing/",
    "about": "/about/",
    "contact": "/contact/",
    "contact with errors": "/contact/",
    "privacy": "/privacy/",
    "terms": "/terms/",
    "status": "/status/",
    "not found": "/nothing/here/",
    "stackup not found": "/stackups/flask-vs-unheard-of/",
    "profile": "/@alice/",
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "sign up with errors": "/accounts/signup/",
    "forgotten password": "/accounts/password/reset/",
}


# Of people with an account, as one of them sees them.
SIGNED_IN = {
    "home, signed in": "/",
    "tool, signed in": "/tools/flask/",
    "stackup, signed in": "/stackups/actix-web-vs-flask/",
    "all pros and cons, signed in": "/tools/flask/pros-and-cons/",
    "add a pro": "/tools/flask/pros-and-cons/add/?kind=pro",
    "own profile": "/@alice/",
    "profile of another": "/@bob/",
    "profile settings": "/settings/profile/",
    "username": "/settings/username/",
    "tokens": "/settings/tokens/",
    "own data": "/settings/data/",
    "close the account": "/settings/data/close/",
    "editor of a stack": "/stacks/tidewater/rider-api/edit/",
    "item of a stack": "/stacks/tidewater/rider-api/items/9001/",
    "import": "/stacks/new/import/",
    "review of an import": "/stacks/new/9001/",
    "thread, signed in": "/advice/9001-flask-or-django/",
    "ask": "/advice/ask/?tools=flask,django",
    "tell of a decision with errors": "/advice/decide/",
    "own feed": "/feed/",
    "notifications": "/notifications/",
    "notification settings": "/notifications/settings/",
    "e-mail": "/accounts/email/",
    "change of password": "/accounts/password/change/",
    "two-factor": "/accounts/2fa/",
    "authenticator app": "/accounts/2fa/totp/activate/",
    "add a passkey": "/accounts/2fa/webauthn/add/",
    "sessions": "/accounts/sessions/",
    "connected accounts": "/accounts/3rdparty/",
}


MISSING = {"not found", "stackup not found"}


def go_to(page: Page, name: str) -> None:
    response = page.goto((PAGES | SIGNED_IN)[name])
    assert response
    assert response.status == (404 if name in MISSING else 200)
    if name == "contact with errors":
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").wait_for()
    if name == "tell of a decision with errors":
        page.get_by_label("Why not").first.fill("Too slow")
        page.get_by_role("button", name="Publish").click()
        page.get_by_role("alert").wait_for()
    if name == "sign up with errors":
        page.get_by_label("Username").fill("admin")
        page.get_by_role("button", name="Sign up").click()
        page.locator(".error").first.wait_for()
