package load

// feed.go answers: what is one unit of work, and who reads it? Whatever holds documents gives a Feed; here is that of a
// snapshot, cut so that one huge shard feeds many workers and ten thousand small ones do not make as many units.
// Next: job.go.

import (
	"context"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
)

// Feed reads the documents of one unit of work, always in the same order, beginning behind a position: 0 is the start.
// Positions grow. A document and its source are valid until visit returns; its texts may be kept.
type Feed interface {
	Each(ctx context.Context, from int64, visit func(position int64, document *es.Document) error) error
}

const (
	// unitBytes is about how much of a repository one unit reads: what is done again after a crash is less than that, and
	// a worker is busy with it for some seconds.
	unitBytes = 32 << 20
	// longestPlace bounds the words for where a unit reads.
	longestPlace = 200
	// spanBits is how many bits of a position count documents within a span; those above count spans.
	spanBits = 40
)

// SnapshotUnit is a unit of an index in a snapshot: a run of documents of a segment, or several small shards. It is
// written as JSON for workers elsewhere.
type SnapshotUnit struct {
	Spans []export.Span `json:"spans"`
}

// SnapshotUnits cuts an index into units.
func SnapshotUnits(ctx context.Context, reader *export.Reader, index string) ([]SnapshotUnit, error) {
	return snapshotUnits(ctx, reader, index, unitBytes)
}

func snapshotUnits(ctx context.Context, reader *export.Reader, index string, each int64) ([]SnapshotUnit, error) {
	spans, err := reader.Spans(ctx, index, each)
	if err != nil {
		return nil, fmt.Errorf("read %s in the snapshot: %w", index, err)
	}
	var units []SnapshotUnit
	var size int64 // of the last unit
	for _, span := range spans {
		if len(units) == 0 || size+span.Bytes > each {
			units, size = append(units, SnapshotUnit{}), 0
		}
		last := &units[len(units)-1]
		last.Spans = append(last.Spans, span)
		size += span.Bytes
	}
	return units, nil
}

// Bytes is about how much of the repository the unit reads.
func (u SnapshotUnit) Bytes() int64 {
	var sum int64
	for _, span := range u.Spans {
		sum += span.Bytes
	}
	return sum
}

// Feed gives the unit's documents.
func (u SnapshotUnit) Feed(reader *export.Reader) Feed {
	return &snapshotFeed{unit: u, reader: reader}
}

type snapshotFeed struct {
	unit   SnapshotUnit
	reader *export.Reader
}

// Place names what the unit reads.
func (f *snapshotFeed) Place() string {
	var place strings.Builder
	for i, span := range f.unit.Spans {
		if i > 0 {
			place.WriteString("; ")
		}
		fmt.Fprintf(&place, "shard %d of %s", span.Shard, span.Index)
		if span.Segment != "" {
			fmt.Fprintf(&place, ", segment %s, documents %d to %d", span.Segment, span.From, span.To-1)
		}
		if place.Len() > longestPlace {
			return place.String() + "; …"
		}
	}
	return place.String()
}

// Each reads the unit. What cannot be read is an error, never left out.
func (f *snapshotFeed) Each(ctx context.Context, from int64, visit func(position int64, document *es.Document) error) error {
	var texts texts
	var document es.Document
	for i := int(from >> spanBits); i < len(f.unit.Spans); i++ {
		base := int64(i) << spanBits
		err := f.reader.Each(ctx, f.unit.Spans[i], max(0, from-base), func(position int64, read *export.Document) error {
			document = texts.document(read)
			return visit(base+position, &document)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// textBlock is how many bytes of text are allocated at once.
const textBlock = 64 << 10

// texts makes strings of bytes that are reused, with one allocation for many.
type texts struct {
	block strings.Builder
	last  string
}

// document is a document as it was read, its source not copied.
func (t *texts) document(read *export.Document) es.Document {
	return es.Document{Index: read.Index, Type: t.known(read.Type), ID: t.text(read.ID), Routing: t.text(read.Routing), Parent: t.text(read.Parent),
		Version: read.Version, SeqNo: read.SeqNo, PrimaryTerm: read.PrimaryTerm, Source: read.Source,
		Timestamp: read.Timestamp, HasTimestamp: read.HasTimestamp, Expiry: read.Expiry, HasExpiry: read.HasExpiry}
}

// text copies. What it gave earlier stays as it is, since a block is only ever appended to.
func (t *texts) text(bytes []byte) string {
	if len(bytes) == 0 {
		return ""
	}
	if t.block.Cap()-t.block.Len() < len(bytes) {
		t.block = strings.Builder{}
		t.block.Grow(max(textBlock, len(bytes)))
	}
	start := t.block.Len()
	t.block.Write(bytes)
	return t.block.String()[start:]
}

// known is text for what mostly repeats itself.
func (t *texts) known(bytes []byte) string {
	if t.last != string(bytes) {
		t.last = t.text(bytes)
	}
	return t.last
}
