package main

// replan.go answers: may a plan be made anew while it is under way? As long as nothing was done by its rules: the snapshot
// and the repositories are the same whatever becomes of the documents.

import (
	"errors"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// underWay gives the plan that a new one may take the place of, or refuses with what can be done.
func underWay(wanted *migration.Migration) (*plan.Plan, error) {
	refuse := func(why, hint string) error {
		return engine.WithHint(fmt.Errorf("%s is under way with an earlier plan%s: %w", wanted.Name, why, errRefused), hint)
	}
	saved, err := plan.Load(wanted.StateFile(planFile))
	switch {
	case err != nil:
		return nil, err
	case saved.Wanted == plan.HashWanted(wanted):
		return nil, refuse("", "go on with `hikkoshi apply`, or take it back with `hikkoshi rollback` first")
	case saved.WantedBesideRules != plan.HashBesideRules(wanted):
		return nil, refuse(", and more than the rules below transform was edited since", "put the rest of migration.yaml back and run `hikkoshi plan` again, or take it back with `hikkoshi rollback` first")
	}
	journal, err := engine.ReadJournal(wanted.StateFile(journalFile))
	if err != nil {
		return nil, err
	}
	defer func() { _ = journal.Close() }() // only read
	identity, _, err := journal.Plan(steps.PhaseApply)
	if err != nil {
		return nil, err
	}
	for _, step := range identity.Steps {
		if progress := journal.Step(steps.PhaseApply, step); (progress.Begun || progress.Done) && !steps.BeforeRules(step) {
			return nil, refuse(", whose rules were used already", "put transform back and run `hikkoshi apply`; `hikkoshi redrive` takes changed rules for documents that were set aside. Else `hikkoshi rollback`, `hikkoshi plan` and `hikkoshi apply`")
		}
	}
	return saved, nil
}

// replace says in the journal that the documents are to be checked again, by the rules of a new plan, and which plan it
// takes the place of.
func replace(wanted *migration.Migration, made *plan.Plan) (err error) {
	journal, err := engine.OpenJournal(wanted.StateFile(journalFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	identity, _, err := journal.Plan(steps.PhaseApply)
	if err != nil {
		return err
	}
	made.Replaces = identity.Hash
	return journal.Append(engine.Record{Kind: engine.RecordUndone, Phase: steps.PhaseApply, Step: steps.PreflightStep})
}
