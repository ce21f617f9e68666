// Command hikkoshi moves an Elasticsearch or OpenSearch cluster, above all an AWS domain, to a newer version.
package main

// main.go answers: which verbs are there, and what does the exit code say? Each verb has a file of its own.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/fleet"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/steps"
	"github.com/hikkoshi/hikkoshi/internal/ui"
)

// commandLine lists every verb, in the order in which a move needs them.
type commandLine struct {
	JSON    bool   `help:"Results as JSON on standard output, progress as JSON lines on standard error."`
	Quiet   bool   `short:"q" help:"No progress."`
	Yes     bool   `short:"y" help:"Do not ask; for scripts."`
	Profile string `help:"AWS profile; by default the usual chain: environment, shared files, SSO, instance role."`
	Region  string `help:"AWS region; by default that of migration.yaml or of the profile."`

	Demo      demoCommand      `cmd:"" help:"The whole move on this machine: real Elasticsearch 2.3.2 to 5.5.2, S3, a writer that never stops."`
	Init      initCommand      `cmd:"" help:"Write migration.yaml from the names or addresses of both sides."`
	Doctor    doctorCommand    `cmd:"" help:"Look at both sides and tell what stands in the way. Changes nothing."`
	Plan      planCommand      `cmd:"" help:"Decide how each index travels and which steps are needed; save that to a file."`
	Preflight preflightCommand `cmd:"" help:"Check every document of a snapshot against the target's rules, before anything is sent."`
	Apply     applyCommand     `cmd:"" help:"Carry the plan out: snapshot, new domain, restore, proof. Run it again to go on."`
	Status    statusCommand    `cmd:"" help:"Tell how far the migration is."`
	Pause     pauseCommand     `cmd:"" help:"Hold the load that another hikkoshi runs."`
	Resume    resumeCommand    `cmd:"" help:"Let a held load go on."`
	Limit     limitCommand     `cmd:"" help:"Change how fast the running load may be."`
	Redrive   redriveCommand   `cmd:"" help:"Send documents that were set aside once more, or list them with what can be done."`
	Sync      syncCommand      `cmd:"" help:"Bring over what was written to the source since."`
	Verify    verifyCommand    `cmd:"" help:"Compare counts and contents of both sides."`
	Cutover   cutoverCommand   `cmd:"" help:"Move the writers, and bring over what they left behind."`
	Rollback  rollbackCommand  `cmd:"" help:"Take back the cutover, with what was written since; before it, what apply made."`
	Retire    retireCommand    `cmd:"" help:"End the source: final snapshot, then ask for its deletion."`
	AccessKey accessKeyCommand `cmd:"" help:"Make an access key for the user that may pass the snapshot role, and show it once."`

	Load       loadCommand       `cmd:"" help:"Send documents out of files, as snapshot export or elasticdump write them, to a cluster."`
	Worker     workerCommand     `cmd:"" help:"Take part in a load out of a snapshot that another machine leads, until it is done. What is read through the source's search API (route scroll) stays with the leader."`
	Snapshot   snapshotCommand   `cmd:"" help:"Read snapshots without any cluster: list, show, export, check, compare."`
	Dev        devCommand        `cmd:"" help:"For developers: lab nodes, test data."`
	Completion completionCommand `cmd:"" help:"Write a completion script for bash, zsh or fish."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// invocation is what a verb gets beside its own flags.
type invocation struct {
	View    *ui.View
	Yes     bool
	Profile string
	Region  string
}

// Exit codes, as the documentation promises them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitWrongUse    = 2
	exitFindings    = 3
	exitRefused     = 4
	exitInterrupted = 130
)

// The outcomes that are no failures but must be seen by a script.
var (
	// errFindings ends a verb that did its work and found differences, losses or things to decide.
	errFindings = errors.New("done, with findings")
	// errRefused ends a verb that did nothing since it would be unsafe.
	errRefused = errors.New("refused")
	// errWrongUse ends a verb whose flags or arguments make no sense.
	errWrongUse = errors.New("wrong use")
)

// refusals are the errors of other packages that mean exitRefused.
var refusals = []error{errRefused, engine.ErrBlocked, engine.ErrPlanChanged, engine.ErrUnknownStep, engine.ErrBusy, engine.ErrPointOfNoReturn, plan.ErrStale, steps.ErrOtherBuild, fleet.ErrNoToken, fleet.ErrRefusedToken}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errFindings):
		return exitFindings
	case errors.Is(err, errWrongUse), errors.Is(err, migration.ErrInvalid):
		return exitWrongUse
	}
	for _, refusal := range refusals {
		if errors.Is(err, refusal) {
			return exitRefused
		}
	}
	return exitFailed
}

func main() { os.Exit(run(os.Args[1:])) }

func run(arguments []string) int {
	var command commandLine
	parser, err := kong.New(&command,
		kong.Name("hikkoshi"),
		kong.Description("Moves an Elasticsearch or OpenSearch cluster to a newer version: look, plan, apply, verify, cut over, roll back or retire. Exit codes: 0 done, 1 failed, 2 wrong use, 3 done with findings or differences, 4 refused, 130 stopped."),
		kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(os.Stderr, "hikkoshi:", err)
		return exitFailed
	}
	parsed, err := parser.Parse(arguments)
	view := ui.New(command.JSON, command.Quiet)
	if err != nil {
		view.Error(err, "`hikkoshi --help` lists the verbs, `hikkoshi VERB --help` its flags", exitWrongUse)
		return exitWrongUse
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	call := &invocation{View: view, Yes: command.Yes, Profile: command.Profile, Region: command.Region}
	parsed.BindTo(ctx, (*context.Context)(nil))
	err = parsed.Run(call, parser)
	code := exitCode(err)
	if err != nil && ctx.Err() != nil {
		code = exitInterrupted
	}
	if err != nil && !errors.Is(err, errFindings) {
		view.Error(err, hint(err), code)
	}
	return code
}

// hint finds what a person should do now, in whichever type of error carries it.
func hint(err error) string {
	var mistake *migration.Error
	if errors.As(err, &mistake) {
		return mistake.Hint
	}
	return steps.Hint(err)
}
