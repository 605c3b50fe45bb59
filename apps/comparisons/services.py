"""Writes: the comparisons of the starter catalogue, and the ranking that they feed."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from django.utils import timezone

from apps.comparisons.models import Comparison, ComparisonTool, Difference, DifferenceText
from apps.tools.entries import CatalogueError, ComparisonEntry, Problem, RelatedEntry, read_file
from apps.tools.models import Tool
from apps.tools.services.alternatives import replace_alternatives


@dataclass(frozen=True, slots=True)
class Comparisons:
    """The checked comparison files: those with texts, and further sets of slugs worth a link."""

    written: list[ComparisonEntry]
    related: list[tuple[str, ...]]


def canonical_slug(slugs: list[str] | tuple[str, ...]) -> str:
    """The one address of a comparison: slugs sorted and joined."""
    return "-vs-".join(sorted(slugs))


def read_comparisons(root: Path, known: set[str]) -> Comparisons:
    """Read `comparisons/*.toml` below `root`; `known` are the slugs of all tools. Raises `CatalogueError`."""
    problems: list[Problem] = []
    written: list[ComparisonEntry] = []
    related: list[tuple[str, ...]] = []
    for path in sorted((root / "comparisons").glob("*.toml")):
        name = str(path.relative_to(root))
        try:
            if path.stem == "related":
                related = list(read_file(path, RelatedEntry, root).stackups)
                groups = related
            else:
                entry = read_file(path, ComparisonEntry, root)
                written.append(entry)
                groups = [entry.tools]
                if path.stem != canonical_slug(entry.tools):
                    problems.append(
                        Problem(name, "", "tools", f"name the file {canonical_slug(entry.tools)}.toml.")
                    )
        except CatalogueError as error:
            problems += error.problems
            continue
        times = Counter(canonical_slug(group) for group in groups)
        problems += [
            Problem(name, slug, "", "stands here twice; keep one.")
            for slug, count in times.items()
            if count > 1
        ]
        for group in groups:
            if len(set(group)) < len(group):
                problems.append(
                    Problem(name, canonical_slug(group), "", "names a tool twice; name each once.")
                )
            for slug in group:
                if slug not in known:
                    problems.append(Problem(name, canonical_slug(group), "", f"{slug!r} is no tool's slug."))
    if problems:
        raise CatalogueError(problems)
    return Comparisons(written=written, related=related)


def load_comparisons(comparisons: Comparisons) -> int:
    """Bring the database to what the files say; answers how many comparisons changed. Call it in a transaction."""
    slugs = {slug for entry in comparisons.written for slug in entry.tools}
    slugs |= {slug for group in comparisons.related for slug in group}
    tools = dict(Tool.objects.filter(slug__in=slugs).values_list("slug", "pk"))
    changed = _follow_renamed_tools()
    existing = {
        comparison.slug: comparison
        for comparison in Comparison.objects.prefetch_related("sides__tool", "differences__texts__tool")
    }
    for entry in comparisons.written:
        slug = canonical_slug(entry.tools)
        found = existing.get(slug)
        if found is None or (not found.is_edited and _content(found) != _wanted_content(entry)):
            _write(slug, entry, tools)
            changed += 1
    written = {canonical_slug(entry.tools) for entry in comparisons.written}
    for group in comparisons.related:
        slug = canonical_slug(group)
        if slug not in existing and slug not in written:
            comparison = Comparison.objects.create(slug=slug)
            ComparisonTool.objects.bulk_create(
                ComparisonTool(comparison=comparison, tool_id=tools[s]) for s in group
            )
            changed += 1
    return changed


def _follow_renamed_tools() -> int:
    """Move the comparisons of tools that have another slug now to the address that follows; answers how many."""
    moved = 0
    comparisons = list(Comparison.objects.prefetch_related("sides__tool"))
    taken = {comparison.slug for comparison in comparisons}
    for comparison in comparisons:
        slug = canonical_slug([side.tool.slug for side in comparison.sides.all()])
        if slug and slug not in taken:
            taken.add(slug)
            comparison.slug, comparison.changed_at = slug, timezone.now()
            comparison.save(update_fields=["slug", "changed_at"])
            moved += 1
    return moved


def _wanted_content(entry: ComparisonEntry) -> object:
    sides = {slug: list(entry.pick.get(slug, ())) for slug in entry.tools}
    return entry.summary, entry.as_of, sides, [(d.topic, d.about, d.texts) for d in entry.difference]


def _content(comparison: Comparison) -> object:
    sides = {side.tool.slug: side.pick_when for side in comparison.sides.all()}
    differences = [
        (d.topic, d.about, {text.tool.slug: text.text for text in d.texts.all()})
        for d in comparison.differences.all()
    ]
    return comparison.summary, comparison.texts_on, sides, differences


def _write(slug: str, entry: ComparisonEntry, tools: dict[str, int]) -> None:
    comparison, _ = Comparison.objects.update_or_create(
        slug=slug,
        defaults={"summary": entry.summary, "texts_on": entry.as_of, "changed_at": timezone.now()},
    )
    comparison.sides.all().delete()
    comparison.differences.all().delete()
    ComparisonTool.objects.bulk_create(
        ComparisonTool(comparison=comparison, tool_id=tools[s], pick_when=list(entry.pick.get(s, ())))
        for s in entry.tools
    )
    differences = Difference.objects.bulk_create(
        Difference(comparison=comparison, position=at, topic=d.topic, about=d.about)
        for at, d in enumerate(entry.difference, start=1)
    )
    DifferenceText.objects.bulk_create(
        DifferenceText(difference=row, tool_id=tools[s], text=text)
        for row, d in zip(differences, entry.difference, strict=True)
        for s, text in d.texts.items()
    )


def rank_alternatives() -> int:
    """Rank every tool's alternatives anew, by likeness and by what is compared; answers the number of rows."""
    sides: dict[int, list[int]] = {}
    for comparison_id, tool_id in ComparisonTool.objects.values_list("comparison_id", "tool_id"):
        sides.setdefault(comparison_id, []).append(tool_id)
    return replace_alternatives(compared=[pair for ids in sides.values() for pair in combinations(ids, 2)])
