package main

// apply.go answers: how does a saved plan run (apply), and what was brought over since (sync)?

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/hikkoshi/hikkoshi/internal/steps"
)

type applyCommand struct {
	moveFlags
	Listen string `placeholder:"ADDRESS" help:"Let workers on other machines join the load at this address, such as 10.0.0.5:4222. Wants HIKKOSHI_FLEET_TOKEN, the same here and there."`
	natsFlags
	Replicas int `default:"1" help:"How many servers of an external NATS cluster keep each value."`
}

// Run carries the plan out, or goes on with it.
func (c *applyCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	if move.Fleet, err = c.fleet(); err != nil {
		return err
	}
	if err := fresh(ctx, move); err != nil {
		return err
	}
	if err := runPhase(ctx, call, move, steps.PhaseApply, "Apply the plan to "+move.Wanted.Target.Label()+"?"); err != nil {
		return err
	}
	proof, err := steps.LoadProof(move.Wanted)
	if err != nil {
		return err
	}
	if err := showSideBySide(ctx, call.View, move); err != nil {
		return err
	}
	showProof(call.View, proof)
	if err := tellQuarantine(call.View, move); err != nil {
		return errors.Join(call.View.Result(proof), err)
	}
	call.View.Say("The target is loaded. `hikkoshi cutover` moves the writers; `hikkoshi sync` shortens the lag until then.")
	return call.View.Result(proof)
}

// fleet says who shares the work.
func (c *applyCommand) fleet() (steps.FleetOptions, error) {
	if c.Listen != "" && len(c.NATS) > 0 {
		return steps.FleetOptions{}, fmt.Errorf("--listen is for the embedded server, --nats for an external cluster: %w", errWrongUse)
	}
	lease, err := leaseTime()
	return steps.FleetOptions{Build: buildText(), Listen: c.Listen, NATS: c.NATS, Token: os.Getenv(tokenEnvironment), CredentialsFile: c.NATSCredentials, CAFile: c.NATSCA,
		Replicas: c.Replicas, Lease: lease}, err
}

type syncCommand struct{ moveFlags }

// Run brings the target up to the source once more.
func (c *syncCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	if err := mustBeLoaded(move); err != nil {
		return err
	}
	settled, err := phaseBegun(move, steps.PhaseCutover)
	if err != nil {
		return err
	}
	synced, err := move.Sync(ctx, settled, call.View.Event)
	if err != nil {
		return err
	}
	gone, err := move.Gone(ctx)
	if err != nil {
		return err
	}
	for _, route := range gone {
		call.View.Say("%s was deleted on the source since the plan was made; its copy %s on the target stays.", route.Source, route.Target)
	}
	call.View.Say("Brought over %d documents, %d deletions.", synced.Written, synced.Deleted)
	if err := call.View.Result(synced); err != nil {
		return err
	}
	return tellQuarantine(call.View, move)
}
