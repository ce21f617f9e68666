// Package preflight checks every document of a snapshot against the rules of the target before a byte is sent: as the
// target would read it, after the rewriting that would be done to it. What would be refused, what is repaired by a rule
// and what a person must decide come out as a report.
//
// Read problem.go first (what can be wrong), then schema.go and fields.go (the mapping as a tree), walk.go, arrays.go and
// tokens.go (one document over that tree, token by token), values.go (one value) and beside it objects.go, geo.go, ranges.go,
// geoshape.go, vectors.go and percolator.go (values that need more), dynamic.go (fields that no mapping names), report.go, and
// run.go (a whole snapshot).
package preflight
