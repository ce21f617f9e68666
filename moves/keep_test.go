package moves

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestDocumentsThatNoRuleKeepsStayBehind: load, rounds, proof and the way back agree on which documents are meant.
func TestDocumentsThatNoRuleKeepsStayBehind(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	put := func(path string, n int) {
		labtest.Call(t, http.MethodPut, source.URL()+"/events/event/"+path+"?refresh=true", fmt.Sprintf(`{"n":%d}`, n))
	}
	labtest.Call(t, http.MethodPut, source.URL()+"/events", `{"settings":{"number_of_shards":2,"number_of_replicas":0}}`)
	for i := range 20 {
		put(fmt.Sprint(i), i)
	}
	config := migrationBetween(t, folder, source, target, "transform: {rules: [{index: events, keep: doc.n >= 10}]}\ncutover: {quiet: 1s}\n")
	run := func(says string, arguments ...string) {
		t.Helper()
		code, output := program.Attempt(t, nil, append(arguments, "-c", config, "--yes")...)
		if code != exitDone || !strings.Contains(output, says) {
			t.Fatalf("%s: exit code %d, want %q\n%s", arguments, code, says, output)
		}
	}
	run("those for which doc.n >= 10 is false are left out", "plan")
	run("verified", "plan", "--rehearse", "--share", "100%")
	run("events: 10 documents written, 0 there already, 0 set aside, 10 left out", "apply")
	run("equal, 10 left out", "verify")
	run("Brought over 0 documents, 0 deletions", "sync")
	// One more that is meant, one that is not, and one that is meant no longer.
	put("more", 30)
	put("less", 3)
	put("15", 5)
	run("Brought over 1 documents, 1 deletions", "sync")
	run("Brought over 0 documents, 0 deletions", "sync")
	run("equal, 12 left out", "cutover")
	labtest.Call(t, http.MethodPut, target.URL()+"/events/_doc/16?refresh=true", `{"n":160}`)
	run("1 documents written to the target since cutover were brought back", "rollback")
	for id, want := range map[string]string{"16": `{"n":160}`, "15": `{"n":5}`, "3": `{"n":3}`} {
		if found := labtest.Get(t, source.URL()+"/events/event/"+id); !strings.Contains(found, `"_source":`+want) {
			t.Errorf("%s on the source, want %s: %s", id, want, found)
		}
	}
}
