package main

// apply.go answers: how does a saved plan run (apply), and what was brought over since (sync)?

import (
	"context"
	"errors"

	"github.com/hikkoshi/hikkoshi/internal/steps"
)

type applyCommand struct{ moveFlags }

// Run carries the plan out, or goes on with it.
func (c *applyCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
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
	if quarantined, err := steps.Quarantined(move); err != nil {
		return err
	} else if quarantined > 0 {
		groups, err := move.QuarantineGroups()
		if err != nil {
			return err
		}
		showQuarantine(call.View, groups)
		call.View.Say("%d documents were set aside, each with its bytes and reason: %s. `hikkoshi redrive` sends them again once they are mended.", quarantined, move.Wanted.StateFile(steps.QuarantineFile))
		return errors.Join(call.View.Result(proof), errFindings)
	}
	call.View.Say("The target is loaded. `hikkoshi cutover` moves the writers; `hikkoshi sync` shortens the lag until then.")
	return call.View.Result(proof)
}

type syncCommand struct{ moveFlags }

// Run brings the target up to the source once more.
func (c *syncCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	settled, err := phaseBegun(move, steps.PhaseCutover)
	if err != nil {
		return err
	}
	written, deleted, err := move.Sync(ctx, settled, call.View.Event)
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
	call.View.Say("Brought over %d documents, %d deletions.", written, deleted)
	return call.View.Result(map[string]int64{"written": written, "deleted": deleted})
}
