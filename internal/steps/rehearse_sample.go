package steps

// rehearse_sample.go answers: which documents of an index are rehearsed, and who reads them? The same ones each time they
// are read: once in two halves to be sent, once more to be compared. Next: rehearse_load.go.

import (
	"context"
	"slices"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/forecast"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

// What of an index is moved at the least, where it has that much: enough for the size of a document to be told from what the
// index costs by being there, and enough bodies for the target to be at work and not only asked.
const (
	leastSampled = 2000
	leastStored  = 4 << 20 // of the source's primaries; as JSON that is several times as much
	// mostByStored is how many documents that makes at the most: a source may tell the size of an index late, or not at all.
	mostByStored = 100_000
)

// halves is in how many parts a share is sent, so that what grows is told from what stays.
const halves = 2

// sample is the share of one index.
type sample interface {
	// feeds gives the documents of one half, in about so many feeds.
	feeds(half, readers int) []load.Feed
	// whole says that the share is all of the index, spread how sizes differ, once everything was read.
	whole() bool
	spread() float64
}

// snapshotSample is a share of an index in a snapshot.
type snapshotSample struct {
	reader *export.Reader
	index  string
	share  export.Share

	mutex sync.Mutex
	sizes forecast.Spread
}

// atLeast is the part of an index that is moved when a share is wanted: numbers of Lucene's documents would not do for that,
// since nested ones are among them.
func (r *rehearsing) atLeast(row *RehearsalRow) float64 {
	index, _ := r.move.Plan.Facts.Source.Index(row.Source)
	documents, least := float64(max(row.documents, 1)), float64(leastSampled)
	if index.Bytes > 0 {
		least = max(least, min(mostByStored, documents*leastStored/float64(index.Bytes)))
	}
	return max(r.options.Share, least/documents)
}

func newSnapshotSample(ctx context.Context, reader *export.Reader, index string, part float64) (*snapshotSample, error) {
	chosen, err := reader.Share(ctx, index, part)
	return &snapshotSample{reader: reader, index: index, share: chosen}, err
}

func (s *snapshotSample) feeds(half, readers int) []load.Feed {
	var mine []export.Stretch
	for i, stretch := range s.share.Stretches {
		if i%halves == half {
			mine = append(mine, stretch)
		}
	}
	feeds := make([]load.Feed, 0, readers)
	each := (len(mine) + readers - 1) / readers
	for start := 0; start < len(mine); start += each {
		feeds = append(feeds, &load.ShareFeed{Reader: s.reader, Index: s.index, Stretches: mine[start:min(start+each, len(mine))], Read: func(documents, bytes int64) {
			s.mutex.Lock()
			defer s.mutex.Unlock()
			s.sizes.Add(documents, bytes)
		}})
	}
	return feeds
}

func (s *snapshotSample) whole() bool { return s.share.Whole }

func (s *snapshotSample) spread() float64 {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.sizes.Error()
}

// columns visits every document with its doc values.
func (s *snapshotSample) columns(ctx context.Context, visit func(*export.Sampled) error) error {
	for _, stretch := range s.share.Stretches {
		if err := s.reader.ReadStretch(ctx, s.index, stretch, visit); err != nil {
			return err
		}
	}
	return nil
}

// keptSample is a share that was read through the search API.
type keptSample struct {
	documents []es.Document
	all       bool
}

// keptGroup is how many documents make a group when it is asked how sizes differ.
const keptGroup = 64

func (s *keptSample) feeds(half, readers int) []load.Feed {
	middle := len(s.documents) / halves
	mine := s.documents[:middle]
	if half > 0 {
		mine = s.documents[middle:]
	}
	var feeds []load.Feed
	if len(mine) > 0 {
		for some := range slices.Chunk(mine, (len(mine)+readers-1)/readers) {
			feeds = append(feeds, load.KeptFeed(some))
		}
	}
	return feeds
}

func (s *keptSample) whole() bool { return s.all }

func (s *keptSample) spread() float64 {
	var sizes forecast.Spread
	for group := range slices.Chunk(s.documents, keptGroup) {
		var bytes int64
		for i := range group {
			bytes += int64(len(group[i].Source))
		}
		sizes.Add(int64(len(group)), bytes)
	}
	return sizes.Error()
}

// sample chooses what of an index is rehearsed.
func (r *rehearsing) sample(ctx context.Context, row *RehearsalRow) (sample, error) {
	if row.Route != plan.Scroll {
		return newSnapshotSample(ctx, r.reader, row.Source, r.atLeast(row))
	}
	if r.source == nil {
		client, err := r.move.Sides.Source(ctx)
		if err != nil {
			return nil, err
		}
		r.source = load.NewSource(client, r.move.sourceLimits())
	}
	documents, whole, err := load.ScrollShare(ctx, r.source, row.Source, r.options.Share, leastSampled)
	return &keptSample{documents: documents, all: whole}, err
}

// everyDocument reads the whole share, one document after the other.
func everyDocument(ctx context.Context, from sample, visit func(es.Document) error) error {
	for half := range halves {
		for _, feed := range from.feeds(half, 1) {
			err := feed.Each(ctx, 0, func(_ int64, document *es.Document) error { return visit(*document) })
			if err != nil {
				return err
			}
		}
	}
	return nil
}
