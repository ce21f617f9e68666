package main

// child.go answers: how fast does hikkoshi read? In a process of its own, so that the number of processors can be set, the
// processor time is that of reading alone, and the memory can be told. Next: files.go.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

const (
	childArgument = "read-for-bench"
	// measureCPU is the least processor time of one measurement: short passes are repeated.
	measureCPU = 0.2
	profileCPU = 2.0
)

// runChild measures methods on one index and gives every measurement. cores 0 means all.
func runChild(ctx context.Context, repository, index string, cores, repeat int, methods []string, profile string) ([]sample, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, childArgument, "-repo", repository, "-index", index, "-repeat", fmt.Sprint(repeat),
		"-methods", strings.Join(methods, ","), "-profile", profile)
	if cores != 0 {
		cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", cores))
	}
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", index, err)
	}
	samples, err := parseSamples(out)
	for i := range samples {
		samples[i].Cores = cores
	}
	return samples, err
}

// parseSamples reads one sample per line.
func parseSamples(out []byte) ([]sample, error) {
	var samples []sample
	lines := bufio.NewScanner(bytes.NewReader(out))
	for lines.Scan() {
		var s sample
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		samples = append(samples, s)
	}
	return samples, lines.Err()
}

// pass reads an index once and gives the number of documents and the bytes of their sources.
type pass func(ctx context.Context) (documents, bytes int64, err error)

func child(args []string) error {
	flags := flag.NewFlagSet(childArgument, flag.ContinueOnError)
	repo := flags.String("repo", "", "")
	index := flags.String("index", "", "")
	repeat := flags.Int("repeat", 1, "")
	methods := flags.String("methods", "", "")
	profile := flags.String("profile", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx := context.Background()
	storage, err := snapshot.OpenFolder(*repo)
	if err != nil {
		return err
	}
	defer storage.Close()
	repository, err := snapshot.Open(ctx, storage, snapshot.Options{})
	if err != nil {
		return err
	}
	info, err := repository.Snapshot(ctx, snapshotName)
	if err != nil {
		return err
	}
	source := &source{repository: repository, info: info, index: *index}
	if source.documents, source.bytes, err = source.null(ctx); err != nil {
		return err
	}
	if source.allocs, err = source.allocations(ctx); err != nil {
		return err
	}
	passes := map[string]pass{methodNull: source.null, methodNDJSON: source.ndjson, methodBare: source.bare}
	for _, method := range strings.Split(*methods, ",") {
		one := passes[method]
		if one == nil {
			return fmt.Errorf("no method %q", method)
		}
		// The first pass is not counted: it brings the files into the page cache and grows the buffers.
		if _, _, err := one(ctx); err != nil {
			return err
		}
		if *profile != "" {
			return profiled(ctx, *profile, one)
		}
		for range *repeat {
			s, err := timed(ctx, one)
			if err != nil {
				return err
			}
			s.Method = method
			if method == methodNull {
				s.Allocs = source.allocs
			}
			line, err := json.Marshal(s)
			if err != nil {
				return err
			}
			if _, err := os.Stdout.Write(append(line, '\n')); err != nil {
				return err
			}
		}
	}
	return nil
}

// timed repeats a pass until enough processor time was used to tell.
func timed(ctx context.Context, one pass) (sample, error) {
	var s sample
	began := time.Now()
	start, err := rig.CPUSeconds()
	for s.CPU < measureCPU && err == nil {
		var documents, size int64
		if documents, size, err = one(ctx); err != nil {
			return s, err
		}
		s.Documents += documents
		s.Bytes += size
		var now float64
		now, err = rig.CPUSeconds()
		s.CPU = now - start
	}
	s.Wall = time.Since(began).Seconds()
	s.PeakRSS = rig.PeakRSS()
	return s, err
}

func profiled(ctx context.Context, path string, one pass) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	start, err := rig.CPUSeconds()
	for now := start; err == nil && now-start < profileCPU; now, err = rig.CPUSeconds() {
		if _, _, err := one(ctx); err != nil {
			return err
		}
	}
	return err
}

// source is the index that is read.
type source struct {
	repository *snapshot.Repository
	info       *snapshot.Info
	index      string
	// documents and bytes are what null counts.
	documents, bytes int64
	allocs           float64 // per document
}

// segments opens every segment of the index anew: a pass pays for all that a reader needs.
func (s *source) segments(ctx context.Context) ([]*lucene.Segment, error) {
	index, err := s.repository.Index(ctx, s.info, s.index)
	if err != nil {
		return nil, err
	}
	var segments []*lucene.Segment
	for number := range index.Shards {
		shard, err := s.repository.Shard(ctx, s.info, index, number)
		if err != nil {
			return nil, err
		}
		commit, err := export.OpenShard(ctx, shard)
		if err != nil {
			return nil, err
		}
		for i := range commit.Segments {
			segment, err := commit.Segment(ctx, i)
			if err != nil {
				return nil, err
			}
			segments = append(segments, segment)
		}
	}
	return segments, nil
}

// null reads every document with its version and throws it away, in as many ranges as there are processors.
func (s *source) null(ctx context.Context) (documents, size int64, err error) {
	segments, err := s.segments(ctx)
	if err != nil {
		return 0, 0, err
	}
	var group sync.WaitGroup
	var count, total atomic.Int64
	var mu sync.Mutex
	for _, segment := range segments {
		ranges, err := segment.Splits(ctx, runtime.GOMAXPROCS(0))
		if err != nil {
			return 0, 0, err
		}
		for _, part := range ranges {
			group.Go(func() {
				docs, bytes := int64(0), int64(0)
				scanErr := segment.Scan(ctx, lucene.ScanOptions{From: part.From, To: part.To}, func(d *lucene.Document) error {
					docs++
					bytes += int64(len(d.Source))
					return nil
				})
				count.Add(docs)
				total.Add(bytes)
				mu.Lock()
				err = errors.Join(err, scanErr)
				mu.Unlock()
			})
		}
		group.Wait()
		if err != nil {
			return 0, 0, err
		}
	}
	return count.Load(), total.Load(), nil
}

// allocations counts those of a scan under way: behind the first tenth of the documents the buffers have their size.
func (s *source) allocations(ctx context.Context) (float64, error) {
	segments, err := s.segments(ctx)
	if err != nil {
		return 0, err
	}
	if len(segments) == 0 {
		return 0, fmt.Errorf("%s has no segments", s.index)
	}
	largest := segments[0]
	for _, segment := range segments {
		if segment.MaxDoc() > largest.MaxDoc() {
			largest = segment
		}
	}
	var before, after runtime.MemStats
	read, first, last := 0, largest.LiveDocs()/10, largest.LiveDocs()
	err = largest.Scan(ctx, lucene.ScanOptions{}, func(*lucene.Document) error {
		switch read++; read {
		case first:
			runtime.ReadMemStats(&before)
		case last:
			runtime.ReadMemStats(&after)
		}
		return nil
	})
	if last <= first {
		return 0, err
	}
	return float64(after.Mallocs-before.Mallocs) / float64(last-first), err
}

// bare decompresses every chunk and looks at one document in 128; it counts all of them, as null does.
func (s *source) bare(ctx context.Context) (documents, size int64, err error) {
	segments, err := s.segments(ctx)
	if err != nil {
		return 0, 0, err
	}
	// A scan passes over chunks by the index only behind a long run of unwanted documents: here it never meets one.
	const every = 128
	for _, segment := range segments {
		last := segment.MaxDoc() - 1
		options := lucene.ScanOptions{NoColumns: true, Want: func(doc int) bool { return doc%every == 0 || doc == last }}
		if err := segment.Scan(ctx, options, func(*lucene.Document) error { return nil }); err != nil {
			return 0, 0, err
		}
	}
	return s.documents, s.bytes, nil
}

// ndjson is `hikkoshi snapshot export` into nothing.
func (s *source) ndjson(ctx context.Context) (documents, size int64, err error) {
	options := export.Options{Selection: export.Selection{Indices: []string{s.index}}}
	summary, err := export.Run(ctx, s.repository, s.info, options, export.NewStream(io.Discard))
	if err != nil {
		return 0, 0, err
	}
	return summary.Documents, summary.SourceBytes, nil
}
