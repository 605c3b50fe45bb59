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
        Prefetch("evidence", queryset=Evidence.objects.only("item_id", "path", "purl")),
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
        packages=_packages(item),
        scope=item.scope,
        since=item.since,
        tier=item.tier,
        evidence=tuple(dict.fromkeys(one.path for one in item.evidence.all())),
    )


def _packages(item: Item) -> tuple[str, ...]:
    """Those that its files show; else the one that the tool has. Of several nobody knows which are run: a bill of
    materials that names them all is false."""
    shown = {one.purl for one in item.evidence.all() if one.purl}
    if shown:
        return tuple(sorted(shown))
    known = item.tool.packages.all()
    return tuple(_purl(package) for package in known) if len(known) == 1 else ()


def _purl(package: Package) -> str:
    namespace, _, name = package.name.rpartition("/")
    return PackageURL(package.type, namespace or None, name).to_string()
