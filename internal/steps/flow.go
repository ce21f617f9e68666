package steps

// flow.go answers: how fast is the target filled, and who may say so? One valve holds the flow of everything this process
// sends; migration.yaml sets it, the control socket changes it, the target's load narrows it. Next: backfill.go.

import (
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

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

// tellThrottle notes each new reason for being slow, until the call that it gives.
func (m *Move) tellThrottle(rec *engine.Recorder) (end func()) {
	m.Valve().OnThrottle(func(reason string) {
		if reason == "" {
			reason = "the target's own speed is the limit again"
		}
		rec.Note("%s", reason)
	})
	return func() { m.Valve().OnThrottle(nil) }
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
