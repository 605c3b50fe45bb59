import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, read_partly, told

PARENT = """\
<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <groupId>org.example.shop</groupId>
  <artifactId>shop</artifactId>
  <version>1</version>
  <properties>
    <java.version>21</java.version>
    <base.version>7.0</base.version>
    <jackson.version>${base.version}.1</jackson.version>
    <loop>${loop}x</loop>
  </properties>
  <dependencyManagement>
    <dependencies>
      <dependency>
        <groupId>com.fasterxml.jackson.core</groupId>
        <artifactId>jackson-databind</artifactId>
        <version>${jackson.version}</version>
      </dependency>
      <dependency>
        <groupId>io.micrometer</groupId>
        <artifactId>micrometer-bom</artifactId>
        <version>1.14</version>
        <type>pom</type>
        <scope>import</scope>
      </dependency>
    </dependencies>
  </dependencyManagement>
</project>
"""

CHILD = """\
<project>
  <parent>
    <groupId>org.example.shop</groupId>
    <artifactId>shop</artifactId>
    <version>1</version>
  </parent>
  <artifactId>till</artifactId>
  <dependencies>
    <!-- <dependency><groupId>gone</groupId><artifactId>away</artifactId></dependency> -->
    <dependency>
      <groupId>com.fasterxml.jackson.core</groupId>
      <artifactId>jackson-databind</artifactId>
    </dependency>
    <dependency>
      <groupId>${project.groupId}</groupId>
      <artifactId>stock</artifactId>
      <version>${project.version}</version>
    </dependency>
    <dependency>
      <groupId>org.assertj</groupId>
      <artifactId>assertj-core</artifactId>
      <version>${nowhere}</version>
      <scope>test</scope>
    </dependency>
    <dependency>
      <groupId>org.jetbrains.kotlin</groupId>
      <artifactId>kotlin-stdlib</artifactId>
      <version>2.1.0</version>
    </dependency>
  </dependencies>
  <build>
    <pluginManagement><plugins><plugin><artifactId>maven-jar-plugin</artifactId></plugin></plugins></pluginManagement>
    <plugins>
      <plugin>
        <artifactId>maven-compiler-plugin</artifactId>
        <configuration><annotationProcessorPaths><path>
          <groupId>org.mapstruct</groupId><artifactId>mapstruct-processor</artifactId><version>1.6</version>
        </path></annotationProcessorPaths></configuration>
      </plugin>
      <plugin>
        <groupId>com.diffplug.spotless</groupId>
        <artifactId>spotless-maven-plugin</artifactId>
        <version>2.43</version>
      </plugin>
    </plugins>
  </build>
  <profiles><profile><dependencies><dependency>
    <groupId>com.h2database</groupId><artifactId>h2</artifactId>
  </dependency></dependencies></profile></profiles>
</project>
"""


def test_pom_takes_versions_and_properties_from_its_parent():
    sights = read("till/pom.xml", CHILD, {"pom.xml": PARENT})
    assert told(sights) == [
        "4 org.example.shop/shop 1 build",
        "12 com.fasterxml.jackson.core/jackson-databind 7.0.1 runtime",
        "16 org.example.shop/stock 1 runtime",
        "21 org.assertj/assertj-core development",
        "27 org.jetbrains.kotlin/kotlin-stdlib 2.1.0 runtime",
        "35 org.apache.maven.plugins/maven-compiler-plugin build",
        "37 org.mapstruct/mapstruct-processor 1.6 build",
        "42 com.diffplug.spotless/spotless-maven-plugin 2.43 build",
        "32 org.apache.maven.plugins/maven-jar-plugin build ?",
        "48 com.h2database/h2 runtime",
    ]
    assert names(sights, Kind.OWN) == ["org.example.shop/till"]
    assert told(sights, Kind.RUNTIME) == ["27 kotlin 2.1.0 runtime", "java 21 runtime"]


def test_pom_that_manages_names_its_imported_bills_only():
    sights = read("pom.xml", PARENT)
    assert told(sights) == [
        "16 com.fasterxml.jackson.core/jackson-databind 7.0.1 runtime ?",
        "21 io.micrometer/micrometer-bom 1.14 runtime",
    ]
    assert told(sights, Kind.RUNTIME) == ["7 java 21 runtime"]


@pytest.mark.parametrize(
    "text",
    [
        "<project><parent/></project>",
        "<project><parent><relativePath>../../../x</relativePath></parent></project>",
    ],
)
def test_pom_with_an_empty_parent_is_read(text):
    assert names(read("a/pom.xml", text), Kind.RUNTIME) == ["java"]


def test_pom_that_is_its_own_parent_is_read():
    text = (
        "<project><parent><relativePath>pom.xml</relativePath></parent><artifactId>a</artifactId></project>"
    )
    assert names(read("pom.xml", text), Kind.OWN) == ["/a"]


def test_pom_of_another_kind_of_document_says_nothing():
    assert read("pom.xml", "<web-app/>") == []


def test_pom_with_entities_is_refused():
    text = (
        '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><project><artifactId>&c;</artifactId></project>'
    )
    _, error = read_partly("pom.xml", text)
    assert error is not None
    assert "entities" in error.reason


def test_pom_under_a_parent_that_cannot_be_read_is_read_alone():
    assert "12 com.fasterxml.jackson.core/jackson-databind runtime" in told(
        read("a/pom.xml", CHILD, {"pom.xml": "<"})
    )


GROOVY = """\
buildscript {
    ext.bootVersion = '3.4.0'
    dependencies { classpath "org.springframework.boot:spring-boot-gradle-plugin:${bootVersion}" }
}
plugins {
    id 'java'
    id 'com.diffplug.spotless' version '6.25.0'
}
apply plugin: 'org.example.applied'
def log4j = "2.24"
sourceCompatibility = '17'
/* implementation 'commented:out:1'
*/
dependencies {
    // implementation 'also:gone:1'
    implementation "org.apache.logging.log4j:log4j-core:$log4j" // the log
    implementation 'org.slf4j:slf4j-api:2.0.16',
                   'com.google.guava:guava:33.3'
    implementation(platform('org.springframework.boot:spring-boot-dependencies:3.4.0'))
    implementation group: 'org.postgresql', name: 'postgresql', version: '42.7'
    implementation project(':stock')
    implementation 'io.lettuce:lettuce-core:' + unknown
    api("net.sf.things:things") { exclude module: 'no:no:1' }
    compile 'old.style:old:1.0'
    annotationProcessor 'org.mapstruct:mapstruct-processor:1.6'
    testImplementation 'org.junit.jupiter:junit-jupiter:5.11@jar'
    developmentOnly 'org.springframework.boot:spring-boot-devtools'
    runtimeOnly "org.example:x:${fromProperties}"
}
"""


def test_gradle_of_groovy_is_read():
    sights = read("app/build.gradle", GROOVY, {"gradle.properties": "# x=1\nfromProperties=9.9\n"})
    assert told(sights) == [
        "3 org.springframework.boot/spring-boot-gradle-plugin 3.4.0 build",
        "7 com.diffplug.spotless/com.diffplug.spotless.gradle.plugin 6.25.0 build",
        "9 org.example.applied/org.example.applied.gradle.plugin build",
        "16 org.apache.logging.log4j/log4j-core 2.24 runtime",
        "17 org.slf4j/slf4j-api 2.0.16 runtime",
        "18 com.google.guava/guava 33.3 runtime",
        "19 org.springframework.boot/spring-boot-dependencies 3.4.0 runtime",
        "20 org.postgresql/postgresql 42.7 runtime",
        "22 io.lettuce/lettuce-core runtime",
        "23 net.sf.things/things runtime",
        "24 old.style/old 1.0 runtime",
        "25 org.mapstruct/mapstruct-processor 1.6 build",
        "26 org.junit.jupiter/junit-jupiter 5.11 development",
        "27 org.springframework.boot/spring-boot-devtools development",
        "28 org.example/x 9.9 runtime",
    ]
    assert told(sights, Kind.RUNTIME) == ["6 java 17 runtime"]


CATALOG = """\
[versions]
ktor = "3.0.1"
room = { strictly = "2.7" }

[libraries]
ktor-client_core = { module = "io.ktor:ktor-client-core", version.ref = "ktor" }
ktor-okhttp = { group = "io.ktor", name = "ktor-client-okhttp", version.ref = "ktor" }
androidx-room = { module = "androidx.room:room-runtime", version.ref = "room" }
plain = "com.example:plain:1.2"
unused = { module = "com.example:unused" }
broken = { module = "nocolon" }

[bundles]
ktor = ["ktor-client-core", "ktor-okhttp"]

[plugins]
kotlin-android = { id = "org.jetbrains.kotlin.android", version = "2.1.0" }
shop-conventions = { id = "shop.conventions" }
"""

KOTLIN = """\
plugins {
    alias(libs.plugins.kotlin.android)
    alias(libs.plugins.shop.conventions)
    id("com.google.devtools.ksp") version "2.1.0-1.0.29" apply false
    kotlin("plugin.serialization") version "2.1.0"
    `java-library`
}
dependencies {
    implementation(libs.bundles.ktor)
    implementation(libs.androidx.room)
    testImplementation(libs.plain)
    implementation(libs.nowhere)
    implementation(kotlin("reflect"))
    "kapt"("com.google.dagger:dagger-compiler:2.52")
    implementation(platform("com.google.firebase:firebase-bom:33.6.0"))
    api(group = "org.postgresql", name = "postgresql", version = "42.7")
}
kotlin { jvmToolchain(17) }
"""


def test_gradle_of_kotlin_is_read_with_its_catalog():
    sights = read("app/build.gradle.kts", KOTLIN, {"gradle/libs.versions.toml": CATALOG})
    assert told(sights) == [
        "2 org.jetbrains.kotlin.android/org.jetbrains.kotlin.android.gradle.plugin 2.1.0 build",
        "4 com.google.devtools.ksp/com.google.devtools.ksp.gradle.plugin 2.1.0-1.0.29 build",
        "5 org.jetbrains.kotlin.plugin.serialization/org.jetbrains.kotlin.plugin.serialization.gradle.plugin 2.1.0 build",  # noqa: E501
        "9 io.ktor/ktor-client-core 3.0.1 runtime",
        "9 io.ktor/ktor-client-okhttp 3.0.1 runtime",
        "10 androidx.room/room-runtime 2.7 runtime",
        "11 com.example/plain 1.2 development",
        "13 org.jetbrains.kotlin/kotlin-reflect runtime",
        "14 com.google.dagger/dagger-compiler 2.52 build",
        "15 com.google.firebase/firebase-bom 33.6.0 runtime",
        "16 org.postgresql/postgresql 42.7 runtime",
    ]
    runtimes = [(s.name, s.version, s.confidence) for s in sights if s.kind == Kind.RUNTIME]
    assert runtimes == [("kotlin", "2.1.0", 1.0), ("java", "17", 0.4)]


def test_catalog_is_direct_for_what_no_script_names():
    sights = read("gradle/libs.versions.toml", CATALOG, {"app/build.gradle.kts": KOTLIN})
    assert told(sights) == [
        "6 io.ktor/ktor-client-core 3.0.1 runtime ?",
        "7 io.ktor/ktor-client-okhttp 3.0.1 runtime ?",
        "8 androidx.room/room-runtime 2.7 runtime ?",
        "9 com.example/plain 1.2 runtime ?",
        "10 com.example/unused runtime",
        "17 org.jetbrains.kotlin.android/org.jetbrains.kotlin.android.gradle.plugin 2.1.0 build ?",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "versions = 3\nlibraries = []\nplugins = 'x'\nbundles = 3",
        "[libraries]\na = 1\nb = {}\nc = {module = 3, version = []}\n[plugins]\np = []\n[bundles]\nx = 'y'",
    ],
)
def test_catalog_of_wrong_types_is_read_without_failing(text):
    assert read("gradle/libs.versions.toml", text) == []


def test_catalog_that_does_not_parse_yields_what_can_be_read():
    sights, error = read_partly("gradle/libs.versions.toml", '[libraries]\na = "b:c:1"\n[plugins]\nx = \n')
    assert told(sights) == ["2 b/c 1 runtime"]
    assert error is not None


SBT = """\
ThisBuild / scalaVersion := "3.5.2"
organization := "org.example"
name := "till"
val akkaVersion = "2.9.0"
// "gone" %% "away" % "1"
libraryDependencies ++= Seq(
  "com.typesafe.akka" %% "akka-stream" % akkaVersion,
  "org.postgresql" % "postgresql" % "42.7.4",
  "org.scalatest" %% "scalatest" % "3.2.19" % Test,
  "dev.zio" %%% "zio" % Unknown.version
)
"""


def test_sbt_is_read():
    sights = read("build.sbt", SBT)
    assert told(sights) == [
        "7 com.typesafe.akka/akka-stream 2.9.0 runtime",
        "8 org.postgresql/postgresql 42.7.4 runtime",
        "9 org.scalatest/scalatest 3.2.19 development",
        "10 dev.zio/zio runtime",
    ]
    assert names(sights, Kind.OWN) == ["org.example/till"]
    assert told(sights, Kind.RUNTIME) == ["1 scala 3.5.2 runtime"]
    plugins = read("project/plugins.sbt", 'addSbtPlugin("com.typesafe.play" % "sbt-plugin" % "2.9")')
    assert told(plugins) == ["1 com.typesafe.play/sbt-plugin 2.9 build"]


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        (
            "gradle/wrapper/gradle-wrapper.properties",
            "distributionBase=G\ndistributionUrl=https\\://services.gradle.example/distributions/gradle-8.10.2-bin.zip\n",
            "2 gradle 8.10.2 build",
        ),
        (
            ".mvn/wrapper/maven-wrapper.properties",
            "distributionUrl=https://repo.example/apache-maven/3.9.9/apache-maven-3.9.9-bin.zip\n",
            "1 maven 3.9.9 build",
        ),
        ("project/build.properties", "sbt.version = 1.10.5\n", "1 sbt 1.10.5 build"),
    ],
)
def test_wrappers_name_what_builds(path, text, expected):
    assert told(read(path, text), Kind.RUNTIME) == [expected]
