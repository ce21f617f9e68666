package moves

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestADataStreamArrivesWholeUnderItsName: by restore and by load alike, its indices keep their documents, and its name
// still reads all of them and writes to the last.
func TestADataStreamArrivesWholeUnderItsName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "os1.3.20", "os2.19.3", folder)
	labtest.Call(t, http.MethodPut, source.URL()+"/_index_template/streams", `{"index_patterns":["stream-*"],"data_stream":{},"template":{"settings":{"number_of_replicas":0}}}`)
	for _, stream := range []string{"stream-loaded", "stream-restored"} {
		for i := range 6 {
			labtest.Call(t, http.MethodPost, source.URL()+"/"+stream+"/_doc", fmt.Sprintf(`{"@timestamp":"2026-11-24T00:00:0%dZ","n":%d}`, i, i))
			if i == 2 {
				labtest.Call(t, http.MethodPost, source.URL()+"/"+stream+"/_rollover", "")
			}
		}
	}
	config := migrationBetween(t, folder, source, target, "indices: {routes: {.ds-stream-loaded-*: backfill}}\n")
	code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes")
	if code != exitDone || !strings.Contains(output, "the alias stream-loaded stands for the stream") {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("apply: %d\n%s", code, output)
	}
	if proof := readProof(t, config); !proof.Holds || proof.Documents != 12 {
		t.Errorf("the proof: %+v", proof)
	}
	for _, stream := range []string{"stream-loaded", "stream-restored"} {
		labtest.Call(t, http.MethodPost, target.URL()+"/"+stream+"/_doc?refresh=true", `{"@timestamp":"2026-11-24T00:00:09Z","n":9}`)
		if count := gjson.Get(labtest.Get(t, target.URL()+"/"+stream+"/_count"), "count").Int(); count != 7 {
			t.Errorf("%s holds %d documents", stream, count)
		}
		if count := gjson.Get(labtest.Get(t, target.URL()+"/.ds-"+stream+"-000002/_count"), "count").Int(); count != 4 {
			t.Errorf("the last index of %s holds %d documents", stream, count)
		}
	}
}
