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

// largeNodes are nodes that get a document of 99 MB in a number of texts, their http.max_content_length being 100. refused
// is in what is proposed where it does not arrive: since 7.9 a node turns away at once what does not fit into a tenth of its
// heap; before, its memory may run out. OpenSearch 3.3 reads no text of more than 50 million characters.
var largeNodes = []struct {
	version, heap string
	texts         int
	refused       string
}{
	{"7.10.2", "512m", 1, "heap"}, {"7.10.2", "2g", 1, ""},
	{"5.5.2", "512m", 1, "heap"}, {"2.3.2", "2g", 1, ""}, {"5.5.2", "2g", 1, ""}, {"6.8.23", "2g", 1, ""},
	{"os2.19.3", "512m", 1, "heap"}, {"os2.19.3", "2g", 1, ""}, {"8.15.5", "512m", 1, "heap"}, {"8.15.5", "2g", 1, ""},
	{"os3.3.0", "2g", 1, "string.length.max"}, {"os3.3.0", "2g", 3, ""},
}

func TestADocumentNearlyAsLargeAsARequestArrivesWholeOrIsSetAsideWhole(t *testing.T) {
	for _, one := range largeNodes {
		t.Run(fmt.Sprintf("%s with %s, %d texts", one.version, one.heap, one.texts), func(t *testing.T) {
			if one.version != "7.10.2" {
				labtest.Rare(t, "all of "+one.version)
			}
			largeOn(t, lab.Options{Version: one.version, Heap: one.heap}, one.texts, one.refused)
		})
	}
}

func largeOn(t *testing.T, options lab.Options, texts int, refused string) {
	const index, bytes = "large", 99_000_000
	direct := connect(t, labtest.NodeWith(t, options).URL())
	keywordIndex(t, direct, index)
	sentence := "a document that is longer than anybody reads, "
	source := `{"number":1`
	for i := range texts {
		source += fmt.Sprintf(`,"text%d":"%s"`, i, strings.Repeat(sentence, bytes/texts/len(sentence)))
	}
	large := document(index, "large", source+"}")
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
	if refused != "" {
		if outcome.Written+outcome.Existing != int64(len(feed)-1) || len(outcome.Refused) != 1 || outcome.Refused[0].Document.Source != string(large.Source) {
			t.Fatalf("%d of %d written, %d set aside", outcome.Written, len(feed), outcome.Aside)
		}
		if repair := Propose(&outcome.Refused[0]); !strings.Contains(repair.Action, refused) {
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
