package cutover

// command.go answers: how is a writer moved that only its owner knows how to move? By any two commands, one forward,
// one back. Both may be run more than once: after a kill in the middle nobody knows how far one came.
// Next: canary.go.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	// commandTimeout is for reloads and checks; restarts flush buffers and take their time.
	commandTimeout = 2 * time.Minute
	// outputLimit is how much of the end of a command's output is kept.
	outputLimit = 16 << 10
	// pipeDelay is how long a killed command's children may hold its output open.
	pipeDelay = 2 * time.Second
)

// Command is a writer that is moved by commands of the user's.
type Command struct {
	// ID tells this command from others in the journal.
	ID string
	// Dir is where the state is kept.
	Dir            string
	Source, Target Endpoint
	// Forward moves the writer, Back moves it back; Test, when given, must succeed once it has moved. Each is a program
	// with its arguments, run without a shell.
	Forward, Back, Test []string
	// Timeout ends each of them; zero is two minutes.
	Timeout time.Duration
	// Proof sends a canary event; nil leaves the proof to Test.
	Proof *Proof
}

// Kind is "command".
func (c *Command) Kind() string { return "command" }

// Name is the ID.
func (c *Command) Name() string { return c.ID }

func (c *Command) vault() vault { return vault{dir: c.Dir, kind: c.Kind(), name: c.ID} }

// environment tells the command which way to go.
func (c *Command) environment(direction string) []string {
	return []string{"HIKKOSHI_SOURCE=" + c.Source.bare(), "HIKKOSHI_TARGET=" + c.Target.bare(), "HIKKOSHI_DIRECTION=" + direction}
}

func (c *Command) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return commandTimeout
}

// Show tells which commands would run. What they would change, nobody can know.
func (c *Command) Show(context.Context) (Change, error) {
	change := Change{Kind: c.Kind(), Name: c.ID, Reload: "runs " + quoteCommand(c.Forward), Fence: fenceForCommand}
	if len(c.Forward) == 0 {
		return change, problem("give the command that re-points the writer", fmt.Errorf("command %s has nothing to run", c.ID))
	}
	if len(c.Back) == 0 {
		change.Findings = append(change.Findings, Finding{Code: "command-no-way-back", Severity: Warning, File: c.Forward[0],
			Text: "no command moves this writer back, so that rollback has to ask you to do it", Hint: "give a command for the way back"})
	}
	if len(c.Test) == 0 && c.Proof == nil {
		change.Findings = append(change.Findings, Finding{Code: "command-untested", Severity: Warning, File: c.Forward[0],
			Text: "only the exit code of the command says whether the writer moved", Hint: "give a test command or a canary"})
	}
	return change, nil
}

// Apply runs the forward command, unless it is known to have succeeded.
func (c *Command) Apply(ctx context.Context) (State, error) {
	if _, err := c.Show(ctx); err != nil {
		return State{}, err
	}
	state, err := c.vault().load()
	if err != nil {
		return state, err
	}
	switch state.Phase {
	case PhaseApplied, PhaseReloaded, PhaseChecked:
		return state, nil
	case PhaseUndoing:
		return state, errUndoBegun
	}
	state.Phase, state.Evidence, state.Canary = PhasePrepared, nil, nil
	if err := c.vault().save(state); err != nil {
		return state, err
	}
	output, err := run(ctx, c.Forward, c.environment("forward"), c.timeout())
	state.Output = maskSecrets(output)
	if err != nil {
		return state, errors.Join(err, c.vault().save(state))
	}
	state.Phase = PhaseApplied
	return state, c.vault().save(state)
}

// Reload has nothing to do: the command reloads what it moves.
func (c *Command) Reload(context.Context) (State, error) {
	state, err := c.vault().load()
	if err != nil {
		return state, err
	}
	if state.Phase != PhaseApplied && state.Phase != PhaseReloaded && state.Phase != PhaseChecked {
		return state, fmt.Errorf("command %s: %w", c.ID, ErrNotApplied)
	}
	if state.Phase == PhaseApplied {
		state.Phase, state.ReloadedBy = PhaseReloaded, quoteCommand(c.Forward)
		err = c.vault().save(state)
	}
	return state, err
}

// Check runs the test command and the canary.
func (c *Command) Check(ctx context.Context) (State, error) {
	state, err := c.vault().load()
	if err != nil {
		return state, err
	}
	if state.Phase != PhaseReloaded && state.Phase != PhaseChecked {
		return state, fmt.Errorf("command %s: %w", c.ID, ErrNotApplied)
	}
	state.Evidence = []string{quoteCommand(c.Forward) + " succeeded"}
	if len(c.Test) > 0 {
		output, err := run(ctx, c.Test, c.environment("forward"), c.timeout())
		state.Output = maskSecrets(output)
		if err != nil {
			return state, fmt.Errorf("%w: %w", ErrNotTaken, err)
		}
		state.Evidence = append(state.Evidence, quoteCommand(c.Test)+" succeeded")
	}
	if err := c.Proof.prove(ctx, c.vault(), &state); err != nil {
		return state, err
	}
	state.Phase = PhaseChecked
	return state, c.vault().save(state)
}

// Undo runs the command for the way back.
func (c *Command) Undo(ctx context.Context) (State, error) {
	state, err := c.vault().load()
	if err != nil || state.Phase == PhaseNone || state.Phase == PhaseUndone {
		return state, err
	}
	if len(c.Back) == 0 {
		return state, problem("move the writer back by hand", fmt.Errorf("command %s has no way back", c.ID))
	}
	state.Phase = PhaseUndoing
	if err := c.vault().save(state); err != nil {
		return state, err
	}
	output, err := run(ctx, c.Back, c.environment("back"), c.timeout())
	state.Output = maskSecrets(output)
	if err != nil {
		return state, errors.Join(err, c.vault().save(state))
	}
	state.Phase = PhaseUndone
	return state, c.vault().save(state)
}

// run runs a program and gives what it printed on both outputs, or the end of it.
func run(ctx context.Context, command, environment []string, timeout time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	process := exec.CommandContext(ctx, command[0], command[1:]...)
	process.Env = append(os.Environ(), environment...)
	process.WaitDelay = pipeDelay
	output := &tail{limit: outputLimit}
	process.Stdout, process.Stderr = output, output
	err := process.Run()
	if err == nil {
		return output.String(), nil
	}
	if cause := ctx.Err(); cause != nil {
		err = fmt.Errorf("%w (%w)", cause, err)
	}
	said := maskSecrets(strings.TrimSpace(output.String()))
	if said == "" {
		said = "it printed nothing"
	}
	return output.String(), problem("run it by hand to see why", fmt.Errorf("run %s: %w: %s", quoteCommand(command), err, said))
}

// quoteCommand shows a command; its arguments may hold secrets.
func quoteCommand(command []string) string {
	if len(command) == 0 {
		return "nothing"
	}
	return maskSecrets(strings.Join(append([]string{filepath.Base(command[0])}, command[1:]...), " "))
}

// tail keeps the end of what is written to it.
type tail struct {
	limit int
	kept  []byte
	cut   bool
}

// Write keeps the last bytes.
func (t *tail) Write(data []byte) (int, error) {
	t.kept = append(t.kept, data...)
	if over := len(t.kept) - t.limit; over > 0 {
		t.kept, t.cut = append(t.kept[:0], t.kept[over:]...), true
	}
	return len(data), nil
}

// String says when something was cut off.
func (t *tail) String() string {
	if t.cut {
		return "... " + string(t.kept)
	}
	return string(t.kept)
}
