package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

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
	writeFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {closed: skip, exclude: [nosource]}\naccept: [es5_timestamp]\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
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
	if from == "2.3.2" && to == "7.10.2" {
		timesAndExpiriesArrived(t, target.URL())
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

// timesAndExpiriesArrived wants what 2.x kept beside the documents of the index ttl, which lab.Generate made: their times
// a millisecond apart, to live for a hundred years.
func timesAndExpiriesArrived(t *testing.T, target string) {
	t.Helper()
	const firstTime, life = 1_505_001_600_000, 36_500 * 24 * 60 * 60 * 1000
	for i := range 10 {
		answer := ask(t, fmt.Sprintf("%s/ttl/_doc/%d", target, i))
		if time, expiry := gjson.Get(answer, "_source.timestamp_migrated").Int(), gjson.Get(answer, "_source.expire_at").Int(); time != int64(firstTime+i) || expiry != time+life {
			t.Errorf("document %d: %s", i, answer)
		}
	}
}

func ask(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
