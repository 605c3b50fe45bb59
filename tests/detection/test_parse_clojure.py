import pytest

from apps.detection.sights import Kind
from tests.detection.reading import names, read, read_partly, told

DEPS = """\
;; what the till is made of
{:paths ["src"]
 :deps {org.clojure/clojure {:mvn/version "1.12.0"}
        ring/ring-core {:mvn/version "1.13.0" :exclusions [a/b]}
        hiccup {:mvn/version "2.0.0"}
        ; gone/away {:mvn/version "1.0"}
        #_hidden/one #_{:mvn/version "1.0"}
        io.github.example/lib {:git/tag "v1.2" :git/sha "abc"}
        my/local {:local/root "../local"}}
 :aliases {:test {:extra-deps {lambdaisland/kaocha {:mvn/version "1.91"}}}
           :build {:deps {io.github.clojure/tools.build {:mvn/version "0.10"}}}}}
"""


def test_deps_edn_is_read_with_aliases_as_scopes():
    sights = read("deps.edn", DEPS)
    assert told(sights) == [
        "3 org.clojure/clojure 1.12.0 runtime",
        "4 ring/ring-core 1.13.0 runtime",
        "5 hiccup/hiccup 2.0.0 runtime",
        "8 io.github.example/lib v1.2 runtime",
        "10 lambdaisland/kaocha 1.91 development",
        "11 io.github.clojure/tools.build 0.10 build",
    ]
    assert told(sights, Kind.RUNTIME) == ["3 clojure 1.12.0 runtime"]


PROJECT = """\
(defproject org.example/till "0.1.0"
  :description "A [till \\"1\\"]"
  :dependencies [[org.clojure/clojure "1.11.4"]
                 [compojure "1.7.1" :exclusions [[ring/ring-core "1"]]]]
  :plugins [[lein-ring "0.12.6"]]
  :profiles {:dev {:dependencies [[ring/ring-mock "0.4.0"]]}})
"""


def test_leiningen_projects_are_read():
    sights = read("project.clj", PROJECT)
    assert told(sights) == [
        "3 org.clojure/clojure 1.11.4 runtime",
        "4 compojure/compojure 1.7.1 runtime",
        "5 lein-ring/lein-ring 0.12.6 build",
        "6 ring/ring-mock 0.4.0 development",
    ]
    assert names(sights, Kind.OWN) == ["org.example/till"]


def test_shadow_cljs_is_read():
    sights = read("shadow-cljs.edn", '{:dependencies [[reagent "1.2.0"]]\n :builds {}}')
    assert told(sights) == ["1 reagent/reagent 1.2.0 runtime"]
    assert names(sights, Kind.RUNTIME) == ["clojure"]


@pytest.mark.parametrize("text", [")))", "{:deps", '"unclosed', "#_ #_", '["a" "b"]', "{:mvn/version}"])
def test_clojure_of_odd_shape_is_read_as_far_as_it_goes(text):
    assert told(read("deps.edn", text)) == []


def test_clojure_nested_too_deep_is_refused():
    _, error = read_partly("deps.edn", "\n" + "[" * 100)
    assert error is not None
    assert error.line == 2
