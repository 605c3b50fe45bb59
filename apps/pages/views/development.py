"""What only development has: the mails that were written to its folder."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.core.mail import is_in_folder
from apps.pages import mail_folder


@never_cache
@require_safe
def mails(request: HttpRequest) -> HttpResponse:
    """All mails, the newest first."""
    _check_here()
    return render(request, "pages/development_mails.html", {"mails": mail_folder.mails()})


@never_cache
@require_safe
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """The mails of one file, whole."""
    _check_here()
    found = mail_folder.mails_of(name)
    if not found:
        raise Http404("There is no such mail. It may have been deleted from the folder.")
    return render(request, "pages/development_mail.html", {"mails": found})


def _check_here() -> None:
    """Mails hold codes by which people sign in: nobody but who develops may read others'."""
    if not is_in_folder():
        raise Http404("Mails are shown in development only.")
