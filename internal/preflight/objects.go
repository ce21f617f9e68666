package preflight

// objects.go answers: what of the types whose value may be an object of its own kind, join and flattened? Next: geo.go.

import (
	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// relation looks at a join field's value.
func (c *Checker) relation(n *node, v gjson.Result) {
	name := v.String()
	if v.IsObject() {
		name = v.Get("name").String()
	}
	parent, known := n.relations[name]
	if !known || parent != "" && !v.Get("parent").Exists() {
		c.report(JoinRefused, n.path, v.Raw+v.Str)
	}
}

// join asks for the routing that children need, before the source is read.
func (c *Checker) join(root *node, document *es.Document) {
	for _, field := range root.children {
		if field.shape != shapeJoin {
			continue
		}
		v := gjson.GetBytes(document.Source, field.path)
		if parent := field.relations[v.Get("name").String()]; v.IsObject() && parent != "" && document.Routing == "" {
			c.report(RoutingMissing, "_routing", "")
		}
	}
}

// flattenedDepth is the default of depth_limit.
const flattenedDepth = 20

// flattened looks at the leaves of a flattened field: key and value share a term.
func (c *Checker) flattened(n *node, v gjson.Result, depth int, key string) {
	if depth > flattenedDepth {
		c.report(TooDeep, n.path, "")
		return
	}
	v.ForEach(func(name, inner gjson.Result) bool {
		at := join(key, name.String())
		switch {
		case inner.IsObject():
			c.flattened(n, inner, depth+1, at)
		case inner.IsArray():
			for _, item := range inner.Array() {
				c.leaf(n, item, depth, at)
			}
		default:
			c.leaf(n, inner, depth, at)
		}
		return true
	})
}

func (c *Checker) leaf(n *node, v gjson.Result, depth int, key string) {
	if v.IsObject() {
		c.flattened(n, v, depth+1, key)
	} else if value := v.String(); len(key)+1+len(value) > longestTerm && len(value) <= n.ignoreAbove {
		c.report(ImmenseTerm, n.path, value)
	}
}
