"""Every parser there is."""

from apps.detection.parsers import (
    beam,
    ci,
    clojure,
    dart,
    docker,
    dotnet,
    environment,
    go,
    hosting,
    infrastructure,
    javascript,
    jvm,
    php,
    python,
    ruby,
    runtimes,
    rust,
    swift,
)
from apps.detection.parsers.base import Parser

# The order does not matter: all parsers whose patterns match a file read it.
PARSERS: tuple[Parser, ...] = (
    *beam.PARSERS,
    *ci.PARSERS,
    *clojure.PARSERS,
    *dart.PARSERS,
    *docker.PARSERS,
    *dotnet.PARSERS,
    *environment.PARSERS,
    *go.PARSERS,
    *hosting.PARSERS,
    *infrastructure.PARSERS,
    *javascript.PARSERS,
    *jvm.PARSERS,
    *php.PARSERS,
    *python.PARSERS,
    *ruby.PARSERS,
    *runtimes.PARSERS,
    *rust.PARSERS,
    *swift.PARSERS,
)
