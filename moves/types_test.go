package moves

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestTheSameIDInTwoTypesOfARestoredIndexStaysTwoDocumentsInTheRounds: 6.x makes no index of several types, and keeps those
// that it restores from 5.x.
func TestTheSameIDInTwoTypesOfARestoredIndexStaysTwoDocumentsInTheRounds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "5.5.2", "6.8.23", folder)
	labtest.Call(t, http.MethodPut, source.URL()+"/many", `{"settings":{"number_of_shards":2,"number_of_replicas":0}}`)
	const each = 20
	for i := range each {
		labtest.Call(t, http.MethodPut, fmt.Sprintf("%s/many/user/%d", source.URL(), i), fmt.Sprintf(`{"name":"user %d"}`, i))
		for range 1 + i%2 { // versions that differ between the types
			labtest.Call(t, http.MethodPut, fmt.Sprintf("%s/many/order/%d", source.URL(), i), fmt.Sprintf(`{"item":"order %d"}`, i))
		}
	}
	config := migrationBetween(t, folder, source, target, "cutover: {quiet: 1s}\n")
	code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes")
	if code != exitDone || !strings.Contains(output, "restore 1 indices") {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	if code, output = program.Attempt(t, nil, "apply", "-c", config, "--yes"); code != exitDone || strings.Contains(output, "brought over") {
		t.Fatalf("apply: %d, and nobody wrote meanwhile:\n%s", code, output)
	}
	// One of two changes, one of two goes, and one comes beside another that is there.
	labtest.Call(t, http.MethodPut, source.URL()+"/many/user/lone", `{"name":"lone user"}`)
	syncs(t, config, 1, 0)
	labtest.Call(t, http.MethodPut, source.URL()+"/many/order/lone", `{"item":"its order"}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/many/user/2", `{"name":"another"}`)
	labtest.Call(t, http.MethodDelete, source.URL()+"/many/order/3", "")
	syncs(t, config, 2, 1)
	syncs(t, config, 0, 0)
	if code, output = program.Attempt(t, nil, "verify", "-c", config); code != exitDone {
		t.Fatalf("verify: %d\n%s", code, output)
	}
	for path, want := range map[string]string{"user/3": "user 3", "order/3": "", "user/2": "another", "order/2": "order 2", "user/lone": "lone user", "order/lone": "its order"} {
		if got := gjson.Get(labtest.Get(t, target.URL()+"/many/"+path), "_source.*").String(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	// And back again.
	if code, output = program.Attempt(t, nil, "cutover", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("cutover: %d\n%s", code, output)
	}
	labtest.Call(t, http.MethodPut, target.URL()+"/many/order/3", `{"item":"ordered again"}`)
	if code, output = program.Attempt(t, nil, "rollback", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("rollback: %d\n%s", code, output)
	}
	for path, want := range map[string]string{"user/3": "user 3", "order/3": "ordered again"} {
		if got := gjson.Get(labtest.Get(t, source.URL()+"/many/"+path), "_source.*").String(); got != want {
			t.Errorf("after the rollback %s is %q, want %q", path, got, want)
		}
	}
}

// syncs runs one round and wants it to bring over so many documents and deletions.
func syncs(t *testing.T, config string, written, deleted int64) {
	t.Helper()
	code, output := program.Attempt(t, nil, "sync", "-c", config, "--yes")
	if want := fmt.Sprintf("Brought over %d documents, %d deletions.", written, deleted); code != exitDone || !strings.Contains(output, want) {
		t.Errorf("sync: %d, want %q\n%s", code, want, output)
	}
}
