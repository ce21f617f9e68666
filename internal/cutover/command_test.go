package cutover

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestACommandIsToldBothSidesAndRunForwardAndBack(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	said := filepath.Join(folder, "said")
	script := `echo "$HIKKOSHI_DIRECTION $HIKKOSHI_SOURCE $HIKKOSHI_TARGET" >> ` + said
	c := &Command{ID: "dns", Dir: filepath.Join(folder, "state"), Source: Endpoint{URL: "http://u:secret@old:9200"}, Target: Endpoint{URL: "https://new"},
		Forward: []string{"sh", "-c", script + "; echo password geheim"}, Back: []string{"sh", "-c", script}, Test: []string{"grep", "forward", said}}
	for range 2 {
		state, err := c.Apply(t.Context())
		if err != nil || strings.Contains(state.Output, "geheim") || !strings.Contains(state.Output, "password") {
			t.Fatalf("%q, %v", state.Output, err)
		}
	}
	if _, err := c.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := c.Undo(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(said)
	if want := "forward http://old:9200 https://new\nback http://old:9200 https://new\n"; err != nil || string(got) != want {
		t.Errorf("the command was told %q (%v), want %q", got, err, want)
	}
}

func TestACommandThatFailsIsRunAgainAndItsOutputIsKept(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	c := &Command{ID: "c", Dir: filepath.Join(folder, "state"), Forward: []string{"sh", "-c", "echo no luck >&2; test -e " + filepath.Join(folder, "now")}}
	state, err := c.Apply(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no luck") || state.Phase != PhasePrepared || state.Output != "no luck\n" {
		t.Fatalf("%+v, %v", state, err)
	}
	if _, err := c.Check(t.Context()); !errors.Is(err, ErrNotApplied) {
		t.Errorf("check said %v", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "now"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if state, err = c.Apply(t.Context()); err != nil || state.Phase != PhaseApplied {
		t.Fatalf("%+v, %v", state, err)
	}
	if _, err := c.Undo(t.Context()); err == nil || !strings.Contains(err.Error(), "by hand") {
		t.Errorf("undo without a way back said %v", err)
	}
	change, err := c.Show(t.Context())
	if err != nil || len(change.Findings) != 2 || change.Fence.Allowed {
		t.Errorf("%+v, %v", change, err)
	}
}

func TestACommandThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	c := &Command{ID: "c", Dir: t.TempDir(), Forward: []string{"sleep", "1000"}, Timeout: 20 * time.Millisecond}
	if _, err := c.Apply(t.Context()); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Error(err)
	}
}

func TestOfALongOutputTheEndIsKept(t *testing.T) {
	t.Parallel()
	output := &tail{limit: 10}
	for _, text := range []string{"0123456789", "abc", strings.Repeat("x", 100) + "the end..."} {
		if n, err := output.Write([]byte(text)); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
	}
	if output.String() != "... the end..." {
		t.Errorf("%q", output)
	}
}
