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
	labtest.WriteFile(t, file, lines.String())
	labtest.Call(t, http.MethodPut, target.URL()+"/lines", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	load := []string{"load", file, "--target", target.URL(), "--create=false", "--state", state, "--yes"}
	running := play(t, append(load, "--max-rate", "1000")...)
	line := waitForLine(t, running, filepath.Join(state, "journal"), 2000)
	_ = running.command.Process.Kill() // the wait tells
	if code := running.wait(); code != -1 {
		t.Fatalf("it was not killed: %d\n%s", code, running.output)
	}
	written := func() int64 {
		return gjson.Get(labtest.Get(t, target.URL()+"/lines/_stats/indexing"), "_all.primaries.indexing.index_total").Int()
	}
	before := written()
	code, output := program.Attempt(t, nil, append(load, "--json")...)
	var report struct{ Documents, Written, Existing int64 }
	if at := strings.Index(output, "{\n"); code != exitDone || at < 0 || json.Unmarshal([]byte(output[at:]), &report) != nil {
		t.Fatalf("load: %d\n%s", code, output)
	}
	if report.Documents != documents || report.Written+report.Existing != documents {
		t.Errorf("%+v", report)
	}
	// Half of the line, since a body of the killed run may have been written after the count.
	total := written()
	if t.Logf("killed behind line %d after %d documents, %d written in all", line, before, total); total < documents || total-before > documents-line/2 {
		t.Error("it did not go on where it was")
	}
	labtest.Call(t, http.MethodPost, target.URL()+"/_refresh", "")
	if count := gjson.Get(labtest.Get(t, target.URL()+"/lines/_count"), "count").Int(); count != documents {
		t.Errorf("%d of %d documents arrived", count, documents)
	}
}

// waitForLine gives the first checkpoint in a journal that lies behind so many lines.
func waitForLine(t *testing.T, running *playing, journal string, least int64) int64 {
	t.Helper()
	checkpoint := regexp.MustCompile(`"key":"reached [^"]*","value":{"line":([0-9]+)`)
	for {
		content, err := os.ReadFile(journal)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for _, reached := range checkpoint.FindAllSubmatch(content, -1) {
			if line, err := strconv.ParseInt(string(reached[1]), 10, 64); err == nil && line >= least {
				return line
			}
		}
		select {
		case <-running.done:
			t.Fatalf("it ended before line %d:\n%s", least, running.output)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
