"""What a browser sends back of a page of the admin."""

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def form_data(response: Any, **changes: Any) -> dict[str, Any]:
    """The fields of an add or change page as they stand there, its inlines too, with `changes`."""
    forms = [response.context["adminform"].form]
    for inline in response.context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    fields = [bound for form in forms for bound in form]
    data = {bound.html_name: bound.value() for bound in fields}
    data |= {bound.html_initial_name: bound.value() for bound in fields if bound.field.show_hidden_initial}
    data |= changes
    # An empty field and a box that is not ticked are not sent.
    return {name: value for name, value in data.items() if value is not None and value is not False}


def errors_of(response: Any) -> dict[str, Any]:
    """What the page says is wrong with what was sent, by field; of the inlines too."""
    found = dict(response.context["adminform"].form.errors)
    for inline in response.context["inline_admin_formsets"]:
        for form in inline.formset.forms:
            found |= form.errors
        found |= {"": inline.formset.non_form_errors()} if inline.formset.non_form_errors() else {}
    return found


def queries_of(client: Client, url: str) -> int:
    """How many queries the page costs, once what is looked up only once has been."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(url)
    assert response.status_code == 200
    return len(queries)
