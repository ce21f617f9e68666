package matrix

// report_test.go answers: how does a run end up in docs/matrix.md? Each pair's result goes into results.json, and the page
// is written from all of them, so that runs of some pairs leave the others' results as they are.

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

const (
	resultsFile = "testdata/results.json"
	pageFile    = "../docs/matrix.md"
	// failuresMost is how many failures of one pair are told.
	failuresMost = 12
)

// result is what one pair came to.
type result struct {
	Source string         `json:"source"`
	Target string         `json:"target"`
	Routes map[string]int `json:"routes"`
	// Indices that were compared, and their documents: Sent by the source, Found on the target, Changed by each rule,
	// set Aside with each reason.
	Indices  int            `json:"indices"`
	Sent     int            `json:"sent"`
	Found    int            `json:"found"`
	Changed  map[string]int `json:"changed"`
	Aside    map[string]int `json:"aside"`
	Kibana   int            `json:"kibana"`
	Searches int            `json:"searches"`
	Limits   []string       `json:"limits,omitempty"`
	Failures []string       `json:"failures,omitempty"`
	Seconds  int            `json:"seconds"`
}

func (r *result) fail(format string, arguments ...any) {
	r.Failures = append(r.Failures, fmt.Sprintf(format, arguments...))
}

// judge reports the failures, the same on every run.
func (r *result) judge(t *testing.T) {
	t.Helper()
	slices.Sort(r.Failures)
	for _, failure := range r.Failures {
		t.Error(failure)
	}
	if more := len(r.Failures) - failuresMost; more > 0 {
		r.Failures = append(r.Failures[:failuresMost:failuresMost], fmt.Sprintf("and %d more", more))
	}
	t.Logf("%s to %s: %d indices, %d documents sent, %d found, changed %v, aside %v, %d Kibana objects, %d searches, %d s",
		r.Source, r.Target, r.Indices, r.Sent, r.Found, r.Changed, r.Aside, r.Kibana, r.Searches, r.Seconds)
}

func readResults(t *testing.T) []result {
	t.Helper()
	content, err := os.ReadFile(resultsFile)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	var results []result
	if err := json.Unmarshal(content, &results); err != nil {
		t.Fatal(err)
	}
	return results
}

// write merges one result, and writes the page anew.
func write(t *testing.T, one result) {
	t.Helper()
	results := slices.DeleteFunc(readResults(t), func(r result) bool { return r.Source == one.Source && r.Target == one.Target })
	results = append(results, one)
	slices.SortFunc(results, func(a, b result) int { return place(a) - place(b) })
	encoded, err := json.MarshalIndent(results, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(resultsFile, append(encoded, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pageFile, []byte(page(results)), 0o644); err != nil {
		t.Fatal(err)
	}
}

// place orders results as the table of moves does.
func place(r result) int {
	const width = 100
	for i, move := range moves {
		if move.source == r.Source {
			return i*width + slices.Index(move.targets, r.Target)
		}
	}
	return len(moves) * width
}

func TestThePageSaysWhatTheResultsSay(t *testing.T) {
	t.Parallel()
	results := readResults(t)
	content, err := os.ReadFile(pageFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(content) != page(results) {
		t.Errorf("%s is not what %s makes: run a pair with %s, or delete the edit", pageFile, resultsFile, chosenEnvironment)
	}
	for _, one := range results {
		if place(one) < 0 || place(one) >= len(moves)*100 {
			t.Errorf("%s to %s is no pair of the table", one.Source, one.Target)
		}
	}
}

// named is a version as people call it.
func named(version string) string {
	if number, ok := strings.CutPrefix(version, "os"); ok {
		return "OpenSearch " + number
	}
	return version
}

func page(results []result) string {
	var out strings.Builder
	line := func(format string, arguments ...any) { fmt.Fprintf(&out, format+"\n", arguments...) }
	good, documents, searches := 0, 0, 0
	for _, one := range results {
		if len(one.Failures) == 0 {
			good++
		}
		documents += one.Sent
		searches += one.Searches
	}
	line("# Every version to every later one")
	line("")
	line("Written by the run of `%s=all go test ./matrix -timeout 3h`; not edited by hand. %d pairs, %d of them without a lost or altered document; %d documents compared one by one, %d searches asked of both sides.", chosenEnvironment, len(results), good, documents, searches)
	line("")
	line("Each pair is two real servers. The source holds the lab's whole data set: nginx logs with templates and aliases, Kibana's objects, and an index for each case that")
	line("breaks migrations. `plan`, `apply`, then a day of changes on the source (documents come, change and go; with the last target of each source indices too), then `sync` and `verify`. After that")
	line("a comparison that shares no code with the move reads both sides over HTTP: every id, routing, parent and version must be there, every `_source` byte for byte unless the table below")
	line("says what changes, nothing may be there besides, and searches, aggregations, aliases and tomorrow's index from the moved template must give the same.")
	line("")
	line("| source | target | restored | backfilled | indices | sent | found | changed | set aside | Kibana | searches | seconds | verdict |")
	line("|-|-|-:|-:|-:|-:|-:|-:|-:|-:|-:|-:|-|")
	for _, one := range results {
		line("| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %s |", named(one.Source), named(one.Target), one.Routes["restore"], one.Routes["backfill"], one.Indices,
			one.Sent, one.Found, total(one.Changed), total(one.Aside), one.Kibana, one.Searches, one.Seconds, verdict(one))
	}
	line("")
	line("Sent are the source's documents, found those that the target has of them; changed and set aside are counted by rule below. Seconds are of a loaded machine and say little.")
	line("")
	line("## What changed, and what was set aside")
	line("")
	line("| source | target | documents changed by each rule, and set aside |")
	line("|-|-|-|")
	for _, one := range results {
		var parts []string
		for _, rule := range sortedNames(one.Changed) {
			parts = append(parts, fmt.Sprintf("%d: %s", one.Changed[rule], rule))
		}
		for _, rule := range sortedNames(one.Aside) {
			parts = append(parts, fmt.Sprintf("%d: %s", one.Aside[rule], rule))
		}
		if len(parts) > 0 {
			line("| %s | %s | %s |", named(one.Source), named(one.Target), strings.Join(parts, "; "))
		}
	}
	line("")
	line("## What the lab cannot show")
	line("")
	line("These indices stayed behind because a node of the lab cannot hold them, not because of the product. For the same want of a module has_child and has_parent are not asked of %s.", strings.Join(joinless, ", "))
	line("")
	for _, one := range results {
		for _, limit := range one.Limits {
			line("- %s to %s: %s", named(one.Source), named(one.Target), limit)
		}
	}
	line("")
	line("## Failures")
	line("")
	if good == len(results) {
		line("None.")
	}
	for _, one := range results {
		for _, failure := range one.Failures {
			line("- %s to %s: %s", named(one.Source), named(one.Target), strings.ReplaceAll(failure, "\n", " "))
		}
	}
	return out.String()
}

func verdict(r result) string {
	if len(r.Failures) > 0 {
		return "**differs**"
	}
	return "equal"
}

func total(counts map[string]int) int {
	sum := 0
	for _, count := range counts {
		sum += count
	}
	return sum
}

func sortedNames(counts map[string]int) []string {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
