package cutover

// writer.go answers: how do all writers with a configuration file go through the same steps? What differs (how a
// configuration is read and edited, and how the writer is told) is a kind. Next: replace.go, then fluentd.go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Writer is what every writer with a configuration file has.
type Writer struct {
	// ID tells two writers of one kind apart, in the journal and in Dir.
	ID string
	// Config is the main configuration file.
	Config string
	// Dir is the folder in which backups and state are kept; never the configuration's own.
	Dir            string
	Source, Target Endpoint
	// Process is how the running writer is found.
	Process Process
	// ReloadCommand, when given, is run instead of the writer's own means.
	ReloadCommand []string
	// ValidateCommand, when given, must accept the new configuration; else it is put back at once.
	ValidateCommand []string
	// Accept are codes of findings of severity Blocker that the person has dealt with.
	Accept []string
	// Proof sends a canary event in Check; nil leaves it out.
	Proof *Proof
	// Patience is how long a reload may take to show; zero is a minute.
	Patience time.Duration
}

const reloadPatience = time.Minute

func (w *Writer) patience() time.Duration {
	if w.Patience > 0 {
		return w.Patience
	}
	return reloadPatience
}

// errUndoBegun stops a step forward between the two halves of a step back.
var errUndoBegun = problem("finish it by running the rollback again", errors.New("taking this writer back was begun and not finished"))

// plan is what one kind found in a configuration.
type plan struct {
	outputs  []Output
	findings []Finding
	edits    []edit
	fence    Fence
	reload   reloadWay
}

// reloadWay is one means of telling a writer.
type reloadWay struct {
	text   string
	renews renewal
	do     func(ctx context.Context) error
}

// kind is what differs between writers.
type kind struct {
	name string
	plan func(ctx context.Context) (plan, error)
	// reload is chosen when it is done, since the process may be another by then.
	reload func(ctx context.Context) (reloadWay, error)
	// validate runs before the writer is told; nil where there is no way to ask.
	validate func(ctx context.Context) error
	// evidence adds what this kind can see of the running writer; nil where it is nothing.
	evidence func(ctx context.Context) ([]string, error)
}

func (w *Writer) vault(k kind) vault { return vault{dir: w.Dir, kind: k.name, name: w.ID} }

func (w *Writer) show(ctx context.Context, k kind) (Change, error) {
	change := Change{Kind: k.name, Name: w.ID}
	found, err := k.plan(ctx)
	if err != nil {
		return change, fmt.Errorf("%s %s: %w", k.name, w.ID, err)
	}
	change.Outputs, change.Fence, change.Reload = found.outputs, found.fence, found.reload.text
	change.Findings = w.accepted(found.findings)
	if len(change.Blockers()) > 0 {
		change.Fence = Fence{Reason: "the blockers found leave open what it sends where"}
	}
	for _, e := range found.edits {
		change.Files = append(change.Files, FileChange{Path: e.path, Diff: unified(e.path, e.before, e.after)})
	}
	return change, nil
}

// accepted sorts findings and turns blockers that the person accepted into warnings.
func (w *Writer) accepted(findings []Finding) []Finding {
	for i := range findings {
		if findings[i].Severity == Blocker && slices.Contains(w.Accept, findings[i].Code) {
			findings[i].Severity = Warning
		}
	}
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Code, b.Code))
	})
	return slices.Compact(findings)
}

func (w *Writer) apply(ctx context.Context, k kind) (State, error) {
	v := w.vault(k)
	state, err := v.load()
	if err != nil {
		return state, err
	}
	if err := w.sameTarget(state); err != nil {
		return state, err
	}
	switch state.Phase {
	case PhaseNone, PhaseUndone:
		if state, err = w.prepare(ctx, k); err != nil {
			return state, err
		}
	case PhaseApplied, PhaseReloaded, PhaseChecked:
		return state, v.stands(state.Files)
	case PhaseUndoing:
		return state, errUndoBegun
	}
	if err := v.apply(state.Files); err != nil {
		return state, err
	}
	if k.validate != nil {
		if err := k.validate(ctx); err != nil {
			if ctx.Err() != nil {
				return state, err // stopped, not refused: the same call goes on
			}
			restored := v.restore(state.Files)
			if restored == nil {
				state.Phase = PhaseUndone
				restored = v.save(state)
			}
			return state, errors.Join(fmt.Errorf("the writer refused the new configuration, so the old one was put back: %w", err), restored)
		}
	}
	state.Phase = PhaseApplied
	return state, v.save(state)
}

// sameTarget refuses to take a move to one cluster for a move to another.
func (w *Writer) sameTarget(state State) error {
	if state.Phase == PhaseNone || state.Phase == PhaseUndone || state.Target == w.Target.bare() {
		return nil
	}
	return problem("take it back first, then move it again", fmt.Errorf("%s %s was moved to %s, not to %s", state.Kind, state.Name, state.Target, w.Target.bare()))
}

// prepare finds the change and puts everything on disk that is needed to make it and to take it back.
func (w *Writer) prepare(ctx context.Context, k kind) (State, error) {
	v := w.vault(k)
	state := State{Kind: k.name, Name: w.ID, Target: w.Target.bare()}
	found, err := k.plan(ctx)
	if err != nil {
		return state, fmt.Errorf("%s %s: %w", k.name, w.ID, err)
	}
	change := Change{Findings: w.accepted(found.findings)}
	if blockers := change.Blockers(); len(blockers) > 0 {
		lines := make([]string, len(blockers))
		for i, blocker := range blockers {
			lines[i] = blocker.String()
		}
		return state, problem("deal with it, or accept the code in brackets", fmt.Errorf("%s %s %w:\n%s", k.name, w.ID, ErrBlocked, strings.Join(lines, "\n")))
	}
	if len(found.edits) == 0 {
		return state, problem("check the source's URL and its other names, or take this writer out of the migration",
			fmt.Errorf("%s %s: %w: %s and its includes name %s nowhere", k.name, w.ID, ErrNoOutput, w.Config, w.Source.bare()))
	}
	if state.Files, err = v.prepare(found.edits); err != nil {
		return state, err
	}
	state.Phase = PhasePrepared
	return state, v.save(state)
}

func (w *Writer) reload(ctx context.Context, k kind) (State, error) {
	v := w.vault(k)
	state, err := v.load()
	if err != nil {
		return state, err
	}
	switch state.Phase {
	case PhaseChecked:
		return state, nil
	case PhaseApplied, PhaseReloaded:
	case PhaseUndoing:
		return state, errUndoBegun
	default:
		return state, fmt.Errorf("%s %s: %w", k.name, w.ID, ErrNotApplied)
	}
	// A writer that was told to read a file edited by somebody else would read that edit too.
	if err := v.stands(state.Files); err != nil {
		return state, err
	}
	if err := w.tell(ctx, k, &state); err != nil {
		return state, err
	}
	state.Phase = PhaseReloaded
	return state, v.save(state)
}

// tell makes the writer read its configuration and waits until it has started anew, where that can be seen.
func (w *Writer) tell(ctx context.Context, k kind, state *State) error {
	way, err := k.reload(ctx)
	if err != nil {
		return err
	}
	now := w.Process.look(ctx)
	// Told before a kill, and new since: done. Where nothing shows, it is told again, which does no harm.
	interrupted := state.Phase == PhaseApplied && state.ReloadedBy == way.text && state.Before != nil
	if interrupted && way.renews != renewsNothing && renewed(state.Before, now, way.renews) {
		_, err = w.Process.awaitRenewal(ctx, state.Before, way.renews, w.patience())
		return err
	}
	state.Before, state.ReloadedBy = now, way.text
	if err := w.vault(k).save(*state); err != nil {
		return err
	}
	if err := way.do(ctx); err != nil {
		return fmt.Errorf("reload %s %s: %w", k.name, w.ID, err)
	}
	if state.Before == nil || way.renews == renewsNothing {
		return nil
	}
	_, err = w.Process.awaitRenewal(ctx, state.Before, way.renews, w.patience())
	return err
}

func (w *Writer) check(ctx context.Context, k kind) (State, error) {
	v := w.vault(k)
	state, err := v.load()
	if err != nil {
		return state, err
	}
	if state.Phase != PhaseReloaded && state.Phase != PhaseChecked {
		return state, fmt.Errorf("%s %s: %w", k.name, w.ID, ErrNotApplied)
	}
	if err := v.stands(state.Files); err != nil {
		return state, err
	}
	state.Evidence = []string{"the configuration on disk is the new one", "reloaded by " + state.ReloadedBy}
	if now := w.Process.look(ctx); now != nil {
		sentence := fmt.Sprintf("process %d runs", now.PID)
		if state.Before != nil && renewed(state.Before, now, renewsWorkers) {
			sentence = fmt.Sprintf("process %d or its workers started after the change", now.PID)
		}
		state.Evidence = append(state.Evidence, sentence)
	} else if w.Process.PID != 0 || w.Process.PIDFile != "" || w.Process.Unit != "" {
		_, err := w.Process.find(ctx)
		return state, fmt.Errorf("%w: %w", ErrNotTaken, err)
	}
	if k.evidence != nil {
		seen, err := k.evidence(ctx)
		if err != nil {
			return state, err
		}
		state.Evidence = append(state.Evidence, seen...)
	}
	if err := w.Proof.prove(ctx, v, &state); err != nil {
		return state, err
	}
	state.Phase = PhaseChecked
	return state, v.save(state)
}

func (w *Writer) undo(ctx context.Context, k kind) (State, error) {
	v := w.vault(k)
	state, err := v.load()
	if err != nil || state.Phase == PhaseNone || state.Phase == PhaseUndone {
		return state, err
	}
	// Looked at before anything is written down: a refused undo leaves everything as it is.
	if _, err := v.pending(state.Files, afterOf, beforeOf); err != nil {
		return state, err
	}
	state.Phase = PhaseUndoing
	if err := v.save(state); err != nil {
		return state, err
	}
	if err := v.restore(state.Files); err != nil {
		return state, err
	}
	if state.ReloadedBy != "" {
		if err := w.tell(ctx, k, &state); err != nil {
			return state, err
		}
	}
	state.Phase, state.Evidence, state.Canary = PhaseUndone, nil, nil
	state.ReloadedBy, state.Before = "", nil
	return state, v.save(state)
}

// byCommand is the reload by a command of the user's.
func (w *Writer) byCommand() reloadWay {
	return reloadWay{text: quoteCommand(w.ReloadCommand), renews: renewsNothing, do: func(ctx context.Context) error {
		_, err := run(ctx, w.ReloadCommand, w.environment(), commandTimeout)
		return err
	}}
}

// bySignal is the reload by a signal to the process.
func (w *Writer) bySignal(name string, renews renewal) reloadWay {
	return reloadWay{text: name + " to " + w.Process.String(), renews: renews, do: func(ctx context.Context) error {
		pid, err := w.Process.find(ctx)
		if err != nil {
			return err
		}
		return sendSignal(pid, name)
	}}
}

// byService is the restart or reload through systemd or the older service scripts.
func (w *Writer) byService(verb string, renews renewal) reloadWay {
	command := []string{"systemctl", verb, w.Process.Unit}
	if w.Process.Unit == "" {
		command = []string{"service", w.Process.Service, verb}
	}
	return reloadWay{text: strings.Join(command, " "), renews: renews, do: func(ctx context.Context) error {
		_, err := run(ctx, command, nil, commandTimeout)
		return err
	}}
}

func (w *Writer) environment() []string {
	return []string{"HIKKOSHI_SOURCE=" + w.Source.bare(), "HIKKOSHI_TARGET=" + w.Target.bare()}
}

// validateBy runs the command that judges a configuration.
func (w *Writer) validateBy(command []string) func(ctx context.Context) error {
	if len(command) == 0 {
		return nil
	}
	return func(ctx context.Context) error {
		_, err := run(ctx, command, w.environment(), commandTimeout)
		return err
	}
}
