"""How long a failed sign-in takes for an account that is there and for one that is not.

The difference would tell strangers who is here.

Start a site of its own on loopback, with limits that do not get in the way, and measure it:

    make manage ARGS="migrate"
    make manage ARGS="createsuperuser --username known --email known@example.org"
    SIGN_IN_LIMITS=0 make manage ARGS="runserver 127.0.0.1:8101 --noreload"
    python bench/signin.py --url http://127.0.0.1:8101 --known known --unknown nobody

Without SIGN_IN_LIMITS=0 (development only) the eleventh attempt is answered by 429, and this ends with words.
Ends with 1 where the medians differ by more than 50 ms. Attempts alternate, so that load meets both alike.
"""

import argparse
import http.client
import statistics
import sys
import time
from urllib.parse import urlencode, urlsplit

# What nobody sees across a network that itself varies by more.
LIMIT_MS = 50


def attempt(host: str, login: str) -> float:
    """Milliseconds for one failed sign-in. Raises SystemExit where the site answers anything but the form."""
    token = "a" * 32
    body = urlencode({"login": login, "password": "not the password", "csrfmiddlewaretoken": token})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Cookie": f"csrftoken={token}"}
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.connect()
    start = time.perf_counter()
    connection.request("POST", "/accounts/login/", body, headers)
    answer = connection.getresponse()
    answer.read()
    took = (time.perf_counter() - start) * 1000
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"The site answered {answer.status}; see the top of this file for how to run it.")
    return took


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8101")
    parser.add_argument("--known", default="known")
    parser.add_argument("--unknown", default="nobody")
    parser.add_argument("--attempts", type=int, default=40, help="of each kind")
    options = parser.parse_args()
    address = urlsplit(options.url)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise SystemExit("On loopback only: this is a test of one's own site.")

    pairs = [
        (options.known, options.unknown),
        (f"{options.known}@example.org", f"{options.unknown}@example.org"),
    ]
    worst = 0.0
    for known, unknown in pairs:
        attempt(address.netloc, known)
        times = [
            (attempt(address.netloc, known), attempt(address.netloc, unknown))
            for _ in range(options.attempts)
        ]
        medians = [statistics.median(column) for column in zip(*times, strict=True)]
        difference = abs(medians[0] - medians[1])
        worst = max(worst, difference)
        print(f"{known}: {medians[0]:.1f} ms, {unknown}: {medians[1]:.1f} ms, apart {difference:.1f} ms")
    print("good" if worst <= LIMIT_MS else f"more than {LIMIT_MS} ms apart")
    return int(worst > LIMIT_MS)


if __name__ == "__main__":
    sys.exit(main())
