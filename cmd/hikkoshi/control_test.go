package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

func TestALoadIsWatchedPausedLimitedAndResumedWhileAnotherProcessRunsIt(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 4, NginxDocs: 1200, Days: 1}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {include: [nginx-access-*]}\nload: {max_rate: 10}\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	if code, output := program.Attempt(t, nil, "pause", "-c", config); code != exitRefused || !strings.Contains(output, "no load is running") {
		t.Errorf("pause without a load: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	type ended struct {
		code   int
		output string
	}
	done := make(chan ended, 1)
	go func() {
		code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes")
		done <- ended{code, output}
	}()
	live := waitForLive(t, config, func(live load.Live) bool { return live.Documents > 0 })
	if live.Throttle != "limited to 10 documents a second" || live.Limits.MaxRate != 10 {
		t.Errorf("%+v", live)
	}
	if code, output := program.Attempt(t, nil, "pause", "-c", config); code != exitDone || !strings.Contains(output, "held by: paused") {
		t.Fatalf("pause: %d\n%s", code, output)
	}
	paused := waitForLive(t, config, func(live load.Live) bool { return live.InFlight == 0 })
	time.Sleep(3 * time.Second) // thirty documents at the limit's rate
	if later := waitForLive(t, config, func(load.Live) bool { return true }); later.Documents != paused.Documents {
		t.Errorf("a paused load went from %d to %d documents", paused.Documents, later.Documents)
	}
	if code, output := program.Attempt(t, nil, "limit", "-c", config, "--max-rate", "0", "--max-bodies", "3"); code != exitDone {
		t.Errorf("limit: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "limit", "-c", config, "--cpu", "300"); code != exitFailed || !strings.Contains(output, "percentages") {
		t.Errorf("a limit that cannot be meant: %d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "resume", "-c", config); code != exitDone {
		t.Errorf("resume: %d\n%s", code, output)
	}
	end := <-done
	if end.code != exitDone || !strings.Contains(end.output, "paused") {
		t.Errorf("apply: %d\n%s", end.code, end.output)
	}
	if proof := readProof(t, filepath.Join(folder, ".hikkoshi", "migration", "proof.json")); !proof.Holds {
		t.Errorf("%+v", proof.Rows)
	}
}

// waitForLive asks for the status until a load runs and satisfies.
func waitForLive(t *testing.T, config string, satisfies func(load.Live) bool) load.Live {
	t.Helper()
	for began := time.Now(); time.Since(began) < 3*time.Minute; time.Sleep(200 * time.Millisecond) {
		code, output := program.Attempt(t, nil, "status", "-c", config, "--json")
		if code != exitDone {
			t.Fatalf("status: %d\n%s", code, output)
		}
		var report statusReport
		if at := strings.Index(output, "{"); at >= 0 && json.Unmarshal([]byte(output[at:]), &report) == nil && report.Live != nil && satisfies(*report.Live) {
			return *report.Live
		}
	}
	t.Fatal("the load did not come so far in three minutes")
	return load.Live{}
}
