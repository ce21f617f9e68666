package main

// reads.go answers: how often is an object store asked, and for how much? Each range that the reader of a snapshot asks for
// is one GET. Next: page.go.

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Reads is what was counted while all of a repository's newest snapshot was read.
type Reads struct {
	Repository string `json:"repository"`
	Units      int    `json:"units"`
	Documents  int64  `json:"documents"`
	// Source are bytes of _source, Read what was asked for to get them.
	Source int64 `json:"source_bytes"`
	Read   int64 `json:"read_bytes"`
	// Open are GETs of each worker that opens the repository, Cut those of the leader that cuts the indices, Gets those of
	// the units.
	Open int64 `json:"open_gets"`
	Cut  int64 `json:"cut_gets"`
	Gets int64 `json:"unit_gets"`
	// Small are those of the units' GETs that ask for less than largeGet: for what a segment says of itself, and ends of files.
	Small int64 `json:"small_gets"`
}

// largeGet tells reading ahead (lucene.DefaultReadAhead) from looking something up.
const largeGet = 1 << 20

// SmallEach is how many small GETs a unit takes.
func (r Reads) SmallEach() float64 { return float64(r.Small) / float64(r.Units) }

// counted counts what a storage is asked for.
type counted struct {
	snapshot.Storage
	gets, small, bytes atomic.Int64
}

func (c *counted) Read(ctx context.Context, name string, offset, length int64) (io.ReadCloser, error) {
	c.gets.Add(1)
	if length >= 0 && length < largeGet {
		c.small.Add(1)
	}
	content, err := c.Storage.Read(ctx, name, offset, length)
	if err != nil {
		return nil, err
	}
	return countedContent{content, &c.bytes}, nil
}

type countedContent struct {
	io.ReadCloser
	bytes *atomic.Int64
}

func (c countedContent) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.bytes.Add(int64(n))
	return n, err
}

func measureReads(ctx context.Context, folder string) (Reads, error) {
	reads := Reads{Repository: strings.TrimPrefix(filepath.Base(folder), "repo-")}
	files, err := snapshot.OpenFolder(folder)
	if err != nil {
		return reads, err
	}
	storage := &counted{Storage: files}
	repository, err := snapshot.Open(ctx, storage, snapshot.Options{})
	if err != nil {
		return reads, err
	}
	infos, err := repository.Snapshots(ctx)
	if err != nil {
		return reads, err
	}
	if len(infos) == 0 {
		return reads, fmt.Errorf("%s holds no snapshot", folder)
	}
	info := infos[len(infos)-1]
	reader := export.NewReader(ctx, repository, info)
	reads.Open = storage.gets.Swap(0)
	var units []load.SnapshotUnit
	for _, index := range info.Indices {
		cut, err := load.SnapshotUnits(ctx, reader, index)
		if err != nil {
			return reads, err
		}
		units = append(units, cut...)
	}
	reads.Cut = storage.gets.Swap(0)
	storage.bytes.Store(0)
	storage.small.Store(0)
	// Another worker has none of this in memory.
	reader = export.NewReader(ctx, repository, info)
	for _, unit := range units {
		err := unit.Feed(reader).Each(ctx, 0, func(_ int64, document *es.Document) error {
			reads.Documents++
			reads.Source += int64(len(document.Source))
			return nil
		})
		if err != nil {
			return reads, err
		}
	}
	reads.Units, reads.Gets, reads.Read, reads.Small = len(units), storage.gets.Load(), storage.bytes.Load(), storage.small.Load()
	return reads, nil
}
