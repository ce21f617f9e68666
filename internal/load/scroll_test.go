package load

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestASourceIsAskedForNoMoreThanItsLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limits           SourceLimits
		documents, bytes int64
		each             time.Duration
	}{
		"documents":          {SourceLimits{Documents: 100, Megabytes: -1}, 20, 1 << 30, 200 * time.Millisecond},
		"bytes":              {SourceLimits{Documents: -1, Megabytes: 1}, 1_000_000, 200_000, 200 * time.Millisecond},
		"the kind default":   {SourceLimits{}, 1000, 0, 200 * time.Millisecond},
		"no limits":          {SourceLimits{Documents: -1, Megabytes: -1}, 1_000_000, 1 << 40, 0},
		"the slower of both": {SourceLimits{Documents: 100, Megabytes: 1}, 1, 250_000, 250 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // whose clock only waiting moves
				source := NewSource(nil, test.limits)
				began := time.Now()
				// Two readers share what there is: the second waits for both.
				done := make(chan error, 2)
				for range 2 {
					go func() { done <- source.paid(t.Context(), test.documents, test.bytes) }()
				}
				if err := errors.Join(<-done, <-done); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != 2*test.each {
					t.Errorf("two pages took %s, want %s", took, 2*test.each)
				}
			})
		})
	}
}

func TestAWaitForTheSourceEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := NewSource(nil, SourceLimits{Documents: 1}).paid(ctx, 1000, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}
