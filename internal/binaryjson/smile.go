package binaryjson

// This file answers: how do the tokens of SMILE become JSON text? Read text.go next, where the
// text is written, then lzf.go, in which SMILE came wrapped in 1.x.
//
//	header   3A 29 0A | u8: version<<4, bit0 shared names, bit1 shared string values, bit2 raw binary
//	value    00 reserved | 01-1F short shared string | 20 "" | 21 null | 22 false | 23 true
//	         24 int, 25 long: zig-zag vint | 26 big integer | 28 float 5x7 bits | 29 double 10x7 bits
//	         2A decimal: zig-zag scale, big integer | 40-5F, 60-7F ASCII of 1-32, 33-64 bytes
//	         80-9F, A0-BF UTF-8 of 2-33, 34-65 bytes | C0-DF small zig-zag int
//	         E0, E4 long text until FC | E8 binary in 7-bit bytes | EC-EF + u8 long shared string
//	         F8 .. F9 array | FA .. FB object | FD raw binary
//	key      20 "" | 30-33 + u8 long shared name | 34 long name until FC | 40-7F short shared name
//	         80-BF ASCII of 1-64 bytes | C0-F7 UTF-8 of 2-57 bytes | FB end of object
//	vint     most significant group first, 7 bits each; the last byte has bit7 set and carries 6 bits
//
// An FF may end the value; the blobs of Elasticsearch mostly lack it.

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

const (
	smileHeaderLen    = 4
	smileSharedNames  = 1 << 0
	smileSharedValues = 1 << 1
	// smileMaxShared is the size of both tables of shared strings; a full one is emptied before the next entry.
	smileMaxShared = 1024

	smileKeyEmpty     = 0x20
	smileKeyLongRef   = 0x30
	smileKeyLongName  = 0x34
	smileKeyShortRef  = 0x40
	smileKeyASCII     = 0x80
	smileKeyUnicode   = 0xC0
	smileKeyLast      = 0xF7
	smileEmpty        = 0x20
	smileNull         = 0x21
	smileFalse        = 0x22
	smileTrue         = 0x23
	smileInt          = 0x24
	smileLong         = 0x25
	smileBigInt       = 0x26
	smileFloat        = 0x28
	smileDouble       = 0x29
	smileDecimal      = 0x2A
	smileASCII        = 0x40
	smileUnicode      = 0x80
	smileSmallInt     = 0xC0
	smileLongASCII    = 0xE0
	smileLongUnicode  = 0xE4
	smileBinary7      = 0xE8
	smileLongShared   = 0xEC
	smileStartArray   = 0xF8
	smileEndArray     = 0xF9
	smileStartObject  = 0xFA
	smileEndObject    = 0xFB
	smileEndOfString  = 0xFC
	smileRawBinary    = 0xFD
	smileEndOfContent = 0xFF

	smileFloatBytes  = 5
	smileDoubleBytes = 10
	smileMaxVInt     = 10
)

// span is a piece of the source; the shared tables hold spans, so that nothing is copied.
type span struct{ start, end int }

type smileReader struct {
	src         []byte
	pos         int
	out         []byte
	limit       int
	shareNames  bool
	shareValues bool
	names       []span
	values      []span
	bits        []byte // the last binary in 7-bit bytes, decoded
}

// SMILEToJSON appends one SMILE value, with its header, to dst as compact JSON. Binary becomes base64.
// On an error dst comes back as it was.
func SMILEToJSON(dst, src []byte) ([]byte, error) {
	if !bytes.HasPrefix(src, smileMagic) || len(src) < smileHeaderLen {
		return dst, fmt.Errorf("SMILE: no header: %w", ErrMalformed)
	}
	flags := src[smileHeaderLen-1]
	if flags>>4 != 0 {
		return dst, fmt.Errorf("SMILE: version %d, only 0 is known: %w", flags>>4, ErrMalformed)
	}
	r := smileReader{
		src: src, pos: smileHeaderLen, out: dst, limit: len(dst) + MaxJSON,
		shareNames: flags&smileSharedNames != 0, shareValues: flags&smileSharedValues != 0,
	}
	if err := r.value(0); err != nil {
		return dst, fmt.Errorf("SMILE: byte %d of %d: %w", r.pos, len(src), err)
	}
	if r.pos < len(src) && src[r.pos] != smileEndOfContent {
		return dst, fmt.Errorf("SMILE: byte %d of %d: bytes after the value: %w", r.pos, len(src), ErrMalformed)
	}
	return r.out, nil
}

func (r *smileReader) value(depth int) error {
	t, err := r.byte()
	if err != nil {
		return err
	}
	if len(r.out) > r.limit {
		return ErrTooLarge
	}
	switch {
	case t >= 0x01 && t < smileEmpty:
		return r.sharedValue(int(t) - 1)
	case t >= smileASCII && t < smileUnicode:
		return r.shortText(int(t) - smileASCII + 1)
	case t >= smileUnicode && t < smileSmallInt:
		return r.shortText(int(t) - smileUnicode + 2)
	case t >= smileSmallInt && t < smileLongASCII:
		r.out = strconv.AppendInt(r.out, unzigzag(uint64(t-smileSmallInt)), 10)
		return nil
	case t >= smileLongShared && t <= smileLongShared+3:
		low, err := r.byte()
		if err != nil {
			return err
		}
		return r.sharedValue(int(t-smileLongShared)<<8 | int(low))
	}
	switch t {
	case smileEmpty:
		r.out = append(r.out, `""`...)
	case smileNull:
		r.out = append(r.out, "null"...)
	case smileFalse:
		r.out = append(r.out, "false"...)
	case smileTrue:
		r.out = append(r.out, "true"...)
	case smileInt, smileLong:
		v, err := r.vint()
		if err != nil {
			return err
		}
		r.out = strconv.AppendInt(r.out, unzigzag(v), 10)
	case smileBigInt:
		n, err := r.bigInt()
		if err != nil {
			return err
		}
		r.out = n.Append(r.out, 10)
	case smileFloat:
		v, err := r.sevenBits(smileFloatBytes)
		if err != nil {
			return err
		}
		r.out = appendFloat(r.out, float64(math.Float32frombits(uint32(v))), 32)
	case smileDouble:
		v, err := r.sevenBits(smileDoubleBytes)
		if err != nil {
			return err
		}
		r.out = appendFloat(r.out, math.Float64frombits(v), 64)
	case smileDecimal:
		return r.decimal()
	case smileLongASCII, smileLongUnicode:
		text, err := r.longText()
		if err != nil {
			return err
		}
		return r.text(text)
	case smileBinary7:
		b, err := r.binary7(MaxJSON)
		if err != nil {
			return err
		}
		r.base64(b)
	case smileRawBinary:
		n, err := r.length()
		if err != nil {
			return err
		}
		b, err := r.take(n)
		if err != nil {
			return err
		}
		r.base64(b)
	case smileStartArray:
		return r.array(depth)
	case smileStartObject:
		return r.object(depth)
	default:
		return fmt.Errorf("value token %02x: %w", t, ErrMalformed)
	}
	return nil
}

func (r *smileReader) array(depth int) error {
	if depth >= MaxDepth {
		return ErrTooDeep
	}
	r.out = append(r.out, '[')
	for first := true; ; first = false {
		if r.pos >= len(r.src) {
			return errShort
		}
		if r.src[r.pos] == smileEndArray {
			r.pos++
			r.out = append(r.out, ']')
			return nil
		}
		if !first {
			r.out = append(r.out, ',')
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
}

func (r *smileReader) object(depth int) error {
	if depth >= MaxDepth {
		return ErrTooDeep
	}
	r.out = append(r.out, '{')
	for first := true; ; first = false {
		if r.pos >= len(r.src) {
			return errShort
		}
		if r.src[r.pos] == smileEndObject {
			r.pos++
			r.out = append(r.out, '}')
			return nil
		}
		if !first {
			r.out = append(r.out, ',')
		}
		if err := r.key(); err != nil {
			return err
		}
		r.out = append(r.out, ':')
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
}

func (r *smileReader) key() error {
	t, err := r.byte()
	if err != nil {
		return err
	}
	switch {
	case t == smileKeyEmpty:
		r.out = append(r.out, `""`...)
		return nil
	case t >= smileKeyLongRef && t < smileKeyLongName:
		low, err := r.byte()
		if err != nil {
			return err
		}
		return r.sharedName(int(t-smileKeyLongRef)<<8 | int(low))
	case t == smileKeyLongName:
		name, err := r.longText()
		if err != nil {
			return err
		}
		return r.text(name)
	case t >= smileKeyShortRef && t < smileKeyASCII:
		return r.sharedName(int(t) - smileKeyShortRef)
	case t >= smileKeyASCII && t < smileKeyUnicode:
		return r.shortName(int(t) - smileKeyASCII + 1)
	case t >= smileKeyUnicode && t <= smileKeyLast:
		return r.shortName(int(t) - smileKeyUnicode + 2)
	}
	return fmt.Errorf("key token %02x: %w", t, ErrMalformed)
}

func (r *smileReader) shortName(n int) error {
	start := r.pos
	name, err := r.take(n)
	if err != nil {
		return err
	}
	if r.shareNames {
		r.names = share(r.names, span{start, r.pos})
	}
	return r.text(name)
}

func (r *smileReader) shortText(n int) error {
	start := r.pos
	text, err := r.take(n)
	if err != nil {
		return err
	}
	if r.shareValues {
		r.values = share(r.values, span{start, r.pos})
	}
	return r.text(text)
}

func share(table []span, s span) []span {
	if len(table) == smileMaxShared {
		table = table[:0]
	}
	return append(table, s)
}

func (r *smileReader) sharedName(i int) error  { return r.shared(r.names, i, "name") }
func (r *smileReader) sharedValue(i int) error { return r.shared(r.values, i, "string") }

func (r *smileReader) shared(table []span, i int, what string) error {
	if i >= len(table) {
		return fmt.Errorf("shared %s %d of %d: %w", what, i, len(table), ErrMalformed)
	}
	return r.text(r.src[table[i].start:table[i].end])
}

func (r *smileReader) text(s []byte) (err error) {
	r.out, err = appendString(r.out, s)
	return err
}

func (r *smileReader) base64(b []byte) {
	r.out = append(r.out, '"')
	r.out = base64.StdEncoding.AppendEncode(r.out, b)
	r.out = append(r.out, '"')
}

func (r *smileReader) decimal() error {
	scale, err := r.vint()
	if err != nil {
		return err
	}
	n, err := r.bigInt()
	if err != nil {
		return err
	}
	r.out = appendDecimal(r.out, n, unzigzag(scale))
	return nil
}

func (r *smileReader) bigInt() (*big.Int, error) {
	b, err := r.binary7(maxBigBytes)
	if err != nil {
		return nil, err
	}
	return twosComplement(b), nil
}

// binary7 reads a length and that many bytes packed into 7-bit bytes: seven into eight, and a rest of
// n bytes into n+1, the last of which holds its n bits at the right.
func (r *smileReader) binary7(most int) ([]byte, error) {
	n, err := r.vint()
	if err != nil {
		return nil, err
	}
	if n > uint64(len(r.src)-r.pos) {
		return nil, errShort
	}
	if n > uint64(most) {
		return nil, ErrTooLarge
	}
	length := int(n)
	packed := length / 7 * 8
	if rest := length % 7; rest > 0 {
		packed += rest + 1
	}
	in, err := r.take(packed)
	if err != nil {
		return nil, err
	}
	out := r.bits[:0]
	for len(in) >= 8 {
		var v uint64
		for _, b := range in[:8] {
			v = v<<7 | uint64(b&0x7F)
		}
		out = append(out, byte(v>>48), byte(v>>40), byte(v>>32), byte(v>>24), byte(v>>16), byte(v>>8), byte(v))
		in = in[8:]
	}
	if len(in) > 0 {
		rest := len(in) - 1
		var v uint64
		for _, b := range in[:rest] {
			v = v<<7 | uint64(b&0x7F)
		}
		v = v<<rest | uint64(in[rest])&(1<<rest-1)
		for shift := (rest - 1) * 8; shift >= 0; shift -= 8 {
			out = append(out, byte(v>>shift))
		}
	}
	r.bits = out
	return out, nil
}

func (r *smileReader) sevenBits(n int) (uint64, error) {
	b, err := r.take(n)
	if err != nil {
		return 0, err
	}
	var v uint64
	for _, c := range b {
		v = v<<7 | uint64(c&0x7F)
	}
	return v, nil
}

func (r *smileReader) longText() ([]byte, error) {
	n := bytes.IndexByte(r.src[r.pos:], smileEndOfString)
	if n < 0 {
		return nil, fmt.Errorf("text without end: %w", errShort)
	}
	text := r.src[r.pos : r.pos+n]
	r.pos += n + 1
	return text, nil
}

func (r *smileReader) length() (int, error) {
	n, err := r.vint()
	if err != nil {
		return 0, err
	}
	if n > uint64(len(r.src)-r.pos) {
		return 0, errShort
	}
	return int(n), nil
}

func (r *smileReader) vint() (uint64, error) {
	var v uint64
	for range smileMaxVInt {
		b, err := r.byte()
		if err != nil {
			return 0, err
		}
		if b&0x80 != 0 {
			return v<<6 | uint64(b&0x3F), nil
		}
		v = v<<7 | uint64(b)
	}
	return 0, fmt.Errorf("number of more than %d bytes: %w", smileMaxVInt, ErrMalformed)
}

func (r *smileReader) byte() (byte, error) {
	if r.pos >= len(r.src) {
		return 0, errShort
	}
	r.pos++
	return r.src[r.pos-1], nil
}

func (r *smileReader) take(n int) ([]byte, error) {
	if n > len(r.src)-r.pos {
		return nil, errShort
	}
	r.pos += n
	return r.src[r.pos-n : r.pos], nil
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
