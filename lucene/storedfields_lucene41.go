// storedfields_lucene41.go answers: how are stored fields compressed by Lucene 4.1 to 4.10? Since 5.0: storedfields_lucene50.go.
//
//	.fdt  plain header "Lucene41StoredFieldsData" | [v1: vint chunkSize] | vint packed version | chunks | footer (v2, 4.8)
//	chunk token  documents; in v1 and v2 the chunk is sliced when it has twice chunkSize or more
//	piece        an LZ4 block, no length stored
//
// Numbers have fixed width. Big-endian. The index is the legacy .fdx.

package lucene

func storedLucene41(version int32) storedLayout {
	l := storedLayout{token: tokenCount, oldNumbers: true, meta: metaLegacy, newPieces: newLZ4Pieces, maxRatio: lz4MaxRatio}
	if version == 0 {
		l.token = tokenCountOld
	}
	return l
}

// lz4Pieces decodes plain LZ4 blocks.
type lz4Pieces struct{}

func newLZ4Pieces() pieceDecoder { return lz4Pieces{} }

func (lz4Pieces) decode(s *stream, out []byte, start, end int) error {
	return lz4Block(s, out, start, end, start, 0, lz4Bound(end-start))
}

// lz4Block decodes one block of at most bound bytes into out[start:end] and moves s behind it. from is where the output
// begins that matches may refer to, dict the length of the dictionary before that.
func lz4Block(s *stream, out []byte, start, end, from, dict, bound int) error {
	if err := s.need(int(min(int64(bound), s.left()))); err != nil {
		return err
	}
	src := s.buf[s.pos:]
	used := lz4Decode(out[from:], start-from, end-from, dict, src[:min(bound, len(src))])
	if used < 0 {
		return corruptf(s.name, s.offset(), "no LZ4 block of %d bytes", end-start)
	}
	s.pos += used
	return nil
}
