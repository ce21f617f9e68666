package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

const (
	fleetIndices   = 12
	fleetDocuments = 90 // of each index; every third has an id that the target refuses
	fleetToken     = "only-for-tests-0123456789"
)

func TestWorkersObeyPauseAndLimitsAndWhatTheySetAsideIsTheLeadersToTellAndToSendAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	aside := fillLongIDs(t, source.URL())
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\naccept: [long-id]\nload: {max_rate: 30}\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository"))
	labtest.WriteFile(t, config, text)
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone && code != exitFindings {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	address := fmt.Sprintf("127.0.0.1:%d", labtest.FreePorts(t, 1)[0])
	workers := []*playing{play(t, "worker", "--nats", "nats://"+address), play(t, "worker", "--nats", "nats://"+address)}
	leader := play(t, "apply", "-c", config, "--yes", "--listen", address)

	waitForWorkers(t, config, leader, func(one load.Live) bool { return one.Documents > 0 && one.Refused > 0 })
	if code, output := program.Attempt(t, nil, "pause", "-c", config); code != exitDone {
		t.Fatalf("pause: %d\n%s", code, output)
	}
	paused := waitForWorkers(t, config, leader, func(one load.Live) bool { return one.Throttle == "paused" && one.InFlight == 0 })
	time.Sleep(3 * time.Second) // ninety documents at the limit's rate
	if later := waitForWorkers(t, config, leader, func(load.Live) bool { return true }); later != paused {
		t.Errorf("paused workers went from %d to %d documents", paused, later)
	}
	if code, output := program.Attempt(t, nil, "limit", "-c", config, "--max-rate", "0", "--max-bodies", "3"); code != exitDone {
		t.Errorf("limit: %d\n%s", code, output)
	}
	waitForWorkers(t, config, leader, func(one load.Live) bool { return one.Limits.MaxBodies == 3 && one.Limits.MaxRate == 0 })
	if code, output := program.Attempt(t, nil, "resume", "-c", config); code != exitDone {
		t.Errorf("resume: %d\n%s", code, output)
	}
	if code := leader.wait(); code != exitFindings || !strings.Contains(leader.output.String(), fmt.Sprintf("%d documents are set aside", aside)) {
		t.Errorf("apply: %d\n%s", code, leader.output)
	}
	for _, worker := range workers {
		if code := worker.wait(); code != exitDone {
			t.Errorf("worker: %d\n%s", code, worker.output)
		}
	}
	quarantine, err := os.ReadFile(filepath.Join(folder, ".hikkoshi", "migration", steps.QuarantineFile))
	if err != nil || bytes.Count(quarantine, []byte("\n")) != aside {
		t.Fatalf("the quarantine holds %d lines, want %d: %v", bytes.Count(quarantine, []byte("\n")), aside, err)
	}

	labtest.WriteFile(t, config, text+"transform: {long_ids: hash}\n")
	code, output := program.Attempt(t, nil, "redrive", "-c", config, "--json")
	var report redriveReport
	if at := strings.Index(output, "{\n"); code != exitDone || at < 0 || json.Unmarshal([]byte(output[at:]), &report) != nil || report.Written != int64(aside) || report.Left != 0 {
		t.Errorf("redrive: %d %+v\n%s", code, report, output)
	}
	if code, output := program.Attempt(t, nil, "verify", "-c", config); code != exitDone {
		t.Errorf("verify: %d\n%s", code, output)
	}
	proof := readProof(t, filepath.Join(folder, ".hikkoshi", "migration", "proof.json"))
	if !proof.Holds || proof.Documents != fleetIndices*fleetDocuments {
		t.Errorf("the proof of %d documents: %+v", proof.Documents, proof.Rows)
	}
}

// fillLongIDs writes small indices, and gives how many of their ids are longer than 512 bytes.
func fillLongIDs(t *testing.T, source string) (long int) {
	t.Helper()
	var body strings.Builder
	for index := range fleetIndices {
		labtest.Call(t, http.MethodPut, fmt.Sprintf("%s/shared-%d", source, index), `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
		for number := range fleetDocuments {
			id := fmt.Sprint(number)
			if number%3 == 2 {
				id += strings.Repeat("i", 600)
				long++
			}
			fmt.Fprintf(&body, "{\"index\":{\"_index\":\"shared-%d\",\"_type\":\"event\",\"_id\":%q}}\n{\"n\": %d.50}\n", index, id, number)
		}
	}
	if answer := labtest.Call(t, http.MethodPost, source+"/_bulk?refresh=true", body.String()); !strings.Contains(answer, `"errors":false`) {
		t.Fatalf("%.500s", answer)
	}
	return long
}

// playing is the program as a process that runs beside the test.
type playing struct {
	command *exec.Cmd
	output  *bytes.Buffer
	done    chan struct{}
}

func play(t *testing.T, arguments ...string) *playing {
	t.Helper()
	p := &playing{command: exec.CommandContext(t.Context(), os.Args[0], arguments...), output: &bytes.Buffer{}, done: make(chan struct{})}
	p.command.Env = append(os.Environ(), playHikkoshi+"=1", tokenEnvironment+"="+fleetToken)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.command.Wait() // its exit code tells
		close(p.done)
	}()
	t.Cleanup(func() { <-p.done }) // the test's context ends it
	return p
}

// wait gives the exit code.
func (p *playing) wait() int {
	<-p.done
	return p.command.ProcessState.ExitCode()
}

// waitForWorkers asks for the status until the leader and both workers satisfy, and gives how many documents they have sent.
func waitForWorkers(t *testing.T, config string, leader *playing, satisfies func(load.Live) bool) int64 {
	t.Helper()
	var last string
	for began := time.Now(); time.Since(began) < 2*time.Minute; time.Sleep(200 * time.Millisecond) {
		select {
		case <-leader.done:
			t.Fatalf("the leader ended:\n%s", leader.output)
		default:
		}
		code, output := program.Attempt(t, nil, "status", "-c", config, "--json")
		if code != exitDone {
			t.Fatalf("status: %d\n%s", code, output)
		}
		last = output
		var report statusReport
		if at := strings.Index(output, "{"); at < 0 || json.Unmarshal([]byte(output[at:]), &report) != nil {
			continue
		}
		satisfied, documents := 0, int64(0)
		for _, worker := range report.Workers {
			if status, err := steps.ReadWorkerStatus(worker); err == nil && satisfies(status.Live) {
				satisfied++
				documents += status.Live.Documents
			}
		}
		if satisfied == 3 {
			return documents
		}
	}
	t.Fatalf("the workers did not come so far:\n%s", last)
	return 0
}
