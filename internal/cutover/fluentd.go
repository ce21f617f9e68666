package cutover

// fluentd.go answers: how is a running fluentd (td-agent, fluent-package) moved? Its configuration is read by
// fluentd_syntax.go and fluentd_include.go, its outputs found by fluentd_outputs.go, changed by fluentd_edit.go, judged by
// fluentd_lint.go. Next: writer.go for the steps, fluentd_canary.go for the proof.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Fluentd is one fluentd with its configuration.
type Fluentd struct {
	Writer
	// Version of fluentd and PluginVersion of fluent-plugin-elasticsearch, where they are not found among the gems.
	Version, PluginVersion string
	// GemFolders replaces the folders in which gems are looked for; globs allowed.
	GemFolders []string
}

// Kind is "fluentd".
func (f *Fluentd) Kind() string { return "fluentd" }

// Name is the writer's ID.
func (f *Fluentd) Name() string { return f.ID }

// Show gives the diff and what is dangerous about this configuration.
func (f *Fluentd) Show(ctx context.Context) (Change, error) { return f.show(ctx, f.kind()) }

// Apply changes the configuration files.
func (f *Fluentd) Apply(ctx context.Context) (State, error) { return f.apply(ctx, f.kind()) }

// Reload makes fluentd read them: over its RPC, by the signal its version knows, or by the user's command.
func (f *Fluentd) Reload(ctx context.Context) (State, error) { return f.reload(ctx, f.kind()) }

// Check looks at the process, at its own dump of the configuration where it gives one, and sends the canary.
func (f *Fluentd) Check(ctx context.Context) (State, error) { return f.check(ctx, f.kind()) }

// Undo puts the files back and reloads.
func (f *Fluentd) Undo(ctx context.Context) (State, error) { return f.undo(ctx, f.kind()) }

func (f *Fluentd) kind() kind {
	return kind{name: f.Kind(), plan: f.plan, reload: f.reloadWay, validate: f.validate, evidence: f.dumped}
}

// versions gives what is installed, with what the person said on top.
func (f *Fluentd) versions() gems {
	folders := f.GemFolders
	if folders == nil {
		folders = gemFolders
	}
	found := findGems(folders)
	if version := parseGemVersion(f.Version); version != nil {
		found.fluentd = version
	}
	if version := parseGemVersion(f.PluginVersion); version != nil {
		found.plugin = version
	}
	return found
}

// edited reads the configuration and changes it in memory.
func (f *Fluentd) edited() (*fluentdTree, *fluentdEditor, error) {
	to, err := parseAddress(f.Target.URL)
	if err != nil {
		return nil, nil, err
	}
	if _, err := parseAddress(f.Source.URL); err != nil {
		return nil, nil, err
	}
	tree, err := loadFluentd(f.Config)
	if err != nil {
		return nil, nil, err
	}
	editor := &fluentdEditor{source: f.Source, target: f.Target, to: to}
	outputs := tree.outputs()
	for _, output := range outputs {
		if err := editor.repoint(output); err != nil {
			return nil, nil, err
		}
	}
	editor.guardShared(outputs)
	return tree, editor, nil
}

func (f *Fluentd) plan(ctx context.Context) (plan, error) {
	tree, editor, err := f.edited()
	if err != nil {
		return plan{}, err
	}
	installed := f.versions()
	found := plan{outputs: editor.outputs, fence: tree.fence(editor.moved, installed)}
	found.findings = append(append(tree.findings, editor.findings...), tree.lint(editor.moved, f.Target, installed)...)
	for _, d := range tree.drafts {
		if d.changed() {
			found.edits = append(found.edits, edit{path: d.path, before: d.original(), after: d.String()})
			found.findings = append(found.findings, lintManaged(d)...)
		}
	}
	if found.reload, err = f.reloadWay(ctx); err != nil {
		// Not fatal for a preview: the person reads what is missing.
		found.reload.text = "not known yet: " + err.Error()
	}
	return found, nil
}

// validate reads the configuration back from disk: it must be readable and name the source nowhere. Then fluentd itself may
// judge it, where a command for that is known.
func (f *Fluentd) validate(ctx context.Context) error {
	tree, editor, err := f.edited()
	if err != nil {
		return err
	}
	if len(editor.outputs) > 0 {
		left := editor.outputs[0]
		return fmt.Errorf("%s:%d still sends to the source", left.File, left.Line)
	}
	if len(tree.drafts) == 0 {
		return fmt.Errorf("%s is empty", f.Config)
	}
	if judge := f.validateBy(f.ValidateCommand); judge != nil {
		return judge(ctx)
	}
	return nil
}

// rpc gives the address of fluentd's own API, empty when it is off, and whether it shows its configuration.
func (f *Fluentd) rpc() (address string, dumps bool, err error) {
	tree, err := loadFluentd(f.Config)
	if err != nil {
		return "", false, err
	}
	system := tree.root.child("system")
	if system == nil {
		return "", false, nil
	}
	endpoint, ok := system.get("rpc_endpoint")
	if !ok || dynamicReason(endpoint) != "" {
		return "", false, nil
	}
	dump, _ := system.get("enable_get_dump")
	address = strings.TrimPrefix(endpoint.value.text, "http://")
	return strings.Replace(address, "0.0.0.0", "127.0.0.1", 1), dump.value.text == "true", nil
}

// reloadWay chooses the gentlest means that this version has. The facts: the RPC reloads gracefully since 1.9; SIGUSR2 does
// so from 1.9 to 1.17 and starts a second supervisor beside the old since 1.18; SIGHUP restarts the workers in all.
func (f *Fluentd) reloadWay(context.Context) (reloadWay, error) {
	if len(f.ReloadCommand) > 0 {
		return f.byCommand(), nil
	}
	version := f.versions().fluentd
	address, _, err := f.rpc()
	if err != nil {
		return reloadWay{}, err
	}
	located := f.Process.PID != 0 || f.Process.PIDFile != "" || f.Process.Unit != ""
	switch {
	case address != "" && version != nil && !less(version, gracefulReload):
		return f.byRPC(address, "/api/config.gracefulReload", renewsNothing), nil
	case located && version != nil && !less(version, zeroDowntime) && f.Process.PID == 0:
		return f.bySignal("SIGUSR2", renewsProcess), nil
	case located && version != nil && !less(version, gracefulReload) && less(version, zeroDowntime):
		return f.bySignal("SIGUSR2", renewsNothing), nil
	case located:
		return f.bySignal("SIGHUP", renewsWorkers), nil
	case address != "":
		return f.byRPC(address, "/api/config.reload", renewsNothing), nil
	case f.Process.Service != "":
		return f.byService("restart", renewsNothing), nil
	}
	return reloadWay{}, problem("give its pid file, its systemd unit or a command that reloads it", fmt.Errorf("fluentd %s: %w", f.ID, ErrNoProcess))
}

const (
	rpcTimeout   = 30 * time.Second
	maxDumpBytes = maxConfigBytes
)

func (f *Fluentd) byRPC(address, path string, renews renewal) reloadWay {
	return reloadWay{text: "RPC " + path + " at " + address, renews: renews, do: func(ctx context.Context) error {
		_, err := askRPC(ctx, address, path)
		return err
	}}
}

func askRPC(ctx context.Context, address, path string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, rpcTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		return "", fmt.Errorf("ask fluentd: %w", err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", problem("see that fluentd runs and that rpc_endpoint is the one it was started with", fmt.Errorf("ask fluentd: %w", err))
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxDumpBytes))
	if err != nil {
		return "", fmt.Errorf("ask fluentd: %w", err)
	}
	if answer.StatusCode != http.StatusOK {
		return "", fmt.Errorf("fluentd answered %s to %s: %s", answer.Status, path, maskSecrets(string(body)))
	}
	return string(body), nil
}

// dumped waits until the configuration that fluentd says it runs is the new one, where it can be asked (enable_get_dump). The
// answer to a reload comes before the reload is done.
func (f *Fluentd) dumped(ctx context.Context) ([]string, error) {
	address, dumps, err := f.rpc()
	if err != nil || address == "" || !dumps {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	ticker := time.NewTicker(dumpPoll)
	defer ticker.Stop()
	for {
		verdict := f.dumpNow(ctx, address)
		if verdict == nil {
			return []string{"fluentd's own dump names the target and not the source"}, nil
		}
		select {
		case <-ctx.Done():
			return nil, problem("look at fluentd's log for why it refused the new configuration", fmt.Errorf("%w: %w", ErrNotTaken, verdict))
		case <-ticker.C:
		}
	}
}

const dumpPoll = 250 * time.Millisecond

// dumpNow says what is wrong with the configuration that fluentd runs just now.
func (f *Fluentd) dumpNow(ctx context.Context, address string) error {
	answer, err := askRPC(ctx, address, "/api/config.getDump")
	if err != nil {
		return err
	}
	// {"conf":"<ROOT>\n  <match ...","ok":true}
	var dump struct{ Conf string }
	if err := json.Unmarshal([]byte(answer), &dump); err != nil {
		return fmt.Errorf("read fluentd's dump: %w", err)
	}
	running, err := parseFluentd("running configuration", dump.Conf)
	if err != nil {
		return fmt.Errorf("read fluentd's dump: %w", err)
	}
	moved := false
	for _, output := range (&fluentdTree{root: running}).outputs() {
		for _, p := range output.places() {
			if p.unknown == "" && f.Source.names(p.address) {
				return fmt.Errorf("fluentd says that it still sends to %s", p.address)
			}
			moved = moved || p.unknown == "" && f.Target.names(p.address)
		}
	}
	if !moved {
		return errors.New("fluentd's own dump names the target nowhere; it reads another configuration")
	}
	return nil
}
