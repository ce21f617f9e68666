package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

func TestDocumentsThatWereSetAsideAreRepairedAndArrive(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	longID := strings.Repeat("i", 600)
	labtest.Call(t, http.MethodPut, source.URL()+"/ids/event/short", `{"a":1}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/ids/event/"+longID, `{"a": 2.50}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/others", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/others/event/few", `{"a":1}`)
	labtest.Call(t, http.MethodPost, source.URL()+"/_refresh", "")
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\naccept: [long-id]\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository"))
	labtest.WriteFile(t, config, text)
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone && code != exitFindings {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes")
	if code != exitFindings || !strings.Contains(output, "long_ids: hash") {
		t.Fatalf("apply: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "cutover", "-c", config, "--yes"); code != exitRefused || !strings.Contains(output, "hikkoshi redrive") {
		t.Errorf("cutover: %d\n%s", code, output)
	}
	// What the rules cannot send is set aside also when it was written after the snapshot, once in each version.
	lateID := strings.Repeat("l", 600)
	late := source.URL() + "/ids/event/" + lateID
	labtest.Call(t, http.MethodPut, late, `{"a":1}`)
	for _, aside := range []string{"2 documents are set aside", "3 documents are set aside", "3 documents are set aside"} {
		if code, output := program.Attempt(t, nil, "sync", "-c", config); code != exitFindings || !strings.Contains(output, aside) {
			t.Errorf("sync: %d, want %s\n%s", code, aside, output)
		}
		if strings.HasPrefix(aside, "2") {
			labtest.Call(t, http.MethodPut, late, `{"a":2}`)
		}
	}
	if code, output := program.Attempt(t, nil, "verify", "-c", config); code != exitFindings || !strings.Contains(output, "nothing is lost, 2 set aside") {
		t.Errorf("verify: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "status", "-c", config); code != exitDone || !strings.Contains(output, "3 documents are set aside") {
		t.Errorf("status: %d\n%s", code, output)
	}
	// Without a repair they stay where they are.
	if code, output := program.Attempt(t, nil, "redrive", "-c", config); code != exitFindings || !strings.Contains(output, "3 set aside still") {
		t.Errorf("redrive without a repair: %d\n%s", code, output)
	}
	// An edit beyond the rules is no repair.
	labtest.WriteFile(t, config, text+"indices: {exclude: [others]}\n")
	if code, output := program.Attempt(t, nil, "redrive", "-c", config); code != exitRefused {
		t.Errorf("redrive after another edit: %d\n%s", code, output)
	}
	labtest.WriteFile(t, config, text+"transform: {long_ids: hash}\n")
	if code, output := program.Attempt(t, nil, "redrive", "-c", config, "--dry-run"); code != exitFindings || !strings.Contains(output, "3 documents would be sent, 0 of them are set aside") {
		t.Errorf("dry run: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "redrive", "-c", config, "--index", "oth*"); code != exitFindings || !strings.Contains(output, "0 documents sent again") {
		t.Errorf("redrive of another index: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "redrive", "-c", config, "--id", lateID); code != exitFindings || !strings.Contains(output, "1 left") {
		t.Errorf("redrive of one id: %d\n%s", code, output)
	}
	code, output = program.Attempt(t, nil, "redrive", "-c", config, "--id", longID, "--json")
	var report redriveReport
	if at := strings.Index(output, "{\n"); code != exitDone || at < 0 || json.Unmarshal([]byte(output[at:]), &report) != nil || report.Written != 1 {
		t.Errorf("redrive: %d %+v\n%s", code, report, output)
	}
	if _, err := os.Stat(filepath.Join(folder, ".hikkoshi", "migration", steps.QuarantineFile)); !os.IsNotExist(err) {
		t.Errorf("the quarantine is still there: %v", err)
	}
	labtest.Call(t, http.MethodPost, target.URL()+"/ids/_refresh", "")
	if found := labtest.Get(t, target.URL()+"/ids/_search?version=true&q=original_id:"+longID+"&_source=true"); !strings.Contains(found, `"a": 2.50`) || !strings.Contains(found, `"_version":1`) {
		t.Errorf("on the target: %s", found)
	}
	if code, output := program.Attempt(t, nil, "verify", "-c", config); code != exitDone {
		t.Errorf("verify: %d\n%s", code, output)
	}
}

func TestADocumentThatWasMendedByHandCountsAsTheSources(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	labtest.Call(t, http.MethodPut, source.URL()+"/prices", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	for id, price := range map[string]int{"1": 5, "2": -7, "3": -8} {
		labtest.Call(t, http.MethodPut, source.URL()+"/prices/price/"+id+"?refresh=true", fmt.Sprintf(`{"price":%d}`, price))
	}
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\naccept: [set-aside]\ntransform: {rules: [{index: prices, expr: doc.price > 0}]}\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	run := func(code int, says string, arguments ...string) {
		t.Helper()
		got, output := program.Attempt(t, nil, append(arguments, "-c", config, "--yes")...)
		if got != code || !strings.Contains(output, says) {
			t.Fatalf("%s: exit code %d, want %d and %q\n%s", arguments, got, code, says, output)
		}
	}
	run(exitDone, "", "plan")
	run(exitFindings, "2 documents are set aside", "apply")
	quarantine := filepath.Join(folder, ".hikkoshi", "migration", steps.QuarantineFile)
	raw, err := os.ReadFile(quarantine)
	if err != nil {
		t.Fatal(err)
	}
	labtest.WriteFile(t, quarantine, strings.Replace(string(raw), `{\"price\":-7}`, `{\"price\":7}`, 1))
	run(exitFindings, "1 of them were mended by hand", "redrive")
	run(exitFindings, "Brought over 0 documents, 0 deletions", "sync")
	run(exitFindings, "nothing is lost, 1 set aside", "verify")
	// One of the two is left behind, and the other is written anew on the source.
	labtest.Call(t, http.MethodPut, source.URL()+"/prices/price/2?refresh=true", `{"price":70}`)
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	labtest.WriteFile(t, config, strings.Replace(string(text), "index: prices,", `index: prices, keep: id != "3",`, 1))
	run(exitDone, "0 set aside still; 0 left", "redrive")
	run(exitDone, "Brought over 1 documents, 0 deletions", "sync")
	run(exitDone, "equal, 1 left out", "cutover")
	for id, want := range map[string]string{"1": `{"price":5}`, "2": `{"price":70}`} {
		if found := labtest.Get(t, target.URL()+"/prices/_doc/"+id); !strings.Contains(found, `"_source":`+want) {
			t.Errorf("%s on the target, want %s: %s", id, want, found)
		}
	}
}

func TestADocumentOfARestoredIndexThatWasMendedByHandIsProvedAsItWasMended(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "5.5.2", folder)
	labtest.Call(t, http.MethodPut, source.URL()+"/notes/note/1?refresh=true", `{"a":1}`)
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	run := func(code int, says string, arguments ...string) {
		t.Helper()
		got, output := program.Attempt(t, nil, append(arguments, "-c", config, "--yes")...)
		if got != code || !strings.Contains(output, says) {
			t.Fatalf("%s: exit code %d, want %d and %q\n%s", arguments, got, code, says, output)
		}
	}
	run(exitDone, "restore 1 indices", "plan")
	run(exitDone, "", "apply")
	labtest.Call(t, http.MethodPut, source.URL()+"/notes/note/2?refresh=true", `{" ":1,"a":2}`) // a blank name is refused since 5.0
	run(exitFindings, "1 documents are set aside", "sync")
	quarantine := filepath.Join(folder, ".hikkoshi", "migration", steps.QuarantineFile)
	mend := func(from, to string) {
		t.Helper()
		raw, err := os.ReadFile(quarantine)
		if err != nil || !strings.Contains(string(raw), from) {
			t.Fatalf("%s is not in %s (%v)", from, raw, err)
		}
		labtest.WriteFile(t, quarantine, strings.Replace(string(raw), from, to, 1))
	}
	// Mended the wrong way at first: that it was edited stays known.
	mend(`{\" \":1`, `{\" \":7`)
	run(exitFindings, "1 set aside still", "redrive")
	mend(`{\" \":7`, `{\"blank\":1`)
	run(exitDone, "1 of them were mended by hand", "redrive")
	run(exitDone, "Brought over 0 documents, 0 deletions", "sync")
	run(exitDone, "nothing is lost", "verify")
}
