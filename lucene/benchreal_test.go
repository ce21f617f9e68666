//go:build linux

package lucene_test

// benchreal_test.go answers: how fast are real segments read, with and without the doc values of each document?

import (
	"context"
	"runtime"
	"syscall"
	"testing"

	"github.com/hikkoshi/hikkoshi/lucene"
)

func threadSeconds(b *testing.B) float64 {
	const thisThread = 1 // RUSAGE_THREAD
	var u syscall.Rusage
	if err := syscall.Getrusage(thisThread, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func BenchmarkRealScan(b *testing.B) {
	ctx := context.Background()
	for _, v := range versions {
		var largest *lucene.Segment
		eachShard(b, v, func(_, _ string, _ int, dir lucene.Directory) {
			commit, err := lucene.OpenCommit(ctx, dir)
			if err != nil {
				b.Fatal(err)
			}
			for i := range commit.Segments {
				seg, err := commit.Segment(ctx, i)
				if err != nil {
					b.Fatal(err)
				}
				if largest == nil || seg.LiveDocs() > largest.LiveDocs() {
					largest = seg
				}
			}
		})
		for _, columns := range []bool{true, false} {
			name := v + "/columns"
			if !columns {
				name = v + "/stored"
			}
			b.Run(name, func(b *testing.B) {
				r, err := largest.Reader(ctx)
				if err != nil {
					b.Fatal(err)
				}
				defer r.Close()
				var stats lucene.ScanStats
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				b.ReportAllocs()
				start := threadSeconds(b)
				for b.Loop() {
					stats = lucene.ScanStats{}
					if err := r.Scan(ctx, lucene.ScanOptions{Stats: &stats, NoColumns: !columns}, func(*lucene.Document) error { return nil }); err != nil {
						b.Fatal(err)
					}
				}
				seconds := threadSeconds(b) - start
				b.ReportMetric(float64(stats.Bytes)*float64(b.N)/1e6/seconds, "MB/cpu-s")
				b.ReportMetric(float64(stats.Documents)*float64(b.N)/seconds, "docs/cpu-s")
				b.ReportMetric(float64(stats.Documents), "docs")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
