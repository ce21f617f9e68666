package matrix

// pairs_test.go answers: which moves are tried, and which of them now? Next: move_test.go.

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// chosenEnvironment names the variable that chooses pairs: "all", or a list such as "2.3.2>7.10.2,5.5.2>os2.19.3". With
// it, results are written to docs/matrix.md; without it, the everyday pairs run and nothing is written.
const chosenEnvironment = "HIKKOSHI_MATRIX"

// everyday pairs run with every `go test`: a restore, one hop over several majors, and one to the other product.
const everyday = "2.3.2>5.5.2,2.3.2>7.10.2,5.5.2>os2.19.3"

// moves lists for each source what it is moved to. OpenSearch goes to later OpenSearch only.
var moves = []struct {
	source  string
	targets []string
}{
	{"1.7.6", []string{"2.4.6", "5.5.2", "6.8.23", "7.10.2", "7.17.29", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"2.3.2", []string{"2.4.6", "5.5.2", "6.8.23", "7.10.2", "7.17.29", "8.15.5", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"2.4.6", []string{"5.5.2", "6.8.23", "7.10.2", "7.17.29", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"5.5.2", []string{"6.8.23", "7.10.2", "7.17.29", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"6.8.23", []string{"7.10.2", "7.17.29", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"7.10.2", []string{"7.17.29", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"7.17.29", []string{"8.15.5", "8.19.0", "os1.3.20", "os2.19.3", "os3.3.0"}},
	{"os1.3.20", []string{"os2.19.3", "os3.3.0"}},
	{"os2.19.3", []string{"os3.3.0"}},
}

// chosen gives for each source the targets that run now, and whether the result is to be written down.
func chosen(t *testing.T) (map[string][]string, bool) {
	t.Helper()
	text := os.Getenv(chosenEnvironment)
	written := text != ""
	picked := map[string][]string{}
	if text == "all" {
		for _, move := range moves {
			picked[move.source] = move.targets
		}
		return picked, written
	}
	if text == "" {
		text = everyday
	}
	for _, pair := range strings.Split(text, ",") {
		from, to, ok := strings.Cut(strings.TrimSpace(pair), ">")
		known := slices.ContainsFunc(moves, func(move struct {
			source  string
			targets []string
		}) bool {
			return move.source == from && (to == "*" || slices.Contains(move.targets, to))
		})
		if !ok || !known {
			t.Fatalf("%s: there is no pair %q", chosenEnvironment, pair)
		}
		for _, move := range moves {
			if move.source == from && to == "*" {
				picked[from] = move.targets
			}
		}
		if to != "*" {
			picked[from] = append(picked[from], to)
		}
	}
	return picked, written
}

// generation puts both products on one line: OpenSearch 1 is Elasticsearch 7.10 in what matters here.
func generation(version string) int {
	number, isOpenSearch := strings.CutPrefix(version, "os")
	major, err := strconv.Atoi(strings.Split(number, ".")[0])
	if err != nil {
		panic(fmt.Sprintf("matrix: %q is no version", version)) // the tables above are ours
	}
	if isOpenSearch {
		major += 6
	}
	return major
}
