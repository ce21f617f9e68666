package moves

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// scrolledRoutes are moves without a repository, by every way of reading: a scroll for each shard (1.7, 2.3), sliced scrolls
// (5.5), points in time (8.15, OpenSearch 2.19). The first runs every day.
var scrolledRoutes = []struct{ source, target string }{{"2.3.2", "7.10.2"}, {"1.7.6", "5.5.2"}, {"5.5.2", "os2.19.3"}, {"8.15.5", "8.19.0"}, {"os2.19.3", "os3.3.0"}}

func TestAMoveWithoutARepositoryMissesNothingAlsoWhatIsWrittenMeanwhile(t *testing.T) {
	t.Parallel()
	for i, route := range scrolledRoutes {
		t.Run(route.source+" to "+route.target, func(t *testing.T) {
			if i > 0 && os.Getenv("HIKKOSHI_ALL_VERSIONS") == "" {
				t.Skip("runs with HIKKOSHI_ALL_VERSIONS=1")
			}
			moveByScroll(t, route.source, route.target)
		})
	}
}

func moveByScroll(t *testing.T, from, to string) {
	folder := t.TempDir()
	source, target := labtest.Pair(t, from, to, folder)
	if _, err := lab.Generate(t.Context(), source.URL(), from, lab.Data{Seed: 9, NginxDocs: 1000, Days: 2, Odd: true}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: none}\nindices: {closed: skip}\naccept: [es5_timestamp]\nload: {source_rate: 1500}\ncutover: {quiet: 1s}\n", source.URL(), target.URL())
	labtest.WriteFile(t, config, text)
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitRefused || !strings.Contains(output, "no-source-to-scroll") {
		t.Fatalf("plan with an index without sources: %d\n%s", code, output)
	}
	labtest.WriteFile(t, config, strings.Replace(text, "closed: skip", "closed: skip, exclude: [nosource]", 1))
	code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes")
	if code != exitDone || !strings.Contains(output, "repository.type is none") || strings.Contains(output, "take the snapshot") {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	typed := "_doc"
	if !strings.HasPrefix(from, "os") && !strings.HasPrefix(from, "8.") {
		typed = "access_log"
	}
	writing, stop := context.WithCancel(t.Context())
	written := make(chan int)
	go func() { written <- writeMeanwhile(writing, source.URL()+"/nginx-access-2017.09.10/"+typed) }()
	// Killed in the middle of the load, and once more.
	for _, record := range []int{9, 15} {
		if code, output := program.Attempt(t, []string{fmt.Sprintf("%s=%d", labtest.KillAtRecord, record)}, "apply", "-c", config, "--yes"); code != -1 {
			t.Fatalf("apply was not killed at record %d: %d\n%s", record, code, output)
		}
	}
	code, output = program.Attempt(t, nil, "apply", "-c", config, "--yes", "--listen", "127.0.0.1:0")
	if code != exitDone && code != exitFindings || !strings.Contains(output, "workers on other machines have no part in this step") {
		t.Fatalf("apply: %d\n%s", code, output)
	}
	t.Log(output)
	stop()
	live := <-written
	t.Logf("%d documents were written meanwhile", live)
	aside := quarantinedIn(t, folder)
	if aside > 0 {
		t.Logf("%d documents are set aside", aside)
	}
	if aside > 0 {
		deleteSetAside(t, folder, source.URL())
	}
	for _, verb := range []string{"sync", "verify"} {
		if code, output := program.Attempt(t, nil, verb, "-c", config, "--yes"); code != exitDone {
			t.Fatalf("%s: %d\n%s", verb, code, output)
		}
	}
	proof := readProof(t, config)
	i := slices.IndexFunc(proof.Rows, func(row steps.ProofRow) bool { return row.Source == "nginx-access-2017.09.10" })
	if !proof.Holds || live == 0 || proof.Rows[i].Surplus != 0 {
		t.Errorf("the proof does not hold: %+v", proof.Rows)
	}
	if count := gjson.Get(labtest.Get(t, target.URL()+"/nginx-access-2017.09.10/_count?q=live:true"), "count").Int(); count != int64(live) {
		t.Errorf("%d of %d documents that were written meanwhile arrived", count, live)
	}
	if from == "2.3.2" && to == "7.10.2" {
		timesAndExpiriesAreThere(t, target.URL())
	}
	if code, output := program.Attempt(t, nil, "cutover", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("cutover: %d\n%s", code, output)
	}
	onTarget := target.URL() + "/nginx-access-2017.09.10/_doc/on-target"
	if to == "5.5.2" {
		onTarget = target.URL() + "/nginx-access-2017.09.10/access_log/on-target"
	}
	labtest.Call(t, http.MethodPut, onTarget, `{"message":"written after cutover"}`)
	if code, output := program.Attempt(t, nil, "rollback", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("rollback: %d\n%s", code, output)
	}
	labtest.Call(t, http.MethodGet, source.URL()+"/nginx-access-2017.09.10/"+typed+"/on-target", "")
	if code, output := program.Attempt(t, nil, "cutover", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("second cutover: %d\n%s", code, output)
	}
	program.Refused(t, nil, exitRefused, []string{"--without-snapshot"}, "retire", "-c", config, "--yes")
	if code, output := program.Attempt(t, nil, "retire", "-c", config, "--yes", "--without-snapshot"); code != exitDone {
		t.Fatalf("retire: %d\n%s", code, output)
	}
}

// writeMeanwhile writes documents until it is stopped, and gives how many were acknowledged.
func writeMeanwhile(ctx context.Context, url string) int {
	acknowledged := 0
	for number := 0; ctx.Err() == nil; number++ {
		body := strings.NewReader(fmt.Sprintf(`{"live":true,"n":%d}`, number))
		request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPut, fmt.Sprintf("%s/live-%d", url, number), body)
		if err != nil {
			return acknowledged
		}
		request.Header.Set("Content-Type", "application/json")
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close() // its status is all that counts
			if response.StatusCode < http.StatusMultipleChoices {
				acknowledged++
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	return acknowledged
}

func quarantinedIn(t *testing.T, folder string) int {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, ".hikkoshi", "migration", "quarantine.ndjson"))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		t.Logf("set aside: %s: %s", gjson.Get(line, "id"), gjson.Get(line, "reason"))
	}
	return strings.Count(string(content), "\n")
}

// deleteSetAside is a person's decision: what the target cannot take is deleted on the source, and from the quarantine.
func deleteSetAside(t *testing.T, folder, source string) {
	t.Helper()
	file := filepath.Join(folder, ".hikkoshi", "migration", steps.QuarantineFile)
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		labtest.Call(t, http.MethodDelete, source+"/"+gjson.Get(line, "index").String()+"/"+gjson.Get(line, "type").String()+"/"+url.PathEscape(gjson.Get(line, "id").String()), "")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
}

// timesAndExpiriesAreThere wants what 2.x kept beside the documents of the index ttl, which lab.Generate made: their times
// a millisecond apart, to live for a hundred years.
func timesAndExpiriesAreThere(t *testing.T, target string) {
	t.Helper()
	const firstTime, life = 1_505_001_600_000, 36_500 * 24 * 60 * 60 * 1000
	for i := range 10 {
		answer := labtest.Get(t, fmt.Sprintf("%s/ttl/_doc/%d", target, i))
		if moment, expiry := gjson.Get(answer, "_source.timestamp_migrated").Int(), gjson.Get(answer, "_source.expire_at").Int(); moment != int64(firstTime+i) || expiry != moment+life {
			t.Errorf("document %d: %s", i, answer)
		}
	}
}
