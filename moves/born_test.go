package moves

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// A cluster that was upgraded in place keeps indices that its predecessor made: 5.5 restores what 2.3 made and refuses
// what 1.7 made, in the same snapshot.
func TestAnIndexOlderThanItsClusterIsLoadedWhileItsNeighbourIsRestored(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	const documents = 120
	folder := t.TempDir()
	data := filepath.Join(folder, "data")
	before := labtest.NodeWith(t, lab.Options{Version: "1.7.6", DataDir: data, ClusterName: "upgraded"})
	fill(t, before.URL(), "born-in-1", documents)
	labtest.Call(t, http.MethodPost, before.URL()+"/born-in-1/_flush", "")
	if err := before.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	source := labtest.NodeWith(t, lab.Options{Version: "2.3.2", DataDir: data, ClusterName: "upgraded", RepoDirs: []string{folder}})
	labtest.Call(t, http.MethodGet, source.URL()+"/_cluster/health/born-in-1?wait_for_status=yellow&timeout=60s", "")
	fill(t, source.URL(), "born-in-2", documents)
	target := labtest.Node(t, "5.5.2", folder)

	config := migrationBetween(t, folder, source, target, "cutover: {quiet: 1s}\n")
	for _, verb := range []string{"plan", "apply"} {
		if code, output := program.Attempt(t, nil, verb, "-c", config, "--yes"); code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", verb, code, output)
		}
	}
	saved, err := plan.Load(filepath.Join(folder, ".hikkoshi", "migration", "plan.json"))
	if err != nil {
		t.Fatal(err)
	}
	routes := map[string]plan.RouteKind{}
	for _, route := range saved.Routes {
		routes[route.Source] = route.Kind
	}
	if routes["born-in-1"] != plan.Backfill || routes["born-in-2"] != plan.Restore {
		t.Errorf("%v: want what 1.7 made loaded, and what 2.3 made restored", routes)
	}
	if proof := readProof(t, config); !proof.Holds || proof.Documents != 2*documents {
		t.Errorf("%+v", proof)
	}
	for _, index := range []string{"born-in-1", "born-in-2"} {
		if answer := labtest.Get(t, target.URL()+"/"+index+"/_count"); !strings.Contains(answer, fmt.Sprintf(`"count":%d,`, documents)) {
			t.Errorf("%s on the target: %s", index, answer)
		}
	}
}

// fill writes numbered documents to an index by one _bulk.
func fill(t *testing.T, url, index string, documents int) {
	t.Helper()
	var body strings.Builder
	for i := range documents {
		fmt.Fprintf(&body, "{\"index\":{\"_index\":%q,\"_type\":\"doc\",\"_id\":\"%d\"}}\n{\"number\":%d,\"text\":\"document %d\"}\n", index, i, i, i)
	}
	labtest.Call(t, http.MethodPost, url+"/_bulk?refresh=true", body.String())
}
