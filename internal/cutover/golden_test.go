package cutover

// golden_test.go: one suite over all writers with configuration files. A case is a txtar: "case" says what is moved where,
// in/ is the configuration as people have it, out/ as it shall be, "findings" what they are told. -update rewrites the
// last two.

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// goldenCase is one txtar, unpacked.
type goldenCase struct {
	path     string
	archive  *txtar.Archive
	settings map[string][]string
	in, out  map[string]string
	findings string
}

func readCase(t *testing.T, path string) goldenCase {
	t.Helper()
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := goldenCase{path: path, archive: archive, settings: map[string][]string{}, in: map[string]string{}, out: map[string]string{}}
	for _, file := range archive.Files {
		name, isIn := strings.CutPrefix(file.Name, "in/")
		outName, isOut := strings.CutPrefix(file.Name, "out/")
		switch {
		case isIn:
			c.in[name] = string(file.Data)
		case isOut:
			c.out[outName] = string(file.Data)
		case file.Name == "findings":
			c.findings = string(file.Data)
		case file.Name == "case":
			for _, line := range strings.Split(strings.TrimSpace(string(file.Data)), "\n") {
				key, value, _ := strings.Cut(line, ": ")
				c.settings[key] = append(c.settings[key], value)
			}
		default:
			t.Fatalf("%s: unknown part %s", path, file.Name)
		}
	}
	return c
}

func (c goldenCase) setting(key string) string {
	if values := c.settings[key]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// adapterFor builds the adapter of a case whose files lie in folder.
func adapterFor(t *testing.T, kind string, c goldenCase, folder string) Adapter {
	t.Helper()
	writer := Writer{
		ID: "case", Config: filepath.Join(folder, c.setting("config")), Dir: t.TempDir(),
		Source:        Endpoint{URL: c.setting("source"), Also: c.settings["also"]},
		Target:        Endpoint{URL: c.setting("target"), Region: c.setting("region"), Username: c.setting("user"), Password: c.setting("password"), Signed: c.setting("signed") == "true"},
		Accept:        c.settings["accept"],
		ReloadCommand: []string{"true"},
	}
	if version := c.setting("version"); version != "" {
		parsed, err := es.ParseVersion(version)
		if err != nil {
			t.Fatal(err)
		}
		writer.Target.Version = parsed
	}
	switch kind {
	case "fluentd":
		return &Fluentd{Writer: writer, GemFolders: []string{}, Version: c.setting("fluentd"), PluginVersion: c.setting("plugin")}
	case "fluentbit":
		return &FluentBit{Writer: writer}
	case "logstash":
		return &Logstash{Writer: writer}
	case "rsyslog":
		return &Rsyslog{Writer: writer}
	}
	t.Fatalf("no adapter for %s", kind)
	return nil
}

func unpack(t *testing.T, files map[string]string, change func(string) string) string {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		// Absolute includes can't be known in a golden file.
		text = strings.ReplaceAll(text, "$FOLDER", folder)
		if err := os.WriteFile(path, []byte(change(text)), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func readAll(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		files[filepath.ToSlash(name)] = strings.ReplaceAll(string(data), folder, "$FOLDER")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func same(text string) string { return text }

func windowsLines(text string) string { return strings.ReplaceAll(text, "\n", "\r\n") }

func TestEveryConfigurationIsRePointedAsWrittenInItsCaseAndPutBackByteForByte(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"fluentd", "rsyslog", "fluentbit", "logstash"} {
		paths, err := filepath.Glob(filepath.Join("testdata", kind, "*.txtar"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no cases for %s: %v", kind, err)
		}
		for _, path := range paths {
			t.Run(kind+"/"+strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
				t.Parallel()
				c := readCase(t, path)
				if *update {
					updateCase(t, kind, c)
					return
				}
				runCase(t, kind, c, same)
				runCase(t, kind, c, windowsLines)
			})
		}
	}
}

// runCase goes through the whole life of a change; change is done to all files first, as CRLF must not matter.
func runCase(t *testing.T, kind string, c goldenCase, change func(string) string) {
	ctx := context.Background()
	folder := unpack(t, c.in, change)
	before := readAll(t, folder)
	adapter := adapterFor(t, kind, c, folder)
	shown, err := adapter.Show(ctx)
	if diff := cmp.Diff(c.findings, findingsText(shown, err, folder)); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(before, readAll(t, folder)); diff != "" {
		t.Fatalf("showing changed something:\n%s", diff)
	}
	want := map[string]string{}
	for name, text := range before {
		want[name] = text
		if after, ok := c.out[name]; ok {
			want[name] = change(after)
		}
	}
	_, err = adapter.Apply(ctx)
	if expected := c.setting("apply"); expected != "" {
		if err == nil || !strings.Contains(err.Error(), expected) {
			t.Fatalf("apply said %v, want %q", err, expected)
		}
	} else if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, readAll(t, folder)); diff != "" {
		t.Fatalf("after apply (-want +got):\n%s", diff)
	}
	if c.setting("apply") != "" {
		return
	}
	for _, file := range shown.Files {
		for _, secret := range c.settings["password"] {
			if strings.Contains(file.Diff, secret) {
				t.Errorf("the diff shows the password:\n%s", file.Diff)
			}
		}
	}
	if _, err := adapter.Apply(ctx); err != nil {
		t.Fatalf("applying again: %v", err)
	}
	if diff := cmp.Diff(want, readAll(t, folder)); diff != "" {
		t.Fatalf("applying again changed something:\n%s", diff)
	}
	if _, err := adapter.Reload(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := adapter.Check(ctx); err != nil {
		t.Fatal(err)
	}
	state, err := adapter.Undo(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if state.Phase != PhaseUndone {
		t.Errorf("phase %q after undo", state.Phase)
	}
	if diff := cmp.Diff(before, readAll(t, folder)); diff != "" {
		t.Fatalf("after undo (-want +got):\n%s", diff)
	}
	// What was undone can be done again.
	if _, err := adapter.Apply(ctx); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, readAll(t, folder)); diff != "" {
		t.Fatalf("after the second move (-want +got):\n%s", diff)
	}
}

func findingsText(shown Change, err error, folder string) string {
	var text strings.Builder
	for _, output := range shown.Outputs {
		fmt.Fprintf(&text, "moves %s:%d %s %s -> %s\n", output.File, output.Line, output.Plugin, output.From, output.To)
	}
	for _, f := range shown.Findings {
		fmt.Fprintf(&text, "%s:%d %s %s\n", f.File, f.Line, f.Severity, f.Code)
	}
	if err != nil {
		fmt.Fprintf(&text, "error: %v\n", err)
	} else {
		fmt.Fprintf(&text, "fence %v: %s\n", shown.Fence.Allowed, shown.Fence.Reason)
	}
	return strings.ReplaceAll(text.String(), folder+string(filepath.Separator), "")
}

func updateCase(t *testing.T, kind string, c goldenCase) {
	ctx := context.Background()
	folder := unpack(t, c.in, same)
	before := readAll(t, folder)
	adapter := adapterFor(t, kind, c, folder)
	shown, showErr := adapter.Show(ctx)
	if _, err := adapter.Apply(ctx); err != nil && !errors.Is(err, ErrBlocked) && c.setting("apply") == "" {
		t.Fatal(err)
	}
	after := readAll(t, folder)
	var files []txtar.File
	for _, file := range c.archive.Files {
		if file.Name == "findings" || strings.HasPrefix(file.Name, "out/") {
			continue
		}
		files = append(files, file)
		if name, ok := strings.CutPrefix(file.Name, "in/"); ok && after[name] != before[name] {
			files = append(files, txtar.File{Name: "out/" + name, Data: []byte(after[name])})
		}
	}
	files = append(files, txtar.File{Name: "findings", Data: []byte(findingsText(shown, showErr, folder))})
	c.archive.Files = files
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
