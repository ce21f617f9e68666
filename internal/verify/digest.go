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

// view is one side of a pair, with what makes its documents comparable with the other side's.
type view struct {
	reader *reader
	index  string
	pair   Pair
	side   Side
	// parts are further indices of this side.
	parts []string
	// documents are read instead of the cluster, where they come from elsewhere.
	documents Documents
	// types, parents and places (the index in which a document lies) say whether these count.
	types, parents, places bool
}

func (v *view) indices() []string { return append([]string{v.index}, v.parts...) }

// prepare makes everything that was written visible. Some users may not refresh, and some blocks forbid it: then the
// index's own refreshing has to do, and a count that is still moving shows in the report.
func (v *view) prepare(ctx context.Context) error {
	if v.documents != nil {
		return nil
	}
	for _, index := range v.indices() {
		err := v.reader.client.Refresh(ctx, index)
		if err != nil && !errors.Is(err, cluster.ErrForbidden) && !errors.Is(err, cluster.ErrBlocked) {
			return err
		}
	}
	return nil
}

func (v *view) counters(ctx context.Context) (cluster.WriteCounters, error) {
	if v.documents != nil {
		return cluster.WriteCounters{}, nil
	}
	return countersOf(ctx, v.reader.client, v.indices()...)
}

// countersOf reads how often indices were written to. Where the server hides that, the zero value stands for unknown.
func countersOf(ctx context.Context, client *cluster.Client, indices ...string) (cluster.WriteCounters, error) {
	stats, err := client.Stats(ctx, indices...)
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

// tally is what one reading of one side added up to.
type tally struct {
	digest es.Digest
	// counted is the server's own count before the reading.
	counted int64
	// sourceless documents have no source to compare, unparsed ones a source that is no JSON (compared byte by byte),
	// withheld ones are not meant for the target.
	sourceless, unparsed, withheld int64
	reasons                        map[Withhold]int64
	index                          string
}

// withhold counts a document that is not meant for the target.
func (t *tally) withhold(why Withhold, count int64) {
	if t.reasons == nil {
		t.reasons = map[Withhold]int64{}
	}
	t.reasons[why] += count
}

func (t *tally) merge(other *tally) {
	t.digest.Merge(&other.digest)
	t.sourceless += other.sourceless
	t.unparsed += other.unparsed
	t.withheld += other.withheld
	for why, count := range other.reasons {
		t.withhold(why, count)
	}
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
	if err := v.count(ctx, total); err != nil {
		return nil, err
	}
	var mutex sync.Mutex
	var done int64
	err := v.shards(ctx, func(ctx context.Context, read func(each func(hashed)) (*tally, error)) error {
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

// count asks the server for its own count.
func (v *view) count(ctx context.Context, total *tally) error {
	if v.documents != nil {
		return nil
	}
	for _, index := range v.indices() {
		counted, err := v.reader.client.Count(ctx, index, v.query())
		if err != nil {
			return err
		}
		total.counted += counted
	}
	return nil
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

// shards runs work once per shard of the indices, a few at a time. work calls read, which goes over the shard's
// documents; when the reading breaks off, work is called anew.
func (v *view) shards(ctx context.Context, work func(ctx context.Context, read func(each func(hashed)) (*tally, error)) error) error {
	if v.documents != nil {
		return v.shard(ctx, work, func(each func(hashed)) (*tally, error) { return v.scan(ctx, v.index, cluster.ScanOptions{}, each) })
	}
	group, inner := errgroup.WithContext(ctx)
	for _, index := range v.indices() {
		shards, err := v.shardsOf(ctx, index)
		if err != nil {
			return errors.Join(err, group.Wait())
		}
		for shard := range shards {
			group.Go(func() error {
				return v.shard(inner, work, func(each func(hashed)) (*tally, error) {
					return v.scan(inner, index, cluster.ScanOptions{Shard: shard, Query: v.query()}, each)
				})
			})
		}
	}
	return group.Wait()
}

// shard reads one shard, anew when the reading breaks off.
func (v *view) shard(ctx context.Context, work func(ctx context.Context, read func(each func(hashed)) (*tally, error)) error, read func(each func(hashed)) (*tally, error)) error {
	if err := v.reader.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	defer v.reader.slots.Release(1)
	for attempt := 1; ; attempt++ {
		err := work(ctx, read)
		if err == nil || !errors.Is(err, cluster.ErrScanBroken) || attempt == shardAttempts || ctx.Err() != nil {
			return err
		}
	}
}

func (v *view) shardsOf(ctx context.Context, index string) (int, error) {
	settings, err := v.reader.client.Settings(ctx, index)
	if err != nil {
		return 0, err
	}
	if len(settings) != 1 {
		return 0, fmt.Errorf("%w: %s stands for %d indices; name one index", ErrNotComparable, index, len(settings))
	}
	for _, one := range settings {
		if one.Shards > 0 {
			return one.Shards, nil
		}
	}
	return 0, fmt.Errorf("%w: the server does not tell how many shards %s has", ErrNotComparable, index)
}

// scan reads documents, makes them comparable, and calls each. The tally counts only the odd ones.
func (v *view) scan(ctx context.Context, index string, options cluster.ScanOptions, each func(hashed)) (*tally, error) {
	odd := &tally{}
	var canonicaliser Canonicaliser
	err := v.read(ctx, index, options, func(document es.Document) error {
		document, wanted, err := v.comparable(document)
		if why := Withhold(""); errors.As(err, &why) {
			odd.withhold(why, 1)
			wanted, err = false, nil
		}
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
		if v.places {
			docType += "\x00" + document.Index
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

func (v *view) read(ctx context.Context, index string, options cluster.ScanOptions, each func(es.Document) error) error {
	if v.documents != nil {
		return v.documents(ctx, each)
	}
	_, err := v.reader.client.Scan(ctx, index, options, each)
	return err
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
