package load

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/faults"
)

// these is a feed of given documents.
type these []es.Document

func (d these) Each(_ context.Context, from int64, visit func(int64, *es.Document) error) error {
	for i := int(from); i < len(d); i++ {
		if err := visit(int64(i)+1, &d[i]); err != nil {
			return err
		}
	}
	return nil
}

func document(index, id, source string) es.Document {
	return es.Document{Index: index, Type: "event", ID: id, Version: 3, Source: []byte(source)}
}

// keywordIndex makes an index with a number and a field of whole terms.
func keywordIndex(t *testing.T, client *cluster.Client, name string) {
	t.Helper()
	dialect, err := client.Dialect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mapping := `{"properties":{"number":{"type":"long"},"tag":{"type":"keyword"}}}`
	if !dialect.Version.AtLeast(5, 0) {
		mapping = strings.Replace(mapping, `"keyword"`, `"string","index":"not_analyzed"`, 1)
	}
	if dialect.TypesInURL {
		mapping = `{"event":` + mapping + `}`
	}
	if err := client.CreateIndex(t.Context(), name, []byte(`{"settings":{"index":{"number_of_replicas":0}},"mappings":`+mapping+`}`)); err != nil {
		t.Fatal(err)
	}
}

// refusalsOn wants what a real target refuses to be set aside with its bytes, and the rest to arrive.
func refusalsOn(t *testing.T, version, address string, direct *cluster.Client) {
	const index = "refusals"
	keywordIndex(t, direct, index)
	pretty := "{\n  \"number\": 1.50e1,\r\n\t\"tag\": \"line\\nbreak\"\n}"
	huge := `{"text":"` + strings.Repeat("x", 100<<20) + `"}`
	feed := these{
		document(index, "first", `{"number":1}`), document(index, "pretty", pretty), document(index, "conflict", `{"number":"none at all"}`),
		document(index, "immense", `{"tag":"`+strings.Repeat("t", 40000)+`"}`), document(index, "huge", huge),
		document(index, strings.Repeat("i", 600), `{"number":2}`), document(index, "shape", `{"number":{"an":"object"}}`), document(index, "last", `{"number":3}`),
	}
	wanted := map[string]string{"conflict": "number", "immense": "ignore_above", "huge": "http.max_content_length", "shape": "number", strings.Repeat("i", 600): "long_ids"}
	if version[:1] == "2" {
		delete(wanted, strings.Repeat("i", 600)) // refused since 5.0
	}
	job := &Job{Target: direct, Valve: NewValve(Limits{})}
	outcome, err := job.Run(t.Context(), feed, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if int(outcome.Aside) != len(wanted) || int(outcome.Written) != len(feed)-len(wanted) {
		t.Errorf("%d written, %d set aside", outcome.Written, outcome.Aside)
	}
	bytes := map[string]string{}
	for _, one := range feed {
		bytes[one.ID] = string(one.Source)
	}
	for i := range outcome.Refused {
		one := &outcome.Refused[i]
		repair := Propose(one)
		if word, known := wanted[one.ID]; !known || !strings.Contains(repair.Action+repair.Migration, word) {
			t.Errorf("%.20s: %s: %s: proposed %+v", one.ID, one.Error, one.Reason, repair)
		}
		if one.Document.Source != bytes[one.ID] || one.Document.Version != 3 || one.Document.Index != index {
			t.Errorf("%.20s lost something of itself", one.ID)
		}
	}
	if err := direct.Refresh(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	_, err = direct.Scan(t.Context(), index, cluster.ScanOptions{Shard: cluster.AllShards}, func(found es.Document) error {
		if _, refused := wanted[found.ID]; refused || found.Version != 3 {
			t.Errorf("%.20s arrived as version %d", found.ID, found.Version)
		}
		if want := strings.NewReplacer("\n  ", "", "\r\n\t", "", "\n}", "}", `": `, `":`).Replace(pretty); found.ID == "pretty" && string(found.Source) != want {
			t.Errorf("pretty arrived as %s, not %s", found.Source, want)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	tooLargeOn(t, address)
}

// tooLargeOn wants a proxy's own limit to cost only the document that is beyond it.
func tooLargeOn(t *testing.T, address string) {
	const limit = 64 << 10
	proxy, err := faults.Start(address, func(_ int, request *http.Request) faults.Fault {
		if request.ContentLength > limit {
			return faults.Fault{Status: http.StatusRequestEntityTooLarge, Body: `{"Message":"Request size exceeded 65536 bytes"}`}
		}
		return faults.Fault{}
	})
	if err != nil {
		t.Fatal(err)
	}
	feed := these{document("limited", "beyond", `{"text":"`+strings.Repeat("x", limit)+`"}`)}
	for i := range 20 {
		feed = append(feed, document("limited", fmt.Sprint("d", i), `{"text":"`+strings.Repeat("y", limit/5)+`"}`))
	}
	job := &Job{Target: connect(t, proxy.URL())}
	outcome, err := job.Run(t.Context(), feed, 0, nil)
	if stopErr := proxy.Stop(); stopErr != nil {
		t.Error(stopErr)
	}
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Written != 20 || outcome.Aside != 1 || outcome.Refused[0].ID != "beyond" || outcome.Refused[0].Status != http.StatusRequestEntityTooLarge || len(outcome.Refused[0].Document.Source) < limit {
		t.Errorf("%d written, %d set aside", outcome.Written, outcome.Aside)
	}
	if repair := Propose(&outcome.Refused[0]); !strings.Contains(repair.Action, "http.max_content_length") {
		t.Errorf("proposed %+v", repair)
	}
}

func TestALoadStopsInsteadOfSettingEverythingAside(t *testing.T) {
	t.Parallel()
	target := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/_bulk" {
			fmt.Fprint(w, `{"cluster_name":"c","version":{"number":"5.5.2"}}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":{"type":"illegal_argument_exception","reason":"nothing is good enough"},"status":400}`)
	})
	job := &Job{Target: clientOf(t, target)}
	aside := 0
	_, err := job.Run(t.Context(), counted(refusedInARow+1000), 0, func(_ int64, outcome Outcome) error { aside += len(outcome.Refused); return nil })
	if err == nil || !strings.Contains(err.Error(), "nothing is good enough") || aside > refusedInARow {
		t.Errorf("%v, %d set aside", err, aside)
	}
}
