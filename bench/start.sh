#!/usr/bin/env bash
# Seconds from `git clone` to the first page, and of a second start, with whatever pip has cached.
#   bench/start.sh
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export PORT=${PORT:-8765}

first_page() {
    local started page
    started=$(date +%s.%N)
    setsid make -C "$folder/clone" run >"$folder/log" 2>&1 &
    page=0
    for _ in $(seq 600); do
        if curl --silent --fail --output /dev/null "http://127.0.0.1:$PORT/stackups/actix-vs-flask/"; then page=1; break; fi
        sleep 0.2
    done
    [ $page = 1 ] || { cat "$folder/log"; exit 1; }
    echo "$1: $(awk -v a="$started" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f s", b - a }')"
    kill -INT -- -$!
    wait || true
}

git clone --quiet "$top" "$folder/clone"
first_page "fresh clone to first page"
first_page "second start"
