package moves

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestATypeThatAnIndexGetsAfterThePlanIsToldOrGetsAnIndexOfItsOwn: before anything is done the plan is stale; later, what
// lies on the target stays where it is.
func TestATypeThatAnIndexGetsAfterThePlanIsToldOrGetsAnIndexOfItsOwn(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	put := func(path, body string) { t.Helper(); labtest.Call(t, http.MethodPut, source.URL()+path, body) }
	put("/logs", `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"access":{"properties":{"code":{"type":"string","index":"not_analyzed"}}}},"aliases":{"all":{}}}`)
	put("/logs/access/1", `{"code":"200"}`)
	config := migrationBetween(t, folder, source, target, "cutover: {quiet: 1s}\n")
	done := func(verb string) {
		t.Helper()
		if code, output := program.Attempt(t, nil, verb, "-c", config, "--yes"); code != exitDone {
			t.Fatalf("%s: %d\n%s\n%s", verb, code, output, labtest.Get(t, target.URL()+"/_cat/indices")+labtest.Get(t, target.URL()+"/_alias"))
		}
	}
	done("plan")
	put("/logs/error/1", `{"level":"warn"}`)
	program.Refused(t, nil, exitRefused, []string{"index logs got the type error", "hikkoshi plan"}, "apply", "-c", config, "--yes")
	labtest.Call(t, http.MethodDelete, source.URL()+"/logs", "")
	put("/logs", `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"access":{"properties":{"code":{"type":"string","index":"not_analyzed"}}}},"aliases":{"all":{}}}`)
	put("/logs/access/1", `{"code":"200"}`)
	done("plan")
	const begun = 3 // records: the plan is in the journal, and the first step has begun
	if code, output := program.Attempt(t, []string{fmt.Sprintf("%s=%d", labtest.KillAtRecord, begun)}, "apply", "-c", config, "--yes"); code != -1 {
		t.Fatalf("apply was not killed: %d\n%s", code, output)
	}
	put("/logs/error/1", `{"level":"warn"}`)
	done("apply")
	put("/logs/audit/1", `{"who":"nobody"}`)
	put("/logs/error/2", `{"level":"error"}`)
	labtest.Call(t, http.MethodDelete, source.URL()+"/logs/error/1", "")
	done("sync")
	done("verify")
	proof := readProof(t, config)
	if !proof.Holds || len(proof.Rows) != 3 {
		t.Errorf("the proof: %+v", proof)
	}
	for path, want := range map[string]string{"logs/_doc/1": "200", "logs-error/_doc/1": "", "logs-error/_doc/2": "error", "logs-audit/_doc/1": "nobody"} {
		if got := gjson.Get(labtest.Get(t, target.URL()+"/"+path), "_source.*").String(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if count := gjson.Get(labtest.Get(t, target.URL()+"/all/_count"), "count").Int(); count != 3 {
		t.Errorf("the alias shows %d documents, want 3", count)
	}
	done("rollback")
	if left := labtest.Get(t, target.URL()+"/_cat/indices?h=index"); left != "" {
		t.Errorf("left on the target: %s", left)
	}
}
