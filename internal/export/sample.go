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
	// before counts the nested objects of a root; it is asked when they are.
	before func(root int) (int, error)
	nested int // -1 while nobody has asked
}

// Column gives what the document has in a field's doc values; found is false where the segment has no such column.
func (s *Sampled) Column(field string) (values lucene.ColumnValues, found bool, err error) {
	return s.columns.Values(field, s.number)
}

// Nested is how many nested objects the document has, at all depths.
func (s *Sampled) Nested() (int, error) {
	if s.nested < 0 {
		count, err := s.before(s.number)
		if err != nil {
			return 0, err
		}
		s.nested = count
	}
	return s.nested, nil
}

// NestedColumn gives, for each of the document's nested objects, what Column gives for the document. Those that have none of
// the field are among them, without values.
func (s *Sampled) NestedColumn(field string) (values []lucene.ColumnValues, found bool, err error) {
	count, err := s.Nested()
	if err != nil {
		return nil, false, err
	}
	found = true
	for number := s.number - count; number < s.number && found; number++ {
		var one lucene.ColumnValues
		if one, found, err = s.columns.Values(field, number); err != nil {
			return nil, false, err
		}
		values = append(values, one)
	}
	return values, found, nil
}

// Metadata gives an index of the reader's snapshot.
func (r *Reader) Metadata(ctx context.Context, index string) (*snapshot.Index, error) {
	return r.index(ctx, index)
}

// Sample visits about so many living documents of an index, spread over its shards and segments by their size. One with many
// nested objects is the likelier chosen.
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
	return r.visitNumbers(ctx, one, segment, chosen, true, visit)
}

// visitNumbers visits documents of a segment by their numbers, which grow; dead ones are left out. A nested object stands for
// the document that it is in, once, or is left out too.
func (r *Reader) visitNumbers(ctx context.Context, one *openedShard, segment *lucene.Segment, numbers []int, nestedToo bool, visit func(*Sampled) error) error {
	reader, err := segment.Reader(ctx)
	if err != nil {
		return err
	}
	defer reader.Close()
	rebuilding := unit{index: one.index, segment: segment}
	neighbours, err := segment.Reader(ctx) // of its own, since a document is valid until its reader reads the next
	if err != nil {
		return err
	}
	defer neighbours.Close()
	sampled := &Sampled{Document: new(Document), columns: segment.Columns(), before: func(root int) (int, error) { return neighbours.NestedBefore(ctx, root) }}
	last := -1
	for _, number := range numbers {
		if number <= last || !segment.Live(number) {
			continue
		}
		from, err := reader.Document(ctx, number)
		for nestedToo && err == nil && len(from.ID) == 0 && number+1 < segment.MaxDoc() {
			number++ // the document of a nested object stands behind it
			from, err = reader.Document(ctx, number)
		}
		if err != nil {
			return err
		}
		last = number
		if len(from.ID) == 0 {
			continue
		}
		if from.Source == nil {
			if err := rebuilding.rebuild(from); err != nil {
				return err
			}
		}
		sampled.number, sampled.nested = number, -1
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
