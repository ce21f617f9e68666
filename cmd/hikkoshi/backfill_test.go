package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// routesWithoutRestore are moves that no native restore can make.
var routesWithoutRestore = []struct {
	source, target string
	odd            bool
}{
	{"2.3.2", "7.10.2", true}, {"5.5.2", "os2.19.3", true},
}

func TestAMoveThatNoRestoreCanMakeGoesThroughTheSnapshot(t *testing.T) {
	for _, route := range routesWithoutRestore {
		t.Run(route.source+" to "+route.target, func(t *testing.T) { moveOddCases(t, route.source, route.target, route.odd) })
	}
}

func TestTheOddCasesAreRestoredWhereTheyCanBe(t *testing.T) { moveOddCases(t, "2.3.2", "5.5.2", true) }

func moveOddCases(t *testing.T, from, to string, odd bool) {
	folder := t.TempDir()
	source, target := labtest.Pair(t, from, to, folder)
	summary, err := lab.Generate(t.Context(), source.URL(), from, lab.Data{Seed: 4, NginxDocs: 1000, Days: 2, Odd: odd})
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "migration.yaml")
	writeFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {closed: skip, exclude: [nosource]}\naccept: [es5_timestamp, stored-metadata]\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	if code, output := attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	code, output := attempt(t, nil, "apply", "-c", config, "--yes")
	t.Log(output)
	if code != exitDone && code != exitFindings {
		t.Fatalf("apply: %d", code)
	}
	proof := readProof(t, filepath.Join(folder, ".hikkoshi", "migration", "proof.json"))
	if !proof.Holds {
		t.Errorf("the proof does not hold: %+v", proof.Rows)
	}
	nginx := int64(0)
	for index, count := range summary.Documents {
		if strings.HasPrefix(index, "nginx-") {
			nginx += int64(count)
		}
	}
	found := int64(0)
	for _, row := range proof.Rows {
		if strings.HasPrefix(row.Target, "nginx-") {
			found += row.Found
		}
	}
	if found != nginx {
		t.Errorf("%d nginx documents were generated, %d are on the target", nginx, found)
	}
}
