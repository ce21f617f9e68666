package load

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// recorded opens the project's own recorded repositories, one for each version that wrote one.
func recorded(t *testing.T, visit func(t *testing.T, repository *snapshot.Repository, info *snapshot.Info)) {
	t.Helper()
	folders, err := filepath.Glob("../../testdata/snapshots/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("the project's own snapshots are missing: %v", err)
	}
	for _, folder := range folders {
		if stat, err := os.Stat(folder); err != nil || !stat.IsDir() {
			continue
		}
		t.Run(filepath.Base(folder), func(t *testing.T) {
			t.Parallel()
			root := unpacked(t, folder)
			repositories, err := filepath.Glob(filepath.Join(root, "*"))
			if err != nil || len(repositories) == 0 {
				t.Fatalf("an empty recording: %v", err)
			}
			storage, err := snapshot.OpenFolder(repositories[0])
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = storage.Close() }) // only read
			repository, err := snapshot.Open(t.Context(), storage, snapshot.Options{})
			if err != nil {
				t.Fatal(err)
			}
			snapshots, err := repository.Snapshots(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			visit(t, repository, snapshots[len(snapshots)-1])
		})
	}
}

// unpacked writes a recording into a temporary folder.
func unpacked(t *testing.T, folder string) string {
	t.Helper()
	return unpackedInto(t, folder, t.TempDir())
}

func unpackedInto(t *testing.T, folder, target string) string {
	t.Helper()
	packed, err := os.Open(filepath.Join(folder, "repo.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = packed.Close() }() // only read
	unzipped, err := gzip.NewReader(packed)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(target, 0o755); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(target)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }() // its files are closed
	files := tar.NewReader(unzipped)
	for {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return target
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(files)
		if err == nil {
			err = root.MkdirAll(filepath.Dir(header.Name), 0o755)
		}
		if err == nil {
			err = root.WriteFile(header.Name, content, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func line(document *es.Document) string {
	return fmt.Sprintf("%s/%s/%s@%d %s %s", document.Index, document.Type, document.ID, document.Version, document.Routing, document.Source)
}

var errEnough = errors.New("enough")

func TestUnitsHoldEveryDocumentOnceAndGoOnFromAnyPosition(t *testing.T) {
	t.Parallel()
	recorded(t, func(t *testing.T, repository *snapshot.Repository, info *snapshot.Info) {
		reader := export.NewReader(t.Context(), repository, info)
		for _, index := range info.Indices {
			var truth []string
			_, err := export.Each(t.Context(), repository, info, export.Selection{Indices: []string{index}}, export.ScanOptions{Workers: 1}, func() func(*export.Document) error {
				return func(d *export.Document) error {
					truth = append(truth, line(&es.Document{Index: d.Index, Type: string(d.Type), ID: string(d.ID), Version: d.Version, Routing: string(d.Routing), Source: d.Source}))
					return nil
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(truth)
			for _, each := range []int64{1, 700, unitBytes} {
				units, err := snapshotUnits(t.Context(), reader, index, each)
				if err != nil {
					t.Fatal(err)
				}
				var read []string
				for _, unit := range units {
					encoded, err := json.Marshal(unit) // as another machine gets it
					if err != nil {
						t.Fatal(err)
					}
					unit = SnapshotUnit{}
					if err := json.Unmarshal(encoded, &unit); err != nil {
						t.Fatal(err)
					}
					read = append(read, inPieces(t, unit.Feed(reader))...)
				}
				slices.Sort(read)
				if !slices.Equal(truth, read) {
					t.Errorf("%s in units of %d bytes: %d documents, %d in truth", index, each, len(read), len(truth))
				}
			}
		}
	})
}

// inPieces reads a unit three documents at a time, each time from where it stopped, and compares with reading it at once.
func inPieces(t *testing.T, feed Feed) []string {
	t.Helper()
	var whole, pieces []string
	if err := feed.Each(t.Context(), 0, func(_ int64, document *es.Document) error { whole = append(whole, line(document)); return nil }); err != nil {
		t.Fatal(err)
	}
	var from int64
	for more := true; more; {
		count := 0
		err := feed.Each(context.Background(), from, func(position int64, document *es.Document) error {
			if position <= from {
				t.Fatalf("position %d does not grow beyond %d", position, from)
			}
			if count++; count > 3 {
				return errEnough
			}
			from = position
			pieces = append(pieces, line(document))
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			t.Fatal(err)
		}
		more = err != nil
	}
	if !slices.Equal(whole, pieces) {
		t.Fatalf("%d documents at once, %d in pieces", len(whole), len(pieces))
	}
	return whole
}
