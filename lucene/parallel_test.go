package lucene

// parallel_test.go answers: may one Segment feed many workers? Run with -race.

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
)

func TestOneSegmentFeedsManyWorkers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	docs := mixedDocs()
	for _, f := range syntheticFormats {
		seg := openOne(t, writeIndex(f, docs))
		ranges, err := seg.Splits(ctx, 8)
		if err != nil {
			t.Fatal(err)
		}
		var seen atomic.Int64
		var workers sync.WaitGroup
		for _, part := range ranges {
			workers.Go(func() {
				if err := seg.Scan(ctx, ScanOptions{From: part.From, To: part.To}, func(d *Document) error {
					seen.Add(1)
					return sameDoc(d, docs[d.DocID])
				}); err != nil {
					t.Error(err)
				}
			})
		}
		workers.Wait()
		if seen.Load() != int64(len(docs)) {
			t.Errorf("%s: %d of %d documents", f.name, seen.Load(), len(docs))
		}
	}
}
