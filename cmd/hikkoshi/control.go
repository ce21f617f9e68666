package main

// control.go answers: how is a load watched and steered while another hikkoshi runs it (pause, resume, limit)?

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/control"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type pauseCommand struct{ moveFlags }

// Run holds the load: what is under way arrives, nothing new goes.
func (c *pauseCommand) Run(ctx context.Context, call *invocation) error {
	return c.steer(ctx, call, func(limits *load.Limits) { limits.Paused = true })
}

type resumeCommand struct{ moveFlags }

// Run lets the load go on.
func (c *resumeCommand) Run(ctx context.Context, call *invocation) error {
	return c.steer(ctx, call, func(limits *load.Limits) { limits.Paused = false })
}

// limitCommand changes what is given and leaves the rest as it is.
type limitCommand struct {
	moveFlags
	MaxRate      *float64 `help:"Documents a second at the most; 0 takes the limit away."`
	MaxMegabytes *float64 `help:"MB a second at the most; 0 takes the limit away."`
	MaxBodies    *int     `help:"How many requests may be under way at once at the most; 0 is 16."`
	WriteQueue   *int     `help:"How many writes may wait on a node of the target before the load slows down; 0 is half of its queue."`
	CPU          *int     `help:"How many percent the processors of a node of the target may be busy before the load slows down; 0 does not look."`
	DiskFree     *int     `help:"How many percent of a node's disk must stay free, else the load pauses; 0 does not look."`
}

// Run changes the limits of the running load.
func (c *limitCommand) Run(ctx context.Context, call *invocation) error {
	return c.steer(ctx, call, func(limits *load.Limits) {
		set(&limits.MaxRate, c.MaxRate)
		set(&limits.MaxMegabytes, c.MaxMegabytes)
		set(&limits.MaxBodies, c.MaxBodies)
		set(&limits.WriteQueue, c.WriteQueue)
		set(&limits.CPU, c.CPU)
		set(&limits.DiskFree, c.DiskFree)
	})
}

func set[T any](value *T, given *T) {
	if given != nil {
		*value = *given
	}
}

// steer changes the limits of the running load and shows how it is doing.
func (f moveFlags) steer(ctx context.Context, call *invocation, change func(*load.Limits)) error {
	wanted, err := migration.Load(f.Config)
	if err != nil {
		return err
	}
	client, err := control.Open(stateFolder(wanted))
	var live load.Live
	if err == nil {
		live, err = client.Live(ctx)
	}
	if err == nil {
		limits := live.Limits
		change(&limits)
		live, err = client.SetLimits(ctx, limits)
	}
	if errors.Is(err, control.ErrNoLoad) {
		return engine.WithHint(fmt.Errorf("%w for %s: %w", err, wanted.Name, errRefused), "limits that last stand in migration.yaml below load:, and `hikkoshi apply` reads them")
	}
	if err != nil {
		return err
	}
	showLive(call.View, live)
	return call.View.Result(live)
}

// liveOf asks the running load, if there is one.
func liveOf(ctx context.Context, wanted *migration.Migration) (*load.Live, error) {
	client, err := control.Open(stateFolder(wanted))
	if errors.Is(err, control.ErrNoLoad) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	live, err := client.Live(ctx)
	if errors.Is(err, control.ErrNoLoad) {
		return nil, nil
	}
	return &live, err
}

func stateFolder(wanted *migration.Migration) string {
	return filepath.Dir(wanted.StateFile(control.PlaceFile))
}

func showLive(view *ui.View, live load.Live) {
	text := fmt.Sprintf("loading: %s documents", ui.Count(live.Documents))
	if live.Total > 0 {
		text = fmt.Sprintf("loading: %s of %s documents", ui.Count(live.Documents), ui.Count(live.Total))
	}
	text += fmt.Sprintf(", %.0f documents/s, %.1f MB/s, %d of %d bodies in flight, %d retries", live.DocumentsPerSecond, live.BytesPerSecond/1e6, live.InFlight, live.Allowed, live.Retries)
	if live.Refused > 0 {
		text += fmt.Sprintf(", %s set aside", ui.Count(live.Refused))
	}
	if live.Remaining > 0 {
		text += fmt.Sprintf(", about %s left", live.Remaining)
	}
	view.Print(text)
	if live.Throttle != "" {
		view.Print(fmt.Sprintf("held by: %s (since %s)", live.Throttle, live.ThrottledSince.Local().Format(time.TimeOnly)))
	}
}

// serveControl lets other processes steer the load of this one. A socket that cannot be made is told and keeps nothing from
// being loaded.
func serveControl(call *invocation, move *steps.Move) (stop func()) {
	server, err := control.Serve(stateFolder(move.Wanted), move.Valve())
	if err != nil {
		call.View.Say("This load cannot be paused or limited while it runs: %v.", err)
		return func() {}
	}
	return func() {
		if err := server.Close(); err != nil {
			call.View.Say("The control socket was not taken away: %v.", err)
		}
	}
}
