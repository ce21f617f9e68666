package moves

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestTheWayBackFindsDocumentsWhoseLongIDsWereHashed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	long := strings.Repeat("l", 600)
	for _, id := range []string{"short", "stays", long, long + "2"} {
		labtest.Call(t, http.MethodPut, source.URL()+"/ids/event/"+id, `{"state":"old"}`)
	}
	config := migrationBetween(t, folder, source, target, "transform: {long_ids: hash}\ncutover: {quiet: 1s}\n")
	run := doing(t, config)
	run("plan")
	run("apply")
	// A round finds the hashed document by its id too, and sees that nothing else changed.
	labtest.Call(t, http.MethodPut, source.URL()+"/ids/event/"+long+"2?refresh=true", `{"state":"newer"}`)
	for _, brings := range []string{"Brought over 1 documents, 0 deletions", "Brought over 0 documents, 0 deletions"} {
		if output := run("sync"); !strings.Contains(output, brings) {
			t.Errorf("sync, want %q\n%s", brings, output)
		}
	}
	run("cutover")
	sum := sha256.Sum256([]byte(long))
	labtest.Call(t, http.MethodPut, target.URL()+"/ids/_doc/"+base64.RawURLEncoding.EncodeToString(sum[:])+"?refresh=true", `{"state":"new","original_id":"`+long+`"}`)
	labtest.Call(t, http.MethodPut, target.URL()+"/ids/_doc/short?refresh=true", `{"state":"new"}`)
	labtest.Call(t, http.MethodPut, target.URL()+"/ids/_doc/added?refresh=true", `{"state":"new"}`)
	if output := run("rollback"); !strings.Contains(output, "3 documents written to the target since cutover were brought back") {
		t.Errorf("rollback: %s", output)
	}
	for id, state := range map[string]string{"short": "new", "stays": "old", "added": "new", long: "new", long + "2": "newer"} {
		if found := labtest.Get(t, source.URL()+"/ids/event/"+id); !strings.Contains(found, `"_source":{"state":"`+state+`"}`) {
			t.Errorf("%.10s on the source: %s", id, found)
		}
	}
}

func TestTheWayBackOfTypesThatBecameOneIndexOrSeveral(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	put := func(url, body string) { labtest.Call(t, http.MethodPut, url, body) }
	put(source.URL()+"/shop", `{"settings":{"number_of_replicas":0},"mappings":{"customer":{},"order":{"_parent":{"type":"customer"}}}}`)
	for path, body := range map[string]string{"customer/1": `{"name":"old"}`, "customer/2": `{"name":"stays"}`, "order/1?parent=1": `{"total":1}`, "order/2?parent=2": `{"total":2}`} {
		put(source.URL()+"/shop/"+path, body)
	}
	put(source.URL()+"/many/a/1", `{"x":"old"}`)
	for range 3 { // the same id has a higher version in the other type
		put(source.URL()+"/many/b/1", `{"y":"other"}`)
	}
	config := migrationBetween(t, folder, source, target, "cutover: {quiet: 1s}\n")
	run := doing(t, config)
	for _, verb := range []string{"plan", "apply", "cutover"} {
		run(verb)
	}
	put(target.URL()+"/shop/_doc/customer%231?routing=1&refresh=true", `{"name":"new","doc_type":"customer","join":"customer"}`)
	put(target.URL()+"/shop/_doc/order%239?routing=1&refresh=true", `{"doc_type":"order","join":{"parent":"customer#1","name":"order"},"total":9.10}`)
	put(target.URL()+"/shop/_doc/strange?refresh=true", `{"total":3}`)
	put(target.URL()+"/many-a/_doc/1?refresh=true", `{"x":"new"}`)
	labtest.Call(t, http.MethodDelete, target.URL()+"/shop/_doc/order%232?routing=2&refresh=true", "")
	output := run("rollback")
	for _, said := range []string{"3 documents written to the target since cutover were brought back", "1 documents stay on the target alone; the first, strange of shop", "1 documents of the source are not on the target"} {
		if !strings.Contains(output, said) {
			t.Errorf("the rollback does not say %q:\n%s", said, output)
		}
	}
	for path, want := range map[string]string{"shop/customer/1": `{"name":"new"}`, "shop/customer/2": `{"name":"stays"}`, "shop/order/1?parent=1": `{"total":1}`, "shop/order/9?parent=1": `{"total":9.10}`,
		"shop/order/2?parent=2": `{"total":2}`, "many/a/1": `{"x":"new"}`, "many/b/1": `{"y":"other"}`} {
		if found := labtest.Get(t, source.URL()+"/"+path); !strings.Contains(found, `"_source":`+want) {
			t.Errorf("%s on the source, want %s: %s", path, want, found)
		}
	}
	// And forward again: the source is as good as it was.
	run("cutover")
}

func TestAnIndexThatWasMadeAfterTheCutoverGoesBackToo(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	put := func(url, body string) { labtest.Call(t, http.MethodPut, url, body) }
	put(source.URL()+"/_template/logs", `{"template":"logs-*","settings":{"number_of_shards":1},"mappings":{"event":{"properties":{"path":{"type":"string","index":"not_analyzed"}}}}}`)
	put(source.URL()+"/logs-1/event/1", `{"path":"/a"}`)
	put(source.URL()+"/other/thing/1", `{"n":1}`)
	put(target.URL()+"/logs-own/_doc/1", `{"path":"there before"}`)
	config := migrationBetween(t, folder, source, target, "cutover: {quiet: 1s}\n")
	run := doing(t, config)
	for _, verb := range []string{"plan", "apply", "cutover"} {
		run(verb)
	}
	put(target.URL()+"/logs-2/_doc/1?refresh=true", `{"path":"/made since"}`)
	put(target.URL()+"/.hidden/_doc/1?refresh=true", `{}`)
	if output := run("rollback"); !strings.Contains(output, "1 documents written to the target since cutover were brought back") {
		t.Errorf("rollback: %s", output)
	}
	if found := labtest.Get(t, source.URL()+"/logs-2/event/1"); !strings.Contains(found, `"_source":{"path":"/made since"}`) {
		t.Errorf("on the source: %s", found)
	}
	if mapping := labtest.Get(t, source.URL()+"/logs-2/_mapping"); !strings.Contains(mapping, "not_analyzed") {
		t.Errorf("made without the source's template: %s", mapping)
	}
	if indices := labtest.Get(t, source.URL()+"/_cat/indices"); strings.Contains(indices, "logs-own") || strings.Contains(indices, "hidden") {
		t.Errorf("brought to the source what is the target's own:\n%s", indices)
	}
	// And forward again, with what the source wrote to it meanwhile.
	put(source.URL()+"/logs-2/event/2?refresh=true", `{"path":"/later"}`)
	run("cutover")
	if found := labtest.Get(t, target.URL()+"/logs-2/_doc/2"); !strings.Contains(found, "/later") {
		t.Errorf("on the target: %s", found)
	}
	// A name that appears on the source while the target has an index of its own by that name is a person's to settle.
	run("rollback")
	put(source.URL()+"/logs-own/event/9?refresh=true", `{"path":"/mine"}`)
	if code, output := program.Attempt(t, nil, "sync", "-c", config); code != exitRefused || !strings.Contains(output, "this migration did not make") {
		t.Errorf("sync: exit code %d\n%s", code, output)
	}
	if found := labtest.Get(t, target.URL()+"/logs-own/_doc/1"); !strings.Contains(found, "there before") {
		t.Errorf("the target's own index: %s", found)
	}
}
