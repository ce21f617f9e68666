package steps

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/migration"
)

const sharingToken = "only-for-tests-0123456789"

func heardOf(name string, units int, joined time.Duration) fleet.Worker {
	status, _ := json.Marshal(WorkerStatus{Units: units, Joined: joined})
	return fleet.Worker{Name: name, Status: status}
}

func TestRatesAreSharedAmongThoseThatWorkOrJustCame(t *testing.T) {
	t.Parallel()
	workers := []fleet.Worker{heardOf("busy", 2, time.Hour), heardOf("done", 0, time.Hour), heardOf("leader", 0, time.Hour), heardOf("new", 0, time.Second)}
	old := sharing{leader: "leader", began: time.Now().Add(-time.Hour), before: []string{"busy", "gone"}}
	if names := old.among(workers); !slices.Equal(names, []string{"busy", "leader", "new"}) {
		t.Error(names)
	}
	back := sharing{leader: "leader", began: time.Now(), before: []string{"busy", "not heard of yet"}}
	if names := back.among(nil); !slices.Equal(names, []string{"busy", "leader", "not heard of yet"}) {
		t.Error(names)
	}
}

// Whoever joins has no more than its part when it begins, and so have those that were there.
func TestAWorkerBeginsWhenTheLeaderHasCountedIt(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	opened, err := fleet.Open(ctx, fleet.Options{Name: "sharing", Folder: t.TempDir(), Listen: "127.0.0.1:0", Token: sharingToken, Worker: "leader"})
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	job, err := opened.Lead(ctx, "load", nil)
	if err != nil {
		t.Fatal(err)
	}
	move := func() *Move {
		return &Move{Wanted: &migration.Migration{Load: migration.LoadLimits{MaxRate: 1200}}, Sides: &Sides{}}
	}
	leader := &leading{step: &backfill{move: move()}, fleet: opened, job: job}
	if err := leader.beginSharing(ctx); err != nil {
		t.Fatal(err)
	}
	const others = 3
	parts, moves := make([]*shareOf, others), make([]*Move, others)
	for i := range others {
		moves[i] = move()
		parts[i] = newShareOf(moves[i], fmt.Sprint("worker ", i))
		go func() { _ = opened.WatchControl(ctx, sharingControl, parts[i].hear) }() // ends with the test
	}
	if err := leader.share(ctx, []fleet.Worker{heardOf("worker 0", 0, 0)}); err != nil {
		t.Fatal(err)
	}
	if err := parts[0].wait(ctx, job); err != nil {
		t.Fatal(err)
	}
	select {
	case <-parts[1].counted:
		t.Error("a worker that was not counted begins")
	default:
	}
	workers := []fleet.Worker{heardOf("leader", 1, time.Hour)}
	for i := range others {
		workers = append(workers, heardOf(fmt.Sprint("worker ", i), 1, time.Hour))
	}
	if err := leader.share(ctx, workers); err != nil {
		t.Fatal(err)
	}
	for i := range others {
		if err := parts[i].wait(ctx, job); err != nil {
			t.Fatal(err)
		}
	}
	for _, one := range append(moves[1:], leader.step.move) {
		if told := one.Valve().Live().Throttle; told != "limited to 300 documents a second" {
			t.Errorf("%q", told)
		}
	}
	again := &leading{step: &backfill{move: move()}, fleet: opened, job: job}
	if err := again.beginSharing(ctx); err != nil {
		t.Fatal(err)
	}
	if told := again.step.move.Valve().Live().Throttle; told != "limited to 300 documents a second" {
		t.Errorf("a leader that comes back: %q", told)
	}
	if err := job.Remove(ctx); err != nil {
		t.Fatal(err)
	}
	if err := newShareOf(move(), "too late").wait(ctx, job); err != nil {
		t.Errorf("a worker that came when all was done: %v", err)
	}
}
