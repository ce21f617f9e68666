package load

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

func TestAFileOfLinesGoesOnBehindAnyOfThemAndTellsEachBadOne(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "i.ndjson")
	text := `{"_index":"i","_id":"1","_source":{}}` + "\nnonsense\n" + `{"_index":"other","_id":"2","_source":{}}` + "\n\n" + `{"_index":"i","_id":"3","_source":{}}` + "\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for from, want := range map[int64]string{0: "1:1 bad:2 5:3", 1: "bad:2 5:3", 2: "5:3", 4: "5:3", 5: ""} {
		var seen []string
		feed := LineUnit{File: file}.Feed(LineOptions{Wanted: func(index string) bool { return index == "i" }, Bad: func(line BadLine) error {
			seen = append(seen, fmt.Sprintf("bad:%d", line.Line))
			if line.File != file || line.Text != "nonsense" || line.Reason == "" {
				t.Errorf("%+v", line)
			}
			return nil
		}})
		err := feed.Each(t.Context(), from, func(position int64, document *es.Document) error {
			seen = append(seen, fmt.Sprintf("%d:%s", position, document.ID))
			return nil
		})
		if err != nil || strings.Join(seen, " ") != want {
			t.Errorf("from %d: %v %v, want %s", from, seen, err, want)
		}
	}
}

func TestAFolderGivesItsDocumentsAndRefusesAnUnfinishedExport(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"a.ndjson.gz", "b.json", "a.index.json", "b.mapping.json", "b.settings.json", "b.alias.json", "notes.txt", "c.jsonl.zst"} {
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	units, folders, err := LineUnits([]string{folder, filepath.Join(folder, "notes.txt"), StandardInput})
	var names []string
	for _, unit := range units {
		names = append(names, filepath.Base(unit.File))
	}
	if want := "a.ndjson.gz b.json c.jsonl.zst notes.txt -"; err != nil || strings.Join(names, " ") != want || len(folders) != 1 {
		t.Errorf("%v %v %v, want %s", names, folders, err, want)
	}
	if err := os.WriteFile(filepath.Join(folder, "d.ndjson.partial"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := LineUnits([]string{folder}); !errors.Is(err, ErrUnfinished) {
		t.Errorf("%v", err)
	}
}
