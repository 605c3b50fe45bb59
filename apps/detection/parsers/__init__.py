"""Every parser there is."""

from apps.detection.parsers.base import Parser

# Each module's PARSERS, joined here: javascript, python, ruby, go, rust, jvm, php, beam, dotnet, dart, swift,
# clojure, docker, ci, infrastructure, hosting.
PARSERS: tuple[Parser, ...] = ()
