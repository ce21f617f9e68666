package load

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
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

// keeper is a _bulk that keeps every document by its action line.
type keeper struct {
	mutex     sync.Mutex
	documents map[string]string
}

func (k *keeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/_bulk" {
		fmt.Fprint(w, `{"cluster_name":"c","version":{"number":"5.5.2"}}`)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	k.mutex.Lock()
	defer k.mutex.Unlock()
	lines := strings.Split(strings.TrimSuffix(string(body), "\n"), "\n")
	items := make([]string, 0, len(lines)/2)
	for i := 0; i < len(lines); i += 2 {
		k.documents[lines[i]] = lines[i+1]
		items = append(items, `{"index":{"status":201}}`)
	}
	fmt.Fprintf(w, `{"took":1,"errors":false,"items":[%s]}`, strings.Join(items, ","))
}

func clientOf(t *testing.T, target http.Handler) *cluster.Client {
	t.Helper()
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	client, err := cluster.New(cluster.Config{URL: server.URL, Retries: -1})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func sendTo(t *testing.T, target *moody, documents int) Outcome {
	t.Helper()
	client := clientOf(t, target)
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
	if outcome.Sent != 100 || outcome.Written != 99 || len(outcome.Refused) != 1 || outcome.Refused[0].ID != "37" || !strings.Contains(outcome.Refused[0].Document.Source, `{"a":1}`) {
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

func TestTheValveAllowsMoreWhileAnswersAreQuickAndHalfWhenAskedForPatience(t *testing.T) {
	t.Parallel()
	valve := NewValve(Limits{})
	for range 200 {
		under := valve.Live().Allowed
		if under == mostBodies {
			break
		}
		for range under {
			if err := valve.enter(t.Context(), 1, 1); err != nil {
				t.Fatal(err)
			}
		}
		for range under {
			valve.answered(batchBytes, time.Second)
		}
		for range under {
			valve.leave(1)
		}
	}
	if allowed := valve.Live().Allowed; allowed != mostBodies {
		t.Errorf("after quick answers %d bodies are allowed", allowed)
	}
	sent := time.Now()
	valve.asked(sent, "the target is busy")
	valve.asked(sent, "the target is busy") // of the same wave
	if live := valve.Live(); live.Allowed != mostBodies/2 || live.Throttle != "the target is busy" || live.Retries != 2 {
		t.Errorf("after one wave of busy answers: %+v", live)
	}
}

func TestTheValveGivesWayWhenBodiesOnlyWaitAtTheTarget(t *testing.T) {
	t.Parallel()
	valve := NewValve(Limits{})
	// A target that works on two bodies at once: with more of them under way each takes longer by as much.
	for range 300 {
		under := valve.Live().Allowed
		for range under {
			if err := valve.enter(t.Context(), 1, 1); err != nil {
				t.Fatal(err)
			}
		}
		for range under {
			valve.answered(batchBytes, time.Second*time.Duration(max(2, under))/2)
		}
		for range under {
			valve.leave(1)
		}
	}
	if allowed := valve.Live().Allowed; allowed < 2 || allowed > 6 {
		t.Errorf("%d bodies are allowed where two are worked on", allowed)
	}
}

func TestAPausedValveLetsNothingGoUntilItIsResumed(t *testing.T) {
	t.Parallel()
	valve := NewValve(Limits{Paused: true})
	var told []string
	valve.OnThrottle(func(reason string) { told = append(told, reason) })
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := valve.enter(waiting, 1, 1); err == nil {
		t.Fatal("a paused valve let a body go")
	}
	valve.Resume()
	if err := valve.enter(t.Context(), 1, 1); err != nil {
		t.Fatal(err)
	}
	valve.Pause()
	if live := valve.Live(); live.Throttle != "paused" || live.InFlight != 1 || live.Allowed != 0 {
		t.Errorf("%+v", live)
	}
	valve.Resume()
	if want := []string{"paused", ""}; !slices.Equal(told, want) {
		t.Errorf("told %q", told)
	}
}

func TestBytesUnderWayAreBoundedAndAHugeBodyGoesAlone(t *testing.T) {
	t.Parallel()
	valve := NewValve(Limits{})
	if err := valve.enter(t.Context(), 1, 2*bytesUnderWay); err != nil {
		t.Fatal(err)
	}
	waiting, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := valve.enter(waiting, 1, 1); err == nil {
		t.Error("a body goes beside one that takes all the memory")
	}
	valve.leave(2 * bytesUnderWay)
	if err := valve.enter(t.Context(), 1, 1); err != nil {
		t.Error(err)
	}
}

// counted is a feed of numbered documents.
type counted int

func (c counted) Each(_ context.Context, from int64, visit func(int64, *es.Document) error) error {
	for i := from; i < int64(c); i++ {
		if err := visit(i+1, &es.Document{Index: "i", Type: "t", ID: fmt.Sprint(i), Version: 1, Source: []byte(`{"a":1}`)}); err != nil {
			return err
		}
	}
	return nil
}

func TestACheckpointNeverPassesADocumentThatIsNotAnsweredFor(t *testing.T) {
	t.Parallel()
	const documents = 5000
	target := &moody{taken: map[string]int{}, busy: 2, refuse: "1717", poison: "2525"}
	client := clientOf(t, target)
	job := &Job{Target: client, Valve: NewValve(Limits{MaxRate: 100})} // bodies of 100 documents
	job.Valve.SetLimits(Limits{MaxBodies: 7})
	job.Valve.portion.Store(100)
	stop := errors.New("enough")
	var position int64
	var booked Outcome
	var rewrites int
	for round := 0; position < documents; round++ {
		ctx, cancel := context.WithCancelCause(t.Context())
		job.NewRewrite = func() Rewrite {
			return func(document es.Document) (es.Document, error) {
				if rewrites++; rewrites%1300 == 0 {
					cancel(stop) // killed in the middle of reading
				}
				return document, nil
			}
		}
		_, err := job.Run(ctx, counted(documents), position, func(now int64, outcome Outcome) error {
			target.mutex.Lock()
			defer target.mutex.Unlock()
			for id := position; id < now; id++ {
				if name := fmt.Sprint(id); target.taken[name] == 0 && name != target.refuse && name != target.poison {
					t.Errorf("checkpoint %d passes document %s, which did not arrive", now, name)
				}
			}
			if outcome.Sent != now-position {
				t.Errorf("from %d to %d, but %d documents booked", position, now, outcome.Sent)
			}
			position = now
			booked.Add(outcome)
			return nil
		})
		cancel(nil)
		if err != nil && !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if round > 100 {
			t.Fatal("it does not end")
		}
	}
	if booked.Sent != documents || booked.Aside != 2 || len(booked.Refused) != 2 || booked.Written+booked.Existing != documents-2 {
		t.Errorf("%d sent, %d written, %d set aside", booked.Sent, booked.Written, booked.Aside)
	}
}
