package steps

// flow.go answers: how fast is the target filled, and who may say so? One valve holds the flow of everything this process
// sends; migration.yaml sets it, the control socket changes it, the target's load narrows it. Next: backfill.go.

import (
	"context"
	"fmt"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// progressEvery is how often the numbers of a load are shown.
const progressEvery = time.Second

// Valve holds the flow of everything this process sends to the target.
func (m *Move) Valve() *load.Valve {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.flow == nil {
		wanted := m.Wanted.Load
		m.flow = load.NewValve(load.Limits{MaxRate: wanted.MaxRate, MaxMegabytes: wanted.MaxMegabytes, MaxBodies: wanted.MaxBodies,
			WriteQueue: wanted.WriteQueue, CPU: wanted.CPU, DiskFree: wanted.DiskFree})
	}
	return m.flow
}

// job makes what all units of one index share.
func (m *Move) job(target *cluster.Client, rewrite func() load.Rewrite) *load.Job {
	return &load.Job{Target: target, NewRewrite: rewrite, Valve: m.Valve(), Patience: m.Wanted.Load.Patience, Gzip: load.Gzip(m.Wanted.Load.Gzip)}
}

// watched runs a load while the target's nodes are looked at, its numbers are shown, and each reason for being slow is told.
func (m *Move) watched(ctx context.Context, rec *engine.Recorder, target *cluster.Client, what func() string, run func(ctx context.Context) error) error {
	valve := m.Valve()
	valve.OnThrottle(func(reason string) {
		if reason == "" {
			reason = "the target's own speed is the limit again"
		}
		rec.Note("%s", reason)
	})
	defer valve.OnThrottle(nil)
	watching, stop := context.WithCancel(ctx)
	ended := make(chan struct{}, 2)
	go func() {
		load.Watch(watching, target, valve)
		ended <- struct{}{}
	}()
	go func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for watching.Err() == nil {
			select {
			case <-watching.Done():
			case <-ticker.C:
				showLive(rec, valve.Live(), what())
			}
		}
		ended <- struct{}{}
	}()
	err := run(ctx)
	stop()
	<-ended
	<-ended
	return err
}

// showLive tells the numbers of the moment.
func showLive(rec *engine.Recorder, live load.Live, what string) {
	text := fmt.Sprintf("%s %.0f/s %.1f MB/s, %d in flight", what, live.DocumentsPerSecond, live.BytesPerSecond/1e6, live.InFlight)
	if live.Retries > 0 {
		text += fmt.Sprintf(", %d retries", live.Retries)
	}
	if live.Remaining > 0 {
		text += ", " + live.Remaining.String() + " left"
	}
	if live.Throttle != "" {
		text += "; " + live.Throttle
	}
	rec.Progress(live.Documents, max(live.Total, live.Documents), "documents", text)
}
