//go:build unix

package load

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// costless is a _bulk that takes everything and costs next to nothing: it counts line breaks and answers as many successes.
type costless struct{ answers atomic.Pointer[[]byte] }

func (c *costless) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/_bulk" {
		_, _ = io.WriteString(w, `{"cluster_name":"c","version":{"number":"5.5.2"}}`) // the client notices
		return
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	lines := 0
	for {
		n, err := r.Body.Read(*buffer)
		lines += countLines((*buffer)[:n])
		if err != nil {
			break
		}
	}
	answer := make([]byte, 0, 32+lines/2*24)
	answer = append(answer, `{"took":1,"errors":false,"items":[`...)
	for i := range lines / 2 {
		if i > 0 {
			answer = append(answer, ',')
		}
		answer = append(answer, `{"index":{"status":201}}`...)
	}
	answer = append(answer, "]}"...)
	w.Header().Set("Content-Length", strconv.Itoa(len(answer)))
	_, _ = w.Write(answer) // the client notices
}

// measured adds up the sources that a feed gives.
type measured struct {
	Feed
	bytes *int64
}

func (m measured) Each(ctx context.Context, from int64, visit func(int64, *es.Document) error) error {
	return m.Feed.Each(ctx, from, func(position int64, document *es.Document) error {
		*m.bytes += int64(len(document.Source))
		return visit(position, document)
	})
}

// BenchmarkTheWholeRoad measures what a load costs its own machine: a recorded repository through to a _bulk that costs
// nothing, in another process (HIKKOSHI_BENCH_BULK) or, by default, in this one, whose share is then in the figures.
// HIKKOSHI_BENCH_REPOSITORY names a repository, such as one that `go run ./bench` left; without it the small recorded one
// is read, which measures opening more than reading.
func BenchmarkTheWholeRoad(b *testing.B) {
	folder := os.Getenv("HIKKOSHI_BENCH_REPOSITORY")
	if folder == "" {
		b.Skip("HIKKOSHI_BENCH_REPOSITORY is not set")
	}
	address := os.Getenv("HIKKOSHI_BENCH_BULK")
	if address == "" {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			b.Fatal(err)
		}
		server := &http.Server{Handler: &costless{}, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }() // ends with Close
		b.Cleanup(func() { _ = server.Close() })
		address = "http://" + listener.Addr().String()
	}
	client, err := cluster.New(cluster.Config{URL: address})
	if err != nil {
		b.Fatal(err)
	}
	storage, err := snapshot.OpenFolder(folder)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = storage.Close() }() // only read
	repository, err := snapshot.Open(b.Context(), storage, snapshot.Options{})
	if err != nil {
		b.Fatal(err)
	}
	snapshots, err := repository.Snapshots(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	info := snapshots[len(snapshots)-1]
	reader := export.NewReader(context.Background(), repository, info)
	job := &Job{Target: client}
	var documents, sources, bodies int64
	cpu := processorTime(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, index := range info.Indices {
			units, err := SnapshotUnits(b.Context(), reader, index)
			if err != nil {
				b.Fatal(err)
			}
			for _, unit := range units {
				outcome, err := job.Run(b.Context(), measured{unit.Feed(reader), &sources}, 0, nil)
				if err != nil {
					b.Fatal(err)
				}
				documents += outcome.Written
				bodies += outcome.Bytes
			}
		}
	}
	spent := processorTime(b) - cpu
	b.ReportMetric(float64(documents)/spent.Seconds(), "documents/cpu-s")
	b.ReportMetric(float64(sources)/1e6/spent.Seconds(), "source-MB/cpu-s")
	b.ReportMetric(float64(bodies)/1e6/spent.Seconds(), "body-MB/cpu-s")
}
