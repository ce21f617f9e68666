package load

// ledger.go answers: up to which position is everything answered for? Next: send.go.

import (
	"context"
	"sync"
	"time"
)

const (
	// bodiesAhead is how many bodies may be answered while one before them is not: what is done again after a crash.
	bodiesAhead = 64
	// checkpointEvery is how often at the most a checkpoint is written, as long as little was refused.
	checkpointEvery = time.Second
	// checkpointRefused is how many bytes of refused documents make one due at once.
	checkpointRefused = 8 << 20
)

// ledger holds the answers of one run of a unit in the order of reading.
type ledger struct {
	checkpoint func(position int64, outcome Outcome) error
	room       chan struct{} // one token for each body ahead

	mutex sync.Mutex
	// next is the number of the next body, head the first that is not answered.
	next, head int
	answered   map[int]answer
	// since is what became of the documents since the last checkpoint, up to position.
	since    Outcome
	position int64
	written  int64 // position of the last checkpoint
	refused  int   // bytes in since
	last     time.Time
	total    Outcome
}

type answer struct {
	position int64
	outcome  Outcome
}

func newLedger(from int64, checkpoint func(position int64, outcome Outcome) error) *ledger {
	return &ledger{checkpoint: checkpoint, room: make(chan struct{}, bodiesAhead), answered: map[int]answer{}, position: from, written: from, last: time.Now()}
}

// begin numbers a body, once it is not too far ahead.
func (l *ledger) begin(ctx context.Context) (int, error) {
	select {
	case l.room <- struct{}{}:
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.next++
	return l.next - 1, nil
}

// answer books a body and moves the checkpoint as far as there is no gap.
func (l *ledger) answer(number int, position int64, outcome Outcome) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.answered[number] = answer{position, outcome}
	for {
		one, is := l.answered[l.head]
		if !is {
			break
		}
		delete(l.answered, l.head)
		<-l.room
		l.head++
		l.position = one.position
		l.since.Add(one.outcome)
		for i := range one.outcome.Refused {
			l.refused += one.outcome.Refused[i].size()
		}
	}
	if time.Since(l.last) < checkpointEvery && l.refused < checkpointRefused {
		return nil
	}
	return l.write()
}

// flush writes what is due.
func (l *ledger) flush() error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.write()
}

// write calls the checkpoint. Documents refused are handed over with it and not kept.
func (l *ledger) write() error {
	if l.position == l.written && l.since.Sent == 0 {
		return nil
	}
	l.last = time.Now()
	if l.checkpoint != nil {
		if err := l.checkpoint(l.position, l.since); err != nil {
			return err
		}
		l.since.Refused = nil
	}
	l.written = l.position
	l.total.Add(l.since)
	l.since, l.refused = Outcome{}, 0
	return nil
}
