package lab

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
)

var testdataDir = flag.String("write-testdata", "", "write the small repositories of every version into this folder")

// The size is what the project's repository can bear for each version.
const testdataLimit = 72 << 10

func TestSmallRepositoriesHoldTwoSnapshotsAndTheirTruth(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	versions, dir := []string{"2.3.2"}, t.TempDir()
	if *testdataDir != "" {
		versions, dir = Versions(), *testdataDir
	}
	for _, name := range versions {
		t.Run(name, func(t *testing.T) {
			into := filepath.Join(dir, name)
			if err := WriteTestdata(t.Context(), name, into, nil); err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(filepath.Join(into, "repo.tar.gz"))
			if err != nil || info.Size() > testdataLimit {
				t.Errorf("repo.tar.gz has %d bytes, more than %d, or %v", info.Size(), testdataLimit, err)
			}
			counts := countTruth(t, filepath.Join(into, "truth.ndjson.gz"))
			// Three ids are deleted by the change; "gone" and "new-in-s2" are in one snapshot each.
			if counts["s1 ids"] != counts["s2 ids"]+3 || counts["s1 ids"] == 0 || counts["s1 gone"] != 1 || counts["s2 gone"] != 0 || counts["s2 new-in-s2"] != 1 {
				t.Errorf("got %v", counts)
			}
		})
	}
}

func countTruth(t *testing.T, path string) map[string]int {
	t.Helper()
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	zip, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zip)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for line := range bytes.Lines(text) {
		var l truthLine
		if err := json.Unmarshal(line, &l); err != nil {
			t.Fatal(err)
		}
		if (l.Source == nil) != (l.Index == "nosource") {
			t.Errorf("%s/%s has no source", l.Index, l.ID)
		}
		counts[l.Snapshot+" "+l.Index]++
	}
	return counts
}
