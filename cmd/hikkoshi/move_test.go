package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/migration"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// hikkoshi runs the program in this process, as main does, and gives its exit code.
func hikkoshi(t *testing.T, arguments ...string) int {
	t.Helper()
	t.Logf("hikkoshi %s", strings.Join(arguments, " "))
	return run(arguments)
}

func TestTheClassicMoveBetweenTwoRealClustersLosesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	repository := filepath.Join(folder, "repository")
	source, target := labtest.Pair(t, "2.3.2", "5.5.2", folder)
	summary, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 1, NginxDocs: 2000, Days: 2, Kibana: true})
	if err != nil {
		t.Fatal(err)
	}
	labtest.Call(t, http.MethodPost, target.URL()+"/.kibana/config/5.5.2", `{"buildNum":15524}`)
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\ncutover: {quiet: 2s}\n", source.URL(), target.URL(), repository))
	if code := hikkoshi(t, "doctor", "-c", config); code != exitFindings {
		t.Errorf("doctor: %d, want %d: no writers are named", code, exitFindings)
	}
	if code := hikkoshi(t, "plan", "-c", config, "--rehearse", "--yes"); code != exitDone {
		t.Fatalf("plan --rehearse: exit code %d", code)
	}
	wanted, err := migration.Load(config)
	if err != nil {
		t.Fatal(err)
	}
	rehearsal, err := steps.LoadRehearsal(wanted)
	if err != nil || !rehearsal.Good() {
		t.Fatalf("%+v %v", rehearsal, err)
	}
	if trial := rehearsal.Restored; trial == nil || trial.Failed != "" || trial.Documents == 0 || trial.Bytes == 0 || rehearsal.Untimed != 0 || rehearsal.Total.Seconds == nil {
		t.Errorf("%+v %+v", trial, rehearsal.Total)
	}
	if left := labtest.Get(t, target.URL()+"/_cat/indices/hikkoshi-rehearsal-*?h=index"); left != "" {
		t.Errorf("scratch indices are left: %s", left)
	}
	if rehearsal.Moved == 0 || rehearsal.Total.Documents != int64(summary.Documents["nginx-access-2017.09.10"]+summary.Documents["nginx-access-2017.09.11"]+summary.Documents["nginx-error-2017.09.10"]+summary.Documents["nginx-error-2017.09.11"]) {
		t.Errorf("%+v", rehearsal)
	}
	for _, verb := range []string{"plan", "apply", "status", "verify"} {
		if code := hikkoshi(t, verb, "-c", config, "--yes"); code != exitDone {
			t.Fatalf("%s: exit code %d", verb, code)
		}
	}
	labtest.Call(t, http.MethodPost, source.URL()+"/nginx-access-2017.09.10/access/late-1", `{"message":"written after the snapshot","@timestamp":"2017-09-10T23:59:59Z"}`)
	if code := hikkoshi(t, "verify", "-c", config); code != exitFindings {
		t.Errorf("verify with a lag: %d, want %d", code, exitFindings)
	}
	if code := hikkoshi(t, "retire", "-c", config, "--yes"); code != exitRefused {
		t.Errorf("retire before cutover: %d, want %d", code, exitRefused)
	}
	if code := hikkoshi(t, "cutover", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("cutover: %d", code)
	}
	proof := readProof(t, filepath.Join(folder, ".hikkoshi", "migration", "proof.json"))
	if !proof.Holds || proof.Documents < int64(summary.Total()-20) {
		t.Errorf("proof: %+v, generated %d", proof, summary.Total())
	}
	labtest.Call(t, http.MethodPost, target.URL()+"/nginx-access-2017.09.10/access/on-target", `{"message":"written after cutover"}`)
	if code := hikkoshi(t, "rollback", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("rollback: %d", code)
	}
	labtest.Call(t, http.MethodGet, source.URL()+"/nginx-access-2017.09.10/access/on-target", "")
	if code := hikkoshi(t, "cutover", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("second cutover: %d", code)
	}
	if code := hikkoshi(t, "retire", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("retire: %d", code)
	}
	if snapshots := labtest.Get(t, source.URL()+"/_snapshot/hikkoshi/_all"); strings.Contains(snapshots, "migration-rehearsal") || !strings.Contains(snapshots, "migration-final") {
		t.Errorf("after retire: %s", snapshots)
	}
}

func readProof(t *testing.T, path string) steps.Proof {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var proof steps.Proof
	if err := json.Unmarshal(content, &proof); err != nil {
		t.Fatal(err)
	}
	return proof
}
