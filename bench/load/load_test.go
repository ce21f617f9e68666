package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestMain lets this binary be the child processes that the bench starts of itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && strings.HasSuffix(os.Args[1], "-for-bench") {
		if err := dispatch(context.Background(), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// recorded unpacks a small repository that a real node wrote, with its snapshot s1.
func recorded(t *testing.T, version string) string {
	t.Helper()
	return recordings.Repository(t, recordings.SmallFolder(t, version), "repo")
}

// mocked starts a mock for one test and gives its address and what it was sent.
func mocked(t *testing.T, o mockOrder) (string, func() mockCounts) {
	t.Helper()
	url, stop, err := startMock(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return url, func() mockCounts {
		text, err := rig.Call(t.Context(), http.MethodGet, url+"/counts", nil)
		var counts mockCounts
		if err == nil {
			err = json.Unmarshal(text, &counts)
		}
		if err != nil {
			t.Fatal(err)
		}
		return counts
	}
}

// What the recorded snapshots hold: 207 documents.
var miniature = map[string]int64{"legacy-multi": 60, "family": 40, "routed-idx": 40, "ids": 37, "softdel": 30}

func TestAMiniatureGoesOutOfASnapshotIntoTheMockAndItsBodiesGoAgain(t *testing.T) {
	t.Parallel()
	repository := recorded(t, "2.3.2")
	for _, gzip := range []load.Gzip{load.GzipOff, load.GzipOn} {
		keep := t.TempDir()
		url, counts := mocked(t, mockOrder{Version: "5.5.2", Keep: keep})
		sent := int64(0)
		for index, want := range miniature {
			order := backfillOrder{Repository: repository, Index: index, Name: index, Target: url, SourceVersion: "2.3.2", TargetVersion: "5.5.2", Gzip: gzip}
			var result backfillResult
			if _, err := own(t.Context(), backfillArgument, order, &result); err != nil {
				t.Fatal(err)
			}
			if result.Written+result.SetAside != want {
				t.Errorf("%s: %d documents written, %d set aside, the snapshot has %d: %v", index, result.Written, result.SetAside, want, result.Reasons)
			}
			sent += result.Written
		}
		first := counts()
		if first.Documents != sent || gzip == load.GzipOn != (first.Wire < first.Bytes) {
			t.Errorf("gzip %s: %d documents were sent, and the mock counts %+v", gzip, sent, first)
		}
		again, countsAgain := mocked(t, mockOrder{Version: "5.5.2"})
		var result bareResult
		if _, err := own(t.Context(), bareArgument, bareOrder{Folder: keep, Target: again, Concurrency: 3, Bytes: 2000}, &result); err != nil {
			t.Fatal(err)
		}
		if second := countsAgain(); second.Documents != sent || second.Bytes != first.Bytes || second.Requests <= first.Requests || result.Documents != sent {
			t.Errorf("the bodies held %+v, sent again in smaller ones %+v", first, second)
		}
		dump := filepath.Join(t.TempDir(), "dump")
		if err := writeDump(keep, dump); err != nil {
			t.Fatal(err)
		}
		checkDump(t, dump, sent)
	}
}

func checkDump(t *testing.T, path string, want int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if int64(len(lines)) != want {
		t.Errorf("%d lines of %d documents", len(lines), want)
	}
	for _, line := range lines {
		var document struct {
			ID     string          `json:"_id"`
			Source json.RawMessage `json:"_source"`
		}
		if err := json.Unmarshal(line, &document); err != nil || document.ID == "" || len(document.Source) == 0 {
			t.Fatalf("%v: %.200s", err, line)
		}
	}
}

func TestARuleThatChangesEveryDocumentDoesSo(t *testing.T) {
	t.Parallel()
	for _, rule := range []string{ruleOfFields, ruleOfExpression} {
		url, _ := mocked(t, mockOrder{Version: "os2.19.3", Keep: t.TempDir()})
		order := backfillOrder{Repository: recorded(t, "5.5.2"), Index: "softdel", Name: "softdel", Target: url, SourceVersion: "5.5.2", TargetVersion: "os2.19.3", Rule: rule}
		var result backfillResult
		if _, err := own(t.Context(), backfillArgument, order, &result); err != nil || result.Written != miniature["softdel"] {
			t.Errorf("%s: %+v: %v", rule, result, err)
		}
	}
}

func TestTheMockAnswersEachActionWithItsOwnID(t *testing.T) {
	t.Parallel()
	body := []byte(`{"index":{"_index":"i","_id":"a\"b"}}` + "\n{}\n" + `{"index":{"_index":"i","_id":"c"}}` + "\n" + `{"x":"\n"}` + "\n")
	answer, count := answerBulk(body, false)
	var parsed struct {
		Items []map[string]struct {
			ID string `json:"_id"`
		}
	}
	if err := json.Unmarshal(answer, &parsed); err != nil || count != 2 || len(parsed.Items) != 2 || parsed.Items[0]["index"].ID != `a"b` || parsed.Items[1]["index"].ID != "c" {
		t.Errorf("%d: %v: %s", count, err, answer)
	}
}

func TestDocumentsAreJSONOfTheirSizeAndAlwaysTheSame(t *testing.T) {
	t.Parallel()
	for _, d := range datasets(config{documents: 300, nested: 30}) {
		next, again, total := d.source(d.documents), d.source(d.documents), 0
		for n := range d.documents {
			document := next(n)
			total += len(document)
			if !json.Valid(document) || bytes.ContainsRune(document, '\n') || string(again(n)) != string(document) {
				t.Fatalf("%s: %.300s", d.name, document)
			}
		}
		if mean := int64(total) / d.documents; d.name == "nested" && (mean < nestedBytes || mean > nestedBytes*11/10) {
			t.Errorf("a nested document has %d bytes", mean)
		}
	}
}

func TestVerdictsTellBytesFromValuesAndLosses(t *testing.T) {
	t.Parallel()
	wanted := oddDocument{docType: "t", id: "1", source: `{"a": 1.10,"b":[9007199254740993]}`}
	child := oddDocument{docType: "child", id: "c", parent: "p", source: `{"k":1}`}
	for _, one := range []struct {
		wanted  oddDocument
		arrived hit
		want    string
	}{
		{wanted, hit{id: "1", source: []byte(`{"a": 1.10,"b":[9007199254740993]}`)}, verdictBytes},
		{wanted, hit{id: "t#1", source: []byte(`{"a":1.10,"b":[9007199254740993]}`)}, verdictTokens},
		{wanted, hit{id: "1", source: []byte(`{"b":[9007199254740993],"a":1.1}`)}, verdictValue},
		{wanted, hit{id: "1", source: []byte(`{"a":1.10,"b":[9007199254740993],"doc_type":"t"}`)}, verdictRule},
		{wanted, hit{id: "1", source: []byte(`{"a":1.10,"b":[9007199254740992]}`)}, verdictOther},
		{wanted, hit{id: "2", source: []byte(`{"a": 1.10,"b":[9007199254740993]}`)}, verdictLost},
		{wanted, hit{id: "1", routing: "r", source: []byte(`{"a": 1.10,"b":[9007199254740993]}`)}, verdictHome},
		{oddDocument{docType: "person", id: "p", source: `{"k":1}`}, hit{id: "person#p", routing: "p", source: []byte(`{"k":1,"join":"person"}`)}, verdictRule},
		{child, hit{id: "c", routing: "p", parent: "p", source: []byte(`{"k":1}`)}, verdictBytes},
		{child, hit{id: "c", routing: "p", source: []byte(`{"k":1}`)}, verdictHome},
		{child, hit{id: "c", source: []byte(`{"k":1}`)}, verdictHome},
		{child, hit{id: "c", routing: "p", source: []byte(`{"k":1,"join":{"name":"child","parent":"p"}}`)}, verdictRule},
		{child, hit{id: "c", routing: "q", source: []byte(`{"k":1,"join":{"name":"child","parent":"p"}}`)}, verdictHome},
		{child, hit{id: "child#c", routing: "p", source: []byte(`{"k":1,"join":{"name":"child","parent":"person#p"}}`)}, verdictRule},
	} {
		if got := judge(one.wanted, []hit{one.arrived, {id: "p"}, {id: "person#p", routing: "p"}}); got != one.want {
			t.Errorf("%s as %+v: %s, not %s", one.wanted.source, one.arrived, got, one.want)
		}
	}
}

// results of a recorded run: testdata/results.ndjson.
func recordedResults(t *testing.T) *results {
	t.Helper()
	r, err := loadResults(t.Context(), config{results: filepath.Join("testdata", "results.ndjson"), reportOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheReportAndThePlotOfARecordedRun(t *testing.T) {
	t.Parallel()
	r := recordedResults(t)
	for name, text := range map[string]string{"report.md": r.report(), "report.svg": string(r.plot())} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		golden, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(golden) != text {
			t.Errorf("%s is another (-update writes it anew):\n%s", path, text)
		}
	}
}

func TestAimsThatAreMissedAndPeersThatAreAheadAreTold(t *testing.T) {
	t.Parallel()
	r := &results{}
	add := func(contestant string, wall float64) {
		e := entry{Kind: kindLoad, Pair: "2.3.2-5.5.2", Data: "nginx", Contestant: contestant, Documents: 1000, Bytes: 400_000, Wall: wall, CPU: 0.1, PeakRSS: 400 * mib, Load: "1 1 1"}
		e.Source.Searches = 3
		r.entries = append(r.entries, e)
	}
	add(byBackfill, 1)
	add(byBare, 0.5)
	add(byElasticdump, 2)
	add(byReindex, 0.9)
	text := r.report()
	for _, sentence := range []string{"| 90% of what the target takes at all | **50%, missed** |", "| 3 times elasticdump | **2.00 ×, missed** |", "| ahead of remote `_reindex` | **0.90 ×, missed** |",
		"| under 300 MiB | **400 MiB, missed** |", "| nothing on the source but the snapshot | **3 searches, missed** |",
		"MB of source: remote _reindex is 1.11 × as fast.", "MB of source: the target's own limit is 2.00 × as fast."} {
		if !strings.Contains(text, sentence) {
			t.Errorf("no %q in\n%s", sentence, text)
		}
	}
}

func TestAnAimThatTheTargetItselfDoesNotAllowIsToldAsThat(t *testing.T) {
	t.Parallel()
	r := &results{}
	for contestant, wall := range map[string]float64{byBackfill: 1, byBare: 0.8, byElasticdump: 2} {
		r.entries = append(r.entries, entry{Kind: kindLoad, Pair: "2.3.2-5.5.2", Data: "nginx", Contestant: contestant, Documents: 1000, Bytes: 400_000, Wall: wall, Load: "1 1 1"})
	}
	if text, sentence := r.report(), "| 3 times elasticdump | **2.00 ×, and the target's own limit is 2.50 ×, missed** |"; !strings.Contains(text, sentence) {
		t.Errorf("no %q in\n%s", sentence, text)
	}
}

func TestOnlyRoundsThatBothHaveAreCompared(t *testing.T) {
	t.Parallel()
	own := summary{rounds: map[int]float64{0: 10, 1: 50, 2: 99}}
	if ratio := own.beside(summary{rounds: map[int]float64{1: 100, 2: 99, 0: 40, 3: 1}}); ratio != 0.5 {
		t.Errorf("the median of 0.25, 0.5 and 1 is %v", ratio)
	}
	if ratio := own.beside(summary{}); ratio != 0 {
		t.Errorf("nobody to compare with gave %v", ratio)
	}
}

func TestALimitThatIsPassedAndABusyMachineAreNoSuccess(t *testing.T) {
	t.Parallel()
	r := &results{entries: []entry{{Kind: kindMachine, Machine: []string{"a processor, 2 processors, linux/amd64"}}}}
	for contestant, wall := range map[string]float64{byBackfill: 1, byBare: 2} {
		r.entries = append(r.entries, entry{Kind: kindLoad, Pair: "2.3.2-5.5.2", Data: "nginx", Contestant: contestant, Documents: 1000, Bytes: 400_000, Wall: wall, Load: "17.5 1 1"})
	}
	text := r.report()
	for _, sentence := range []string{"| 90% of what the target takes at all | **no limit measured (200%)** |", "Not to be relied on:** the load average was up to 18 on 2 processors"} {
		if !strings.Contains(text, sentence) {
			t.Errorf("no %q in\n%s", sentence, text)
		}
	}
}

func TestWhatWasMeasuredIsNotMeasuredAgainButWhatFailedIs(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "results")
	c, err := parse([]string{"-documents", "10", "-nested", "0", "-repeat", "1", "-pairs", "5.5.2-os2.19.3", "-parts", "load", "-results", path})
	if err != nil {
		t.Fatal(err)
	}
	r, err := loadResults(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p := c.pairs[0]
	for _, one := range chosen(c, p) {
		if one.name == byRestore {
			t.Error("OpenSearch 2.19 restores nothing of 5.5")
		}
		e := entry{Kind: kindLoad, Pair: p.String(), Data: "nginx", Contestant: one.name, Documents: 10, Wall: 1}
		if one.name == byReindex {
			e.Failed = "for now"
		}
		if err := r.add(e); err != nil {
			t.Fatal(err)
		}
	}
	if r, err = loadResults(t.Context(), c); err != nil || r.complete(c, p) {
		t.Errorf("a failure counts as measured (%v)", err)
	}
	if err := r.add(entry{Kind: kindLoad, Pair: p.String(), Data: "nginx", Contestant: byReindex, Documents: 10, Wall: 1}); err != nil || !r.complete(c, p) {
		t.Errorf("all was measured (%v)", err)
	}
}
