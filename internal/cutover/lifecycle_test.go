package cutover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	mainConfig = "@include es/*.conf\n@include stores.conf\n"
	oneConfig  = "<match a.**>\n  @type elasticsearch\n  host old # one\n</match>\n"
	twoConfig  = "<match b.**>\n  @type elasticsearch\n  host old # two\n</match>\n"
)

// twoFiles is a fluentd whose move changes two files.
func twoFiles(t *testing.T) (*Fluentd, string) {
	t.Helper()
	folder := unpack(t, map[string]string{"fluent.conf": mainConfig, "es/one.conf": oneConfig, "stores.conf": twoConfig}, same)
	return &Fluentd{Writer: Writer{ID: "f", Config: filepath.Join(folder, "fluent.conf"), Dir: filepath.Join(folder, "state"),
		Source: Endpoint{URL: "http://old:9200"}, Target: Endpoint{URL: "http://new:9200"}, ReloadCommand: []string{"true"}}, GemFolders: []string{}}, folder
}

func configsOf(t *testing.T, folder string) map[string]string {
	t.Helper()
	files := readAll(t, folder)
	for name := range files {
		if strings.HasPrefix(name, "state/") {
			delete(files, name)
		}
	}
	return files
}

func TestEveryStepGoesOnAfterAKillAtAnyPoint(t *testing.T) {
	t.Parallel()
	// Each crash brings the world into the state that a kill at that point leaves behind.
	crashes := map[string]func(t *testing.T, f *Fluentd, v vault){
		"before anything": func(*testing.T, *Fluentd, vault) {},
		"after the backups, before the state": func(t *testing.T, f *Fluentd, v vault) {
			prepared(t, f)
			if err := os.Remove(v.stateFile()); err != nil {
				t.Fatal(err)
			}
		},
		"after the state, before the first file": func(t *testing.T, f *Fluentd, _ vault) { prepared(t, f) },
		"within the first file": func(t *testing.T, f *Fluentd, _ vault) {
			state := prepared(t, f)
			if err := os.WriteFile(temporaryName(state.Files[0].Real), []byte("<match"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"between two files": func(t *testing.T, f *Fluentd, v vault) {
			state := prepared(t, f)
			if err := v.apply(state.Files[:1]); err != nil {
				t.Fatal(err)
			}
		},
		"after all files, before the state says so": func(t *testing.T, f *Fluentd, v vault) {
			if err := v.apply(prepared(t, f).Files); err != nil {
				t.Fatal(err)
			}
		},
		"within the state": func(t *testing.T, f *Fluentd, v vault) {
			prepared(t, f)
			if err := os.WriteFile(temporaryName(v.stateFile()), []byte(`{"kind":`), 0o600); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, crash := range crashes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, folder := twoFiles(t)
			before := configsOf(t, folder)
			crash(t, f, f.vault(f.kind()))
			for _, step := range []func(context.Context) (State, error){f.Apply, f.Reload, f.Check} {
				if _, err := step(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			want := map[string]string{"fluent.conf": mainConfig, "es/one.conf": strings.ReplaceAll(oneConfig, "old", "new"), "stores.conf": strings.ReplaceAll(twoConfig, "old", "new")}
			if diff := cmp.Diff(want, configsOf(t, folder)); diff != "" {
				t.Fatal(diff)
			}
			// The way back from between two files.
			state, err := f.vault(f.kind()).load()
			if err != nil {
				t.Fatal(err)
			}
			if err := f.vault(f.kind()).restore(state.Files[:1]); err != nil {
				t.Fatal(err)
			}
			if _, err := f.Undo(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, configsOf(t, folder)); diff != "" {
				t.Fatal(diff)
			}
		})
		t.Run(name+", and taken back instead", func(t *testing.T) {
			t.Parallel()
			f, folder := twoFiles(t)
			before := configsOf(t, folder)
			crash(t, f, f.vault(f.kind()))
			if _, err := f.Undo(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(before, configsOf(t, folder)); diff != "" && !strings.Contains(name, "within the state") {
				t.Fatal(diff)
			}
		})
	}
}

func prepared(t *testing.T, f *Fluentd) State {
	t.Helper()
	state, err := f.prepare(t.Context(), f.kind())
	if err != nil {
		t.Fatal(err)
	}
	if len(state.Files) != 2 {
		t.Fatalf("%d files would change, not 2", len(state.Files))
	}
	return state
}

// The test binary also plays the tool that is killed, moving a writer to and fro until it dies, and a process with a worker.
func TestMain(m *testing.M) {
	if os.Getenv("CUTOVER_SUPERVISOR") != "" {
		supervise()
	}
	if folder := os.Getenv("CUTOVER_TO_AND_FRO"); folder != "" {
		f := &Fluentd{Writer: Writer{ID: "f", Config: filepath.Join(folder, "fluent.conf"), Dir: filepath.Join(folder, "state"),
			Source: Endpoint{URL: "http://old:9200"}, Target: Endpoint{URL: "http://new:9200"}, ReloadCommand: []string{"true"}}, GemFolders: []string{}}
		fmt.Println("ready")
		for {
			for _, step := range []func(context.Context) (State, error){f.Apply, f.Undo} {
				if _, err := step(context.Background()); err != nil {
					fmt.Println(err)
					os.Exit(1)
				}
			}
		}
	}
	os.Exit(m.Run())
}

func TestKill9AtAnyMomentLeavesEveryFileOldOrNewAndTheNextRunFinishes(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	for round := range 25 {
		command := exec.Command(os.Args[0])
		command.Env = append(os.Environ(), "CUTOVER_TO_AND_FRO="+folder)
		output, err := command.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := output.Read(make([]byte, len("ready\n"))); err != nil {
			t.Fatal(err)
		}
		// Any moment will do; the seed only makes rounds differ.
		time.Sleep(time.Duration(rand.New(rand.NewPCG(uint64(round), 1)).IntN(20_000)) * time.Microsecond)
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := command.Wait(); err == nil || err.Error() != "signal: killed" {
			t.Fatalf("the run ended by itself: %v", err)
		}
		for name, text := range configsOf(t, folder) {
			switch {
			case strings.HasSuffix(name, temporarySuffix), name == "fluent.conf":
			case text != oneConfig && text != twoConfig && text != strings.ReplaceAll(oneConfig, "old", "new") && text != strings.ReplaceAll(twoConfig, "old", "new"):
				t.Fatalf("round %d left %s as %q", round, name, text)
			}
		}
		// A kill within Undo is finished by Undo, one within Apply by either.
		if _, err := f.Undo(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if _, err := f.Apply(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		for name, text := range configsOf(t, folder) {
			if strings.Contains(text, "host old") || strings.HasSuffix(name, temporarySuffix) {
				t.Fatalf("round %d: after the next run %s is %q", round, name, text)
			}
		}
		if _, err := f.Undo(t.Context()); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
	}
}

func TestUndoRefusesAFileEditedSinceShowsHowAndTouchesNothing(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	edited := filepath.Join(folder, "stores.conf")
	if err := os.WriteFile(edited, []byte(strings.ReplaceAll(twoConfig, "old", "new")+"# password hunter2\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	before := configsOf(t, folder)
	for name, step := range map[string]func(context.Context) (State, error){"apply": f.Apply, "reload": f.Reload, "undo": f.Undo} {
		_, err := step(t.Context())
		var edit *EditedError
		if !errors.Is(err, ErrEdited) || !errors.As(err, &edit) {
			t.Fatalf("%s said %v", name, err)
		}
		if edit.Path != edited || !strings.Contains(edit.Diff, "+# password ********") || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s said:\n%v", name, err)
		}
	}
	if diff := cmp.Diff(before, configsOf(t, folder)); diff != "" {
		t.Error(diff)
	}
	// Once the edit is taken back, undo goes on.
	if err := os.WriteFile(edited, []byte(strings.ReplaceAll(twoConfig, "old", "new")), 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestModeOwnerAndSymbolicLinksAreKept(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	link := filepath.Join(folder, "stores.conf")
	actual := filepath.Join(folder, "stores-real")
	if err := os.Rename(link, actual); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("stores-real", link); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(actual, 0o604); err != nil {
		t.Fatal(err)
	}
	const someoneElse = 12345
	if os.Getuid() == 0 {
		if err := os.Chown(actual, someoneElse, someoneElse); err != nil {
			t.Fatal(err)
		}
	}
	want, err := ownerOf(actual)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []func(context.Context) (State, error){f.Apply, f.Undo} {
		if _, err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, err := ownerOf(actual); err != nil || got != want {
			t.Errorf("owner and mode are %v (%v), were %v", got, err, want)
		}
		if to, err := os.Readlink(link); err != nil || to != "stores-real" {
			t.Errorf("the link leads to %q (%v)", to, err)
		}
	}
	state, err := os.Stat(f.vault(f.kind()).stateFile())
	if err != nil || state.Mode() != privateMode {
		t.Errorf("the state has mode %v (%v)", state.Mode(), err)
	}
}

func TestARefusedConfigurationIsPutBackAtOnce(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	before := configsOf(t, folder)
	f.ValidateCommand = []string{"sh", "-c", "echo syntax is bad; exit 1"}
	state, err := f.Apply(t.Context())
	if err == nil || !strings.Contains(err.Error(), "syntax is bad") || state.Phase != PhaseUndone {
		t.Fatalf("apply said %v, phase %q", err, state.Phase)
	}
	if diff := cmp.Diff(before, configsOf(t, folder)); diff != "" {
		t.Error(diff)
	}
	f.ValidateCommand = []string{"true"}
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestStepsOutOfOrderAreRefused(t *testing.T) {
	t.Parallel()
	f, _ := twoFiles(t)
	for name, step := range map[string]func(context.Context) (State, error){"reload": f.Reload, "check": f.Check} {
		if _, err := step(t.Context()); !errors.Is(err, ErrNotApplied) {
			t.Errorf("%s before apply said %v", name, err)
		}
	}
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Check(t.Context()); !errors.Is(err, ErrNotApplied) {
		t.Errorf("check before reload said %v", err)
	}
}

func TestAWriterMovedToOneTargetIsNotTakenForMovedToAnother(t *testing.T) {
	t.Parallel()
	f, _ := twoFiles(t)
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	f.Target.URL = "http://third:9200"
	if _, err := f.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "was moved to http://new:9200, not to http://third:9200") {
		t.Errorf("apply said %v", err)
	}
	if _, err := f.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTheBacklogIsReadFromMonitorAgent(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	if backlog, err := f.Backlog(t.Context()); err != nil || backlog.Known {
		t.Fatalf("%+v, %v", backlog, err)
	}
	// The answer of fluentd 1.16, shortened.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"plugins":[{"plugin_id":"a","type":"http","retry_count":null},{"plugin_id":"b","type":"elasticsearch","buffer_queue_length":2,"buffer_total_queued_size":300,"retry_count":3,"retry":{"start":"x","steps":2}},{"plugin_id":"c","buffer_total_queued_size":5,"retry":{}}]}`)
	}))
	defer server.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	config := "<source>\n  @type monitor_agent\n  bind 0.0.0.0\n  port " + port + "\n</source>\n" + mainConfig
	if err := os.WriteFile(filepath.Join(folder, "fluent.conf"), []byte(config), 0o640); err != nil {
		t.Fatal(err)
	}
	backlog, err := f.Backlog(t.Context())
	if want := (Backlog{Known: true, Bytes: 305, Retries: 1}); err != nil || backlog != want {
		t.Errorf("%+v, %v, want %+v", backlog, err, want)
	}
}

// supervise plays a process with a worker that it replaces on SIGHUP, as fluentd does; it takes SIGUSR2 and does nothing.
func supervise() {
	const room = 100 // every signal comes in, those of the Go runtime too
	orders := make(chan os.Signal, room)
	signal.Notify(orders)
	start := func() *exec.Cmd {
		worker := exec.Command("sleep", "1000")
		if err := worker.Start(); err != nil {
			os.Exit(1)
		}
		return worker
	}
	worker := start()
	fmt.Println("ready")
	for order := range orders {
		if order != syscall.SIGHUP && order != syscall.SIGTERM {
			continue
		}
		if worker.Process.Kill() != nil || worker.Wait() == nil {
			os.Exit(1)
		}
		if order == syscall.SIGTERM {
			os.Exit(0)
		}
		worker = start()
	}
}

func startSupervisor(t *testing.T, pidFile string) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "CUTOVER_SUPERVISOR=1")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sendSignal(command.Process.Pid, "SIGTERM"); err != nil {
			t.Error(err)
		}
		if err := command.Wait(); err != nil {
			t.Error(err)
		}
	})
	if _, err := output.Read(make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pidFile, fmt.Appendln(nil, command.Process.Pid), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestASignalThatReplacesTheWorkersIsSeenAndOneThatDoesNothingIsNot(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	f.ReloadCommand = nil
	f.Process = Process{PIDFile: filepath.Join(folder, "state", "pid")}
	f.Version = "1.16.2"
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	startSupervisor(t, f.Process.PIDFile)
	f.Version = "0.12.40"
	state, err := f.Reload(t.Context())
	if err != nil || !strings.HasPrefix(state.ReloadedBy, "SIGHUP") {
		t.Fatalf("reload by %q: %v", state.ReloadedBy, err)
	}
	if state, err = f.Check(t.Context()); err != nil || !strings.Contains(strings.Join(state.Evidence, "\n"), "started after the change") {
		t.Fatalf("evidence %q: %v", state.Evidence, err)
	}
	if _, err := f.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}

	// Since 1.18 SIGUSR2 brings a new supervisor; this one never does.
	f.Version, f.Patience = "1.18.0", 200*time.Millisecond
	if _, err := f.Apply(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Reload(t.Context()); !errors.Is(err, ErrNotTaken) {
		t.Fatalf("a signal without effect: %v", err)
	}
	if _, err := f.Check(t.Context()); !errors.Is(err, ErrNotApplied) {
		t.Fatalf("check after a reload without effect: %v", err)
	}
}

func TestEachVersionIsReloadedByItsOwnMeans(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ version, rpc, service, want string }{
		{"0.12.43", "", "", "SIGHUP to the process in p"},
		{"1.8.1", "", "", "SIGHUP to the process in p"},
		{"1.9.0", "", "", "SIGUSR2 to the process in p"},
		{"1.18.0", "", "", "SIGUSR2 to the process in p"},
		{"", "", "", "SIGHUP to the process in p"},
		{"1.16.2", "<system>\nrpc_endpoint 0.0.0.0:24444\n</system>\n", "", "RPC /api/config.gracefulReload at 127.0.0.1:24444"},
		{"0.14.0", "<system>\nrpc_endpoint 127.0.0.1:24444\n</system>\n", "", "SIGHUP to the process in p"},
		{"1.0.0", "", "td-agent", "service td-agent restart"},
	} {
		f, folder := twoFiles(t)
		f.ReloadCommand, f.Version, f.Process = nil, c.version, Process{PIDFile: "p"}
		if c.service != "" {
			f.Process = Process{Service: c.service}
		}
		if err := os.WriteFile(filepath.Join(folder, "fluent.conf"), []byte(c.rpc+mainConfig), 0o640); err != nil {
			t.Fatal(err)
		}
		change, err := f.Show(t.Context())
		if err != nil || change.Reload != c.want {
			t.Errorf("version %q: %q (%v), want %q", c.version, change.Reload, err, c.want)
		}
	}
}

func TestFluentdsOwnDumpDecidesWhetherTheChangeTook(t *testing.T) {
	t.Parallel()
	f, folder := twoFiles(t)
	running := oneConfig // what fluentd runs, whatever is on disk
	obeys := true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/config.gracefulReload" && obeys:
			running = strings.ReplaceAll(running, "old", "new")
		case r.URL.Path == "/api/config.getDump":
			// As fluentd 1.16 and 1.18 answer.
			if err := json.NewEncoder(w).Encode(map[string]any{"conf": "<ROOT>\n" + running + "</ROOT>\n", "ok": true}); err != nil {
				t.Error(err)
			}
		}
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	config := "<system>\n  rpc_endpoint " + address + "\n  enable_get_dump true\n</system>\n" + mainConfig
	if err := os.WriteFile(filepath.Join(folder, "fluent.conf"), []byte(config), 0o640); err != nil {
		t.Fatal(err)
	}
	f.ReloadCommand, f.Version, f.Patience = nil, "1.16.2", 50*time.Millisecond
	obeys = false
	for _, step := range []func(context.Context) (State, error){f.Apply, f.Reload} {
		if _, err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := f.Check(t.Context()); !errors.Is(err, ErrNotTaken) {
		t.Fatalf("fluentd kept the old configuration, and check said %v", err)
	}
	obeys, f.Patience = true, 0
	for _, step := range []func(context.Context) (State, error){f.Reload, f.Check} {
		if _, err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoSecretLeavesTheAdaptersFolder(t *testing.T) {
	t.Parallel()
	folder := unpack(t, map[string]string{"fluent.conf": "<match **>\n  @type elasticsearch\n  hosts http://u:hunter1@old:9200\n  user u\n  password hunter2\n</match>\n"}, same)
	f := &Fluentd{Writer: Writer{ID: "f", Config: filepath.Join(folder, "fluent.conf"), Dir: filepath.Join(t.TempDir(), "state"),
		Source: Endpoint{URL: "http://u:hunter3@old:9200"}, Target: Endpoint{URL: "http://v:hunter4@new:9200", Username: "v", Password: "hunter5"},
		ReloadCommand: []string{"sh", "-c", "env; echo password hunter6"}}, GemFolders: []string{}}
	change, err := f.Show(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	shown, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	seen := string(shown)
	for _, step := range []func(context.Context) (State, error){f.Apply, f.Reload, f.Check, f.Undo} {
		state, err := step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		journaled, err := json.Marshal(state)
		if err != nil {
			t.Fatal(err)
		}
		seen += string(journaled)
	}
	if strings.Contains(seen, "hunter") {
		t.Errorf("a secret is shown or journaled:\n%s", seen)
	}
}
