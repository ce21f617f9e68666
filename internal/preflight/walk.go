package preflight

// walk.go answers: what would the target say of one document? One walk over the tokens of its source and the tree of the
// mapping at once; nothing is decoded that need not be. Next: arrays.go.

import (
	"bytes"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

const (
	// longestID is in bytes, since 5.0; Elasticsearch 2.x and before take any.
	longestID = 512
	// deepestJSON is where parsers stop, or (6.8, 7.x) the server is gone in a loop of its own.
	deepestJSON = 1000
	// longestTerm is Lucene's.
	longestTerm = 32766
	// actionRoom is what a document's action line takes beside its id and routing.
	actionRoom = 256
)

// objectsIgnored is OpenSearch 3, where ignore_malformed of a number passes over objects too (measured: 2.19 does not).
const objectsIgnored = 9

// Checker looks at documents of one target index. It is for one goroutine.
type Checker struct {
	schema *Schema
	// largest is http.max_content_length of the target; 0 where it is not known.
	largest int64

	in       []byte
	at       int
	found    []problem
	nested   int64
	keys     [][]byte
	counting bool
	number   int64 // of the document, for counting each once
	id       string
}

// NewChecker makes a checker with a schema of its own.
func NewChecker(schema *Schema, largest int64) *Checker {
	return &Checker{schema: schema, largest: largest}
}

// check gives what the target refuses in a document that is sent like this, or reads otherwise. counting says that the
// document takes part in what the fields without a mapping become. The answer is valid until the next call.
func (c *Checker) check(document *es.Document, counting bool) []problem {
	c.found, c.nested, c.counting, c.id = c.found[:0], 0, counting, document.ID
	if counting {
		c.number++
	}
	c.metadata(document)
	if document.Source == nil {
		c.report(NoSource, "", "")
		return c.found
	}
	if size := int64(len(document.Source) + len(document.ID) + len(document.Routing) + actionRoom); c.largest > 0 && size > c.largest {
		c.report(TooLarge, "", "")
	}
	c.in, c.at = document.Source, 0
	root := c.schema.root
	if c.schema.byType != nil {
		if of := c.schema.byType[document.Type]; of != nil {
			root = of
		}
	}
	c.join(root, document)
	if !c.whole(root) {
		c.report(NotJSON, "", "")
	}
	if c.nested > c.schema.limits.nestedObjects {
		c.report(TooManyNested, "", "")
	}
	return c.found
}

func (c *Checker) metadata(document *es.Document) {
	if document.ID == "" {
		c.report(EmptyID, "_id", "")
	}
	if len(document.ID) > longestID && c.schema.target.AtLeast(5, 0) {
		c.report(LongID, "_id", document.ID)
	}
	if c.schema.routingRequired && document.Routing == "" && document.Parent == "" {
		c.report(RoutingMissing, "_routing", "")
	}
}

// report notes a problem once for a document and field.
func (c *Checker) report(kind Kind, path, value string) {
	for i := range c.found {
		if c.found[i].kind == kind && c.found[i].path == path {
			return
		}
	}
	c.found = append(c.found, problem{kind, path, es.Clip(value, longestExample)})
}

// whole reads the document's one object.
func (c *Checker) whole(root *node) bool {
	c.at = len(c.in) - len(bytes.TrimPrefix(c.in, []byte("\xEF\xBB\xBF")))
	if c.next() != '{' {
		return false
	}
	if root.shape == shapeDisabled {
		root = nil
	}
	if !c.object(root, 0) {
		return false
	}
	c.space()
	return c.at == len(c.in)
}

// object walks over members; n is nil where the target does not look at them. false means that this is no JSON.
func (c *Checker) object(n *node, depth int) bool {
	if depth > deepestJSON {
		c.report(TooDeep, pathOf(n), "")
		return c.skip('{', '}')
	}
	c.at++
	strict := c.schema.target.AtLeast(6, 0)
	base := len(c.keys)
	defer func() { c.keys = c.keys[:base] }()
	if c.next() == '}' {
		c.at++
		return true
	}
	for {
		if c.next() != '"' {
			return false
		}
		raw, escaped, ok := c.string()
		if !ok || c.next() != ':' {
			return false
		}
		c.at++
		key := raw
		if escaped {
			key = unescape(raw)
		}
		if strict {
			if c.twice(base, key) {
				c.report(DuplicateKey, join(pathOf(n), string(key)), "")
			}
			c.keys = append(c.keys, key)
		}
		if !c.value(c.child(n, key, depth == 0), depth+1) {
			return false
		}
		switch c.next() {
		case ',':
			c.at++
		case '}':
			c.at++
			return true
		default:
			return false
		}
	}
}

// manyKeys is from where on comparing each with all would take longer than the document is worth.
const manyKeys = 4096

func (c *Checker) twice(base int, key []byte) bool {
	keys := c.keys[base:]
	if len(keys) > manyKeys {
		keys = keys[len(keys)-manyKeys:]
	}
	for _, other := range keys {
		if len(other) == len(key) && string(other) == string(key) {
			return true
		}
	}
	return false
}

func pathOf(n *node) string {
	if n == nil {
		return ""
	}
	return n.path
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// child finds the field of a key; nil where its value is not looked at.
func (c *Checker) child(n *node, key []byte, root bool) *node {
	if n == nil {
		return nil
	}
	if known := n.children[string(key)]; known != nil && !(root && len(key) > 0 && key[0] == '_') {
		return known
	}
	dotted := bytes.IndexByte(key, '.') >= 0
	if len(key) == 0 || dotted || key[0] <= ' ' || root && key[0] == '_' {
		if name := string(key); transform.FieldName(name, root, c.schema.target) != name {
			c.report(NameRefused, join(n.path, name), "")
			return nil
		}
	}
	if !dotted {
		return c.step(n, string(key))
	}
	at := n
	steps := strings.Split(strings.TrimRight(string(key), "."), ".")
	for i, step := range steps {
		if i > 0 {
			switch at.shape {
			case shapeObject, shapeNested:
			case shapeDynamic:
				c.observe(at, classObject, "")
			case shapeDisabled, shapeFlattened, shapeAnything, shapeGeoShape, shapeVector, shapeFeature, shapeFeatures, shapePercolator:
				return nil
			default:
				c.report(TypeClash, at.path, string(key))
				return nil
			}
		}
		if at = c.step(at, step); at == nil {
			return nil
		}
	}
	return at
}

// step finds one field of an object, or what the object's mapping says of those it does not name.
func (c *Checker) step(n *node, name string) *node {
	if known := n.children[name]; known != nil {
		return known
	}
	switch n.dynamic {
	case dynamicFalse:
		return nil
	case dynamicStrict:
		c.report(StrictMapping, join(n.path, name), "")
		return nil
	}
	if c.next() == 'n' && c.at > 0 { // null makes no field
		return nil
	}
	return c.schema.grow(n, name)
}

// value looks at one value; n is nil where the target does not look.
func (c *Checker) value(n *node, depth int) bool {
	switch char := c.next(); {
	case char == '{':
		return c.objectValue(n, depth)
	case char == '[':
		return c.array(n, depth)
	case char == '"':
		raw, escaped, ok := c.string()
		if ok && n != nil {
			c.text(n, raw, escaped)
		}
		return ok
	case char == '-' || char >= '0' && char <= '9':
		raw, ok := c.numeral()
		if ok && n != nil {
			c.numeric(n, raw)
		}
		return ok
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if rest := c.in[c.at:]; len(rest) >= len(word) && string(rest[:len(word)]) == word {
			c.at += len(word)
			switch {
			case n == nil:
			case word == "null":
				c.null(n)
			default:
				c.boolean(n, word)
			}
			return true
		}
	}
	return false
}

func (c *Checker) objectValue(n *node, depth int) bool {
	if n == nil {
		return c.object(nil, depth)
	}
	start := c.at
	switch n.shape {
	case shapeObject:
		return c.object(n, depth)
	case shapeNested:
		c.nested++
		return c.object(n, depth)
	case shapeDynamic:
		if would := c.observe(n, classObject, ""); would != nil && would.shape != shapeObject && would.shape != shapeNested {
			return c.object(nil, depth)
		}
		return c.object(n, depth)
	case shapeDisabled, shapeAnything, shapeCompletion:
		return c.object(nil, depth)
	}
	if !c.object(nil, depth) {
		return false
	}
	raw := c.in[start:c.at]
	switch n.shape {
	case shapeGeoPoint:
		c.geoPoint(n, gjson.ParseBytes(raw))
	case shapeGeoShape:
		c.geoShape(n, gjson.ParseBytes(raw))
	case shapeRange:
		c.rangeOf(n, gjson.ParseBytes(raw))
	case shapeFeatures:
		c.features(n, gjson.ParseBytes(raw))
	case shapeVector, shapeFeature:
		c.report(VectorRefused, n.path, string(raw))
	case shapePercolator:
		c.query(n, gjson.ParseBytes(raw))
	case shapeJoin:
		c.relation(n, gjson.ParseBytes(raw))
	case shapeFlattened:
		c.flattened(n, gjson.ParseBytes(raw), 1, "")
	case shapeInteger, shapeFraction, shapeUnsigned:
		if n.ignoreMalformed && c.schema.target.Product == es.OpenSearch && c.schema.target.Lineage() >= objectsIgnored {
			return true
		}
		c.report(TypeClash, n.path, string(raw))
	default:
		c.report(TypeClash, n.path, string(raw))
	}
	return true
}
