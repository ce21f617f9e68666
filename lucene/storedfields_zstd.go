// storedfields_zstd.go answers: how do Elasticsearch and OpenSearch compress stored fields with zstd? Index: storedfields_index.go.
//
//	Elasticsearch 8.14 and later   header "ZstdStoredFields814"          piece: vint length | one frame
//	OpenSearch 2.9 and later       header "CustomStoredFieldsZstd"       piece: vint dictLen | vint blockLen | blocks, the
//	                                                                     dictionary first: vint length | frame
//	                               header "CustomStoredFieldsZstdNoDict" piece: vint blockLen | blocks: vint length | frame
//
// All else as Lucene90. The dictionary is raw content, the first dictLen bytes of the output.

package lucene

import "github.com/klauspost/compress/zstd"

const (
	// zstdMaxRatio: a block of 128 KiB may be one byte repeated, in 4 bytes.
	zstdMaxRatio = 1 << 15
	// zstdMaxWindow bounds the memory of a frame; both writers' pieces are far below it.
	zstdMaxWindow = 64 << 20
)

func storedZstd814(int32) storedLayout {
	return storedLucene90(func() pieceDecoder { return &zstdPieces{form: zstdSingle} }, zstdMaxRatio)
}

func storedZstdDict(int32) storedLayout {
	return storedLucene90(func() pieceDecoder { return &zstdPieces{form: zstdDict} }, zstdMaxRatio)
}

func storedZstdNoDict(int32) storedLayout {
	return storedLucene90(func() pieceDecoder { return &zstdPieces{form: zstdBlocks} }, zstdMaxRatio)
}

type zstdForm int

const (
	zstdSingle zstdForm = iota
	zstdDict
	zstdBlocks
)

// zstdPieces decodes zstd frames, reusing its memory.
type zstdPieces struct {
	form zstdForm
	d    *zstd.Decoder
}

func (p *zstdPieces) decode(s *stream, out []byte, start, end int) error {
	if p.d == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(zstdMaxWindow), zstd.WithDecodeAllCapLimit(true))
		if err != nil {
			return err
		}
		p.d = d
	}
	switch p.form {
	case zstdDict:
		dictLen, blockLen, _, err := dictLengths(s, end-start)
		if err != nil {
			return err
		}
		if err := p.setDict(nil); err != nil {
			return err
		}
		if err := p.frame(s, out, start, start+dictLen); err != nil {
			return err
		}
		if err := p.setDict(out[start : start+dictLen : start+dictLen]); err != nil {
			return err
		}
		return p.frames(s, out, start+dictLen, end, blockLen)
	case zstdBlocks:
		at := s.offset()
		blockLen, err := s.vint()
		if err != nil {
			return err
		}
		if blockLen == 0 || int64((end-start)/blockLen) > s.left() {
			return corruptf(s.name, at, "blocks of %d in %d bytes", blockLen, end-start)
		}
		return p.frames(s, out, start, end, blockLen)
	default:
		return p.frame(s, out, start, end)
	}
}

func (p *zstdPieces) frames(s *stream, out []byte, start, end, blockLen int) error {
	for start < end {
		blockEnd := min(start+blockLen, end)
		if err := p.frame(s, out, start, blockEnd); err != nil {
			return err
		}
		start = blockEnd
	}
	return nil
}

// setDict makes dict the raw dictionary of the frames that follow.
func (p *zstdPieces) setDict(dict []byte) error {
	const rawID = 0
	if len(dict) == 0 {
		return p.d.ResetWithOptions(nil, zstd.WithDecoderDictDelete(rawID))
	}
	return p.d.ResetWithOptions(nil, zstd.WithDecoderDictRaw(rawID, dict))
}

// frame takes vint length and a frame of that length, which must hold end-start bytes.
func (p *zstdPieces) frame(s *stream, out []byte, start, end int) error {
	at := s.offset()
	n, err := s.vint()
	if err != nil {
		return err
	}
	src, err := s.take(n)
	if err != nil {
		return err
	}
	got, err := p.d.DecodeAll(src, out[start:start:end])
	if err != nil {
		return corruptf(s.name, at, "no zstd frame of %d bytes: %v", end-start, err)
	}
	if len(got) != end-start {
		return corruptf(s.name, at, "zstd frame holds %d bytes, want %d", len(got), end-start)
	}
	return nil
}

// close ends the decoder's goroutines.
func (p *zstdPieces) close() {
	if p.d != nil {
		p.d.Close()
		p.d = nil
	}
}
