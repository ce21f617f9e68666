package fleet

// lease.go answers: how does a worker take a unit, keep it, and commit it once and for all? The queue of JetStream hands
// a unit out and, when nothing is heard of its worker, hands it out again. But a queue cannot know who is still alive,
// and takes the acknowledgement of a worker that it has given up. So what counts is the unit's entry in a bucket, which
// changes by compare-and-set alone, under a token that is new with each lease. Next: keep.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// unitState is where a unit stands. A unit without an entry waits.
type unitState string

const (
	unitFree   unitState = "free" // given back, with its checkpoint
	unitLeased unitState = "leased"
	unitDone   unitState = "done"
	unitFailed unitState = "failed"
)

// entry is what the bucket holds of one unit.
type entry struct {
	Unit  string    `json:"unit"`
	State unitState `json:"state"`
	// Token is new with each lease; who writes under another one has lost.
	Token      string          `json:"token,omitempty"`
	Worker     string          `json:"worker,omitempty"`
	Checkpoint json.RawMessage `json:"checkpoint,omitempty"`
	Result     json.RawMessage `json:"result,omitempty"`
	// Failures and Deaths count what went wrong, Error is the last failure.
	Failures int    `json:"failures,omitempty"`
	Deaths   int    `json:"deaths,omitempty"`
	Error    string `json:"error,omitempty"`
}

const (
	// pullPatience is how long one question for work waits at the server.
	pullPatience = 2 * time.Second
	// failurePause is the wait before a failed unit is tried again; it grows with each failure.
	failurePause = 2 * time.Second
	// lookEvery is how often the job's record is asked for.
	lookEvery = time.Second
	// heartbeats is how many a lease holds: several may be lost before another worker is let in.
	heartbeats = 4
)

// Lease is one unit in the hands of this worker.
type Lease struct {
	// Unit is what to do, Checkpoint where an earlier worker was, nil at the start.
	Unit       Unit
	Checkpoint json.RawMessage

	job     *Job
	message jetstream.Msg
	ctx     context.Context
	cancel  context.CancelCauseFunc
	ended   sync.WaitGroup

	mutex    sync.Mutex
	entry    entry
	revision uint64
	pending  json.RawMessage // the newest checkpoint, where it is not written yet
	saved    time.Time
	took     time.Duration // the last write
}

// Context ends when the lease is lost or given up.
func (l *Lease) Context() context.Context { return l.ctx }

// Next waits for a unit and takes it. It ends with ErrJobOver when there is none left.
func (j *Job) Next(ctx context.Context) (*Lease, error) {
	for {
		if j.lookDue() {
			if err := j.stillOpen(ctx); err != nil {
				return nil, err
			}
		}
		message, err := j.pull(ctx)
		if err != nil {
			return nil, err
		}
		if message == nil {
			continue
		}
		lease, err := j.take(ctx, message)
		if err != nil || lease != nil {
			return lease, err
		}
	}
}

// lookDue says whether it is time to ask for the job's record: not before each of many small units.
func (j *Job) lookDue() bool {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	if time.Since(j.looked) < lookEvery {
		return false
	}
	j.looked = time.Now()
	return true
}

// stillOpen looks whether the job goes on.
func (j *Job) stillOpen(ctx context.Context) error {
	var record jobRecord
	_, found, err := j.fleet.value(ctx, j.fleet.control, j.recordKey(), &record)
	if err != nil {
		return err
	}
	if !found || record.over() {
		return ErrJobOver
	}
	return nil
}

// pull asks the queue for one unit; nil when there was none for a while.
func (j *Job) pull(ctx context.Context) (message jetstream.Msg, err error) {
	inner, cancel := context.WithTimeout(ctx, pullPatience)
	defer cancel()
	batch, err := j.consumer.Fetch(1, jetstream.FetchContext(inner))
	if err == nil {
		for received := range batch.Messages() {
			message = received
		}
		err = batch.Error()
	}
	switch {
	case message != nil:
		return message, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err == nil, errors.Is(err, jetstream.ErrNoMessages):
		return nil, nil
	case errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, jetstream.ErrConsumerNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, pause(ctx, tryPauseMost) // the job's record says whether it is over
	case j.fleet.passing(err):
		return nil, pause(ctx, tryPause)
	}
	return nil, fmt.Errorf("ask for work: %w", err)
}

// take makes the unit of a message ours, or gives nil when it is not to be had.
func (j *Job) take(ctx context.Context, message jetstream.Msg) (*Lease, error) {
	lease := &Lease{job: j, message: message}
	if err := decode(message.Data(), &lease.Unit); err != nil {
		return nil, err
	}
	delivered, err := message.Metadata()
	if err != nil {
		return nil, fmt.Errorf("read a message of the queue: %w", err)
	}
	name := key(lease.Unit.ID)
	var last entry
	revision := uint64(0)
	if delivered.NumDelivered > 1 {
		if revision, _, err = j.fleet.value(ctx, j.state, name, &last); err != nil {
			return nil, err
		}
	}
	for {
		next, ours := j.succeed(&last, lease.Unit.ID)
		switch {
		case last.State == unitDone:
			return nil, message.Ack() // its worker died between commit and acknowledgement
		case last.State == unitFailed:
			return nil, message.NakWithDelay(j.lease) // the leader stops the job
		case last.State == unitLeased && delivered.NumDelivered == 1:
			// The queue forgot in a crash that it had handed this out. If its worker lives, its heartbeats hold it.
			return nil, message.NakWithDelay(j.lease)
		}
		began := time.Now()
		lease.revision, err = j.fleet.replace(ctx, j.state, name, next, revision)
		if errors.Is(err, errChanged) {
			if revision, _, err = j.fleet.value(ctx, j.state, name, &last); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		if !ours {
			return nil, nil
		}
		lease.entry, lease.Checkpoint, lease.saved = next, next.Checkpoint, time.Now()
		lease.took = time.Since(began)
		lease.ctx, lease.cancel = context.WithCancelCause(ctx)
		lease.ended.Go(lease.keep)
		return lease, nil
	}
}

// succeed is the entry of the next lease of a unit. ours is false when too many workers died over it.
func (j *Job) succeed(last *entry, unit string) (next entry, ours bool) {
	next = *last
	next.Unit, next.State, next.Token, next.Worker = unit, unitLeased, newToken(), j.fleet.options.Worker
	if last.State == unitLeased {
		next.Deaths++
	}
	if next.Deaths > j.fleet.options.Deaths {
		next.State = unitFailed
		next.Error = fmt.Sprintf("%d workers in a row died or were cut off over it, the last one was %s", next.Deaths, last.Worker)
		return next, false
	}
	return next, true
}
