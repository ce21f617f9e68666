package preflight

// fields.go answers: what does the definition of one field say, and how are its values looked at? Next: walk.go.

import (
	"math"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// shape is how values of a field are looked at. Several types of a mapping share one.
type shape uint8

const (
	shapeObject shape = iota
	shapeNested
	shapeDynamic // no mapping names it; see dynamic.go
	shapeText
	shapeKeyword
	shapeInteger
	shapeUnsigned
	shapeFraction
	shapeBoolean
	shapeDate
	shapeIP
	shapeGeoPoint
	shapeGeoShape
	shapeBinary
	shapeCompletion
	shapeRange
	shapeVector
	shapeFeature  // one positive number
	shapeFeatures // positive numbers by name
	shapePercolator
	shapeJoin
	shapeFlattened
	shapeAlias
	shapeConstant
	shapeAnything // of a type whose values are not looked at
	shapeDisabled // enabled: false, which takes all
)

// dynamics is what becomes of fields that an object's mapping does not name.
type dynamics uint8

const (
	dynamicTrue dynamics = iota
	dynamicFalse
	dynamicStrict
)

// node is one field.
type node struct {
	path     string
	shape    shape
	typ      string
	children map[string]*node
	dynamic  dynamics
	// coerce, ignoreMalformed and ignoreAbove are the field's own, or the index's.
	coerce, ignoreMalformed bool
	ignoreAbove             int
	// term says that the whole value becomes one term, as keyword does and text with such an analyzer.
	term bool
	// low and high are what an integer type holds; bits tells fractions apart.
	low, high float64
	bits      int
	nanos     bool
	dates     *transform.DateReader
	// before is how the source read the same field; nil where the two cannot differ.
	before *transform.DateReader
	// relations are the parents and children of a join field; a child's has a parent.
	relations map[string]string
	constant  string
	// geo is what a geo_shape's mapping says, vector that of a vector or of features.
	geo    *geoOptions
	vector *vectorOptions
	// also are multi-fields, and the targets of copy_to.
	also []*node
	// seen counts what documents hold in a field that no mapping names.
	seen *observed
}

// wholeRanges are the integer types with what they hold.
var wholeRanges = map[string][2]float64{"long": {math.MinInt64, math.MaxInt64}, "integer": {math.MinInt32, math.MaxInt32}, "short": {math.MinInt16, math.MaxInt16}, "byte": {math.MinInt8, math.MaxInt8}}

// field reads one definition.
func (s *Schema) field(path string, body gjson.Result, inherited dynamics, before map[string]string) *node {
	n := &node{path: path, typ: body.Get("type").String(), dynamic: dynamicsOf(body.Get("dynamic"), inherited), coerce: s.coerce, ignoreMalformed: s.malformed, ignoreAbove: math.MaxInt}
	if v := body.Get("coerce"); v.Exists() {
		n.coerce = v.String() != "false"
	}
	if v := body.Get("ignore_malformed"); v.Exists() {
		n.ignoreMalformed = v.String() == "true"
	}
	if v := body.Get("ignore_above"); v.Exists() {
		n.ignoreAbove = int(v.Int())
	}
	kept := body.Get("index").String() != "false" || body.Get("doc_values").String() != "false"
	switch n.typ {
	case "", "object":
		n.shape = shapeObject
		if body.Get("enabled").String() == "false" {
			n.shape = shapeDisabled
		}
	case "nested":
		n.shape = shapeNested
	case "text", "match_only_text", "search_as_you_type", "annotated_text":
		n.shape = shapeText
		n.term = s.wholeAnalyzers[body.Get("analyzer").String()] && body.Get("index").String() != "false"
	case "string":
		n.shape = shapeText
		if body.Get("index").String() == "not_analyzed" || s.wholeAnalyzers[body.Get("analyzer").String()] {
			n.shape, n.term = shapeKeyword, true
		}
	case "keyword":
		n.shape, n.term = shapeKeyword, kept
	case "wildcard", "version":
		n.shape = shapeKeyword
	case "constant_keyword":
		n.shape, n.constant = shapeConstant, body.Get("value").String()
	case "long", "integer", "short", "byte":
		n.shape, n.low, n.high = shapeInteger, wholeRanges[n.typ][0], wholeRanges[n.typ][1]
	case "unsigned_long":
		n.shape = shapeUnsigned
	case "double", "scaled_float":
		n.shape, n.bits = shapeFraction, 64
	case "float":
		n.shape, n.bits = shapeFraction, 32
	case "half_float":
		n.shape, n.bits = shapeFraction, 16
	case "boolean":
		n.shape = shapeBoolean
	case "date", "date_nanos":
		n.shape, n.nanos = shapeDate, n.typ == "date_nanos"
		n.dates = transform.NewDateReader(body.Get("format").String(), s.target)
		if format, known := before[path]; known {
			n.before = transform.NewDateReader(format, s.source)
		}
	case "ip":
		n.shape = shapeIP
	case "geo_point":
		n.shape = shapeGeoPoint
	case "geo_shape":
		n.shape, n.geo = shapeGeoShape, s.geoOptions(body)
		s.unchecked[n.typ] = true // whether lines cross is not known of every target
	case "binary":
		n.shape = shapeBinary
		n.term = body.Get("store").String() == "true" || body.Get("doc_values").String() == "true" // else nobody decodes it
	case "completion":
		n.shape = shapeCompletion
	case "integer_range", "long_range", "float_range", "double_range", "date_range", "ip_range":
		n.shape = shapeRange
		s.rangeOptions(n, body)
	case "dense_vector", "sparse_vector", "rank_feature", "rank_features":
		s.vectorField(n, body)
	case "percolator":
		n.shape = shapePercolator
		s.unchecked[n.typ] = true // only the names of queries are looked at
	case "join":
		n.shape = shapeJoin
		n.relations = map[string]string{}
		body.Get("relations").ForEach(func(parent, children gjson.Result) bool {
			if _, known := n.relations[parent.String()]; !known {
				n.relations[parent.String()] = ""
			}
			for _, child := range children.Array() {
				n.relations[child.String()] = parent.String()
			}
			return true
		})
	case "flattened", "flat_object":
		n.shape = shapeFlattened
	case "alias":
		n.shape = shapeAlias
	default:
		n.shape = shapeAnything
		s.unchecked[n.typ] = true
	}
	return n
}
