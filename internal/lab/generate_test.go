package lab

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestEveryVersionStartsHoldsWhatTheGeneratorSaysAndLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	for _, name := range Versions() {
		t.Run(name, func(t *testing.T) {
			node := start(t, Options{Version: name, RepoDirs: []string{t.TempDir(), t.TempDir()}})
			body := get(t, node.URL()+"/_nodes/_local")
			if want := `"version":"` + strings.TrimPrefix(name, OpenSearch) + `"`; !strings.Contains(body, want) {
				t.Errorf("the node does not call itself %s: %.400s", want, body)
			}
			summary, err := Generate(t.Context(), node.URL(), name, Data{Seed: 1, NginxDocs: 301, Days: 3, Kibana: true, Odd: true})
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
			if err := Change(t.Context(), node.URL(), name, 1); err != nil {
				t.Fatal(err)
			}
			checkCount(t, node, "recreated", 6)
			checkCount(t, node, "softdel", summary.Documents["softdel"]+6)
			checkCount(t, node, "ids", summary.Documents["ids"]-3)
			// The test's own context ends before its cleanups run.
			if err := node.Stop(context.Background()); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(node.record.Home); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the node's folder is still there: %v", err)
			}
		})
	}
}

func TestEqualSeedsGiveEqualDocumentsAndOthersDont(t *testing.T) {
	t.Parallel()
	for _, name := range Versions() {
		d := dialectOf(name)
		for _, c := range oddCases() {
			if c.documents == nil || !c.accepts(d) {
				continue
			}
			a, b := c.documents(d, newRandom(1, c.index)), c.documents(d, newRandom(1, c.index))
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%s: %s differs between two runs", name, c.index)
			}
		}
	}
	at := firstDay
	if string(encode(newRandom(1, "x").accessEvent(at))) != string(encode(newRandom(1, "x").accessEvent(at))) {
		t.Error("nginx events differ between two runs")
	}
	if string(encode(newRandom(1, "x").accessEvent(at))) == string(encode(newRandom(2, "x").accessEvent(at))) {
		t.Error("another seed gives the same event")
	}
}

func TestSourcesAreOneLineOfJSON(t *testing.T) {
	t.Parallel()
	for _, c := range oddCases() {
		if c.documents == nil {
			continue
		}
		for _, o := range c.documents(dialectOf("1.7.6"), newRandom(7, c.index)) {
			if o.action != "delete" && (!json.Valid(o.source) || strings.ContainsAny(string(o.source), "\r\n")) {
				t.Errorf("%s/%s: %.100s", c.index, o.id, o.source)
			}
		}
	}
}

func checkCount(t *testing.T, node *Node, index string, want int) {
	t.Helper()
	var answer struct{ Count int }
	body := get(t, node.URL()+"/"+index+"/_count")
	if err := json.Unmarshal([]byte(body), &answer); err != nil || answer.Count != want {
		t.Errorf("%s has %s, want %d", index, body, want)
	}
}
