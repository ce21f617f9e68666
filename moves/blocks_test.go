package moves

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestBlocksAndFinalPipelinesComeAlongAndNeverMeddleWithTheMove: restored and loaded indices are written to until the end,
// and then held still as on the source. A final pipeline that is not there would refuse every document that comes by it.
func TestBlocksAndFinalPipelinesComeAlongAndNeverMeddleWithTheMove(t *testing.T) {
	t.Parallel()
	for _, move := range []struct{ source, target string }{{"2.3.2", "5.5.2"}, {"7.10.2", "os2.19.3"}} {
		t.Run(move.source+" to "+move.target, func(t *testing.T) {
			folder := t.TempDir()
			source, target := labtest.Pair(t, move.source, move.target, folder)
			pipelines := move.source == "7.10.2"
			indices := []string{"restored-write", "restored-read_only", "loaded-write", "loaded-read_only"}
			docType := map[bool]string{true: "_doc", false: "doc"}[pipelines]
			setting := func(index, body string) {
				t.Helper()
				labtest.Call(t, http.MethodPut, source.URL()+"/"+index+"/_settings", body)
			}
			document := func(index, id string) {
				t.Helper()
				labtest.Call(t, http.MethodPut, source.URL()+"/"+index+"/"+docType+"/"+id, `{"n":1}`)
			}
			// hold sets what the index has on the source, and free takes it off for a moment.
			hold := func(index string) {
				t.Helper()
				if pipelines {
					setting(index, `{"index.final_pipeline":"absent"}`)
				}
				_, block, _ := strings.Cut(index, "-")
				setting(index, fmt.Sprintf(`{"index.blocks.%s":true}`, block))
			}
			free := func(index string) {
				t.Helper()
				_, block, _ := strings.Cut(index, "-")
				setting(index, fmt.Sprintf(`{"index.blocks.%s":false}`, block))
				if pipelines {
					setting(index, `{"index.final_pipeline":null}`)
				}
			}
			for _, index := range indices {
				labtest.Call(t, http.MethodPut, source.URL()+"/"+index, fmt.Sprintf(`{"settings":{"number_of_shards":1,"number_of_replicas":0},"aliases":{"all-%s":{}}}`, index))
				document(index, "1")
				hold(index)
			}
			labtest.Call(t, http.MethodPut, source.URL()+"/hidden", `{}`)
			setting("hidden", `{"index.blocks.metadata":true}`)
			config := migrationBetween(t, folder, source, target, "indices: {routes: {'loaded-*': backfill}}\ncutover: {quiet: 1s}\n")
			program.Refused(t, nil, exitRefused, []string{"index.blocks.metadata hides how hidden is made", "PUT /hidden/_settings"}, "plan", "-c", config)
			setting("hidden", `{"index.blocks.metadata":false}`)
			setting("hidden", `{"index.blocks.read":true}`)
			program.Refused(t, nil, exitRefused, []string{"hidden", "index.blocks.read is set"}, "plan", "-c", config)
			labtest.Call(t, http.MethodDelete, source.URL()+"/hidden", "")
			if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone || strings.Count(output, "the last thing of the cutover") == 0 {
				t.Fatalf("plan: %d\n%s", code, output)
			}
			done := func(verb string) {
				t.Helper()
				if code, output := program.Attempt(t, nil, verb, "-c", config, "--yes"); code != exitDone {
					t.Fatalf("%s: %d\n%s", verb, code, output)
				}
			}
			done("apply")
			for _, index := range indices {
				free(index)
				document(index, "2")
				labtest.Call(t, http.MethodPost, source.URL()+"/"+index+"/_refresh", "") // 2.3.2 takes none under read_only
				hold(index)
			}
			done("sync")
			for _, index := range indices {
				settings := gjson.Get(labtest.Get(t, target.URL()+"/"+index+"/_settings"), index+".settings.index")
				if settings.Get("blocks").Exists() || pipelines && settings.Get("final_pipeline").String() != "absent" {
					t.Errorf("%s after the round: %s", index, settings)
				}
			}
			if got := gjson.Get(labtest.Get(t, target.URL()+"/_all/_count"), "count").Int(); got != int64(2*len(indices)) {
				t.Errorf("%d documents arrived", got)
			}
			done("cutover")
			for _, index := range indices {
				_, block, _ := strings.Cut(index, "-")
				settings := gjson.Get(labtest.Get(t, target.URL()+"/"+index+"/_settings"), index+".settings.index")
				if settings.Get("blocks").Raw != fmt.Sprintf(`{%q:"true"}`, block) || pipelines && settings.Get("final_pipeline").String() != "absent" {
					t.Errorf("%s after the cutover: %s", index, settings)
				}
			}
			done("verify")
			done("rollback")
			for _, index := range indices {
				_, block, _ := strings.Cut(index, "-")
				if got := gjson.Get(labtest.Get(t, source.URL()+"/"+index+"/_settings"), index+".settings.index.blocks."+block).String(); got != "true" {
					t.Errorf("%s of the source has no block after the rollback", index)
				}
			}
		})
	}
}
