package steps

// prove.go answers: is every document of the source on the target, with the same content? Next: retire.go.

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

// differencesMost is how many differing documents of one index are counted one by one. After cutover everything that is
// written to the target alone is such a difference, so there are many.
const differencesMost = 1_000_000

// examplesMost is how many differing documents a proof names for each index.
const examplesMost = 5

// prove is the step that proves and writes the proof down.
type prove struct {
	id   string
	move *Move
	// lagAllowed accepts documents that are missing because the writers still write to the source.
	lagAllowed bool
}

// ID is the step's name in the journal.
func (s *prove) ID() string { return s.id }

// Title is the step in a person's words.
func (s *prove) Title() string {
	return "prove that nothing is lost: counts and contents of both sides"
}

// Check says how many indices will be compared.
func (s *prove) Check(ctx context.Context) (engine.Status, error) {
	pairs, err := s.move.Pairs(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d indices", len(pairs))}, nil
}

// Apply compares and keeps the proof.
func (s *prove) Apply(ctx context.Context, rec *engine.Recorder) error {
	proof, err := s.move.prove(ctx, rec.Progress)
	if err != nil {
		return err
	}
	rec.Note("%d documents compared", proof.Documents)
	rec.Note("%s", proof.sampled())
	var missing int64
	for _, row := range proof.Rows {
		if row.OtherValues() {
			return engine.WithHint(fmt.Errorf("values of %s mean another thing on the target: %s", row.Target, row.Values.Differences[0]),
				"look at the field's mapping on both sides; a date's format is the usual cause. Set the right one (transform.rules, type), delete the index on the target and load it again")
		}
		if row.Changed > 0 {
			return engine.WithHint(fmt.Errorf("%d documents of %s have another content on the target: %v", row.Changed, row.Target, row.Examples), "see the proof in the state folder; `hikkoshi sync` repairs what the source changed since")
		}
		missing += row.Missing
	}
	if missing == 0 {
		return nil
	}
	if !s.lagAllowed {
		return engine.WithHint(fmt.Errorf("%d documents of the source are missing on the target", missing), "run the same command again: what is still missing is brought over first")
	}
	rec.Note("%d documents were written to the source meanwhile; the next round brings them", missing)
	return nil
}

// Verify is what Apply did.
func (s *prove) Verify(context.Context) error { return nil }

// Undo has nothing to take back.
func (s *prove) Undo(context.Context, *engine.Recorder) error { return nil }

// Prove compares both sides outside of a phase, and keeps the proof.
func (m *Move) Prove(ctx context.Context, sink engine.Sink) (Proof, error) {
	return m.prove(ctx, func(current, total int64, unit, message string) {
		sink(engine.Event{Kind: engine.EventProgress, Current: current, Total: total, Unit: unit, Message: message})
	})
}

// Synced is what one round outside of a phase did.
type Synced struct {
	Written int64 `json:"written"`
	Deleted int64 `json:"deleted"`
	// SetAside is how many documents the target does not take that were not in the quarantine before.
	SetAside int `json:"set_aside"`
}

// Sync runs one round outside of a phase. settled says that writers write to the target already, so that nothing there
// may be deleted.
func (m *Move) Sync(ctx context.Context, settled bool, sink engine.Sink) (Synced, error) {
	source, err := m.Sides.Source(ctx)
	if err != nil {
		return Synced{}, err
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return Synced{}, err
	}
	result, err := runRound(ctx, &round{from: source, to: target, deletes: !settled, move: m}, func(current, total int64, unit, message string) {
		sink(engine.Event{Kind: engine.EventProgress, Current: current, Total: total, Unit: unit, Message: message})
	})
	return Synced{Written: result.Written, Deleted: result.Deleted, SetAside: len(result.Refused)}, err
}

// progressOf is how far something is, as Recorder.Progress takes it.
type progressOf func(current, total int64, unit, message string)

func (m *Move) prove(ctx context.Context, progress progressOf) (Proof, error) {
	source, err := m.Sides.Source(ctx)
	if err != nil {
		return Proof{}, err
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return Proof{}, err
	}
	m.lookAgain()
	routes, err := m.Pairs(ctx)
	if err != nil {
		return Proof{}, err
	}
	counters, err := writeCounters(ctx, source, m.counts)
	if err != nil {
		return Proof{}, err
	}
	pairs := make([]verify.Pair, len(routes))
	for i, route := range routes {
		pairs[i] = verify.Pair{SourceIndex: route.Source, TargetIndex: route.Target, SourceType: route.Type}
		if pairs[i].Transform, err = m.comparable(ctx, route); err != nil {
			return Proof{}, err
		}
		if !route.Kind.Loads() {
			continue
		}
		if pairs[i].IgnoreType, err = m.losesTypes(ctx, route); err != nil {
			return Proof{}, err
		}
		if pairs[i].Parts, err = m.partsOfRoute(ctx, route); err != nil {
			return Proof{}, err
		}
	}
	began := time.Now().UTC()
	report, err := verify.Compare(ctx, source, target, pairs, verify.Options{Progress: together(progress), MaxDifferences: differencesMost})
	if err != nil {
		return Proof{}, err
	}
	proof := proofOf(report, routes)
	if err := m.compareValues(ctx, &proof, routes, progress); err != nil {
		return Proof{}, fmt.Errorf("compare values: %w", err)
	}
	proof.At, proof.Written = began, counters
	return proof, SaveProof(m.Wanted, proof)
}

// together adds up the progress of all pairs and both sides.
func together(progress progressOf) func(verify.Progress) {
	var mutex sync.Mutex
	type key struct {
		pair string
		side verify.Side
	}
	done, totals := map[key]int64{}, map[key]int64{}
	return func(one verify.Progress) {
		mutex.Lock()
		defer mutex.Unlock()
		place := key{one.Pair, one.Side}
		done[place], totals[place] = one.Documents, one.Total
		var current, total int64
		for place := range done {
			current += done[place]
			total += max(totals[place], done[place])
		}
		progress(current, total, "documents", one.Pair)
	}
}

func proofOf(report verify.Report, routes []plan.Route) Proof {
	proof := Proof{Holds: len(report.Pairs) > 0}
	for i, pair := range report.Pairs {
		row := ProofRow{Source: pair.SourceIndex, Target: pair.TargetIndex, Route: routes[i].Kind, Written: pair.Source.Documents, Found: pair.Target.Documents,
			SourceDigest: pair.Source.Digest, TargetDigest: pair.Target.Digest, SetAside: pair.Reasons[setAside], LeftOut: pair.Reasons[leftOut]}
		for _, difference := range pair.Differences {
			switch difference.Kind {
			case verify.Missing:
				row.Missing++
			case verify.Extra:
				row.Surplus++
			default:
				row.Changed++
			}
			if len(row.Examples) < examplesMost && difference.Kind != verify.Extra {
				row.Examples = append(row.Examples, fmt.Sprintf("%s: %s %s", difference.ID, difference.Kind, difference.Path))
			}
		}
		if pair.Truncated || !pair.Equal && len(pair.Differences) == 0 {
			// More differ than are listed: at least one must count, or the proof would hold by mistake.
			row.Changed = max(row.Changed, 1)
			row.Note = "more documents differ than are listed"
		}
		if pair.Source.Sourceless > 0 {
			row.Note = fmt.Sprintf("%d documents keep no source: only their ids are compared", pair.Source.Sourceless)
		}
		proof.Documents += row.Written
		proof.Holds = proof.Holds && row.Holds()
		proof.Rows = append(proof.Rows, row)
	}
	return proof
}

// SideBySide gives what _cat/indices shows on both sides, with the differences.
func (m *Move) SideBySide(ctx context.Context) ([]verify.Row, error) {
	source, err := m.Sides.Source(ctx)
	if err != nil {
		return nil, err
	}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return nil, err
	}
	routes, err := m.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	pairs := make([]verify.Pair, len(routes))
	for i, route := range routes {
		pairs[i] = verify.Pair{SourceIndex: route.Source, TargetIndex: route.Target, SourceType: route.Type}
	}
	return verify.Table(ctx, source, target, pairs)
}
