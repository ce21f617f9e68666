package cutover

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/hikkoshi/hikkoshi/internal/lab/labtest"
)

// realAliases speaks to a real cluster; a call can be made to fail after it was done, as when the answer gets lost.
type realAliases struct {
	t          *testing.T
	url        string
	loseAnswer bool
	updates    int
}

func (r *realAliases) call(ctx context.Context, method, path, body string) (int, []byte) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(ctx, method, r.url+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.StatusCode, data
}

func (r *realAliases) Alias(ctx context.Context, name string) (map[string]json.RawMessage, error) {
	status, body := r.call(ctx, http.MethodGet, "/_alias/"+name, "")
	if status == http.StatusNotFound {
		return nil, nil
	}
	var found map[string]struct{ Aliases map[string]json.RawMessage }
	if err := json.Unmarshal(body, &found); err != nil {
		return nil, err
	}
	indices := map[string]json.RawMessage{}
	for index, of := range found {
		indices[index] = of.Aliases[name]
	}
	return indices, nil
}

func (r *realAliases) UpdateAliases(ctx context.Context, body json.RawMessage) error {
	r.updates++
	status, answer := r.call(ctx, http.MethodPost, "/_aliases", string(body))
	if status != http.StatusOK {
		return fmt.Errorf("%d: %s", status, answer)
	}
	if r.loseAnswer {
		r.loseAnswer = false
		return errors.New("the answer got lost")
	}
	return nil
}

func (r *realAliases) mustBe(alias string, want map[string]string) {
	r.t.Helper()
	now, err := r.Alias(r.t.Context(), alias)
	if err != nil {
		r.t.Fatal(err)
	}
	got := map[string]string{}
	for index, raw := range now {
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			r.t.Fatal(err)
		}
		got[index] = compact.String()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		r.t.Fatalf("alias %s (-want +got):\n%s", alias, diff)
	}
}

func TestAliasesOfARealClusterSwitchAtOnceKeepTheirFiltersAndSwitchBack(t *testing.T) {
	t.Parallel()
	cluster := &realAliases{t: t, url: labtest.Node(t, "5.5.2").URL()}
	ctx := t.Context()
	for _, index := range []string{"old-1", "old-2", "new-1", "stranger"} {
		if status, body := cluster.call(ctx, http.MethodPut, "/"+index, `{"settings":{"number_of_shards":1,"number_of_replicas":0}}`); status != http.StatusOK {
			t.Fatalf("%s", body)
		}
	}
	filter := `{"filter":{"term":{"a":"b"}},"index_routing":"1","search_routing":"1"}`
	const setUp = `{"actions":[{"add":{"index":"old-1","alias":"logs","filter":{"term":{"a":"b"}},"routing":"1"}},{"add":{"index":"old-2","alias":"logs","filter":{"term":{"a":"b"}},"routing":"1"}},{"add":{"index":"old-1","alias":"w"}}]}`
	if status, body := cluster.call(ctx, http.MethodPost, "/_aliases", setUp); status != http.StatusOK {
		t.Fatalf("%s", body)
	}
	before := map[string]string{"old-1": filter, "old-2": filter}
	s := &AliasSwitch{ID: "s", Dir: t.TempDir(), Cluster: cluster, Moves: []AliasMove{{Alias: "logs", To: []string{"new-1"}}, {Alias: "w", To: []string{"new-1", "old-2"}}, {Alias: "fresh", To: []string{"new-1"}}}}

	change, err := s.Show(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if want := "-old-1 {\"filter\""; !strings.Contains(change.Diff(), want) || !strings.Contains(change.Diff(), "+new-1 {\"filter\"") {
		t.Errorf("the diff lacks %q:\n%s", want, change.Diff())
	}
	cluster.mustBe("logs", before)

	// The answer gets lost after the switch was done; the next run must not take the new state for the old one.
	cluster.loseAnswer = true
	if _, err := s.Apply(ctx); err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	for range 2 {
		if _, err := s.Apply(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if cluster.updates != 1 {
		t.Errorf("%d updates were sent, and one was enough", cluster.updates)
	}
	state, err := s.Check(ctx)
	if err != nil || len(state.Evidence) != 3 {
		t.Fatalf("%v, %v", state.Evidence, err)
	}
	cluster.mustBe("logs", map[string]string{"new-1": filter})
	cluster.mustBe("w", map[string]string{"new-1": "{}", "old-2": "{}"})
	cluster.mustBe("fresh", map[string]string{"new-1": "{}"})

	// Somebody else moves an alias: undo refuses, and touches no other.
	const meddle = `{"actions":[{"add":{"index":"stranger","alias":"w"}}]}`
	if status, body := cluster.call(ctx, http.MethodPost, "/_aliases", meddle); status != http.StatusOK {
		t.Fatalf("%s", body)
	}
	if _, err := s.Check(ctx); !errors.Is(err, ErrNotTaken) {
		t.Errorf("check said %v", err)
	}
	if _, err := s.Undo(ctx); !errors.Is(err, ErrEdited) {
		t.Fatalf("undo said %v", err)
	}
	cluster.mustBe("logs", map[string]string{"new-1": filter})
	if status, body := cluster.call(ctx, http.MethodPost, "/_aliases", strings.Replace(meddle, "add", "remove", 1)); status != http.StatusOK {
		t.Fatalf("%s", body)
	}

	cluster.loseAnswer = true
	if _, err := s.Undo(ctx); err == nil {
		t.Fatal("a lost answer went unnoticed")
	}
	for range 2 {
		if state, err = s.Undo(ctx); err != nil || state.Phase != PhaseUndone {
			t.Fatalf("%s, %v", state.Phase, err)
		}
	}
	cluster.mustBe("logs", before)
	cluster.mustBe("w", map[string]string{"old-1": "{}"})
	cluster.mustBe("fresh", map[string]string{})
}

func TestAnAliasWithDifferentSettingsIsNotGuessedAt(t *testing.T) {
	t.Parallel()
	_, err := AliasMove{Alias: "a", To: []string{"n"}}.wanted(map[string]json.RawMessage{"x": json.RawMessage(`{"filter":1}`), "y": json.RawMessage(`{}`)})
	if err == nil || !strings.Contains(err.Error(), "other settings") {
		t.Error(err)
	}
}
