package load

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

// moody is a target that fails on purpose; real nodes take part in the tests of whole moves.
type moody struct {
	mutex sync.Mutex
	// taken counts how often each id was accepted.
	taken map[string]int
	// busy is how many bodies are turned away first, poison the id that fails a whole body, refuse the id that is refused alone.
	busy           int
	poison, refuse string
	bodies         int
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/_bulk" {
		fmt.Fprint(w, `{"cluster_name":"c","version":{"number":"2.3.2"}}`)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.bodies++
	var items []string
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	for i := 0; i < len(lines); i += 2 {
		var action map[string]struct {
			ID string `json:"_id"`
		}
		if err := json.Unmarshal([]byte(lines[i]), &action); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		id := action["index"].ID
		switch {
		case m.poison != "" && id == m.poison:
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"error":{"type":"illegal_argument_exception","reason":"id is too long"},"status":400}`)
			return
		case m.busy > 0:
			items = append(items, fmt.Sprintf(`{"index":{"_id":%q,"status":429,"error":{"type":"es_rejected_execution_exception","reason":"queue full"}}}`, id))
		case id == m.refuse:
			items = append(items, fmt.Sprintf(`{"index":{"_id":%q,"status":400,"error":{"type":"mapper_parsing_exception","reason":"failed to parse"}}}`, id))
		default:
			m.taken[id]++
			items = append(items, fmt.Sprintf(`{"index":{"_id":%q,"status":201}}`, id))
		}
	}
	if m.busy > 0 {
		m.busy--
	}
	fmt.Fprintf(w, `{"took":1,"errors":true,"items":[%s]}`, strings.Join(items, ","))
}

func sendTo(t *testing.T, target *moody, documents int) Outcome {
	t.Helper()
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	client, err := cluster.New(cluster.Config{URL: server.URL, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	sender, err := NewSender(t.Context(), client, Index)
	if err != nil {
		t.Fatal(err)
	}
	for i := range documents {
		if err := sender.Add(t.Context(), es.Document{Index: "i", Type: "t", ID: fmt.Sprint(i), Version: 1, Source: []byte("{\n \"a\": 1\n}")}); err != nil {
			t.Fatal(err)
		}
	}
	outcome, err := sender.Finish(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return outcome
}

func TestADocumentThatSinksItsWholeBodyIsFoundAndTheOthersArrive(t *testing.T) {
	t.Parallel()
	target := &moody{taken: map[string]int{}, poison: "37"}
	outcome := sendTo(t, target, 100)
	if outcome.Sent != 100 || outcome.Written != 99 || len(outcome.Refused) != 1 || outcome.Refused[0].ID != "37" || !strings.Contains(outcome.Refused[0].Action, `{"a":1}`) {
		t.Errorf("%+v", outcome)
	}
	if len(target.taken) != 99 {
		t.Errorf("%d documents arrived", len(target.taken))
	}
}

func TestABusyTargetIsWaitedForAndNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	target := &moody{taken: map[string]int{}, busy: 3, refuse: "5"}
	outcome := sendTo(t, target, 20)
	if outcome.Written != 19 || outcome.Busy != 3 || len(outcome.Refused) != 1 || outcome.Refused[0].Reason != "failed to parse" {
		t.Errorf("%+v", outcome)
	}
	for id, times := range target.taken {
		if times != 1 {
			t.Errorf("%s arrived %d times", id, times)
		}
	}
}

func TestTheLimiterGrowsWithGoodAnswersAndHalvesWhenAskedForPatience(t *testing.T) {
	t.Parallel()
	limit := newLimiter(underWayMost)
	for range 200 {
		if err := limit.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		limit.release(true)
	}
	if limit.now() != underWayMost {
		t.Errorf("after 200 good answers the limit is %d", limit.now())
	}
	limit.slow()
	if limit.now() != underWayMost/2 {
		t.Errorf("after one busy answer the limit is %d", limit.now())
	}
	for range underWayMost / 2 {
		if err := limit.acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	full, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := limit.acquire(full); err == nil {
		t.Error("one more than the limit is let through")
	}
}
