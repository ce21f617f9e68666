package preflight

// schema.go answers: what does the target's mapping say of each field? It becomes a tree that a document is walked over.
// Next: fields.go.

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// limits are the index's.
type limits struct {
	fields, depth, nestedObjects int64
}

// Schema is the target's rules for one index. Each Checker has one of its own, since dynamic fields grow in it.
type Schema struct {
	// Index is the name on the target.
	Index           string
	target, source  es.Version
	root            *node
	byType          map[string]*node // up to 5.x, where several types share an index
	limits          limits
	mapped          int64 // fields that the mapping names
	coerce          bool
	closing         bool // coerce is set for the whole index, so rings are closed too
	malformed       bool
	wholeAnalyzers  map[string]bool
	templates       []dynamicTemplate
	dateDetection   bool
	numberDetection bool
	dynamicDates    []dynamicDate
	routingRequired bool
	unchecked       map[string]bool
	// fresh are the dynamic fields seen so far.
	fresh []*node
}

// SchemaInput is what a Schema is made of.
type SchemaInput struct {
	Index          string
	Source, Target es.Version
	// Body is what creates the index on the target.
	Body []byte
	// SourceMappings is GET _mapping of the source; formats of dates are compared with it.
	SourceMappings []byte
	// Type is the source's type, where the index has several; empty otherwise.
	Types []string
}

// defaults of the limits, and where they came in.
const (
	defaultFields        = 1000
	defaultDepth         = 20
	defaultNestedObjects = 10_000
	// metaFields count against the limit up to 6.x.
	metaFields = 13
)

// NewSchema reads a mapping.
func NewSchema(in SchemaInput) (*Schema, error) {
	if !gjson.ValidBytes(in.Body) {
		return nil, fmt.Errorf("the body that creates %s is no JSON", in.Index)
	}
	s := &Schema{Index: in.Index, target: in.Target, source: in.Source, coerce: true, dateDetection: true, wholeAnalyzers: map[string]bool{"keyword": true}, unchecked: map[string]bool{},
		limits: limits{fields: math.MaxInt64, depth: math.MaxInt64, nestedObjects: math.MaxInt64}}
	if in.Target.AtLeast(5, 0) {
		s.limits.fields, s.limits.depth = defaultFields, defaultDepth
	}
	if in.Target.AtLeast(7, 0) {
		s.limits.nestedObjects = defaultNestedObjects
	}
	s.settings(gjson.GetBytes(in.Body, "settings"), "")
	mappings := gjson.GetBytes(in.Body, "mappings")
	before := sourceFormats(in)
	if in.Target.AtLeast(7, 0) {
		s.root = s.mapping(mappings, before[""])
		return s, nil
	}
	s.byType = map[string]*node{}
	mappings.ForEach(func(name, mapping gjson.Result) bool {
		s.byType[name.String()] = s.mapping(mapping, before[name.String()])
		s.root = s.byType[name.String()]
		return true
	})
	if s.root == nil {
		s.root = s.mapping(gjson.Result{}, nil)
	}
	return s, nil
}

// settings reads the limits and the analyzers, nested or flat.
func (s *Schema) settings(settings gjson.Result, prefix string) {
	settings.ForEach(func(key, v gjson.Result) bool {
		name := prefix + key.String()
		if v.IsObject() {
			s.settings(v, name+".")
			return true
		}
		name = strings.TrimPrefix(name, "index.")
		switch name {
		case "mapping.total_fields.limit":
			s.limits.fields = v.Int()
		case "mapping.depth.limit":
			s.limits.depth = v.Int()
		case "mapping.nested_objects.limit":
			s.limits.nestedObjects = v.Int()
		case "mapping.coerce":
			s.coerce = v.String() != "false"
			s.closing = s.coerce
		case "mapping.ignore_malformed":
			s.malformed = v.String() == "true"
		}
		if rest, ok := strings.CutPrefix(name, "analysis.analyzer."); ok && v.String() == "keyword" {
			if analyzer, last, ok := cutLast(rest); ok && (last == "tokenizer" || last == "type") {
				s.wholeAnalyzers[analyzer] = true
			}
		}
		return true
	})
}

func cutLast(text string) (before, after string, ok bool) {
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+1:], true
}

// sourceFormats gives, by type, the formats of the source's date fields by path; under "" all types together.
func sourceFormats(in SchemaInput) map[string]map[string]string {
	formats := map[string]map[string]string{"": {}}
	if in.Source.AtLeast(7, 0) || !in.Target.AtLeast(7, 0) || !in.Source.AtLeast(2, 0) {
		return formats // both sides read alike, or (1.x) the rules for its dates answer for them
	}
	gjson.ParseBytes(in.SourceMappings).ForEach(func(name, mapping gjson.Result) bool {
		if len(in.Types) > 0 && !slices.Contains(in.Types, name.String()) {
			return true
		}
		collectFormats(mapping.Get("properties"), "", formats[""])
		return true
	})
	return formats
}

func collectFormats(properties gjson.Result, prefix string, into map[string]string) {
	properties.ForEach(func(name, f gjson.Result) bool {
		path := prefix + name.String()
		if f.Get("type").String() == "date" {
			into[path] = f.Get("format").String()
		}
		collectFormats(f.Get("properties"), path+".", into)
		collectFormats(f.Get("fields"), path+".", into)
		return true
	})
}

// mapping reads one type's mapping, or the only one.
func (s *Schema) mapping(mapping gjson.Result, before map[string]string) *node {
	if v := mapping.Get("date_detection"); v.Exists() {
		s.dateDetection = v.String() != "false"
	}
	s.numberDetection = mapping.Get("numeric_detection").String() == "true"
	s.routingRequired = mapping.Get("_routing.required").String() == "true"
	s.readDynamicDates(mapping.Get("dynamic_date_formats"))
	mapping.Get("dynamic_templates").ForEach(func(_, entry gjson.Result) bool {
		entry.ForEach(func(_, body gjson.Result) bool {
			s.templates = append(s.templates, readTemplate(body))
			return true
		})
		return true
	})
	root := &node{shape: shapeObject, dynamic: dynamicsOf(mapping.Get("dynamic"), dynamicTrue)}
	if mapping.Get("enabled").String() == "false" {
		root.shape = shapeDisabled
		return root
	}
	s.properties(root, mapping.Get("properties"), before)
	s.copies(root, mapping.Get("properties"), root)
	return root
}

func dynamicsOf(v gjson.Result, inherited dynamics) dynamics {
	switch v.String() {
	case "true", "yes", "on", "1":
		return dynamicTrue
	case "false", "no", "off", "0", "runtime":
		return dynamicFalse // runtime fields take what comes
	case "strict", "strict_allow_templates":
		return dynamicStrict
	}
	return inherited
}

func (s *Schema) properties(parent *node, properties gjson.Result, before map[string]string) {
	properties.ForEach(func(name, body gjson.Result) bool {
		path := name.String()
		if parent.path != "" {
			path = parent.path + "." + path
		}
		if parent.children == nil {
			parent.children = map[string]*node{}
		}
		field := s.field(path, body, parent.dynamic, before)
		parent.children[name.String()] = field
		s.mapped++
		if field.shape == shapeObject || field.shape == shapeNested {
			s.properties(field, body.Get("properties"), before)
		}
		body.Get("fields").ForEach(func(inner, multi gjson.Result) bool {
			field.also = append(field.also, s.field(path+"."+inner.String(), multi, parent.dynamic, before))
			s.mapped++
			return true
		})
		return true
	})
}

// copies finds the targets of copy_to, once all fields are there.
func (s *Schema) copies(parent *node, properties gjson.Result, root *node) {
	properties.ForEach(func(name, body gjson.Result) bool {
		field := parent.children[name.String()]
		s.copies(field, body.Get("properties"), root)
		targets := body.Get("copy_to")
		if !targets.Exists() {
			return true
		}
		for _, target := range targets.Array() {
			at := root
			for step := range strings.SplitSeq(target.String(), ".") {
				if at != nil {
					at = at.children[step]
				}
			}
			if at != nil && at != field {
				field.also = append(field.also, &node{path: at.path, shape: at.shape, typ: at.typ, coerce: at.coerce, ignoreMalformed: at.ignoreMalformed, ignoreAbove: at.ignoreAbove, term: at.term, low: at.low, high: at.high, bits: at.bits, dates: at.dates, geo: at.geo, vector: at.vector})
			}
		}
		return true
	})
}

// Unchecked lists the types of the mapping whose values are not, or not wholly, looked at.
func (s *Schema) Unchecked() []string {
	var types []string
	for typ := range s.unchecked {
		types = append(types, typ)
	}
	sort.Strings(types)
	return types
}

func (s *Schema) fieldsNow() int64 {
	fields := s.mapped
	if !s.target.AtLeast(7, 0) {
		fields += metaFields
	}
	return fields
}
