package main

// status.go answers: how far is this migration? It only reads, and works while another hikkoshi runs.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type statusCommand struct {
	moveFlags
	Offline bool `help:"Ask nobody; only read the journal."`
}

// statusReport is the result for programs.
type statusReport struct {
	Name    string              `json:"name"`
	Next    string              `json:"next"`
	Steps   []statusStep        `json:"steps"`
	Domains []steps.DomainState `json:"domains,omitempty"`
	Proof   *steps.Proof        `json:"proof,omitempty"`
	// Quarantined is how many documents are set aside.
	Quarantined int `json:"quarantined"`
	// Rehearsal is the last one; RehearsalStands says that it was of the plan that is saved now.
	Rehearsal       *steps.Rehearsal `json:"rehearsal,omitempty"`
	RehearsalStands bool             `json:"rehearsal_stands,omitempty"`
	// Live are the numbers of a load that runs just now.
	Live *load.Live `json:"live,omitempty"`
	// Workers are those that take part in a load that runs now.
	Workers []fleet.Worker `json:"workers,omitempty"`
}

type statusStep struct {
	Phase string    `json:"phase"`
	ID    string    `json:"id"`
	Title string    `json:"title"`
	State string    `json:"state"` // waiting, begun, failed, done
	Error string    `json:"error,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// Run reads the journal and asks AWS for the domains' states.
func (c *statusCommand) Run(ctx context.Context, call *invocation) error {
	wanted, sides, err := c.open(call)
	if err != nil {
		return err
	}
	report := statusReport{Name: wanted.Name, Next: "hikkoshi plan"}
	saved, err := plan.Load(wanted.StateFile(planFile))
	if errors.Is(err, os.ErrNotExist) {
		call.View.Say("%s: no plan yet. Next: hikkoshi doctor, then hikkoshi plan.", wanted.Name)
		return call.View.Result(report)
	}
	if err != nil {
		return err
	}
	move := &steps.Move{Wanted: wanted, Sides: sides, Plan: saved}
	if err := report.readJournal(move); err != nil {
		return err
	}
	if proof, err := steps.LoadProof(wanted); err == nil {
		report.Proof = &proof
	} else if !errors.Is(err, steps.ErrNoProof) {
		return err
	}
	if report.Quarantined, err = steps.Quarantined(move); err != nil {
		return err
	}
	if report.Rehearsal, err = steps.LoadRehearsal(wanted); err != nil {
		return err
	}
	report.RehearsalStands = report.Rehearsal.StillOf(saved)
	if !c.Offline && wanted.UsesAWS() {
		if report.Domains, err = steps.Domains(ctx, wanted, sides); err != nil {
			return err
		}
	}
	if report.Live, err = liveOf(ctx, wanted); err != nil {
		return err
	}
	if report.Workers, err = move.Workers(); err != nil {
		return err
	}
	report.show(call.View)
	if err := showWorkers(call.View, report.Workers); err != nil {
		return err
	}
	return call.View.Result(report)
}

func (r *statusReport) readJournal(move *steps.Move) error {
	journal, err := engine.ReadJournal(move.Wanted.StateFile(journalFile))
	if err != nil {
		return err
	}
	r.Next = ""
	for _, phase := range []string{steps.PhaseApply, steps.PhaseCutover, steps.PhaseRetire} {
		list, err := move.Steps(phase)
		if err != nil {
			return errors.Join(err, journal.Close())
		}
		for _, step := range list {
			progress := journal.Step(phase, step.ID())
			entry := statusStep{Phase: phase, ID: step.ID(), Title: step.Title(), State: "waiting", Error: progress.Failed, At: progress.At}
			switch {
			case progress.Done:
				entry.State = "done"
			case progress.Failed != "":
				entry.State = "failed"
			case progress.Begun:
				entry.State = "begun"
			}
			if !progress.Done && r.Next == "" {
				r.Next = "hikkoshi " + phase
			}
			r.Steps = append(r.Steps, entry)
		}
	}
	return journal.Close()
}

func (r *statusReport) show(view *ui.View) {
	marks := map[string]string{"done": "✓", "begun": "▸", "failed": "✗", "waiting": "·"}
	table := ui.Table{Headings: []string{"", "phase", "step", "since"}}
	for _, step := range r.Steps {
		at := ""
		if step.State != "waiting" {
			at = step.At.Local().Format(time.DateTime)
		}
		table.Rows = append(table.Rows, []string{marks[step.State], step.Phase, step.Title, at})
		if step.Error != "" {
			table.Rows = append(table.Rows, []string{"", "", "  " + step.Error, ""})
		}
	}
	view.Table(table)
	for _, domain := range r.Domains {
		view.Print("domain " + domain.Name + ": " + domain.State)
	}
	if r.Live != nil {
		showLive(view, *r.Live)
	}
	if r.Proof != nil {
		verdict := "holds"
		if !r.Proof.Holds {
			verdict = "found differences"
		}
		view.Print("last proof: " + r.Proof.At.Local().Format(time.DateTime) + ", " + verdict)
	}
	if r.Quarantined > 0 {
		view.Print(fmt.Sprintf("%s documents are set aside, and cutover waits for them: `hikkoshi redrive --dry-run` lists them with what can be done.", ui.Count(int64(r.Quarantined))))
	}
	showLastRehearsal(view, r.Rehearsal, r.RehearsalStands)
	if r.Next == "" {
		view.Print("Everything is done.")
	} else {
		view.Print("next: " + r.Next)
	}
}
