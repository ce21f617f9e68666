package lucene

// scan_test.go answers: does every stored fields format give back, in every way of reading, what was written?

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// mixedDocs are documents of very different sizes: empty, small, and some that are sliced.
func mixedDocs() []syntheticDoc {
	r := rand.New(rand.NewPCG(7, 7))
	var docs []syntheticDoc
	for i := range 1200 {
		size := 100 + r.IntN(900)
		switch {
		case i%500 == 250:
			size = 150_000
		case i == 777:
			size = 1_200_000
		}
		docs = append(docs, logLine(r, i, size))
	}
	return append(docs, syntheticDoc{id: "empty", source: []byte("{}")})
}

func openOne(t testing.TB, dir Directory) *Segment {
	t.Helper()
	commit, err := OpenCommit(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	seg, err := commit.Segment(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return seg
}

func sameDoc(d *Document, want syntheticDoc) error {
	if string(d.ID) != want.id || !bytes.Equal(d.Source, want.source) {
		return fmt.Errorf("document %d is %q with %d bytes, want %q with %d", d.DocID, d.ID, len(d.Source), want.id, len(want.source))
	}
	return nil
}

func TestEveryFormatGivesBackWhatWasWritten(t *testing.T) {
	t.Parallel()
	docs := mixedDocs()
	for _, f := range syntheticFormats {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			seg := openOne(t, writeIndex(f, docs))
			for _, ahead := range []int{1, 1000, DefaultReadAhead} {
				next := 0
				err := seg.Scan(context.Background(), ScanOptions{ReadAhead: ahead}, func(d *Document) error {
					next++
					return sameDoc(d, docs[next-1])
				})
				if err != nil || next != len(docs) {
					t.Fatalf("%d of %d documents: %v", next, len(docs), err)
				}
			}
		})
	}
}

func TestAnyDocumentIsFoundByItsNumber(t *testing.T) {
	t.Parallel()
	docs := mixedDocs()
	for _, f := range syntheticFormats {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			r, err := openOne(t, writeIndex(f, docs)).Reader(ctx)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			random := rand.New(rand.NewPCG(3, 3))
			for range 100 {
				n := random.IntN(len(docs))
				d, err := r.Document(ctx, n)
				if err != nil {
					t.Fatal(err)
				}
				if err := sameDoc(d, docs[n]); err != nil {
					t.Fatal(err)
				}
			}
			for _, n := range []int{-1, len(docs)} {
				if _, err := r.Document(ctx, n); !errors.Is(err, ErrNoDocument) {
					t.Errorf("document %d: %v", n, err)
				}
			}
		})
	}
}

func TestSplitsCoverTheSegmentOnceAndInParts(t *testing.T) {
	t.Parallel()
	docs := mixedDocs()
	for _, f := range syntheticFormats {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			seg := openOne(t, writeIndex(f, docs))
			for _, n := range []int{1, 2, 7, 1000} {
				ranges, err := seg.Splits(ctx, n)
				if err != nil {
					t.Fatal(err)
				}
				if len(ranges) > n || n == 7 && len(ranges) < 2 {
					t.Errorf("%d ranges for %d", len(ranges), n)
				}
				next := 0
				for _, part := range ranges {
					if part.From != next {
						t.Fatalf("range from %d behind one to %d", part.From, next)
					}
					err := seg.Scan(ctx, ScanOptions{From: part.From, To: part.To}, func(d *Document) error {
						next++
						return sameDoc(d, docs[next-1])
					})
					if err != nil || next != part.To {
						t.Fatalf("%v read to %d: %v", part, next, err)
					}
				}
				if next != len(docs) {
					t.Fatalf("%d of %d documents", next, len(docs))
				}
			}
		})
	}
}

func TestAScanOfFewDocumentsReadsFewBytes(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	f := syntheticFormats[1]
	dir := counting{memory: syntheticIndex(t, f, 600, 8<<20), read: new(int64)}
	seg := openOne(t, dir)
	want := map[int]bool{5: true, 9000: true}
	var got []int
	err := seg.Scan(ctx, ScanOptions{Want: func(doc int) bool { return want[doc] }, ReadAhead: 64 << 10}, func(d *Document) error {
		got = append(got, d.DocID)
		return nil
	})
	if err != nil || len(got) != 2 || got[0] != 5 || got[1] != 9000 {
		t.Fatalf("%v, %v", got, err)
	}
	if all := int64(len(dir.memory["_0.fdt"])); *dir.read > all/4 {
		t.Errorf("%d of %d bytes read for two documents", *dir.read, all)
	}
}

func TestAnErrorOfTheCallbackEndsTheScanAsItIs(t *testing.T) {
	t.Parallel()
	stop := errors.New("enough")
	seg := openOne(t, writeIndex(syntheticFormats[0], mixedDocs()))
	n := 0
	err := seg.Scan(context.Background(), ScanOptions{OnLoss: func(l *LossError) error { return nil }}, func(*Document) error {
		n++
		return stop
	})
	if err != stop || n != 1 {
		t.Errorf("after %d documents: %v", n, err)
	}
}

func TestACancelledScanStops(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	seg := openOne(t, writeIndex(syntheticFormats[1], mixedDocs()))
	err := seg.Scan(ctx, ScanOptions{}, func(*Document) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// TestScanningAllocatesNothingPerDocument holds the raw path to it: the number of allocations may not grow with documents.
func TestScanningAllocatesNothingPerDocument(t *testing.T) {
	ctx := context.Background()
	for _, f := range syntheticFormats {
		seg := openOne(t, syntheticIndex(t, f, 300, 2<<20))
		r, err := seg.Reader(ctx)
		if err != nil {
			t.Fatal(err)
		}
		allocs := testing.AllocsPerRun(3, func() {
			if err := r.Scan(ctx, ScanOptions{}, func(*Document) error { return nil }); err != nil {
				t.Fatal(err)
			}
		})
		r.Close()
		if perDoc := allocs / float64(seg.MaxDoc()); perDoc > 0.05 {
			t.Errorf("%s: %.0f allocations for %d documents", f.name, allocs, seg.MaxDoc())
		}
	}
}

// TestMemoryDoesNotGrowWithTheSegment scans segments of 4 and 24 MiB and demands the same buffers of both.
func TestMemoryDoesNotGrowWithTheSegment(t *testing.T) {
	ctx := context.Background()
	const ahead = 1 << 20
	for _, f := range []syntheticFormat{syntheticFormats[1], syntheticFormats[7], syntheticFormats[8]} {
		for _, size := range []int{4 << 20, 24 << 20} {
			r, err := openOne(t, syntheticIndex(t, f, 600, size)).Reader(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.Scan(ctx, ScanOptions{ReadAhead: ahead}, func(*Document) error { return nil }); err != nil {
				t.Fatal(err)
			}
			if held, most := cap(r.chunk.s.buf)+cap(r.chunk.out), 2*ahead+3*f.chunkSize; held > most {
				t.Errorf("%s: %d bytes held after %d, expected at most %d", f.name, held, size, most)
			}
			r.Close()
		}
	}
}

// counting counts the bytes read.
type counting struct {
	memory
	read *int64
}

func (c counting) Open(name string) (File, error) {
	f, err := c.memory.Open(name)
	if err != nil {
		return nil, err
	}
	return countingFile{f, c.read}, nil
}

type countingFile struct {
	File
	read *int64
}

func (f countingFile) ReadAt(p []byte, off int64) (int, error) {
	*f.read += int64(len(p))
	return f.File.ReadAt(p, off)
}
