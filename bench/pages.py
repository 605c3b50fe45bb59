"""Latency and compressed size of the main pages of a running site, one request after the other.

python bench/pages.py http://127.0.0.1:8000
"""

import argparse
import gzip
import statistics
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

PATHS = [
    "/",
    "/tools/",
    "/tools/in/devops/",
    "/tools/flask/",
    "/tools/flask/alternatives/",
    "/stackups/",
    "/stackups/actix-vs-flask/",
    "/stackups/django-vs-flask-vs-laravel/",
    "/stackups/django-vs-flask-vs-laravel-vs-rails/",
    "/search/?q=postgres",
    "/search/?q=postgers",
]
REQUESTS = 50


def measure(connection: HTTPConnection, path: str) -> tuple[list[float], bytes]:
    """Seconds of each request after the first, and the body of the last."""
    seconds, body = [], b""
    for at in range(REQUESTS + 1):
        started = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        if response.status != 200:
            sys.exit(f"{path} answered {response.status}")
        if at:
            seconds.append(time.perf_counter() - started)
    return seconds, body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    url = urlsplit(parser.parse_args().address)
    if url.hostname not in ("127.0.0.1", "localhost", "::1"):
        sys.exit("Only addresses of this machine are measured.")
    connection = HTTPConnection(url.hostname, url.port or 80, timeout=30)
    print(f"{'median ms':>9} {'p95 ms':>7} {'KB gzip':>8}  path ({REQUESTS} requests each, one at a time)")
    for path in PATHS:
        seconds, body = measure(connection, path)
        p95 = statistics.quantiles(seconds, n=20)[-1]
        size = len(gzip.compress(body, 6)) / 1000
        print(f"{statistics.median(seconds) * 1000:9.1f} {p95 * 1000:7.1f} {size:8.1f}  {path}")


if __name__ == "__main__":
    main()
