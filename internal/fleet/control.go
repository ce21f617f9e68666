package fleet

// control.go answers: how does the leader tell all workers something, such as a limit or a pause, and which jobs are
// there? Next: workers.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

const controlKeys = "value."

// SetControl gives a control value to all workers, those that join later too.
func (f *Fleet) SetControl(ctx context.Context, name string, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode the control value %s: %w", name, err)
	}
	return f.attempt(ctx, "set "+name, func(ctx context.Context) error {
		_, err := f.control.Put(ctx, controlKeys+name, encoded)
		return err
	})
}

// Control reads a control value; found is false where there is none.
func (f *Fleet) Control(ctx context.Context, name string, into any) (found bool, err error) {
	_, found, err = f.value(ctx, f.control, controlKeys+name, into)
	return found, err
}

// WatchControl tells of a control value, and of each later one, until ctx ends.
func (f *Fleet) WatchControl(ctx context.Context, name string, told func(value json.RawMessage)) error {
	return follow(ctx, f, f.control, controlKeys+name, func(update jetstream.KeyValueEntry) { told(update.Value()) })
}

// End is how a job ended: its state, and the error of one that was stopped.
func (j *Job) End(ctx context.Context) (JobState, string, error) {
	var record jobRecord
	_, found, err := j.fleet.value(ctx, j.fleet.control, j.recordKey(), &record)
	if err == nil && !found {
		return JobDone, "", nil // removed, since its results are written down
	}
	return record.State, record.Error, err
}

// Jobs lists the jobs that are not over, by name.
func (f *Fleet) Jobs(ctx context.Context) ([]string, error) {
	return f.jobs(ctx, func(record jobRecord) bool { return !record.over() })
}

func (f *Fleet) jobs(ctx context.Context, wanted func(jobRecord) bool) ([]string, error) {
	var names []string
	err := f.attempt(ctx, "list the jobs", func(ctx context.Context) error {
		names = nil
		keys, err := f.control.Keys(ctx)
		if errors.Is(err, jetstream.ErrNoKeysFound) {
			return nil
		}
		if err != nil {
			return err
		}
		for _, name := range keys {
			if !strings.HasPrefix(name, jobKeys) {
				continue
			}
			value, err := f.control.Get(ctx, name)
			if errors.Is(err, jetstream.ErrKeyNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			var record jobRecord
			if err := decode(value.Value(), &record); err != nil {
				return err
			}
			if wanted(record) {
				names = append(names, record.Name)
			}
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// follow watches some keys of a bucket through every restart of a server, until ctx ends. The same value may be told
// twice.
func follow(ctx context.Context, f *Fleet, bucket jetstream.KeyValue, keys string, told func(jetstream.KeyValueEntry)) error {
	for {
		err := f.attempt(ctx, "watch "+keys, func(context.Context) error {
			watcher, err := bucket.Watch(ctx, keys)
			if err != nil {
				return err
			}
			defer func() { _ = watcher.Stop() }()
			for {
				select {
				case <-ctx.Done():
					return context.Cause(ctx)
				case update, open := <-watcher.Updates():
					if !open {
						return nil
					}
					if update != nil {
						told(update)
					}
				}
			}
		})
		if err != nil {
			return err
		}
		if err := pause(ctx, tryPauseMost); err != nil {
			return err
		}
	}
}
