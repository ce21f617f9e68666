package export

// span.go answers: how is an index cut into pieces that several workers, also on several machines, read one by one, each
// from where another stopped? A small shard is one piece and is not opened for the cutting; a large segment becomes
// several. Next: unit.go.

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Span is a run of documents of one shard. It is written as JSON, so that another process can read it.
type Span struct {
	Index string `json:"index"`
	Shard int    `json:"shard"`
	// Segment is empty where all segments of the shard are meant; then From and To are 0.
	Segment string `json:"segment,omitempty"`
	From    int    `json:"from,omitempty"`
	To      int    `json:"to,omitempty"`
	// Bytes is about what its stored documents take in the repository.
	Bytes int64 `json:"bytes"`
	// Check asks for the segment's file to be verified as a whole first, since no span reads all of it.
	Check bool `json:"check,omitempty"`
}

// Spans cuts an index of the reader's snapshot into pieces of about so many bytes.
func (r *Reader) Spans(ctx context.Context, indexName string, each int64) ([]Span, error) {
	if err := r.info.Complete(); err != nil {
		return nil, err
	}
	index, err := r.index(ctx, indexName)
	if err != nil {
		return nil, err
	}
	var spans []Span
	for number := range index.Shards {
		shard, err := r.repository.Shard(ctx, r.info, index, number)
		if err != nil {
			return nil, &Loss{Index: index.Name, Shard: number, Documents: -1, Err: err}
		}
		if len(shard.Files) == 0 {
			continue
		}
		if size := storedBytes(shard); size <= each {
			spans = append(spans, Span{Index: index.Name, Shard: number, Bytes: size})
			continue
		}
		cut, err := r.cutShard(ctx, index.Name, number, each)
		if err != nil {
			return nil, err
		}
		spans = append(spans, cut...)
	}
	return spans, nil
}

// storedBytes adds up the files that hold documents; a compound file holds more than them, which makes pieces smaller.
func storedBytes(shard *snapshot.Shard) int64 {
	var sum int64
	for i := range shard.Files {
		if name := shard.Files[i].Name; strings.HasSuffix(name, ".fdt") || strings.HasSuffix(name, ".cfs") {
			sum += shard.Files[i].Length
		}
	}
	return sum
}

func (r *Reader) cutShard(ctx context.Context, index string, number int, each int64) ([]Span, error) {
	one, err := r.open(ctx, index, number)
	if err != nil {
		return nil, err
	}
	var spans []Span
	cutter := scan{options: ScanOptions{unitBytes: each}}
	for _, segment := range one.segments {
		ranges, err := cutter.split(ctx, segment)
		if err != nil {
			return nil, &Loss{Index: index, Shard: number, Segment: segment.Name(), Documents: segment.MaxDoc(), Err: err}
		}
		for i, span := range ranges {
			spans = append(spans, Span{Index: index, Shard: number, Segment: segment.Name(), From: span.From, To: span.To, Bytes: span.Bytes,
				Check: len(ranges) > 1 && i == 0})
		}
	}
	return spans, nil
}

// openShards is how many opened shards a reader keeps: the spans of one huge shard follow each other.
const openShards = 4

// Reader reads spans of one snapshot. It may be used by several goroutines.
type Reader struct {
	repository *snapshot.Repository
	info       *snapshot.Info
	// context is that of the reader's owner: opened shards outlive the reading of one span.
	context context.Context

	mutex   sync.Mutex
	indices map[string]*snapshot.Index
	shards  []*keptShard // the last used comes last
}

// keptShard is a shard that is opened once, by whoever asks first.
type keptShard struct {
	index  string
	number int
	once   sync.Once
	opened *openedShard
}

// NewReader makes a reader, whose opened shards live as long as ctx.
func NewReader(ctx context.Context, repository *snapshot.Repository, info *snapshot.Info) *Reader {
	return &Reader{repository: repository, info: info, context: ctx, indices: map[string]*snapshot.Index{}}
}

func (r *Reader) index(ctx context.Context, name string) (*snapshot.Index, error) {
	r.mutex.Lock()
	known := r.indices[name]
	r.mutex.Unlock()
	if known != nil {
		return known, nil
	}
	index, err := r.repository.Index(ctx, r.info, name)
	if err == nil {
		err = index.Readable()
	}
	if err != nil {
		return nil, &Loss{Index: name, Shard: -1, Documents: -1, Err: err}
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.indices[name] = index
	return index, nil
}

// open gives a shard with its segments; the first loss is the error.
func (r *Reader) open(ctx context.Context, name string, number int) (*openedShard, error) {
	index, err := r.index(ctx, name)
	if err != nil {
		return nil, err
	}
	if number < 0 || number >= index.Shards {
		return nil, fmt.Errorf("index %s has no shard %d", name, number)
	}
	kept := r.keep(name, number)
	kept.once.Do(func() {
		opener := scan{repository: r.repository, info: r.info}
		kept.opened = opener.openShard(r.context, index, number)
	})
	if len(kept.opened.losses) > 0 {
		r.forget(kept) // the next try may find the network mended
		return nil, &kept.opened.losses[0]
	}
	return kept.opened, nil
}

func (r *Reader) keep(name string, number int) *keptShard {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for i, one := range r.shards {
		if one.index == name && one.number == number {
			r.shards = append(append(r.shards[:i:i], r.shards[i+1:]...), one)
			return one
		}
	}
	if len(r.shards) == openShards {
		r.shards = r.shards[1:]
	}
	kept := &keptShard{index: name, number: number}
	r.shards = append(r.shards, kept)
	return kept
}

func (r *Reader) forget(kept *keptShard) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	for i, one := range r.shards {
		if one == kept {
			r.shards = append(r.shards[:i:i], r.shards[i+1:]...)
			return
		}
	}
}

// Each calls visit with the living documents of a span, always in the same order, beginning behind a position: 0 is the
// start, and a document's own position is where a later call goes on behind it. The first loss ends it with an error.
func (r *Reader) Each(ctx context.Context, span Span, from int64, visit func(position int64, document *Document) error) error {
	one, err := r.open(ctx, span.Index, span.Shard)
	if err != nil {
		return err
	}
	reading := scan{repository: r.repository, info: r.info}
	document := new(Document)
	base, found := int64(0), false // base counts the documents of the segments before
	for _, segment := range one.segments {
		if span.Segment != "" && segment.Name() != span.Segment {
			continue
		}
		found = true
		first, last := 0, segment.MaxDoc()
		if span.Segment != "" {
			first, last = span.From, min(span.To, last)
		}
		start := max(first, int(min(from-base+int64(first), int64(last))))
		if start < last {
			u := &unit{index: one.index, defaultType: one.defaultType, shard: one.shard, number: one.number, segment: segment, pending: &pending{}}
			u.span.From, u.span.To = start, last
			// A scan from the start verifies the file at its end; one that goes on in the middle cannot.
			resumed := start > first && last-first == segment.MaxDoc()
			if span.Check && start == first || resumed {
				u.verify = storedFieldsFile(one.shard, segment)
			}
			position := base - int64(first) + 1
			if err := reading.readUnit(ctx, u, visitFunc(func(d *Document) error { return visit(position+int64(d.Number), d) }), document); err != nil {
				return err
			}
		}
		base += int64(last - first)
	}
	if !found && span.Segment != "" {
		return &Loss{Index: span.Index, Shard: span.Shard, Segment: span.Segment, Documents: span.To - span.From,
			Err: fmt.Errorf("the snapshot has no such segment any more: %w", snapshot.ErrCorrupt)}
	}
	return nil
}
