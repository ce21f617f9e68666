package lucene

// bench_test.go answers: how fast are documents read, and how near is that to bare decompression? The bytes are real
// documents; the segments are written here, so that they are large enough and the same for every format.

import (
	"context"
	"testing"
)

func BenchmarkScan(b *testing.B) {
	for _, f := range syntheticFormats {
		for _, size := range []int{200, 600, 2400, 100_000} {
			b.Run(f.name+"/"+sizeName(size), func(b *testing.B) {
				dir := syntheticIndex(b, f, size, 32<<20)
				ctx := context.Background()
				commit, err := OpenCommit(ctx, dir)
				if err != nil {
					b.Fatal(err)
				}
				seg, err := commit.Segment(ctx, 0)
				if err != nil {
					b.Fatal(err)
				}
				r, err := seg.Reader(ctx)
				if err != nil {
					b.Fatal(err)
				}
				defer r.Close()
				var stats ScanStats
				b.ReportAllocs()
				for b.Loop() {
					stats = ScanStats{}
					if err := r.Scan(ctx, ScanOptions{Stats: &stats}, func(*Document) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
				b.SetBytes(stats.Bytes)
				b.ReportMetric(float64(stats.Documents)*float64(b.N)/b.Elapsed().Seconds(), "docs/s")
			})
		}
	}
}
