package main

// cutover.go answers: how do the writers move (cutover), and how does everything go back (rollback)?

import (
	"context"
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

type cutoverCommand struct {
	moveFlags
	Show bool `help:"Only show what would change in the writers' configuration."`
}

// Run moves the writers and brings over what they left behind.
func (c *cutoverCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	if c.Show {
		return c.show(ctx, call, move)
	}
	if finished, err := phaseFinished(move, steps.PhaseApply); err != nil {
		return err
	} else if !finished {
		return engine.WithHint(fmt.Errorf("the target is not loaded yet: %w", errRefused), "finish `hikkoshi apply` first")
	}
	if err := runPhase(ctx, call, move, steps.PhaseCutover, "Move the writers to "+move.Wanted.Target.Label()+"?"); err != nil {
		return err
	}
	proof, err := steps.LoadProof(move.Wanted)
	if err != nil {
		return err
	}
	showProof(call.View, proof)
	call.View.Say("The writers write to %s. `hikkoshi rollback` takes that back, with everything written since; `hikkoshi retire` ends the source.", move.Wanted.Target.Label())
	if err := call.View.Result(proof); err != nil {
		return err
	}
	return tellQuarantine(call.View, move)
}

func (c *cutoverCommand) show(ctx context.Context, call *invocation, move *steps.Move) error {
	writers, err := move.ShowWriters(ctx)
	if err != nil {
		return err
	}
	for _, writer := range writers {
		call.View.Print(writer.Diff)
		showFindings(call.View, writer.Findings)
	}
	return call.View.Result(writers)
}

// phaseFinished says whether the journal has every step of a phase as done.
func phaseFinished(move *steps.Move, phase string) (bool, error) {
	open, err := anyStep(move, phase, func(_ engine.Step, progress engine.Progress) bool { return !progress.Done })
	return err == nil && !open, err
}

// mustBeLoaded refuses what makes sense only with indices that the load made: a round would make them as the target guesses.
func mustBeLoaded(move *steps.Move) error {
	loaded, err := anyStep(move, steps.PhaseApply, func(step engine.Step, progress engine.Progress) bool {
		return step.ID() == steps.CatchUpStep && (progress.Begun || progress.Done)
	})
	if err == nil && !loaded {
		err = engine.WithHint(fmt.Errorf("the target is not loaded yet: %w", errRefused), "run `hikkoshi apply` first")
	}
	return err
}

// phaseBegun says whether a step of a phase began and was not taken back.
func phaseBegun(move *steps.Move, phase string) (bool, error) {
	return anyStep(move, phase, func(_ engine.Step, progress engine.Progress) bool { return progress.Begun })
}

// pastReturn says whether a step of retire that cannot be undone began.
func pastReturn(move *steps.Move) (bool, error) {
	return anyStep(move, steps.PhaseRetire, func(step engine.Step, progress engine.Progress) bool {
		_, undoable := step.(engine.Undoer)
		return !undoable && progress.Begun
	})
}

// anyStep reads the journal and says whether what it tells of any step of a phase matches.
func anyStep(move *steps.Move, phase string, matches func(engine.Step, engine.Progress) bool) (bool, error) {
	list, err := move.Steps(phase)
	if err != nil {
		return false, err
	}
	journal, err := engine.ReadJournal(move.Wanted.StateFile(journalFile))
	if err != nil {
		return false, err
	}
	for _, step := range list {
		if matches(step, journal.Step(phase, step.ID())) {
			return true, journal.Close()
		}
	}
	return false, journal.Close()
}

type rollbackCommand struct {
	moveFlags
	Everything bool `help:"After the cutover also take back what apply made: restored indices, repository, domain, snapshot."`
}

// Run takes back the cutover, with what was written to the target since, and on request what apply made.
func (c *rollbackCommand) Run(ctx context.Context, call *invocation) error {
	move, err := c.openMove(call)
	if err != nil {
		return err
	}
	cutoverBegan, err := phaseBegun(move, steps.PhaseCutover)
	if err != nil {
		return err
	}
	if retired, err := pastReturn(move); err != nil {
		return err
	} else if retired {
		return engine.WithHint(fmt.Errorf("the source's deletion was asked for: %w", engine.ErrPointOfNoReturn), "the final snapshot in the repository holds all of it")
	}
	if cutoverBegan {
		if err := undoPhase(ctx, call, move, steps.PhaseCutover, "Move the writers back to "+move.Wanted.Source.Label()+"?"); err != nil {
			return err
		}
		call.View.Say("The writers write to %s again.", move.Wanted.Source.Label())
	}
	if !cutoverBegan || c.Everything {
		if err := undoPhase(ctx, call, move, steps.PhaseApply, "Take back everything that apply made on "+move.Wanted.Target.Label()+"?"); err != nil {
			return err
		}
		call.View.Say("Everything that apply made is taken back.")
	}
	if err := forgetRehearsal(ctx, call, move, cutoverBegan && !c.Everything); err != nil {
		return err
	}
	return call.View.Result(map[string]bool{"rolled_back": true})
}

// forgetRehearsal takes back what rehearsals left, if any.
func forgetRehearsal(ctx context.Context, call *invocation, move *steps.Move, keepRepository bool) (err error) {
	journal, err := engine.OpenJournal(move.Wanted.StateFile(journalFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	killForTests(journal)
	return move.ForgetRehearsal(ctx, journal, call.View.Event, keepRepository)
}

func undoPhase(ctx context.Context, call *invocation, move *steps.Move, phase, question string) (err error) {
	if err := confirm(call, question); err != nil {
		return err
	}
	runner, err := openRunner(call, move, phase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runner.Journal.Close()) }()
	return runner.Undo(ctx)
}
