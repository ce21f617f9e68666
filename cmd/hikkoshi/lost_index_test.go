package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

func TestAnIndexThatTheTargetLosesWhileItIsLoadedIsToldAndLoadedAnew(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 4, NginxDocs: 600, Days: 1}); err != nil {
		t.Fatal(err)
	}
	const index = "nginx-access-2017.09.10"
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {include: [%s]}\nload: {max_rate: 40}\ncutover: {quiet: 1s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository"), index))
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	leader := play(t, "apply", "-c", config, "--yes")
	waitForLive(t, config, func(live load.Live) bool { return live.Documents > 0 })
	labtest.Call(t, http.MethodDelete, target.URL()+"/"+index, "")
	if code, output := program.Attempt(t, nil, "limit", "-c", config, "--max-rate", "0"); code != exitDone {
		t.Errorf("limit: %d\n%s", code, output)
	}
	if code := leader.wait(); code != exitFailed || !strings.Contains(leader.output.String(), "the target lost the index "+index) {
		t.Errorf("apply: %d\n%s", code, leader.output)
	}
	if code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes"); code != exitFailed || !strings.Contains(output, "delete "+index) {
		t.Errorf("apply with the other index: %d\n%s", code, output)
	}
	labtest.Call(t, http.MethodDelete, target.URL()+"/"+index, "")
	if code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes"); code != exitDone {
		t.Errorf("apply anew: %d\n%s", code, output)
	}
	if proof := readProof(t, filepath.Join(folder, ".hikkoshi", "migration", "proof.json")); !proof.Holds || proof.Documents != 600 {
		t.Errorf("%d documents: %+v", proof.Documents, proof.Rows)
	}
}
