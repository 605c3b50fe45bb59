"""Every page of the site in the states that look different, for tests that hold of each."""

from playwright.sync_api import Page

PAGES = {
    "home": "/",
    "tools": "/tools/",
    "tools filtered": "/tools/?language=Python&order=name",
    "tools, none left": "/tools/?language=Python&license=MIT",
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
    "advice": "/advice/",
    "about": "/about/",
    "contact": "/contact/",
    "contact with errors": "/contact/",
    "privacy": "/privacy/",
    "terms": "/terms/",
    "not found": "/nothing/here/",
    "stackup not found": "/stackups/flask-vs-unheard-of/",
    "admin login": "/admin/login/",
}


MISSING = {"not found", "stackup not found"}


def go_to(page: Page, name: str) -> None:
    response = page.goto(PAGES[name])
    assert response
    assert response.status == (404 if name in MISSING else 200)
    if name == "contact with errors":
        page.get_by_role("button", name="Send").click()
        page.get_by_role("alert").wait_for()
