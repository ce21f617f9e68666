package load

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/lab"
	"github.com/hikkoshi/hikkoshi/internal/lab/faults"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
	"github.com/hikkoshi/hikkoshi/internal/lab/s3gateway"
	"github.com/hikkoshi/hikkoshi/internal/recordings"
	"github.com/hikkoshi/hikkoshi/snapshot"
	"github.com/hikkoshi/hikkoshi/snapshot/s3store"
)

// events is a feed of numbered documents of a real shape for one index.
type events struct {
	index     string
	documents int
}

func (e events) Each(_ context.Context, from int64, visit func(int64, *es.Document) error) error {
	for i := from; i < int64(e.documents); i++ {
		source := fmt.Appendf(nil, `{"number":%d,"text":"event %d of many"}`, i, i)
		if err := visit(i+1, &es.Document{Index: e.index, Type: "event", ID: fmt.Sprint("e", i), Version: 7, Source: source}); err != nil {
			return err
		}
	}
	return nil
}

func connect(t *testing.T, address string) *cluster.Client {
	t.Helper()
	client, err := cluster.New(cluster.Config{URL: address, Timeout: 20 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// makeIndex makes an index of five shards without replicas.
func makeIndex(t *testing.T, client *cluster.Client, name string) {
	t.Helper()
	body := `{"settings":{"index":{"number_of_shards":5,"number_of_replicas":0}}}`
	if err := client.CreateIndex(t.Context(), name, []byte(body)); err != nil {
		t.Fatal(err)
	}
}

// smallBodies is a job whose bodies hold a hundred documents, so that a few thousand make many.
func smallBodies(client *cluster.Client) *Job {
	job := &Job{Target: client, Valve: NewValve(Limits{})}
	job.Valve.portion.Store(100)
	return job
}

// arrived wants every document on the target once, with its version.
func arrived(t *testing.T, client *cluster.Client, feed events, outcome Outcome) {
	t.Helper()
	if outcome.Sent != int64(feed.documents) || outcome.Aside != 0 || outcome.Written+outcome.Existing != outcome.Sent {
		t.Errorf("%d sent, %d written, %d there already, %d set aside", outcome.Sent, outcome.Written, outcome.Existing, outcome.Aside)
	}
	if err := client.Refresh(t.Context(), feed.index); err != nil {
		t.Fatal(err)
	}
	found := map[string]int{}
	_, err := client.Scan(t.Context(), feed.index, cluster.ScanOptions{Shard: cluster.AllShards}, func(document es.Document) error {
		found[document.ID]++
		if number := strings.TrimPrefix(document.ID, "e"); document.Version != 7 || string(document.Source) != fmt.Sprintf(`{"number":%s,"text":"event %s of many"}`, number, number) {
			t.Errorf("%s is version %d: %s", document.ID, document.Version, document.Source)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != feed.documents {
		t.Errorf("%d of %d documents arrived", len(found), feed.documents)
	}
}

// heard gathers every reason a valve told.
func heard(valve *Valve) func() string {
	var mutex sync.Mutex
	var told []string
	valve.OnThrottle(func(reason string) {
		mutex.Lock()
		defer mutex.Unlock()
		told = append(told, reason)
	})
	return func() string {
		valve.OnThrottle(nil)
		mutex.Lock()
		defer mutex.Unlock()
		return strings.Join(told, "\n")
	}
}

func TestALoadOutlivesWhatHappensToItsTarget(t *testing.T) {
	// 1.x is not among them: it writes its journal of changes every five seconds, so a killed one loses what it had acknowledged.
	for _, version := range []string{"7.10.2", "2.3.2", "5.5.2", "6.8.23", "os2.19.3", "8.15.5", "os3.3.0"} {
		t.Run(version, func(t *testing.T) {
			if version != "7.10.2" {
				labtest.Rare(t, "all of "+version)
			}
			outliveOn(t, version)
		})
	}
}

// queueSettings give a node a write queue so short that a load meets real refusals.
func queueSettings(version string) map[string]string {
	switch version[:1] {
	case "2":
		return map[string]string{"threadpool.bulk.queue_size": "2"}
	case "5":
		return map[string]string{"thread_pool.bulk.queue_size": "2"}
	}
	return map[string]string{"thread_pool.write.queue_size": "2"}
}

func outliveOn(t *testing.T, version string) {
	// Before 5.0 the data lie in a folder of the cluster's name.
	options := lab.Options{Version: version, DataDir: t.TempDir(), ClusterName: "outlived", Settings: queueSettings(version)}
	node := labtest.NodeWith(t, options)
	direct := connect(t, node.URL())

	t.Run("a storm of refusals, lost and cut answers", func(t *testing.T) {
		feed := events{"storm", 1500}
		makeIndex(t, direct, feed.index)
		storm := []faults.Fault{
			{Status: http.StatusTooManyRequests, Body: `{"error":{"type":"es_rejected_execution_exception","reason":"storm"},"status":429}`},
			{Status: http.StatusServiceUnavailable, Body: `{"message":"AWS is busy"}`}, {Drop: true}, {Lose: true}, {Cut: 50},
			{Status: http.StatusBadGateway, Body: "<html>bad gateway</html>"},
			{Status: http.StatusInternalServerError, Body: `{"error":{"type":"null_pointer_exception","reason":"oops"},"status":500}`},
		}
		bulks := 0
		proxy, err := faults.Start(node.URL(), func(_ int, request *http.Request) faults.Fault {
			if request.URL.Path != "/_bulk" {
				return faults.Fault{}
			}
			if bulks++; bulks%3 == 0 {
				return faults.Fault{}
			}
			return storm[bulks%len(storm)]
		})
		if err != nil {
			t.Fatal(err)
		}
		job := smallBodies(connect(t, proxy.URL()))
		told := heard(job.Valve)
		outcome, err := job.Run(t.Context(), feed, 0, nil)
		if err := proxy.Stop(); err != nil {
			t.Error(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if proxy.Hurt() < 15 {
			t.Errorf("only %d requests were hurt", proxy.Hurt())
		}
		if words := told(); !strings.Contains(words, "429 es_rejected_execution_exception") {
			t.Errorf("told:\n%s", words)
		}
		arrived(t, direct, feed, outcome)
	})

	t.Run("a queue that is full", func(t *testing.T) {
		feed := events{"full", 4000}
		makeIndex(t, direct, feed.index)
		job := smallBodies(direct)
		job.Valve.allowed = mostBodies // as after a long calm
		outcome, err := job.Run(t.Context(), feed, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if live := job.Valve.Live(); live.Retries == 0 {
			t.Logf("the node took everything at once: %+v", live)
		}
		arrived(t, direct, feed, outcome)
	})

	t.Run("a disk that is full", func(t *testing.T) {
		feed := events{"disk", 3000}
		makeIndex(t, direct, feed.index)
		block := func(on any) {
			if err := direct.PutSettings(t.Context(), feed.index, map[string]any{blockOf(version): on}); err != nil {
				t.Error(err)
			}
		}
		block(true)
		job := smallBodies(direct)
		lifted := make(chan string, 1)
		go func() {
			for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(20 * time.Millisecond) {
				if live := job.Valve.Live(); strings.Contains(live.Throttle, "blocked") {
					time.Sleep(time.Second)
					block(false)
					lifted <- live.Throttle
					return
				}
			}
			lifted <- ""
		}()
		outcome, err := job.Run(t.Context(), feed, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		if why := <-lifted; !strings.Contains(why, "blocked for writing") {
			t.Errorf("it waited since %q", why)
		}
		arrived(t, direct, feed, outcome)
	})

	t.Run("documents that it refuses", func(t *testing.T) { refusalsOn(t, version, node.URL(), direct) })

	t.Run("a node that is killed and started again", func(t *testing.T) {
		feed := events{"restart", 6000}
		// An index that may forget, kept from it while it is loaded.
		forgetful := []byte(`{"settings":{"index.number_of_shards":5,"index.number_of_replicas":0,"index.translog.durability":"async","index.translog.sync_interval":"1h"}}`)
		if err := direct.CreateIndex(t.Context(), feed.index, forgetful); err != nil {
			t.Fatal(err)
		}
		if err := direct.PutSettings(t.Context(), feed.index, LooseSettings(forgetful)); err != nil {
			t.Fatal(err)
		}
		job := smallBodies(direct)
		job.Valve.SetLimits(Limits{MaxRate: 300}) // so that the node ends in the middle
		told := heard(job.Valve)
		restarted := make(chan error, 1)
		go func() {
			for job.Valve.Live().Documents < 1000 {
				time.Sleep(20 * time.Millisecond)
			}
			node.Kill()
			<-node.Done()
			job.Valve.SetLimits(Limits{}) // the rest goes at once
			again := options
			again.Port = portOf(node.URL())
			fresh, err := lab.Start(context.Background(), again)
			if err == nil {
				t.Cleanup(func() { _ = fresh.Stop(context.Background()) }) // the test has its verdict
			}
			restarted <- err
		}()
		outcome, err := job.Run(t.Context(), feed, 0, nil)
		if err := <-restarted; err != nil {
			t.Fatal(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if words := told(); !strings.Contains(words, "cannot be reached") {
			t.Errorf("told:\n%s", words)
		}
		arrived(t, direct, feed, outcome)
	})
}

// blockOf is the block that a full disk sets: before 6.0 a person sets another by hand.
func blockOf(version string) string {
	if version[:1] == "2" || version[:1] == "5" {
		return "index.blocks.write"
	}
	return "index.blocks.read_only_allow_delete"
}

func portOf(address string) int {
	var port int
	_, _ = fmt.Sscanf(address[strings.LastIndex(address, ":"):], ":%d", &port) // 0 fails the start
	return port
}

func TestABucketThatFailsStallsAndCutsLosesNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("starts versitygw, which is built by go install")
	}
	root := filepath.Join(t.TempDir(), "s3")
	recordings.Unpack(t, recordings.SmallFolder(t, "5.5.2"), filepath.Join(root, "bucket"))
	gateway, err := s3gateway.Start(t.Context(), s3gateway.Options{Root: root, AccessKey: "labkey", SecretKey: "labsecretlabsecret", Progress: func(text string) { t.Log(text) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gateway.Stop)
	trouble := []faults.Fault{{Status: http.StatusInternalServerError}, {Cut: 700}, {Slow: 20 * time.Millisecond}, {Status: http.StatusServiceUnavailable}, {Drop: true}}
	proxy, err := faults.Start(gateway.URL(), func(number int, _ *http.Request) faults.Fault {
		if number%3 != 0 {
			return faults.Fault{}
		}
		return trouble[number/3%len(trouble)]
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Stop(); err != nil {
			t.Error(err)
		}
	})
	config := &aws.Config{Region: s3gateway.DefaultRegion, Credentials: credentials.NewStaticCredentialsProvider("labkey", "labsecretlabsecret", "")}
	read := func(endpoint string) map[string]string {
		store, err := s3store.Open(t.Context(), "bucket", s3store.Options{Endpoint: endpoint, Config: config})
		if err != nil {
			t.Fatal(err)
		}
		repository, err := snapshot.Open(t.Context(), store, snapshot.Options{BasePath: "repo"})
		if err != nil {
			t.Fatal(err)
		}
		snapshots, err := repository.Snapshots(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		info := snapshots[len(snapshots)-1]
		target := &keeper{documents: map[string]string{}}
		job := &Job{Target: clientOf(t, target)}
		reader := export.NewReader(t.Context(), repository, info)
		for _, index := range info.Indices {
			units, err := SnapshotUnits(t.Context(), reader, index)
			if err != nil {
				t.Fatal(err)
			}
			for _, unit := range units {
				if _, err := job.Run(t.Context(), unit.Feed(reader), 0, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		return target.documents
	}
	truth, got := read(gateway.URL()), read(proxy.URL())
	if proxy.Hurt() < 20 || len(truth) == 0 {
		t.Errorf("%d requests were hurt, %d documents", proxy.Hurt(), len(truth))
	}
	if !maps.Equal(truth, got) {
		t.Errorf("%d documents through a bad network, %d through a good one: %v", len(got), len(truth), slices.Collect(maps.Keys(got))[:min(3, len(got))])
	}
}
