package cluster_test

// read_test.go answers: does reading an index in units meet every document, also when views and scrolls are lost, pages are
// too large, and the source asks for patience? The parts run in the suite on every version.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// unitsIndex makes an index of two shards with gaps in its sequence numbers, and gives how many documents it holds.
func unitsIndex(b *bench, name string) int {
	b.t.Helper()
	const count = 600
	b.index(name, 2, "")
	b.fill(name, count)
	var again strings.Builder
	for i := 0; i < count; i += 3 {
		again.WriteString(b.line(name, fmt.Sprintf("d%d", i), "", fmt.Sprintf(`{"n":%d,"again":true}`, i)))
	}
	b.bulk(again.String())
	need(b.t, b.Refresh(b.ctx, name))
	return count
}

func anIndexIsReadInUnits(b *bench) {
	count := unitsIndex(b, "units")
	units, err := cluster.ReadUnitsOf(b.Client, b.ctx, "units", 100, 1<<40)
	need(b.t, err)
	b.t.Logf("%d units, by point in time: %v, slices: %d", len(units), units[0].PointInTime, units[0].Slices)
	met := map[string]int{}
	pages := 0
	options := cluster.ReadOptions{PageBytes: 20_000, AfterPage: func(context.Context, int64, int64) error { pages++; return nil }}
	for _, unit := range units {
		last := int64(0)
		need(b.t, b.Read(b.ctx, unit, 0, options, func(position int64, document es.Document) error {
			met[document.ID]++
			if position <= last || document.Version == 0 || len(document.Source) == 0 {
				b.t.Errorf("position %d behind %d of %+v", position, last, document)
			}
			last = position
			return nil
		}))
	}
	for id, times := range met {
		if times != 1 {
			b.t.Errorf("%s was met %d times", id, times)
		}
	}
	if len(met) != count || pages < len(units) {
		b.t.Errorf("%d of %d documents in %d pages", len(met), count, pages)
	}
}

var errEnough = errors.New("enough")

// aReadingSurvivesALostView loses what the node keeps for the reader in the middle of a unit.
func aReadingSurvivesALostView(b *bench) {
	count := unitsIndex(b, "lost")
	units, err := b.ReadUnits(b.ctx, "lost")
	need(b.t, err)
	met := map[string]int{}
	lost := false
	for _, unit := range units {
		var stopped int64
		read := func(from int64, stopAt int) error {
			seen := 0
			return b.Read(b.ctx, unit, from, cluster.ReadOptions{PageBytes: 1000}, func(position int64, document es.Document) error {
				if seen++; stopAt > 0 && seen == stopAt {
					return errEnough
				}
				if seen == 50 && !lost {
					lost = true
					b.loseViews(unit.PointInTime)
				}
				met[document.ID]++
				stopped = position
				return nil
			})
		}
		// Another process goes on where this one stopped.
		if err := read(0, 120); !errors.Is(err, errEnough) {
			b.t.Fatalf("stopped with %v", err)
		}
		need(b.t, read(stopped, 0))
	}
	if len(met) != count {
		b.t.Errorf("met %d of %d documents", len(met), count)
	}
	for id, times := range met {
		if units[0].PointInTime && times != 1 {
			b.t.Errorf("%s was met %d times although positions hold", id, times)
		}
	}
}

func (b *bench) loseViews(pointInTime bool) {
	path := "/_search/scroll/_all"
	if pointInTime {
		if b.dialect.Version.Product != es.OpenSearch {
			return // Elasticsearch lets nobody end another's view
		}
		path = "/_search/point_in_time/_all"
	}
	if _, err := b.Do(b.ctx, http.MethodDelete, path, nil, nil); err != nil && !errors.Is(err, cluster.ErrNotFound) {
		b.t.Logf("lose the views: %v", err)
	}
}

func TestAReadingWaitsForABusySourceAndAsksHeavyPagesForLess(t *testing.T) {
	node := labtest.Node(t, "2.3.2")
	direct := newBench(t, node.URL(), "")
	direct.index("heavy", 1, "")
	var body strings.Builder
	const count = 60
	for i := range count {
		body.WriteString(direct.line("heavy", fmt.Sprint(i), "", fmt.Sprintf(`{"text":%q}`, strings.Repeat("x", 20_000))))
	}
	direct.bulk(body.String())
	need(t, direct.Refresh(t.Context(), "heavy"))
	address, err := url.Parse(node.URL())
	need(t, err)
	proxy := httputil.NewSingleHostReverseProxy(address)
	var pages, turnedAway atomic.Int64
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "_search/scroll") && pages.Add(1)%4 == 2 {
			turnedAway.Add(1)
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"error":{"type":"es_rejected_execution_exception","reason":"queue full"},"status":429}`)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	defer busy.Close()
	client, err := cluster.New(cluster.Config{URL: busy.URL, Retries: 1})
	need(t, err)
	met := map[string]int{}
	var heaviest int64
	waits := 0
	unit := cluster.ReadUnit{Index: "heavy", Documents: count, Bytes: 1000} // as if its documents were tiny
	need(t, client.Read(t.Context(), unit, 0, cluster.ReadOptions{PageBytes: 50_000,
		AfterPage: func(_ context.Context, _, bytes int64) error { heaviest = bytes; return nil },
		Busy:      func(time.Duration, error) { waits++ }}, func(_ int64, document es.Document) error {
		met[document.ID]++
		return nil
	}))
	if len(met) != count || int64(waits) < turnedAway.Load() || waits == 0 {
		t.Errorf("%d of %d documents, turned away %d times, waited %d times", len(met), count, turnedAway.Load(), waits)
	}
	if heaviest > 8*50_000 {
		t.Errorf("the last page weighed %d bytes", heaviest)
	}
}

func foldersForRepositoriesAreTold(b *bench) {
	for folder, want := range map[string]bool{b.folder: true, b.folder + "/below": true, b.folder + "-beside": false, "/elsewhere": false} {
		covered, known, missing, err := b.CoversFolder(b.ctx, folder)
		need(b.t, err)
		if covered != want || !known || !want && missing == "" {
			b.t.Errorf("%s: covered %v, known %v, missing on %q", folder, covered, known, missing)
		}
	}
}
