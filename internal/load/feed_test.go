package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// recorded opens the project's own recorded repositories, one for each version that wrote one.
func recorded(t *testing.T, visit func(t *testing.T, repository *snapshot.Repository, info *snapshot.Info)) {
	t.Helper()
	for _, recording := range recordings.SmallFolders(t) {
		t.Run(filepath.Base(recording), func(t *testing.T) {
			t.Parallel()
			storage, err := snapshot.OpenFolder(recordings.Repository(t, recording, "repo"))
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
