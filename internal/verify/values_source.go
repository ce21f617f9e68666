package verify

// values_source.go answers: what does a document's field mean to the source? Its doc values say, and where the index keeps
// none, the source's own rules applied to the bytes. Next: report.go.

import (
	"cmp"
	"encoding/json"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/lucene"
)

// family is what values are compared as.
type family uint8

const (
	familyNone family = iota
	familyDate
	familyNumber
	familyBoolean
	familyKeyword
	familyIP
)

// valueField is what counts in a field's mapping.
type valueField struct {
	path, typ string
	// columns says that the field has doc values, nested that it lies in another Lucene document.
	columns, nested bool
	// filled says that values may come from elsewhere: copy_to, null_value.
	filled bool
	multi  bool
	above  int64
	factor float64
	format string
	// dates and version are the source's, whose rules hold where there is no column.
	dates   *transform.DateReader
	version es.Version
}

func (f valueField) family() family {
	switch f.typ {
	case "date", "date_nanos":
		return familyDate
	case "long", "integer", "short", "byte", "float", "double", "half_float", "scaled_float":
		return familyNumber
	case "boolean":
		return familyBoolean
	case "keyword":
		return familyKeyword
	case "ip":
		return familyIP
	}
	return familyNone
}

// base is the path in a source that fills the field: a multi-field is filled by the field above it.
func (f valueField) base() string {
	if at := strings.LastIndexByte(f.path, '.'); f.multi && at > 0 {
		return f.path[:at]
	}
	return f.path
}

// sourceFields gathers the fields of all types of a snapshot's index. A field that types map differently is left out.
func sourceFields(mappings map[string]json.RawMessage, version es.Version) map[string]valueField {
	fields := map[string]valueField{}
	for _, mapping := range mappings {
		valueFields(mapping, fields)
	}
	for path, field := range fields {
		field.version = version
		if field.family() == familyDate {
			field.dates = transform.NewDateReader(field.format, version)
		}
		fields[path] = field
	}
	return fields
}

// valueFields reads a mapping: one type's, or all types' with their names around them.
func valueFields(mapping []byte, into map[string]valueField) {
	root := gjson.ParseBytes(mapping)
	copied := map[string]bool{}
	if properties := root.Get("properties"); properties.Exists() {
		walkValues(properties, "", false, into, copied)
	} else {
		root.ForEach(func(_, docType gjson.Result) bool {
			walkValues(docType.Get("properties"), "", false, into, copied)
			return true
		})
	}
	for path := range copied {
		if field, known := into[path]; known {
			field.filled = true
			into[path] = field
		}
	}
}

func walkValues(properties gjson.Result, prefix string, nested bool, into map[string]valueField, copied map[string]bool) {
	properties.ForEach(func(name, body gjson.Result) bool {
		path := prefix + name.String()
		for _, target := range body.Get("copy_to").Array() {
			copied[target.String()] = true
		}
		if inner := body.Get("properties"); inner.Exists() {
			walkValues(inner, path+".", nested || body.Get("type").String() == "nested", into, copied)
			return true
		}
		keep := func(path string, body gjson.Result, multi bool) {
			field := readValueField(path, body)
			field.nested, field.multi = nested, multi
			if other, known := into[path]; known && other.typ != field.typ {
				field.typ = "" // types of the index disagree
			}
			into[path] = field
		}
		keep(path, body, false)
		body.Get("fields").ForEach(func(inner, multi gjson.Result) bool {
			keep(path+"."+inner.String(), multi, true)
			return true
		})
		return true
	})
}

func readValueField(path string, body gjson.Result) valueField {
	field := valueField{path: path, typ: body.Get("type").String(), format: body.Get("format").String(), filled: body.Get("null_value").Exists(), above: math.MaxInt64, factor: body.Get("scaling_factor").Num}
	if field.typ == "string" && body.Get("index").String() == "not_analyzed" {
		field.typ = "keyword"
	}
	if v := body.Get("ignore_above"); v.Exists() {
		field.above = v.Int()
	}
	field.columns = body.Get("doc_values").String() != "false"
	return field
}

// of gives what a document holds in the field; known is false where nobody can say.
func (f valueField) of(one *export.Sampled, source []byte) (values []string, known bool, err error) {
	column, found, err := one.Column(f.path)
	if err != nil {
		return nil, false, err
	}
	if found {
		values, known = f.decode(column)
		sortValues(values, f.family())
		return values, known, nil
	}
	if f.filled || f.multi || source == nil {
		return nil, false, nil
	}
	for _, raw := range scalars(source, f.path) {
		value, ok := f.read(raw)
		if !ok {
			return nil, false, nil
		}
		values = append(values, value)
	}
	sortValues(values, f.family())
	if f.family() == familyKeyword {
		values = slices.Compact(values)
	}
	return values, true, nil
}

// decode makes values of what a column keeps.
func (f valueField) decode(column lucene.ColumnValues) (values []string, known bool) {
	for _, term := range column.Terms {
		switch f.family() {
		case familyKeyword:
			values = append(values, string(term))
		case familyBoolean:
			values = append(values, strconv.FormatBool(string(term) == "T"))
		case familyIP:
			address, ok := netip.AddrFromSlice(term)
			if !ok {
				return nil, false
			}
			values = append(values, address.Unmap().String())
		default:
			return nil, false // numbers of 1.x, in a form that is not read
		}
	}
	for _, n := range column.Numbers {
		switch f.typ {
		case "date":
			values = append(values, dateText(n))
		case "date_nanos":
			const nanosecondsEach = 1_000_000
			values = append(values, dateText(n/nanosecondsEach))
		case "boolean":
			values = append(values, strconv.FormatBool(n != 0))
		case "long", "integer", "short", "byte":
			values = append(values, strconv.FormatInt(n, 10))
		case "double":
			values = append(values, fractionText(math.Float64frombits(uint64(n^n>>63&math.MaxInt64))))
		case "float":
			bits := int32(n)
			values = append(values, fractionText(float64(math.Float32frombits(uint32(bits^bits>>31&math.MaxInt32)))))
		case "half_float":
			bits := int16(n)
			values = append(values, fractionText(float64(binaryjson.HalfFloat(uint16(bits^bits>>15&math.MaxInt16)))))
		case "scaled_float":
			if f.factor <= 0 {
				return nil, false
			}
			values = append(values, fractionText(float64(n)/f.factor))
		case "ip":
			if n < 0 || n > math.MaxUint32 {
				return nil, false
			}
			values = append(values, netip.AddrFrom4([4]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}).String())
		default:
			return nil, false
		}
	}
	return values, true
}

func fractionText(v float64) string { return numberText(strconv.FormatFloat(v, 'g', -1, 64)) }

// read gives what a value's bytes meant to the source.
func (f valueField) read(raw string) (string, bool) {
	v := gjson.Parse(raw)
	switch f.family() {
	case familyDate:
		if !f.version.AtLeast(2, 0) {
			if millis, err := strconv.ParseInt(v.String(), 10, 64); err == nil && v.Type == gjson.Number {
				return dateText(millis), true
			}
		}
		instant, err := f.dates.Read(textOf(v))
		if err != nil {
			return "", false
		}
		return dateText(instant.UnixMilli()), true
	case familyNumber:
		text := numberText(textOf(v))
		if _, err := strconv.ParseFloat(text, 64); err != nil {
			return "", false
		}
		if f.typ != "float" && f.typ != "double" && f.typ != "half_float" && f.typ != "scaled_float" {
			if whole, err := strconv.ParseFloat(text, 64); err == nil && whole != math.Trunc(whole) {
				text = numberText(strconv.FormatFloat(math.Trunc(whole), 'f', -1, 64))
			}
		}
		return text, true
	case familyBoolean:
		if f.version.AtLeast(6, 0) {
			return v.String(), true
		}
		if v.Type == gjson.Number {
			return strconv.FormatBool(math.Abs(v.Num) >= 1), true
		}
		return strconv.FormatBool(transform.BooleanOf(v.String())), true
	case familyKeyword:
		return v.String(), int64(len(v.String())) <= f.above
	case familyIP:
		address, err := netip.ParseAddr(v.String())
		return address.Unmap().String(), err == nil
	}
	return "", false
}

// textOf is a value's text as servers see it: of a number its literal.
func textOf(v gjson.Result) string {
	if v.Type == gjson.Number {
		return v.Raw
	}
	return v.String()
}

// scalars gathers the raw values at a path, through arrays and objects alike.
func scalars(source []byte, path string) []string {
	var found []string
	gatherScalars(gjson.ParseBytes(source), path, &found)
	return found
}

func gatherScalars(v gjson.Result, path string, found *[]string) {
	switch {
	case v.IsArray():
		for _, item := range v.Array() {
			gatherScalars(item, path, found)
		}
	case v.IsObject():
		v.ForEach(func(key, inner gjson.Result) bool {
			name := key.String()
			if name == path {
				gatherScalars(inner, "", found)
			} else if len(path) > len(name) && path[:len(name)] == name && path[len(name)] == '.' {
				gatherScalars(inner, path[len(name)+1:], found)
			}
			return true
		})
	case path == "" && v.Type != gjson.Null && v.Exists():
		*found = append(*found, v.Raw)
	}
}

// sortValues puts values into the order that does not depend on the side: numbers by size.
func sortValues(values []string, of family) {
	slices.SortFunc(values, func(a, b string) int {
		if of == familyNumber {
			x, err1 := strconv.ParseFloat(a, 64)
			y, err2 := strconv.ParseFloat(b, 64)
			if err1 == nil && err2 == nil {
				return cmp.Or(cmp.Compare(x, y), cmp.Compare(a, b))
			}
		}
		return cmp.Compare(a, b)
	})
}
