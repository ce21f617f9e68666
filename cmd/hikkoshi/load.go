package main

// load.go answers: how do documents out of files get to a cluster? Next: internal/intake.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/intake"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

// loadFolder is where loads without a migration.yaml keep their state.
const loadFolder = ".hikkoshi"

type loadCommand struct {
	Paths         []string          `arg:"" name:"path" help:"Files and folders (.ndjson, .jsonl, .json; also .gz and .zst), or - for standard input."`
	Config        string            `short:"c" help:"A migration.yaml that names the target, its rules and limits." type:"path"`
	Target        string            `help:"The target's address, in place of a migration.yaml." placeholder:"URL"`
	User          string            `help:"User at the target; needs --password-env or --password-file."`
	PasswordEnv   string            `help:"Environment variable that holds the password."`
	PasswordFile  string            `help:"File that holds the password." type:"path"`
	APIKeyEnv     string            `name:"api-key-env" help:"Environment variable that holds an API key."`
	Sigv4         bool              `name:"sigv4" help:"Sign requests for AWS."`
	CA            string            `name:"ca" help:"Certificate of an authority to trust." type:"path"`
	Index         []string          `short:"i" help:"Patterns of indices in the files, with * and leading - to exclude; by default all that do not begin with a dot." sep:","`
	IndexRename   map[string]string `help:"Another name on the target: old=new."`
	SourceVersion string            `help:"Version of the cluster that held the indices, where their descriptions do not tell."`
	Create        bool              `default:"true" negatable:"" help:"Create the indices from their descriptions (INDEX.index.json) and refuse those that are there; --create=false sends to what is there."`
	Accept        []string          `help:"Findings, by the word in brackets, that would stop the load and that you have decided about." sep:","`
	MaxRate       float64           `help:"Documents a second at the most."`
	DryRun        bool              `help:"Read every line and ask the rules, send nothing."`
	State         string            `help:"Folder of the load's state; by default one of its own below .hikkoshi." type:"path"`
}

// Run sends the documents. Killed, the same command goes on.
func (c *loadCommand) Run(ctx context.Context, call *invocation) error {
	wanted, err := c.migration()
	if err != nil {
		return err
	}
	options, err := c.options(wanted)
	if err != nil {
		return err
	}
	target, err := steps.NewSides(wanted, steps.Options{Profile: call.Profile, Region: call.Region}).Target(ctx)
	if err != nil {
		return err
	}
	taken, plan, err := intake.Open(ctx, target, options)
	if err != nil {
		return err
	}
	showIntake(call.View, plan)
	if len(plan.Blockers) > 0 {
		first := plan.Blockers[0]
		return engine.WithHint(fmt.Errorf("%d things must be decided first: %w", len(plan.Blockers), errRefused), cmp.Or(first.Decide, "say --accept "+first.Rule))
	}
	if c.DryRun {
		return c.rehearse(ctx, call, taken, plan)
	}
	return c.send(ctx, call, wanted, taken, target)
}

// migration gives the named migration.yaml, or one of the flags that stand for it.
func (c *loadCommand) migration() (*migration.Migration, error) {
	flags := migration.Side{URL: c.Target, Auth: migration.Auth{User: c.User, PasswordEnv: c.PasswordEnv, PasswordFile: c.PasswordFile, APIKeyEnv: c.APIKeyEnv, SigV4: c.Sigv4, CA: c.CA}}
	if c.Config == "" {
		if c.Target == "" {
			return nil, engine.WithHint(fmt.Errorf("no target: %w", errWrongUse), "say --target URL, or -c migration.yaml")
		}
		return &migration.Migration{Name: "load", Target: flags}, nil
	}
	if flags != (migration.Side{}) {
		return nil, engine.WithHint(fmt.Errorf("both -c and flags name a target: %w", errWrongUse), "leave out one of them")
	}
	return migration.Load(c.Config)
}

func (c *loadCommand) options(wanted *migration.Migration) (intake.Options, error) {
	options := intake.Options{Paths: c.Paths, Indices: c.Index, Rename: maps.Clone(wanted.Indices.Rename), Choices: wanted.Transform, Create: c.Create,
		Accept: slices.Concat(wanted.Accept, c.Accept), MaxRate: cmp.Or(c.MaxRate, wanted.Load.MaxRate)}
	if options.Rename == nil {
		options.Rename = map[string]string{}
	}
	maps.Copy(options.Rename, c.IndexRename)
	if c.SourceVersion != "" {
		version, err := es.ParseVersion(c.SourceVersion)
		if err != nil {
			return options, engine.WithHint(fmt.Errorf("--source-version: %w: %w", errWrongUse, err), "write it like 2.3.2 or OpenSearch_2.19")
		}
		options.SourceVersion = version
	}
	if c.MaxRate < 0 {
		return options, fmt.Errorf("--max-rate is not negative: %w", errWrongUse)
	}
	return options, nil
}

func (c *loadCommand) send(ctx context.Context, call *invocation, wanted *migration.Migration, taken *intake.Intake, target *cluster.Client) (err error) {
	folder, err := c.stateFolder(wanted, taken)
	if err != nil {
		return err
	}
	journal, err := engine.OpenJournal(filepath.Join(folder, journalFile))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, journal.Close()) }()
	killForTests(journal)
	runner := &engine.Runner{Phase: intake.Phase, Steps: taken.Steps(folder), Journal: journal, Sink: call.View.Event, PlanHash: taken.Hash()}
	if _, begun, err := journal.Plan(intake.Phase); err != nil {
		return err
	} else if begun {
		call.View.Say("Going on where the last run ended (%s).", folder)
	}
	if err := confirm(call, "Send to "+target.URL()+"?"); err != nil {
		return err
	}
	if err := runner.Run(ctx); err != nil {
		return err
	}
	summary, err := taken.Summary(journal)
	if err != nil {
		return err
	}
	return showLoaded(call, summary)
}

// stateFolder gives a load its own folder, so that the same command goes on. What comes from standard input need not be
// what came the last time, so that a load of it that is done stands by itself.
func (c *loadCommand) stateFolder(wanted *migration.Migration, taken *intake.Intake) (string, error) {
	if c.State != "" {
		return c.State, nil
	}
	folder := filepath.Join(loadFolder, "load-"+taken.Hash())
	if c.Config != "" {
		folder = wanted.StateFile("load-" + taken.Hash())
	}
	for number := 2; taken.FromStandardInput(); number++ {
		journal, err := engine.ReadJournal(filepath.Join(folder, journalFile))
		if err != nil {
			return "", err
		}
		list := taken.Steps(folder)
		done := journal.Step(intake.Phase, list[len(list)-1].ID()).Done
		if err := journal.Close(); err != nil {
			return "", err
		}
		if !done {
			break
		}
		folder = fmt.Sprintf("%s-%d", strings.TrimSuffix(folder, fmt.Sprintf("-%d", number-1)), number)
	}
	return folder, os.MkdirAll(folder, 0o700)
}

func showIntake(view *ui.View, plan intake.Plan) {
	table := ui.Table{Headings: []string{"index", "becomes", ">changes"}}
	for _, index := range plan.Indices {
		table.Rows = append(table.Rows, []string{index.Index, strings.Join(index.Becomes, ", "), fmt.Sprint(len(index.Changes))})
	}
	if len(plan.Indices) > 0 {
		view.Table(table)
	}
	for _, finding := range plan.Findings {
		text := fmt.Sprintf("%s  %s %s: %s [%s]", finding.Severity, finding.Index, finding.Where, finding.Message, finding.Rule)
		if finding.Decide != "" {
			text += "\n            what to do: " + finding.Decide
		}
		view.Print(text)
	}
}

func (c *loadCommand) rehearse(ctx context.Context, call *invocation, taken *intake.Intake, plan intake.Plan) error {
	show := progressOf(call, "read", "documents")
	seen, err := taken.Rehearse(ctx, func(documents int64) { show(documents, 0, "") })
	if err != nil {
		return err
	}
	table := ui.Table{Title: "Nothing was sent. It would go to", Headings: []string{"index", ">documents"}}
	for _, index := range slices.Sorted(maps.Keys(seen.Documents)) {
		table.Rows = append(table.Rows, []string{index, ui.Count(seen.Documents[index])})
	}
	call.View.Table(table)
	for _, index := range slices.Sorted(maps.Keys(seen.Undescribed)) {
		call.View.Say("%s: %s documents, and nothing describes the index.", index, ui.Count(seen.Undescribed[index]))
	}
	sayLeftOut(call, seen.LeftOut, seen.Unkept)
	for _, line := range seen.BadLines {
		call.View.Say("%s, line %d: %s", line.File, line.Line, line.Reason)
	}
	for _, reason := range seen.Reasons {
		call.View.Say("would be set aside: %s", reason)
	}
	if err := call.View.Result(map[string]any{"plan": plan, "rehearsal": seen}); err != nil {
		return err
	}
	if seen.Bad+seen.Aside > 0 || len(seen.LeftOut) > 0 || c.Create && len(seen.Undescribed) > 0 {
		call.View.Say("%s bad lines, %s documents would be set aside.", ui.Count(seen.Bad), ui.Count(seen.Aside))
		return errFindings
	}
	return nil
}

func sayLeftOut(call *invocation, leftOut map[string]int64, unkept int64) {
	if unkept > 0 {
		call.View.Say("%s documents are left out, as the rules' keep says.", ui.Count(unkept))
	}
	for _, index := range slices.Sorted(maps.Keys(leftOut)) {
		call.View.Say("LEFT OUT: %s documents of %s: indices that begin with a dot belong to a cluster or to Kibana. Name it with --index to send it as it is.", ui.Count(leftOut[index]), index)
	}
}

// showLoaded tells what became of everything; what was not taken ends with exit code 3.
func showLoaded(call *invocation, summary intake.Summary) error {
	call.View.Say("%s documents: %s written, %s there already in this or a newer version, %s set aside; %s bad lines.", ui.Count(summary.Sent), ui.Count(summary.Written),
		ui.Count(summary.Existing), ui.Count(summary.Aside), ui.Count(summary.BadLines))
	for _, example := range summary.Examples {
		call.View.Say("  %s", example)
	}
	sayLeftOut(call, summary.LeftOut, summary.Unkept)
	for _, index := range slices.Sorted(maps.Keys(summary.Untimed)) {
		call.View.Say("%s keeps _timestamp or _ttl, and %s of its lines do not carry them: export with --all-metadata.", index, ui.Count(summary.Untimed[index]))
	}
	if summary.Aside+summary.BadLines > 0 {
		call.View.Say("What was not taken lies in %s, with its bytes and the reason.", summary.Folder)
	}
	if err := call.View.Result(summary); err != nil {
		return err
	}
	if summary.Aside+summary.BadLines > 0 || len(summary.LeftOut)+len(summary.Untimed) > 0 {
		return errFindings
	}
	return nil
}
