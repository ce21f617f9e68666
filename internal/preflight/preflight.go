// Package preflight checks every document of a snapshot against the rules of the target before a byte is sent: as the
// target would read it, after the rewriting that would be done to it. What would be refused, what is repaired by a rule
// and what a person must decide come out as a report.
//
// Read problem.go first (what can be wrong), then schema.go (the target's mapping as a tree), walk.go (one document over
// that tree, token by token), values.go with geo.go (one value), dynamic.go (fields that no mapping names), report.go, and
// run.go (a whole snapshot).
package preflight
