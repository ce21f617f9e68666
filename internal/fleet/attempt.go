package fleet

// attempt.go answers: what is tried again while servers come and go, and what is an answer? Next: record.go.

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// tryPatience bounds one request: a new leader among three servers is found in some two seconds.
	tryPatience = 5 * time.Second
	// tryPause is the wait after the first failure; it doubles up to tryPauseMost.
	tryPause     = 50 * time.Millisecond
	tryPauseMost = 2 * time.Second
	// noticeAfter is how long something may be tried in silence.
	noticeAfter = 15 * time.Second
	// unavailable is the code of answers that mean: not now. noPeers comes as a bad request while too few servers are there to
	// hold the replicas of a new stream (nats-server 2.15.2: JSClusterNoPeersErrF).
	unavailable = 503
	noPeers     = 10005
)

// attempt does something until it gets an answer, however long the servers are away. Whatever is tried must bear to be
// done twice: an answer may have been lost on its way.
func (f *Fleet) attempt(ctx context.Context, what string, try func(ctx context.Context) error) error {
	wait, began, told := tryPause, time.Now(), false
	for {
		inner, cancel := context.WithTimeout(ctx, tryPatience)
		err := try(inner)
		cancel()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", what, context.Cause(ctx))
		case !f.passing(err):
			return fmt.Errorf("%s: %w", what, err)
		}
		if !told && time.Since(began) > noticeAfter {
			f.options.Notice(fmt.Sprintf("%s: still trying: %v", what, err))
			told = true
		}
		if err := pause(ctx, wait); err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		wait = min(2*wait, tryPauseMost)
	}
}

// passing says whether an error is one of the servers' state and not an answer.
func (f *Fleet) passing(err error) bool {
	for _, kind := range []error{context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrDisconnected, nats.ErrConnectionReconnecting,
		nats.ErrReconnectBufExceeded, nats.ErrStaleConnection, jetstream.ErrNoStreamResponse, jetstream.ErrAsyncPublishTimeout, jetstream.ErrNoHeartbeat,
		jetstream.ErrServerShutdown,
		// A replica that is behind gives only the beginning of a blob.
		jetstream.ErrDigestMismatch} {
		if errors.Is(err, kind) {
			return true
		}
	}
	if f.options.Join && (errors.Is(err, jetstream.ErrBucketNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)) {
		return true // the process that leads has not come so far
	}
	var failure *jetstream.APIError
	if errors.As(err, &failure) {
		return failure.Code == unavailable || failure.ErrorCode == noPeers
	}
	// A watch goes through the client's older half, which has errors of its own.
	var older nats.JetStreamError
	return errors.As(err, &older) && older.APIError() != nil && older.APIError().Code == unavailable
}
