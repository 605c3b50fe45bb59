from datetime import date

from apps.comparisons.models import Comparison, ComparisonTool, Difference, DifferenceText
from apps.comparisons.services import canonical_slug
from apps.tools.models import Tool


def make_comparison(*tools: Tool, differences: int = 0) -> Comparison:
    """A comparison of `tools`; with `differences`, one with a summary and so many texts for each tool."""
    comparison = Comparison.objects.create(
        slug=canonical_slug([tool.slug for tool in tools]),
        summary="One is small and one is large; which fits depends on what you bring along."
        if differences
        else "",
        texts_on=date(2026, 11, 22) if differences else None,
    )
    for tool in tools:
        ComparisonTool.objects.create(comparison=comparison, tool=tool, pick_when=["you know it already"])
    for position in range(1, differences + 1):
        difference = Difference.objects.create(
            comparison=comparison, position=position, topic=f"Topic {position}", about="2026"
        )
        for tool in tools:
            DifferenceText.objects.create(
                difference=difference, tool=tool, text=f"{tool.name} says {position}."
            )
    return comparison
