package binaryjson

// This file answers: how does pretty-printed JSON become one line without touching a token?

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Compact appends JSON without the white space and comments between its tokens. Tokens are copied as
// they are: number literals, escapes and duplicate keys stay. It does not judge the JSON beyond what
// it must understand for that; Elasticsearch up to 5.x accepted more than JSON (names without quotes,
// NaN, comments), and such tokens pass through. On an error dst comes back as it was.
func Compact(dst, src []byte) ([]byte, error) {
	if len(src) > MaxJSON {
		return dst, fmt.Errorf("JSON of %d bytes: %w", len(src), ErrTooLarge)
	}
	src = bytes.TrimPrefix(src, utf8BOM)
	if !mayHaveGaps(src) {
		return append(dst, src...), nil
	}
	out := dst
	run := 0 // where the bytes not copied yet begin
	for i := 0; i < len(src); {
		switch src[i] {
		case '"':
			end := stringEnd(src, i+1)
			if end < 0 {
				return dst, fmt.Errorf("JSON: byte %d of %d: string without end: %w", i, len(src), ErrMalformed)
			}
			i = end
		case ' ', '\t', '\r', '\n':
			out = append(out, src[run:i]...)
			for i++; i < len(src) && isSpace(src[i]); i++ {
			}
			run = i
		case '/':
			end := commentEnd(src, i)
			if end < 0 {
				return dst, fmt.Errorf("JSON: byte %d of %d: no token begins with a slash, and it is no comment: %w", i, len(src), ErrMalformed)
			}
			out = append(out, src[run:i]...)
			i, run = end, end
		default:
			i++
		}
	}
	return append(out, src[run:]...), nil
}

// mayHaveGaps is false only if there is nothing that could be left out: four passes at memory speed
// beat one pass over the tokens, and most sources that have gaps show one at once.
func mayHaveGaps(src []byte) bool {
	return bytes.IndexByte(src, ' ') >= 0 || bytes.IndexByte(src, '\n') >= 0 || bytes.IndexByte(src, '\t') >= 0 ||
		bytes.IndexByte(src, '\r') >= 0 || bytes.IndexByte(src, '/') >= 0
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

const (
	eachByte    = 0x0101010101010101
	eachHighBit = 0x8080808080808080
)

// stringEnd is the offset behind the quote that ends the string whose first character is at i, or -1. It looks at eight
// bytes at once: most strings are too short for a call to bytes.IndexByte to pay.
func stringEnd(src []byte, i int) int {
	for i+8 <= len(src) {
		w := binary.LittleEndian.Uint64(src[i:])
		// A byte that is zero here gets its high bit set; bits above the lowest one may be wrong, the lowest is right.
		quote, slash := w^'"'*eachByte, w^'\\'*eachByte
		hit := (quote-eachByte)&^quote&eachHighBit | (slash-eachByte)&^slash&eachHighBit
		if hit == 0 {
			i += 8
			continue
		}
		i += bits.TrailingZeros64(hit) / 8
		if src[i] == '"' {
			return i + 1
		}
		i += 2 // the backslash and what it escapes
	}
	for ; i < len(src); i++ {
		switch src[i] {
		case '"':
			return i + 1
		case '\\':
			i++
		}
	}
	return -1
}

// commentEnd is the offset behind the comment at i (/* */ or // to the end of the line), or -1.
func commentEnd(src []byte, i int) int {
	rest := src[i+1:]
	switch {
	case len(rest) > 0 && rest[0] == '*':
		if n := bytes.Index(rest[1:], []byte("*/")); n >= 0 {
			return i + 1 + 1 + n + 2
		}
	case len(rest) > 0 && rest[0] == '/':
		if n := bytes.IndexAny(rest, "\r\n"); n >= 0 {
			return i + 1 + n + 1
		}
		return len(src)
	}
	return -1
}
