"""Java, Kotlin, Scala, Groovy: Maven, Gradle, sbt."""

from apps.detection.parsers.base import Parser
from apps.detection.parsers.jvm.gradle import parse_build, parse_catalog
from apps.detection.parsers.jvm.maven import parse_pom, parse_wrapper
from apps.detection.parsers.jvm.sbt import parse_sbt, parse_sbt_version

PARSERS = (
    Parser(("pom.xml", "*.pom"), parse_pom),
    Parser(("gradle-wrapper.properties", "maven-wrapper.properties"), parse_wrapper),
    Parser(("*.gradle", "*.gradle.kts"), parse_build),
    Parser(("*.versions.toml",), parse_catalog),
    Parser(("build.sbt", "project/*.sbt"), parse_sbt),
    Parser(("project/build.properties",), parse_sbt_version),
)
