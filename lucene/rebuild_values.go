// rebuild_values.go answers: what JSON value is a stored value or doc value, by its mapping type? Next: rebuild_tree.go.
//
//	type                  stored                       doc values
//	long ... byte, int    number                       number
//	unsigned_long         highest bit flipped          likewise
//	float, double         number                       bits, the lower ones flipped when negative
//	half_float            float                        16 bits, likewise
//	scaled_float          whole number / factor        likewise
//	date, date_nanos      milliseconds, nanoseconds    likewise
//	boolean               "T" or "F"                   1 or 0; before 5.0 "T" or "F"
//	ip                    16 bytes; before 5.0 IPv4 as a number
//	geo_point             "lat,lon"                    two 32-bit fractions of 180 and 360 degrees; in 2.2 to 2.4 two of 31
//	                                                   bits from -90 and -180 on, their bits interleaved
//	keyword, string       text                         text
//	binary, wildcard      bytes                        vint n, n x { vint length, bytes }
//	flattened                                          key, NUL, text in the field path._keyed

package lucene

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
)

const (
	flattenedKeyed = "._keyed"
	flattenedRoot  = "._root"
	// originalSuffix is a stored field with keywords that were too long for the index.
	originalSuffix = "._original"
	// malformedSuffix is a stored field with values that did not fit the type: text and numbers as they are, others written
	// like _ignored_source's.
	malformedSuffix = "._ignore_malformed"

	unindexed    = "unindexed"
	mortonPoints = "morton"
	// firstLatLon is the major version of Lucene since which points are two fractions; before, their bits were interleaved.
	firstLatLon = 6

	maxUnixSeconds = 253402300799 // the year 9999
	minUnixSeconds = -62167219200 // the year 0
)

func (f *rebuiltField) isText() bool {
	return f.typ == "text" || f.typ == "match_only_text" || f.typ == "string"
}

func (f *rebuiltField) isKeyword() bool { return f.typ == "keyword" || f.typ == "string" }

// decodes says whether this file knows how the type's doc values are made.
func (f *rebuiltField) decodes() bool {
	switch f.typ {
	case "long", "integer", "short", "byte", "unsigned_long", "float", "double", "half_float", "scaled_float",
		"date", "date_nanos", "boolean", "ip", "geo_point", "keyword", "string", "binary", "wildcard", "flattened":
		return true
	}
	return false
}

// collectStored puts the document's stored values into the arena, each with its field.
func (r *Rebuilder) collectStored(d *Document) error {
	for _, f := range r.fields {
		f.stored, f.extra = f.stored[:0], f.extra[:0]
	}
	var failed error
	err := d.EachStored(func(name string, v StoredValue) bool {
		switch f := r.byName[name]; {
		case name == ignoredSource:
			failed = r.addIgnored(v.Bytes)
		case f != nil:
			f.stored = r.addStored(f, f, f.stored, v)
		case strings.HasSuffix(name, originalSuffix):
			if f = r.byName[strings.TrimSuffix(name, originalSuffix)]; f != nil {
				f.extra = r.addStored(f, f, f.extra, v)
			}
		case strings.HasSuffix(name, malformedSuffix):
			if f = r.byName[strings.TrimSuffix(name, malformedSuffix)]; f == nil {
				break
			}
			if v.Kind == StoredBytes {
				failed = r.addTyped(f, v.Bytes)
			} else {
				f.extra = r.addStored(f, &rebuiltField{}, f.extra, v)
			}
		}
		return failed == nil
	})
	if err != nil {
		return err
	}
	return failed
}

// put keeps what write appends to the arena, or counts it as lost.
func (r *Rebuilder) put(f *rebuiltField, values []span, out []byte, ok bool) []span {
	if !ok {
		r.loseValue(f.path)
		return values
	}
	start := len(r.arena)
	r.arena = out
	return append(values, span{start, len(out)})
}

// addStored adds a stored value of f, seen as one of the type of as.
func (r *Rebuilder) addStored(f, as *rebuiltField, values []span, v StoredValue) []span {
	out, ok := r.arena, true
	switch v.Kind {
	case StoredInt, StoredLong:
		if as.typ == "float" || as.typ == "double" || as.typ == "half_float" {
			out = strconv.AppendInt(out, v.Int, 10)
		} else {
			out, ok = as.appendNumber(out, v.Int)
		}
	case StoredFloat:
		out = binaryjson.AppendFloat(out, v.Float, 32)
	case StoredDouble:
		out = binaryjson.AppendFloat(out, v.Float, 64)
	default:
		if as.typ == "binary" {
			out = appendBase64(out, v.Bytes)
		} else {
			out, ok = as.appendTerm(out, v.Bytes)
		}
	}
	return r.put(f, values, out, ok)
}

// columnValues gives a document's values out of doc values; from is f, or the keyword beside it.
func (r *Rebuilder) columnValues(f, from *rebuiltField, doc int) ([]span, error) {
	c := from.column
	if c == nil {
		return nil, nil
	}
	if c.e.kind == dvBinary {
		return r.binaryValues(f, from, doc)
	}
	var err error
	if r.numbers, err = c.numbers(doc, r.numbers[:0]); err != nil {
		return nil, err
	}
	if from.typ == "flattened" {
		return r.flattened(f, c)
	}
	var values []span
	for _, n := range r.numbers {
		out, ok := r.arena, false
		if c.e.kind == dvSorted || c.e.kind == dvSortedSet {
			term, err := c.term(n)
			if err != nil {
				return nil, err
			}
			out, ok = from.appendTerm(out, term)
		} else {
			out, ok = from.appendNumeric(out, n)
		}
		values = r.put(f, values, out, ok)
	}
	return values, nil
}

// appendNumeric writes a number out of doc values, where fractions are kept as sortable bits.
func (f *rebuiltField) appendNumeric(out []byte, n int64) ([]byte, bool) {
	switch f.typ {
	case "float":
		bits := int32(n)
		return binaryjson.AppendFloat(out, float64(math.Float32frombits(uint32(bits^bits>>31&math.MaxInt32))), 32), true
	case "double":
		return binaryjson.AppendFloat(out, math.Float64frombits(uint64(n^n>>63&math.MaxInt64)), 64), true
	case "half_float":
		bits := int16(n)
		return binaryjson.AppendFloat(out, float64(binaryjson.HalfFloat(uint16(bits^bits>>15&math.MaxInt16))), 32), true
	case "boolean":
		return strconv.AppendBool(out, n != 0), n == 0 || n == 1
	case "geo_point":
		lat, lon := Point(n, f.param == mortonPoints)
		out = binaryjson.AppendFloat(append(out, `{"lat":`...), lat, 64)
		out = binaryjson.AppendFloat(append(out, `,"lon":`...), lon, 64)
		return append(out, '}'), true
	}
	return f.appendNumber(out, n)
}

// appendNumber writes a whole number as what the type makes of it.
func (f *rebuiltField) appendNumber(out []byte, n int64) ([]byte, bool) {
	switch f.typ {
	case "unsigned_long":
		return strconv.AppendUint(out, uint64(n)^1<<63, 10), true
	case "scaled_float":
		factor, err := strconv.ParseFloat(f.param, 64)
		if err != nil || factor <= 0 {
			return out, false
		}
		return binaryjson.AppendFloat(out, float64(n)/factor, 64), true
	case "date":
		return f.appendDate(out, floorDiv(n, 1e3), n-floorDiv(n, 1e3)*1e3, time.Millisecond), true
	case "date_nanos":
		return f.appendDate(out, floorDiv(n, 1e9), n-floorDiv(n, 1e9)*1e9, time.Nanosecond), true
	case "ip":
		if n < 0 || n > math.MaxUint32 {
			return out, false
		}
		var v4 [4]byte
		binary.BigEndian.PutUint32(v4[:], uint32(n))
		return quoted(out, netip.AddrFrom4(v4).String()), true
	}
	return strconv.AppendInt(out, n, 10), true
}

func floorDiv(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// appendDate writes a time the way the field's format reads it: a number where the format is of numbers, else ISO 8601.
func (f *rebuiltField) appendDate(out []byte, seconds, rest int64, unit time.Duration) []byte {
	format, _, _ := strings.Cut(f.param, "||")
	numeric := seconds > maxUnixSeconds || seconds < minUnixSeconds
	if format == "epoch_second" && rest == 0 {
		return strconv.AppendInt(out, seconds, 10)
	}
	if format == "epoch_millis" || numeric {
		millis := rest * int64(unit) / int64(time.Millisecond)
		return strconv.AppendInt(out, seconds*1000+millis, 10)
	}
	layout := "2006-01-02T15:04:05.000Z"
	switch {
	case unit == time.Nanosecond:
		layout = "2006-01-02T15:04:05.000000000Z"
	case format == "yyyy-MM-dd", format == "date", format == "strict_date":
		layout = "2006-01-02"
	case format == "yyyy-MM-dd HH:mm:ss":
		layout = "2006-01-02 15:04:05"
	case format == "basic_date", format == "yyyyMMdd":
		layout = "20060102"
	}
	return quoted(out, time.Unix(seconds, rest*int64(unit)).UTC().Format(layout))
}

// quoted writes text that needs no escapes.
func quoted(out []byte, s string) []byte { return append(append(append(out, '"'), s...), '"') }

func appendBase64(out, b []byte) []byte {
	return append(base64.StdEncoding.AppendEncode(append(out, '"'), b), '"')
}

// appendTerm writes bytes as what the type makes of them.
func (f *rebuiltField) appendTerm(out, term []byte) ([]byte, bool) {
	switch f.typ {
	case "boolean":
		switch string(term) {
		case "T", "1", "true":
			return append(out, "true"...), true
		case "F", "0", "false":
			return append(out, "false"...), true
		}
		return out, false
	case "ip":
		if addr, ok := netip.AddrFromSlice(term); ok {
			return quoted(out, addr.Unmap().String()), true
		}
	case "long", "integer", "short", "byte", "unsigned_long", "float", "double", "half_float", "scaled_float":
		return out, false // Elasticsearch 1.x kept numbers in bytes of its own
	}
	out, err := binaryjson.AppendString(out, term)
	return out, err == nil
}

// binaryValues reads a list of byte strings, as binary and wildcard fields keep it.
func (r *Rebuilder) binaryValues(f, from *rebuiltField, doc int) ([]span, error) {
	b, ok, err := from.column.value(doc)
	if !ok || err != nil {
		return nil, err
	}
	in := input{name: from.column.name, buf: b}
	var values []span
	for range in.count(int64(in.vint()), 1) {
		item := in.bytes()
		if in.err != nil {
			break
		}
		if from.typ == "binary" {
			values = r.put(f, values, appendBase64(r.arena, item), true)
			continue
		}
		out, ok := from.appendTerm(r.arena, item)
		values = r.put(f, values, out, ok)
	}
	if in.err == nil && in.remaining() > 0 {
		in.fail("%d bytes left behind the values of a document", in.remaining())
	}
	return values, in.err
}

// flattened puts keys and texts back into one object. Keys may be paths themselves.
func (r *Rebuilder) flattened(f *rebuiltField, c *column) ([]span, error) {
	var inner []rebuiltEntry
	for _, n := range r.numbers {
		term, err := c.term(n)
		if err != nil {
			return nil, err
		}
		key, value, ok := bytes.Cut(term, []byte{0})
		out, ok2 := r.arena, false
		if ok {
			text, err := binaryjson.AppendString(r.arena, value)
			out, ok2 = text, err == nil
		}
		piece := r.put(f, nil, out, ok2)
		if len(piece) == 0 {
			continue
		}
		if k := len(inner) - 1; k >= 0 && inner[k].path == string(key) {
			inner[k].values = append(inner[k].values, piece...)
		} else {
			inner = append(inner, rebuiltEntry{path: string(key), values: piece})
		}
	}
	if len(inner) == 0 {
		return nil, nil
	}
	out, err := r.tree(nil, inner, 0, 0)
	if err != nil {
		return nil, err
	}
	return r.put(f, nil, append(r.arena, out...), true), nil
}
