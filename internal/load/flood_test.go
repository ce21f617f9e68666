package load

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// floodVersions have a flood stage; the first two run every day: 6.8 leaves its block in force, 7.10 lifts it.
var floodVersions = []string{"6.8.23", "7.10.2", "7.17.29", "8.15.5", "os1.3.20", "os2.19.3", "os3.3.0"}

func TestALoadWaitsWhileTheDiskOfItsTargetIsBeyondItsFloodStage(t *testing.T) {
	for i, version := range floodVersions {
		t.Run(version, func(t *testing.T) {
			if i > 1 {
				labtest.Rare(t, "all of "+version)
			}
			floodOn(t, version)
		})
	}
}

// floodOn lets a real node find its disk too full, block the index, and find room again.
func floodOn(t *testing.T, version string) {
	settings := map[string]string{"cluster.routing.allocation.disk.threshold_enabled": "true", "cluster.info.update.interval": "10s"}
	for name := range watermarks("") {
		settings[name] = "1kb" // this machine's own disk is not what is tried
	}
	node := labtest.NodeWith(t, lab.Options{Version: version, Settings: settings})
	direct := connect(t, node.URL())
	dialect, err := direct.Dialect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	feed := events{"flooded", 4000}
	makeIndex(t, direct, feed.index)
	job := smallBodies(direct)
	job.Valve.SetLimits(Limits{MaxRate: 20}) // minutes until the node has looked at its disk; the rest goes at once
	told := heard(job.Valve)
	mended := make(chan string, 1)
	go func() {
		mended <- floodAndMend(t, direct, job.Valve, feed.index, dialect.FloodPasses)
	}()
	outcome, err := job.Run(t.Context(), feed, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	why := <-mended
	if help := map[bool]string{true: "lifts the block by itself", false: "read_only_allow_delete\":null"}[dialect.FloodPasses]; !strings.Contains(why, "blocked for writing") || !strings.Contains(why, help) {
		t.Errorf("it waited because %q", why)
	}
	if live := job.Valve.Live(); strings.Contains(live.Throttle, "blocked") {
		t.Errorf("it still says %q", live.Throttle)
	}
	t.Log(told())
	arrived(t, direct, feed, outcome)
}

// watermarks say how much of a disk must be free.
func watermarks(bytes string) map[string]any {
	settings := map[string]any{}
	for _, stage := range []string{"low", "high", "flood_stage"} {
		settings["cluster.routing.allocation.disk.watermark."+stage] = bytes
	}
	return settings
}

// floodAndMend raises the flood stage above what is free, makes room when the load says why it waits, and gives that reason.
func floodAndMend(t *testing.T, direct *cluster.Client, valve *Valve, index string, passes bool) string {
	const patience = time.Minute
	free := func(bytes string) {
		if err := direct.PutClusterSettings(t.Context(), watermarks(bytes)); err != nil {
			t.Error(err)
		}
	}
	free("1pb")
	why := ""
	for began := time.Now(); !strings.Contains(why, "blocked") && time.Since(began) < patience; time.Sleep(50 * time.Millisecond) {
		why = valve.Live().Throttle
	}
	valve.SetLimits(Limits{}) // the rest goes at once
	free("1kb")
	if passes {
		return why
	}
	time.Sleep(11 * time.Second) // it looks at its disk again, and lifts nothing
	if settings, err := direct.Do(t.Context(), http.MethodGet, "/"+index+"/_settings", nil, nil); err != nil || !strings.Contains(string(settings.Body), "read_only_allow_delete") {
		t.Errorf("the block is gone: %v", err)
	}
	if err := direct.PutSettings(t.Context(), "_all", map[string]any{"index.blocks.read_only_allow_delete": nil}); err != nil {
		t.Error(err)
	}
	return why
}
