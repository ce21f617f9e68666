// storedfields_chunk.go answers: how is one chunk taken apart into documents? Next: storedfields_lucene41.go.

package lucene

import (
	"encoding/binary"
	"math"
)

// pieceDecoder decompresses. A chunk is one piece, or several when it is sliced.
type pieceDecoder interface {
	// decode takes the next piece from s and fills out[start:end]; out reaches outSlack beyond end.
	decode(s *stream, out []byte, start, end int) error
}

// outSlack is what decoders may overwrite behind their output.
const outSlack = lz4Slack

// chunkReader reads chunks. It belongs to one goroutine; its buffers are reused from chunk to chunk.
type chunkReader struct {
	st       *storedFields
	s        stream
	pieces   pieceDecoder
	out      []byte // documents of the chunk, decompressed, and slack
	docBase  int
	docs     int
	fields   []int32 // number of stored fields per document
	lengths  []int32 // of each document
	ends     []int   // end of each document in out
	at       int64   // where the chunk begins in the file
	dataAt   int64   // where its compressed bytes begin
	sliced   bool
	expanded bool // out holds this chunk
}

// next reads the head of the chunk that begins here; nextDoc is the document it must begin with.
func (r *chunkReader) next(nextDoc int) error {
	r.expanded = false
	r.at = r.s.offset()
	base, err := r.s.vint()
	if err != nil {
		return err
	}
	token, err := r.s.vint()
	if err != nil {
		return err
	}
	docs, sliced := token, false
	switch r.st.layout.token {
	case tokenSliced:
		docs, sliced = token>>1, token&1 != 0
	case tokenSlicedMore:
		docs, sliced = token>>2, token&1 != 0
	}
	if base != nextDoc || docs == 0 || docs > r.st.maxDoc-base || docs > maxChunkDocs {
		return corruptf(r.st.name, r.at, "chunk of %d documents from %d, expected from %d of %d", docs, base, nextDoc, r.st.maxDoc)
	}
	r.docBase, r.docs = base, docs
	if cap(r.fields) < docs {
		r.fields, r.lengths, r.ends = make([]int32, docs), make([]int32, docs), make([]int, docs)
	}
	r.fields, r.lengths, r.ends = r.fields[:docs], r.lengths[:docs], r.ends[:docs]
	if err := r.counts(); err != nil {
		return err
	}
	total := r.ends[docs-1]
	if r.st.layout.token == tokenCount {
		sliced = total >= 2*r.st.chunkSize
	}
	r.sliced = sliced
	r.dataAt = r.s.offset()
	if left := r.st.limit() - r.dataAt; left < 0 || int64(total) > r.st.layout.maxRatio*(left+1) {
		return corruptf(r.st.name, r.at, "chunk of %d bytes can't come from the %d left in the file", total, max(left, 0))
	}
	return nil
}

// counts reads the number of fields and the length of each document.
func (r *chunkReader) counts() error {
	if err := r.ints(r.fields); err != nil {
		return err
	}
	for i, n := range r.fields {
		if n < 0 {
			return corruptf(r.st.name, r.at, "%d fields in document %d", n, r.docBase+i)
		}
	}
	if err := r.ints(r.lengths); err != nil {
		return err
	}
	total := 0
	for i, n := range r.lengths {
		if n < 0 || int(n) > maxChunkBytes-total {
			return corruptf(r.st.name, r.at, "document %d has %d bytes", r.docBase+i, n)
		}
		total += int(n)
		r.ends[i] = total
	}
	return nil
}

// ints reads one number per document.
func (r *chunkReader) ints(dst []int32) error {
	if r.docs == 1 {
		v, err := r.s.vint()
		dst[0] = int32(v)
		return err
	}
	if r.st.layout.groupInts {
		return r.groupInts(dst)
	}
	return r.packedInts(dst)
}

// same reads one vint for all.
func (r *chunkReader) same(dst []int32) error {
	v, err := r.s.vint()
	for i := range dst {
		dst[i] = int32(v)
	}
	return err
}

// packedInts: vint bits per value (0: one vint for all), then the values, most significant bit first.
func (r *chunkReader) packedInts(dst []int32) error {
	bpv, err := r.s.vint()
	switch {
	case err != nil:
		return err
	case bpv == 0:
		return r.same(dst)
	case bpv > 31:
		return corruptf(r.st.name, r.s.offset(), "%d bits per value", bpv)
	}
	n := packedBytes(int64(len(dst)), bpv)
	if r.st.packedOld {
		n = (n + wordBytes - 1) / wordBytes * wordBytes
	}
	b, err := r.s.take(int(n))
	if err != nil {
		return err
	}
	var acc uint64
	bits, mask := 0, uint64(1)<<bpv-1
	p := 0
	for i := range dst {
		for bits < bpv {
			acc = acc<<8 | uint64(b[p])
			p++
			bits += 8
		}
		bits -= bpv
		dst[i] = int32(acc >> bits & mask)
	}
	return nil
}

// groupInts: u8 bits per value (0: one vint for all; 8, 16, 32). Groups of 128 values lie in little-endian 64-bit words:
// with P = 64/bits values per word and R = 128/P words, word r holds the values r, r+R, r+2R ... from its most significant
// end. The rest of fewer than 128 follows as plain little-endian numbers.
func (r *chunkReader) groupInts(dst []int32) error {
	b, err := r.s.take(1)
	if err != nil {
		return err
	}
	bits := int(b[0])
	switch bits {
	case 0:
		return r.same(dst)
	case 8, 16, 32:
	default:
		return corruptf(r.st.name, r.s.offset()-1, "%d bits per value", bits)
	}
	const group = 128
	raw, err := r.s.take(len(dst) * bits / 8)
	if err != nil {
		return err
	}
	perWord := wordBits / bits
	rows := group / perWord
	mask := uint64(1)<<bits - 1
	for len(dst) >= group {
		for row := range rows {
			w := binary.LittleEndian.Uint64(raw[row*wordBytes:])
			for slot := range perWord {
				dst[slot*rows+row] = int32(w >> (wordBits - bits - slot*bits) & mask)
			}
		}
		dst, raw = dst[group:], raw[rows*wordBytes:]
	}
	for i := range dst {
		switch bits {
		case 8:
			dst[i] = int32(raw[i])
		case 16:
			dst[i] = int32(binary.LittleEndian.Uint16(raw[2*i:]))
		default:
			dst[i] = int32(binary.LittleEndian.Uint32(raw[4*i:]))
		}
	}
	return nil
}

// expand decompresses the chunk whose head next has read.
func (r *chunkReader) expand() error {
	total := r.ends[r.docs-1]
	r.expanded = true
	if total == 0 {
		return nil
	}
	piece := total
	if r.sliced {
		piece = r.st.chunkSize
	}
	for start := 0; start < total; start += piece {
		end := min(start+piece, total)
		r.grow(end)
		if err := r.pieces.decode(&r.s, r.out, start, end); err != nil {
			r.expanded = false
			return err
		}
	}
	if off := r.s.offset(); off > r.st.limit() {
		return corruptf(r.st.name, r.at, "chunk ends at %d, beyond the last one's end %d", off, r.st.limit())
	}
	return nil
}

// grow makes room for n bytes and slack. A sliced chunk grows as its slices come, so that a false length costs nothing.
func (r *chunkReader) grow(n int) {
	if len(r.out) >= n+outSlack {
		return
	}
	size := n + outSlack
	if len(r.out) > 0 {
		size = max(size, int(min(int64(len(r.out))*3/2, math.MaxInt32)))
	}
	grown := make([]byte, size)
	copy(grown, r.out)
	r.out = grown
}

// document gives the stored bytes of document i of the chunk, and its number of fields.
func (r *chunkReader) document(i int) (b []byte, fields int) {
	start := 0
	if i > 0 {
		start = r.ends[i-1]
	}
	return r.out[start:r.ends[i]:r.ends[i]], int(r.fields[i])
}
