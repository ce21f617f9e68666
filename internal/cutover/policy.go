package cutover

// policy.go answers: may writes be held by a write block on the source while this writer runs? Only when the writer
// keeps what is refused. Measured: fluentd 1.14 sent all 300 of 300 events after a block of six seconds; rsyslog 8.2302
// stored 200 of 300 and left the rest in its error
// file; with retryfailures on the rest was nowhere.

import "strings"

// Fence says whether a write block may be used on a writer, and why.
type Fence struct {
	Allowed bool   `json:"allowed"`
	Reason  string `json:"reason"`
}

// fenceForCommand: what the command moves is unknown.
var fenceForCommand = Fence{Reason: "nobody knows whether what the command moves keeps the events that a write block refuses"}

// MayFence judges a set of writers together: one that would drop events forbids the fence for all.
func MayFence(changes []Change) Fence {
	if len(changes) == 0 {
		return Fence{Reason: "no writer is known, so nobody knows whether it keeps what a write block refuses"}
	}
	var reasons []string
	for _, change := range changes {
		if !change.Fence.Allowed {
			reasons = append(reasons, change.Kind+" "+change.Name+": "+change.Fence.Reason)
		}
	}
	if len(reasons) > 0 {
		return Fence{Reason: strings.Join(reasons, "; ")}
	}
	return Fence{Allowed: true, Reason: "every writer keeps and retries what is refused"}
}
