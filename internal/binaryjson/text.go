package binaryjson

// This file answers: how are strings and numbers written as JSON text, so that no character and no
// digit is lost? Read compact.go next, for sources that are JSON already.

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"
)

// errShort is ErrMalformed for bytes that end inside a token.
var errShort = fmt.Errorf("ends too early: %w", ErrMalformed)

const (
	// maxBigBytes bounds one big number: writing it in decimal costs more than linear time. 16 KiB are
	// 39,000 digits; Elasticsearch's own parser stops at 1,000.
	maxBigBytes = 16 << 10
	// maxPlainZeros is how many zeros a decimal may be padded with before it is written with an exponent.
	maxPlainZeros = 16

	hexDigits = "0123456789abcdef"
)

// AppendString appends text as a JSON string, quotes included. Half a surrogate pair that Java wrote as three bytes becomes
// its escape; other bytes that are no UTF-8 are ErrMalformed, and dst comes back as it was.
func AppendString(dst, text []byte) ([]byte, error) {
	out, err := appendString(dst, text)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// AppendFloat appends the shortest JSON number that reads back as v at that width (32 or 64 bits), always with a point or
// an exponent; what JSON can't say comes in quotes.
func AppendFloat(dst []byte, v float64, bits int) []byte { return appendFloat(dst, v, bits) }

// AppendDecimal appends unscaled * 10^-scale with all its digits.
func AppendDecimal(dst []byte, unscaled *big.Int, scale int64) []byte {
	return appendDecimal(dst, unscaled, scale)
}

// appendString writes s as a JSON string. A half of a surrogate pair, which Java writes as three
// bytes, becomes its \u escape. Other bytes that are no UTF-8 are refused rather than replaced.
func appendString(out, s []byte) ([]byte, error) {
	out = append(out, '"')
	run := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(s[i:])
			if r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
			unit, ok := surrogate(s[i:])
			if !ok {
				return out, fmt.Errorf("text is not UTF-8 at its byte %d: %w", i, ErrMalformed)
			}
			out = append(out, s[run:i]...)
			out = append(out, '\\', 'u', hexDigits[unit>>12], hexDigits[unit>>8&15], hexDigits[unit>>4&15], hexDigits[unit&15])
			i += 3
			run = i
			continue
		}
		out = append(out, s[run:i]...)
		switch c {
		case '"', '\\':
			out = append(out, '\\', c)
		case '\n':
			out = append(out, `\n`...)
		case '\r':
			out = append(out, `\r`...)
		case '\t':
			out = append(out, `\t`...)
		case '\b':
			out = append(out, `\b`...)
		case '\f':
			out = append(out, `\f`...)
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
		run = i
	}
	out = append(out, s[run:]...)
	return append(out, '"'), nil
}

// surrogate reads the three bytes ED A0-BF 80-BF: a UTF-16 surrogate written as if it were a character.
func surrogate(s []byte) (uint16, bool) {
	if len(s) < 3 || s[0] != 0xED || s[1]&0xE0 != 0xA0 || s[2]&0xC0 != 0x80 {
		return 0, false
	}
	return 0xD000 | uint16(s[1]&0x3F)<<6 | uint16(s[2]&0x3F), true
}

// appendFloat writes the shortest text that reads back as the same number of that width, always
// recognisable as a fraction: 1 would be mapped as a whole number, 1.0 is not. What JSON can't say
// is written in quotes, as Elasticsearch does.
func appendFloat(out []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(out, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(out, `"Infinity"`...)
	case math.IsInf(v, -1):
		return append(out, `"-Infinity"`...)
	}
	start := len(out)
	out = strconv.AppendFloat(out, v, 'g', -1, bits)
	for _, c := range out[start:] {
		if c == '.' || c == 'e' {
			return out
		}
	}
	return append(out, ".0"...)
}

// appendDecimal writes unscaled * 10^-scale with all its digits.
func appendDecimal(out []byte, unscaled *big.Int, scale int64) []byte {
	start := len(out)
	out = unscaled.Append(out, 10)
	if scale == 0 {
		return out
	}
	digits := start
	if unscaled.Sign() < 0 {
		digits++
	}
	n := int64(len(out) - digits)
	if scale < 0 || scale > n+maxPlainZeros {
		out = append(out, 'E')
		if scale == math.MinInt64 {
			return append(out, "9223372036854775808"...)
		}
		return strconv.AppendInt(out, -scale, 10)
	}
	// Pad to at least one digit before the point, then put the point in.
	for n <= scale {
		out = append(out, 0)
		copy(out[digits+1:], out[digits:])
		out[digits] = '0'
		n++
	}
	point := len(out) - int(scale)
	out = append(out, 0)
	copy(out[point+1:], out[point:])
	out[point] = '.'
	return out
}

// twosComplement reads a big-endian signed number, as Java's BigInteger writes it.
func twosComplement(b []byte) *big.Int {
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n
}
