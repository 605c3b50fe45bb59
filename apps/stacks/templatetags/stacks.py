"""What pages show of stacks: the picture of the layers, tiers of evidence, where evidence stands."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.accounts.models import User
from apps.core.templatetags.ui import avatar, monogram
from apps.stacks.layers import Layer, beds
from apps.stacks.models import TIER_WORDS, Company, Evidence, Stack, Tier

register = template.Library()

# Of both pictures, in the units of their view boxes: what is narrower can't be seen.
_LEAST = 3


@register.simple_tag
def core_sample(layers: Sequence[Layer[Any]]) -> SafeString:
    """The layers on top of each other, each as high as its share of the tools. Needs stacks/_hatches.html."""
    counts = [(layer.node.slug, layer.count) for layer in layers]
    rects = format_html_join(
        "",
        '<g class="st-{}"><rect x="1" y="{}" width="42" height="{}" rx="2" fill="url(#h-{})"/></g>',
        (
            (bed.slug, f"{bed.start:.1f}", f"{bed.length:.1f}", bed.slug)
            for bed in beds(counts, whole=224, gap=2, least=_LEAST)
        ),
    )
    return format_html(
        '<svg class="core-svg" viewBox="0 0 44 224" preserveAspectRatio="none" aria-hidden="true">{}</svg>',
        rects,
    )


@register.simple_tag
def seam(counts: Sequence[tuple[str, str, int]]) -> SafeString:
    """The layers side by side, for (slug, name, count) of each. Needs stacks/_hatches.html on the page."""
    label = ", ".join(f"{count} {name}" for _, name, count in counts if count)
    rects = format_html_join(
        "",
        '<g class="st-{}"><rect x="{}%" y="1" width="{}%" height="12" rx="2" fill="url(#h-{})"/></g>',
        (
            (bed.slug, f"{bed.start:.2f}", f"{bed.length:.2f}", bed.slug)
            for bed in beds([(slug, count) for slug, _, count in counts], whole=100, gap=0.6, least=_LEAST)
        ),
    )
    return format_html('<svg class="seam core-svg" role="img" aria-label="Layers: {}">{}</svg>', label, rects)


@register.simple_tag
def owner_mark(owner: User | Company) -> SafeString:
    """The picture of a person, or the monogram of a company."""
    if isinstance(owner, User):
        return avatar(owner, "sm")
    return format_html(
        '<span class="avatar avatar-sm hue-{}" aria-hidden="true">{}</span>',
        owner.pk % 8,
        monogram(owner.name),
    )


@register.filter
def tier_words(tier: str) -> str:
    """What a tier means, in a sentence."""
    return TIER_WORDS[Tier(tier)]


@register.filter
def evidence_url(evidence: Evidence) -> str:
    """Where a file stands that we read ourselves, at the commit of that day; "" for what came to us otherwise."""
    if evidence.source != Evidence.Source.REPOSITORY or not (evidence.repository and evidence.commit):
        return ""
    line = f"#L{evidence.line}" if evidence.line else ""
    return f"https://github.com/{quote(evidence.repository)}/blob/{quote(evidence.commit)}/{quote(evidence.path)}{line}"


@register.filter
def claim(stack: Stack) -> str:
    """Whose the stack is, as far as it was shown, in two words."""
    if stack.proved_at:
        return "Owner verified"
    return "Company verified" if stack.company_id and stack.company and stack.company.proved_at else "Claimed"


@register.filter
def claim_words(stack: Stack) -> str:
    """What `claim` means for this stack."""
    if stack.proved_at:
        return f"{stack.owner_name} showed that {stack.repository} is theirs, by {stack.get_proved_by_display()}."
    if stack.company and stack.company.proved_at:
        return (
            f"{stack.company.name} showed that {stack.company.domain} is theirs. "
            "That they own the repository, or that what stands here is so, nobody has shown."
        )
    return "Whoever shared it says that it is theirs; nothing shows it yet."
