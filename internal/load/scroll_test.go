package load

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestASourceIsAskedForNoMoreThanItsLimits(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		limits           SourceLimits
		documents, bytes int64
		least            time.Duration
	}{
		"documents":          {SourceLimits{Documents: 100, Megabytes: -1}, 20, 1 << 30, 200 * time.Millisecond},
		"bytes":              {SourceLimits{Documents: -1, Megabytes: 1}, 1_000_000, 200_000, 200 * time.Millisecond},
		"the kind default":   {SourceLimits{}, 1000, 0, 200 * time.Millisecond},
		"no limits":          {SourceLimits{Documents: -1, Megabytes: -1}, 1_000_000, 1 << 40, 0},
		"the slower of both": {SourceLimits{Documents: 100, Megabytes: 1}, 1, 250_000, 250 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
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
			took := time.Since(began)
			if took < 2*test.least || test.least == 0 && took > time.Second {
				t.Errorf("two pages took %s, want at least %s", took, 2*test.least)
			}
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
