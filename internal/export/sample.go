package export

// sample.go answers: how are a few hundred documents of an index taken out of a snapshot without reading it all, with what
// their columns hold? Numbers of documents are chosen by the seed, the same ones each time. Next: share.go, span.go.

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"

	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Sampled is one document with its columns. It is valid until the visitor returns.
type Sampled struct {
	Document *Document
	number   int
	columns  *lucene.Columns
}

// Column gives what the document has in a field's doc values; found is false where the segment has no such column.
func (s *Sampled) Column(field string) (values lucene.ColumnValues, found bool, err error) {
	return s.columns.Values(field, s.number)
}

// Metadata gives an index of the reader's snapshot.
func (r *Reader) Metadata(ctx context.Context, index string) (*snapshot.Index, error) {
	return r.index(ctx, index)
}

// Sample visits about so many living documents of an index, spread over its shards and segments by their size.
func (r *Reader) Sample(ctx context.Context, index string, count int, seed uint64, visit func(*Sampled) error) error {
	about, err := r.index(ctx, index)
	if err != nil {
		return err
	}
	for number := range about.Shards {
		one, err := r.open(ctx, index, number)
		if err != nil {
			return err
		}
		living := 0
		for _, segment := range one.segments {
			living += segment.LiveDocs()
		}
		for _, segment := range one.segments {
			if living == 0 {
				continue
			}
			// Rounded up, so that small segments are seen too.
			share := (count*segment.LiveDocs() + living*about.Shards - 1) / (living * about.Shards)
			var theirs error // the visitor's, which is no loss
			err := r.sampleSegment(ctx, one, segment, share, seed, func(sampled *Sampled) error {
				theirs = visit(sampled)
				return theirs
			})
			if theirs != nil {
				return theirs
			}
			if err != nil {
				return &Loss{Index: index, Shard: number, Segment: segment.Name(), Documents: -1, Err: err}
			}
		}
	}
	return nil
}

func (r *Reader) sampleSegment(ctx context.Context, one *openedShard, segment *lucene.Segment, count int, seed uint64, visit func(*Sampled) error) error {
	place := fnv.New64a()
	fmt.Fprintf(place, "%s/%d/%s", one.index.Name, one.number, segment.Name())
	source := rand.New(rand.NewPCG(seed, place.Sum64()))
	chosen := chooseDocuments(source, segment, count)
	if len(chosen) == 0 {
		return nil
	}
	return r.visitNumbers(ctx, one, segment, chosen, visit)
}

// visitNumbers visits documents of a segment by their numbers, which grow; dead ones and nested children are left out.
func (r *Reader) visitNumbers(ctx context.Context, one *openedShard, segment *lucene.Segment, numbers []int, visit func(*Sampled) error) error {
	reader, err := segment.Reader(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	rebuilding := unit{index: one.index, segment: segment}
	sampled := &Sampled{Document: new(Document), columns: segment.Columns()}
	for _, number := range numbers {
		if !segment.Live(number) {
			continue
		}
		from, err := reader.Document(ctx, number)
		if err != nil {
			return err
		}
		if len(from.ID) == 0 {
			continue // a nested child
		}
		if from.Source == nil {
			if err := rebuilding.rebuild(from); err != nil {
				return err
			}
		}
		sampled.number = number
		sampled.Document.Index, sampled.Document.Shard = one.index.Name, one.number
		if err := sampled.Document.take(from, one.defaultType); err != nil {
			return err
		}
		if err := visit(sampled); err != nil {
			return err
		}
	}
	return nil
}

// chooseDocuments gives numbers of living documents in their order.
func chooseDocuments(source *rand.Rand, segment *lucene.Segment, count int) []int {
	var chosen []int
	if segment.LiveDocs() <= count {
		for number := range segment.MaxDoc() {
			if segment.Live(number) {
				chosen = append(chosen, number)
			}
		}
		return chosen
	}
	const triesEach = 20 // a segment of few living documents among many dead ones gives fewer
	for range count * triesEach {
		number := source.IntN(segment.MaxDoc())
		if segment.Live(number) && !slices.Contains(chosen, number) {
			chosen = append(chosen, number)
		}
		if len(chosen) == count {
			break
		}
	}
	slices.Sort(chosen)
	return chosen
}
