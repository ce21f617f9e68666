package fleet

// keep.go answers: what does a worker write while it holds a unit, and how does it let go? Next: gather.go.

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// saveShare is the part of a lease's time that its checkpoints may take: servers that are slow under many workers are asked
// less often, so that units are still taken and committed.
const saveShare = 10

// due says whether the next checkpoint may be written. The mutex is held.
func (l *Lease) due() bool {
	return time.Since(l.saved) >= max(l.job.fleet.options.SaveEvery, saveShare*l.took)
}

// Save keeps a checkpoint, from which another worker would go on. It may be written Options.SaveEvery later, or ten times
// as long as the last write took where that is more; what it covers must be durable before.
func (l *Lease) Save(ctx context.Context, checkpoint json.RawMessage) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if cause := context.Cause(l.ctx); errors.Is(cause, ErrLost) {
		return cause
	}
	l.pending = checkpoint
	if l.ctx.Err() != nil || !l.due() {
		return nil // the heartbeat writes it, or Release
	}
	return l.flush(ctx)
}

// flush writes the newest checkpoint. The mutex is held.
func (l *Lease) flush(ctx context.Context) error {
	next := l.entry
	if l.pending != nil && !bytes.Equal(l.pending, next.Checkpoint) {
		next.Checkpoint, next.Deaths = l.pending, 0 // it got on
	}
	return l.write(ctx, next)
}

// write changes our entry, or says that it is not ours any more. The mutex is held.
func (l *Lease) write(ctx context.Context, next entry) error {
	began := time.Now()
	revision, err := l.job.fleet.replace(ctx, l.job.state, key(l.Unit.ID), next, l.revision)
	if errors.Is(err, errChanged) {
		err = fmt.Errorf("%s: %w", l.Unit.ID, ErrLost)
		l.cancel(err)
		return err
	}
	if err != nil {
		return err
	}
	l.entry, l.revision, l.saved, l.pending = next, revision, time.Now(), nil
	l.took = time.Since(began)
	return nil
}

// Commit says that the unit is done, with its result. It succeeds for one worker of a unit, ever; all others get ErrLost.
func (l *Lease) Commit(ctx context.Context, result json.RawMessage) error {
	return l.end(ctx, func(next *entry) {
		next.State, next.Result, next.Error = unitDone, result, ""
	}, l.message.Ack)
}

// Release gives the unit back with its newest checkpoint, so that another worker goes on with it at once.
func (l *Lease) Release(ctx context.Context) error {
	return l.end(ctx, func(next *entry) { next.State = unitFree }, l.message.Nak)
}

// Fail gives the unit back with what went wrong. A unit that failed too often stops its job.
func (l *Lease) Fail(ctx context.Context, cause error) error {
	wait := l.job.lease // a poisoned unit comes back when its job is led again
	return l.end(ctx, func(next *entry) {
		next.State, next.Error, next.Failures = unitFree, cause.Error(), next.Failures+1
		if next.Failures >= l.job.fleet.options.Failures {
			next.State = unitFailed
			return
		}
		wait = failurePause * time.Duration(next.Failures)
	}, func() error { return l.message.NakWithDelay(wait) })
}

// end writes the last entry of this lease and answers the queue. The answer may be lost: the queue then hands the unit
// out once more, and whoever gets it sees the entry.
func (l *Lease) end(ctx context.Context, change func(*entry), answer func() error) error {
	defer l.ended.Wait()
	defer l.cancel(context.Canceled)
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if cause := context.Cause(l.ctx); errors.Is(cause, ErrLost) {
		return cause
	}
	next := l.entry
	if l.pending != nil && !bytes.Equal(l.pending, next.Checkpoint) {
		next.Checkpoint, next.Deaths = l.pending, 0
	}
	change(&next)
	if err := l.write(ctx, next); err != nil {
		return err
	}
	if err := answer(); err != nil && !l.job.fleet.passing(err) {
		return fmt.Errorf("answer the queue: %w", err)
	}
	return nil
}

// keep tells the queue that this worker lives, writes checkpoints that wait, and notices when the unit is lost.
func (l *Lease) keep() {
	every := min(l.job.lease/heartbeats, l.job.fleet.options.SaveEvery)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	beat := time.Now()
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-ticker.C:
		}
		l.flushLate()
		if time.Since(beat) < l.job.lease/heartbeats {
			continue
		}
		beat = time.Now()
		// A heartbeat that is lost is made up for by the next; one for a unit that is not ours any more does no harm.
		_ = l.message.InProgress()
		l.look()
	}
}

// flushLate writes a checkpoint that has waited long enough. An error shows again at the next write.
func (l *Lease) flushLate() {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.pending != nil && l.ctx.Err() == nil && l.due() {
		_ = l.flush(l.ctx)
	}
}

// look compares the unit's entry with ours, and whether the job goes on.
func (l *Lease) look() {
	if err := l.job.stillOpen(l.ctx); errors.Is(err, ErrJobOver) {
		l.cancel(err)
		return
	}
	var now entry
	revision, found, err := l.job.fleet.value(l.ctx, l.job.state, key(l.Unit.ID), &now)
	if err != nil || !found {
		return // nothing learned; the next write tells
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if revision > l.revision && now.Token != l.entry.Token {
		l.cancel(fmt.Errorf("%s: %w", l.Unit.ID, ErrLost))
	}
}
