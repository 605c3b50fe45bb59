"""Pages for what went wrong, each with words for the reader and a way on."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(
        request, "pages/error.html", {"status": 400, "heading": "That request made no sense"}, status=400
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    context = {"status": 403, "heading": "That is not for you to do", "message": str(exception)}
    return render(request, "pages/error.html", context, status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    message = (
        "The form was open for too long, or your browser sends no cookies. "
        "Go back, reload the page and send it again; what you typed is still there."
    )
    context = {"status": 403, "heading": "The form could not be checked", "message": message}
    return render(request, "pages/error.html", context, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    # Ours are sentences; Django's own name addresses and patterns, or models.
    words = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    if words.endswith(" matches the given query."):
        words = ""
    context = {"status": 404, "heading": "There is nothing at this address", "message": words}
    return render(request, "pages/error.html", context, status=404)


def too_many_requests(request: HttpRequest) -> HttpResponse:
    message = (
        "That was too often in a short time. A new code can be asked for after ten seconds; after failed attempts to "
        "sign in wait five minutes."
    )
    context = {"status": 429, "heading": "Please wait a little", "message": message, "back": request.path}
    return render(request, "pages/error.html", context, status=429)


def server_error(request: HttpRequest) -> HttpResponse:
    # Without context processors: whatever broke the page may break them too.
    return HttpResponse(loader.render_to_string("pages/500.html"), status=500)
