// storedfields_lucene50.go answers: how are stored fields compressed by Lucene 5.0 to 8.6? Since 8.7: storedfields_lucene87.go.
//
//	.fdt  index header "Lucene50StoredFieldsFastData" or "...HighData" | vint chunkSize | vint packed version | chunks |
//	      [v1 and later: 2 vlongs] | footer
//	chunk token  documents<<1 | sliced
//	fast piece   an LZ4 block                              (index.codec: default)
//	high piece   vint length | raw DEFLATE                 (index.codec: best_compression)
//
// Big-endian. The index is the legacy .fdx in v0 and v1; .fdm and .fdx in v2 (8.5).

package lucene

func storedLucene50Fast(version int32) storedLayout {
	return storedLucene50(version, newLZ4Pieces, lz4MaxRatio)
}

func storedLucene50High(version int32) storedLayout {
	return storedLucene50(version, newDeflatePieces, deflateMaxRatio)
}

func storedLucene50(version int32, pieces func() pieceDecoder, ratio int64) storedLayout {
	l := storedLayout{token: tokenSliced, meta: metaLegacy, newPieces: pieces, maxRatio: ratio}
	if version >= 1 {
		l.tail = 2
	}
	if version >= 2 {
		l.meta = metaFdt
	}
	return l
}

// deflatePieces decodes pieces of raw DEFLATE behind their length.
type deflatePieces struct{ z inflater }

func newDeflatePieces() pieceDecoder { return &deflatePieces{} }

func (p *deflatePieces) decode(s *stream, out []byte, start, end int) error {
	return p.z.block(s, out, start, end, 0, 0)
}
