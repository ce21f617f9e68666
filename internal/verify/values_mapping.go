package verify

// values_mapping.go answers: which fields of an index have values to compare, and what counts in their mapping? What is not
// compared is told with its reason. Next: values_source.go.

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/transform"
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
	familyPoint
)

// valueField is what counts in a field's mapping.
type valueField struct {
	path, typ string
	// columns says that the field has doc values, declared that its mapping says so or not.
	columns, declared bool
	// within is the innermost nested object that the field lies in, "" for none. spread says that the objects around that one
	// hold its values too.
	within string
	spread bool
	// mixed says that types of the index disagree about the field.
	mixed bool
	// filled says that values may come from elsewhere: copy_to, null_value.
	filled bool
	multi  bool
	above  int64
	factor float64
	format string
	// dates and version are the source's, whose rules hold where there is no column.
	dates   *transform.DateReader
	version es.Version
	// points is how the index keeps geo_points.
	points pointForm
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
	case "geo_point":
		return familyPoint
	}
	return familyNone
}

// valueless says that the field can have no values: text has terms, and an object without fields nothing.
func (f valueField) valueless() bool {
	switch f.typ {
	case "string", "text", "match_only_text", "annotated_text", "search_as_you_type", "completion", "", "object", "nested", "alias":
		return true
	}
	return false
}

// base is the path in a source that fills the field: a multi-field is filled by the field above it.
func (f valueField) base() string {
	if at := strings.LastIndexByte(f.path, '.'); f.multi && at > 0 {
		return f.path[:at]
	}
	return f.path
}

// sourceFields gathers the fields of all types of a snapshot's index.
func sourceFields(mappings map[string]json.RawMessage, version, created es.Version) map[string]valueField {
	fields := map[string]valueField{}
	for _, mapping := range mappings {
		valueFields(mapping, fields)
	}
	for path, field := range fields {
		field.version, field.points = version, pointFormOf(created)
		field.columns = field.columns && (field.declared || created.AtLeast(2, 0)) // 1.x made them on demand
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
	walk := valueWalk{into: into, copied: map[string]bool{}}
	if properties := root.Get("properties"); properties.Exists() {
		walk.properties(properties, "", valueField{})
	} else {
		root.ForEach(func(_, docType gjson.Result) bool {
			walk.properties(docType.Get("properties"), "", valueField{})
			return true
		})
	}
	for path := range walk.copied {
		if field, known := into[path]; known {
			field.filled = true
			into[path] = field
		}
	}
}

// valueWalk gathers fields by path, and those that copy_to fills.
type valueWalk struct {
	into   map[string]valueField
	copied map[string]bool
}

// properties walks through an object; around says in which nested ones it lies.
func (w valueWalk) properties(properties gjson.Result, prefix string, around valueField) {
	properties.ForEach(func(name, body gjson.Result) bool {
		path := prefix + name.String()
		for _, target := range body.Get("copy_to").Array() {
			w.copied[target.String()] = true
		}
		if inner := body.Get("properties"); inner.Exists() {
			deeper := around
			if body.Get("type").String() == "nested" {
				deeper = valueField{within: path, spread: around.within != "" && body.Get("include_in_parent").Bool()}
			}
			w.properties(inner, path+".", deeper)
			return true
		}
		w.keep(path, body, around, false)
		body.Get("fields").ForEach(func(inner, multi gjson.Result) bool {
			w.keep(path+"."+inner.String(), multi, around, true)
			return true
		})
		return true
	})
}

func (w valueWalk) keep(path string, body gjson.Result, around valueField, multi bool) {
	field := readValueField(path, body)
	field.within, field.spread, field.multi = around.within, around.spread, multi
	if other, known := w.into[path]; known {
		field.mixed = other.mixed || other.typ != field.typ || other.within != field.within
	}
	w.into[path] = field
}

func readValueField(path string, body gjson.Result) valueField {
	field := valueField{path: path, typ: body.Get("type").String(), format: body.Get("format").String(), filled: body.Get("null_value").Exists(), above: math.MaxInt64, factor: body.Get("scaling_factor").Num}
	if field.typ == "string" && body.Get("index").String() == "not_analyzed" {
		field.typ = "keyword"
	}
	if v := body.Get("ignore_above"); v.Exists() {
		field.above = v.Int()
	}
	columns := body.Get("doc_values")
	field.columns, field.declared = columns.String() != "false", columns.Exists()
	return field
}

// comparableFields are those that have values to compare on both sides, and why the others that may hold values have not.
func comparableFields(there, here map[string]valueField) (fields []string, others map[string]string) {
	others = map[string]string{}
	for path, source := range there {
		target, both := here[path]
		switch {
		case source.mixed || target.mixed:
			others[path] = "types of the index disagree about it"
		case source.valueless():
		case source.family() == familyNone:
			others[path] = "those of type " + source.typ + " are not"
		case !both:
			others[path] = "the target's mapping has no field of this name"
		case source.family() != target.family():
			others[path] = fmt.Sprintf("it is %s on the source and %s on the target", source.typ, target.typ)
		case source.within != target.within:
			others[path] = "it lies in other nested objects on the target than on the source"
		case source.spread || target.spread:
			others[path] = "include_in_parent puts them into other nested objects too"
		case !target.columns:
			others[path] = "the target keeps no doc values of it"
		default:
			fields = append(fields, path)
		}
	}
	slices.Sort(fields)
	return fields, others
}
