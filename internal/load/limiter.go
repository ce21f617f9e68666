package load

// limiter.go answers: how many bodies may be under way at once? The target's own answers decide: one more after a
// number of good answers in a row, half as many when it asks for patience.

import (
	"context"
	"sync"
)

const (
	// limiterStart is how many bodies are under way at first.
	limiterStart = 2
	// limiterGood is how many good answers in a row allow one more.
	limiterGood = 8
)

// limiter bounds what is under way.
type limiter struct {
	mutex   sync.Mutex
	changed chan struct{} // closed and replaced whenever a place may be free
	limit   int
	most    int
	under   int
	good    int
}

func newLimiter(most int) *limiter {
	return &limiter{limit: min(limiterStart, most), most: most, changed: make(chan struct{})}
}

func (l *limiter) acquire(ctx context.Context) error {
	for {
		l.mutex.Lock()
		if l.under < l.limit {
			l.under++
			l.mutex.Unlock()
			return nil
		}
		changed := l.changed
		l.mutex.Unlock()
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

func (l *limiter) release(good bool) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.under--
	if good {
		if l.good++; l.good >= limiterGood && l.limit < l.most {
			l.limit, l.good = l.limit+1, 0
		}
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// slow halves the limit.
func (l *limiter) slow() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.limit, l.good = max(1, l.limit/2), 0
}

func (l *limiter) now() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.limit
}
