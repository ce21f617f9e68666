package intake

// documents.go answers: how do the lines get to the target, and go on after a kill? Each file is a unit; the journal holds
// the number of the line up to which everything is answered for. Next: aside.go.

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// sendLines sends every file.
type sendLines struct{ intake *Intake }

const (
	// savedReached begins the key of how far a file is.
	savedReached = "reached "
	// saveEvery is how often that is written down while a file goes on.
	saveEvery = 2 * time.Second
	// defaultType is the type on targets that want one, where neither line nor description names any.
	defaultType = "doc"
)

// reached is how far a file is, and what became of its documents so far.
type reached struct {
	Line    int64        `json:"line"`
	Done    bool         `json:"done,omitempty"`
	Outcome load.Outcome `json:"outcome"`
}

// ID is the step's name in the journal.
func (s *sendLines) ID() string { return "send-lines" }

// Title is the step in a person's words.
func (s *sendLines) Title() string {
	return fmt.Sprintf("send the documents of %d files", len(s.intake.units))
}

// Check adds up the files, and wants the indices that an earlier run made still there.
func (s *sendLines) Check(ctx context.Context) (engine.Status, error) {
	if s.intake.options.Create {
		for _, made := range s.intake.targets() {
			exists, err := s.intake.target.IndexExists(ctx, made.Name)
			if err != nil {
				return engine.Status{}, err
			}
			if !exists {
				return engine.Status{State: engine.Blocked, Note: fmt.Sprintf("the index %s, which this load made, is gone from the target", made.Name),
					Hint: "delete the folder " + s.intake.aside.folder + " to begin anew"}, nil
			}
		}
	}
	var bytes int64
	for _, unit := range s.intake.units {
		bytes += unit.Bytes
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%.1f MB of files", float64(bytes)/1e6)}, nil
}

// Apply sends file by file, a few at once.
func (s *sendLines) Apply(ctx context.Context, rec *engine.Recorder) error {
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, unit := range s.intake.units {
		group.Go(func() error {
			if err := s.send(inner, rec, unit); err != nil {
				return fmt.Errorf("%s: %w", filepath.Base(unit.File), err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (s *sendLines) send(ctx context.Context, rec *engine.Recorder, unit load.LineUnit) error {
	intake := s.intake
	var far reached
	if _, err := rec.Load(savedReached+unit.File, &far); err != nil {
		return err
	}
	if unit.File == load.StandardInput {
		far = reached{} // what comes now need not be what came then
	}
	if far.Done {
		intake.tally.file(far)
		return nil
	}
	feed := unit.Feed(load.LineOptions{Wanted: intake.take, Bad: intake.aside.line})
	job := &load.Job{Target: intake.target, Valve: intake.valve, NewRewrite: func() load.Rewrite { return intake.rewrite(ctx) }}
	var mutex sync.Mutex
	saved := time.Now()
	_, err := job.Run(ctx, feed, far.Line, func(line int64, outcome load.Outcome) error {
		mutex.Lock()
		defer mutex.Unlock()
		if err := intake.aside.refused(outcome.Refused); err != nil {
			return err
		}
		outcome.Refused = nil
		far.Outcome.Add(outcome)
		far.Line = line
		intake.tell(rec, unit)
		if time.Since(saved) < saveEvery {
			return nil
		}
		saved = time.Now()
		return rec.Save(savedReached+unit.File, far)
	})
	if err != nil {
		return err
	}
	far.Done = true
	intake.tally.file(far)
	return rec.Save(savedReached+unit.File, far)
}

func (t *Intake) tell(rec *engine.Recorder, unit load.LineUnit) {
	live := t.valve.Live()
	text := fmt.Sprintf("%s, %.0f documents/s, %.1f MB/s", filepath.Base(unit.File), live.DocumentsPerSecond, live.BytesPerSecond/1e6)
	if live.Throttle != "" {
		text += ", " + live.Throttle
	}
	rec.Progress(live.Documents, 0, "documents", text)
}

// take says whether an index's documents are sent, and counts those that are left out although nobody said so.
func (t *Intake) take(index string) bool {
	wanted := t.wanted(index)
	if wanted == hidden {
		t.tally.leaveOut(index)
	}
	return wanted == chosen
}

// rewrite makes a unit's rewriting.
func (t *Intake) rewrite(ctx context.Context) load.Rewrite {
	var scratch transform.Scratch
	return func(document es.Document) (es.Document, error) {
		made := t.plans[document.Index]
		if made == nil {
			return t.undescribed(ctx, document)
		}
		if t.timed[document.Index] && !document.HasTimestamp && !document.HasExpiry {
			t.tally.untimed(document.Index)
		}
		becomes, target, err := load.Becomes(&scratch, made, document)
		if err == nil && target.Split && becomes.Index != target.Name {
			err = t.known.part(ctx, t.target, target, becomes.Index)
		}
		return becomes, err
	}
}

// ErrUndescribed says that nobody told what an index is.
var ErrUndescribed = errors.New("nothing describes the index")

// undescribed sends a document as it is, where a person said so.
func (t *Intake) undescribed(ctx context.Context, document es.Document) (es.Document, error) {
	name := document.Index
	if renamed, is := t.options.Rename[name]; is {
		document.Index = renamed
	}
	if t.dialect.TypesInURL && document.Type == "" {
		document.Type = defaultType
	}
	if !t.options.Create {
		return document, nil
	}
	exists, err := t.known.there(ctx, t.target, document.Index)
	if err != nil {
		return document, err
	}
	why := "the target has no index of that name"
	if exists {
		why = "the target's index of that name was not made by this load"
	}
	return document, engine.WithHint(fmt.Errorf("%s: %w, and %s: %w", name, ErrUndescribed, why, engine.ErrBlocked),
		"put its "+name+".index.json beside the file (`hikkoshi snapshot export -o FOLDER` writes it), or make the index yourself and say --create=false")
}

// Verify is the answer to each document, which Apply looked at.
func (s *sendLines) Verify(context.Context) error { return nil }
