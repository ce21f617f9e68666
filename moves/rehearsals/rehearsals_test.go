package rehearsals

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/steps"
)

// verified wants everything that was moved on the target as on the source, but for some indices.
func verified(t *testing.T, rehearsal *steps.Rehearsal, but ...string) {
	t.Helper()
	for _, row := range rehearsal.Rows {
		if wrong := slices.Contains(but, row.Source); row.Verified() == wrong {
			t.Errorf("%s: verified is %t: %s %+v %+v", row.Source, row.Verified(), row.Failed, row.Proof, row.Values)
		}
	}
}

func rehearsalOf(t *testing.T, rehearsal *steps.Rehearsal, index string) steps.RehearsalRow {
	t.Helper()
	for _, row := range rehearsal.Rows {
		if row.Source == index {
			return row
		}
	}
	t.Fatalf("%s was not rehearsed", index)
	return steps.RehearsalRow{}
}

func clientOf(t *testing.T, node *lab.Node) *cluster.Client {
	t.Helper()
	client, err := cluster.New(cluster.Config{URL: node.URL()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// scratchOn lists scratch indices, "" where there are none.
func scratchOn(t *testing.T, url string) string {
	t.Helper()
	return strings.Join(strings.Fields(labtest.Get(t, url+"/_cat/indices/hikkoshi-rehearsal-*?h=index&s=index")), " ")
}

func TestARehearsalOfEveryOddDocumentIsVerifiedAndLeavesNothing(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "2.3.2", "7.10.2", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "2.3.2", lab.Data{Seed: 3, NginxDocs: 300, Days: 2, Odd: true}); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\naccept: [es5_timestamp, no-source, stored-metadata]\n", source.URL(), target.URL())
	labtest.WriteFile(t, config, text+fmt.Sprintf("indices: {closed: skip}\nrepository: {type: fs, location: %s}\n", filepath.Join(folder, "repository")))
	const sourceState = "/_cat/indices?h=index,docs.count,docs.deleted,status"
	before := labtest.Get(t, source.URL()+sourceState)
	code, output := program.Attempt(t, nil, "plan", "-c", config, "--rehearse", "--yes")
	if code != exitFindings || !strings.Contains(output, "long_ids: hash") || strings.Contains(output, "redrive") {
		t.Errorf("one document has an id that the target refuses: %d\n%s", code, output)
	}
	rehearsal := readRehearsal(t, config)
	verified(t, rehearsal)
	if rehearsal.Moved != 857 || rehearsal.Aside != 1 || rehearsal.Total.Documents != 857 || rehearsal.Total.Stored.Likely < 500e3 || rehearsal.DiskFree == 0 {
		t.Errorf("%+v", rehearsal)
	}
	if left := scratchOn(t, target.URL()); left != "" {
		t.Errorf("scratch indices are left: %s", left)
	}
	if after := labtest.Get(t, source.URL()+sourceState); after != before {
		t.Errorf("the source is another:\n%s\n%s", before, after)
	}

	t.Run("what the target refuses or changes is told", func(t *testing.T) {
		labtest.WriteFile(t, config, text+fmt.Sprintf("transform: {rules: [{index: teams, split: team}]}\nindices: {include: [crowded, five, teams]}\nrepository: {type: fs, location: %s}\n", filepath.Join(folder, "repository")))
		labtest.Call(t, http.MethodPut, source.URL()+"/crowded", `{"settings":{"number_of_shards":1,"number_of_replicas":0},"mappings":{"doc":{"properties":{"members":{"type":"nested"}}}}}`)
		labtest.Call(t, http.MethodPut, source.URL()+"/crowded/doc/many", `{"members":[`+strings.Repeat(`{"n":1},`, 10_000)+`{"n":2}]}`)
		labtest.Call(t, http.MethodPut, source.URL()+"/crowded/doc/few", `{"members":[{"n":1}]}`)
		labtest.Call(t, http.MethodPut, source.URL()+"/teams", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
		for i, team := range []string{"red", "blue", "red"} {
			labtest.Call(t, http.MethodPut, fmt.Sprintf("%s/teams/doc/%d", source.URL(), i), fmt.Sprintf(`{"team":%q}`, team))
		}
		labtest.Call(t, http.MethodPost, source.URL()+"/_refresh", "")
		labtest.Call(t, http.MethodPut, target.URL()+"/_template/forgetful", `{"index_patterns":["*.five"],"mappings":{"_source":{"excludes":["t"]}}}`)
		code, output := program.Attempt(t, nil, "plan", "-c", config, "--rehearse", "--yes")
		for _, part := range []string{"index.mapping.nested_objects.limit", "crowded (many)", "five: "} {
			if code != exitFindings || !strings.Contains(output, part) {
				t.Errorf("%d, without %q:\n%s", code, part, output)
			}
		}
		rehearsal := readRehearsal(t, config)
		verified(t, rehearsal, "five")
		if row := rehearsalOf(t, rehearsal, "crowded"); row.Moved != 2 || row.Aside != 1 || row.Proof.Target.Documents != 1 {
			t.Errorf("%+v", row)
		}
	})
	t.Run("the parts of an index that is split are rehearsed as parts", func(t *testing.T) {
		row := rehearsalOf(t, readRehearsal(t, config), "teams")
		if row.Moved != 3 || row.Proof.Target.Documents != 3 || len(row.Scratch) != 3 || !slices.Contains(row.Scratch, "hikkoshi-rehearsal-migration.teams-blue") {
			t.Errorf("%+v", row)
		}
		if left := scratchOn(t, target.URL()); left != "" {
			t.Errorf("scratch indices are left: %s", left)
		}
		labtest.Call(t, http.MethodDelete, source.URL()+"/teams", "")
	})
	t.Run("a source without a snapshot is read through its search API", func(t *testing.T) {
		config := filepath.Join(folder, "other.yaml")
		labtest.WriteFile(t, config, "name: other\n"+text+"indices: {closed: skip, exclude: [nosource]}\nrepository: {type: none}\n")
		code, output := program.Attempt(t, nil, "plan", "-c", config, "--rehearse", "--yes")
		if code != exitFindings {
			t.Errorf("%d\n%s", code, output)
		}
		rehearsal := readRehearsal(t, config)
		verified(t, rehearsal, "five")
		if rehearsal.Moved != 839 || rehearsal.Snapshot != "" {
			t.Errorf("%+v", rehearsal)
		}
	})
}

func TestARehearsalKilledAnywhereIsCleanedUpAndForetellsTheLoad(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Pair(t, "5.5.2", "os2.19.3", folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "5.5.2", lab.Data{Seed: 4, NginxDocs: 60_000, Days: 1}); err != nil {
		t.Fatal(err)
	}
	// How much of an index is moved at the least depends on its size, which the source tells late.
	for counted := clientOf(t, source); ; time.Sleep(time.Second) {
		stats, err := counted.Stats(t.Context(), "nginx-access-2017.09.10")
		if err != nil {
			t.Fatal(err)
		}
		if stats["nginx-access-2017.09.10"].Bytes > 10e6 {
			break
		}
	}
	config := filepath.Join(folder, "migration.yaml")
	text := fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\ncutover: {quiet: 1s}\n", source.URL(), target.URL())
	repository := fmt.Sprintf("repository: {type: fs, location: %s}\n", filepath.Join(folder, "repository"))
	labtest.WriteFile(t, config, text+repository)
	// Of another migration, whose name begins as ours does.
	const strangers = "hikkoshi-rehearsal-migration-2.logs"
	labtest.Call(t, http.MethodPut, target.URL()+"/"+strangers, `{"settings":{"number_of_replicas":0}}`)

	arguments := []string{"plan", "-c", config, "--rehearse", "--yes", "--share", "10%"}
	if _, kills := program.UntilDone(t, nil, 1, arguments...); kills < 5 {
		t.Errorf("killed only %d times: the snapshot is not in the journal", kills)
	}
	rehearsal := readRehearsal(t, config)
	verified(t, rehearsal)
	for _, row := range rehearsal.Rows {
		t.Logf("%s: %+v %+v", row.Source, row.Measured, row.Forecast)
	}
	if row := rehearsalOf(t, rehearsal, "nginx-access-2017.09.10"); row.Moved < 6000 || row.Moved > 30_000 || row.Measured.Whole || row.Forecast.Documents != 60_000 {
		t.Errorf("%+v", row)
	}

	signalled := func(signal os.Signal) error {
		command := exec.CommandContext(t.Context(), program.Path, "plan", "-c", config, "--rehearse", "--yes", "--share", "1.0")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- command.Wait() }()
		for scratchOn(t, target.URL()) == strangers {
			select {
			case err := <-ended:
				t.Fatalf("it ended before it made anything: %v", err)
			case <-time.After(time.Millisecond):
			}
		}
		if err := command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		return <-ended
	}
	var exit *exec.ExitError
	if err := signalled(os.Interrupt); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted || scratchOn(t, target.URL()) != strangers {
		t.Errorf("stopped by a person: %v, left: %s", err, scratchOn(t, target.URL()))
	}
	if err := signalled(os.Kill); err == nil || scratchOn(t, target.URL()) == strangers {
		t.Fatalf("it was killed too late: %v", err)
	}
	code, output := program.Attempt(t, nil, append(arguments, "--keep")...)
	if code != exitDone || !strings.Contains(output, "deleted what an earlier rehearsal left") {
		t.Errorf("%d\n%s", code, output)
	}
	rehearsal = readRehearsal(t, config)
	verified(t, rehearsal)
	if kept := scratchOn(t, target.URL()); kept != strings.Join(append(rehearsal.Kept, strangers), " ") && kept != strings.Join(append([]string{strangers}, rehearsal.Kept...), " ") || len(rehearsal.Kept) != 2 {
		t.Errorf("kept: %v, on the target: %s", rehearsal.Kept, kept)
	}

	t.Run("status and plan tell of it, and whether the plan is another", func(t *testing.T) {
		if code, output := program.Attempt(t, nil, "status", "-c", config); code != exitDone || !strings.Contains(output, "last rehearsal: ") || strings.Contains(output, "has changed since") {
			t.Errorf("%d\n%s", code, output)
		}
		labtest.WriteFile(t, config, text+repository+"transform: {long_ids: hash}\n")
		if _, output := program.Attempt(t, nil, "plan", "-c", config); !strings.Contains(output, "the plan has changed since") {
			t.Errorf("%s", output)
		}
		labtest.WriteFile(t, config, text+repository)
		if _, output := program.Attempt(t, nil, "plan", "-c", config); !strings.Contains(output, "last rehearsal: ") || strings.Contains(output, "has changed since") {
			t.Errorf("%s", output)
		}
	})
	t.Run("through the search API a share is read, and not more", func(t *testing.T) {
		other := filepath.Join(folder, "other.yaml")
		labtest.WriteFile(t, other, "name: other\n"+text+"repository: {type: none}\n")
		if code, output := program.Attempt(t, nil, "plan", "-c", other, "--rehearse", "--yes", "--share", "0.1"); code != exitDone {
			t.Errorf("%d\n%s", code, output)
		}
		rehearsal := readRehearsal(t, other)
		verified(t, rehearsal)
		if row := rehearsalOf(t, rehearsal, "nginx-access-2017.09.10"); row.Moved < 5500 || row.Moved > 6500 || row.Forecast.Seconds.Low < 12 {
			t.Errorf("%+v", row)
		}
	})

	program.Killed(t, nil, 0, "apply", "-c", config, "--yes", "-q")
	proof, err := steps.LoadProof(wantedIn(t, config))
	if err != nil || !proof.Holds || proof.Documents != rehearsal.Total.Documents {
		t.Errorf("the load moved %d documents, the rehearsal foretold %d", proof.Documents, rehearsal.Total.Documents)
	}
	var stored float64
	loaded := clientOf(t, target)
	for _, row := range rehearsal.Rows {
		found, err := loaded.SegmentBytes(t.Context(), row.Source)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: foretold %+v, found %d", row.Source, row.Forecast.Primaries, found)
		stored += float64(found)
	}
	if total := rehearsal.Total.Primaries; stored < 0.9*total.Low || stored > 1.1*total.High {
		t.Errorf("foretold %+v bytes, found %.0f", total, stored)
	}

	program.Killed(t, nil, 0, "rollback", "-c", config, "--yes", "-q")
	if left := scratchOn(t, target.URL()); left != strangers {
		t.Errorf("rollback left %s", left)
	}
	if repositories := labtest.Get(t, source.URL()+"/_snapshot"); strings.Contains(repositories, "hikkoshi") {
		t.Errorf("rollback left the repository: %s", repositories)
	}
}

func TestATargetThatDoesNotReachTheRepositoryIsToldByARehearsal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	source, target := labtest.Node(t, "2.3.2", folder), labtest.Node(t, "5.5.2")
	labtest.Call(t, http.MethodPut, source.URL()+"/logs", `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`)
	labtest.Call(t, http.MethodPut, source.URL()+"/logs/event/1?refresh=true", `{"a":1}`)
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\n", source.URL(), target.URL(), filepath.Join(folder, "repository")))
	code, output := program.Attempt(t, nil, "plan", "-c", config, "--rehearse", "--yes")
	if code != exitFindings || !strings.Contains(output, "logs could not be restored, and so the others will not be") || !strings.Contains(output, "path.repo") {
		t.Errorf("%d\n%s", code, output)
	}
	rehearsal := readRehearsal(t, config)
	verified(t, rehearsal)
	if left := scratchOn(t, target.URL()); left != "" || rehearsal.Untimed == 0 {
		t.Errorf("%s %+v", left, rehearsal)
	}
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--rehearse", "--share", "2"); code != exitWrongUse || !strings.Contains(output, "--share 2") {
		t.Errorf("%d\n%s", code, output)
	}
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--rehearse"); code != exitRefused || !strings.Contains(output, "add --yes") {
		t.Errorf("%d\n%s", code, output)
	}
}
