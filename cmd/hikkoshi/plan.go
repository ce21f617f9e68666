package main

// plan.go answers: what is wrong (doctor), and what will be done (plan)?

import (
	"context"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type doctorCommand struct{ moveFlags }

// Run looks at both sides and tells every finding. It changes nothing.
func (c *doctorCommand) Run(ctx context.Context, call *invocation) error {
	wanted, sides, err := c.open(call)
	if err != nil {
		return err
	}
	call.View.Say("Looking at %s and %s …", wanted.Source.Label(), wanted.Target.Label())
	facts, err := steps.Look(ctx, wanted, sides)
	if err != nil {
		return err
	}
	made := plan.Make(facts, wanted)
	showFacts(call.View, facts)
	showFindings(call.View, made.Findings)
	if err := call.View.Result(made); err != nil {
		return err
	}
	for _, finding := range made.Findings {
		if finding.Severity != plan.Info {
			return errFindings
		}
	}
	return nil
}

type planCommand struct {
	moveFlags
	ShowDiff     bool   `help:"Show the change of each writer's configuration."`
	ShowMappings bool   `help:"Only show settings, mappings, templates, pipelines and the like as the source has them and as the target will get them, as a diff; save no plan."`
	Index        string `help:"With --show-mappings: only what has a name like this." placeholder:"PATTERN"`
	Rehearse     bool   `help:"Move a share of each index into scratch indices of the target, verify it, and forecast time and disk. Takes a snapshot where there is none to read."`
	Share        string `default:"1%" help:"With --rehearse: the part of each index, such as 0.01 or 1%; small indices are moved whole."`
	Keep         bool   `help:"With --rehearse: leave the scratch indices on the target."`
}

// Run makes the plan and saves it, unless something must be decided first.
func (c *planCommand) Run(ctx context.Context, call *invocation) error {
	if err := c.check(); err != nil {
		return err
	}
	wanted, sides, err := c.open(call)
	if err != nil {
		return err
	}
	call.View.Say("Looking at %s and %s …", wanted.Source.Label(), wanted.Target.Label())
	facts, err := steps.Look(ctx, wanted, sides)
	if err != nil {
		return err
	}
	if c.ShowMappings {
		return showMappings(call.View, facts, wanted, c.Index)
	}
	var earlier *plan.Plan // under way, and replaced
	if begun, err := applyBegun(wanted.StateFile(journalFile)); err != nil {
		return err
	} else if begun && c.Rehearse {
		return c.rehearseBegun(ctx, call)
	} else if begun {
		if earlier, err = underWay(wanted); err != nil {
			return err
		}
		if facts, err = earlier.Again(facts, wanted); err != nil {
			return engine.WithHint(err, "take it back with `hikkoshi rollback` first, and plan again")
		}
	}
	made := plan.Make(facts, wanted)
	move := &steps.Move{Wanted: wanted, Sides: sides, Plan: made}
	for _, phase := range []string{steps.PhaseApply, steps.PhaseCutover, steps.PhaseRetire} {
		list, err := move.Steps(phase)
		if err != nil {
			return err
		}
		for _, step := range list {
			_, undoable := step.(engine.Undoer)
			made.Steps = append(made.Steps, plan.Step{Phase: phase, ID: step.ID(), Title: step.Title(), Undoable: undoable})
		}
	}
	showFindings(call.View, made.Findings)
	showPlan(call.View, made)
	if c.ShowDiff {
		for _, writer := range facts.Writers {
			call.View.Print(writer.Diff)
		}
	}
	last, err := steps.LoadRehearsal(wanted)
	if err != nil {
		return err
	}
	blockers := plan.Blockers(made.Findings)
	if !c.Rehearse || len(blockers) > 0 {
		showLastRehearsal(call.View, last, last.StillOf(made))
		if err := call.View.Result(plannedRehearsal{made, last}); err != nil {
			return err
		}
	}
	if len(blockers) > 0 {
		return engine.WithHint(fmt.Errorf("%d things must be decided or mended first; no plan was saved: %w", len(blockers), errRefused), blockers[0].Decide)
	}
	if earlier != nil {
		if err := replace(wanted, made); err != nil {
			return err
		}
		call.View.Say("Nothing was done by the earlier rules yet: the snapshot stands, and every document is checked again.")
	}
	if err := made.Save(wanted.StateFile(planFile)); err != nil {
		return err
	}
	if c.Rehearse {
		return c.rehearse(ctx, call, move)
	}
	call.View.Say("The plan is saved. `hikkoshi apply` carries it out.")
	return nil
}

// check refuses flags that mean nothing together, before anybody is asked.
func (c *planCommand) check() error {
	switch _, err := parseShare(c.Share); {
	case c.Rehearse && c.ShowMappings:
		return fmt.Errorf("--rehearse and --show-mappings exclude each other: %w", errWrongUse)
	case !c.Rehearse && (c.Keep || c.Share != defaultShare):
		return fmt.Errorf("--share and --keep are for --rehearse: %w", errWrongUse)
	default:
		return err
	}
}

// applyBegun says whether the journal holds a step of apply that began and was not taken back.
func applyBegun(file string) (bool, error) {
	journal, err := engine.ReadJournal(file)
	if err != nil {
		return false, err
	}
	defer func() { _ = journal.Close() }() // only read
	identity, found, err := journal.Plan(steps.PhaseApply)
	if err != nil || !found {
		return false, err
	}
	for _, step := range identity.Steps {
		if journal.Step(steps.PhaseApply, step).Begun {
			return true, nil
		}
	}
	return false, nil
}

func showFacts(view *ui.View, facts *plan.Facts) {
	table := ui.Table{Headings: []string{"", "cluster", "version", "health", ">indices", ">documents", ">primaries"}}
	for _, side := range []struct {
		name string
		side plan.Side
	}{{"source", facts.Source}, {"target", facts.Target}} {
		var documents, bytes int64
		for _, index := range side.side.Indices {
			documents += index.Documents
			bytes += index.Bytes
		}
		health := side.side.Health
		if !side.side.Exists {
			health = "not there yet"
		}
		table.Rows = append(table.Rows, []string{side.name, side.side.Label, side.side.Version.Full(), health,
			ui.Count(int64(len(side.side.Indices))), ui.Count(documents), ui.Bytes(bytes)})
	}
	view.Table(table)
}

// fresh refuses a saved plan that the world has left behind, unless apply began with it already.
func fresh(ctx context.Context, move *steps.Move) error {
	begun, err := applyBegun(move.Wanted.StateFile(journalFile))
	if err != nil || begun {
		return err
	}
	now, err := steps.Look(ctx, move.Wanted, move.Sides)
	if err != nil {
		return err
	}
	if err := move.Plan.CheckFresh(now, move.Wanted); err != nil {
		return engine.WithHint(err, "run `hikkoshi plan` again and read what changed")
	}
	if blockers := plan.Blockers(plan.Diagnose(now, move.Wanted, move.Plan.Routes)); len(blockers) > 0 {
		return engine.WithHint(fmt.Errorf("%s: %s: %w", blockers[0].Subject, blockers[0].Message, errRefused), blockers[0].Decide)
	}
	return nil
}
