package load

// deliver.go answers: what became of each document of one body? Busy answers are waited out, a body that is refused as a
// whole is cut in two until the document is found, and what the target does not take is given back. Next: send.go.

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/tidwall/gjson"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
)

const (
	// busyPause is the first wait when the target is busy; it doubles up to busyPauseMost.
	busyPause     = 200 * time.Millisecond
	busyPauseMost = 20 * time.Second
	// busyTries is how often one batch is offered to a busy target before the run stops, some seven minutes.
	busyTries = 26
)

// Refused is a document that the target does not take, with the lines that were sent, so that nothing is lost.
type Refused struct {
	Index  string `json:"index"`
	Type   string `json:"type,omitempty"`
	ID     string `json:"id"`
	Status int    `json:"status"`
	Error  string `json:"error"`
	Reason string `json:"reason"`
	Action string `json:"action"`
}

// Outcome is what became of all documents: Sent = Written + Existing + len(Refused).
type Outcome struct {
	Sent    int64 `json:"sent"`
	Written int64 `json:"written"`
	// Existing counts documents that the target held already in the same or a newer version.
	Existing int64     `json:"existing"`
	Refused  []Refused `json:"refused,omitempty"`
	// Busy counts how often the target turned something away for now.
	Busy  int64 `json:"busy,omitempty"`
	Bytes int64 `json:"bytes"`
}

func (o *Outcome) add(other Outcome) {
	o.Sent += other.Sent
	o.Written += other.Written
	o.Existing += other.Existing
	o.Refused = append(o.Refused, other.Refused...)
	o.Busy += other.Busy
	o.Bytes += other.Bytes
}

// courier delivers batches to one target.
type courier struct {
	client *cluster.Client
	gzip   bool
	// busy hears of every answer that asked for patience; nil is fine.
	busy func()
}

func (c *courier) deliver(ctx context.Context, b *batch) (Outcome, error) {
	var outcome Outcome
	wait := busyPause
	for try := 0; b.documents() > 0; try++ {
		result, err := c.client.Bulk(ctx, b.body, cluster.BulkOptions{Repeatable: true, Gzip: c.gzip})
		if err != nil {
			whole, wholeErr := c.refusedAsAWhole(ctx, b, err)
			outcome.add(whole)
			return outcome, wholeErr
		}
		if len(result.Items) != b.documents() {
			return outcome, fmt.Errorf("sent %d documents and got %d answers", b.documents(), len(result.Items))
		}
		outcome.Bytes += int64(len(b.body))
		again := outcome.account(b, result)
		if len(again) == 0 {
			return outcome, nil
		}
		if c.busy != nil {
			c.busy()
		}
		outcome.Busy++
		if try == busyTries {
			return outcome, fmt.Errorf("the target turned %d documents away %d times: %s", len(again), try+1, result.Items[again[0]].Reason)
		}
		b = b.pick(again)
		if err := pause(ctx, wait); err != nil {
			return outcome, err
		}
		wait = min(2*wait, busyPauseMost)
	}
	return outcome, nil
}

// refusedAsAWhole finds the document because of which a whole body is refused: some versions answer one bad action with
// 400 for all (CHANGES 2-25), and proxies refuse large bodies with 413.
func (c *courier) refusedAsAWhole(ctx context.Context, b *batch, cause error) (Outcome, error) {
	var failure *cluster.Error
	if !errors.As(cause, &failure) || failure.Status != http.StatusBadRequest && failure.Status != http.StatusRequestEntityTooLarge {
		return Outcome{}, fmt.Errorf("send %d documents: %w", b.documents(), cause)
	}
	if b.documents() == 1 {
		meta := gjson.GetBytes(b.body, "@this|@values|0")
		return Outcome{Sent: 1, Bytes: int64(len(b.body)), Refused: []Refused{{Index: meta.Get("_index").String(), Type: meta.Get("_type").String(), ID: meta.Get("_id").String(),
			Status: failure.Status, Error: failure.Type, Reason: failure.Reason, Action: string(b.body)}}}, nil
	}
	var outcome Outcome
	first, second := b.halves()
	for _, half := range []*batch{first, second} {
		part, err := c.deliver(ctx, half)
		outcome.add(part)
		if err != nil {
			return outcome, err
		}
	}
	return outcome, nil
}

// account books every answer and gives the numbers of the actions to send again.
func (o *Outcome) account(b *batch, result cluster.BulkResult) (again []int) {
	for i, item := range result.Items {
		switch {
		case item.Busy():
			again = append(again, i)
			continue
		case item.Conflict():
			o.Existing++
		case item.Failed():
			o.Refused = append(o.Refused, Refused{Index: item.Index, Type: item.Type, ID: item.ID, Status: item.Status, Error: item.ErrorType, Reason: item.Reason, Action: string(b.action(i))})
		default:
			o.Written++
		}
		o.Sent++
	}
	return again
}

func pause(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
