package moves

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestOtherRulesAfterTheCheckOfTheDocumentsNeedNoOtherSnapshot: what was done so far is the same whatever becomes of the
// documents; once they are loaded, other rules are refused with what can be done.
func TestOtherRulesAfterTheCheckOfTheDocumentsNeedNoOtherSnapshot(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	labtest.Call(t, http.MethodPut, source.URL()+"/logs", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/logs/access/"+strings.Repeat("x", 600), `{"n":1}`)
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository"))
	labtest.WriteFile(t, config, text)
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	program.Refused(t, nil, exitRefused, []string{"must be decided", "nothing has to be taken back"}, "apply", "-c", config, "--yes")
	program.Refused(t, nil, exitRefused, []string{"under way", "go on with"}, "plan", "-c", config, "--yes")
	labtest.Call(t, http.MethodPut, source.URL()+"/new", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`) // comes with the rounds
	labtest.WriteFile(t, config, text+"transform: {long_ids: hash}\ncutover: {quiet: 1m}\n")
	program.Refused(t, nil, exitRefused, []string{"more than the rules"}, "plan", "-c", config, "--yes")
	labtest.WriteFile(t, config, text+"transform: {long_ids: hash}\n")
	program.Refused(t, nil, exitRefused, []string{"migration.yaml was edited", "hikkoshi plan"}, "apply", "-c", config, "--yes")
	for range 2 { // a person may change his mind
		if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone || !strings.Contains(output, "the snapshot stands") {
			t.Fatalf("plan by other rules: %d\n%s", code, output)
		}
		text += "\n"
		labtest.WriteFile(t, config, text+"transform: {long_ids: hash, long_id_field: was}\n")
	}
	code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes")
	if code != exitDone || !strings.Contains(output, "take the snapshot hikkoshi-migration-1 (done before)") || !strings.Contains(output, "1 documents checked") {
		t.Fatalf("apply: %d\n%s", code, output)
	}
	if id := gjson.Get(labtest.Get(t, target.URL()+"/logs/_search"), "hits.hits.0._source.was").String(); len(id) != 600 {
		t.Errorf("the long id is %q", id)
	}
	labtest.WriteFile(t, config, text+"transform: {long_ids: hash}\n")
	program.Refused(t, nil, exitRefused, []string{"whose rules were used already", "redrive"}, "plan", "-c", config, "--yes")
}
