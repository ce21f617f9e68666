package preflight

// dynamic.go answers: what becomes of a field that no mapping names? On the target the first document decides its type;
// here every class of values that is seen in it is counted, and judged at the end. Next: report.go.

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// class is what a value is to dynamic mapping.
type class uint8

const (
	classObject class = iota
	classWhole
	classFraction
	classBoolean
	classText
	classNumberText
	classDateText
	classBooleanText
	classes
)

// String names the class for reports.
func (c class) String() string {
	return [...]string{"objects", "whole numbers", "fractions", "booleans", "texts", "texts with numbers", "texts with dates", "texts with booleans"}[c]
}

// observed is what documents hold in one field.
type observed struct {
	documents [classes]int64
	last      [classes]int64
	examples  [classes][]string
	values    [classes]string
	// would is the field that the class would make, when it came first.
	would [classes]*node
}

// mostFresh bounds the fields that documents may bring; every limit of a real index lies below.
const mostFresh = 50_000

// grow makes a field that no mapping names.
func (s *Schema) grow(parent *node, name string) *node {
	if len(s.fresh) >= mostFresh {
		return nil
	}
	if parent.children == nil {
		parent.children = map[string]*node{}
	}
	n := &node{path: join(parent.path, name), shape: shapeDynamic, dynamic: parent.dynamic, coerce: s.coerce, ignoreMalformed: s.malformed, ignoreAbove: math.MaxInt, seen: &observed{}}
	parent.children[name] = n
	s.fresh = append(s.fresh, n)
	return n
}

// observe counts a class in a field, and gives what the field would be if this class came first.
func (c *Checker) observe(n *node, seen class, value string) *node {
	o := n.seen
	if o.would[seen] == nil {
		o.would[seen] = c.schema.would(n, seen, value)
		if seen == classObject && o.would[seen].shape == shapeObject && int64(strings.Count(n.path, "."))+2 > c.schema.limits.depth {
			o.would[seen].dynamic = dynamicStrict // too deep; remembered so that each document says so
		}
	}
	if seen == classObject && o.would[seen].dynamic == dynamicStrict && o.would[seen].shape == shapeObject {
		c.report(TooDeep, n.path, "")
	}
	if c.counting {
		// Two classes in one document meet before either is mapped, and their types must be the same then. Up to 6.x whole
		// numbers and fractions agree.
		for other := range classes {
			if other != seen && o.last[other] == c.number && o.would[other].typ != o.would[seen].typ && (c.schema.target.AtLeast(7, 0) || other+seen != classWhole+classFraction) {
				c.report(DynamicConflict, n.path, "one document has "+other.String()+" and "+seen.String())
			}
		}
	}
	if c.counting && o.last[seen] != c.number {
		o.last[seen] = c.number
		if o.documents[seen]++; o.documents[seen] == 1 {
			o.values[seen] = es.Clip(value, longestExample)
		}
		if len(o.examples[seen]) < mostExamples {
			o.examples[seen] = append(o.examples[seen], c.id)
		}
	}
	return o.would[seen]
}

func (c *Checker) dynamicText(n *node, raw []byte, escaped bool, value string) {
	seen := c.schema.classOf(value)
	if would := c.observe(n, seen, value); would != nil {
		c.textIn(would, raw, escaped)
		for _, other := range would.also {
			c.textIn(other, raw, escaped)
		}
	}
}

func (c *Checker) dynamicNumber(n *node, value string) {
	seen := classWhole
	if strings.ContainsAny(value, ".eE") {
		seen = classFraction
	}
	if would := c.observe(n, seen, value); would != nil {
		c.numericIn(would, value)
	}
}

// classOf looks at a text as date and number detection do.
func (s *Schema) classOf(value string) class {
	if _, err := strconv.ParseFloat(value, 64); err == nil {
		return classNumberText // pure numbers never become dates
	}
	if value == "true" || value == "false" {
		return classBooleanText
	}
	if s.dateDetection && len(value) >= len("2006") && value[0] >= '0' && value[0] <= '9' {
		for _, one := range s.dates() {
			if _, err := one.reader.Read(value); err == nil {
				return classDateText
			}
		}
	}
	return classText
}

// dynamicDate is one format that makes a date of a text.
type dynamicDate struct {
	format string
	reader *transform.DateReader
}

func (s *Schema) readDynamicDates(formats gjson.Result) {
	for _, format := range formats.Array() {
		if format.String() == "none" {
			s.dateDetection = false
			continue
		}
		s.dynamicDates = append(s.dynamicDates, dynamicDate{format.String(), transform.NewDateReader(format.String(), s.target)})
	}
}

func (s *Schema) dates() []dynamicDate {
	if s.dynamicDates == nil {
		for _, format := range []string{"strict_date_optional_time", "yyyy/MM/dd HH:mm:ss Z||yyyy/MM/dd Z"} {
			s.dynamicDates = append(s.dynamicDates, dynamicDate{format, transform.NewDateReader(format, s.target)})
		}
	}
	return s.dynamicDates
}

// dynamicTemplate is one entry of dynamic_templates.
type dynamicTemplate struct {
	match, unmatch, pathMatch, pathUnmatch []string
	types                                  []string
	regex                                  bool
	mapping                                gjson.Result
}

func readTemplate(body gjson.Result) dynamicTemplate {
	list := func(key string) (out []string) {
		for _, item := range body.Get(key).Array() {
			out = append(out, item.String())
		}
		return out
	}
	mapping := body.Get("mapping")
	if !mapping.Exists() {
		mapping = body.Get("runtime")
	}
	return dynamicTemplate{match: list("match"), unmatch: list("unmatch"), pathMatch: list("path_match"), pathUnmatch: list("path_unmatch"), types: list("match_mapping_type"),
		regex: body.Get("match_pattern").String() == "regex", mapping: mapping}
}

func (t dynamicTemplate) fits(n *node, kind string) bool {
	name := n.path[strings.LastIndexByte(n.path, '.')+1:]
	any := func(patterns []string, text string, regex bool) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			if regex {
				matched, err := regexp.MatchString("^(?:"+pattern+")$", text)
				return err == nil && matched
			}
			return es.MatchStar(pattern, text)
		})
	}
	return (len(t.types) == 0 || slices.Contains(t.types, "*") || slices.Contains(t.types, kind)) &&
		(len(t.match) == 0 || any(t.match, name, t.regex)) && !any(t.unmatch, name, t.regex) &&
		(len(t.pathMatch) == 0 || any(t.pathMatch, n.path, false)) && !any(t.pathUnmatch, n.path, false)
}

// kinds are the words of match_mapping_type.
var kinds = [classes]string{classObject: "object", classWhole: "long", classFraction: "double", classBoolean: "boolean", classText: "string", classNumberText: "string", classDateText: "date", classBooleanText: "string"}

// would gives the field that a value of a class makes.
func (s *Schema) would(n *node, seen class, value string) *node {
	kind := kinds[seen]
	if seen == classNumberText && s.numberDetection {
		kind = "double"
		if _, err := strconv.ParseInt(value, 10, 64); err == nil {
			kind = "long"
		}
	}
	body := gjson.Result{}
	for _, one := range s.templates {
		if one.fits(n, kind) {
			name := n.path[strings.LastIndexByte(n.path, '.')+1:]
			body = gjson.Parse(strings.NewReplacer("{dynamic_type}", kind, "{dynamicType}", kind, "{name}", name).Replace(one.mapping.Raw))
			if typ := body.Get("type").String(); typ == "string" && s.target.AtLeast(5, 0) {
				return s.field(n.path, gjson.Parse(`{"type":"text"}`), n.dynamic, nil)
			} else if typ != "" || kind == "object" {
				return s.withFields(n, body)
			}
			break
		}
	}
	return s.withFields(n, gjson.Parse(s.defaultMapping(kind, value)))
}

func (s *Schema) withFields(n *node, body gjson.Result) *node {
	made := s.field(n.path, body, n.dynamic, nil)
	body.Get("fields").ForEach(func(name, multi gjson.Result) bool {
		made.also = append(made.also, s.field(n.path+"."+name.String(), multi, n.dynamic, nil))
		return true
	})
	return made
}

// defaultMapping is what servers make of a value without a template.
func (s *Schema) defaultMapping(kind, value string) string {
	five := s.target.AtLeast(5, 0)
	switch {
	case kind == "string" && five:
		return `{"type":"text","fields":{"keyword":{"type":"keyword","ignore_above":256}}}`
	case kind == "double" && five:
		return `{"type":"float"}`
	case kind == "date":
		for _, one := range s.dates() {
			if _, err := one.reader.Read(value); err != nil {
				continue
			}
			if one.format == "strict_date_optional_time" {
				break
			}
			return `{"type":"date","format":` + strconv.Quote(one.format) + `}`
		}
	}
	return `{"type":"` + kind + `"}`
}

// takes says whether a field made by one class takes values of another.
func takes(made *node, other class) bool {
	switch made.shape {
	case shapeAnything, shapeDisabled, shapeFlattened, shapeGeoShape, shapeRange, shapeVector, shapeFeature, shapeFeatures, shapePercolator:
		return true // or each document is told by itself
	case shapeObject, shapeNested:
		return other == classObject
	}
	if other == classObject {
		return false
	}
	switch made.shape {
	case shapeInteger, shapeFraction, shapeUnsigned:
		return other == classWhole || other == classFraction || other == classNumberText || made.ignoreMalformed
	case shapeBoolean:
		return other == classBooleanText || other == classBoolean
	case shapeDate:
		return other == classDateText || other == classWhole || other == classNumberText || made.ignoreMalformed
	}
	return true
}

// conflicts gives the classes that are seen in a field, the documents that would be refused at the most, and whether any
// would.
func (o *observed) conflicts() (refused int64, seen []class, conflict bool) {
	for one := range classes {
		if o.documents[one] > 0 {
			seen = append(seen, one)
		}
	}
	for _, first := range seen {
		var lost int64
		for _, other := range seen {
			if other != first && !takes(o.would[first], other) {
				lost += o.documents[other]
			}
		}
		if lost > 0 {
			refused, conflict = max(refused, lost), true
		}
	}
	return refused, seen, conflict
}

// weight is how many fields of the mapping a field of these documents becomes.
func (o *observed) weight() int64 {
	for one := range classes {
		if o.documents[one] > 0 && o.would[one] != nil {
			return 1 + int64(len(o.would[one].also))
		}
	}
	return 0
}

func (o *observed) total() int64 {
	var sum int64
	for one := range classes {
		sum += o.documents[one]
	}
	return sum
}

// merge adds what another worker saw in the same field.
func (o *observed) merge(other *observed) {
	for one := range classes {
		if o.would[one] == nil {
			o.would[one] = other.would[one]
		}
		if o.documents[one] == 0 {
			o.values[one] = other.values[one]
		}
		o.documents[one] += other.documents[one]
		for _, id := range other.examples[one] {
			if len(o.examples[one]) < mostExamples {
				o.examples[one] = append(o.examples[one], id)
			}
		}
	}
}
