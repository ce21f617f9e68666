package steps

// scroll.go answers: how does an index travel of which no snapshot can be had? Its documents are read through the source's
// search API, held down so that the source's other work goes on, and from there on it is a backfill. Next: kibana.go.

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
)

// scroll loads the indices of route scroll. Target indices are made and settled as backfill does it.
type scroll struct{ backfill }

// ID is the step's name in the journal.
func (s *scroll) ID() string { return "scroll" }

// Title is the step in a person's words.
func (s *scroll) Title() string {
	return fmt.Sprintf("load %d indices through the source's search API, document by document", len(s.sources()))
}

// Apply loads index by index; what an earlier run finished is not loaded again.
func (s *scroll) Apply(ctx context.Context, rec *engine.Recorder) error {
	var done []string
	if _, err := rec.Load(savedBackfill, &done); err != nil {
		return err
	}
	for _, index := range s.sources() {
		if slices.Contains(done, index) {
			continue
		}
		if err := s.load(ctx, rec, index); err != nil {
			return fmt.Errorf("%s: %w", index, err)
		}
		done = append(done, index)
		if err := rec.Save(savedBackfill, done); err != nil {
			return err
		}
	}
	return nil
}

func (s *scroll) load(ctx context.Context, rec *engine.Recorder, index string) error {
	made, err := s.move.indexPlan(ctx, index)
	if err != nil {
		return err
	}
	target, err := s.move.Sides.Target(ctx)
	if err != nil {
		return err
	}
	for i := range made.Targets {
		if err := s.prepare(ctx, rec, target, &made.Targets[i]); err != nil {
			return err
		}
	}
	outcome, err := s.send(ctx, rec, target, index)
	if keepErr := s.move.setAside(outcome.Refused); keepErr != nil {
		return errors.Join(err, keepErr)
	}
	if err != nil {
		return err
	}
	rec.Note("%s: %d documents written, %d there already, %d set aside", index, outcome.Written, outcome.Existing, len(outcome.Refused))
	for i := range made.Targets {
		if err := s.settle(ctx, rec, target, made.Targets[i].Name); err != nil {
			return err
		}
	}
	return nil
}

func (s *scroll) send(ctx context.Context, rec *engine.Recorder, target *cluster.Client, index string) (load.Outcome, error) {
	source, err := s.move.Sides.Source(ctx)
	if err != nil {
		return load.Outcome{}, err
	}
	newRewrite, err := s.move.rewriteFor(ctx, index)
	if err != nil {
		return load.Outcome{}, err
	}
	rewrite := newRewrite()
	sender, err := load.NewSender(ctx, target, load.Index)
	if err != nil {
		return load.Outcome{}, err
	}
	dialect, err := target.Dialect(ctx)
	if err != nil {
		return load.Outcome{}, err
	}
	var aside []load.Refused
	total, err := source.Count(ctx, index, nil)
	if err != nil {
		return load.Outcome{}, err
	}
	var read int64
	_, err = source.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards}, func(document es.Document) error {
		becomes, err := rewrite(document)
		if errors.Is(err, load.ErrQuarantine) {
			aside = append(aside, load.Refused{Index: document.Index, Type: document.Type, ID: document.ID, Error: "quarantine", Reason: err.Error(), Action: string(document.Source)})
			return nil
		}
		if err != nil {
			return err
		}
		read++
		rec.Progress(read, max(read, total), "documents", index)
		becomes.Type = dialect.DocumentType(becomes.Type)
		return sender.Add(ctx, becomes)
	})
	outcome, sendErr := sender.Finish(ctx)
	outcome.Refused = append(outcome.Refused, aside...)
	return outcome, errors.Join(err, sendErr)
}
