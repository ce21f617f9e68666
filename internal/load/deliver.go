package load

// deliver.go answers: what became of each document of one body? Busy, blocked and restarting targets are waited for, a
// body that is refused as a whole is cut in two until the document is found, and what the target does not take is given
// back. Next: judge.go, then send.go.

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
)

const (
	// firstWait is the first wait for the target; it doubles up to longestWait.
	firstWait   = 200 * time.Millisecond
	longestWait = 20 * time.Second
	// longestSilence is how long a target may be silent over one body at the most.
	longestSilence = 20 * time.Minute
	// DefaultPatience is how long a target that takes nothing is waited for: time for a person to make room on a disk or
	// bring a node back.
	DefaultPatience = time.Hour
	// oddTries is how often an answer that should not be is asked for again before the body is cut in two, and a single
	// document set aside.
	oddTries = 4
	// refusedInARow is when a load stops instead of setting everything aside.
	refusedInARow = 5000
)

// ErrAllRefused says that one document after the other is refused.
var ErrAllRefused = errors.New("the target refuses every document")

// courier delivers batches to one target.
type courier struct {
	client *cluster.Client
	// query is sent with every body.
	query  url.Values
	gzip   bool
	filter bool
	// floodPasses says that the target lifts the block of a full disk by itself.
	floodPasses bool
	// valve hears how the target answers.
	valve    *Valve
	patience time.Duration
	// refused counts documents refused since the last one that was taken.
	refused atomic.Int64
}

// deliver sends a batch until each of its documents is answered for.
func (c *courier) deliver(ctx context.Context, b *batch) (Outcome, error) {
	var outcome Outcome
	waiting := waiting{patience: c.patience}
	for b.count() > 0 {
		sent := time.Now()
		result, err := c.client.Bulk(ctx, b.body, cluster.BulkOptions{Once: true, Gzip: c.gzip, Brief: true, Filter: c.filter, Query: c.query, Timeout: waiting.silence})
		if err == nil && result.Count != b.count() {
			err = fmt.Errorf("sent %d documents and got %d answers: %w", b.count(), result.Count, cluster.ErrBulkAnswer)
		}
		if err != nil {
			if ctx.Err() != nil {
				return outcome, context.Cause(ctx)
			}
			whole, err := c.refusedAsAWhole(ctx, b, err, sent, &waiting)
			outcome.Add(whole)
			if err != nil || whole.Sent > 0 {
				return outcome, err
			}
			continue
		}
		again, why, err := c.account(&outcome, b, result, &waiting)
		if err != nil {
			return outcome, err
		}
		outcome.Bytes += int64(len(b.body))
		if len(again) == 0 {
			c.valve.answered(int64(len(b.body)), time.Since(sent))
			return outcome, nil
		}
		outcome.Busy++
		b = b.pick(again)
		if err := c.wait(ctx, &waiting, sent, why); err != nil {
			return outcome, fmt.Errorf("%d documents: %w", len(again), err)
		}
	}
	return outcome, nil
}

// account books every answer and gives the numbers of the actions to send again, with the reason.
func (c *courier) account(outcome *Outcome, b *batch, result cluster.BulkResult, waiting *waiting) (again []int, why verdict, err error) {
	good := int64(b.count())
	if b.count() > len(result.Items) {
		c.refused.Store(math.MinInt64) // whatever this body holds besides, the target takes documents
		defer c.refused.Store(0)
	}
	for i := range result.Items {
		item := &result.Items[i]
		judged := judgeItem(item)
		switch {
		case judged.kind == stopNow:
			return nil, judged, fmt.Errorf("the target answered for document %s of %s: %s: %s", b.documents[item.Position].ID, b.documents[item.Position].Index, item.ErrorType, item.Reason)
		case judged.kind == odd && waiting.odd >= oddTries, judged.kind == refuse:
			if err := c.setAside(outcome, b.refused(item.Position, item.Status, item.ErrorType, item.Reason)); err != nil {
				return nil, judged, err
			}
		case judged.kind == exists:
			outcome.Existing++
			outcome.Sent++
		default:
			again = append(again, item.Position)
			why = judged
		}
		good--
	}
	outcome.Written += good
	outcome.Sent += good
	return again, why, nil
}

// setAside books a refused document, and stops when it is one of too many.
func (c *courier) setAside(outcome *Outcome, refused Refused) error {
	outcome.setAside(refused)
	if c.refused.Add(1) < refusedInARow {
		return nil
	}
	return engine.WithHint(fmt.Errorf("%w: %d in a row, the last (%s of %s) with %s: %s", ErrAllRefused, refusedInARow, refused.ID, refused.Index, refused.Error, refused.Reason),
		"the target's mapping does not fit these documents: look at the reason, change the rules in migration.yaml and plan again")
}

// refusedAsAWhole deals with an answer for a whole body. An outcome with nothing sent, and no error, says: again.
func (c *courier) refusedAsAWhole(ctx context.Context, b *batch, cause error, sent time.Time, waiting *waiting) (Outcome, error) {
	judged := judgeRequest(cause, len(b.body))
	if judged.kind == broken && waiting.odd >= oddTries && c.answers(ctx) {
		judged.kind = odd // it answers others: something in this body breaks the connection
	}
	if errors.Is(cause, cluster.ErrSilent) {
		// It may still be at work on this body: sent again as often as it is late, it would never end.
		waiting.silence = min(2*max(waiting.silence, c.client.Timeout()), longestSilence)
	}
	switch judged.kind {
	case stopNow:
		return Outcome{}, fmt.Errorf("send %d documents: %w", b.count(), cause)
	case odd:
		if waiting.odd < oddTries {
			break
		}
		return c.cut(ctx, b, cause)
	case refuse:
		return c.cut(ctx, b, cause)
	case busy:
		// A body may be too large for the target's memory at all times; a smaller one may not.
		if waiting.tries >= oddTries && b.count() > 1 {
			return c.cut(ctx, b, cause)
		}
	}
	return Outcome{}, c.wait(ctx, waiting, sent, judged)
}

// cut finds the document because of which a whole body is refused: some versions answer one bad action with 400 for all
// (CHANGES 2-25), and proxies refuse large bodies with 413.
func (c *courier) cut(ctx context.Context, b *batch, cause error) (Outcome, error) {
	var outcome Outcome
	if b.count() == 1 {
		refused := b.refused(0, 0, "", cause.Error())
		var failure *cluster.Error
		if errors.As(cause, &failure) {
			refused.Status, refused.Error, refused.Reason = failure.Status, failure.Type, failure.Reason
		}
		if refused.Error == "" {
			refused.Error = map[bool]string{true: "too_large", false: "request_refused"}[refused.Status == http.StatusRequestEntityTooLarge]
		}
		outcome.Bytes = int64(len(b.body))
		return outcome, c.setAside(&outcome, refused)
	}
	first, second := b.halves()
	for _, half := range []*batch{first, second} {
		part, err := c.deliver(ctx, half)
		outcome.Add(part)
		if err != nil {
			return outcome, err
		}
	}
	return outcome, nil
}

// answers asks the target for something small.
func (c *courier) answers(ctx context.Context) bool {
	_, err := c.client.Send(ctx, cluster.Request{Method: http.MethodGet, Path: "/", Once: true})
	return err == nil
}

// waiting is the patience with one body.
type waiting struct {
	patience   time.Duration
	since      time.Time
	wait       time.Duration
	tries, odd int
	// silence is how long the target may be silent over it; 0 is the client's own limit.
	silence time.Duration
}

// wait holds on before a body, or what is left of it, is sent again.
func (c *courier) wait(ctx context.Context, w *waiting, sent time.Time, judged verdict) error {
	if w.since.IsZero() {
		w.since, w.wait = time.Now(), firstWait
	}
	w.tries++
	switch judged.kind {
	case odd, broken:
		w.odd++
		if judged.kind == broken {
			c.valve.blocked(judged.why)
		}
	case blocked:
		judged.why = strings.TrimSuffix(judged.why, ";") + c.makeRoom(judged.why)
		c.valve.blocked(judged.why)
	default:
		c.valve.asked(sent, judged.why)
	}
	if w.patience > 0 && time.Since(w.since) > w.patience {
		return engine.WithHint(fmt.Errorf("the target took nothing for %s: %s", w.patience, judged.why),
			"mend the target and run the same command again: it goes on where it stopped")
	}
	if err := cluster.Pause(ctx, max(w.wait, judged.after)); err != nil {
		return err
	}
	w.wait = min(2*w.wait, longestWait)
	return nil
}

// floodBlock is in the words of the block that a nearly full disk sets.
const floodBlock = "/12/"

// makeRoom says what a person must do about a block, as far as its words tell.
func (c *courier) makeRoom(why string) string {
	switch {
	case !strings.Contains(why, floodBlock):
		return ""
	case c.floodPasses:
		return " (make room on its disks, and it lifts the block by itself)"
	}
	return ` (make room on its disks, then lift the block: PUT /_all/_settings {"index.blocks.read_only_allow_delete":null})`
}
