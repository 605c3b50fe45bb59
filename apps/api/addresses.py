"""Addresses in answers."""

from urllib.parse import urlencode

from rest_framework.request import Request

from apps.core.context import absolute_url


def site_address(request: Request, path: str) -> str:
    """`path` with the public address of the site in front."""
    # What is told apart here is what the framework wraps.
    return absolute_url(request._request, path)


def next_address(request: Request, cursor: str) -> str | None:
    """Where the list goes on; None on its last page."""
    if not cursor:
        return None
    query = request.query_params.dict() | {"cursor": cursor}
    return site_address(request, f"{request.path}?{urlencode(query)}")
