package main

// crowd.go answers: what do many workers ask of the leader, when none of them sends anything? Each has a connection, is
// heard of, follows the limits, and holds two units at a time for some seconds with a checkpoint a second, as one with two
// processors does whose target is the limit. All are played by one process. Next: reads.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/bench/rig"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
)

const (
	roleCrowd = "crowd"
	// unitsEach is how many units a worker holds at once, crowdHold for how long, crowdRounds how many it has one after the
	// other.
	unitsEach   = 2
	crowdHold   = 3 * time.Second
	crowdRounds = 4
	// crowdSaves is how often a checkpoint is offered; the fleet writes one a second.
	crowdSaves = 100 * time.Millisecond
)

// Crowd is what was measured of one.
type Crowd struct {
	Workers int `json:"workers"`
	Units   int `json:"units"`
	// Seconds is how long they took, of which Held is what the units are held for in any case.
	Seconds float64 `json:"seconds"`
	Held    float64 `json:"held"`
	// LeaderCPU is the share of a processor that the leader took, with its server.
	LeaderCPU float64 `json:"leader_cpu"`
	// TakeMedian, TakeLast, CommitMedian and CommitLast are milliseconds until a unit is taken, and until it is committed: the
	// median, and what 99 of 100 stay below.
	TakeMedian   float64 `json:"take_median_ms"`
	TakeLast     float64 `json:"take_99_ms"`
	CommitMedian float64 `json:"commit_median_ms"`
	CommitLast   float64 `json:"commit_99_ms"`
	// Messages are those of all workers, a second.
	Messages float64 `json:"messages_per_second"`
}

// InHand is how many units are leased at once.
func (c Crowd) InHand() int { return c.Workers * unitsEach }

// crowdTimes are what the crowd's process tells.
type crowdTimes struct {
	// TakeMedian and the like are as in Crowd.
	TakeMedian, TakeLast, CommitMedian, CommitLast float64
	Messages                                       uint64
	Lost                                           int

	take, commit []float64
}

func measureCrowd(ctx context.Context, folder string, workers int) (Crowd, error) {
	crowd := Crowd{Workers: workers, Units: workers * unitsEach * crowdRounds, Held: (crowdHold * crowdRounds).Seconds()}
	opened, err := fleet.Open(ctx, fleet.Options{Name: "bench", Folder: filepath.Join(folder, fmt.Sprint(workers)), Listen: "127.0.0.1:0", Token: benchToken})
	if err != nil {
		return crowd, err
	}
	defer opened.Close()
	if err := opened.SetControl(ctx, "limits", struct{}{}); err != nil {
		return crowd, err
	}
	others, err := startPart(ctx, part{Role: roleCrowd, NATS: opened.Address(), Workers: workers})
	if err != nil {
		return crowd, err
	}
	defer others.stop()
	if _, err := others.line(); err != nil {
		return crowd, err
	}
	job, err := opened.Lead(ctx, "bench", nil)
	if err != nil {
		return crowd, err
	}
	units := make([]piece, crowd.Units)
	for i := range units {
		units[i] = piece{Number: i}
	}
	if err := put(ctx, job, units); err != nil {
		return crowd, err
	}
	began := time.Now()
	before, err := rig.CPUSeconds()
	if err != nil {
		return crowd, err
	}
	listing, stop := context.WithCancel(ctx)
	defer stop()
	go func() { // as the leader does, to tell progress and share rates out
		for listing.Err() == nil {
			_, _ = opened.Workers(listing) // one that fails is made up for by the next
			time.Sleep(time.Second)
		}
	}()
	if err := job.Gather(ctx, func(fleet.News) error { return nil }); err != nil {
		return crowd, err
	}
	crowd.Seconds = time.Since(began).Seconds()
	after, err := rig.CPUSeconds()
	if err != nil {
		return crowd, err
	}
	crowd.LeaderCPU = (after - before) / crowd.Seconds
	text, err := others.line()
	if err != nil {
		return crowd, err
	}
	var times crowdTimes
	if err := json.Unmarshal([]byte(text), &times); err != nil {
		return crowd, err
	}
	if times.Lost > 0 {
		return crowd, fmt.Errorf("%d units were lost to another worker, and no worker was away", times.Lost)
	}
	crowd.TakeMedian, crowd.TakeLast, crowd.CommitMedian, crowd.CommitLast = times.TakeMedian, times.TakeLast, times.CommitMedian, times.CommitLast
	crowd.Messages = float64(times.Messages) / crowd.Seconds
	return crowd, nil
}

// spread gives the median, and what 99 of 100 stay below.
func spread(values []float64) (median, last float64) {
	if len(values) == 0 {
		return 0, 0
	}
	slices.Sort(values)
	return values[len(values)/2], values[len(values)*99/100]
}

// playCrowd is the crowd's process.
func playCrowd(ctx context.Context, playing part) error {
	var mutex sync.Mutex
	var times crowdTimes
	fleets := make([]*fleet.Fleet, playing.Workers)
	for i := range fleets {
		opened, err := fleet.Open(ctx, fleet.Options{Name: "bench", URLs: []string{playing.NATS}, Token: benchToken, Join: true, Worker: fmt.Sprint("worker ", i)})
		if err != nil {
			return err
		}
		defer opened.Close()
		fleets[i] = opened
	}
	fmt.Println("ready")
	group, inner := errgroup.WithContext(ctx)
	serving, rest := context.WithCancel(inner)
	defer rest()
	var working sync.WaitGroup
	for _, opened := range fleets {
		group.Go(func() error {
			opened.Appear(serving, func() any {
				return map[string]any{"units": unitsEach, "build": "bench", "live": "as much as a worker tells of itself, about two hundred bytes"}
			})
			return nil
		})
		group.Go(func() error {
			_ = opened.WatchControl(serving, "limits", func(json.RawMessage) {}) // ends with the measurement
			return nil
		})
		job, err := enter(inner, opened)
		if err != nil {
			return err
		}
		for range unitsEach {
			working.Add(1)
			group.Go(func() error {
				defer working.Done()
				return hold(inner, job, &mutex, &times)
			})
		}
	}
	working.Wait()
	for _, opened := range fleets {
		times.Messages += opened.Messages()
	}
	rest()
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	times.TakeMedian, times.TakeLast = spread(times.take)
	times.CommitMedian, times.CommitLast = spread(times.commit)
	return json.NewEncoder(os.Stdout).Encode(&times)
}

// enter waits for the job.
func enter(ctx context.Context, opened *fleet.Fleet) (*fleet.Job, error) {
	for {
		job, err := opened.Enter(ctx, "bench")
		if !errors.Is(err, fleet.ErrNoJob) {
			return job, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// hold takes one unit after the other and keeps each for a while.
func hold(ctx context.Context, job *fleet.Job, mutex *sync.Mutex, times *crowdTimes) error {
	for {
		began := time.Now()
		lease, err := job.Next(ctx)
		if errors.Is(err, fleet.ErrJobOver) {
			return nil
		}
		if err != nil {
			return err
		}
		took := time.Since(began)
		for position := 0; time.Since(began) < took+crowdHold; position++ {
			time.Sleep(crowdSaves)
			if err := lease.Save(ctx, json.RawMessage(fmt.Sprintf(`{"position":%d,"outcome":{"written":%d}}`, position, position))); err != nil && !errors.Is(err, fleet.ErrLost) {
				return err
			}
		}
		ending := time.Now()
		err = lease.Commit(ctx, json.RawMessage(`{"position":1,"outcome":{"written":1}}`))
		mutex.Lock()
		if errors.Is(err, fleet.ErrLost) {
			times.Lost, err = times.Lost+1, nil
		}
		times.take = append(times.take, took.Seconds()*1e3)
		times.commit = append(times.commit, time.Since(ending).Seconds()*1e3)
		mutex.Unlock()
		if err != nil {
			return err
		}
	}
}
