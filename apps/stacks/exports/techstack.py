"""A stack as StackShare's techstack.yml 0.1, and as the Markdown page beside it."""

import re
from datetime import UTC
from itertools import groupby

import yaml

from apps.detection.techstack import METADATA, package_address
from apps.stacks.exports.stack import ExportedItem, ExportedStack

# What is Markdown anywhere, what is so at the beginning of a line, and what makes an address a link by itself.
_MARKDOWN = re.compile(
    r"([\\`*_{}\[\]()#|<>~&!@]|^[-+=]|(?<=^\d)[.)]|(?<=:)/(?=/)|(?<=www)\.)", re.IGNORECASE
)


def write_techstack_yml(stack: ExportedStack) -> str:
    """techstack.yml 0.1: the fields that readers of the format know, of each tool that the stack runs."""
    document = {
        "repo_name": stack.name,
        "version": 0.1,
        "repo_type": "Public",
        "timestamp": stack.changed_at.astimezone(UTC).isoformat(timespec="seconds"),
        "requested_by": stack.owner,
        "report_url": stack.address,
        "detected_tools_count": len(stack.items),
        "tools": [_entry(item) for item in stack.items],
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)


def _entry(item: ExportedItem) -> dict[str, object]:
    package = next(iter(item.purls), None)
    path = (
        f"{package.namespace}/{package.name}"
        if package and package.namespace
        else package.name
        if package
        else ""
    )
    entry: dict[str, object] = {
        "name": item.name,
        "website_url": item.website,
        "version": item.version,
        "license": item.license,
        "open_source": bool(item.license) and not item.is_closed,
        "hosted_saas": False,
        "category": item.category,
        "sub_category": item.function,
        "package_url": package_address(package.type, path) if package else "",
        # Of what no file shows, the owner's word is all there is.
        "detection_source": item.evidence[0] if item.evidence else METADATA,
    }
    return {key: value for key, value in entry.items() if value != ""}


def _plain(text: str) -> str:
    """Text of one line in which nothing is Markdown or HTML."""
    return _MARKDOWN.sub(r"\\\1", re.sub(r"\s+", " ", text).strip())


def _link(text: str, address: str) -> str:
    # An address that could end the link early, or is none, is left out.
    return (
        f"[{_plain(text)}]({address})" if re.fullmatch(r"https?://[^\s<>()\"\\]+", address) else _plain(text)
    )


def write_techstack_md(stack: ExportedStack) -> str:
    """A page for a repository: a table of the tools for each layer. What people wrote is escaped."""
    count = f"{len(stack.items)} tool{'' if len(stack.items) == 1 else 's'}"
    day = f"{stack.changed_at.astimezone(UTC):%Y-%m-%d}"
    summary = f"{_link(stack.name, stack.address)} by {_plain(stack.owner)} runs {count}, as of {day}."
    lines = [
        f"# {_plain(stack.name)}",
        "",
        summary,
        "",
    ]
    for layer, items in groupby(stack.items, key=lambda item: item.layer):
        lines += [
            f"## {_plain(layer) or 'Other'}",
            "",
            "| Tool | Used as | Version | Since | Evidence |",
            "|---|---|---|---|---|",
        ]
        for item in items:
            cells = [
                _link(item.name, item.website),
                _plain(item.function or item.category),
                _plain(item.version),
                _plain(item.since),
                _plain(f"{item.tier}: {item.evidence[0]}" if item.evidence else item.tier),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)
