"""The way back after a form."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def safe_next(request: HttpRequest, default: str = "/") -> str:
    """The address in the form's `next`, if it is one of this site; else `default`."""
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Two slashes and nothing else pass there, and are no address to a browser.
    return back if is_ours and not back.startswith(("//", "/\\")) else default
