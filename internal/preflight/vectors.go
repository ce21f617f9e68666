package preflight

// vectors.go answers: does a vector or a feature take a value? dense_vector and sparse_vector were measured on 8.15.5 and
// 8.19.0, rank_feature and rank_features on 7.10.2, OpenSearch 2.19.3 and 3.3.0. knn_vector is of a plugin that the lab does
// not have, and stays unjudged. Next: percolator.go.

import (
	"math"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// vectorOptions is what a mapping says of a vector or of features.
type vectorOptions struct {
	// dimensions is how many numbers there must be; 0 where the first document decides.
	dimensions int
	// element is the type of each: float, byte, or bit (eight to a number).
	element string
	// similarity is what an index is built for; empty where there is none.
	similarity string
	// inverted features score less the larger they are, so their inverse is kept.
	inverted bool
}

const bitsOfByte = 8

// vectorField reads the mapping of a type of vectors or features, and leaves those of other versions unjudged.
func (s *Schema) vectorField(n *node, body gjson.Result) {
	n.vector = &vectorOptions{inverted: body.Get("positive_score_impact").String() == "false"}
	// Since 8.11 a dense_vector has an index unless its mapping says otherwise, and sparse_vector is the type of today.
	known := s.target.Product == es.Elasticsearch && s.target.AtLeast(8, 11)
	switch n.typ {
	case "rank_feature":
		n.shape = shapeFeature
		return
	case "rank_features":
		n.shape = shapeFeatures
		return
	case "sparse_vector":
		if known {
			n.shape = shapeFeatures
			return
		}
	case "dense_vector":
		n.vector.dimensions, n.vector.element = int(body.Get("dims").Int()), body.Get("element_type").String()
		switch n.vector.element {
		case "":
			n.vector.element = "float"
		case "bit":
			n.vector.dimensions /= bitsOfByte
		case "float", "byte":
		default:
			known = false
		}
		if body.Get("index").String() != "false" {
			if n.vector.similarity = body.Get("similarity").String(); n.vector.similarity == "" && n.vector.element != "bit" {
				n.vector.similarity = "cosine"
			}
		}
		if known {
			n.shape = shapeVector
			return
		}
	}
	n.shape = shapeAnything
	s.unchecked[n.typ] = true
}

// vectorText looks at a text for a vector: the hexadecimal digits of its bytes. 9.x takes more forms.
func (c *Checker) vectorText(n *node, value string) {
	digits := strings.Trim(value, "0123456789abcdefABCDEF") == "" && len(value)%2 == 0
	long := n.vector.dimensions == 0 || len(value)/2 == n.vector.dimensions
	if (n.vector.element == "float" || !digits || !long) && !c.schema.target.AtLeast(9, 0) {
		c.report(VectorRefused, n.path, value)
	}
}

// vectorArray looks at a vector as an array of numbers.
func (c *Checker) vectorArray(n *node, v gjson.Result) {
	numbers, squares, largest := 0, 0.0, 0.0
	ok := true
	v.ForEach(func(_, item gjson.Result) bool {
		numbers++
		if ok = item.Type == gjson.Number; !ok {
			return false
		}
		number, _ := strconv.ParseFloat(item.Raw, 32) // out of range it is infinite
		if n.vector.element == "float" {
			ok = !math.IsInf(number, 0)
		} else {
			ok = number == math.Trunc(number) && number >= math.MinInt8 && number <= math.MaxInt8
		}
		square := float64(float32(number * number))
		squares, largest = squares+square, max(largest, square)
		return ok
	})
	if !ok || n.vector.dimensions > 0 && numbers != n.vector.dimensions || numbers == 0 || !c.length(n, squares, largest) {
		c.report(VectorRefused, n.path, v.Raw)
	}
}

// length says whether a similarity takes a vector with such a sum of squares, the largest of them among it. Servers add in
// single precision, so near the borders all is taken.
func (c *Checker) length(n *node, squares, largest float64) bool {
	const (
		beyond = math.MaxFloat32 * 1.001
		// unitTolerance is 0.001 on the servers (Elasticsearch DenseVectorFieldMapper), and a little for their rounding.
		unitTolerance = 0.00101
	)
	switch {
	case n.vector.element == "float" && squares > beyond:
		return false
	case n.vector.similarity == "cosine":
		return largest > 0
	case n.vector.similarity == "dot_product" && n.vector.element == "float":
		return math.Abs(squares-1) <= unitTolerance
	}
	return true
}

// feature looks at one feature's number or text: a float that is positive, not denormal, and finite, as Lucene's
// FeatureField wants it.
func (c *Checker) feature(n *node, value string) {
	if !positive(value, n.vector.inverted) {
		c.report(VectorRefused, n.path, value)
	}
}

// smallestNormal is Float.MIN_NORMAL of Java.
const smallestNormal = 0x1p-126

func positive(value string, inverted bool) bool {
	value = javaDouble(value)
	if strings.ContainsAny(value, "xX") && strings.ContainsAny(value, "0") {
		return true // Java has another grammar for these
	}
	number, err := strconv.ParseFloat(value, 32)
	if err != nil && !math.IsInf(number, 0) {
		return false
	}
	if inverted {
		number = float64(float32(1 / number))
	}
	return number >= smallestNormal && !math.IsInf(number, 0)
}

// features looks at an object of features.
func (c *Checker) features(n *node, v gjson.Result) {
	// Names with dots were refused by 8.15.5 and taken by 8.19.0.
	dots := n.typ == "rank_features" || c.schema.target.AtLeast(8, 16)
	v.ForEach(func(name, value gjson.Result) bool {
		ok := false
		switch value.Type {
		case gjson.Number:
			ok = positive(value.Raw, n.vector.inverted)
		case gjson.String:
			ok = positive(value.String(), n.vector.inverted)
		case gjson.Null:
			return true
		}
		if feature := name.String(); !ok || len(feature) > longestTerm || !dots && strings.Contains(feature, ".") {
			c.report(VectorRefused, n.path, v.Raw)
			return false
		}
		return true
	})
}

// severalFeatures looks at an array of features: rank_feature has one value in a document, rank_features one for a name.
func (c *Checker) severalFeatures(n *node, v gjson.Result) {
	switch n.typ {
	case "rank_feature":
		if several(v) {
			c.report(VectorRefused, n.path, v.Raw)
		}
	case "rank_features":
		seen := map[string]bool{}
		v.ForEach(func(_, item gjson.Result) bool {
			item.ForEach(func(name, value gjson.Result) bool {
				if item.IsObject() && value.Type != gjson.Null {
					if seen[name.String()] {
						c.report(VectorRefused, n.path, v.Raw)
					}
					seen[name.String()] = true
				}
				return true
			})
			return true
		})
	}
}
