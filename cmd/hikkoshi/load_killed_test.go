package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestALargeFileThatALoadWasKilledInGoesOnBehindItsLastCheckpoint(t *testing.T) {
	t.Parallel()
	const documents = 20000
	target := labtest.Node(t, "7.10.2")
	folder := t.TempDir()
	var lines bytes.Buffer
	for i := range documents {
		fmt.Fprintf(&lines, `{"_index":"lines","_id":"%d","_version":3,"_source":{"n":%d}}`+"\n", i, i)
	}
	file, state := filepath.Join(folder, "lines.ndjson"), filepath.Join(folder, "state")
	writeFile(t, file, lines.String())
	labtest.Call(t, http.MethodPut, target.URL()+"/lines", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	load := []string{"load", file, "--target", target.URL(), "--create=false", "--state", state, "--yes"}
	running := play(t, append(load, "--max-rate", "500")...)
	checkpoint := regexp.MustCompile(`"key":"reached [^"]*","value":{"line":([0-9]+)`)
	var reached [][]byte
	for began := time.Now(); reached == nil; time.Sleep(50 * time.Millisecond) {
		journal, err := os.ReadFile(filepath.Join(state, "journal"))
		if err != nil && !errors.Is(err, os.ErrNotExist) || time.Since(began) > time.Minute {
			t.Fatalf("no checkpoint in a minute: %v\n%s", err, running.output)
		}
		reached = checkpoint.FindSubmatch(journal)
	}
	line, err := strconv.ParseInt(string(reached[1]), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(1500 * time.Millisecond) // what is sent now is sent again
	_ = running.command.Process.Kill()  // the wait tells
	if code := running.wait(); code != -1 {
		t.Fatalf("it was not killed: %d\n%s", code, running.output)
	}
	code, output := attempt(t, nil, append(load, "--json")...)
	var report struct{ Documents, Written, Existing int64 }
	if at := strings.Index(output, "{\n"); code != exitDone || at < 0 || json.Unmarshal([]byte(output[at:]), &report) != nil {
		t.Fatalf("load: %d\n%s", code, output)
	}
	if report.Documents != documents || report.Written+report.Existing != documents {
		t.Errorf("%+v", report)
	}
	total := gjson.Get(labtest.Get(t, target.URL()+"/lines/_stats/indexing"), "_all.primaries.indexing.index_total").Int()
	if t.Logf("killed behind line %d, then %d documents written in all", line, total); total < documents || total >= documents+line {
		t.Error("it did not go on where it was")
	}
	labtest.Call(t, http.MethodPost, target.URL()+"/_refresh", "")
	if count := gjson.Get(labtest.Get(t, target.URL()+"/lines/_count"), "count").Int(); count != documents {
		t.Errorf("%d of %d documents arrived", count, documents)
	}
}
