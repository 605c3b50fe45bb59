"""A stack as its exports want it: read from the database, plain from then on."""

from django.db.models import Prefetch
from packageurl import PackageURL

from apps.stacks.exports import ExportedItem, ExportedStack
from apps.stacks.models import Evidence, Item, Stack
from apps.tools.models import Package


def document_of(stack: Stack, *, address: str) -> ExportedStack:
    """What the stack runs now. `address`: of its page, with host. Three queries, after `StackQuerySet.with_owner`."""
    items = stack.items.current().select_related("tool__function__parent__parent")
    items = items.prefetch_related(
        Prefetch("evidence", queryset=Evidence.objects.only("item_id", "path")),
        Prefetch("tool__packages", queryset=Package.objects.order_by("type", "name")),
    )
    return ExportedStack(
        name=stack.name,
        owner=stack.owner_name,
        address=address,
        changed_at=stack.changed_at,
        description=stack.description,
        items=tuple(map(_exported, items)),
    )


def _exported(item: Item) -> ExportedItem:
    tool = item.tool
    layer, category, function = tool.function.trail
    return ExportedItem(
        name=tool.name,
        slug=tool.slug,
        website=tool.website,
        layer=layer.name,
        category=category.name,
        function=function.name,
        version=item.version,
        license=tool.license,
        packages=tuple(_purl(package) for package in tool.packages.all()),
        scope=item.scope,
        since=item.since,
        tier=item.tier,
        evidence=tuple(dict.fromkeys(one.path for one in item.evidence.all())),
    )


def _purl(package: Package) -> str:
    namespace, _, name = package.name.rpartition("/")
    return PackageURL(package.type, namespace or None, name).to_string()
