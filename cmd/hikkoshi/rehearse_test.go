package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

func readRehearsal(t *testing.T, folder string) steps.Rehearsal {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, ".hikkoshi", "migration", "rehearsal.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rehearsal steps.Rehearsal
	if err := json.Unmarshal(content, &rehearsal); err != nil {
		t.Fatal(err)
	}
	return rehearsal
}

// verified wants everything that was moved on the target as on the source.
func verified(t *testing.T, rehearsal steps.Rehearsal) {
	t.Helper()
	for _, row := range rehearsal.Rows {
		if row.Failed != "" || !row.Verified() {
			t.Errorf("%s is not verified: %s %+v %+v", row.Source, row.Failed, row.Proof, row.Values)
		}
	}
}

// scratchOn lists scratch indices, "" where there are none.
func scratchOn(t *testing.T, url string) string {
	t.Helper()
	return strings.TrimSpace(labtest.Get(t, url+"/_cat/indices/hikkoshi-rehearsal-*?h=index"))
}

func TestARehearsalOfEveryOddDocumentIsVerifiedAndLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 3, NginxDocs: 300, Days: 2, Odd: true}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {closed: skip}\n", source.URL(), target.URL(), filepath.Join(folder, "repository"))
	writeFile(t, config, text+"accept: [es5_timestamp, no-source, stored-metadata]\n")
	const sourceState = "/_cat/indices?h=index,docs.count,docs.deleted,status"
	before := labtest.Get(t, source.URL()+sourceState)
	code, output := attempt(t, nil, "plan", "-c", config, "--rehearse", "--yes")
	if code != exitFindings || !strings.Contains(output, "long_ids: hash") || strings.Contains(output, "redrive") {
		t.Errorf("one document has an id that the target refuses: %d\n%s", code, output)
	}
	rehearsal := readRehearsal(t, folder)
	verified(t, rehearsal)
	if rehearsal.Moved != 857 || rehearsal.Aside != 1 || rehearsal.Total.Documents != 857 || rehearsal.Total.Stored.Likely < 500e3 || rehearsal.DiskFree == 0 {
		t.Errorf("%+v", rehearsal)
	}
	if left := scratchOn(t, target.URL()); left != "" {
		t.Errorf("scratch indices are left: %s", left)
	}
	if after := labtest.Get(t, source.URL()+sourceState); after != before {
		t.Errorf("the source is another:\n%s\n%s", before, after)
	}
}
