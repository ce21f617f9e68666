package main

// move.go answers: what do all verbs of a move have in common? Each verb has a file of its own.

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// moveFlags are the flags of every verb that works on a migration.
type moveFlags struct {
	Config string `short:"c" default:"migration.yaml" help:"The migration's file." type:"path"`
}

const (
	journalFile = "journal"
	planFile    = "plan.json"
	// killAtRecord names the environment variable by which crash tests kill this process right after that many records
	// of the journal are on disk.
	killAtRecord = "HIKKOSHI_KILL_AT_RECORD"
	// pollEnvironment shortens the pause between two looks at a domain, for stand-ins that need no half an hour.
	pollEnvironment = "HIKKOSHI_POLL"
)

// open reads the migration and prepares both sides; nobody is asked yet.
func (f moveFlags) open(call *invocation) (*migration.Migration, *steps.Sides, error) {
	wanted, err := migration.Load(f.Config)
	if err != nil {
		return nil, nil, err
	}
	options := steps.Options{Profile: call.Profile, Region: call.Region}
	if text := os.Getenv(pollEnvironment); text != "" {
		if options.Poll, err = time.ParseDuration(text); err != nil {
			return nil, nil, fmt.Errorf("%s: %w: %w", pollEnvironment, errWrongUse, err)
		}
	}
	return wanted, steps.NewSides(wanted, options), nil
}

// openMove reads the migration with its saved plan, which must be of it.
func (f moveFlags) openMove(call *invocation) (*steps.Move, error) {
	move, err := f.openPlanned(call)
	if err != nil {
		return nil, err
	}
	if move.Plan.Wanted != plan.HashWanted(move.Wanted) {
		return nil, engine.WithHint(fmt.Errorf("%w: migration.yaml was edited since", plan.ErrStale), "put it back, or run `hikkoshi plan` again")
	}
	return move, nil
}

// openPlanned reads the migration with its saved plan, whether or not migration.yaml was edited since.
func (f moveFlags) openPlanned(call *invocation) (*steps.Move, error) {
	wanted, sides, err := f.open(call)
	if err != nil {
		return nil, err
	}
	saved, err := plan.Load(wanted.StateFile(planFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, engine.WithHint(fmt.Errorf("there is no plan for %s yet: %w", wanted.Name, errRefused), "run `hikkoshi plan` first")
	}
	if err != nil {
		return nil, err
	}
	return &steps.Move{Wanted: wanted, Sides: sides, Plan: saved}, nil
}

// openRunner makes the runner of a phase over the migration's journal. The caller closes the journal.
func openRunner(call *invocation, move *steps.Move, phase string) (*engine.Runner, error) {
	list, err := move.Steps(phase)
	if err != nil {
		return nil, err
	}
	journal, err := engine.OpenJournal(move.Wanted.StateFile(journalFile))
	if err != nil {
		return nil, err
	}
	killForTests(journal)
	return &engine.Runner{Phase: phase, Steps: list, Journal: journal, Sink: call.View.Event, PlanHash: move.Plan.Hash(), Replaces: move.Plan.Replaces}, nil
}

// killForTests makes crash tests possible.
func killForTests(journal *engine.Journal) {
	if number, err := strconv.Atoi(os.Getenv(killAtRecord)); err == nil {
		journal.AfterSync(func(records int) {
			if records == number {
				if self, err := os.FindProcess(os.Getpid()); err == nil {
					_ = self.Kill() // nothing survives to see an error
				}
				select {}
			}
		})
	}
}

// runPhase asks, then runs the phase to its end.
func runPhase(ctx context.Context, call *invocation, move *steps.Move, phase, question string) (err error) {
	runner, err := openRunner(call, move, phase)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runner.Journal.Close()) }()
	previous, begun, err := runner.Journal.Plan(phase)
	if err != nil {
		return err
	}
	if begun && previous.Hash == runner.PlanHash {
		call.View.Say("Going on where the last run ended.")
	}
	if step := engine.PointOfNoReturn(runner.Steps); step != nil {
		call.View.Say("Cannot be undone: %s.", step.Title())
	} else {
		call.View.Say("Everything in this phase can be undone with `hikkoshi rollback`.")
	}
	if err := confirm(call, question); err != nil {
		return err
	}
	if phase == steps.PhaseApply {
		defer serveControl(call, move)()
	}
	return runner.Run(ctx)
}

// confirm asks a person. Scripts say --yes.
func confirm(call *invocation, question string) error {
	if call.Yes {
		return nil
	}
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return engine.WithHint(fmt.Errorf("%s: nobody is there to say yes: %w", question, errRefused), "add --yes")
	}
	fmt.Fprintf(os.Stderr, "%s [y/N] ", question)
	answer, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && answer == "" {
		return fmt.Errorf("read the answer: %w", err)
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return fmt.Errorf("not confirmed: %w", errRefused)
	}
	return nil
}
