package load

import (
	"slices"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

func linesOf(t *testing.T, feed Feed) []string {
	t.Helper()
	var lines []string
	err := feed.Each(t.Context(), 0, func(position int64, document *es.Document) error {
		if lines = append(lines, line(document)); position != int64(len(lines)) {
			t.Fatalf("position %d of document %d", position, len(lines))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestAShareOfAllIsWhatALoadReadsAndAPartIsOfIt(t *testing.T) {
	t.Parallel()
	recorded(t, func(t *testing.T, repository *snapshot.Repository, info *snapshot.Info) {
		reader := export.NewReader(t.Context(), repository, info)
		for _, index := range info.Indices {
			units, err := snapshotUnits(t.Context(), reader, index, unitBytes)
			if err != nil {
				t.Fatal(err)
			}
			var truth []string
			for _, unit := range units {
				truth = append(truth, inPieces(t, unit.Feed(reader))...)
			}
			slices.Sort(truth)
			for _, part := range []float64{1, 0.3} {
				share, err := reader.Share(t.Context(), index, part)
				if err != nil || share.Whole != (part == 1) {
					t.Fatal(share, err)
				}
				var told int64
				feed := &ShareFeed{Reader: reader, Index: index, Stretches: share.Stretches, Read: func(documents, _ int64) { told += documents }}
				read := linesOf(t, feed)
				if again := linesOf(t, &ShareFeed{Reader: reader, Index: index, Stretches: share.Stretches}); !slices.Equal(read, again) || told != int64(len(read)) {
					t.Errorf("%s: read %d documents, %d were told, %d the second time", index, len(read), told, len(again))
				}
				slices.Sort(read)
				if share.Whole && !slices.Equal(read, truth) {
					t.Errorf("%s: the share of all has %d documents, the load %d", index, len(read), len(truth))
				}
				for _, one := range read {
					if _, found := slices.BinarySearch(truth, one); !found {
						t.Errorf("%s: the load does not read %s", index, one)
					}
				}
			}
		}
	})
}
