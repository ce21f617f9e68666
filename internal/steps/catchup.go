package steps

// catchup.go answers: how does what was written to one side since the snapshot reach the other? Through the search API:
// ids and versions of both sides are compared, and only the documents that differ are read. A restored index keeps its
// documents' versions, and a loaded one gets them, so equal versions mean equal documents; the proof that follows
// compares contents. Next: writers.go.

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
)

const (
	// fetchDocuments is how many documents are asked for by id at once.
	fetchDocuments = 500
	// roundsMost is how many times a round is repeated while the writer is faster, before it is left to cutover.
	roundsMost = 3
)

// round brings one side up to the other once.
type round struct {
	from, to *cluster.Client
	// deletes also removes what the first side no longer has: only while nobody else writes to the second.
	deletes bool
}

// roundResult is what one round did.
type roundResult struct {
	Written  int64          `json:"written"`
	Deleted  int64          `json:"deleted"`
	Existing int64          `json:"existing"`
	Refused  []load.Refused `json:"refused,omitempty"`
}

func (r *roundResult) add(other roundResult) {
	r.Written += other.Written
	r.Deleted += other.Deleted
	r.Existing += other.Existing
	r.Refused = append(r.Refused, other.Refused...)
}

// documentKey is 128 bits of a document's identity: an index of a hundred million takes about 4 GB of it, which is why
// large moves take their rounds from snapshots.
type documentKey [2]uint64

// run compares one pair of indices and sends what differs.
func (r *round) run(ctx context.Context, fromIndex, toIndex string) (roundResult, error) {
	var result roundResult
	toDialect, err := r.to.Dialect(ctx)
	if err != nil {
		return result, err
	}
	fromDialect, err := r.from.Dialect(ctx)
	if err != nil {
		return result, err
	}
	typed := fromDialect.ManyTypes && toDialect.ManyTypes
	there := map[documentKey]int64{}
	exists, err := r.to.IndexExists(ctx, toIndex)
	if err != nil {
		return result, err
	}
	if exists {
		if err := r.to.Refresh(ctx, toIndex); err != nil {
			return result, err
		}
		_, err := r.to.Scan(ctx, toIndex, cluster.ScanOptions{Shard: cluster.AllShards, NoSource: true}, func(document es.Document) error {
			there[keyOf(document, typed)] = document.Version
			return nil
		})
		if err != nil {
			return result, fmt.Errorf("read the ids of %s: %w", toIndex, err)
		}
	}
	if err := r.from.Refresh(ctx, fromIndex); err != nil {
		return result, err
	}
	var wanted []es.Document // without sources
	_, err = r.from.Scan(ctx, fromIndex, cluster.ScanOptions{Shard: cluster.AllShards, NoSource: true}, func(document es.Document) error {
		key := keyOf(document, typed)
		version, known := there[key]
		delete(there, key)
		if !known || version < document.Version {
			wanted = append(wanted, document)
		}
		return nil
	})
	if err != nil {
		return result, fmt.Errorf("read the ids of %s: %w", fromIndex, err)
	}
	if result, err = r.send(ctx, fromIndex, toIndex, wanted, toDialect); err != nil {
		return result, err
	}
	if r.deletes && len(there) > 0 {
		return r.remove(ctx, toIndex, there, typed, result)
	}
	return result, nil
}

// keyOf hashes what identifies a document: type (where both sides have it), routing and id. The same id may live in two
// shards of one index under two routings.
func keyOf(document es.Document, typed bool) documentKey {
	if !typed {
		document.Type = ""
	}
	var length [8]byte
	hasher := xxh3.New()
	for _, part := range []string{document.Type, document.Routing, document.ID} {
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		hasher.Write(length[:])
		hasher.WriteString(part)
	}
	sum := hasher.Sum128()
	return documentKey{sum.Hi, sum.Lo}
}

func (r *round) send(ctx context.Context, fromIndex, toIndex string, wanted []es.Document, dialect cluster.Dialect) (roundResult, error) {
	var result roundResult
	// Versions decide: a document that the other side has in a newer version stays.
	sender, err := load.NewSender(ctx, r.to, load.Index)
	if err != nil {
		return result, err
	}
	for len(wanted) > 0 {
		batch := wanted[:min(fetchDocuments, len(wanted))]
		wanted = wanted[len(batch):]
		err := fetch(ctx, r.from, fromIndex, batch, func(document es.Document) error {
			document.Index, document.Type = toIndex, dialect.DocumentType(document.Type)
			return sender.Add(ctx, document)
		})
		if err != nil {
			return result, fmt.Errorf("read documents of %s: %w", fromIndex, err)
		}
	}
	outcome, err := sender.Finish(ctx)
	result.Written, result.Existing, result.Refused = outcome.Written, outcome.Existing, outcome.Refused
	if err != nil {
		return result, fmt.Errorf("write to %s: %w", toIndex, err)
	}
	return result, r.to.Refresh(ctx, toIndex)
}

// fetch reads documents by id through a search, which finds them whatever their routing.
func fetch(ctx context.Context, client *cluster.Client, index string, documents []es.Document, each func(es.Document) error) error {
	wanted := map[documentKey]bool{}
	ids := make([]string, 0, len(documents))
	for _, document := range documents {
		wanted[keyOf(document, true)] = true
		ids = append(ids, document.ID)
	}
	query, err := json.Marshal(map[string]any{"ids": map[string]any{"values": ids}})
	if err != nil {
		return fmt.Errorf("encode a query: %w", err)
	}
	_, err = client.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards, Query: query, Page: fetchDocuments}, func(document es.Document) error {
		if !wanted[keyOf(document, true)] {
			return nil // the same id under another type or routing
		}
		return each(document)
	})
	return err
}

func (r *round) remove(ctx context.Context, index string, surplus map[documentKey]int64, typed bool, result roundResult) (roundResult, error) {
	sender, err := load.NewSender(ctx, r.to, load.Delete)
	if err != nil {
		return result, err
	}
	_, err = r.to.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards, NoSource: true}, func(document es.Document) error {
		if _, gone := surplus[keyOf(document, typed)]; !gone {
			return nil
		}
		document.Index = index
		return sender.Add(ctx, document)
	})
	if err != nil {
		return result, err
	}
	outcome, err := sender.Finish(ctx)
	result.Deleted = outcome.Written
	result.Refused = append(result.Refused, outcome.Refused...)
	return result, errors.Join(err, r.to.Refresh(ctx, index))
}

// catchUp is the step that brings the target up to the source.
type catchUp struct {
	id, title      string
	source, target opener
	// pairs lists the indices to compare, those that appeared since the plan too.
	pairs func(ctx context.Context) ([]plan.Route, error)
	// settled says that the writers have moved: then nothing on the target may be deleted.
	settled bool
}

// ID is the step's name in the journal.
func (s *catchUp) ID() string { return s.id }

// Title is the step in a person's words.
func (s *catchUp) Title() string { return s.title }

// Check says how many indices will be compared.
func (s *catchUp) Check(ctx context.Context) (engine.Status, error) {
	pairs, err := s.pairs(ctx)
	if err != nil {
		return engine.Status{}, err
	}
	return engine.Status{State: engine.Ready, Note: fmt.Sprintf("%d indices compared", len(pairs))}, nil
}

// Apply runs rounds until one finds nothing new, or the writer proves faster, which only cutover can end.
func (s *catchUp) Apply(ctx context.Context, rec *engine.Recorder) error {
	source, err := s.source(ctx)
	if err != nil {
		return err
	}
	target, err := s.target(ctx)
	if err != nil {
		return err
	}
	for number := 1; number <= roundsMost; number++ {
		result, err := runRound(ctx, &round{from: source, to: target, deletes: !s.settled}, s.pairs, false, rec.Progress)
		if err != nil {
			return err
		}
		if len(result.Refused) > 0 {
			first := result.Refused[0]
			return engine.WithHint(fmt.Errorf("the target refuses %d documents; the first, %s of %s: %s", len(result.Refused), first.ID, first.Index, first.Reason),
				"mend the target's mapping or the document, then run the same command again")
		}
		if result.Written+result.Deleted == 0 {
			break
		}
		rec.Note("round %d: %d documents brought over, %d deletions", number, result.Written, result.Deleted)
	}
	return nil
}

// runRound compares every pair once; reversed swaps the names of each pair.
func runRound(ctx context.Context, round *round, pairs func(context.Context) ([]plan.Route, error), reversed bool, progress progressOf) (roundResult, error) {
	var total roundResult
	routes, err := pairs(ctx)
	if err != nil {
		return total, err
	}
	for i, route := range routes {
		from, to := route.Source, route.Target
		if reversed {
			from, to = to, from
		}
		result, err := round.run(ctx, from, to)
		if err != nil {
			return total, fmt.Errorf("%s: %w", from, err)
		}
		total.add(result)
		progress(int64(i+1), int64(len(routes)), "indices", from)
	}
	return total, nil
}

// Verify is left to the proof that follows: while a writer runs, the next look always finds something.
func (s *catchUp) Verify(context.Context) error { return nil }

// Undo has nothing to do: what was brought over goes with its index.
func (s *catchUp) Undo(context.Context, *engine.Recorder) error { return nil }
