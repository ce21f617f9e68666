// storedfields_index.go answers: where in .fdt is the chunk of a document? Next: documents.go.
//
// Reading front to back needs no index. It serves random access, splitting a segment among workers, and going on behind a
// damaged chunk.
//
// Legacy .fdx (to Lucene 8.4):
//
//	header "...Index" | vint packed version | blocks | vint 0 | [vlong end of the last chunk] | footer
//	block = vint chunks | vint docBase, vint avgDocs, vint bpv, packed zig-zag | vlong start, vlong avgSize, vint bpv, packed zig-zag
//	docBase(i) = docBase + avgDocs*i + delta(i)        start(i) = start + avgSize*i + delta(i)
//
// .fdm and .fdx (since 8.5), both with index header and footer:
//
//	.fdm  "Lucene85FieldsIndexMeta" or "Lucene90FieldsIndexMeta" | [8.7: vint chunkSize, vint packed version] [9.0: vint chunkSize]
//	      i32 maxDoc | i32 blockShift | i32 chunks+1 | i64 docsStart | monotonic docBases | i64 startsStart |
//	      monotonic starts | i64 startsEnd | i64 end of the last chunk | statistics
//	.fdx  "...Idx" | data of both sequences

package lucene

import (
	"fmt"
	"strings"
)

// chunkIndex finds chunks by number. chunk(chunks()) isn't valid.
type chunkIndex interface {
	chunks() int
	// window gives what chunk needs to read; nil when nothing.
	window() *window
	chunk(w *window, i int) (docBase int, start int64, err error)
}

// indexAhead is the read-ahead in the index: a binary search touches a few places.
const indexAhead = 4096

// chunkIndex gives the index, reading a legacy one now.
func (st *storedFields) chunkIndex() (chunkIndex, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.index == nil {
		index, err := st.openLegacyIndex()
		if err != nil {
			return nil, err
		}
		st.index = index
	}
	return st.index, nil
}

// findChunk gives the number of the chunk that holds a document.
func findChunk(x chunkIndex, w *window, doc int) (int, error) {
	low, high := 0, x.chunks() // the answer is in [low, high)
	for high-low > 1 {
		mid := int(uint(low+high) >> 1)
		base, _, err := x.chunk(w, mid)
		if err != nil {
			return 0, err
		}
		if base <= doc {
			low = mid
		} else {
			high = mid
		}
	}
	return low, nil
}

// legacyIndex is a .fdx in memory: the packed numbers stay packed.
type legacyIndex struct {
	name   string
	buf    []byte
	st     *storedFields
	blocks []legacyBlock
	total  int
}

type legacyBlock struct {
	firstChunk, chunks  int
	docBase, avgDocs    int64
	docBits, docsAt     int
	start, avgSize      int64
	startBits, startsAt int
}

func (st *storedFields) openLegacyIndex() (chunkIndex, error) {
	name := st.segment.commit.Name + ".fdx"
	f, err := st.segment.open(name)
	if err != nil {
		return nil, err
	}
	in, err := loadFile(f, name)
	if err != nil {
		return nil, err
	}
	codec, version := in.header()
	if want := strings.TrimSuffix(st.codec, "Data") + "Index"; in.err == nil && codec != want {
		in.fail("codec %q, want %q", clip(codec), want)
	}
	if in.err == nil && version != st.version {
		in.fail("version %d, the stored fields have %d", version, st.version)
	}
	if !st.layout.oldNumbers {
		in.headerSuffix(st.segment.commit.ID, "")
	}
	if st.layout.footer {
		in.checkFooter()
	}
	in.packedIndexVersion(st)
	x := &legacyIndex{name: name, st: st}
	for in.err == nil {
		n := in.vint()
		if n == 0 {
			break
		}
		x.readBlock(in, n)
	}
	if st.layout.footer {
		if end := in.vlong(); in.err == nil && (end < st.first || end > st.limit()) {
			in.fail("last chunk ends at %d, file has %d bytes", end, st.data.Size())
		}
	}
	if in.err == nil && in.remaining() != 0 {
		in.fail("%d bytes left behind the index", in.remaining())
	}
	if in.err == nil && (x.total == 0) != (st.maxDoc == 0) {
		in.fail("%d chunks for %d documents", x.total, st.maxDoc)
	}
	x.buf = in.buf
	return x, in.wrap("stored fields index")
}

func (in *input) packedIndexVersion(st *storedFields) {
	v := in.vint()
	if in.err == nil && (v == 0) != st.packedOld {
		in.fail("packed version %d isn't that of the stored fields", v)
	}
}

func (x *legacyIndex) readBlock(in *input, n int32) {
	if n < 0 || int(n) > x.st.maxDoc-x.total {
		in.fail("%d chunks for %d documents", n, x.st.maxDoc)
		return
	}
	b := legacyBlock{firstChunk: x.total, chunks: int(n)}
	b.docBase, b.avgDocs = int64(in.vint()), int64(in.vint())
	b.docBits, b.docsAt = x.skipPacked(in, n)
	b.start, b.avgSize = in.vlong(), in.vlong()
	b.startBits, b.startsAt = x.skipPacked(in, n)
	x.blocks = append(x.blocks, b)
	x.total += int(n)
}

func (x *legacyIndex) skipPacked(in *input, n int32) (bits, at int) {
	bits = int(in.vint())
	if in.err == nil && (bits < 0 || bits > 64) {
		in.fail("%d bits per value", bits)
		return 0, 0
	}
	size := packedBytes(int64(n), bits)
	if x.st.packedOld {
		size = (size + wordBytes - 1) / wordBytes * wordBytes
	}
	at = in.pos
	in.skip(in.count(size, 1))
	return bits, at
}

func (x *legacyIndex) chunks() int     { return x.total }
func (x *legacyIndex) window() *window { return nil }

func (x *legacyIndex) chunk(_ *window, i int) (docBase int, start int64, err error) {
	low, high := 0, len(x.blocks)
	for high-low > 1 {
		if mid := (low + high) / 2; x.blocks[mid].firstChunk <= i {
			low = mid
		} else {
			high = mid
		}
	}
	b := &x.blocks[low]
	k := int64(i - b.firstChunk)
	base := b.docBase + b.avgDocs*k + unzigzag(packedAt(x.buf[b.docsAt:], b.docBits, false, k))
	start = b.start + b.avgSize*k + unzigzag(packedAt(x.buf[b.startsAt:], b.startBits, false, k))
	return x.st.checkChunk(x.name, i, base, start)
}

// checkChunk refuses an index entry that can't be.
func (st *storedFields) checkChunk(name string, i int, base, start int64) (int, int64, error) {
	if base < 0 || base >= int64(st.maxDoc) || (i == 0) != (base == 0) || start < st.first || start >= st.limit() {
		return 0, 0, corruptf(name, -1, "chunk %d: document %d of %d at %d of %d", i, base, st.maxDoc, start, st.limit())
	}
	return int(base), start, nil
}

// metaIndex is a .fdm in memory and a .fdx read where needed.
type metaIndex struct {
	st          *storedFields
	name        string
	data        File
	n           int // chunks and one more: the end
	docs        monotonic
	docsStart   int64
	starts      monotonic
	startsStart int64
}

func (st *storedFields) openMetaIndex() error {
	s := st.segment
	name := s.commit.Name + ".fdm"
	f, err := s.open(name)
	if err != nil {
		return err
	}
	in, err := loadFile(f, name)
	if err != nil {
		return err
	}
	want, highest := "Lucene85FieldsIndexMeta", int32(4)
	if st.littleEndian {
		want, highest = "Lucene90FieldsIndexMeta", 1
	}
	codec, version := in.header()
	if in.err == nil && codec != want {
		in.fail("codec %q, want %q", clip(codec), want)
	}
	if in.err == nil && (version < 0 || version > highest) {
		in.err = versionError(name, codec, version, 0, highest)
	}
	in.headerSuffix(s.commit.ID, "")
	in.checkFooter()
	in.le = st.littleEndian
	if st.layout.meta != metaFdt {
		st.setChunkSize(in)
	}
	if st.layout.meta == metaFdmPacked {
		st.packedVersion(in)
	}
	x := &metaIndex{st: st, name: s.commit.Name + ".fdx"}
	x.read(in)
	if err := in.wrap("stored fields index"); err != nil {
		return err
	}
	if x.data, err = s.open(x.name); err != nil {
		return err
	}
	st.index = x
	return nil
}

func (x *metaIndex) read(in *input) {
	st := x.st
	if maxDoc := in.i32(); in.err == nil && int(maxDoc) != st.maxDoc {
		in.fail("%d documents, segment has %d", maxDoc, st.maxDoc)
	}
	shift := in.i32()
	n := in.i32()
	if in.err == nil && (n < 1 || int(n) > st.maxDoc+1 || n == 1 && st.maxDoc > 0) {
		in.fail("%d chunks for %d documents", n-1, st.maxDoc)
	}
	x.n = int(n)
	x.docsStart = in.i64()
	x.docs = in.monotonicMeta(int64(n), shift)
	x.startsStart = in.i64()
	x.starts = in.monotonicMeta(int64(n), shift)
	in.i64() // end of the starts
	st.end = in.i64()
	if in.err == nil && (st.end < st.first || st.end > st.data.Size()-footerLength) {
		in.fail("last chunk ends at %d, file has %d bytes", st.end, st.data.Size())
	}
}

func (x *metaIndex) chunks() int     { return x.n - 1 }
func (x *metaIndex) window() *window { return newWindow(x.data, x.name, indexAhead) }

func (x *metaIndex) chunk(w *window, i int) (docBase int, start int64, err error) {
	base, err := x.docs.get(w, x.docsStart, int64(i))
	if err != nil {
		return 0, 0, fmt.Errorf("read stored fields index: %w", err)
	}
	if start, err = x.starts.get(w, x.startsStart, int64(i)); err != nil {
		return 0, 0, fmt.Errorf("read stored fields index: %w", err)
	}
	return x.st.checkChunk(x.name, i, base, start)
}
