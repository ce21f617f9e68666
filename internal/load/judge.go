package load

// judge.go answers: what does an answer of the target mean for what was sent? Whatever may pass by itself is waited for,
// what would meet every document alike stops the load, and only what lies in the document sets it aside. Next: send.go.

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

// kind is what to do.
type kind int

const (
	refuse  kind = iota // the document's own fault
	exists              // the target holds this version or a newer one
	busy                // again, later and more slowly
	blocked             // again, later: a person must do something, or a disk be freed
	broken              // again: no answer came
	odd                 // again a few times, then as if refused
	stopNow             // nothing of this can be written
)

// verdict is what to do and why, in words for a person. after is how long the target asks to wait.
type verdict struct {
	kind  kind
	why   string
	after time.Duration
}

// judgeItem judges the answer to one document.
func judgeItem(item *cluster.BulkItem) verdict {
	why := fmt.Sprintf("the target answers %d %s", item.Status, item.ErrorType)
	switch {
	case item.Conflict():
		return verdict{kind: exists}
	case item.ErrorType == "cluster_block_exception":
		return verdict{kind: blocked, why: "the target is blocked for writing: " + item.Reason}
	case item.Busy():
		return verdict{kind: busy, why: why}
	case item.ErrorType == "index_not_found_exception" || item.ErrorType == "index_missing_exception" || item.ErrorType == "index_closed_exception" ||
		item.ErrorType == "security_exception" || item.Status == http.StatusUnauthorized:
		return verdict{kind: stopNow, why: why}
	case item.Status >= http.StatusInternalServerError:
		return verdict{kind: odd, why: why}
	}
	return verdict{kind: refuse}
}

// judgeRequest judges the answer to a whole body.
func judgeRequest(cause error, size int) verdict {
	var failure *cluster.Error
	if errors.Is(cause, cluster.ErrBulkAnswer) {
		return verdict{kind: odd, why: "the target's answer was cut off"}
	}
	if !errors.As(cause, &failure) {
		return verdict{kind: stopNow}
	}
	result := verdict{why: fmt.Sprintf("the target answers %d %s", failure.Status, cmp.Or(failure.Type, failure.Reason)), after: min(failure.RetryAfter, longestWait)}
	switch {
	case errors.Is(failure, cluster.ErrBlocked):
		result.kind, result.why = blocked, "the target is blocked for writing: "+failure.Reason
	case failure.Status == 0 && errors.Is(failure, cluster.ErrSilent):
		result.kind, result.why = busy, "the target does not answer in time"
	case errors.Is(failure, cluster.ErrRefused), errors.Is(failure, cluster.ErrNoHost):
		result.kind, result.why = blocked, "the target cannot be reached: "+failure.Reason
	case failure.Status == 0 && errors.Is(failure, cluster.ErrConnection):
		result.kind, result.why = broken, "the target cannot be reached: "+failure.Reason
	case failure.Status == http.StatusTooManyRequests:
		result.kind = busy
		if beyondMemory(failure.Reason) {
			result.kind = refuse
		}
	case failure.Status == http.StatusBadGateway, failure.Status == http.StatusServiceUnavailable, failure.Status == http.StatusGatewayTimeout:
		result.kind = busy
	case failure.Status == http.StatusBadRequest, failure.Status == http.StatusRequestEntityTooLarge:
		result.kind = refuse
	case failure.Status == http.StatusInternalServerError:
		result.kind = odd
	default:
		result.kind = stopNow
	}
	return result
}

// pressure finds what 7.9 and later say when a body does not fit into what they hold for all bodies together.
var pressure = regexp.MustCompile(`coordinating_operation_bytes=(\d+), max_coordinating[a-z_]*bytes=(\d+)`)

// beyondMemory says that a body is larger than all the room there is, so that waiting does not help.
func beyondMemory(why string) bool {
	found := pressure.FindStringSubmatch(why)
	if found == nil {
		return false
	}
	wanted, err := strconv.ParseInt(found[1], 10, 64)
	most, err2 := strconv.ParseInt(found[2], 10, 64)
	return err == nil && err2 == nil && wanted > most
}
