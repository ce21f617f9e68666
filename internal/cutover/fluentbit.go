package cutover

// fluentbit.go answers: how is a running fluent-bit moved? Next: fluentbit_syntax.go.

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// FluentBit is one fluent-bit with its configuration, classic or YAML.
type FluentBit struct{ Writer }

// Kind is "fluent-bit".
func (b *FluentBit) Kind() string { return "fluent-bit" }

// Name is the writer's ID.
func (b *FluentBit) Name() string { return b.ID }

// Show gives the diff and what is dangerous about this configuration.
func (b *FluentBit) Show(ctx context.Context) (Change, error) { return b.show(ctx, b.kind()) }

// Apply changes the configuration files.
func (b *FluentBit) Apply(ctx context.Context) (State, error) { return b.apply(ctx, b.kind()) }

// Reload uses hot reload where it is on, else a restart.
func (b *FluentBit) Reload(ctx context.Context) (State, error) { return b.reload(ctx, b.kind()) }

// Check looks at the process and sends the canary.
func (b *FluentBit) Check(ctx context.Context) (State, error) { return b.check(ctx, b.kind()) }

// Undo puts the files back and reloads.
func (b *FluentBit) Undo(ctx context.Context) (State, error) { return b.undo(ctx, b.kind()) }

func (b *FluentBit) kind() kind {
	return kind{name: b.Kind(), plan: b.plan, reload: b.reloadWay, validate: b.validate}
}

func (b *FluentBit) edited() (*bitTree, *bitEditor, error) {
	to, err := parseAddress(b.Target.URL)
	if err != nil {
		return nil, nil, err
	}
	if _, err := parseAddress(b.Source.URL); err != nil {
		return nil, nil, err
	}
	tree, err := loadFluentBit(b.Config)
	if err != nil {
		return nil, nil, err
	}
	editor := &bitEditor{source: b.Source, target: b.Target, to: to}
	for _, output := range tree.named("output") {
		if err := editor.repoint(output); err != nil {
			return nil, nil, err
		}
	}
	editor.lintBuffers(tree)
	return tree, editor, nil
}

func (b *FluentBit) plan(ctx context.Context) (plan, error) {
	tree, editor, err := b.edited()
	if err != nil {
		return plan{}, err
	}
	found := plan{outputs: editor.outputs, findings: editor.findings, fence: editor.fence(tree)}
	for _, d := range tree.drafts {
		if d.changed() {
			found.edits = append(found.edits, edit{path: d.path, before: d.original(), after: d.String()})
			found.findings = append(found.findings, lintManaged(d)...)
		}
	}
	if found.reload, err = b.reloadWay(ctx); err != nil {
		found.reload.text = "not known yet: " + err.Error()
	}
	return found, nil
}

func (b *FluentBit) validate(ctx context.Context) error {
	_, editor, err := b.edited()
	if err != nil {
		return err
	}
	if len(editor.outputs) > 0 {
		left := editor.outputs[0]
		return fmt.Errorf("%s:%d still sends to the source", left.File, left.Line)
	}
	if judge := b.validateBy(b.ValidateCommand); judge != nil {
		return judge(ctx)
	}
	return nil
}

const bitHTTPPort = "2020"

// reloadWay: hot reload exists since 2.1 and has to be switched on; without it SIGHUP ends the process.
func (b *FluentBit) reloadWay(context.Context) (reloadWay, error) {
	if len(b.ReloadCommand) > 0 {
		return b.byCommand(), nil
	}
	tree, err := loadFluentBit(b.Config)
	if err != nil {
		return reloadWay{}, err
	}
	isOn := func(key string) bool { return sameSwitch(tree.service(key), "on") }
	if isOn("hot_reload") {
		if isOn("http_server") {
			port := tree.service("http_port")
			if port == "" {
				port = bitHTTPPort
			}
			return reloadByPost("http://" + net.JoinHostPort("127.0.0.1", port) + "/api/v2/reload"), nil
		}
		if b.Process.PID != 0 || b.Process.PIDFile != "" || b.Process.Unit != "" {
			return b.bySignal("SIGHUP", renewsNothing), nil
		}
	}
	switch {
	case b.Process.Unit != "":
		return b.byService("restart", renewsProcess), nil
	case b.Process.Service != "":
		return b.byService("restart", renewsNothing), nil
	}
	return reloadWay{}, problem("set Hot_Reload On in [SERVICE] and restart once, or give its systemd unit or a command that restarts it", fmt.Errorf("fluent-bit %s: %w", b.ID, ErrNoProcess))
}

func reloadByPost(url string) reloadWay {
	return reloadWay{text: "POST " + url, renews: renewsNothing, do: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, rpcTimeout)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader("{}"))
		if err != nil {
			return fmt.Errorf("ask fluent-bit to reload: %w", err)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return problem("see that fluent-bit runs with its HTTP server", fmt.Errorf("ask fluent-bit to reload: %w", err))
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(io.LimitReader(answer.Body, outputLimit))
		if err != nil {
			return fmt.Errorf("ask fluent-bit to reload: %w", err)
		}
		// It answers 200 also where it did not reload; then "reload" is not "done".
		var result struct{ Reload string }
		if err := json.Unmarshal(said, &result); err != nil || answer.StatusCode != http.StatusOK || result.Reload != "done" {
			return fmt.Errorf("%w: fluent-bit answered %s: %s", ErrNotTaken, answer.Status, maskSecrets(string(said)))
		}
		return nil
	}}
}
