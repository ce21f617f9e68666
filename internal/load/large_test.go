package load

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// largeNodes are nodes that get a document of 99 MB, their http.max_content_length being 100. arrives says that their heap
// has room for it: since 7.9 a node turns away at once what does not fit into a tenth of it; before, its memory may run out.
var largeNodes = []struct {
	version, heap string
	arrives       bool
}{
	{"7.10.2", "512m", false}, {"7.10.2", "2g", true},
	{"5.5.2", "512m", false}, {"2.3.2", "2g", true}, {"5.5.2", "2g", true}, {"6.8.23", "2g", true},
	{"os2.19.3", "512m", false}, {"os2.19.3", "2g", true}, {"8.15.5", "512m", false}, {"8.15.5", "2g", true}, {"os3.3.0", "2g", true},
}

func TestADocumentNearlyAsLargeAsARequestArrivesWholeOrIsSetAsideWhole(t *testing.T) {
	for _, one := range largeNodes {
		t.Run(one.version+" with "+one.heap, func(t *testing.T) {
			if one.version != "7.10.2" {
				labtest.Rare(t, "all of "+one.version)
			}
			largeOn(t, lab.Options{Version: one.version, Heap: one.heap}, one.arrives)
		})
	}
}

func largeOn(t *testing.T, options lab.Options, arrives bool) {
	const index = "large"
	direct := connect(t, labtest.NodeWith(t, options).URL())
	keywordIndex(t, direct, index)
	sentence := "a document that is longer than anybody reads, "
	large := document(index, "large", `{"number":1,"text":"`+strings.Repeat(sentence, 99_000_000/len(sentence))+`"}`)
	feed := these{large}
	for i := range 50 {
		feed = append(feed, document(index, fmt.Sprint("small", i), fmt.Sprintf(`{"number":%d}`, i)))
	}
	job := &Job{Target: direct, Valve: NewValve(Limits{})}
	told := heard(job.Valve)
	outcome, err := job.Run(t.Context(), feed, 0, nil)
	t.Log(told())
	if err != nil {
		t.Fatal(err)
	}
	if !arrives {
		if outcome.Written+outcome.Existing != int64(len(feed)-1) || len(outcome.Refused) != 1 || outcome.Refused[0].Document.Source != string(large.Source) {
			t.Fatalf("%d of %d written, %d set aside", outcome.Written, len(feed), outcome.Aside)
		}
		if repair := Propose(&outcome.Refused[0]); !strings.Contains(repair.Action, "heap") {
			t.Errorf("%s: %+v", outcome.Refused[0].Reason, repair)
		}
		return
	}
	if outcome.Written+outcome.Existing != int64(len(feed)) {
		t.Errorf("%d of %d written, set aside: %.500v", outcome.Written, len(feed), outcome.Refused)
	}
	if err := direct.Refresh(t.Context(), index); err != nil {
		t.Fatal(err)
	}
	found := 0
	_, err = direct.Scan(t.Context(), index, cluster.ScanOptions{Shard: cluster.AllShards}, func(document es.Document) error {
		if found++; document.ID == large.ID && string(document.Source) != string(large.Source) {
			t.Errorf("it arrived as %d bytes, not %d", len(document.Source), len(large.Source))
		}
		return nil
	})
	if err != nil || found != len(feed) {
		t.Errorf("%d of %d documents are there: %v", found, len(feed), err)
	}
}
