from apps.detection.sights import Kind
from tests.detection.reading import names, read, told

GO_MOD = """\
module git.example.org/shop/till // the till

go 1.24.1

toolchain go1.24.3

require github.com/gin-gonic/gin v1.10.0

require (
	github.com/jackc/pgx/v5 v5.7.1
	"github.com/quoted/thing" v0.1.0
	// github.com/gone/away v1.0.0
	github.com/golangci/golangci-lint v1.60.0 // indirect
	golang.org/x/sys v0.25.0 // indirect
	git.example.org/shop/stock v0.0.0
)

tool github.com/golangci/golangci-lint/cmd/golangci-lint

replace git.example.org/shop/stock => ../stock

replace (
	github.com/gin-gonic/gin => github.com/fork/gin v1.10.1
)

exclude github.com/bad/one v1.0.0
"""


def test_go_mod_tells_direct_from_indirect_and_tools_from_the_rest():
    sights = read("go.mod", GO_MOD)
    assert told(sights) == [
        "7 github.com/gin-gonic/gin v1.10.0 runtime",
        "10 github.com/jackc/pgx/v5 v5.7.1 runtime",
        "11 github.com/quoted/thing v0.1.0 runtime",
        "13 github.com/golangci/golangci-lint v1.60.0 development",
        "14 golang.org/x/sys v0.25.0 runtime ?",
        "15 git.example.org/shop/stock v0.0.0 runtime",
    ]
    assert names(sights, Kind.OWN) == ["git.example.org/shop/till", "git.example.org/shop/stock"]
    assert told(sights, Kind.RUNTIME) == ["3 go 1.24.1 runtime"]


def test_go_mod_of_odd_shape_is_read_as_far_as_it_goes():
    assert told(read("go.mod", "require (\n)\nrequire\nmodule\n)\n=> x\nrequire a.b/c")) == [
        "7 a.b/c runtime"
    ]


def test_go_work_names_the_language():
    assert told(read("go.work", "go 1.23\n\nuse (\n\t./till\n)\n"), Kind.RUNTIME) == ["1 go 1.23 runtime"]
