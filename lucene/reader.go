// reader.go answers: how is a document put together from stored fields and doc values? Next: scan.go, documents.go.

package lucene

import (
	"context"
	"fmt"
)

// Reader reads documents of one segment with memory of its own. It is for one goroutine; a segment can have many.
type Reader struct {
	segment *Segment
	st      *storedFields
	chunk   chunkReader
	doc     Document
	columns *documentColumns // opened with the first document
	win     *window
	loaded  bool // chunk holds an expanded chunk of random access
}

// randomAhead is the read-ahead of random access: about a chunk.
const randomAhead = 64 << 10

// Reader makes a reader.
func (s *Segment) Reader(ctx context.Context) (*Reader, error) {
	st, err := s.storedFields(ctx)
	if err != nil {
		return nil, err
	}
	r := &Reader{segment: s, st: st, chunk: chunkReader{st: st, pieces: st.layout.newPieces()}}
	r.doc.segment, r.doc.st = s, st
	return r, nil
}

// Close gives the memory of decompression back. The reader must not be used afterwards.
func (r *Reader) Close() {
	if c, ok := r.chunk.pieces.(interface{ close() }); ok {
		c.close()
	}
}

// forget drops the chunk kept for random access.
func (r *Reader) forget() { r.loaded = false }

// Document reads one document by number, dead or alive. Nested children come without an id. It is valid until the next call.
// Documents of one chunk read one after the other are decompressed once.
func (r *Reader) Document(ctx context.Context, doc int) (*Document, error) {
	if doc < 0 || doc >= r.st.maxDoc {
		return nil, fmt.Errorf("document %d of %d in segment %s: %w", doc, r.st.maxDoc, r.segment.commit.Name, ErrNoDocument)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ch := &r.chunk; !r.loaded || doc < ch.docBase || doc >= ch.docBase+ch.docs {
		r.loaded = false
		if err := r.load(doc); err != nil {
			return nil, &LossError{Segment: r.segment.commit.Name, From: doc, To: doc + 1, Err: err}
		}
		r.loaded = true
	}
	d, err := r.assemble(doc, true)
	if err != nil {
		return nil, &LossError{Segment: r.segment.commit.Name, From: doc, To: doc + 1, Err: err}
	}
	return d, nil
}

// NestedBefore counts the nested objects of a root, which are the documents without an id right in front of it: those nested in
// one come in front of it in turn. It holds for dead roots too, whose stored fields stay until a merge drops the whole block.
func (r *Reader) NestedBefore(ctx context.Context, root int) (int, error) {
	first := root
	for first > 0 {
		before, err := r.Document(ctx, first-1)
		if err != nil {
			return 0, err
		}
		if before.isRoot() {
			break
		}
		first--
	}
	return root - first, nil
}

// load expands the chunk that holds a document.
func (r *Reader) load(doc int) error {
	x, err := r.st.chunkIndex()
	if err != nil {
		return err
	}
	if r.win == nil {
		r.win = x.window()
	}
	i, err := findChunk(x, r.win, doc)
	if err != nil {
		return err
	}
	base, start, err := x.chunk(r.win, i)
	if err != nil {
		return err
	}
	r.chunk.s.reset(r.st.data, r.st.name, start, randomAhead)
	if err := r.chunk.next(base); err != nil {
		return err
	}
	if doc >= base+r.chunk.docs {
		return corruptf(r.st.name, start, "chunk ends with document %d, index says %d is in it", base+r.chunk.docs-1, doc)
	}
	return r.chunk.expand()
}

// assemble puts a document of the expanded chunk together.
func (r *Reader) assemble(doc int, columns bool) (*Document, error) {
	d := &r.doc
	d.reset(doc)
	d.Deleted = !r.segment.Live(doc)
	if err := d.parse(r.chunk.document(doc - r.chunk.docBase)); err != nil {
		return nil, err
	}
	if !columns || !d.isRoot() {
		return d, nil
	}
	if err := r.openColumns(); err != nil {
		return nil, err
	}
	return d, r.columns.fill(d)
}

// openColumns opens the doc values that every document is completed from.
func (r *Reader) openColumns() (err error) {
	if r.columns == nil {
		r.columns, err = newDocumentColumns(r.segment.columns)
	}
	return err
}
