"""What a stack runs, one tool at a time."""

from typing import ClassVar

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.access import OpenToRead
from apps.api.serializers import ChangeItemSerializer, ItemSerializer, NewItemSerializer
from apps.api.views.base import OPEN, ApiView, errors
from apps.api.views.stacks import IF_MATCH, find_stack, seen_version
from apps.stacks.models import Item, Stack
from apps.stacks.services.items import add_items, change_item, drop_item, erase_item
from apps.tools.models import Tool


class PastSerializer(serializers.Serializer[object]):  # type: ignore[misc]
    past = serializers.BooleanField(required=False, default=False, help_text="What it ran once, instead.")


class EraseSerializer(serializers.Serializer[object]):  # type: ignore[misc]
    erase = serializers.BooleanField(
        required=False, default=False, help_text="It was an error: leave no trace in the history."
    )


class ItemsView(ApiView):
    permission_classes: ClassVar = [OpenToRead]

    @extend_schema(
        operation_id="stacks_items_list",
        summary="What a stack runs",
        tags=["items"],
        parameters=[PastSerializer],
        responses={200: ItemSerializer(many=True), **errors(400, 404)},
        auth=OPEN,
    )
    def get(self, request: Request, owner: str, slug: str) -> Response:
        """All of it, in the owner's order."""
        taken = PastSerializer(data=request.query_params)
        taken.is_valid(raise_exception=True)
        items = Item.objects.filter(stack=find_stack(request, owner, slug))
        items = items.past() if taken.validated_data["past"] else items.current()
        return Response(ItemSerializer(items.select_related("tool", "replaced_by"), many=True).data)

    @extend_schema(
        operation_id="stacks_items_create",
        summary="Add a tool to a stack",
        tags=["items"],
        request=NewItemSerializer,
        parameters=[IF_MATCH],
        responses={200: ItemSerializer, 201: ItemSerializer, **errors(400, 403, 404, 412)},
    )
    def post(self, request: Request, owner: str, slug: str) -> Response:
        """200, and nothing changed, where the stack runs it already."""
        stack = find_stack(request, owner, slug)
        taken = NewItemSerializer(data=request.data)
        taken.is_valid(raise_exception=True)
        values = dict(taken.validated_data)
        tool = values.pop("tool")
        new = add_items(
            person=request.user, stack=stack, tools=[tool], seen_version=seen_version(request), **values
        )
        return Response(ItemSerializer(_current(stack, tool.slug)).data, status=201 if new else 200)


class ItemView(ApiView):
    permission_classes: ClassVar = [OpenToRead]

    @extend_schema(
        operation_id="stacks_items_retrieve",
        summary="A tool that a stack runs",
        tags=["items"],
        responses={200: ItemSerializer, **errors(404)},
        auth=OPEN,
    )
    def get(self, request: Request, owner: str, slug: str, tool: str) -> Response:
        return Response(ItemSerializer(_current(find_stack(request, owner, slug), tool)).data)

    @extend_schema(
        operation_id="stacks_items_update",
        summary="Say what a stack runs, or ran until when",
        tags=["items"],
        request=ChangeItemSerializer,
        parameters=[IF_MATCH],
        responses={200: ItemSerializer, 201: ItemSerializer, **errors(400, 403, 404, 412)},
    )
    def put(self, request: Request, owner: str, slug: str, tool: str) -> Response:
        """Adds the tool if the stack does not run it. What is left out stays as it is."""
        stack = find_stack(request, owner, slug)
        taken = ChangeItemSerializer(data=request.data)
        taken.is_valid(raise_exception=True)
        values = dict(taken.validated_data)
        end = {name: values.pop(name) for name in ("until", "why_not", "replaced_by") if name in values}
        if end and "until" not in end:
            raise ValidationError({"until": ["Say until when: a year, a month or a day."]})
        known = stack.items.current().select_related("tool").filter(tool__slug=tool).first()
        version = seen_version(request)
        with transaction.atomic():
            if known is None:
                row = Tool.objects.listed().filter(slug=tool).first()
                if row is None:
                    raise Http404
                add_items(person=request.user, stack=stack, tools=[row], seen_version=version, **values)
                item, version = _current(stack, tool), None
            elif values:
                item = change_item(person=request.user, item=known, values=values, seen_version=version)
                version = None
            else:
                item = known
            if end:
                item = drop_item(person=request.user, item=item, seen_version=version, **end)
        return Response(ItemSerializer(item).data, status=201 if known is None else 200)

    @extend_schema(
        operation_id="stacks_items_destroy",
        summary="Drop a tool from a stack",
        tags=["items"],
        parameters=[EraseSerializer, IF_MATCH],
        responses={204: None, **errors(400, 403, 404, 412)},
    )
    def delete(self, request: Request, owner: str, slug: str, tool: str) -> Response:
        """The stack runs it no more, from today; its history says that it did."""
        taken = EraseSerializer(data=request.query_params)
        taken.is_valid(raise_exception=True)
        item = _current(find_stack(request, owner, slug), tool)
        version = seen_version(request)
        if taken.validated_data["erase"]:
            erase_item(person=request.user, item=item, seen_version=version)
        else:
            drop_item(person=request.user, item=item, seen_version=version)
        return Response(status=204)


def _current(stack: Stack, tool: str) -> Item:
    item = stack.items.current().select_related("tool", "replaced_by").filter(tool__slug=tool).first()
    if item is None:
        raise Http404
    return item
