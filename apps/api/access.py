"""Who may do what by the API: by a token, within its scope, so and so often."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.accounts.models import ApiToken, User
from apps.accounts.services.tokens import authenticate
from apps.core.limits import client_address, is_allowed, seconds_to_wait

if TYPE_CHECKING:
    # It reads the settings, which name the classes here.
    from rest_framework.views import APIView

# Of a token: one each six seconds, or a hurried minute now and then.
LIMIT = "600/hour"
# Of an address that sends no token: enough to look around and for a page that shows a stack.
ADDRESS_LIMIT = "120/hour"
# Files to be read cost up to two seconds of a processor: a build each minute of a person with two branches, and of an
# address without a token enough to try it out.
DETECTION_LIMIT = "120/hour"
ADDRESS_DETECTION_LIMIT = "20/hour"


class TokenAuthentication(BaseAuthentication):  # type: ignore[misc]
    """`Authorization: Bearer sst_…`. `request.user` is the person and `request.auth` the token's row."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if not kind:
            return None
        if kind.lower() != "bearer":
            raise AuthenticationFailed("Send your token as: Authorization: Bearer sst_...")
        key = authenticate(token.strip())
        if key is None:
            raise AuthenticationFailed("This token is not one of ours, has expired or was revoked.")
        return key.person, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenScope(BasePermission):  # type: ignore[misc]
    """Any token may read; to change something its scope must be write."""

    message = "This token may only read. Create one that may write, too."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.auth, ApiToken):
            # Which is answered with 401 where there is no token.
            return False
        return request.method in SAFE_METHODS or request.auth.scope == ApiToken.Scope.WRITE


class OpenToRead(TokenScope):
    """As `TokenScope`, but anybody may read what is public, without a token."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.auth is None and request.method in SAFE_METHODS:
            return True
        return super().has_permission(request, view)


class TokenThrottle(BaseThrottle):  # type: ignore[misc]
    """`LIMIT` for each token, `ADDRESS_LIMIT` for each address without one, where one is not needed.

    Not one of the framework's own, which count one short under parallel requests.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        if isinstance(request.auth, ApiToken):
            self._counted = ("api", str(request.auth.pk), LIMIT)
        else:
            self._counted = ("api_address", client_address(request), ADDRESS_LIMIT)
        return is_allowed(*self._counted)

    def wait(self) -> float:
        return seconds_to_wait(*self._counted)


class DetectionThrottle(TokenThrottle):
    """What reads files: by person, whatever number of tokens they have, or by address."""

    # What counts: a page of one's own readings is no reading of files.
    methods: ClassVar = ("POST",)

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method not in self.methods:
            return super().allow_request(request, view)
        if isinstance(request.auth, ApiToken):
            self._counted = ("api_detection", str(request.user.pk), DETECTION_LIMIT)
        else:
            self._counted = ("api_detection_address", client_address(request), ADDRESS_DETECTION_LIMIT)
        return is_allowed(*self._counted)
