// storedvalues.go answers: how is one stored value encoded? Documents: documents.go.
//
//	value = vlong number<<3 | kind, then
//	  string, bytes   vint length | bytes
//	  int             zig-zag vint                                   (Lucene 4: i32)
//	  long            u8 h: low 5 bits, 0x20 a vlong follows with the higher ones; zig-zag; times 1000, 3600000 or 86400000
//	                  for h>>6 of 1, 2, 3                            (Lucene 4: i64)
//	  float           u8 FF: i32 bits follow; 80..FE: small integer + 1; else the bits' highest byte, 3 more follow
//	  double          u8 FF: i64 bits; FE: float bits; 80..FD: small integer + 1; else the bits' highest byte, 7 more follow

package lucene

import (
	"encoding/binary"
	"math"
)

type valueKind uint8

const (
	kindString valueKind = iota
	kindBytes
	kindInt
	kindFloat
	kindLong
	kindDouble
	kindBits = 3
)

// StoredKind is the type of a stored value.
type StoredKind uint8

// The types of stored values.
const (
	StoredString StoredKind = iota
	StoredBytes
	StoredInt
	StoredFloat
	StoredLong
	StoredDouble
)

// StoredValue is one stored value of a field: Bytes of a string or of bytes, Int of an int or long, Float of a float or
// double.
type StoredValue struct {
	Kind  StoredKind
	Bytes []byte
	Int   int64
	Float float64
}

// EachStored calls fn with each stored value of the document, in order, until fn says false. Names and bytes are valid
// until the document is reused.
func (d *Document) EachStored(fn func(field string, v StoredValue) bool) error {
	c := storedCursor{b: d.raw, st: d.st}
	for range d.nFields {
		number, kind := c.head()
		var v StoredValue
		if kind <= kindBytes {
			v = StoredValue{Kind: StoredKind(kind), Bytes: c.bytes()}
		} else {
			v = c.number(kind)
		}
		if c.bad {
			return corruptf(d.st.name, -1, "document %d: stored fields run over its %d bytes", d.DocID, len(d.raw))
		}
		if number > maxFieldNumber || d.segment.fields.byNumber[int32(number)] == nil {
			return corruptf(d.st.name, -1, "document %d: stored field number %d is unknown", d.DocID, number)
		}
		if !fn(d.segment.fields.byNumber[int32(number)].name, v) {
			return nil
		}
	}
	return nil
}

// storedCursor walks over a document's stored bytes. After bad all values are zero.
type storedCursor struct {
	b   []byte
	p   int
	st  *storedFields
	bad bool
}

func (c *storedCursor) head() (number uint64, kind valueKind) {
	h := c.vlong()
	return h >> kindBits, valueKind(h & (1<<kindBits - 1))
}

func (c *storedCursor) vlong() uint64 {
	if c.p < len(c.b) && c.b[c.p] < 0x80 {
		c.p++
		return uint64(c.b[c.p-1])
	}
	return c.longVlong()
}

func (c *storedCursor) longVlong() uint64 {
	const maxBytes = 10
	var v uint64
	for i := 0; i < maxBytes && c.p < len(c.b); i++ {
		b := c.b[c.p]
		c.p++
		v |= uint64(b&0x7F) << (7 * i)
		if b < 0x80 {
			return v
		}
	}
	c.fail()
	return 0
}

// fail stops all further reading.
func (c *storedCursor) fail() {
	c.bad = true
	c.p = len(c.b)
}

func (c *storedCursor) bytes() []byte { return c.take(c.vlong()) }

func (c *storedCursor) take(n uint64) []byte {
	if n > uint64(len(c.b)-c.p) {
		c.fail()
		return nil
	}
	b := c.b[c.p : c.p+int(n) : c.p+int(n)]
	c.p += int(n)
	return b
}

// fixed takes exactly n bytes, zeros when there are fewer.
func (c *storedCursor) fixed(n uint64) []byte {
	if b := c.take(n); b != nil {
		return b
	}
	return make([]byte, n)
}

func (c *storedCursor) u8() byte {
	if c.p >= len(c.b) {
		c.fail()
		return 0
	}
	c.p++
	return c.b[c.p-1]
}

func (c *storedCursor) skip(kind valueKind) {
	if kind <= kindBytes {
		c.bytes()
		return
	}
	c.number(kind)
}

func (c *storedCursor) order() binary.ByteOrder {
	if c.st.littleEndian {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

// number reads a value that is neither string nor bytes.
func (c *storedCursor) number(kind valueKind) StoredValue {
	switch old := c.st.layout.oldNumbers; {
	case kind == kindInt && old:
		return StoredValue{Kind: StoredInt, Int: int64(int32(c.u32()))}
	case kind == kindInt:
		v := uint32(c.vlong())
		return StoredValue{Kind: StoredInt, Int: int64(int32(v>>1) ^ -int32(v&1))}
	case kind == kindLong && old:
		return StoredValue{Kind: StoredLong, Int: int64(c.u64())}
	case kind == kindLong:
		return StoredValue{Kind: StoredLong, Int: c.timestampLong()}
	case kind == kindFloat && old:
		return StoredValue{Kind: StoredFloat, Float: float64(math.Float32frombits(c.u32()))}
	case kind == kindFloat:
		return StoredValue{Kind: StoredFloat, Float: float64(c.zfloat())}
	case kind == kindDouble && old:
		return StoredValue{Kind: StoredDouble, Float: math.Float64frombits(c.u64())}
	case kind == kindDouble:
		return StoredValue{Kind: StoredDouble, Float: c.zdouble()}
	}
	c.fail()
	return StoredValue{}
}

func (c *storedCursor) u16() uint16 { return c.order().Uint16(c.fixed(2)) }
func (c *storedCursor) u32() uint32 { return c.order().Uint32(c.fixed(4)) }
func (c *storedCursor) u64() uint64 { return c.order().Uint64(c.fixed(8)) }

// timestampLong reads a long that is short when it is a round time.
func (c *storedCursor) timestampLong() int64 {
	const (
		low, more             = 0x1F, 0x20
		second, hour, day     = 1000, 3_600_000, 86_400_000
		inSeconds, inHours, z = 1, 2, 5
	)
	h := c.u8()
	v := uint64(h & low)
	if h&more != 0 {
		v |= c.vlong() << z
	}
	n := unzigzag(v)
	switch h >> 6 {
	case 0:
		return n
	case inSeconds:
		return n * second
	case inHours:
		return n * hour
	}
	return n * day
}

func (c *storedCursor) zfloat() float32 {
	b := c.u8()
	switch {
	case b == 0xFF:
		return math.Float32frombits(c.u32())
	case b&0x80 != 0:
		return float32(int(b&0x7F) - 1)
	}
	high := uint32(c.u16())
	return math.Float32frombits(uint32(b)<<24 | high<<8 | uint32(c.u8()))
}

func (c *storedCursor) zdouble() float64 {
	b := c.u8()
	switch {
	case b == 0xFF:
		return math.Float64frombits(c.u64())
	case b == 0xFE:
		return float64(math.Float32frombits(c.u32()))
	case b&0x80 != 0:
		return float64(int(b&0x7F) - 1)
	}
	high := uint64(c.u32())
	mid := uint64(c.u16())
	return math.Float64frombits(uint64(b)<<56 | high<<24 | mid<<8 | uint64(c.u8()))
}
