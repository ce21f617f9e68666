package export

// unit.go answers: what does one worker read at a time? A segment, or where it is large a run of its documents. Next:
// document.go.

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// unitsAhead is how many units per worker may be begun before the first of them is finished, in ordered mode.
const unitsAhead = 4

// unit is a run of documents of one segment.
type unit struct {
	index       *snapshot.Index
	defaultType []byte
	shard       *snapshot.Shard
	number      int // of the shard
	segment     *lucene.Segment
	span        lucene.Range
	verify      string // the file to verify as a whole, since no unit reads all of it
	pending     *pending
	chunks      chan chunk                   // in ordered mode
	rebuilders  map[string]*lucene.Rebuilder // by type, for documents without a source
}

// pending counts the units of one index that are not finished.
type pending struct {
	index string
	units int
}

// cutUnits takes opened shards in order and hands out units.
func (s *scan) cutUnits(ctx context.Context, shards <-chan chan *openedShard, units chan<- *unit) error {
	var current *pending
	if s.order != nil {
		defer close(s.order)
	}
	for opened := range shards {
		var one *openedShard
		select {
		case one = <-opened:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, loss := range one.losses {
			if err := s.lose(loss); err != nil {
				return err
			}
		}
		if current == nil {
			current = &pending{index: one.index.Name, units: 1} // one of its own until the last shard is cut
		}
		s.count(func(summary *Summary) {
			summary.Shards++
			summary.Segments += len(one.segments)
		})
		for _, segment := range one.segments {
			if err := s.cutSegment(ctx, one, segment, current, units); err != nil {
				return err
			}
		}
		if one.last {
			if err := s.finished(current); err != nil {
				return err
			}
			current = nil
		}
	}
	return nil
}

func (s *scan) cutSegment(ctx context.Context, one *openedShard, segment *lucene.Segment, current *pending, units chan<- *unit) error {
	ranges, err := s.split(ctx, segment)
	if err != nil {
		return s.lose(Loss{Index: one.index.Name, Shard: one.number, Segment: segment.Name(), Documents: segment.MaxDoc(), Err: err})
	}
	for i, span := range ranges {
		u := &unit{index: one.index, defaultType: one.defaultType, shard: one.shard, number: one.number, segment: segment, span: span, pending: current}
		if len(ranges) > 1 && i == 0 {
			u.verify = storedFieldsFile(one.shard, segment)
		}
		s.mu.Lock()
		s.progress.TotalBytes += span.Bytes
		current.units++
		s.mu.Unlock()
		if s.order != nil {
			u.chunks = make(chan chunk, chunksAhead)
			select {
			case s.order <- u:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		select {
		case units <- u:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (s *scan) split(ctx context.Context, segment *lucene.Segment) ([]lucene.Range, error) {
	whole, err := segment.Splits(ctx, 1)
	if err != nil || len(whole) != 1 {
		return whole, err
	}
	each := s.options.unitBytes
	if each == 0 && s.options.Ordered {
		each = orderedSegment
	} else if each == 0 {
		each = largeSegment
	}
	count := whole[0].Bytes / each
	if count <= 1 || s.selection.Limit > 0 {
		return whole, nil
	}
	return segment.Splits(ctx, int(count))
}

// storedFieldsFile names the file that holds a segment's stored fields.
func storedFieldsFile(shard *snapshot.Shard, segment *lucene.Segment) string {
	compound := segment.Name() + ".cfs"
	for i := range shard.Files {
		if shard.Files[i].Name == compound {
			return compound
		}
	}
	return segment.Name() + ".fdt"
}

// finished counts one unit down and tells when an index is done.
func (s *scan) finished(p *pending) error {
	s.mu.Lock()
	p.units--
	done := p.units == 0
	s.mu.Unlock()
	if done && s.indexDone != nil {
		return s.indexDone(p.index)
	}
	return nil
}

// work reads units until there are none.
func (s *scan) work(ctx context.Context, units <-chan *unit) error {
	visit := s.newVisitor()
	d := new(Document)
	for {
		select {
		case u, more := <-units:
			if !more {
				return nil
			}
			if err := s.readUnit(ctx, u, visit, d); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *scan) readUnit(ctx context.Context, u *unit, visit visitor, d *Document) error {
	visit.begin(ctx, u)
	d.Index, d.Shard = u.index.Name, u.number
	var counted Summary
	lose := func(from, to int, err error) error {
		return s.lose(Loss{Index: u.index.Name, Shard: u.number, Segment: u.segment.Name(), From: from, To: to, Documents: to - from, Err: err})
	}
	if u.verify != "" {
		if err := u.verifyWhole(ctx); err != nil {
			// The documents are delivered all the same when told to keep going: most of them are right, and named as doubtful.
			if err := lose(0, u.segment.MaxDoc(), err); err != nil {
				return err
			}
		}
	}
	if u.span.From < u.span.To {
		if err := s.scanUnit(ctx, u, visit, d, &counted, lose); err != nil {
			if !errors.Is(err, errLimit) {
				return err
			}
			if closeErr := s.close(u, visit, counted); closeErr != nil {
				return closeErr
			}
			return errLimit
		}
	}
	return s.close(u, visit, counted)
}

// scanUnit reads the documents of a unit. What keeps the scan from beginning is a loss as well.
func (s *scan) scanUnit(ctx context.Context, u *unit, visit visitor, d *Document, counted *Summary, lose func(from, to int, err error) error) error {
	var ours error // an error of this function's own, not of the segment
	options := lucene.ScanOptions{From: u.span.From, To: u.span.To}
	options.OnLoss = func(loss *lucene.LossError) error {
		ours = lose(loss.From, loss.To, loss.Err)
		return ours
	}
	err := u.segment.Scan(ctx, options, func(from *lucene.Document) error {
		ours = s.visitOne(from, u, visit, d, counted, lose)
		return ours
	})
	if err != nil && ours == nil && ctx.Err() == nil {
		return lose(u.span.From, u.span.To, err)
	}
	return err
}

func (s *scan) visitOne(from *lucene.Document, u *unit, visit visitor, d *Document, counted *Summary, lose func(from, to int, err error) error) error {
	if from.Source == nil {
		if err := u.rebuild(from); err != nil {
			return lose(from.DocID, from.DocID+1, err)
		}
	}
	if err := d.take(from, u.defaultType); err != nil {
		return lose(from.DocID, from.DocID+1, fmt.Errorf("%w: %w", errUnreadableSource, err))
	}
	if !s.selection.matches(d) {
		return nil
	}
	if s.selection.Limit > 0 && s.left.Add(-1) < 0 {
		return errLimit
	}
	err := visit.document(d)
	if errors.Is(err, errUnreadableSource) {
		return lose(from.DocID, from.DocID+1, err)
	}
	if err == nil {
		counted.add(d)
	}
	return err
}

// add counts one delivered document.
func (s *Summary) add(d *Document) {
	s.Documents++
	s.SourceBytes += int64(len(d.Source))
	switch d.Origin {
	case Recovered:
		s.Recovered++
	case Rebuilt:
		s.Rebuilt++
	case Absent:
		s.Absent++
	}
}

// close ends a unit: what was made of it is flushed, counted and shown.
func (s *scan) close(u *unit, visit visitor, counted Summary) error {
	if err := visit.end(); err != nil {
		return err
	}
	s.mu.Lock()
	s.summary.Documents += counted.Documents
	s.summary.SourceBytes += counted.SourceBytes
	s.summary.Recovered += counted.Recovered
	s.summary.Rebuilt += counted.Rebuilt
	s.summary.Absent += counted.Absent
	s.progress.Documents += counted.Documents
	s.progress.Bytes += u.span.Bytes
	if s.options.Progress != nil {
		s.options.Progress(s.progress)
	}
	s.mu.Unlock()
	if u.chunks != nil {
		return nil // counted down by putInOrder, once it is written
	}
	return s.finished(u.pending)
}

// verifyWhole checks the file that units of this segment read in ranges.
func (u *unit) verifyWhole(ctx context.Context) error {
	file, err := u.shard.Directory(ctx).Open(u.verify)
	if err != nil {
		return err
	}
	return file.Verify()
}
