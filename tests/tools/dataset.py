"""Files in the form of the open dataset, for tests of its import."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

COLUMNS = (
    "url",
    "object_id",
    "name",
    "title",
    "popularity",
    "votes",
    "verified",
    "description",
    "stack_count",
    "type",
    "category",
    "layer",
    "function",
)


def dataset_row(number: int = 1, **values: str) -> dict[str, str]:
    """The row of a tool that nothing else has."""
    return {
        "url": f"https://stackshare.io/tool-{number}",
        "object_id": f"Service_{number}",
        "name": f"Tool {number}",
        "title": "",
        "popularity": "100.5",
        "votes": "7",
        "verified": "False",
        "description": "",
        "stack_count": "30",
        "type": "service",
        "category": "languages-and-frameworks",
        "layer": "application and data",
        "function": "microframeworks",
    } | values


def write_dataset(path: Path, rows: Iterable[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    return path
