package steps

// sharing.go answers: how do max_rate and max_megabytes hold for all workers together? The leader says among whom they are
// shared out, each takes its part, and a worker that joins sends nothing before the leader has counted it. So the sum is
// passed neither when many start at once nor when one joins. Next: join.go.

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/fleet"
)

const (
	// sharingControl is the control value that holds the names of the workers among whom rates are shared out.
	sharingControl = "sharing"
	// newcomer is for how long a worker without a unit counts, since it is about to take one. Later it is one of those for
	// whom there is nothing left, and the last units need not be slow for them.
	newcomer = 10 * time.Second
)

// sharing is what the leader knows of it.
type sharing struct {
	leader string
	began  time.Time
	// names are among whom the rates are shared out, before those that an earlier leader said.
	names, before []string
}

// among names the workers that share the rates: those that have something to do, those that just came, and the leader. For
// a while also those that worked under an earlier leader, who need not have been heard of again.
func (s *sharing) among(workers []fleet.Worker) []string {
	names := []string{s.leader}
	if time.Since(s.began) < newcomer {
		names = append(names, s.before...)
	}
	for _, worker := range workers {
		if status, err := ReadWorkerStatus(worker); err == nil && (status.Units > 0 || status.Joined < newcomer) {
			names = append(names, worker.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// beginSharing takes the leader's part of what an earlier leader shared out, before anything is sent.
func (l *leading) beginSharing(ctx context.Context) error {
	l.sharing = sharing{leader: l.fleet.Worker(), began: time.Now()}
	_, err := l.fleet.Control(ctx, sharingControl, &l.sharing.before)
	l.step.move.Valve().Share(len(l.sharing.among(nil)))
	return err
}

// share tells all workers among whom the rates are shared out, when that changed. When there are more, the leader takes its
// smaller part before the others hear of it; when there are fewer, its larger part afterwards.
func (l *leading) share(ctx context.Context, workers []fleet.Worker) error {
	names := l.sharing.among(workers)
	if slices.Equal(names, l.sharing.names) {
		return nil
	}
	valve := l.step.move.Valve()
	if len(names) > len(l.sharing.names) {
		valve.Share(len(names))
	}
	if err := l.fleet.SetControl(ctx, sharingControl, names); err != nil {
		return err
	}
	l.sharing.names = names
	valve.Share(len(names))
	return nil
}

// shareOf follows what the leader says. counted is closed once it has counted this worker.
type shareOf struct {
	move    *Move
	worker  string
	once    sync.Once
	counted chan struct{}
}

func newShareOf(move *Move, worker string) *shareOf {
	return &shareOf{move: move, worker: worker, counted: make(chan struct{})}
}

// hear takes this worker's part. One that is not counted now, and has a unit all the same, counts itself.
func (s *shareOf) hear(value json.RawMessage) {
	var names []string
	if json.Unmarshal(value, &names) != nil {
		return // of a leader of our own build
	}
	if !slices.Contains(names, s.worker) {
		s.move.Valve().Share(len(names) + 1)
		return
	}
	s.move.Valve().Share(len(names))
	s.once.Do(func() { close(s.counted) })
}

// wait lets a worker begin once it is counted, or once the job is over.
func (s *shareOf) wait(ctx context.Context, job *fleet.Job) error {
	ticker := time.NewTicker(tellEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-s.counted:
			return nil
		case <-ticker.C:
		}
		state, _, err := job.End(ctx)
		if err != nil || state == fleet.JobDone || state == fleet.JobStopped {
			return err
		}
	}
}
