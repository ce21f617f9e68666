package cluster

// read.go answers: in which pieces, and by which of a version's ways, is a whole index read that nobody has a snapshot of?
// By point in time and sequence number where that exists, so that a reading can go on where another stopped; else by
// sliced scroll (since 5.0), else by a scroll for each shard. Next: pointintime.go, patience.go, scan.go.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// DefaultPageBytes is how large an answer should be: a node builds all of it in memory.
	DefaultPageBytes = 4 << 20
	// mostInPage bounds the documents of one answer, however small they are.
	mostInPage = 2000
	// tooLarge is how many times a scroll's page may exceed the wanted size before that scroll begins anew with less.
	tooLarge = 8
	// onDisk is how many times larger documents are as JSON than as compressed on disk, to choose the first page's size.
	onDisk = 3
	// unitDocuments and unitStored are about what one unit holds: a scroll that broke off begins its unit anew.
	unitDocuments = 1_000_000
	unitStored    = 4 << 30
	// maxSlices is the limit of index.max_slices_per_scroll.
	maxSlices = 1024
	// scrollAttempts is how often one unit is begun anew.
	scrollAttempts = 5
)

// ReadUnit is a piece of an index to be read through the search API. It is written as JSON for workers elsewhere.
type ReadUnit struct {
	Index string `json:"index"`
	// Shard is the shard to read; AllShards where slices cut the index.
	Shard int `json:"shard"`
	Slice int `json:"slice,omitempty"`
	// Slices is how many slices cut the index; 0 is no cut.
	Slices int `json:"slices,omitempty"`
	// PointInTime reads by sequence number, from From up to but not including To; To 0 is the end.
	PointInTime bool  `json:"point_in_time,omitempty"`
	From        int64 `json:"from,omitempty"`
	To          int64 `json:"to,omitempty"`
	// Documents and Bytes are about what it holds, on disk.
	Documents int64 `json:"documents"`
	Bytes     int64 `json:"bytes"`
}

// ReadOptions say how kindly a unit is read.
type ReadOptions struct {
	// PageBytes is how large an answer should be; 0 is DefaultPageBytes.
	PageBytes int64
	// AfterPage is called behind each page, before the next is asked for; it may wait.
	AfterPage func(ctx context.Context, documents, bytes int64) error
	// Busy hears of every wait for a source that asked for patience.
	Busy func(wait time.Duration, cause error)
}

// ReadUnits cuts an index into units.
func (c *Client) ReadUnits(ctx context.Context, index string) ([]ReadUnit, error) {
	return c.readUnits(ctx, index, unitDocuments, unitStored)
}

// ShareUnits gives units that hold about one document in so many of each shard, chosen by the hash of its id, where the
// version cuts that fine. Before 5.0 a unit is a whole shard, and since then no smaller than 1024 slices allow: whoever reads
// stops when it is enough.
func (c *Client) ShareUnits(ctx context.Context, index string, each int) ([]ReadUnit, error) {
	units, err := c.readUnits(ctx, index, math.MaxInt64, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	dialect, err := c.Dialect(ctx)
	if err != nil || !dialect.SliceScroll {
		return units, err
	}
	return cutBySlices(units, min(each, maxSlices/len(units)))[:len(units)], nil
}

func (c *Client) readUnits(ctx context.Context, index string, documents, stored int64) ([]ReadUnit, error) {
	if err := single(index); err != nil {
		return nil, err
	}
	settings, err := c.Settings(ctx, index)
	if err != nil {
		return nil, err
	}
	// Asked by an alias, the answer carries the index's own name.
	one, found := settings[index]
	if !found || one.Shards == 0 {
		return nil, fmt.Errorf("read %s: the server does not tell how many shards it has", index)
	}
	byPoint, err := c.canPoint(ctx, index)
	if err != nil {
		return nil, err
	}
	dialect, err := c.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := c.Shards(ctx, index)
	if err != nil {
		return nil, err
	}
	units := make([]ReadUnit, one.Shards)
	for i := range units {
		units[i] = ReadUnit{Index: index, Shard: i, PointInTime: byPoint}
	}
	cuts := int64(1)
	for _, row := range rows {
		if row.Index != index || !row.Primary || row.Shard >= len(units) {
			continue
		}
		units[row.Shard].Documents, units[row.Shard].Bytes = row.Docs, row.Bytes
		cuts = max(cuts, 1+(row.Docs-1)/documents, 1+(row.Bytes-1)/stored)
	}
	switch {
	case cuts == 1:
		return units, nil
	case byPoint:
		return c.cutBySequence(ctx, units, documents, stored)
	case dialect.SliceScroll:
		return cutBySlices(units, int(min(cuts, int64(maxSlices/len(units))))), nil
	}
	return units, nil // before 5.0 nothing is smaller than a shard
}

// cutBySlices cuts each shard into pieces. A slice lies in the shard that its number leaves as a rest, in every version,
// as long as no shard is named as well.
func cutBySlices(shards []ReadUnit, pieces int) []ReadUnit {
	if pieces < 2 {
		return shards
	}
	units := make([]ReadUnit, 0, pieces*len(shards))
	for slice := range pieces * len(shards) {
		shard := shards[slice%len(shards)]
		units = append(units, ReadUnit{Index: shard.Index, Shard: AllShards, Slice: slice, Slices: pieces * len(shards),
			Documents: shard.Documents / int64(pieces), Bytes: shard.Bytes / int64(pieces)})
	}
	return units
}

// Read reads one unit, beginning behind a position: 0 is the start. Positions grow. By point in time a reading goes on
// behind the position, also in another process and after days: a document that was written since has a higher one. A
// scroll can only be read from its start, so that from merely numbers its documents.
func (c *Client) Read(ctx context.Context, unit ReadUnit, from int64, options ReadOptions, each func(position int64, document es.Document) error) error {
	if options.PageBytes <= 0 {
		options.PageBytes = DefaultPageBytes
	}
	if unit.PointInTime {
		return c.readPoint(ctx, unit, from, options, each)
	}
	return c.readScroll(ctx, unit, from, options, each)
}

// firstPage is how many documents to ask for before any was seen.
func (u ReadUnit) firstPage(bytes int64) int64 {
	if u.Documents <= 0 || u.Bytes <= 0 {
		return DefaultPage
	}
	return min(mostInPage, max(1, bytes*u.Documents/(onDisk*u.Bytes)))
}

// errPageTooLarge ends a scroll whose pages weigh too much for the node that builds them.
var errPageTooLarge = errors.New("pages are larger than wanted")

// readScroll reads a unit to its end, as often anew as it takes, within reason.
func (c *Client) readScroll(ctx context.Context, unit ReadUnit, from int64, options ReadOptions, each func(int64, es.Document) error) error {
	page := min(unit.firstPage(options.PageBytes), DefaultPage)
	position := from
	for attempt := 1; ; {
		scan := ScanOptions{Shard: unit.Shard, Slice: unit.Slice, Slices: unit.Slices, Page: int(page), Busy: options.Busy}
		scan.AfterPage = func(ctx context.Context, documents, bytes int64) error {
			if options.AfterPage != nil {
				if err := options.AfterPage(ctx, documents, bytes); err != nil {
					return err
				}
			}
			if documents > 1 && bytes > tooLarge*options.PageBytes {
				return errPageTooLarge
			}
			return nil
		}
		_, err := c.Scan(ctx, unit.Index, scan, func(document es.Document) error {
			position++
			return each(position, document)
		})
		switch {
		case errors.Is(err, errPageTooLarge):
			page = max(1, page/tooLarge)
			continue // no failure of the source's, and ends by itself
		case err == nil, !errors.Is(err, ErrScanBroken), attempt == scrollAttempts, ctx.Err() != nil:
			return err
		}
		wait := waitAfter(attempt)
		if options.Busy != nil {
			options.Busy(wait, err)
		}
		if err := Pause(ctx, wait); err != nil {
			return err
		}
		attempt++
	}
}
