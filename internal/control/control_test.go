package control

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/load"
)

// steer opens a client for a folder and changes a limit.
func steer(t *testing.T, folder string, valve *load.Valve) {
	t.Helper()
	server, err := Serve(folder, valve)
	if err != nil {
		t.Fatal(err)
	}
	place, err := os.ReadFile(filepath.Join(folder, PlaceFile))
	if err != nil {
		t.Fatal(err)
	}
	socket := strings.TrimSpace(string(place))
	if stat, err := os.Stat(socket); err != nil || stat.Mode().Perm() != 0o600 || stat.Mode().Type() != fs.ModeSocket {
		t.Errorf("the socket is %v, %v", stat, err)
	}
	client, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	limits := valve.Limits()
	limits.MaxRate, limits.Paused = 500, true
	live, err := client.SetLimits(t.Context(), limits)
	if err != nil || live.Throttle != "paused" || live.Limits != limits || valve.Limits() != limits {
		t.Errorf("%+v, %v", live, err)
	}
	if _, err := client.SetLimits(t.Context(), load.Limits{CPU: 200}); err == nil || valve.Limits() != limits {
		t.Errorf("a limit that cannot be meant was taken: %v", err)
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(socket); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if _, err := Open(folder); !errors.Is(err, ErrNoLoad) {
		t.Errorf("after the end: %v", err)
	}
}

func TestALoadIsSteeredThroughItsSocket(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	valve := load.NewValve(load.Limits{})
	if _, err := Open(folder); !errors.Is(err, ErrNoLoad) {
		t.Errorf("before the start: %v", err)
	}
	steer(t, folder, valve)
}

func TestAStateFolderWhosePathIsTooLongForASocketWorksAsWell(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), strings.Repeat("long-", 30))
	steer(t, folder, load.NewValve(load.Limits{}))
}

func TestWhatAKilledProcessLeftIsToldApartAndReplaced(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	socket := filepath.Join(folder, socketName)
	for path, content := range map[string]string{filepath.Join(folder, PlaceFile): socket + "\n", socket: ""} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	client, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Live(t.Context()); !errors.Is(err, ErrNoLoad) {
		t.Errorf("a socket without a process: %v", err)
	}
	steer(t, folder, load.NewValve(load.Limits{}))
}

func TestTheFolderOfAKilledRunGoesWithTheNextOne(t *testing.T) {
	t.Parallel()
	state := t.TempDir()
	ours, err := os.MkdirTemp("", folderPrefix)
	if err != nil {
		t.Fatal(err)
	}
	others := t.TempDir()
	for left, stays := range map[string]bool{ours: false, others: true} {
		if err := os.WriteFile(filepath.Join(state, PlaceFile), []byte(filepath.Join(left, socketName)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		server, err := Serve(state, load.NewValve(load.Limits{}))
		if err != nil {
			t.Fatal(err)
		}
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(left); (err == nil) != stays {
			t.Errorf("%s: %v, want it to stay: %v", left, err, stays)
		}
	}
}
