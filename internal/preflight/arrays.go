package preflight

// arrays.go answers: what of arrays, and of null? Most types take each item by itself. Next: tokens.go.

import "github.com/tidwall/gjson"

// array walks over items; false means that this is no JSON.
func (c *Checker) array(n *node, depth int) bool {
	if depth > deepestJSON {
		c.report(TooDeep, pathOf(n), "")
		return c.skip('[', ']')
	}
	start := c.at
	look := n
	if n != nil && (n.shape == shapeGeoPoint || n.shape == shapeAnything || n.shape == shapeVector) {
		look = nil
	}
	c.at++
	empty := c.next() == ']'
	if empty {
		c.at++
	}
	for !empty {
		if !c.value(look, depth+1) {
			return false
		}
		switch c.next() {
		case ',':
			c.at++
			continue
		case ']':
			c.at++
		default:
			return false
		}
		break
	}
	if n != nil {
		c.arrayValue(n, c.in[start:c.at])
	}
	return true
}

// arrayValue looks at an array as a whole, where that says more than its items.
func (c *Checker) arrayValue(n *node, raw []byte) {
	switch n.shape {
	case shapeGeoPoint:
		c.points(n, gjson.ParseBytes(raw))
	case shapeVector:
		c.vectorArray(n, gjson.ParseBytes(raw))
	case shapeGeoShape:
		c.severalShapes(n, gjson.ParseBytes(raw))
	case shapeFeature, shapeFeatures:
		c.severalFeatures(n, gjson.ParseBytes(raw))
	case shapePercolator:
		if several(gjson.ParseBytes(raw)) {
			c.report(QueryRefused, n.path, string(raw))
		}
	}
}

// null looks at null in a field; most types pass over it.
func (c *Checker) null(n *node) {
	switch {
	case n.shape == shapeRange && !c.schema.target.AtLeast(6, 0):
		c.report(TypeClash, n.path, "null")
	case n.shape == shapeFeatures:
		c.report(VectorRefused, n.path, "null")
	case n.shape == shapePercolator:
		c.report(QueryRefused, n.path, "null")
	}
}

// deepestCount is how far arrays within arrays are counted; real documents have none.
const deepestCount = 3

// several says whether an array holds more than one value; null is none, and arrays within count by their items.
func several(v gjson.Result) bool { return count(v, deepestCount) > 1 }

func count(v gjson.Result, levels int) (values int) {
	v.ForEach(func(_, item gjson.Result) bool {
		switch {
		case item.IsArray() && levels > 1:
			values += count(item, levels-1)
		case !item.IsArray() && item.Type != gjson.Null:
			values++
		}
		return values < 2
	})
	return values
}
