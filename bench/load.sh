#!/usr/bin/env bash
# Seconds to load the catalogue into an empty database, to load it again, and to import a dataset twice.
#   make manage ARGS="shell -c pass"; bench/load.sh FILE.csv
set -eu
file=$(realpath "$1")
cd "$(dirname "$0")/.."
export DEVELOPMENT=1
var=$(mktemp -d)
trap 'rm -rf "$var"' EXIT
.venv/bin/python - "$var" "$file" <<'PY'
import os, subprocess, sys, time
from pathlib import Path
from stackshare import embedded

with embedded.servers(var=Path(sys.argv[1])) as urls:
    os.environ |= {"DATABASE_URL": urls.database_url, "REDIS_URL": urls.redis_url}
    manage = [sys.executable, "manage.py"]
    subprocess.run([*manage, "migrate", "-v0"], check=True)
    for what, command in {
        "load the catalogue": ["load_catalogue"],
        "load it again": ["load_catalogue"],
        "import the dataset": ["import_tools", sys.argv[2]],
        "import it again": ["import_tools", sys.argv[2]],
    }.items():
        started = time.perf_counter()
        output = subprocess.run([*manage, *command], check=True, capture_output=True, text=True).stdout
        print(f"{what}: {time.perf_counter() - started:.1f} s; {output.splitlines()[0]}")
PY
