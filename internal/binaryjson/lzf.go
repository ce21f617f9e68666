package binaryjson

// This file answers: what is inside the LZF blocks that Elasticsearch 1.x compressed sources and
// repository metadata with?
//
//	repeat: 'Z' 'V' | u8 type | BE u16 length | type 1: BE u16 plain length | length bytes
//	type 0 is stored, type 1 compressed: a control byte c, then
//	  c < 32: c+1 bytes as they are; else a copy of (c>>5)+2 bytes (7: one more byte is added to the 7)
//	  from (c&31)<<8 | next byte, plus 1, bytes back; it may overlap itself

import (
	"encoding/binary"
	"fmt"
)

const (
	lzfStored        = 0
	lzfCompressed    = 1
	lzfStoredHeader  = 5
	lzfPackedHeader  = 7
	lzfMaxLiteral    = 32
	lzfLongCopy      = 7
	lzfMinCopy       = 2
	lzfOffsetHighest = 31
)

func isLZF(src []byte) bool {
	return len(src) >= lzfStoredHeader && src[0] == 'Z' && src[1] == 'V' && src[2] <= lzfCompressed
}

// DecodeLZF appends the plain bytes of LZF blocks to dst; more than maxSize of them are ErrTooLarge.
// On an error dst comes back as it was.
func DecodeLZF(dst, src []byte, maxSize int) ([]byte, error) {
	out := dst
	for pos := 0; pos < len(src); {
		block := src[pos:]
		if !isLZF(block) {
			return dst, fmt.Errorf("LZF: byte %d of %d: no block header: %w", pos, len(src), ErrMalformed)
		}
		length := int(binary.BigEndian.Uint16(block[3:]))
		header, plain := lzfStoredHeader, length
		if block[2] == lzfCompressed {
			header = lzfPackedHeader
			if len(block) < header {
				return dst, fmt.Errorf("LZF: byte %d of %d: %w", pos, len(src), errShort)
			}
			plain = int(binary.BigEndian.Uint16(block[5:]))
		}
		if length > len(block)-header {
			return dst, fmt.Errorf("LZF: byte %d of %d: block of %d bytes: %w", pos, len(src), length, errShort)
		}
		if len(out)-len(dst)+plain > maxSize {
			return dst, fmt.Errorf("LZF: more than %d bytes: %w", maxSize, ErrTooLarge)
		}
		body := block[header : header+length]
		if block[2] == lzfStored {
			out = append(out, body...)
		} else {
			var err error
			if out, err = lzfBlock(out, body, plain); err != nil {
				return dst, fmt.Errorf("LZF: block at byte %d of %d: %w", pos, len(src), err)
			}
		}
		pos += header + length
	}
	return out, nil
}

// lzfBlock appends exactly plain bytes; copies reach back no further than this block.
func lzfBlock(out, in []byte, plain int) ([]byte, error) {
	base := len(out)
	end := base + plain
	for i := 0; i < len(in); {
		c := int(in[i])
		i++
		if c < lzfMaxLiteral {
			n := c + 1
			if n > len(in)-i {
				return out, errShort
			}
			if n > end-len(out) {
				return out, fmt.Errorf("more than the promised %d bytes: %w", plain, ErrMalformed)
			}
			out = append(out, in[i:i+n]...)
			i += n
			continue
		}
		n := c >> 5
		if n == lzfLongCopy {
			if i >= len(in) {
				return out, errShort
			}
			n += int(in[i])
			i++
		}
		n += lzfMinCopy
		if i >= len(in) {
			return out, errShort
		}
		from := len(out) - ((c&lzfOffsetHighest)<<8 | int(in[i])) - 1
		i++
		if from < base {
			return out, fmt.Errorf("copy from before the block: %w", ErrMalformed)
		}
		if n > end-len(out) {
			return out, fmt.Errorf("more than the promised %d bytes: %w", plain, ErrMalformed)
		}
		for k := range n {
			out = append(out, out[from+k])
		}
	}
	if len(out) != end {
		return out, fmt.Errorf("%d of the promised %d bytes: %w", len(out)-base, plain, ErrMalformed)
	}
	return out, nil
}
