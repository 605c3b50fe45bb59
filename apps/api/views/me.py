from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.serializers import MeSerializer, PersonSerializer, TokenSerializer
from apps.api.views.base import ApiView, errors


class MeView(ApiView):
    @extend_schema(
        operation_id="me", summary="Who you are", tags=["me"], responses={200: MeSerializer, **errors()}
    )
    def get(self, request: Request) -> Response:
        """The person whose token it is, and what the token may do."""
        return Response({**PersonSerializer(request.user).data, "token": TokenSerializer(request.auth).data})
