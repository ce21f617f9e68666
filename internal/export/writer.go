package export

// writer.go answers: how do documents become chunks, compressed by each worker, and reach the sink in order or not?
// Next: sink.go.

import (
	"context"
	"fmt"
)

const (
	// chunkBytes is when a worker hands over what it made: few writes, little memory.
	chunkBytes = 1 << 20
	// chunkRows does the same for Parquet.
	chunkRows = 4096
	// chunksAhead is how many chunks of a unit wait for their turn in ordered mode: with orderedSegment about a unit.
	chunksAhead = 8
)

// chunk is a run of whole documents, for a stream or for Parquet. Chunks of one index may follow each other in any order.
type chunk struct {
	index string
	bytes []byte
	rows  []row
	last  bool // ends its unit, in ordered mode
}

// writer is the visitor of one worker.
type writer struct {
	options  Options
	sink     Sink
	compress *compressor
	ctx      context.Context // of the unit at work
	unit     *unit
	buffer   []byte
	rows     []row
	rowBytes int
}

func newWriter(options Options, sink Sink) *writer {
	return &writer{options: options, sink: sink, compress: newCompressor(options.Compression)}
}

func (w *writer) begin(ctx context.Context, u *unit) { w.ctx, w.unit = ctx, u }

func (w *writer) document(d *Document) error {
	if w.options.Format == Parquet {
		return w.row(d)
	}
	var err error
	if w.buffer, err = appendLine(w.buffer, d, &w.options); err != nil {
		return fmt.Errorf("%w: %w", errUnreadableSource, err)
	}
	if len(w.buffer) < chunkBytes {
		return nil
	}
	return w.flush(false)
}

func (w *writer) row(d *Document) error {
	one, err := newRow(d, &w.options)
	if err != nil {
		return fmt.Errorf("%w: %w", errUnreadableSource, err)
	}
	w.rows = append(w.rows, one)
	w.rowBytes += one.size()
	if len(w.rows) < chunkRows && w.rowBytes < chunkBytes {
		return nil
	}
	return w.flush(false)
}

func (w *writer) end() error { return w.flush(true) }

func (w *writer) flush(last bool) error {
	c := chunk{index: w.unit.index.Name, rows: w.rows, last: last}
	if len(w.buffer) > 0 {
		var err error
		if c.bytes, err = w.compress.member(w.buffer); err != nil {
			return fmt.Errorf("compress: %w", err)
		}
	}
	if w.unit.chunks == nil {
		err := w.write(c)
		w.buffer, w.rows, w.rowBytes = w.buffer[:0], w.rows[:0], 0
		return err
	}
	if w.options.Compression == Plain {
		w.buffer = nil // now the chunk's
	}
	w.buffer, w.rows, w.rowBytes = w.buffer[:0], nil, 0
	select {
	case w.unit.chunks <- c:
		return nil
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
}

func (w *writer) write(c chunk) error {
	if c.empty() {
		return nil
	}
	return w.sink.write(c)
}

func (c *chunk) empty() bool { return len(c.bytes) == 0 && len(c.rows) == 0 }

// putInOrder writes the chunks of the units one unit after the other.
func (s *scan) putInOrder(ctx context.Context) error {
	for u := range s.order {
		for last := false; !last; {
			select {
			case c := <-u.chunks:
				last = c.last
				if c.empty() {
					continue
				}
				if err := s.writeChunk(c); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if err := s.finished(u.pending); err != nil {
			return err
		}
	}
	return nil
}
