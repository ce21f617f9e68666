package main

// worker.go answers: how does this machine take part in a load that another one leads?

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

const (
	// tokenEnvironment names the environment variable that holds the fleet's secret; it stands in no file.
	tokenEnvironment = "HIKKOSHI_FLEET_TOKEN"
	// leaseEnvironment shortens the lease of a unit, for tests that kill workers.
	leaseEnvironment = "HIKKOSHI_FLEET_LEASE"
)

// natsFlags say how NATS is reached.
type natsFlags struct {
	NATS            []string `name:"nats" placeholder:"URL" help:"Servers of NATS, such as nats://10.0.0.5:4222; tls:// encrypts."`
	NATSCredentials string   `name:"nats-credentials" env:"HIKKOSHI_NATS_CREDENTIALS" type:"path" help:"A .creds file for an external cluster."`
	NATSCA          string   `name:"nats-ca" env:"HIKKOSHI_NATS_CA" type:"path" help:"A certificate authority to trust beside the system's."`
}

type workerCommand struct {
	natsFlags
	Migration string        `help:"The migration's name; needed where the servers hold several."`
	Patience  time.Duration `default:"15m" help:"How long to wait for the leader, at the start and when it is away; 0 is for ever."`
}

// Run works until the load is done. Credentials for the target and the repository come from this machine's environment.
func (c *workerCommand) Run(ctx context.Context, call *invocation) error {
	if len(c.NATS) == 0 {
		return engine.WithHint(fmt.Errorf("--nats is missing: %w", errWrongUse), "`hikkoshi apply --listen ADDRESS` says where to join")
	}
	done, err := steps.Join(ctx, steps.JoinOptions{
		Fleet: fleet.Options{Name: c.Migration, URLs: c.NATS, Token: os.Getenv(tokenEnvironment), CredentialsFile: c.NATSCredentials, CAFile: c.NATSCA},
		Build: buildText(), Sides: steps.Options{Profile: call.Profile, Region: call.Region}, Patience: c.Patience,
		Tell: func(status steps.WorkerStatus, text string) {
			event := engine.Event{Time: time.Now().UTC(), Phase: steps.PhaseApply, Step: "worker", Title: "worker", Kind: engine.EventNote, Message: text}
			if text == "" {
				event.Kind, event.Current, event.Unit = engine.EventProgress, status.Live.Documents, "documents"
				event.Message = workerText(status)
			}
			call.View.Event(event)
		},
	})
	if err != nil {
		return err
	}
	call.View.Say("The load is done. This worker did %s units, %s documents.", ui.Count(int64(done.Done)), ui.Count(done.Live.Documents))
	return call.View.Result(done)
}

// workerText says how a worker is doing.
func workerText(status steps.WorkerStatus) string {
	text := fmt.Sprintf("%d units in hand, %d done, %.0f documents/s, %s/s", status.Units, status.Done, status.Live.DocumentsPerSecond, ui.Bytes(int64(status.Live.BytesPerSecond)))
	if status.Live.Throttle != "" {
		text += ", " + status.Live.Throttle
	}
	return text
}

// buildText identifies this program among those of a fleet.
func buildText() string {
	name, commit := build()
	if commit == "" {
		return name
	}
	return name + " " + commit
}

func leaseTime() (time.Duration, error) {
	text := os.Getenv(leaseEnvironment)
	if text == "" {
		return 0, nil
	}
	lease, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %w", leaseEnvironment, errWrongUse, err)
	}
	return lease, nil
}

// showWorkers lists those that take part in a load.
func showWorkers(view *ui.View, workers []fleet.Worker) error {
	if len(workers) == 0 {
		return nil
	}
	table := ui.Table{Title: "\nWho works on the load", Headings: []string{"worker", ">units", ">done", ">documents", ">documents/s", ">per second", "held by"}}
	for _, worker := range workers {
		status, err := steps.ReadWorkerStatus(worker)
		if err != nil {
			return err
		}
		table.Rows = append(table.Rows, []string{worker.Name, fmt.Sprint(status.Units), fmt.Sprint(status.Done), ui.Count(status.Live.Documents), ui.Count(int64(status.Live.DocumentsPerSecond)),
			ui.Bytes(int64(status.Live.BytesPerSecond)), status.Live.Throttle})
	}
	view.Table(table)
	return nil
}
