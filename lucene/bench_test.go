//go:build linux

package lucene

// bench_test.go answers: how fast are documents read, and how near is that to bare decompression? The bytes are real
// documents; the segments are written here, so that they are large enough and the same for every format.

import (
	"context"
	"runtime"
	"syscall"
	"testing"
)

// threadTime is the processor time of this thread in seconds: on a busy machine wall time says nothing.
func threadTime(b *testing.B) float64 {
	const thisThread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thisThread, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

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
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				start := threadTime(b)
				for b.Loop() {
					stats = ScanStats{}
					if err := r.Scan(ctx, ScanOptions{Stats: &stats}, func(*Document) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(stats.Bytes)*float64(b.N)/1e6/(threadTime(b)-start), "MB/cpu-s")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

// BenchmarkDecompress is the bare work below a scan: chunks expanded one after the other, no documents made.
func BenchmarkDecompress(b *testing.B) {
	for _, f := range syntheticFormats {
		b.Run(f.name, func(b *testing.B) {
			seg := openOne(b, syntheticIndex(b, f, 600, 32<<20))
			r, err := seg.Reader(context.Background())
			if err != nil {
				b.Fatal(err)
			}
			defer r.Close()
			ch := &r.chunk
			bytes := 0
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			start := threadTime(b)
			for b.Loop() {
				bytes = 0
				ch.s.reset(r.st.data, r.st.name, r.st.first, DefaultReadAhead)
				for next := 0; next < r.st.maxDoc; next += ch.docs {
					if err := ch.next(next); err != nil {
						b.Fatal(err)
					}
					if err := ch.expand(); err != nil {
						b.Fatal(err)
					}
					bytes += ch.ends[ch.docs-1]
				}
			}
			b.ReportMetric(float64(bytes)*float64(b.N)/1e6/(threadTime(b)-start), "MB/cpu-s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
