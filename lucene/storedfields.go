// storedfields.go answers: what do the stored fields of all versions share? Chunks: storedfields_chunk.go.
//
// The .fdt file is a header and then chunks back to back, each some documents compressed together:
//
//	header | [vint chunkSize, vint packed version: before 8.7] | chunk ... chunk | [2 vlongs] | footer
//	chunk = vint docBase | vint token | field counts | lengths | compressed bytes
//
// What differs between versions is small, and is the table in codecs.go: how the token is read, how the integers are packed,
// how the bytes are compressed, how numbers are encoded, and what the index is (.fdx alone, or .fdm and .fdx).

package lucene

import (
	"context"
	"fmt"
	"sync"
)

// storedLayout is what a version of the stored fields format does its own way.
type storedLayout struct {
	token      tokenRule
	groupInts  bool                // counts and lengths in groups of 128 (since 9.0), else packed
	oldNumbers bool                // numbers of fixed width (Lucene 4)
	meta       metaRule            // where chunk size and index are
	tail       int                 // vlongs between the last chunk and the footer
	footer     bool                // the file has one (since 4.8)
	newPieces  func() pieceDecoder // decompression, with its memory
	maxRatio   int64               // bytes out per byte in, at most: bounds memory by the file's size
}

// tokenRule says what the second number of a chunk means.
type tokenRule int

const (
	tokenCount      tokenRule = iota // documents; sliced when the chunk is twice chunkSize or larger (4.1 to 4.10)
	tokenCountOld                    // documents, never sliced (4.1, version 0)
	tokenSliced                      // documents<<1 | sliced
	tokenSlicedMore                  // documents<<2 | dirty<<1 | sliced (since 8.8)
)

// metaRule says where the chunk size and the chunks' index are.
type metaRule int

const (
	metaLegacy    metaRule = iota // chunkSize in .fdt, index in .fdx alone
	metaFdt                       // chunkSize in .fdt, .fdm and .fdx (8.5, 8.6)
	metaFdmPacked                 // chunkSize and packed version in .fdm (8.7 to 8.11)
	metaFdm                       // chunkSize in .fdm (since 9.0)
)

const (
	maxChunkSize = 1 << 30
	// maxChunkDocs bounds the documents of a chunk; the writers close one at 4096.
	maxChunkDocs = 1 << 16
	// minChunk is the least bytes of a chunk: document, token, two counts in two bytes each.
	minChunk = 6
	// maxChunkBytes is Java's limit on the array a chunk's documents are read from.
	maxChunkBytes = 1<<31 - 1
)

// storedFields is the opened stored fields of a segment; shared by all its readers.
type storedFields struct {
	segment      *Segment
	layout       storedLayout
	codec        string
	version      int32
	data         File
	name         string
	first        int64 // where the first chunk begins
	end          int64 // where the last chunk must end, -1 when only the file's length tells
	chunkSize    int
	littleEndian bool
	packedOld    bool // packed integers padded to 8 bytes (4.0, 4.1)
	maxDoc       int

	mu    sync.Mutex
	sums  partSums   // of ranges that were scanned
	index chunkIndex // of a legacy .fdx opened on demand: reading front to back doesn't need it
}

func openStoredFields(ctx context.Context, s *Segment) (*storedFields, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	name := s.commit.Name + ".fdt"
	data, err := s.open(name)
	if err != nil {
		return nil, err
	}
	in, err := openHeader(data, name)
	if err != nil {
		return nil, err
	}
	codec, version := in.header()
	if in.err != nil {
		return nil, fmt.Errorf("read stored fields: %w", in.err)
	}
	f, err := lookup(storedFieldsFormats, name, codec, version)
	if err != nil {
		return nil, err
	}
	if f.indexHeader {
		in.headerSuffix(s.commit.ID, "")
	}
	st := &storedFields{segment: s, layout: f.read(version), codec: codec, version: version, data: data, name: name,
		littleEndian: f.littleEndian, end: -1, maxDoc: s.info.maxDoc}
	st.layout.footer = f.footerSince <= version
	if st.layout.footer {
		if _, err := readFooter(data, name); err != nil {
			return nil, err
		}
	}
	if st.layout.meta == metaLegacy || st.layout.meta == metaFdt {
		if st.layout.token != tokenCountOld {
			st.setChunkSize(in)
		}
		st.packedVersion(in)
	}
	st.first = int64(in.pos)
	if err := in.wrap("stored fields"); err != nil {
		return nil, err
	}
	if st.layout.meta != metaLegacy {
		return st, st.openMetaIndex()
	}
	return st, nil
}

func (st *storedFields) setChunkSize(in *input) {
	n := in.vint()
	if in.err == nil && (n <= 0 || n > maxChunkSize) {
		in.fail("chunk size %d", n)
	}
	st.chunkSize = int(n)
}

// packedVersion reads the version of the packed integers: 0 pads them to 8 bytes, 1 and 2 to single ones.
func (st *storedFields) packedVersion(in *input) {
	const newest = 2
	v := in.vint()
	if in.err == nil && (v < 0 || v > newest) {
		in.err = versionError(in.name, "PackedInts", v, 0, newest)
	}
	st.packedOld = v == 0
}

// limit is where chunks must have ended: before the footer.
func (st *storedFields) limit() int64 {
	if st.end >= 0 {
		return st.end
	}
	if st.layout.footer {
		return st.data.Size() - footerLength
	}
	return st.data.Size()
}
