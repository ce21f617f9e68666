package cluster

// patience.go answers: when does a source ask to be left alone for a while, and how long? Next: scan.go.

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
)

const (
	// patienceFirst doubles up to patienceLongest; patienceAll is when a source that stays busy is given up.
	patienceFirst   = time.Second
	patienceLongest = 30 * time.Second
	patienceAll     = 15 * time.Minute
)

// asksForPatience says whether a read was turned away for now: a full queue, a memory limit, a node that restarts.
func asksForPatience(err error) bool {
	var failure *Error
	if fromVisitor(err) || !errors.As(err, &failure) {
		return false
	}
	if failure.Status == http.StatusTooManyRequests || errors.Is(err, ErrTooBusy) {
		return true
	}
	text := failure.Type + " " + failure.Reason
	for _, word := range []string{"rejected_execution", "rejected execution", "RejectedExecution", "circuit_breaking", "CircuitBreaking", "Data too large"} {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// visitorError is the failure of whoever was handed a document, perhaps another cluster's: never a reason to ask again.
type visitorError struct{ err error }

// Error gives the visitor's own words.
func (e *visitorError) Error() string { return e.err.Error() }

// Unwrap gives the visitor's error.
func (e *visitorError) Unwrap() error { return e.err }

func fromVisitor(err error) bool {
	var failure *visitorError
	return errors.As(err, &failure)
}

// waitAfter is how long to wait behind so many attempts.
func waitAfter(attempt int) time.Duration {
	wait := patienceFirst
	for range attempt - 1 {
		wait = min(2*wait, patienceLongest)
	}
	return wait
}

// Pause waits, or ends with ctx and its cause.
func Pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// patiently repeats what a busy source turned away. again must be harmless.
func patiently(ctx context.Context, tell func(time.Duration, error), again func() error) error {
	var waited time.Duration
	for attempt := 1; ; attempt++ {
		err := again()
		if err == nil || !asksForPatience(err) || waited >= patienceAll {
			return err
		}
		wait := waitAfter(attempt)
		if tell != nil {
			tell(wait, err)
		}
		if err := Pause(ctx, wait); err != nil {
			return err
		}
		waited += wait
	}
}
