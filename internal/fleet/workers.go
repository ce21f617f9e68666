package fleet

// workers.go answers: who works, and what was last heard of each?

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// presenceLeases is for how many leases a silent worker is still listed.
	presenceLeases = 3
	// presenceEvery is how often a worker is heard of, at the least.
	presenceEvery = 2 * time.Second
)

// Worker is one process that works.
type Worker struct {
	Name string `json:"name"`
	// Heard is when, by the server's clock.
	Heard time.Time `json:"heard"`
	// Status is what it says of itself.
	Status json.RawMessage `json:"status,omitempty"`
}

// presence is what a worker writes of itself.
type presence struct {
	Name   string `json:"name"`
	Status any    `json:"status"`
}

// Appear lists this process among the workers with what status says, until ctx ends. A heartbeat that cannot be written
// is made up for by the next.
func (f *Fleet) Appear(ctx context.Context, status func() any) {
	every := min(presenceEvery, f.options.Lease)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if encoded, err := json.Marshal(presence{Name: f.options.Worker, Status: status()}); err == nil {
			inner, cancel := context.WithTimeout(ctx, tryPatience)
			_, _ = f.presence.Put(inner, key(f.options.Worker), encoded)
			cancel()
		}
		select {
		case <-ctx.Done():
			farewell, cancel := context.WithTimeout(context.WithoutCancel(ctx), closePatience)
			defer cancel()
			_ = f.presence.Delete(farewell, key(f.options.Worker)) // it is forgotten after a while in any case
			return
		case <-ticker.C:
		}
	}
}

// Workers lists who was heard of lately, by name.
func (f *Fleet) Workers(ctx context.Context) ([]Worker, error) {
	inner, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	watcher, err := f.presence.WatchAll(inner, jetstream.IgnoreDeletes())
	if err != nil {
		return nil, fmt.Errorf("list the workers: %w", err)
	}
	defer func() { _ = watcher.Stop() }()
	var list []Worker
	for {
		select {
		case <-inner.Done():
			return nil, errors.Join(errors.New("list the workers: no answer"), context.Cause(ctx))
		case update, open := <-watcher.Updates():
			if !open || update == nil {
				slices.SortFunc(list, func(a, b Worker) int { return strings.Compare(a.Name, b.Name) })
				return list, nil
			}
			var one struct {
				Name   string          `json:"name"`
				Status json.RawMessage `json:"status"`
			}
			if err := decode(update.Value(), &one); err != nil {
				return nil, err
			}
			list = append(list, Worker{Name: one.Name, Heard: update.Created(), Status: one.Status})
		}
	}
}

// Messages counts what this process has sent to the servers and heard from them.
func (f *Fleet) Messages() uint64 {
	statistics := f.conn.Stats()
	return statistics.InMsgs + statistics.OutMsgs
}
