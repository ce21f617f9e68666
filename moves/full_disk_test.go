package moves

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/faults"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// flooded are versions with a flood stage; the first runs every day: it refuses at once, where later ones ask to try again.
var flooded = []struct {
	version string
	// lifts says that it lifts its block once there is room, takes that it takes settings in spite of the block.
	lifts, takes bool
}{{"6.8.23", false, false}, {"7.10.2", true, false}, {"8.15.5", true, true}, {"os2.19.3", true, false}, {"os3.3.0", true, false}}

func TestADiskThatIsFullWhenSettingsArePutBackLosesNothing(t *testing.T) {
	for i, row := range flooded {
		t.Run(row.version, func(t *testing.T) {
			if i > 0 {
				labtest.Rare(t, "all of "+row.version)
			}
			diskFullAtTheEnd(t, row.version, row.lifts, row.takes)
		})
	}
}

// diskFullAtTheEnd lets a real node find its disk full between the last document and the settings that follow it.
func diskFullAtTheEnd(t *testing.T, version string, lifts, takes bool) {
	const index, documents = "nginx-access-2017.09.10", 600
	folder := t.TempDir()
	source, target := labtest.Node(t, "5.5.2", folder), newDisk(t, version, index, folder)
	if _, err := lab.Generate(t.Context(), source.URL(), "5.5.2", lab.Data{Seed: 4, NginxDocs: documents, Days: 1}); err != nil {
		t.Fatal(err)
	}
	var changes, bodies atomic.Int64
	proxy, err := faults.Start(target.url, func(_ int, request *http.Request) faults.Fault {
		switch {
		case strings.HasSuffix(request.URL.Path, "/_bulk"):
			bodies.Add(1)
		case request.Method == http.MethodPut && request.URL.Path == "/"+index+"/_settings" && changes.Add(1) == 2: // the first loosens them
			target.free("1pb")
			target.waitForBlock(true)
		}
		return faults.Fault{}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Stop(); err != nil {
			t.Error(err)
		}
	})
	config := filepath.Join(folder, "migration.yaml")
	labtest.WriteFile(t, config, fmt.Sprintf("source: {url: %s}\ntarget: {url: %s}\nrepository: {type: fs, location: %s}\nindices: {include: [%s], routes: {%s: backfill}}\ncutover: {quiet: 1s}\n", source.URL(), proxy.URL(), filepath.Join(folder, "repository"), index, index))
	if code, output := program.Attempt(t, nil, "plan", "-c", config, "--yes"); code != exitDone {
		t.Fatalf("plan: %d\n%s", code, output)
	}
	if !takes {
		program.Refused(t, nil, exitFailed, []string{"put the settings of " + index + " back", "make room", "read_only_allow_delete"}, "apply", "-c", config, "--yes")
		if loaded := bodies.Swap(0); loaded == 0 {
			t.Error("nothing was sent before")
		}
		program.Refused(t, nil, exitFailed, []string{"loosen the settings of " + index, "make room"}, "apply", "-c", config, "--yes")
		target.free("1kb")
		if !lifts {
			labtest.Call(t, http.MethodPut, target.url+"/_all/_settings", `{"index.blocks.read_only_allow_delete":null}`)
		}
		target.waitForBlock(false)
	}
	if code, output := program.Attempt(t, nil, "apply", "-c", config, "--yes"); code != exitDone {
		t.Errorf("apply: %d\n%s", code, output)
	}
	if again := bodies.Load(); again > 0 && !takes {
		t.Errorf("%d bodies were sent again", again)
	}
	if settings := labtest.Get(t, target.url+"/"+index+"/_settings"); !strings.Contains(settings, `"refresh_interval":"5s"`) {
		t.Errorf("its own settings are not back: %s", settings)
	}
	if proof := readProof(t, config); !proof.Holds || proof.Documents != documents {
		t.Errorf("%d documents: %+v", proof.Documents, proof.Rows)
	}
}

// disk is that of a real node, as far as the node looks at it for an index.
type disk struct {
	t          *testing.T
	url, index string
}

func newDisk(t *testing.T, version, index, folder string) disk {
	t.Helper()
	settings := map[string]string{"cluster.routing.allocation.disk.threshold_enabled": "true", "cluster.info.update.interval": "10s"}
	for _, stage := range []string{"low", "high", "flood_stage"} {
		settings["cluster.routing.allocation.disk.watermark."+stage] = "1kb" // this machine's own disk is not what is tried
	}
	return disk{t, labtest.NodeWith(t, lab.Options{Version: version, RepoDirs: []string{folder}, Settings: settings}).URL(), index}
}

// free says how much of it must be free.
func (d disk) free(bytes string) {
	const watermark = `"cluster.routing.allocation.disk.watermark.%s":"%s"`
	low, high, flood := fmt.Sprintf(watermark, "low", bytes), fmt.Sprintf(watermark, "high", bytes), fmt.Sprintf(watermark, "flood_stage", bytes)
	if status, answer := labtest.Ask(d.t, http.MethodPut, d.url+"/_cluster/settings", `{"transient":{`+low+","+high+","+flood+"}}"); status != http.StatusOK {
		d.t.Errorf("%d %s", status, answer)
	}
}

func (d disk) waitForBlock(wanted bool) {
	const patience = 2 * time.Minute
	for began := time.Now(); ; time.Sleep(100 * time.Millisecond) {
		if strings.Contains(labtest.Get(d.t, d.url+"/"+d.index+"/_settings"), "read_only_allow_delete") == wanted {
			return
		}
		if time.Since(began) > patience {
			d.t.Errorf("the block is in force: %t, for %s", !wanted, patience)
			return
		}
	}
}
