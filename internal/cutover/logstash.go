package cutover

// logstash.go answers: how is a running Logstash moved? Next: logstash_syntax.go.

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Logstash is one pipeline. Config is a file, a folder or a pattern, as path.config in pipelines.yml has it.
type Logstash struct {
	Writer
	// Automatic says that config.reload.automatic is on, so that nothing needs to be told.
	Automatic bool
}

// Kind is "logstash".
func (l *Logstash) Kind() string { return "logstash" }

// Name is the writer's ID.
func (l *Logstash) Name() string { return l.ID }

// Show gives the diff and what is dangerous about this pipeline.
func (l *Logstash) Show(ctx context.Context) (Change, error) { return l.show(ctx, l.kind()) }

// Apply changes the pipeline's files.
func (l *Logstash) Apply(ctx context.Context) (State, error) { return l.apply(ctx, l.kind()) }

// Reload sends SIGHUP: Logstash checks the new pipeline before it stops the old one.
func (l *Logstash) Reload(ctx context.Context) (State, error) { return l.reload(ctx, l.kind()) }

// Check looks at the process and sends the canary.
func (l *Logstash) Check(ctx context.Context) (State, error) { return l.check(ctx, l.kind()) }

// Undo puts the files back and reloads.
func (l *Logstash) Undo(ctx context.Context) (State, error) { return l.undo(ctx, l.kind()) }

func (l *Logstash) kind() kind {
	return kind{name: l.Kind(), plan: l.plan, reload: l.reloadWay, validate: l.validate}
}

// files lists what makes up the pipeline.
func (l *Logstash) files() ([]string, error) {
	pattern, err := filepath.Abs(l.Config)
	if err != nil {
		return nil, fmt.Errorf("find %s: %w", l.Config, err)
	}
	if info, err := os.Stat(pattern); err == nil && info.IsDir() {
		pattern = filepath.Join(pattern, "*")
	}
	paths, err := glob(pattern)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			files = append(files, path)
		}
	}
	if len(files) == 0 {
		return nil, problem("name what path.config in pipelines.yml names", fmt.Errorf("%s matches no file", l.Config))
	}
	return files, nil
}

func (l *Logstash) edited() ([]*draft, []*stashPlugin, *stashEditor, error) {
	to, err := parseAddress(l.Target.URL)
	if err != nil {
		return nil, nil, nil, err
	}
	if _, err := parseAddress(l.Source.URL); err != nil {
		return nil, nil, nil, err
	}
	files, err := l.files()
	if err != nil {
		return nil, nil, nil, err
	}
	editor := &stashEditor{source: l.Source, target: l.Target, to: to}
	var drafts []*draft
	var all []*stashPlugin
	for _, path := range files {
		text, err := readConfig(path)
		if err != nil {
			return nil, nil, nil, err
		}
		d, plugins, err := parseLogstash(path, text)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, plugin := range plugins {
			if err := editor.repoint(plugin); err != nil {
				return nil, nil, nil, err
			}
		}
		drafts, all = append(drafts, d), append(all, plugins...)
	}
	return drafts, all, editor, nil
}

func (l *Logstash) plan(ctx context.Context) (plan, error) {
	drafts, all, editor, err := l.edited()
	if err != nil {
		return plan{}, err
	}
	found := plan{outputs: editor.outputs, findings: editor.findings, fence: editor.fence(all)}
	for _, d := range drafts {
		if d.changed() {
			found.edits = append(found.edits, edit{path: d.path, before: d.original(), after: d.String()})
			found.findings = append(found.findings, lintManaged(d)...)
		}
	}
	if found.reload, err = l.reloadWay(ctx); err != nil {
		found.reload.text = "not known yet: " + err.Error()
	}
	return found, nil
}

func (l *Logstash) validate(ctx context.Context) error {
	_, _, editor, err := l.edited()
	if err != nil {
		return err
	}
	if len(editor.outputs) > 0 {
		left := editor.outputs[0]
		return fmt.Errorf("%s:%d still sends to the source", left.File, left.Line)
	}
	if judge := l.validateBy(l.ValidateCommand); judge != nil {
		return judge(ctx)
	}
	return nil
}

func (l *Logstash) reloadWay(context.Context) (reloadWay, error) {
	switch {
	case len(l.ReloadCommand) > 0:
		return l.byCommand(), nil
	case l.Automatic:
		return reloadWay{text: "Logstash's own look at its files (config.reload.automatic)", renews: renewsNothing,
			do: func(context.Context) error { return nil }}, nil
	case l.Process.PID != 0 || l.Process.PIDFile != "" || l.Process.Unit != "":
		return l.bySignal("SIGHUP", renewsNothing), nil
	case l.Process.Service != "":
		return l.byService("restart", renewsNothing), nil
	}
	return reloadWay{}, problem("give its pid file, its systemd unit or a command that reloads it", fmt.Errorf("logstash %s: %w", l.ID, ErrNoProcess))
}
