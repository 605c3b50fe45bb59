"""npm's world: package.json and its like, and the lock files of npm, pnpm, yarn and bun."""

from apps.detection.parsers.base import Parser
from apps.detection.parsers.javascript.locks import (
    parse_bun_lock,
    parse_npm_lock,
    parse_pnpm_lock,
    parse_yarn_lock,
)
from apps.detection.parsers.javascript.manifests import (
    parse_beside,
    parse_bower_json,
    parse_deno_json,
    parse_package_json,
)

PARSERS = (
    Parser(("package.json",), parse_package_json),
    # Read by way of package.json; here so that they are among the files that are read at all.
    Parser(("pnpm-workspace.yaml", ".yarnrc.yml", "tsconfig.json", "tsconfig.base.json"), parse_beside),
    Parser(("deno.json", "deno.jsonc", "import_map.json"), parse_deno_json),
    Parser(("bower.json",), parse_bower_json),
    Parser(("package-lock.json", "npm-shrinkwrap.json"), parse_npm_lock, is_lock=True),
    Parser(("pnpm-lock.yaml",), parse_pnpm_lock, is_lock=True),
    Parser(("yarn.lock",), parse_yarn_lock, is_lock=True),
    Parser(("bun.lock",), parse_bun_lock, is_lock=True),
)
