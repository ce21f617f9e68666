package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// childEnv makes the test binary play a process that starts a node and is then killed.
const childEnv = "HIKKOSHI_LAB_TEST_CHILD"

func TestMain(m *testing.M) {
	if version := os.Getenv(childEnv); version != "" {
		node, err := Start(context.Background(), Options{Version: version})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		if err := json.NewEncoder(os.Stdout).Encode(node.record); err != nil {
			os.Exit(1)
		}
		select {}
	}
	os.Exit(m.Run())
}

func TestANodeEndsWithoutATraceWhenItsStarterIsKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	for _, name := range []string{"2.3.2", "8.19.0"} {
		t.Run(name, func(t *testing.T) {
			starter := exec.Command(os.Args[0])
			starter.Env = append(os.Environ(), childEnv+"="+name)
			output, err := starter.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := starter.Start(); err != nil {
				t.Fatal(err)
			}
			var r record
			if err := json.NewDecoder(output).Decode(&r); err != nil {
				t.Fatalf("the starter did not start a node: %v", err)
			}
			if err := starter.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			// Wait reports the kill, which is what was asked for.
			_ = starter.Wait()
			eventually(t, "the JVM is gone", func() bool { return gone(r.PID) })
			if _, err := os.Stat(r.Home); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the node's folder is still there: %v", err)
			}
		})
	}
}

func TestADetachedNodeIsListedAndEnded(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	node := start(t, Options{Version: "2.3.2", Detached: true})
	find := func() *Running {
		nodes, err := List()
		if err != nil {
			t.Fatal(err)
		}
		for _, running := range nodes {
			if running.URL == node.URL() {
				return &running
			}
		}
		return nil
	}
	running := find()
	if running == nil || !running.Detached || running.PID != node.PID() || running.Version != "2.3.2" {
		t.Fatalf("the list has %+v", running)
	}
	if err := running.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if find() != nil {
		t.Error("the node is still listed")
	}
	if _, err := os.Stat(running.home); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the node's folder is still there: %v", err)
	}
}

func TestAKeptDataFolderSurvivesAPowerCut(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	options := Options{Version: "5.5.2", DataDir: t.TempDir(), ClusterName: "kept"}
	node := start(t, options)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, node.URL()+"/kept/doc/1", strings.NewReader(`{"a":1}`))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("status %d", response.StatusCode)
	}
	node.Kill()
	node = start(t, options)
	if body := get(t, node.URL()+"/kept/doc/1"); !strings.Contains(body, `"found":true`) {
		t.Errorf("the document is gone: %s", body)
	}
}

func TestAPortThatIsTakenIsToldBeforeAnythingIsStarted(t *testing.T) {
	if testing.Short() {
		t.Skip("fetches a server")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	_, err = Start(t.Context(), Options{Version: "2.3.2", Port: port})
	if !errors.Is(err, ErrPortTaken) || !strings.Contains(err.Error(), fmt.Sprint(port)) {
		t.Fatalf("got %v", err)
	}
}

func TestAStartThatFailsShowsTheEndOfTheLogAndLeavesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	// A folder of its own: other tests start nodes meanwhile.
	t.Setenv("TMPDIR", t.TempDir())
	_, err := Start(t.Context(), Options{Version: "5.5.2", Settings: map[string]string{"no.such.setting": "1"}})
	failure := new(Error)
	if !errors.Is(err, ErrStart) || !errors.As(err, &failure) || !strings.Contains(failure.Log, "no.such.setting") {
		t.Fatalf("got %v", err)
	}
	if left, err := homes(); err != nil || len(left) > 0 {
		t.Errorf("folders were left: %v, %v", left, err)
	}
}

func TestAStartThatIsCancelledEndsTheJVM(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real node")
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Start(ctx, Options{Version: "5.5.2", Progress: func(e Event) {
		if e.Stage == StageStart {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
}

func TestNoFittingJDKSaysWhichOnesThereAre(t *testing.T) {
	t.Parallel()
	_, err := findJDK(version{name: "9.9.9", minJava: 99})
	if !errors.Is(err, ErrNoJDK) || !strings.Contains(err.Error(), "9.9.9 needs a JDK (with javac) 99 or later; found: ") || !strings.Contains(err.Error(), "JAVA99_HOME") {
		t.Fatalf("got %v", err)
	}
}

func TestAFolderIsAJDKOnlyWithJavac(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := os.Mkdir(filepath.Join(home, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("release", "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"1.8.0_412\"\n")
	write(filepath.Join("bin", "java"+exeSuffix), "")
	if _, ok := jdkAt(home); ok {
		t.Error("a JRE was taken for a JDK")
	}
	write(filepath.Join("bin", "javac"+exeSuffix), "")
	if j, ok := jdkAt(home); !ok || j.major != 8 {
		t.Errorf("got %+v, %v", j, ok)
	}
	write("release", "JAVA_VERSION=\"25.0.1\"\n")
	if j, ok := jdkAt(home); !ok || j.major != 25 {
		t.Errorf("got %+v, %v", j, ok)
	}
}

func TestSettingsSurviveJavasPropertiesFormat(t *testing.T) {
	t.Parallel()
	got := string(formatProperties(map[string]string{"set.path.repo": `/a b,C:\x`, "set.k": "a=b#c\n"}))
	if want := "set.k=a\\=b\\#c\\n\nset.path.repo=/a\\ b,C\\:\\\\x\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func start(t *testing.T, options Options) *Node {
	t.Helper()
	node, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The test's own context has ended by now; a test that stopped the node itself stops it twice.
		if err := node.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return node
}

// gone says whether no process has this id.
func gone(pid int) bool {
	process, err := os.FindProcess(pid)
	return err != nil || process.Signal(syscall.Signal(0)) != nil
}

// eventually waits as long as the test binary may run; there is no shorter limit that would be right everywhere.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	ctx := t.Context()
	if deadline, ok := t.Deadline(); ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline.Add(-5*time.Second))
		defer cancel()
	}
	for !is() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(pollInterval):
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
