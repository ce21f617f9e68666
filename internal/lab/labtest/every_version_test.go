package labtest_test

// every_version_test.go answers: does the whole table of versions work? It lies here and not beside the table, so that
// it has a test binary, and its time limit, of its own.

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestEveryVersionStartsHoldsWhatTheGeneratorSaysAndLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	for _, name := range lab.Versions() {
		t.Run(name, func(t *testing.T) {
			node := labtest.NodeWith(t, lab.Options{Version: name, RepoDirs: []string{t.TempDir(), t.TempDir()}})
			body := labtest.Get(t, node.URL()+"/_nodes/_local")
			if want := `"version":"` + strings.TrimPrefix(name, lab.OpenSearch) + `"`; !strings.Contains(body, want) {
				t.Errorf("the node does not call itself %s: %.400s", want, body)
			}
			summary, err := lab.Generate(t.Context(), node.URL(), name, lab.Data{Seed: 1, NginxDocs: 301, Days: 3, Kibana: true, Odd: true})
			if err != nil {
				t.Fatal(err)
			}
			for index, want := range summary.Documents {
				if index != "closed-idx" {
					checkCount(t, node, index, want)
				}
			}
			if want := 301 + 6 + 5 + 5; summary.Documents["nginx-access-2017.09.10"]+summary.Documents["nginx-access-2017.09.11"]+
				summary.Documents["nginx-access-2017.09.12"]+summary.Documents["nginx-error-2017.09.10"]+
				summary.Documents["nginx-error-2017.09.11"]+summary.Documents["nginx-error-2017.09.12"] != want {
				t.Errorf("the nginx events are not %d: %v", want, summary.Documents)
			}
			if err := lab.Change(t.Context(), node.URL(), name, 1); err != nil {
				t.Fatal(err)
			}
			checkCount(t, node, "recreated", 6)
			checkCount(t, node, "softdel", summary.Documents["softdel"]+6)
			checkCount(t, node, "ids", summary.Documents["ids"]-3)
			// The test's own context ends before its cleanups run.
			if err := node.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			if log := node.Log(); log != "" {
				t.Errorf("the node's folder is still there, with the log %s", log)
			}
		})
	}
}

func checkCount(t *testing.T, node *lab.Node, index string, want int) {
	t.Helper()
	var answer struct{ Count int }
	body := labtest.Get(t, node.URL()+"/"+index+"/_count")
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Count != want {
		t.Errorf("%s has %s, want %d", index, body, want)
	}
}
