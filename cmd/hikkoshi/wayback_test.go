package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
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
	config := filepath.Join(folder, "migration.yaml")
	writeFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\ntransform: {long_ids: hash}\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	run := func(verb string) string {
		code, output := attempt(t, nil, verb, "-c", config, "--yes")
		if code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", verb, code, output)
		}
		return output
	}
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
