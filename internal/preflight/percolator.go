package preflight

// percolator.go answers: can a stored query be one for the target? Its parser is not rebuilt here: only what is no object,
// and the names of queries that a version removed (rows 1-28, 2-34, 3-20 and 5-19 of the breaking
// changes, each seen on 5.5.2, 6.8.23, 7.10.2, OpenSearch 2.19.3 and 3.3.0). All else stays
// with the target. Next: dynamic.go.

import (
	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// removedQuery is a query by the version that no longer has it. OpenSearch lacks what 7.10 lacks; since names what it
// removed itself, 0 for nothing.
type removedQuery struct {
	name         string
	major        int
	openSearchIn int
}

var removedQueries = []removedQuery{
	{"fuzzy_like_this", 5, 0}, {"flt", 5, 0}, {"top_children", 5, 0},
	{"filtered", 5, 0}, {"and", 5, 0}, {"or", 5, 0}, {"not", 5, 0}, {"missing", 5, 0}, {"limit", 5, 0}, {"fquery", 5, 0}, {"query", 5, 0},
	{"in", 6, 0}, {"geo_bbox", 6, 0}, {"mlt", 6, 0}, {"fuzzy_match", 6, 0}, {"match_fuzzy", 6, 0}, {"indices", 6, 0}, {"geo_distance_range", 6, 0}, {"geohash_cell", 6, 0},
	{"type", 8, 2},
}

// clauses are where queries hold others.
var clauses = map[string][]string{"bool": {"must", "should", "must_not", "filter"}, "constant_score": {"filter"}, "dis_max": {"queries"}, "nested": {"query"},
	"boosting": {"positive", "negative"}, "function_score": {"query"}, "has_child": {"query"}, "has_parent": {"query"}}

// deepestQuery is how far queries within queries are followed.
const deepestQuery = 20

// query looks at a stored query.
func (c *Checker) query(n *node, v gjson.Result) {
	if count := len(v.Map()); count != 1 || c.removed(v, deepestQuery) {
		c.report(QueryRefused, n.path, v.Raw)
	}
}

// removed says whether a query, or one that it holds, is of a kind that the target no longer has.
func (c *Checker) removed(query gjson.Result, levels int) (found bool) {
	query.ForEach(func(name, body gjson.Result) bool {
		for _, one := range removedQueries {
			gone := c.schema.target.AtLeast(one.major, 0)
			if c.schema.target.Product == es.OpenSearch && one.openSearchIn > 0 {
				gone = c.schema.target.Major >= one.openSearchIn
			}
			found = found || gone && one.name == name.String()
		}
		for _, place := range clauses[name.String()] {
			inner := body.Get(place)
			for _, one := range inner.Array() {
				found = found || levels > 0 && one.IsObject() && c.removed(one, levels-1)
			}
		}
		return !found
	})
	return found
}
