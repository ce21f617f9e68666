package main

// demo.go answers: what does a whole move look like, on this machine, for real? The verbs are the ones a person types.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/demo"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

type demoCommand struct {
	Keep      bool    `help:"Leave both clusters running afterwards; the old one is not retired then."`
	Documents int     `default:"20000" help:"How many nginx events the old cluster holds."`
	Rate      float64 `default:"50" help:"How many events a second the writer makes meanwhile."`
	Folder    string  `help:"Folder for everything; by default a temporary one." type:"path"`
}

// Run sets the stage and makes the move. Ctrl-C ends everything that was started.
func (c *demoCommand) Run(ctx context.Context, call *invocation) (err error) {
	began := time.Now()
	view := call.View
	view.Say("hikkoshi demo: a real Elasticsearch 2.3.2 becomes a real 5.5.2 while a writer keeps writing.\n")
	stage, err := demo.Start(ctx, demo.Options{Documents: c.Documents, Rate: c.Rate, Folder: c.Folder, Keep: c.Keep, Tell: view.Say})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	for name, value := range stage.Environment() {
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s: %w", name, err)
		}
	}
	config := moveFlags{Config: filepath.Join(stage.Folder, "migration.yaml")}
	if err := os.WriteFile(config.Config, []byte(stage.Migration()), 0o600); err != nil {
		return fmt.Errorf("write the migration: %w", err)
	}
	view.Say("\nThe migration, as a person writes it:\n\n%s", stage.Migration())
	scripted := *call
	scripted.Yes = true
	if err := c.move(ctx, &scripted, config); err != nil {
		return err
	}
	verdict, err := c.judge(ctx, view, stage)
	if err != nil {
		return err
	}
	if !c.Keep {
		if err := act(ctx, &scripted, "retire", "a final snapshot, then the old domain's deletion is asked for", (&retireCommand{moveFlags: config}).Run); err != nil {
			return err
		}
	}
	showVerdict(view, verdict)
	view.Say("\nThe whole demo took %s.", time.Since(began).Round(time.Second))
	if c.Keep {
		view.Say("Both clusters stay: %s (2.3.2) and %s (5.5.2); files in %s. End them with `hikkoshi dev lab down`.",
			stage.Node(demo.SourceDomain).URL(), stage.Node(demo.TargetDomain).URL(), stage.Folder)
	}
	if err := view.Result(verdict); err != nil {
		return err
	}
	if !verdict.Holds() {
		return errFindings
	}
	return nil
}

// act narrates one verb and runs it. Findings are no failure here.
func act(ctx context.Context, call *invocation, verb, why string, run func(context.Context, *invocation) error) error {
	call.View.Say("\n━━ hikkoshi %s ━━ %s", verb, why)
	if err := run(ctx, call); err != nil && !errors.Is(err, errFindings) {
		return fmt.Errorf("%s: %w", verb, err)
	}
	return nil
}

func (c *demoCommand) move(ctx context.Context, call *invocation, config moveFlags) error {
	for _, verb := range []struct {
		name, why string
		run       func(context.Context, *invocation) error
	}{
		{"doctor", "what stands in the way?", (&doctorCommand{config}).Run},
		{"plan", "what will be done, and what cannot be undone?", (&planCommand{moveFlags: config, ShowDiff: true, Share: defaultShare}).Run},
		{"apply", "bucket, role, snapshot, new domain, restore, dashboards, proof; the writer keeps writing to the old domain", (&applyCommand{moveFlags: config}).Run},
		{"cutover", "the writer moves, and what it left behind is brought over", (&cutoverCommand{moveFlags: config}).Run},
	} {
		if err := act(ctx, call, verb.name, verb.why, verb.run); err != nil {
			return err
		}
	}
	return nil
}

const drainTime = time.Minute

// judge lets the writer send what it holds, then asks the new node itself.
func (c *demoCommand) judge(ctx context.Context, view *ui.View, stage *demo.Stage) (demo.Verdict, error) {
	view.Say("\n━━ the judge ━━ every event that either cluster acknowledged is looked up on the new one, past hikkoshi")
	limited, cancel := context.WithTimeout(ctx, drainTime)
	defer cancel()
	if err := stage.Shipper.Drain(limited); err != nil {
		return demo.Verdict{}, err
	}
	return stage.Judge(ctx)
}

func showVerdict(view *ui.View, verdict demo.Verdict) {
	table := ui.Table{Title: "\nThe judge's table", Headings: []string{"index", ">there before", ">acknowledged since", ">written", ">found", ""}}
	var written, found int64
	for _, row := range verdict.Rows {
		mark := "="
		if row.Found != row.History+row.Acknowledged {
			mark = "≠"
		}
		written += row.History + row.Acknowledged
		found += row.Found
		table.Rows = append(table.Rows, []string{row.Index, ui.Count(row.History), ui.Count(row.Acknowledged), ui.Count(row.History + row.Acknowledged), ui.Count(row.Found), mark})
	}
	table.Footer = []string{"together", "", "", ui.Count(written), ui.Count(found), ""}
	view.Table(table)
	for _, list := range []struct {
		what  string
		items []string
	}{{"lost", verdict.Lost}, {"doubled", verdict.Doubled}, {"broken", verdict.Broken}} {
		for _, item := range list.items {
			view.Print("  " + list.what + ": " + item)
		}
	}
	if verdict.Holds() {
		view.Print(fmt.Sprintf("Nothing lost, nothing doubled; %d dashboards moved with everything they are made of.", verdict.Dashboards))
	} else {
		view.Print("THE MOVE DID NOT HOLD: see the differences above.")
	}
}
