package moves

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// belonging is one thing on the source, and what the target must show of it.
type belonging struct {
	path, body  string
	shown, want string // where it is asked for on the target, and words of the answer
}

// TestWhatBelongsToAClusterComesAlong: in an order in which each finds what it names, while documents pass by the pipelines,
// and a rollback takes it back.
func TestWhatBelongsToAClusterComesAlong(t *testing.T) {
	t.Parallel()
	for _, move := range []struct {
		source, target string
		things         []belonging
	}{
		{"5.5.2", "os2.19.3", []belonging{
			{"/_ingest/pipeline/empty", `{"description":"does nothing","processors":[]}`, "/_ingest/pipeline/empty", "does nothing"},
			{"/_template/logs", `{"order":3,"template":"logs-*","settings":{"index.merge.policy.floor_segment":"3mb","number_of_shards":2},"mappings":{"_default_":{"_all":{"enabled":false},"properties":{"at":{"type":"date","format":"YYYY-MM-dd"}}}}}`, "/_template/logs", `"uuuu-MM-dd`},
			{"/_cluster/settings", `{"persistent":{"search.low_level_cancellation":"true","indices.recovery.max_bytes_per_sec":"41mb"}}`, "/_cluster/settings?flat_settings=true", `"search.low_level_cancellation":"true"`},
		}},
		{"7.10.2", "os2.19.3", []belonging{
			{"/_component_template/numbers", `{"template":{"mappings":{"properties":{"n":{"type":"long"}}}},"_meta":{"by":"us"}}`, "/_component_template/numbers", `"long"`},
			{"/_index_template/metrics-ours", `{"index_patterns":["ours-*"],"composed_of":["numbers"],"priority":7,"template":{"settings":{"index.number_of_shards":2},"aliases":{"ours":{}}}}`, "/_index_template/metrics-ours", `"numbers"`},
			{"/_template/old", `{"order":1,"index_patterns":["old-*"],"settings":{"number_of_shards":2}}`, "/_template/old", `"old-*"`},
		}},
	} {
		t.Run(move.source+" to "+move.target, func(t *testing.T) {
			folder := t.TempDir()
			source, target := labtest.Pair(t, move.source, move.target, folder)
			config := migrationBetween(t, folder, source, target, "indices: {routes: {plain: backfill}}\n")
			// A pipeline that is not there would refuse every document, and one that is would change it a second time.
			settings, document := `{}`, "/plain/doc/1"
			if move.source == "7.10.2" {
				settings, document = `{"settings":{"index.default_pipeline":"absent"}}`, "/plain/_doc/1?pipeline=_none"
			}
			labtest.Call(t, http.MethodPut, source.URL()+"/plain", settings)
			labtest.Call(t, http.MethodPut, source.URL()+document, `{"n":1}`)
			for _, thing := range move.things {
				labtest.Call(t, http.MethodPut, source.URL()+thing.path, thing.body)
			}
			// A template that came after the index: what is made of the index on the target must not get any of it.
			later := `{"index_patterns":["plain*"],"aliases":{"everything":{}},"mappings":{"properties":{"n":{"type":"keyword","ignore_above":10}}}}`
			if move.source == "5.5.2" {
				later = `{"template":"plain*","aliases":{"everything":{}},"mappings":{"_default_":{"properties":{"n":{"type":"keyword","ignore_above":10}}}}}`
			}
			labtest.Call(t, http.MethodPut, source.URL()+"/_template/later", later)
			labtest.Call(t, http.MethodPut, target.URL()+"/_template/own", `{"index_patterns":["pl*"],"order":-1}`)
			code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes")
			if code != exitDone || !strings.Contains(output, "the target's template own has a hand in the index") {
				t.Fatalf("plan: %d\n%s", code, output)
			}
			if move.source == "5.5.2" && (!strings.Contains(output, "setting/indices.recovery.max_bytes_per_sec") || !strings.Contains(output, "template/logs")) {
				t.Errorf("the plan does not name what comes along and what stays:\n%s", output)
			}
			if code, output := program.Attempt(t, nil, "plan", "-c", config, "--show-mappings"); code != exitDone || move.source == "5.5.2" && (!strings.Contains(output, "+        \"format\": \"uuuu-MM-dd") || !strings.Contains(output, "@@")) {
				t.Errorf("--show-mappings: %d\n%s", code, output)
			}
			if code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes"); code != exitDone {
				t.Fatalf("apply: %d\n%s", code, output)
			}
			if proof := readProof(t, config); !proof.Holds || proof.Documents != 1 {
				t.Errorf("the proof: %+v", proof)
			}
			if made := labtest.Get(t, target.URL()+"/plain"); strings.Contains(made, "everything") || gjson.Get(made, "plain.mappings.properties.n.type").String() != "long" {
				t.Errorf("a template had a hand in the index: %s", made)
			}
			if shown := labtest.Get(t, target.URL()+"/_template/later"); !strings.Contains(shown, "everything") {
				t.Errorf("the later template on the target: %s", shown)
			}
			for _, thing := range move.things {
				if shown := labtest.Get(t, target.URL()+thing.shown); !strings.Contains(shown, thing.want) || strings.Contains(shown, "41mb") || strings.Contains(shown, "floor_segment") {
					t.Errorf("%s on the target: %s", thing.path, shown)
				}
			}
			if code, output := program.Attempt(t, nil, "rollback", "-c", config, "--yes"); code != exitDone {
				t.Fatalf("rollback: %d\n%s", code, output)
			}
			for _, thing := range move.things {
				if shown := labtest.Get(t, target.URL()+thing.shown); strings.Contains(shown, thing.want) && !gjson.Get(shown, "error").Exists() {
					t.Errorf("%s is still on the target: %s", thing.path, shown)
				}
			}
		})
	}
}
