package main

// retire.go answers: how does the source end?

import (
	"context"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

type retireCommand struct {
	moveFlags
	WithoutSnapshot bool `help:"The source may end without a final snapshot, where no repository can hold one."`
}

// Run refuses without a fresh proof or while somebody writes to the source, keeps a final snapshot, asks for the
// deletion and returns.
func (c *retireCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	// Said now, it is no edit of migration.yaml that would make the plan stale.
	move.Wanted.Retire.WithoutSnapshot = move.Wanted.Retire.WithoutSnapshot || c.WithoutSnapshot
	if finished, err := phaseFinished(move, steps.PhaseCutover); err != nil {
		return err
	} else if !finished {
		return engine.WithHint(fmt.Errorf("the writers have not moved yet: %w", errRefused), "finish `hikkoshi cutover` first")
	}
	if err := forgetRehearsal(ctx, call, move, true); err != nil {
		return err
	}
	if err := runPhase(ctx, call, move, steps.PhaseRetire, "Retire "+move.Wanted.Source.Label()+"?"); err != nil {
		return err
	}
	if move.Wanted.Repository.Type == migration.RepositoryNone {
		call.View.Say("There is no final snapshot: migration.yaml names no repository.")
		return call.View.Result(map[string]string{})
	}
	final := plan.FinalSnapshotName(move.Wanted)
	call.View.Say("The final snapshot %s stays in %s.", final, move.Plan.Facts.Repository.Place)
	return call.View.Result(map[string]string{"final_snapshot": final, "repository": move.Plan.Facts.Repository.Place})
}
