//go:build unix

package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// fileStep appends its id to a file once: the world that the crash tests look at.
type fileStep struct {
	id, folder string
	fail       error
}

func (s *fileStep) ID() string    { return s.id }
func (s *fileStep) Title() string { return "write " + s.id }
func (s *fileStep) path() string  { return filepath.Join(s.folder, s.id) }

func (s *fileStep) Check(context.Context) (Status, error) {
	if _, err := os.Stat(s.path()); err == nil {
		return Status{State: Done, Note: "there already"}, nil
	}
	return Status{State: Ready}, nil
}

func (s *fileStep) Apply(_ context.Context, rec *Recorder) error {
	if s.fail != nil {
		return s.fail
	}
	var name string
	if found, err := rec.Load("name", &name); err != nil {
		return err
	} else if !found {
		name = s.id + "-" + strconv.Itoa(os.Getpid())
		if err := rec.Save("name", name); err != nil {
			return err
		}
	}
	return os.WriteFile(s.path(), []byte(name), 0o600)
}

func (s *fileStep) Verify(context.Context) error { _, err := os.Stat(s.path()); return err }

type undoableStep struct{ fileStep }

func (s *undoableStep) Undo(context.Context, *Recorder) error {
	if err := os.Remove(s.path()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func threeSteps(folder string) []Step {
	return []Step{&undoableStep{fileStep{id: "one", folder: folder}}, &undoableStep{fileStep{id: "two", folder: folder}}, &undoableStep{fileStep{id: "three", folder: folder}}}
}

// TestMain lets this binary play the process that is killed at a record.
func TestMain(m *testing.M) {
	if folder := os.Getenv("ENGINE_TEST_FOLDER"); folder != "" {
		os.Exit(childRun(folder, os.Getenv("ENGINE_TEST_UNDO") != ""))
	}
	os.Exit(m.Run())
}

func childRun(folder string, undo bool) int {
	journal, err := OpenJournal(filepath.Join(folder, "journal"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if killAt, err := strconv.Atoi(os.Getenv("ENGINE_TEST_KILL_AT")); err == nil {
		journal.AfterSync(func(records int) {
			if records == killAt {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {}
			}
		})
	}
	runner := &Runner{Phase: "apply", Steps: threeSteps(folder), Journal: journal, PlanHash: "h"}
	run := runner.Run
	if undo {
		run = runner.Undo
	}
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func runChild(t *testing.T, folder string, killAt int, undo bool) (killed bool) {
	t.Helper()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), "ENGINE_TEST_FOLDER="+folder, "ENGINE_TEST_KILL_AT="+strconv.Itoa(killAt))
	if undo {
		command.Env = append(command.Env, "ENGINE_TEST_UNDO=1")
	}
	output, err := command.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		t.Fatalf("child: %v\n%s", err, output)
	}
	return false
}

func TestARunKilledAtAnyRecordEndsInTheSameState(t *testing.T) {
	t.Parallel()
	for killAt := 1; ; killAt++ {
		folder := t.TempDir()
		if !runChild(t, folder, killAt, false) {
			if killAt < 10 {
				t.Fatalf("only %d records: the run was not killed often enough to prove anything", killAt)
			}
			break
		}
		runChild(t, folder, 0, false)
		for _, id := range []string{"one", "two", "three"} {
			if _, err := os.Stat(filepath.Join(folder, id)); err != nil {
				t.Errorf("killed at record %d: %v", killAt, err)
			}
		}
	}
}

func TestAnUndoKilledAtAnyRecordTakesEverythingBack(t *testing.T) {
	t.Parallel()
	const recordsOfTheRun = 10 // plan, then begin, save, done for each step
	for killAt := recordsOfTheRun + 1; ; killAt++ {
		folder := t.TempDir()
		runChild(t, folder, 0, false)
		if !runChild(t, folder, killAt, true) {
			break
		}
		runChild(t, folder, 0, true)
		for _, id := range []string{"one", "two", "three"} {
			if _, err := os.Stat(filepath.Join(folder, id)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("killed at record %d: %s is still there (%v)", killAt, id, err)
			}
		}
	}
}

func openRunner(t *testing.T, folder string, steps []Step, hash string) *Runner {
	t.Helper()
	journal, err := OpenJournal(filepath.Join(folder, "journal"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = journal.Close() })
	return &Runner{Phase: "apply", Steps: steps, Journal: journal, PlanHash: hash}
}

func TestWhatWasThereBeforeIsNotUndone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "one"), []byte("the user's"), 0o600); err != nil {
		t.Fatal(err)
	}
	runner := openRunner(t, folder, threeSteps(folder), "h")
	if err := errors.Join(runner.Run(t.Context()), runner.Undo(t.Context())); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(filepath.Join(folder, "one")); err != nil || string(content) != "the user's" {
		t.Errorf("one: %q, %v", content, err)
	}
	if _, err := os.Stat(filepath.Join(folder, "two")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("two is still there: %v", err)
	}
	// What the first run found done is looked at again.
	if err := errors.Join(os.Remove(filepath.Join(folder, "one")), runner.Run(t.Context())); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, "one")); err != nil {
		t.Errorf("the run after the undo passed over one: %v", err)
	}
}

func TestAStepThatCannotBeUndoneStopsTheUndoBeforeAnythingIsTakenBack(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	steps := append(threeSteps(folder), &fileStep{id: "final", folder: folder})
	runner := openRunner(t, folder, steps, "h")
	if err := runner.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := PointOfNoReturn(steps).ID(); got != "final" {
		t.Errorf("point of no return: %s", got)
	}
	if err := runner.Undo(t.Context()); !errors.Is(err, ErrPointOfNoReturn) {
		t.Errorf("undo: %v", err)
	}
	if _, err := os.Stat(filepath.Join(folder, "three")); err != nil {
		t.Error(err)
	}
}

func TestAChangedPlanAndAnUnknownStepAreRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	steps := threeSteps(folder)
	runner := openRunner(t, folder, steps, "h")
	if err := runner.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	runner.PlanHash = "other"
	if err := runner.Run(t.Context()); !errors.Is(err, ErrPlanChanged) {
		t.Errorf("changed plan: %v", err)
	}
	runner.PlanHash, runner.Steps = "h", steps[:2]
	if err := runner.Run(t.Context()); !errors.Is(err, ErrUnknownStep) {
		t.Errorf("unknown step: %v", err)
	}
}

func TestTwoProcessesNeverShareAJournal(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	openRunner(t, folder, nil, "h")
	if _, err := OpenJournal(filepath.Join(folder, "journal")); !errors.Is(err, ErrBusy) {
		t.Errorf("second open: %v", err)
	}
}

func TestAJournalCutAnywhereLosesOnlyItsLastRecordAndOneDamagedInsideIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	runner := openRunner(t, folder, threeSteps(folder), "h")
	if err := errors.Join(runner.Run(t.Context()), runner.Journal.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, "journal")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range whole {
		if err := os.WriteFile(path, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		journal, err := ReadJournal(path)
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		if want := strings.Count(string(whole[:cut]), "\n"); len(journal.Records()) != want {
			t.Fatalf("cut at %d: %d records, want %d", cut, len(journal.Records()), want)
		}
		_ = journal.Close()
	}
	lastLine := strings.LastIndexByte(string(whole[:len(whole)-1]), '\n')
	for flip := 0; flip < lastLine; flip++ {
		damaged := append([]byte(nil), whole...)
		damaged[flip] ^= 1
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		journal, err := ReadJournal(path)
		if err == nil {
			_ = journal.Close()
			t.Fatalf("a bit flipped at byte %d goes unseen", flip)
		}
		if !errors.Is(err, ErrJournalCorrupt) {
			t.Fatalf("flip at %d: %v", flip, err)
		}
	}
}
