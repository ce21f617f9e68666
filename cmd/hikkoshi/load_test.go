package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
)

// ownRecording unpacks the project's own small recording of a version, and gives the repository and its documents.
func ownRecording(t *testing.T, version, snapshot string) (repository string, documents []recordedDocument) {
	t.Helper()
	recording := recordings.SmallFolder(t, version)
	recordings.Documents(t, recording, func(document recordedDocument) {
		if document.Snapshot == snapshot {
			documents = append(documents, document)
		}
	})
	return recordings.Repository(t, recording, "repo"), documents
}

// recordedDocument is a document as a scroll of the real cluster gave it, when the recording was made.
type recordedDocument struct {
	Snapshot, Index, Type, ID, Source string
	Routing                           *string
	Version                           int64
}

func TestAMoveThroughFilesLosesNothingAndGoesOnAfterAKill(t *testing.T) {
	t.Parallel()
	repository, documents := ownRecording(t, "2.3.2", "s2")
	target := labtest.Node(t, "7.10.2")
	folder := t.TempDir()
	files, state := filepath.Join(folder, "files"), filepath.Join(folder, "state")
	if code, output := program.Attempt(t, nil, "snapshot", "export", "--repo", repository, "--snapshot", "s2", "--compress", "gzip", "--all-metadata", "-o", files); code != exitDone {
		t.Fatalf("export: %d\n%s", code, output)
	}
	bad := filepath.Join(files, "more.ndjson")
	labtest.WriteFile(t, bad, `{"_index":"recreated","_type":"doc","_id":"one-more","_version":7,"_source":{"added":"by hand"}}`+"\n"+`{"_index":"recreated","_id":"cut off","_sou`+"\n"+`{"_index":"recreated","_source":{"no":"id"}}`+"\n")
	load := []string{"load", files, "--target", target.URL(), "--index=*,-nosource", "--accept", "es5_timestamp", "--state", state, "--yes"}
	program.Refused(t, nil, exitRefused, []string{"would become recreated", "--index-rename"}, append(load, "--dry-run", "--index-rename", "routed-idx=recreated")...)
	code, output := program.Attempt(t, nil, append(load, "--dry-run")...)
	if code != exitFindings || !strings.Contains(output, "more.ndjson, line 2") || !strings.Contains(output, "more.ndjson, line 3") {
		t.Fatalf("dry run: %d\n%s", code, output)
	}
	if indices := labtest.Get(t, target.URL()+"/_cat/indices"); indices != "" {
		t.Fatalf("a dry run made %s", indices)
	}
	for _, record := range []int{6, 20} {
		if code, output := program.Attempt(t, []string{fmt.Sprintf("%s=%d", killAtRecord, record)}, load...); code != -1 {
			t.Fatalf("it was not killed at record %d: %d\n%s", record, code, output)
		}
	}
	code, output = program.Attempt(t, nil, append(load, "--json")...)
	if code != exitFindings || !strings.Contains(output, `"bad_lines": 2`) {
		t.Fatalf("load: %d\n%s", code, output)
	}
	t.Log(output)
	if lines, err := os.ReadFile(filepath.Join(state, "bad-lines.ndjson")); err != nil || !strings.Contains(string(lines), `cut off`) {
		t.Errorf("the bad line is not kept: %s %v", lines, err)
	}
	quarantine, err := os.ReadFile(filepath.Join(state, "quarantine.ndjson"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	arrived(t, target.URL(), documents, string(quarantine))
	if settings := labtest.Get(t, target.URL()+"/recreated/_settings"); strings.Contains(settings, `"refresh_interval"`) {
		t.Errorf("still set for loading: %s", settings)
	}
	program.Refused(t, nil, exitRefused, []string{"holds an index"}, append(load[:len(load)-3:len(load)-3], "--state", state+"2", "--yes")...)
	code, output = program.Attempt(t, nil, append(load[:len(load)-3:len(load)-3], "--state", state+"3", "--yes", "--create=false")...)
	if code != exitFindings || !strings.Contains(output, " 0 written") && !strings.Contains(output, "there already") {
		t.Errorf("into what is there: %d\n%s", code, output)
	}
	arrived(t, target.URL(), documents, string(quarantine))
	otherForms(t, target.URL(), repository, folder)
}

// otherForms loads elasticdump's form out of a folder, and lines from standard input, under other names.
func otherForms(t *testing.T, target, repository, folder string) {
	t.Helper()
	dumped := filepath.Join(folder, "dumped")
	if code, output := program.Attempt(t, nil, "snapshot", "export", "--repo", repository, "--snapshot", "s2", "--format", "elasticdump", "--index", "softdel", "-o", dumped); code != exitDone {
		t.Fatalf("export in elasticdump's form: %d\n%s", code, output)
	}
	if err := os.Remove(filepath.Join(dumped, "softdel.index.json")); err != nil {
		t.Fatal(err)
	}
	if code, output := program.Attempt(t, nil, "load", dumped, "--target", target, "--index-rename", "softdel=from-a-dump", "--state", filepath.Join(folder, "state4"), "--yes"); code != exitDone {
		t.Errorf("load elasticdump's files: %d\n%s", code, output)
	}
	lines, err := os.Open(filepath.Join(dumped, "softdel.json"))
	if err != nil {
		t.Fatal(err)
	}
	defer lines.Close()
	piped := func(more ...string) (int, string) {
		command := exec.CommandContext(t.Context(), os.Args[0], append([]string{"load", "-", "--target", target, "--index-rename", "softdel=from-a-pipe", "--state", filepath.Join(folder, "state5"), "--yes"}, more...)...)
		command.Env, command.Stdin = append(os.Environ(), playHikkoshi+"=1"), lines
		output, err := command.CombinedOutput()
		t.Log(err)
		return command.ProcessState.ExitCode(), string(output)
	}
	if code, output := piped(); code != exitRefused || !strings.Contains(output, "nothing describes the index") {
		t.Errorf("an index that nothing describes: %d\n%s", code, output)
	}
	if _, err := lines.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if code, output := piped("--create=false", "--state", filepath.Join(folder, "state6")); code != exitDone {
		t.Errorf("load from standard input: %d\n%s", code, output)
	}
	labtest.Call(t, http.MethodPost, target+"/_refresh", "")
	want := gjson.Get(labtest.Get(t, target+"/softdel/_count"), "count").Int()
	for _, index := range []string{"from-a-dump", "from-a-pipe"} {
		if count := gjson.Get(labtest.Get(t, target+"/"+index+"/_count"), "count").Int(); count != want || count == 0 {
			t.Errorf("%s holds %d documents, want %d", index, count, want)
		}
	}
}

// added are fields that rules put into documents for what 2.x kept beside them, or for parents.
var added = []string{"timestamp_migrated", "expire_at", "join", "doc_type"}

// arrived compares every recorded document with what the target gives for it, by plain requests.
func arrived(t *testing.T, target string, documents []recordedDocument, quarantine string) {
	t.Helper()
	labtest.Call(t, http.MethodPost, target+"/_refresh", "")
	for _, one := range documents {
		if one.Index == "nosource" {
			continue
		}
		index, id := one.Index, one.ID
		switch index {
		case "legacy-multi":
			index += "-" + one.Type
		case "family": // its types share one index, told apart by their ids
			id = one.Type + "#" + one.ID
		}
		query, err := json.Marshal(map[string]any{"query": map[string]any{"ids": map[string]any{"values": []string{id}}}, "version": true, "size": 10})
		if err != nil {
			t.Fatal(err)
		}
		found := false
		hits := labtest.Call(t, http.MethodPost, target+"/"+index+"/_search", string(query))
		for _, hit := range gjson.Get(hits, "hits.hits").Array() {
			if one.Routing != nil && hit.Get("_routing").String() != *one.Routing {
				continue
			}
			found = true
			if want, got := decoded(t, one.Source), decoded(t, hit.Get("_source").Raw); !reflect.DeepEqual(want, got) || hit.Get("_version").Int() != one.Version {
				t.Errorf("%s/%s: %.300s became %.300s (version %d, then %s)", index, one.ID, one.Source, hit.Get("_source").Raw, one.Version, hit.Get("_version"))
			}
		}
		encoded, err := json.Marshal(one.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !found && !strings.Contains(quarantine, string(encoded)) {
			t.Errorf("%s/%.80s is neither on the target nor set aside", index, one.ID)
		}
	}
}

// decoded reads a source with every digit of its numbers, without what rules add.
func decoded(t *testing.T, source string) any {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(source))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%.200s: %v", source, err)
	}
	if object, is := value.(map[string]any); is {
		for _, field := range added {
			delete(object, field)
		}
	}
	return value
}
