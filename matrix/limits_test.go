package matrix

// limits_test.go answers: what can the lab's nodes not hold, although the real products can? Next: report_test.go.

// limit is one index that a lab node cannot hold, and why. docs/matrix.md lists each with the pairs that it touches.
type limit struct {
	index, target, reason string
}

// noJoin: the modules that Elasticsearch 8 was split into are not on Maven Central, so the lab's nodes lack them.
const noJoin = "the lab's 8.x nodes lack the module of the join field, which the product has"

var limits = []limit{
	{"family", "8.15.5", noJoin},
	{"family", "8.19.0", noJoin},
}

// joinless are the lab's nodes that answer no has_child and has_parent, for want of the same module. 5.5.2 keeps families
// all the same.
var joinless = []string{"5.5.2", "8.15.5", "8.19.0"}

// limitsOf lists what a target cannot hold.
func limitsOf(target string) []limit {
	var found []limit
	for _, one := range limits {
		if one.target == target {
			found = append(found, one)
		}
	}
	return found
}
