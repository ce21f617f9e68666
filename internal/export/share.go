package export

// share.go answers: how is a share of an index taken out of a snapshot by reading about that share of it? Its documents
// are cut into short stretches, and of every so many in a row one is chosen by a hash: the same ones each time, spread
// evenly over shards, segments and so over time. A hash of each id would be as even, and would read everything.
// Next: span.go.

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/zeebo/xxh3"
)

// stretchLength is how many documents of a segment make a stretch: about what is compressed together, so that a stretch costs
// little more than its own documents.
const stretchLength = 64

// Stretch is a stretch of documents of one segment, nested and dead ones included in its numbers.
type Stretch struct {
	Shard   int
	Segment string
	// From and To are document numbers, To not included.
	From, To int
}

// Share is what was chosen of an index.
type Share struct {
	Stretches []Stretch
	// Whole says that every document is in it.
	Whole bool
}

// Share chooses stretches that hold about a part (0 to 1) of an index's documents.
func (r *Reader) Share(ctx context.Context, index string, part float64) (Share, error) {
	about, err := r.index(ctx, index)
	if err != nil {
		return Share{}, err
	}
	var all []Stretch
	for number := range about.Shards {
		one, err := r.open(ctx, index, number)
		if err != nil {
			return Share{}, err
		}
		for _, segment := range one.segments {
			for from := 0; from < segment.MaxDoc(); from += stretchLength {
				all = append(all, Stretch{Shard: number, Segment: segment.Name(), From: from, To: min(from+stretchLength, segment.MaxDoc())})
			}
		}
	}
	if part >= 1 {
		return Share{Stretches: all, Whole: true}, nil
	}
	return Share{Stretches: choose(all, index, part)}, nil
}

// choose takes one out of each 1/part in a row; of a part beyond one half it leaves one out of as many as that takes.
func choose(all []Stretch, index string, part float64) []Stretch {
	rest := part > 0.5
	if rest {
		part = 1 - part
	}
	picked := make([]bool, len(all))
	for stratum := 0; float64(stratum)/part < float64(len(all)); stratum++ {
		number := binary.LittleEndian.AppendUint64([]byte(index+"/"), uint64(stratum))
		within := float64(xxh3.Hash(number)>>11) / (1 << 53) // 0 to 1, by the 53 bits that a double keeps
		if at := int((float64(stratum) + within) / part); at < len(all) {
			picked[at] = true
		}
	}
	var chosen []Stretch
	for i, stretch := range all {
		if picked[i] != rest {
			chosen = append(chosen, stretch)
		}
	}
	return chosen
}

// ReadStretch visits the living documents of a stretch in their order.
func (r *Reader) ReadStretch(ctx context.Context, index string, stretch Stretch, visit func(*Sampled) error) error {
	one, err := r.open(ctx, index, stretch.Shard)
	if err != nil {
		return err
	}
	numbers := make([]int, 0, stretch.To-stretch.From)
	for number := stretch.From; number < stretch.To; number++ {
		numbers = append(numbers, number)
	}
	for _, segment := range one.segments {
		if segment.Name() != stretch.Segment {
			continue
		}
		var theirs error // the visitor's, which is no loss
		err := r.visitNumbers(ctx, one, segment, numbers, false, func(sampled *Sampled) error {
			theirs = visit(sampled)
			return theirs
		})
		if theirs != nil {
			return theirs
		}
		if err != nil {
			return &Loss{Index: index, Shard: stretch.Shard, Segment: stretch.Segment, From: stretch.From, To: stretch.To, Documents: stretch.To - stretch.From, Err: err}
		}
		return nil
	}
	return fmt.Errorf("shard %d of %s has no segment %s", stretch.Shard, index, stretch.Segment)
}
