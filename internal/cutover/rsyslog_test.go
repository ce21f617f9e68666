package cutover

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// rsyslogConfig follows a file and sends its lines, as a machine with nginx does. Ids are the lines themselves.
const rsyslogConfig = `# shipped by hand
global(workDirectory="%[1]s")
module(load="imfile")
module(load="omelasticsearch")
template(name="json" type="list") {
  constant(value="{\"line\":\"")
  property(name="msg" format="json")
  constant(value="\"}")
}
template(name="id" type="string" string="%%msg%%")
input(type="imfile" File="%[2]s" Tag="nginx" reopenOnTruncate="on")
if $syslogtag == 'nginx' then action(type="omelasticsearch"
  server="127.0.0.1"
  serverport="%[3]s"  # the old cluster
  template="json" searchIndex="nginx-access-2016.01.01" searchType="access_log"
  bulkmode="on" bulkid="id" dynbulkid="on"
  queue.type="LinkedList" queue.filename="es" queue.saveOnShutdown="on"
  queue.size="100000" queue.timeoutEnqueue="600000" queue.timeoutActionCompletion="60000"
  action.resumeRetryCount="-1" errorfile="%[1]s/errors.json")
`

// realRsyslog is a running rsyslogd that follows a file.
type realRsyslog struct {
	folder, config, log, pidFile string
	start                        []string
}

func startRsyslog(t *testing.T, port string) realRsyslog {
	t.Helper()
	program, err := exec.LookPath("rsyslogd")
	if err != nil {
		program = "/usr/sbin/rsyslogd"
	}
	modules, err := filepath.Glob("/usr/lib/*/rsyslog/omelasticsearch.so")
	if _, missing := os.Stat(program); missing != nil || err != nil || len(modules) == 0 {
		t.Skip("needs the packages rsyslog and rsyslog-elasticsearch")
	}
	folder := t.TempDir()
	r := realRsyslog{folder: folder, config: filepath.Join(folder, "rsyslog.conf"), log: filepath.Join(folder, "access.log"), pidFile: filepath.Join(folder, "pid")}
	r.start = []string{program, "-f", r.config, "-i", r.pidFile}
	if err := os.WriteFile(r.config, fmt.Appendf(nil, rsyslogConfig, folder, r.log, port), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.log, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(r.start[0], r.start[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("start rsyslogd: %v\n%s", err, output)
	}
	t.Cleanup(func() {
		if pid, err := (Process{PIDFile: r.pidFile}).find(context.Background()); err == nil {
			if err := sendSignal(pid, "SIGTERM"); err != nil {
				t.Error(err)
			} else if err := awaitEnd(context.Background(), pid, time.Minute); err != nil {
				t.Error(err)
			}
		}
	})
	return r
}

// write appends so many numbered lines.
func (r realRsyslog) write(t *testing.T, from, count int) {
	file, err := os.OpenFile(r.log, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer file.Close()
	for n := range count {
		if _, err := fmt.Fprintf(file, "line%06d\n", from+n); err != nil {
			t.Error(err)
			return
		}
		if n%20 == 19 {
			time.Sleep(5 * time.Millisecond) // a steady load, so that the restart falls into its middle
		}
	}
}

// plainSearch is the search of a real cluster, as little of it as the tests need.
type plainSearch struct{ url string }

func (s plainSearch) search(ctx context.Context, parameters url.Values) (total int, places []Place, lines []string, err error) {
	for _, path := range []string{"/_refresh", "/_search?" + parameters.Encode()} {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
		if err != nil {
			return 0, nil, nil, err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, nil, nil, err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return 0, nil, nil, err
		}
		if answer.StatusCode == http.StatusServiceUnavailable {
			return 0, nil, nil, nil // the index was just made, and its shards are not started
		}
		if answer.StatusCode != http.StatusOK {
			return 0, nil, nil, fmt.Errorf("%s: %s: %s", path, answer.Status, body)
		}
		if path == "/_refresh" {
			continue
		}
		var found struct {
			Hits struct {
				Total int
				Hits  []struct {
					Index  string `json:"_index"`
					Type   string `json:"_type"`
					ID     string `json:"_id"`
					Source struct{ Line string }
				}
			}
		}
		if err := json.Unmarshal(body, &found); err != nil {
			return 0, nil, nil, err
		}
		total = found.Hits.Total
		for _, hit := range found.Hits.Hits {
			places = append(places, Place{Index: hit.Index, Type: hit.Type, ID: hit.ID})
			lines = append(lines, hit.ID)
		}
	}
	return total, places, lines, nil
}

func (s plainSearch) FindCanary(ctx context.Context, query string) ([]Place, error) {
	_, places, _, err := s.search(ctx, url.Values{"q": {query}, "lenient": {"true"}})
	return places, err
}

// lines gives the ids of all lines on a cluster.
func (s plainSearch) lines(t *testing.T) map[string]bool {
	t.Helper()
	const window = 10_000 // index.max_result_window
	_, _, ids, err := s.search(t.Context(), url.Values{"q": {"*"}, "size": {strconv.Itoa(window)}})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, id := range ids {
		if strings.HasPrefix(id, "line") {
			found[id] = true
		}
	}
	return found
}

func TestARealRsyslogMovesFromARealClusterToAnotherUnderLoadAndBackWithoutLosingALine(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes and a real rsyslogd")
	}
	from, to := labtest.Pair(t, "2.3.2", "5.5.2")
	source, target := plainSearch{from.URL()}, plainSearch{to.URL()}
	sourceURL, err := url.Parse(from.URL())
	if err != nil {
		t.Fatal(err)
	}
	r := startRsyslog(t, sourceURL.Port())
	before, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	adapter := &Rsyslog{
		Writer: Writer{
			ID: "web1", Config: r.config, Dir: filepath.Join(t.TempDir(), "state"),
			Source: Endpoint{URL: from.URL()}, Target: Endpoint{URL: to.URL(), Version: es.Version{Major: 5, Minor: 5, Patch: 2}},
			Process:         Process{PIDFile: r.pidFile},
			ValidateCommand: []string{r.start[0], "-N1", "-f", r.config},
			Proof:           &Proof{Sender: ToFile{Path: r.log, Line: CanaryMark}, Searcher: target},
		},
		StartCommand: r.start,
	}
	change, err := adapter.Show(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if MayFence([]Change{change}).Allowed {
		t.Error("a write block is allowed on rsyslog, which drops what is refused")
	}

	const half, most, lines = 2000, 5900, 6000
	r.write(t, 0, half)
	awaitLines(t, r, source, target, half)
	written := make(chan struct{})
	go func() {
		defer close(written)
		r.write(t, half, most-half)
	}()
	for _, step := range []func(context.Context) (State, error){adapter.Apply, adapter.Reload, adapter.Check} {
		if _, err := step(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	<-written
	r.write(t, most, lines-most) // behind the move in any case, should it have taken longer than the writing
	state, err := adapter.Check(t.Context())
	if err != nil || len(state.Canary.Found) == 0 || state.Canary.Found[0].Index != "nginx-access-2016.01.01" {
		t.Fatalf("checking again: %+v, %v", state, err)
	}
	old, moved := awaitLines(t, r, source, target, lines)
	if len(old) < half || len(moved) == 0 {
		t.Errorf("%d lines on the source and %d on the target; the move was to fall between", len(old), len(moved))
	}

	if _, err := adapter.Undo(t.Context()); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(r.config)
	if err != nil || string(after) != string(before) {
		t.Fatalf("the configuration after undo (%v):\n%s", err, after)
	}
	const more = 100
	r.write(t, lines, more)
	onSource, _ := awaitLines(t, r, source, target, lines+more)
	if len(onSource)-len(old) != more {
		t.Errorf("after undo %d of %d lines went to the source", len(onSource)-len(old), more)
	}
}

// awaitLines waits until every line is on one of the clusters.
func awaitLines(t *testing.T, r realRsyslog, source, target plainSearch, want int) (old, moved map[string]bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		old, moved = source.lines(t), target.lines(t)
		both := map[string]bool{}
		for id := range old {
			both[id] = true
		}
		for id := range moved {
			both[id] = true
		}
		if len(both) >= want {
			if twice := len(old) + len(moved) - len(both); twice > 0 {
				t.Errorf("%d lines are on both clusters", twice)
			}
			return old, moved
		}
		select {
		case <-ctx.Done():
			var missing []string
			for n := range want {
				if id := fmt.Sprintf("line%06d", n); !both[id] {
					missing = append(missing, id)
				}
			}
			refused, _ := os.ReadFile(filepath.Join(r.folder, "errors.json"))
			t.Fatalf("%d of %d lines arrived: %d on the source, %d on the target; missing: %v; refused: %s", len(both), want, len(old), len(moved), missing, refused)
		case <-time.After(200 * time.Millisecond):
		}
	}
}
