// rebuild_ignored.go answers: what does _ignored_source hold? Nothing comes next.
//
// Since Elasticsearch 8.15 a synthetic source keeps here, per document, what the fields can't give back: values of fields
// that are not mapped, not indexed, malformed, or whose arrays must keep their order.
//
//	stored binary  le i32: name length + 65536 * offset of the parent in the name | name | value
//	value          u8 type, then
//	               S text | I le i32 | L le i64 | D le f64 bits | F le f32 bits | i big-endian big integer |
//	               d le i32 scale, big integer | t true | f false | n null | b bytes | v nothing |
//	               c CBOR | j JSON | y YAML | s SMILE
//
// Elasticsearch 8.18 writes the name's length in characters of Java, others in bytes.

package lucene

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

const (
	ignoredSource     = "_ignored_source"
	ignoredHeader     = 4
	ignoredNameLength = 1<<16 - 1
	ignoredTypes      = "SILDFidtfnbvcjys"
	maxIgnoredNumber  = 4 << 10
)

// errVoid marks a value that says only that there was none.
var errVoid = errors.New("void")

// addIgnored takes one value of _ignored_source.
func (r *Rebuilder) addIgnored(b []byte) error {
	in := input{name: ignoredSource, buf: b, le: true}
	head := in.u32()
	name, value, ok := cutIgnoredName(b[min(len(b), ignoredHeader):], int(head&ignoredNameLength))
	if in.err != nil || !ok {
		in.fail("name of %d bytes", head&ignoredNameLength)
		return in.err
	}
	out, err := appendTyped(r.arena, value)
	if errors.Is(err, errVoid) {
		// The field's values are copies of another's: they were never in the source.
		r.ignored = append(r.ignored, rebuiltEntry{path: name})
		return nil
	}
	if err != nil {
		in.fail("value of %q: %v", clip(name), err)
		return in.err
	}
	start := len(r.arena)
	r.arena = out
	r.ignored = append(r.ignored, rebuiltEntry{path: name, values: []span{{start, len(out)}}})
	return nil
}

// cutIgnoredName cuts off a name of n bytes, or of n characters of Java where n bytes don't end before a type.
func cutIgnoredName(b []byte, n int) (name string, value []byte, ok bool) {
	plausible := func(at int) bool {
		return at > 0 && at < len(b) && utf8.Valid(b[:at]) && isIgnoredType(b[at])
	}
	chars := 0
	at := 0
	for at < len(b) && chars < n {
		c, size := utf8.DecodeRune(b[at:])
		if c > math.MaxUint16 {
			chars++
		}
		chars++
		at += size
	}
	switch {
	case plausible(n):
		return string(b[:n]), b[n:], true
	case plausible(at):
		return string(b[:at]), b[at:], true
	}
	return "", nil, false
}

func isIgnoredType(c byte) bool {
	for i := range len(ignoredTypes) {
		if ignoredTypes[i] == c {
			return true
		}
	}
	return false
}

// addTyped takes a value that did not fit its field's type.
func (r *Rebuilder) addTyped(f *rebuiltField, b []byte) error {
	out, err := appendTyped(r.arena, b)
	if errors.Is(err, errVoid) {
		return nil
	}
	if err != nil {
		return corruptf(f.path+malformedSuffix, -1, "%v", err)
	}
	f.extra = r.put(f, f.extra, out, true)
	return nil
}

// appendTyped writes a value with its type byte as JSON.
func appendTyped(out, b []byte) ([]byte, error) {
	in := input{name: ignoredSource, buf: b, le: true}
	kind := in.u8()
	rest := in.buf[in.pos:]
	switch kind {
	case 'S':
		return binaryjson.AppendString(out, rest)
	case 'b':
		return appendBase64(out, rest), in.err
	case 'c':
		return binaryjson.CBORToJSON(out, rest)
	case 'j':
		return binaryjson.Compact(out, rest)
	case 'y':
		return binaryjson.YAMLToJSON(out, rest)
	case 's':
		return binaryjson.SMILEToJSON(out, rest)
	case 'n':
		out = append(out, "null"...)
	case 't':
		out = append(out, "true"...)
	case 'f':
		out = append(out, "false"...)
	case 'v':
		return out, errVoid
	case 'I':
		out = strconv.AppendInt(out, int64(in.i32()), 10)
	case 'L':
		out = strconv.AppendInt(out, in.i64(), 10)
	case 'F':
		out = binaryjson.AppendFloat(out, float64(math.Float32frombits(in.u32())), 32)
	case 'D':
		out = binaryjson.AppendFloat(out, math.Float64frombits(in.u64()), 64)
	case 'i', 'd':
		scale := int64(0)
		if kind == 'd' {
			scale = int64(int32(binary.LittleEndian.Uint32(append(in.take(4), 0, 0, 0, 0))))
		}
		n, ok := bigNumber(in.buf[in.pos:])
		if !ok {
			in.fail("number of %d bytes", in.remaining())
		} else {
			out = binaryjson.AppendDecimal(out, n, scale)
		}
	default:
		in.fail("type %02x", kind)
	}
	return out, in.err
}

// bigNumber reads a big-endian signed number.
func bigNumber(b []byte) (*big.Int, bool) {
	if len(b) == 0 || len(b) > maxIgnoredNumber {
		return nil, false
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(b))*8))
	}
	return n, true
}
