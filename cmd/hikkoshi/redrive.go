package main

// redrive.go answers: how do documents that were set aside get to the target after all, and what can be done about each?

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type redriveCommand struct {
	moveFlags
	ID     []string `help:"Only documents with these ids." placeholder:"ID"`
	Index  []string `help:"Only documents of source indices that match these patterns." placeholder:"PATTERN"`
	DryRun bool     `help:"Send nothing; list what was set aside, with what can be done, and say what the rules make of it now."`
}

// redriveReport is the result for programs.
type redriveReport struct {
	steps.Redriven
	Groups []steps.QuarantineGroup `json:"groups,omitempty"`
}

// Run sends documents of the quarantine again, by the rules of migration.yaml as it is now.
func (c *redriveCommand) Run(ctx context.Context, call *invocation) (err error) {
	move, err := c.openEdited(call)
	if err != nil {
		return err
	}
	// Its lock keeps a load from writing to the quarantine meanwhile.
	journal, err := engine.OpenJournal(move.Wanted.StateFile(journalFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	if !c.DryRun {
		if aside, err := steps.Quarantined(move); err != nil {
			return err
		} else if aside == 0 {
			call.View.Say("Nothing is set aside.")
			return call.View.Result(redriveReport{})
		}
	}
	redriven, redriveErr := move.Redrive(ctx, steps.RedriveOptions{Indices: c.Index, IDs: c.ID, DryRun: c.DryRun})
	report := redriveReport{Redriven: redriven}
	if report.Groups, err = move.QuarantineGroups(); err != nil {
		return errors.Join(redriveErr, err)
	}
	showQuarantine(call.View, "set aside", report.Groups)
	switch {
	case c.DryRun:
		call.View.Say("%d documents would be sent, %d of them are set aside by the rules still.", redriven.Chosen, redriven.Refused)
	default:
		call.View.Say("%d documents sent again: %d written, %d there already, %d set aside still; %d left in %s.",
			redriven.Chosen, redriven.Written, redriven.Existing, redriven.Refused, redriven.Left, move.Wanted.StateFile(steps.QuarantineFile))
		if redriven.Mended > 0 {
			call.View.Say("%d of them were mended by hand: the target has what you wrote, which counts as the source's for as long as it has that version there.", redriven.Mended)
		}
	}
	if redriveErr != nil {
		return redriveErr
	}
	if err := call.View.Result(report); err != nil || redriven.Left == 0 {
		return err
	}
	return errFindings
}

// openEdited reads the migration with its plan although migration.yaml may have been edited since: that is how a person
// repairs. Where only rules for documents changed, the plan follows the file.
func (f moveFlags) openEdited(call *invocation) (*steps.Move, error) {
	move, err := f.openPlanned(call)
	if err != nil {
		return nil, err
	}
	wanted, saved := move.Wanted, move.Plan
	if saved.Wanted == plan.HashWanted(wanted) {
		return move, nil
	}
	if saved.WantedBesideRules != plan.HashBesideRules(wanted) {
		return nil, engine.WithHint(fmt.Errorf("%w: more than the rules below transform: was edited since", plan.ErrStale), "put the rest of migration.yaml back")
	}
	saved.Wanted = plan.HashWanted(wanted)
	if err := saved.Save(wanted.StateFile(planFile)); err != nil {
		return nil, err
	}
	call.View.Say("migration.yaml has other rules than when it was planned. Documents that are on the target already are not touched by them: `hikkoshi verify` tells where that makes a difference.")
	return move, nil
}

// tellQuarantine shows what is set aside and what can be done, and gives errFindings while there is anything.
func tellQuarantine(view *ui.View, move *steps.Move) error {
	groups, err := move.QuarantineGroups()
	if err != nil || len(groups) == 0 {
		return err
	}
	documents := 0
	for _, group := range groups {
		documents += group.Documents
	}
	showQuarantine(view, "set aside", groups)
	view.Say("%s documents are set aside, each with its bytes and reason: %s. `hikkoshi redrive` sends them again once they are mended.", ui.Count(int64(documents)), move.Wanted.StateFile(steps.QuarantineFile))
	return errFindings
}

// What is shown of a refusal and of an id, in bytes.
const longestReason, longestID = 160, 60

func showQuarantine(view *ui.View, fate string, groups []steps.QuarantineGroup) {
	for _, group := range groups {
		ids := make([]string, len(group.IDs))
		for i, id := range group.IDs {
			ids[i] = es.Clip(id, longestID)
		}
		view.Print(fmt.Sprintf("%d %s of %s (%s): %s: %s", group.Documents, fate, group.Index, strings.Join(ids, ", "), group.Error, es.Clip(group.Reason, longestReason)))
		view.Print("  what to do: " + group.Repair.Action)
		for line := range strings.Lines(group.Repair.Migration) {
			view.Print("    " + strings.TrimRight(line, "\n"))
		}
	}
}
