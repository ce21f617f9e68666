package moves

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestADocumentThatIsDeletedAndWrittenAnewComesOverAlthoughItsVersionBeginsAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "5.5.2", folder)
	indices := []string{"restored", "loaded"}
	put := func(index, id, version, body string) {
		labtest.Call(t, http.MethodPut, source.URL()+"/"+index+"/event/"+id+"?refresh=true"+version, body)
	}
	for _, index := range indices {
		labtest.Call(t, http.MethodPut, source.URL()+"/"+index, `{"settings":{"number_of_shards":2,"number_of_replicas":0,"index.gc_deletes":"0s"}}`)
		for _, id := range []string{"stays", "same", "other"} {
			put(index, id, "&version=7&version_type=external", `{"state":"first","of":"`+id+`"}`)
		}
	}
	config := migrationBetween(t, folder, source, target, "indices: {routes: {loaded: backfill}}\n")
	for _, verb := range []string{"plan", "apply"} {
		if code, output := program.Attempt(t, nil, verb, "-c", config, "--yes"); code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", verb, code, output)
		}
	}
	for _, index := range indices {
		anew := map[string]string{"same": `{"of":"same", "state":"first"}`, "other": `{"state":"second","of":"other"}`}
		for id, body := range anew {
			url := source.URL() + "/" + index + "/event/" + id
			// A deletion is forgotten by a refresh that comes after the node's clock, which is coarse, has moved on.
			for version := ""; !strings.Contains(version, `"_version":1,`); version = labtest.Get(t, url) {
				labtest.Call(t, http.MethodDelete, url, "")
				time.Sleep(300 * time.Millisecond)
				labtest.Call(t, http.MethodPost, source.URL()+"/"+index+"/_refresh", "")
				put(index, id, "", body)
			}
		}
	}
	for _, brings := range []string{"Brought over 2 documents, 0 deletions", "Brought over 0 documents, 0 deletions"} {
		if code, output := program.Attempt(t, nil, "sync", "-c", config); code != exitDone || !strings.Contains(output, brings) {
			t.Errorf("sync: %d, want %q\n%s", code, brings, output)
		}
	}
	if code, output := program.Attempt(t, nil, "verify", "-c", config); code != exitDone {
		t.Errorf("verify: %d\n%s", code, output)
	}
}
