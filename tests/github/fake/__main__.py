"""The fake GitHub alone: `python -m tests.github.fake --port 8090 --repositories 10000`. Any token is `ghp_fake`."""

import argparse
import csv
import sys
import time
from itertools import islice
from pathlib import Path

from tests.github.fake import FakeGitHub
from tests.github.fake.server import TOKEN


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.github.fake", description=__doc__)
    parser.add_argument("--port", type=int, default=8090)
    parser.add_argument("--repositories", type=int, default=10_000, help="how many there are")
    parser.add_argument("--seconds-per-request", type=float, default=0.0)
    parser.add_argument(
        "--history",
        type=Path,
        help="a star history (CSV with repository, date, stars, forks): its names and figures",
    )
    arguments = parser.parse_args()
    github = FakeGitHub(port=arguments.port, seconds_per_request=arguments.seconds_per_request)
    fill(github, arguments.repositories, arguments.history)
    with github:
        sys.stdout.write(f"GITHUB_API_URL={github.url} GITHUB_TOKEN={TOKEN}\n")
        sys.stdout.flush()
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            pass


def fill(github: FakeGitHub, count: int, history: Path | None = None) -> None:
    """Add the first `count` repositories of the star history, then made-up ones."""
    known = newest_figures(history) if history else {}
    for name, (stars, forks) in islice(known.items(), count):
        github.add_made_up(name, stars=stars, forks=forks)
    for number in range(len(known), count):
        github.add_made_up(f"owner-{number // 10}/repository-{number}")


def newest_figures(history: Path) -> dict[str, tuple[int, int]]:
    """Stars and forks of each repository on the last day that the file has of it."""
    figures: dict[str, tuple[int, int]] = {}
    with history.open(newline="") as file:
        for row in sorted(csv.DictReader(file), key=lambda row: (row["repository"], row["date"])):
            figures[row["repository"]] = (int(row["stars"]), int(row["forks"]))
    return figures


if __name__ == "__main__":
    main()
