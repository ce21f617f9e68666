package verify

// digest.go answers: how is one side of a pair read, shard by shard, and its content added up? Memory is one page per
// shard being read, whatever the size of the index. Next: drill.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// progressEvery is how many documents pass between two reports of progress.
const progressEvery = 1000

// reader reads one cluster, never more shards at a time than it was told to.
type reader struct {
	side     Side
	client   *cluster.Client
	info     cluster.Info
	dialect  cluster.Dialect
	slots    *semaphore.Weighted
	progress func(Progress)
	mutex    *sync.Mutex
}

func newReader(ctx context.Context, side Side, client *cluster.Client, options Options, speaking *sync.Mutex) (*reader, error) {
	info, err := client.Detect(ctx)
	if err != nil {
		return nil, err
	}
	return &reader{
		side: side, client: client, info: info, dialect: cluster.DialectFor(info.Version),
		slots: semaphore.NewWeighted(int64(options.Parallel)), progress: options.Progress, mutex: speaking,
	}, nil
}

func (r *reader) tell(progress Progress) {
	if r.progress == nil {
		return
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	progress.Side = r.side
	r.progress(progress)
}

// prepare makes everything that was written visible. Some users may not refresh, and some blocks forbid it: then the
// index's own refreshing has to do, and a count that is still moving shows in the report.
func (r *reader) prepare(ctx context.Context, index string) error {
	err := r.client.Refresh(ctx, index)
	if errors.Is(err, cluster.ErrForbidden) || errors.Is(err, cluster.ErrBlocked) {
		return nil
	}
	return err
}

// countersOf reads how often the index was written to. Where the server hides that, the zero value stands for unknown.
func countersOf(ctx context.Context, client *cluster.Client, index string) (cluster.WriteCounters, error) {
	stats, err := client.Stats(ctx, index)
	if errors.Is(err, cluster.ErrForbidden) {
		return cluster.WriteCounters{}, nil
	}
	var sum cluster.WriteCounters
	for _, one := range stats {
		sum.Indexed += one.Writes.Indexed
		sum.Deleted += one.Writes.Deleted
	}
	return sum, err
}

// view is one side of a pair, with what makes its documents comparable with the other side's.
type view struct {
	reader *reader
	index  string
	pair   Pair
	side   Side
	// types and parents say whether these count.
	types, parents bool
}

// tally is what one reading of one side added up to.
type tally struct {
	digest es.Digest
	// counted is the server's own count before the reading.
	counted int64
	// sourceless documents have no source to compare, unparsed ones a source that is no JSON (compared byte by byte),
	// withheld ones are not meant for the target.
	sourceless, unparsed, withheld int64
	index                          string
}

func (t *tally) merge(other *tally) {
	t.digest.Merge(&other.digest)
	t.sourceless += other.sourceless
	t.unparsed += other.unparsed
	t.withheld += other.withheld
}

// hashed is a document as it takes part in the comparison.
type hashed struct {
	document  es.Document
	high, low uint64
	canonical []byte
}

// digest reads the whole side and adds it up.
func (v *view) digest(ctx context.Context) (*tally, error) {
	total := &tally{index: v.index}
	var err error
	if total.counted, err = v.reader.client.Count(ctx, v.index, v.query()); err != nil {
		return nil, err
	}
	var mutex sync.Mutex
	var done int64
	err = v.shards(ctx, func(ctx context.Context, read func(each func(hashed)) (*tally, error)) error {
		part := &tally{}
		pending := int64(0)
		counts, err := read(func(one hashed) {
			part.digest.Add(one.document.ID, one.high, one.low)
			if pending++; pending == progressEvery {
				mutex.Lock()
				done += pending
				now := done
				mutex.Unlock()
				pending = 0
				v.reader.tell(Progress{Pair: v.pair.Name(), Phase: "digest", Documents: now, Total: total.counted})
			}
		})
		mutex.Lock()
		defer mutex.Unlock()
		if err != nil {
			done -= part.digest.Documents() - pending // that shard begins anew
			return err
		}
		done += pending
		part.merge(counts)
		total.merge(part)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.reader.tell(Progress{Pair: v.pair.Name(), Phase: "digest", Documents: total.digest.Documents(), Total: total.counted})
	return total, nil
}

// query restricts the source side to the pair's type.
func (v *view) query() []byte {
	if v.side != Source || v.pair.SourceType == "" {
		return nil
	}
	encoded, err := json.Marshal(map[string]any{"term": map[string]string{"_type": v.pair.SourceType}})
	if err != nil {
		return nil // a map of texts can always be encoded
	}
	return encoded
}

// shards runs work once per shard of the index, a few at a time. work calls read, which goes over the shard's
// documents; when the reading breaks off, work is called anew.
func (v *view) shards(ctx context.Context, work func(ctx context.Context, read func(each func(hashed)) (*tally, error)) error) error {
	settings, err := v.reader.client.Settings(ctx, v.index)
	if err != nil {
		return err
	}
	if len(settings) != 1 {
		return fmt.Errorf("%w: %s stands for %d indices; name one index", ErrNotComparable, v.index, len(settings))
	}
	shards := 0
	for _, one := range settings {
		shards = one.Shards
	}
	if shards == 0 {
		return fmt.Errorf("%w: the server does not tell how many shards %s has", ErrNotComparable, v.index)
	}
	group, ctx := errgroup.WithContext(ctx)
	for shard := range shards {
		group.Go(func() error {
			if err := v.reader.slots.Acquire(ctx, 1); err != nil {
				return err
			}
			defer v.reader.slots.Release(1)
			for attempt := 1; ; attempt++ {
				err := work(ctx, func(each func(hashed)) (*tally, error) {
					return v.scan(ctx, cluster.ScanOptions{Shard: shard, Query: v.query()}, each)
				})
				if err == nil || !errors.Is(err, cluster.ErrScanBroken) || attempt == shardAttempts || ctx.Err() != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// scan reads documents, makes them comparable, and calls each. The tally counts only the odd ones.
func (v *view) scan(ctx context.Context, options cluster.ScanOptions, each func(hashed)) (*tally, error) {
	odd := &tally{}
	var canonicaliser Canonicaliser
	_, err := v.reader.client.Scan(ctx, v.index, options, func(document es.Document) error {
		document, wanted, err := v.comparable(document)
		if err != nil || !wanted {
			if err == nil && v.side == Source {
				odd.withheld++
			}
			return err
		}
		var canonical []byte
		if document.Source == nil {
			odd.sourceless++
		} else if canonical, err = canonicaliser.Canonical(document.Source); err != nil {
			// Old servers stored what no parser of today takes; such a source still has to be the same on both sides.
			odd.unparsed++
			canonical = document.Source
		}
		one := hashed{document: document, canonical: canonical}
		docType, routing := "", document.Routing
		if v.types {
			docType = document.Type
		}
		if v.parents {
			routing += "\x00" + document.Parent
		}
		one.high, one.low = es.HashDocument(docType, document.ID, routing, canonical)
		each(one)
		return nil
	})
	return odd, err
}

// comparable makes a document what the other side's should be, or says that it doesn't count.
func (v *view) comparable(document es.Document) (es.Document, bool, error) {
	if v.side == Target {
		return document, v.pair.TargetFilter == nil || v.pair.TargetFilter(document), nil
	}
	if v.pair.SourceType != "" && document.Type != v.pair.SourceType {
		return document, false, nil
	}
	wanted := true
	if v.pair.Transform != nil {
		before := document.ID
		var err error
		if document, wanted, err = v.pair.Transform(document); err != nil {
			return document, false, fmt.Errorf("transform document %s: %w", before, err)
		}
	}
	if name, ok := v.pair.Types[document.Type]; ok {
		document.Type = name
	}
	return document, wanted, nil
}
