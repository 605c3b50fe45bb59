"""How long detection takes, and how much memory, on folders given and on inputs made to break it.

    python bench/detection.py DIR...              # each DIR is a repository, or holds some
    python bench/detection.py --hostile [DIR...]  # also: what nobody writes by accident, at the limits of size

Tools come from the files of catalogue/; no database is needed. Bars: the median repository takes 0.25 s, none and no
input more than 2 s; a process that is given 50 MB of files takes at most 200 MB. Exits with 1 if one is missed.
"""

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stackshare.settings")

import django  # noqa: E402

django.setup()

from apps.detection.detect import DEFAULT_LIMITS, detect  # noqa: E402
from apps.detection.knowledge import Knowledge  # noqa: E402
from apps.detection.management.commands.detect import read_folder  # noqa: E402
from apps.detection.sights import File  # noqa: E402
from apps.detection.sources import from_files  # noqa: E402
from apps.tools.catalogue import CATALOGUE_DIR  # noqa: E402
from tests.detection import hostile  # noqa: E402

MEDIAN_SECONDS, LONGEST_SECONDS, PEAK_MEGABYTES = 0.25, 2.0, 200


def repositories(folders: list[Path]) -> Iterator[Path]:
    """The folders themselves, or those in them where they hold no file of their own."""
    for folder in folders:
        inner = [path for path in sorted(folder.iterdir()) if path.is_dir() and not path.name.startswith(".")]
        yield from [folder] if not inner or any(path.is_file() for path in folder.iterdir()) else inner


def seconds_for(files: list[File], knowledge: Knowledge) -> float:
    """Of the processor, so that what else the machine does counts little."""
    gc.collect()
    start = time.process_time()
    detect(files, knowledge)
    return time.process_time() - start


def time_repositories(folders: list[Path], knowledge: Knowledge) -> bool:
    times = {
        folder.name: seconds_for(list(read_folder(folder)), knowledge) for folder in repositories(folders)
    }
    slowest = max(times, key=lambda name: times[name])
    median = statistics.median(times.values())
    print(
        f"{len(times)} repositories: median {median:.3f} s (bar {MEDIAN_SECONDS}), "
        f"longest {times[slowest]:.2f} s: {slowest}"
    )
    return median <= MEDIAN_SECONDS and times[slowest] <= LONGEST_SECONDS


def time_hostile(knowledge: Knowledge) -> bool:
    """Each text for each kind of file, at the limit of its size."""
    slowest: list[tuple[float, str, str]] = []
    count = 0
    kinds = {parser.parse: (name, parser) for name, parser in hostile.NAMES}.values()
    for size in sorted(
        {
            DEFAULT_LIMITS.long_file_bytes if parser.is_lock else DEFAULT_LIMITS.file_bytes
            for _, parser in kinds
        }
    ):
        texts = [text.encode()[:size] for text in hostile.texts(size)]
        for name, parser in kinds:
            if size == (DEFAULT_LIMITS.long_file_bytes if parser.is_lock else DEFAULT_LIMITS.file_bytes):
                for text in texts:
                    slowest.append((seconds_for([File(name, text)], knowledge), name, repr(text[:20])))
                    count += 1
    slowest.sort(reverse=True)
    print(f"{count} hostile files: longest {slowest[0][0]:.2f} s (bar {LONGEST_SECONDS})")
    for seconds, name, text in slowest[:10]:
        print(f"  {seconds:5.2f} s  {name}  {text}")
    return slowest[0][0] <= LONGEST_SECONDS


def npm_locks() -> Iterator[File]:
    packages = {
        f"node_modules/package-{number}": {"version": "1.0.0", "resolved": "https://x/" + "y" * 60}
        for number in range(35_000)
    }
    content = json.dumps({"lockfileVersion": 3, "packages": packages}).encode()
    yield from (File(f"{number}/package-lock.json", content) for number in range(10))


def yarn_locks() -> Iterator[File]:
    content = b"".join(
        b'package-%d@^1.0.0:\n  version "1.0.0"\n  resolved "https://x/%s"\n\n' % (number, b"y" * 60)
        for number in range(39_000)
    )
    yield from (File(f"{number}/yarn.lock", content) for number in range(10))


def manifests() -> Iterator[File]:
    content = json.dumps(
        {"dependencies": {f"package-{number}": "^1.0.0" for number in range(33_000)}}
    ).encode()
    yield from (File(f"{number}/package.json", content) for number in range(50))


def small_files() -> Iterator[File]:
    yield from (
        File(f"{number}/Dockerfile", b"FROM postgres:16\n" + b"RUN true\n" * 1100) for number in range(5_000)
    )
    yield from (File(f"src/{number}.py", b"") for number in range(35_000))


BIG = {"npm": npm_locks, "yarn": yarn_locks, "manifests": manifests, "small": small_files}


def weigh(name: str, folder: Path) -> bool:
    """Let the command read 50 MB in a process of its own, and see how large that became."""
    total = 0
    for file in BIG[name]():
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        total += path.write_bytes(file.content)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    command = [sys.executable, ROOT / "manage.py", "detect", folder, "--json", "--catalogue", "files"]
    code = "import os, resource, subprocess, sys\n"
    code += "subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)\n"
    code += "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)\n"
    answer = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
    print(
        f"{total / 1e6:.0f} MB, {name}: {answer.stdout.strip()} MB at most, {seconds:.1f} s of CPU with the start"
    )
    return int(answer.stdout) <= PEAK_MEGABYTES


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", metavar="DIR")
    parser.add_argument("--hostile", action="store_true", help="time hostile inputs too: some minutes")
    arguments = parser.parse_args()
    knowledge = from_files(CATALOGUE_DIR)
    is_good = not arguments.folders or time_repositories(arguments.folders, knowledge)
    for name in BIG:
        with tempfile.TemporaryDirectory() as folder:
            is_good &= weigh(name, Path(folder))
        seconds = seconds_for(list(BIG[name]()), knowledge)
        print(f"  detection alone {seconds:.2f} s (bar {LONGEST_SECONDS})")
        is_good &= seconds <= LONGEST_SECONDS
    if arguments.hostile:
        is_good &= time_hostile(knowledge)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
