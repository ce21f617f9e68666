package moves

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// TestDocumentsThatARuleSpreadsOverIndicesAreComparedWhereTheyLie: load, rounds and proof agree on where each document
// belongs, also when it moves to another index, and the indices have the mapping and the aliases of the one they were.
func TestDocumentsThatARuleSpreadsOverIndicesAreComparedWhereTheyLie(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	labtest.Call(t, http.MethodPut, source.URL()+"/orders", `{"settings":{"number_of_shards":2,"number_of_replicas":0},"mappings":{"order":{"properties":{"region":{"type":"string","index":"not_analyzed"},"n":{"type":"long"}}}},"aliases":{"sold":{"filter":{"missing":{"field":"cancelled"}}}}}`)
	for i := range 30 {
		labtest.Call(t, http.MethodPut, fmt.Sprintf("%s/orders/order/%d", source.URL(), i), fmt.Sprintf(`{"region":%q,"n":%d}`, []string{"eu", "us", "East Asia"}[i%3], i))
	}
	labtest.Call(t, http.MethodPut, target.URL()+"/orders-other", `{}`) // nobody's part
	config := migrationBetween(t, folder, source, target, "transform: {rules: [{index: orders, split: region}]}\ncutover: {quiet: 1s}\n")
	for _, verb := range []string{"plan", "apply"} {
		if code, output := program.Attempt(t, nil, verb, "-c", config, "--yes"); code != exitDone {
			t.Fatalf("%s: %d\n%s", verb, code, output)
		}
	}
	for _, part := range []string{"eu", "us", "east_asia"} {
		mapping := labtest.Get(t, target.URL()+"/orders-"+part+"/_mapping")
		if got := gjson.Get(mapping, "orders-"+part+".mappings.properties.region.type").String(); got != "keyword" {
			t.Errorf("orders-%s: %s", part, mapping)
		}
		if got := gjson.Get(labtest.Get(t, target.URL()+"/orders-"+part+"/_alias"), "orders-"+part+".aliases.sold.filter.bool.must_not").String(); !strings.Contains(got, "exists") {
			t.Errorf("orders-%s: the alias's filter is %s", part, got)
		}
	}
	proof := readProof(t, config)
	if !proof.Holds || proof.Documents != 30 || proof.Rows[0].Found != 30 {
		t.Errorf("after apply: %+v", proof)
	}
	// One changes its index, one goes, one has a value that no index is for yet.
	labtest.Call(t, http.MethodPut, source.URL()+"/orders/order/0", `{"region":"us","n":0}`)
	labtest.Call(t, http.MethodDelete, source.URL()+"/orders/order/1", "")
	labtest.Call(t, http.MethodPut, source.URL()+"/orders/order/new", `{"region":"mars","n":9007199254740993}`)
	if code, _ := program.Attempt(t, nil, "verify", "-c", config); code != exitFindings {
		t.Errorf("verify before the round: %d", code)
	}
	proof = readProof(t, config)
	if row := proof.Rows[0]; row.Missing != 2 || row.Surplus != 2 || row.Changed != 0 {
		t.Errorf("before the round: %+v", row)
	}
	if code, output := program.Attempt(t, nil, "sync", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("sync: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "verify", "-c", config); code != exitDone {
		t.Errorf("verify after the round: %d\n%s", code, output)
	}
	proof = readProof(t, config)
	if row := proof.Rows[0]; !proof.Holds || row.Surplus != 0 || row.Found != 30 {
		t.Errorf("after the round: %+v", row)
	}
	labtest.Call(t, http.MethodPut, target.URL()+"/orders-mars/_doc/new", `{"region":"mars","n":9007199254740992}`)
	if code, _ := program.Attempt(t, nil, "verify", "-c", config); code != exitFindings {
		t.Errorf("verify over a changed number: %d", code)
	}
	if code, output := program.Attempt(t, nil, "rollback", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("rollback: %d\n%s", code, output)
	}
	if left := labtest.Get(t, target.URL()+"/_cat/indices?h=index&s=index"); strings.TrimSpace(left) != "orders-other" {
		t.Errorf("left on the target: %s", left)
	}
}
