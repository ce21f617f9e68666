package verify

// values_source.go answers: what does a document's field mean to the source? Its doc values say, and where the index keeps
// none, the source's own rules applied to the bytes. Next: values_target.go.

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/lucene"
)

// fieldValues are a document's values of a field by the Lucene document that they lie in: the document itself, or each of its
// nested objects.
type fieldValues [][]string

// all are the values together, in an order that does not depend on the side.
func (v fieldValues) all(of family) []string {
	values := slices.Concat(v...)
	sortValues(values, of)
	return values
}

// each is like all, with a value counted once for each Lucene document: so do aggregations.
func (v fieldValues) each(of family) []string {
	var values []string
	for _, one := range v {
		one = slices.Clone(one)
		sortValues(one, of)
		values = append(values, slices.Compact(one)...)
	}
	sortValues(values, of)
	return values
}

// asKept leaves what the doc values of every version tell apart: keywords and addresses are sets in one Lucene document, and
// so are booleans before 5.0.
func asKept(values []string, of family) []string {
	if of != familyKeyword && of != familyIP && of != familyBoolean {
		return values
	}
	sortValues(values, of)
	return slices.Compact(values)
}

// of gives what a document holds in the field; why is not empty where nobody can say.
func (f valueField) of(one *export.Sampled, source []byte) (values fieldValues, why string, err error) {
	columns, found, err := f.columnsOf(one)
	if err != nil {
		return nil, "", err
	}
	if found {
		if values, known := f.decodeEach(columns); known {
			return values, "", nil
		}
	}
	switch {
	case !found && f.indirect() && f.columns:
		return nil, "", nil // no document of the segment has a value
	case f.indirect() || source == nil:
		return nil, "the source keeps no doc values of it that can be read, and its bytes alone do not tell them", nil
	}
	objects, path := f.objects(source)
	for _, object := range objects {
		read, known := f.readAll(object, path)
		if !known {
			return nil, "the source keeps no doc values of it that can be read, and its bytes are not understood", nil
		}
		values = append(values, asKept(read, f.family()))
	}
	return values, "", nil
}

// indirect says that a field's bytes may lie elsewhere, or hold what the field has no value for.
func (f valueField) indirect() bool { return f.filled || f.multi }

// columnsOf gives the field's column for the document, or for each of its nested objects.
func (f valueField) columnsOf(one *export.Sampled) ([]lucene.ColumnValues, bool, error) {
	if f.within != "" {
		return one.NestedColumn(f.path)
	}
	column, found, err := one.Column(f.path)
	return []lucene.ColumnValues{column}, found, err
}

func (f valueField) decodeEach(columns []lucene.ColumnValues) (fieldValues, bool) {
	var all fieldValues
	for _, column := range columns {
		values, known := f.decode(column)
		if !known {
			return nil, false
		}
		if len(values) > 0 {
			all = append(all, asKept(values, f.family()))
		}
	}
	return all, true
}

// objects are the objects of a source that become the Lucene documents in which the field lies, with its path in them.
func (f valueField) objects(source []byte) ([]gjson.Result, string) {
	root := gjson.ParseBytes(source)
	if f.within == "" {
		return []gjson.Result{root}, f.path
	}
	return written(root, f.within), f.path[len(f.within)+1:]
}

// readAll gives what an object's bytes meant to the source.
func (f valueField) readAll(object gjson.Result, path string) (values []string, known bool) {
	known = true
	at(object, path, func(v gjson.Result) {
		if f.family() == familyPoint {
			points, ok := readPoints(v)
			values, known = append(values, points...), known && ok
			return
		}
		eachScalar(v, func(one gjson.Result) {
			value, ok := f.read(one.Raw)
			values, known = append(values, value), known && ok
		})
	})
	return values, known
}

// decode makes values of what a column keeps.
func (f valueField) decode(column lucene.ColumnValues) (values []string, known bool) {
	if len(column.Bytes) > 0 {
		if f.family() != familyPoint || f.points != exactPoints {
			return nil, false // numbers of 1.x, in a form that is not read
		}
		return decodePoints(column.Bytes)
	}
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
		case "geo_point":
			lat, lon := lucene.Point(n, f.points == mortonPoints)
			values = append(values, pointText(lat, lon))
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

// written gathers what lies at a path, through arrays and objects alike, nulls left out.
func written(v gjson.Result, path string) (found []gjson.Result) {
	at(v, path, func(v gjson.Result) {
		eachItem(v, func(one gjson.Result) { found = append(found, one) })
	})
	return found
}

// at visits what lies at a path as it is written: an array as one.
func at(v gjson.Result, path string, visit func(gjson.Result)) {
	switch {
	case path == "":
		visit(v)
	case v.IsArray():
		for _, item := range v.Array() {
			at(item, path, visit)
		}
	case v.IsObject():
		v.ForEach(func(key, inner gjson.Result) bool {
			name := key.String()
			if name == path {
				at(inner, "", visit)
			} else if len(path) > len(name) && path[:len(name)] == name && path[len(name)] == '.' {
				at(inner, path[len(name)+1:], visit)
			}
			return true
		})
	}
}

// eachItem visits what is not null in an array, or what is no array.
func eachItem(v gjson.Result, visit func(gjson.Result)) {
	if v.IsArray() {
		for _, item := range v.Array() {
			eachItem(item, visit)
		}
	} else if v.Type != gjson.Null && v.Exists() {
		visit(v)
	}
}

// eachScalar is eachItem for what is no object either.
func eachScalar(v gjson.Result, visit func(gjson.Result)) {
	eachItem(v, func(one gjson.Result) {
		if !one.IsObject() {
			visit(one)
		}
	})
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
