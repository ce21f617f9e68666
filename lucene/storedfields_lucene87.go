// storedfields_lucene87.go answers: how are stored fields compressed by Lucene 8.7 to 8.11? Since 9.0: storedfields_lucene90.go.
//
//	.fdt  index header "Lucene87StoredFieldsFastData" or "...HighData" | chunks | 2 vlongs | footer
//	chunk token  v3: documents<<1 | sliced     v4 (8.8): documents<<2 | dirty<<1 | sliced
//	fast piece   vint dictLen | vint blockLen | vint length of each compressed block, the dictionary first | LZ4 blocks
//	high piece   vint dictLen | vint blockLen | blocks, the dictionary first: vint length | raw DEFLATE
//
// The dictionary is the first dictLen bytes of the output; every block of blockLen bytes is compressed with it as history,
// on its own. Big-endian. Chunk size and packed version are in .fdm.

package lucene

func storedLucene87Fast(version int32) storedLayout {
	return storedLucene87(version, newLZ4DictPieces, lz4MaxRatio)
}

func storedLucene87High(version int32) storedLayout {
	return storedLucene87(version, newDeflateDictPieces, deflateMaxRatio)
}

func storedLucene87(version int32, pieces func() pieceDecoder, ratio int64) storedLayout {
	l := storedLayout{token: tokenSlicedMore, meta: metaFdmPacked, newPieces: pieces, maxRatio: ratio}
	if version < 4 {
		l.token = tokenSliced
	}
	return l
}

// dictLengths reads dictLen and blockLen of a piece of n bytes and gives the number of blocks behind the dictionary.
func dictLengths(s *stream, n int) (dictLen, blockLen, blocks int, err error) {
	at := s.offset()
	if dictLen, err = s.vint(); err != nil {
		return 0, 0, 0, err
	}
	if blockLen, err = s.vint(); err != nil {
		return 0, 0, 0, err
	}
	if dictLen > n || n > dictLen && blockLen == 0 {
		return 0, 0, 0, corruptf(s.name, at, "dictionary of %d, blocks of %d in %d bytes", dictLen, blockLen, n)
	}
	if n > dictLen {
		blocks = (n-dictLen-1)/blockLen + 1
	}
	if int64(blocks) >= s.left() {
		return 0, 0, 0, corruptf(s.name, at, "%d blocks in %d bytes", blocks, s.left())
	}
	return dictLen, blockLen, blocks, nil
}

// lz4DictPieces decodes LZ4 blocks that share a dictionary.
type lz4DictPieces struct{ lengths []int }

func newLZ4DictPieces() pieceDecoder { return &lz4DictPieces{} }

func (p *lz4DictPieces) decode(s *stream, out []byte, start, end int) error {
	dictLen, blockLen, blocks, err := dictLengths(s, end-start)
	if err != nil {
		return err
	}
	p.lengths = p.lengths[:0]
	for range blocks + 1 {
		n, err := s.vint()
		if err != nil {
			return err
		}
		p.lengths = append(p.lengths, n)
	}
	at, blockEnd := start, start+dictLen
	for i, n := range p.lengths {
		if int64(n) > s.left() {
			return corruptf(s.name, s.offset(), "block of %d bytes, file has %d", n, s.left())
		}
		before, dict := s.offset(), dictLen
		if i == 0 {
			dict = 0
		}
		if err := lz4Block(s, out, at, blockEnd, start, dict, n); err != nil {
			return err
		}
		if used := s.offset() - before; used != int64(n) {
			return corruptf(s.name, before, "LZ4 block of %d bytes used %d", n, used)
		}
		at, blockEnd = blockEnd, min(blockEnd+blockLen, end)
	}
	return nil
}

// deflateDictPieces decodes DEFLATE blocks that share a dictionary.
type deflateDictPieces struct{ z inflater }

func newDeflateDictPieces() pieceDecoder { return &deflateDictPieces{} }

func (p *deflateDictPieces) decode(s *stream, out []byte, start, end int) error {
	dictLen, blockLen, blocks, err := dictLengths(s, end-start)
	if err != nil {
		return err
	}
	if err := p.z.block(s, out, start, start+dictLen, start, 0); err != nil {
		return err
	}
	for at := start + dictLen; blocks > 0; blocks-- {
		blockEnd := min(at+blockLen, end)
		if err := p.z.block(s, out, at, blockEnd, start, dictLen); err != nil {
			return err
		}
		at = blockEnd
	}
	return nil
}
