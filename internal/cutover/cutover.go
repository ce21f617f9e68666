// Package cutover moves other people's pointers from the old cluster to the new: the configuration of log shippers
// (fluentd, rsyslog, fluent-bit, logstash), aliases, and whatever a command of the user's can move.
//
// Every kind of writer has an Adapter that shows the change as a diff, applies it, reloads the writer by the writer's
// own means, checks that it took, and undoes it. An adapter keeps what it did in a folder of its own, on disk before
// the world is touched, so that any call may be repeated after a kill at any point; it also returns that State, to be
// journaled. Nothing here holds a secret: backups stay in the adapter's folder with mode 0600, diffs are masked.
//
// Read cutover.go first, then writer.go (what all file adapters share), replace.go (how files are changed and put
// back), draft.go (how text is changed without touching any other byte), fluentd.go, rsyslog.go.
package cutover

// cutover.go answers: what can be done to a writer, whatever kind it is? Next: writer.go.

import (
	"context"
	"errors"
	"fmt"
)

// Adapter is one writer that can be moved. Every method may be called again after a crash at any point, also by
// another process, and then goes on where the world is.
type Adapter interface {
	// Kind is the sort of writer ("fluentd"); Name tells two writers of one kind apart.
	Kind() string
	Name() string
	// Show reads only: the diff of what Apply would do, and what is dangerous about this writer.
	Show(ctx context.Context) (Change, error)
	// Apply makes the change on disk (or in the cluster), with a backup. The writer need not have noticed yet.
	Apply(ctx context.Context) (State, error)
	// Reload makes the writer use the change, as gently as its version can.
	Reload(ctx context.Context) (State, error)
	// Check reads only (but for the canary event it may send): an error says that the change did not take.
	Check(ctx context.Context) (State, error)
	// Undo puts everything back byte for byte and reloads the writer. It refuses when somebody edited since.
	Undo(ctx context.Context) (State, error)
}

// Phase says how far a writer was moved.
type Phase string

// The phases, in order. A writer that was undone starts again at PhasePrepared.
const (
	PhaseNone     Phase = ""         // nothing was done
	PhasePrepared Phase = "prepared" // backups are on disk, the change is about to be made
	PhaseApplied  Phase = "applied"
	PhaseReloaded Phase = "reloaded"
	PhaseChecked  Phase = "checked"
	PhaseUndoing  Phase = "undoing" // about to be put back
	PhaseUndone   Phase = "undone"
)

// State is what was done to one writer, in plain values for the journal.
type State struct {
	Kind  string `json:"kind"`
	Name  string `json:"name"`
	Phase Phase  `json:"phase"`
	// Target is where the writer was moved to.
	Target string `json:"target,omitempty"`
	// Files are the files changed, with the hashes of both contents.
	Files []FileState `json:"files,omitempty"`
	// Before is the process as it was when it was asked to reload; nil where no process is known.
	Before *ProcessState `json:"before,omitempty"`
	// ReloadedBy is the means used: "SIGUSR2 to 4711".
	ReloadedBy string `json:"reloadedBy,omitempty"`
	// Aliases are the aliases as they were, for alias switches.
	Aliases []AliasState `json:"aliases,omitempty"`
	// Output is the end of what a command printed.
	Output string `json:"output,omitempty"`
	// Evidence is what showed that the change took, a sentence each.
	Evidence []string `json:"evidence,omitempty"`
	// Canary is the event that was sent to prove it; nil where none was.
	Canary *Canary `json:"canary,omitempty"`
}

// Change is what Apply would do, for a person to read before saying yes.
type Change struct {
	Kind    string       `json:"kind"`
	Name    string       `json:"name"`
	Files   []FileChange `json:"files,omitempty"`
	Outputs []Output     `json:"outputs,omitempty"`
	// Findings are ordered by file and line.
	Findings []Finding `json:"findings,omitempty"`
	// Reload says how the writer would be told: "SIGHUP to the process in /var/run/td-agent/td-agent.pid".
	Reload string `json:"reload,omitempty"`
	// Fence says whether writes may be held by a write block on the source while this writer runs.
	Fence Fence `json:"fence"`
}

// Diff is the whole change as one unified diff, secrets masked; empty when nothing would change.
func (c Change) Diff() string {
	text := ""
	for _, file := range c.Files {
		text += file.Diff
	}
	return text
}

// Blockers are the findings that stop Apply.
func (c Change) Blockers() []Finding {
	var blockers []Finding
	for _, finding := range c.Findings {
		if finding.Severity == Blocker {
			blockers = append(blockers, finding)
		}
	}
	return blockers
}

// FileChange is the change of one file.
type FileChange struct {
	Path string `json:"path"`
	// Diff is unified, with the values of passwords and keys masked.
	Diff string `json:"diff"`
}

// Output is one place in a writer's configuration that sends to the source.
type Output struct {
	File string `json:"file"`
	Line int    `json:"line"`
	// Plugin is the writer's own name of it: "elasticsearch", "omelasticsearch".
	Plugin string `json:"plugin"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// Severity orders findings.
type Severity string

// The severities: to know, to look at, events will be lost or doubled, and Apply refuses.
const (
	Info    Severity = "info"
	Warning Severity = "warning"
	Danger  Severity = "danger"
	Blocker Severity = "blocker"
)

// Finding is something about a writer's configuration that its owner should know before cutover.
type Finding struct {
	// Code is stable, for documentation and for accepting a finding: "fluentd-memory-buffer".
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line"`
	// Text says what is so and what comes of it; Hint says what to do.
	Text string `json:"text"`
	Hint string `json:"hint"`
}

// String is one line for a terminal, in the form compilers use.
func (f Finding) String() string {
	return fmt.Sprintf("%s:%d: %s: %s; %s [%s]", f.File, f.Line, f.Severity, f.Text, f.Hint, f.Code)
}

// Errors to be told apart with errors.Is.
var (
	ErrEdited     = errors.New("edited since")           // a file is neither as it was nor as we left it
	ErrBlocked    = errors.New("cannot be moved safely") // findings of severity Blocker stand
	ErrNotTaken   = errors.New("change did not take")    // the writer does not show the new configuration
	ErrSyntax     = errors.New("syntax error")           // the configuration cannot be read
	ErrNoProcess  = errors.New("process not found")      // no process to reload
	ErrNoOutput   = errors.New("nothing to re-point")    // nothing in the configuration names the source
	ErrNotApplied = errors.New("not applied yet")        // Reload, Check before Apply
)

// Problem is an error for a person: what went wrong and what to do now.
type Problem struct {
	Err  error
	hint string
}

func problem(hint string, err error) *Problem { return &Problem{Err: err, hint: hint} }

// Error gives the error and the hint.
func (p *Problem) Error() string { return p.Err.Error() + "; " + p.hint }

// Hint says what to do now.
func (p *Problem) Hint() string { return p.hint }

// Unwrap gives the error without the hint.
func (p *Problem) Unwrap() error { return p.Err }
