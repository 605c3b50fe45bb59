"""Files in, evidence out: for now, or kept to be reviewed and published."""

from typing import Any, ClassVar

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.api.access import DetectionThrottle
from apps.api.parsers import FilesFormParser, FilesJSONParser
from apps.api.serializers import (
    FilesSerializer,
    NewReadingSerializer,
    PublishSerializer,
    ReadingSerializer,
    ReportSerializer,
    StackSerializer,
)
from apps.api.views.base import OPEN, ApiView, errors
from apps.detection.sources import from_database
from apps.stacks.intake import read_files
from apps.stacks.models import Reading, Stack
from apps.stacks.permissions import check_edits, may_edit
from apps.stacks.services.readings import compare_reading, publish_reading, store_reading


class DetectionView(ApiView):
    # It changes nothing, so that any token will do, and none.
    permission_classes: ClassVar = [AllowAny]
    throttle_classes: ClassVar = [DetectionThrottle]
    parser_classes: ClassVar = [FilesJSONParser, FilesFormParser]

    @extend_schema(
        operation_id="detect",
        summary="What files show to be in use",
        tags=["detection"],
        request=FilesSerializer,
        responses={200: ReportSerializer, **errors(400, 413)},
        auth=OPEN,
    )
    def post(self, request: Request) -> Response:
        """Nothing of it is kept. What could not be read, and why, is in `unread`."""
        taken = FilesSerializer(data=request.data)
        taken.is_valid(raise_exception=True)
        report, _ = read_files(taken.validated_data["files"], from_database(), is_dropped=False)
        return Response(ReportSerializer(report).data)


class ReadingsView(ApiView):
    throttle_classes: ClassVar = [DetectionThrottle]
    parser_classes: ClassVar = [FilesJSONParser, FilesFormParser]

    @extend_schema(
        operation_id="readings_create",
        summary="Have files read for a stack",
        tags=["readings"],
        request=NewReadingSerializer,
        responses={201: ReadingSerializer, **errors(400, 403, 413)},
    )
    def post(self, request: Request) -> Response:
        """What they show is kept as a reading, to be reviewed and published at its `address` or by another request.

        With `publish` it is published at once, with the tools that are chosen.
        """
        taken = NewReadingSerializer(data=request.data)
        taken.is_valid(raise_exception=True)
        values = taken.validated_data
        stack = _stack(request, values["stack"])
        if values["publish"] and stack is None:
            raise ValidationError({"stack": ["Say which stack it is to be published to: owner/slug."]})
        report, source = read_files(values["files"], from_database(), is_dropped=False)
        if source == Reading.Source.UPLOAD:
            source = values["source"]
        with transaction.atomic():
            reading = store_reading(
                person=request.user,
                report=report,
                source=source,
                stack=stack,
                repository=values["repository"],
                commit=values["commit"],
            )
            shown = _shown(request, reading)
            if values["publish"] and stack is not None:
                publish_reading(
                    person=request.user, reading=reading, stack=stack, tools=_chosen(shown["changes"])
                )
                shown["state"] = Reading.State.PUBLISHED
        return Response(shown, status=201, headers={"Location": shown["address"]})


class ReadingView(ApiView):
    @extend_schema(
        operation_id="readings_retrieve",
        summary="A reading of yours",
        tags=["readings"],
        responses={200: ReadingSerializer, **errors(404)},
    )
    def get(self, request: Request, pk: int) -> Response:
        return Response(_shown(request, _reading(request.user, pk)))


class PublishView(ApiView):
    @extend_schema(
        operation_id="readings_publish",
        summary="Bring a stack to what a reading says",
        tags=["readings"],
        request=PublishSerializer,
        responses={200: StackSerializer, **errors(400, 403, 404)},
    )
    def post(self, request: Request, pk: int) -> Response:
        """Adds and upgrades the tools named, and drops those of them that are gone. A second time changes nothing."""
        taken = PublishSerializer(data=request.data)
        taken.is_valid(raise_exception=True)
        reading = _reading(request.user, pk)
        stack = _stack(request, taken.validated_data["stack"]) or reading.stack
        if stack is None:
            raise ValidationError({"stack": ["Say which stack it is to be published to: owner/slug."]})
        tools = taken.validated_data.get("tools")
        if tools is None:
            check_edits(request.user, stack)
            tools = [row.tool.slug for row in compare_reading(reading, stack) if row.is_chosen]
        stack = publish_reading(person=request.user, reading=reading, stack=stack, tools=tools)
        return Response(StackSerializer(stack, context={"request": request}).data)


def _shown(request: Request, reading: Reading) -> dict[str, Any]:
    if reading.stack and not may_edit(request.user, reading.stack):
        # Of a company that the person belongs to no more: what its stack runs is none of theirs.
        reading.stack = None
    reading.rows = compare_reading(reading, reading.stack)  # type: ignore[attr-defined]
    return dict(ReadingSerializer(reading, context={"request": request}).data)


def _chosen(changes: list[dict[str, Any]]) -> list[str]:
    return [row["tool"] for row in changes if row["is_chosen"]]


def _reading(person: User, pk: int) -> Reading:
    rows = Reading.objects.of_person(person).select_related("stack__person", "stack__company")
    reading = rows.filter(pk=pk).first()
    if reading is None:
        raise Http404
    return reading


def _stack(request: Request, name: str) -> Stack | None:
    """The stack called "owner/slug", one that the person may change; None for ""."""
    if not name:
        return None
    owner, _, slug = name.partition("/")
    stack = Stack.objects.editable_by(request.user).with_owner().of_owner(owner).filter(slug=slug).first()
    if stack is None:
        raise ValidationError({"stack": [f"You have no stack {name}."]})
    return stack
