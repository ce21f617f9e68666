package binaryjson

// This file answers: how do the items of CBOR (RFC 8949) become JSON text? Read yaml.go next.
//
//	item  u8: major type<<5 | info; info 0-23 is the argument, 24-27: it follows in 1, 2, 4, 8 bytes
//	      (big-endian), 31: of no definite length, ended by FF
//	0 unsigned | 1 negative: -1-argument | 2 bytes | 3 text | 4 array | 5 map | 6 tag, then an item
//	7 20 false, 21 true, 22 null, 23 undefined, 25 half float, 26 float, 27 double
//
// Tags 2 and 3 (big integers) and 4 (decimal fractions) are numbers with all their digits; all other
// tags, the self-describing D9D9F7 among them, say nothing that JSON could carry and are passed over,
// as Elasticsearch does.

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

const (
	cborUnsigned = 0
	cborNegative = 1
	cborBytes    = 2
	cborText     = 3
	cborArray    = 4
	cborMap      = 5
	cborTag      = 6
	cborSimple   = 7

	cborInfoBits  = 0x1F
	cborArgument1 = 24
	cborArgument8 = 27
	cborNoLength  = 31
	cborBreak     = 0xFF

	cborFalse     = 20
	cborTrue      = 21
	cborNull      = 22
	cborUndefined = 23
	cborHalf      = 25
	cborFloat     = 26
	cborDouble    = 27

	cborTagBig      = 2
	cborTagNegative = 3
	cborTagDecimal  = 4
	cborTagRef      = 25
	cborTagRefSpace = 256
)

type cborReader struct {
	src   []byte
	pos   int
	out   []byte
	limit int
	parts []byte // a string of no definite length, joined
}

type cborHead struct {
	major, info byte
	arg         uint64
}

// CBORToJSON appends one CBOR item to dst as compact JSON. Byte strings become base64, keys that are
// whole numbers become their digits. On an error dst comes back as it was.
func CBORToJSON(dst, src []byte) ([]byte, error) {
	r := cborReader{src: src, out: dst, limit: len(dst) + MaxJSON}
	if err := r.value(0); err != nil {
		return dst, fmt.Errorf("CBOR: byte %d of %d: %w", r.pos, len(src), err)
	}
	if r.pos != len(src) {
		return dst, fmt.Errorf("CBOR: byte %d of %d: bytes after the value: %w", r.pos, len(src), ErrMalformed)
	}
	return r.out, nil
}

func (r *cborReader) value(depth int) error {
	h, err := r.head()
	if err != nil {
		return err
	}
	return r.item(h, depth)
}

func (r *cborReader) item(h cborHead, depth int) error {
	if len(r.out) > r.limit {
		return ErrTooLarge
	}
	for h.major == cborTag {
		switch h.arg {
		case cborTagBig, cborTagNegative, cborTagDecimal:
			return r.number(h)
		case cborTagRef, cborTagRefSpace:
			return fmt.Errorf("string references (tag %d) are not understood: %w", h.arg, ErrMalformed)
		}
		var err error
		if h, err = r.head(); err != nil {
			return err
		}
	}
	if h.info == cborNoLength && (h.major < cborBytes || h.major == cborSimple) {
		return fmt.Errorf("major type %d without a length: %w", h.major, ErrMalformed)
	}
	switch h.major {
	case cborUnsigned:
		r.out = strconv.AppendUint(r.out, h.arg, 10)
	case cborNegative:
		r.negative(h.arg)
	case cborBytes:
		b, err := r.str(h)
		if err != nil {
			return err
		}
		r.out = append(r.out, '"')
		r.out = base64.StdEncoding.AppendEncode(r.out, b)
		r.out = append(r.out, '"')
	case cborText:
		b, err := r.str(h)
		if err != nil {
			return err
		}
		r.out, err = appendString(r.out, b)
		return err
	case cborArray:
		return r.array(h, depth)
	case cborMap:
		return r.object(h, depth)
	default:
		return r.simple(h)
	}
	return nil
}

func (r *cborReader) negative(arg uint64) {
	if arg <= math.MaxInt64 {
		r.out = strconv.AppendInt(r.out, -1-int64(arg), 10)
		return
	}
	n := new(big.Int).SetUint64(arg)
	r.out = n.Not(n).Append(r.out, 10)
}

func (r *cborReader) simple(h cborHead) error {
	switch h.info {
	case cborFalse:
		r.out = append(r.out, "false"...)
	case cborTrue:
		r.out = append(r.out, "true"...)
	case cborNull, cborUndefined:
		r.out = append(r.out, "null"...)
	case cborHalf:
		r.out = appendFloat(r.out, float64(HalfFloat(uint16(h.arg))), 32)
	case cborFloat:
		r.out = appendFloat(r.out, float64(math.Float32frombits(uint32(h.arg))), 32)
	case cborDouble:
		r.out = appendFloat(r.out, math.Float64frombits(h.arg), 64)
	default:
		// A value that no standard gives a meaning to; its number is all there is to say.
		r.out = strconv.AppendUint(r.out, h.arg, 10)
	}
	return nil
}

// HalfFloat widens an IEEE 754 number of 16 bits.
func HalfFloat(v uint16) float32 {
	sign := uint32(v>>15) << 31
	exponent := uint32(v >> 10 & 0x1F)
	fraction := uint32(v & 0x3FF)
	switch exponent {
	case 0:
		f := float32(fraction) * (1.0 / (1 << 24))
		if sign != 0 {
			f = -f
		}
		return f
	case 0x1F:
		return math.Float32frombits(sign | 0xFF<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

func (r *cborReader) array(h cborHead, depth int) error {
	if depth >= MaxDepth {
		return ErrTooDeep
	}
	if err := r.count(h, 1); err != nil {
		return err
	}
	r.out = append(r.out, '[')
	for i := uint64(0); h.info == cborNoLength || i < h.arg; i++ {
		if h.info == cborNoLength && r.atBreak() {
			break
		}
		if i > 0 {
			r.out = append(r.out, ',')
		}
		if err := r.value(depth + 1); err != nil {
			return err
		}
	}
	r.out = append(r.out, ']')
	return nil
}

func (r *cborReader) object(h cborHead, depth int) error {
	if depth >= MaxDepth {
		return ErrTooDeep
	}
	if err := r.count(h, 2); err != nil {
		return err
	}
	r.out = append(r.out, '{')
	for i := uint64(0); h.info == cborNoLength || i < h.arg; i++ {
		if h.info == cborNoLength && r.atBreak() {
			break
		}
		if i > 0 {
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
	r.out = append(r.out, '}')
	return nil
}

func (r *cborReader) key() error {
	h, err := r.head()
	if err != nil {
		return err
	}
	if h.info == cborNoLength && h.major != cborText && h.major != cborBytes {
		return fmt.Errorf("key of major type %d without a length: %w", h.major, ErrMalformed)
	}
	switch h.major {
	case cborText, cborBytes:
		b, err := r.str(h)
		if err != nil {
			return err
		}
		r.out, err = appendString(r.out, b)
		return err
	case cborUnsigned:
		r.out = append(r.out, '"')
		r.out = strconv.AppendUint(r.out, h.arg, 10)
		r.out = append(r.out, '"')
		return nil
	case cborNegative:
		r.out = append(r.out, '"')
		r.negative(h.arg)
		r.out = append(r.out, '"')
		return nil
	}
	return fmt.Errorf("key of major type %d: %w", h.major, ErrMalformed)
}

// number reads what follows tag 2, 3 or 4.
func (r *cborReader) number(tag cborHead) error {
	if tag.arg != cborTagDecimal {
		n, err := r.bigInt(tag)
		if err != nil {
			return err
		}
		r.out = n.Append(r.out, 10)
		return nil
	}
	h, err := r.head()
	if err != nil {
		return err
	}
	if h.major != cborArray || h.arg != 2 || h.info == cborNoLength {
		return fmt.Errorf("decimal fraction that is no pair: %w", ErrMalformed)
	}
	exponent, err := r.head()
	if err != nil {
		return err
	}
	if exponent.major > cborNegative || exponent.info == cborNoLength || exponent.arg >= math.MaxInt64 {
		return fmt.Errorf("decimal fraction's exponent: %w", ErrMalformed)
	}
	scale := -int64(exponent.arg)
	if exponent.major == cborNegative {
		scale = 1 + int64(exponent.arg)
	}
	h, err = r.head()
	if err != nil {
		return err
	}
	mantissa, err := r.bigInt(h)
	if err != nil {
		return err
	}
	r.out = appendDecimal(r.out, mantissa, scale)
	return nil
}

// bigInt is the whole number that begins with h, big or not.
func (r *cborReader) bigInt(h cborHead) (*big.Int, error) {
	n := new(big.Int)
	switch {
	case h.info == cborNoLength:
	case h.major == cborUnsigned:
		return n.SetUint64(h.arg), nil
	case h.major == cborNegative:
		return n.Not(n.SetUint64(h.arg)), nil
	case h.major == cborTag && (h.arg == cborTagBig || h.arg == cborTagNegative):
		s, err := r.head()
		if err != nil {
			return nil, err
		}
		if s.major != cborBytes {
			break
		}
		b, err := r.str(s)
		if err != nil {
			return nil, err
		}
		if len(b) > maxBigBytes {
			return nil, ErrTooLarge
		}
		n.SetBytes(b)
		if h.arg == cborTagNegative {
			n.Not(n)
		}
		return n, nil
	}
	return nil, fmt.Errorf("big number of major type %d: %w", h.major, ErrMalformed)
}

// str is a text or byte string; one of no definite length is joined from its parts.
func (r *cborReader) str(h cborHead) ([]byte, error) {
	if h.info != cborNoLength {
		return r.take(h.arg)
	}
	r.parts = r.parts[:0]
	for !r.atBreak() {
		part, err := r.head()
		if err != nil {
			return nil, err
		}
		if part.major != h.major || part.info == cborNoLength {
			return nil, fmt.Errorf("part of a string is of major type %d: %w", part.major, ErrMalformed)
		}
		b, err := r.take(part.arg)
		if err != nil {
			return nil, err
		}
		r.parts = append(r.parts, b...)
	}
	return r.parts, nil
}

// count refuses a length that the bytes left cannot hold.
func (r *cborReader) count(h cborHead, each uint64) error {
	if h.info != cborNoLength && h.arg > uint64(len(r.src)-r.pos)/each {
		return errShort
	}
	return nil
}

func (r *cborReader) atBreak() bool {
	if r.pos < len(r.src) && r.src[r.pos] == cborBreak {
		r.pos++
		return true
	}
	return false
}

func (r *cborReader) head() (cborHead, error) {
	b, err := r.take(1)
	if err != nil {
		return cborHead{}, err
	}
	h := cborHead{major: b[0] >> 5, info: b[0] & cborInfoBits}
	switch {
	case h.info < cborArgument1:
		h.arg = uint64(h.info)
	case h.info <= cborArgument8:
		if b, err = r.take(1 << (h.info - cborArgument1)); err != nil {
			return h, err
		}
		var wide [8]byte
		copy(wide[len(wide)-len(b):], b)
		h.arg = binary.BigEndian.Uint64(wide[:])
	case h.info == cborNoLength && h.major != cborTag:
	default:
		return h, fmt.Errorf("item %02x: %w", b[0], ErrMalformed)
	}
	return h, nil
}

func (r *cborReader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.src)-r.pos) {
		return nil, errShort
	}
	r.pos += int(n)
	return r.src[r.pos-int(n) : r.pos], nil
}
