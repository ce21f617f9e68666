package shipper

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

func TestRePointingUnderLoadLosesAndDoublesNothing(t *testing.T) {
	from, to := labtest.Pair(t, "2.3.2", "5.5.2")
	dir := t.TempDir()
	path := filepath.Join(dir, "td-agent.conf")
	setup, err := WriteConfig(path, Setup{URL: from.URL(), Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s := startShipper(t, path, Options{Rate: 400, Seed: 1})
	waitFor(t, s, func(stats Stats) bool { return stats.Acked >= 200 })

	port := func(url string) string { return url[strings.LastIndexByte(url, ':')+1:] }
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := strings.ReplaceAll(string(text), port(from.URL()), port(to.URL()))
	if err := os.WriteFile(path, []byte(moved), 0o600); err != nil {
		t.Fatal(err)
	}
	response, err := http.Post("http://"+setup.RPC+"/api/config.gracefulReload", "application/json", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("the reload answered %s", response.Status)
	}
	before, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, func(stats Stats) bool { return stats.Acked >= before.Acked+200 })
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if stats.Acked != stats.Made || stats.Refused != 0 {
		t.Errorf("made %d, acknowledged %d, refused %d", stats.Made, stats.Acked, stats.Refused)
	}
	acks, err := ReadLedger(filepath.Join(filepath.Dir(path), "acked.log"))
	if err != nil {
		t.Fatal(err)
	}
	seen, byURL := map[string]bool{}, map[string]int{}
	for _, ack := range acks {
		if seen[ack.ID] {
			t.Errorf("%s was acknowledged twice", ack.ID)
		}
		seen[ack.ID] = true
		byURL[ack.URL]++
	}
	for _, url := range []string{from.URL(), to.URL()} {
		if got := count(t, url); got != byURL[url] || got == 0 {
			t.Errorf("%s holds %d events, the ledger says %d", url, got, byURL[url])
		}
	}
	if int64(len(seen)) != stats.Made {
		t.Errorf("the ledger has %d ids of %d events", len(seen), stats.Made)
	}
}

// A cluster that fails on purpose: first it is unavailable, then it refuses items for now, then one for ever.
func TestWhatFailsForNowIsSentAgainAndWhatIsRefusedIsKeptAside(t *testing.T) {
	t.Parallel()
	var calls atomic.Int64
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			fmt.Fprint(w, `{"version":{"number":"2.3.2"}}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil || calls.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var items []string
		for i := range strings.Count(string(body), "\n") / 2 {
			status := http.StatusCreated
			if calls.Load() == 2 {
				status = http.StatusTooManyRequests
			} else if calls.Load() == 3 && i == 0 {
				status = http.StatusBadRequest
			}
			items = append(items, fmt.Sprintf(`{"index":{"status":%d,"error":"because"}}`, status))
		}
		fmt.Fprintf(w, `{"items":[%s]}`, strings.Join(items, ","))
	}))
	defer cluster.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "td-agent.conf")
	if _, err := WriteConfig(path, Setup{URL: cluster.URL, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	s := startShipper(t, path, Options{Rate: 200})
	waitFor(t, s, func(stats Stats) bool { return stats.Acked > 0 && stats.Refused == 1 })
	if err := s.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	stats, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if stats.Made != stats.Acked+stats.Refused || stats.Refused != 1 || stats.Retries < 2 {
		t.Errorf("got %+v", stats)
	}
	refused, err := os.ReadFile(filepath.Join(dir, "refused.log"))
	if err != nil || !strings.Contains(string(refused), `\"because\"`) || !strings.Contains(string(refused), `"request_id"`) {
		t.Errorf("the error file holds %s, %v", refused, err)
	}
}

func TestWhatWasBufferedIsSentAfterARestart(t *testing.T) {
	t.Parallel()
	var got atomic.Int64
	cluster := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			fmt.Fprint(w, `{"version":{"number":"5.5.2"}}`)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		n := strings.Count(string(body), "\n") / 2
		got.Add(int64(n))
		fmt.Fprintf(w, `{"items":[%s]}`, strings.TrimSuffix(strings.Repeat(`{"index":{"status":201}},`, n), ","))
	}))
	defer cluster.Close()
	dir := t.TempDir()
	path := filepath.Join(dir, "td-agent.conf")
	// Nothing listens on port 1: all of it stays in the buffer.
	if _, err := WriteConfig(path, Setup{URL: "http://127.0.0.1:1", Dir: dir}); err != nil {
		t.Fatal(err)
	}
	first := startShipper(t, path, Options{Rate: 500})
	waitFor(t, first, func(stats Stats) bool { return stats.Made >= 50 })
	first.Pause(true)
	before, err := first.Stats()
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if before.Acked != 0 {
		t.Fatalf("%d were acknowledged by nobody", before.Acked)
	}
	if _, err := WriteConfig(path, Setup{URL: cluster.URL, Dir: dir}); err != nil {
		t.Fatal(err)
	}
	second := startShipper(t, path, Options{Rate: 0.001})
	if err := second.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got.Load() != before.Made {
		t.Errorf("%d of %d events arrived", got.Load(), before.Made)
	}
}

func TestAReloadOfABrokenConfigurationLeavesTheOldOneInForce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "td-agent.conf")
	setup, err := WriteConfig(path, Setup{URL: "http://127.0.0.1:1", Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	s := startShipper(t, path, Options{Rate: 200})
	if err := os.WriteFile(path, []byte("<match **>\n  @type elasticsearch\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	response, err := http.Get("http://" + setup.RPC + "/api/config.gracefulReload")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusInternalServerError || !strings.Contains(string(body), "is never closed") {
		t.Errorf("the reload answered %s %s %v", response.Status, body, err)
	}
	before, err := s.Stats()
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, s, func(stats Stats) bool { return stats.Made > before.Made })
	var watched struct {
		Plugins []struct {
			ID    string `json:"plugin_id"`
			Bytes int64  `json:"buffer_total_queued_size"`
		}
	}
	monitor, err := http.Get("http://" + setup.Monitor + "/api/plugins.json")
	if err != nil {
		t.Fatal(err)
	}
	defer monitor.Body.Close()
	if err := json.NewDecoder(monitor.Body).Decode(&watched); err != nil || len(watched.Plugins) != 2 || watched.Plugins[0].ID != "out_nginx_access" || watched.Plugins[0].Bytes == 0 {
		t.Errorf("monitor_agent says %+v, %v", watched, err)
	}
}

func startShipper(t *testing.T, config string, options Options) *Shipper {
	t.Helper()
	options.ConfigPath, options.LedgerPath = config, filepath.Join(filepath.Dir(config), "acked.log")
	s, err := Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func waitFor(t *testing.T, s *Shipper, enough func(Stats) bool) {
	t.Helper()
	for {
		stats, err := s.Stats()
		if err != nil {
			t.Fatal(err)
		}
		if enough(stats) {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("waited in vain, at %+v", stats)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func count(t *testing.T, url string) int {
	t.Helper()
	if response, err := http.Post(url+"/nginx-*/_refresh", "application/json", nil); err != nil {
		t.Fatal(err)
	} else {
		response.Body.Close()
	}
	response, err := http.Get(url + "/nginx-*/_count")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer struct{ Count int }
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return answer.Count
}
