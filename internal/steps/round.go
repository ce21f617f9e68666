package steps

// round.go answers: what does one round do? It reads ids and versions of both sides, and sends and deletes what differs.
// Next: pairing.go.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// fetchDocuments is how many documents are asked for by id at once.
const fetchDocuments = 500

// round brings one side up to the other once.
type round struct {
	from, to *cluster.Client
	// deletes also removes what the first side no longer has: only while nobody else writes to the second.
	deletes bool
	// reversed goes from the target to the source.
	reversed bool
	move     *Move
}

// roundResult is what one round did.
type roundResult struct {
	Written  int64          `json:"written"`
	Deleted  int64          `json:"deleted"`
	Existing int64          `json:"existing"`
	Refused  []load.Refused `json:"refused,omitempty"`
	// NoWayBack are indices from which nothing could be brought back, Left documents of the second side that the first
	// lacks and that were not deleted.
	NoWayBack []string `json:"no_way_back,omitempty"`
	Left      int64    `json:"left,omitempty"`
}

func (r *roundResult) add(other roundResult) {
	r.Written += other.Written
	r.Deleted += other.Deleted
	r.Existing += other.Existing
	r.Left += other.Left
	r.NoWayBack = append(r.NoWayBack, other.NoWayBack...)
	r.Refused = append(r.Refused, other.Refused...)
}

// runRound compares every pair once. Towards the target, what it does not take goes into the quarantine, and the result
// has only what was not there before. Indices without a way back are named in the result and left out.
func runRound(ctx context.Context, round *round, progress progressOf) (roundResult, error) {
	var total roundResult
	round.move.lookAgain()
	if err := round.move.putPipelinesBack(ctx, round.to); err != nil {
		return total, err
	}
	routes, err := round.move.Pairs(ctx)
	if err != nil {
		return total, err
	}
	for i, route := range routes {
		result, err := round.run(ctx, route)
		if errors.Is(err, errNoWayBack) {
			total.NoWayBack = append(total.NoWayBack, route.Target)
			continue
		}
		if err != nil {
			return total, fmt.Errorf("%s: %w", route.Source, err)
		}
		if !round.reversed {
			if result.Refused, err = round.move.setAside(result.Refused); err != nil {
				return total, err
			}
		}
		total.add(result)
		progress(int64(i+1), int64(len(routes)), "indices", route.Source)
	}
	return total, nil
}

// run compares one pair of indices and sends what differs.
func (r *round) run(ctx context.Context, route plan.Route) (roundResult, error) {
	var result roundResult
	pair, err := r.pairOf(ctx, route)
	if err != nil {
		return result, err
	}
	there := map[documentKey]int64{}
	if pair.create != nil {
		if err := r.makeIndex(ctx, route, pair); err != nil {
			return result, err
		}
	}
	for _, index := range pair.toIndices() {
		if err := r.versionsIn(ctx, pair, index, there); err != nil {
			return result, err
		}
	}
	deletes := r.deletes
	if err := r.from.Refresh(ctx, pair.fromIndex); errors.Is(err, cluster.ErrBlocked) {
		deletes = false // what was written just before the block may not show yet, and nothing was deleted since
	} else if err != nil {
		return result, err
	}
	var wanted []es.Document // without sources, as the first side has them
	var reborn []es.Document // those that have a newer version on the second side
	var aside []load.Refused
	// Where a rule changes ids or sources, only the whole document says what it becomes.
	idsAlone := pair.rewrite == nil || pair.sameKeys
	_, err = r.from.Scan(ctx, pair.fromIndex, cluster.ScanOptions{Shard: cluster.AllShards, NoSource: idsAlone}, func(document es.Document) error {
		becomes := document
		if !idsAlone {
			rewritten, moves, err := pair.becomes(document)
			if errors.Is(err, load.ErrQuarantine) {
				aside = append(aside, r.aside(&document, err))
				return nil
			}
			if errors.Is(err, transform.ErrLeftOut) {
				return nil
			}
			if err != nil || !moves {
				return err
			}
			becomes = rewritten
		}
		key := pair.key(becomes)
		version, known := there[key]
		delete(there, key)
		document.Source = nil
		switch {
		case !known || version < document.Version:
			wanted = append(wanted, document)
		case version > document.Version && r.deletes:
			reborn = append(reborn, document)
		}
		return nil
	})
	if err != nil {
		return result, fmt.Errorf("read the ids of %s: %w", pair.fromIndex, err)
	}
	if len(wanted)+len(reborn) > 0 {
		err = r.move.withoutPipelines(ctx, r.to, pair.toIndices(), func() error {
			sent, err := r.send(ctx, pair, wanted)
			result.add(sent)
			if err != nil {
				return err
			}
			if sent.Existing > 0 && r.deletes {
				// Newer there, and yet not seen: somebody deleted it a moment ago, and the deletion's version is still remembered.
				reborn = append(reborn, wanted...)
			}
			replaced, err := r.replace(ctx, pair, reborn)
			result.add(replaced)
			return err
		})
	}
	result.Refused = append(result.Refused, aside...)
	if err != nil {
		return result, err
	}
	if deletes && len(there) > 0 {
		return r.remove(ctx, pair, there, result)
	}
	result.Left += int64(len(there))
	return result, nil
}

// aside is a document that cannot go.
func (r *round) aside(document *es.Document, why error) load.Refused {
	kind := "quarantine"
	if r.reversed {
		kind = stays
	}
	return load.NewRefused(document, 0, kind, why.Error(), "")
}

// versionsIn reads what one index of the second side holds; one that is not there yet holds nothing.
func (r *round) versionsIn(ctx context.Context, pair *pairing, index string, versions map[documentKey]int64) error {
	exists, err := r.to.IndexExists(ctx, index)
	if err != nil || !exists {
		return err
	}
	if err := r.to.Refresh(ctx, index); err != nil && !errors.Is(err, cluster.ErrBlocked) {
		return err
	}
	_, err = r.to.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards, NoSource: true}, func(document es.Document) error {
		if len(pair.types) == 0 || slices.Contains(pair.types, document.Type) {
			versions[pair.key(document)] = document.Version
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the ids of %s: %w", index, err)
	}
	return nil
}

// makeIndex makes the second side's index with its aliases, where no step made it. One that is there and that no round made
// is somebody else's: its documents would be taken for ones that the first side deleted. Once writers have moved it is theirs.
func (r *round) makeIndex(ctx context.Context, route plan.Route, pair *pairing) error {
	exists, err := r.to.IndexExists(ctx, pair.toIndex)
	if err != nil {
		return err
	}
	if exists {
		made, err := r.move.late()
		if err != nil || !r.deletes || slices.Contains(made, pair.toIndex) {
			return err
		}
		return engine.WithHint(fmt.Errorf("%s appeared on the source since the plan was made, and the target has an index %s that this migration did not make: %w", route.Source, pair.toIndex, engine.ErrBlocked),
			"delete or rename one of the two")
	}
	if err := r.move.aboutToMake(pair.toIndex); err != nil {
		return err
	}
	if err := r.to.CreateIndex(ctx, pair.toIndex, pair.create); err != nil && !errors.Is(err, cluster.ErrIndexExists) {
		return fmt.Errorf("create %s, which appeared after the plan was made: %w", pair.toIndex, err)
	}
	aliases := &moveAliases{source: r.move.Sides.Source, target: r.move.Sides.Target, move: r.move, routes: []plan.Route{route}}
	if err := aliases.Apply(ctx, nil); err != nil {
		return fmt.Errorf("set the aliases of %s: %w", pair.toIndex, err)
	}
	return nil
}

// send writes documents of the first side, given without sources, to the second.
func (r *round) send(ctx context.Context, pair *pairing, wanted []es.Document) (roundResult, error) {
	// Versions decide: a document that the other side has in a newer version stays.
	sender, err := load.NewSender(ctx, r.to, load.Index)
	if err != nil {
		return roundResult{}, err
	}
	aside, err := r.read(ctx, pair, wanted, func(becomes, original es.Document) error { return sender.AddRewritten(ctx, becomes, original) })
	if err != nil {
		return roundResult{Refused: aside}, err
	}
	result, err := finish(ctx, sender, pair)
	result.Refused = append(aside, result.Refused...)
	if err != nil {
		return result, err
	}
	exists, err := r.to.IndexExists(ctx, pair.toIndex)
	if err != nil || !exists {
		return result, err
	}
	return result, r.to.Refresh(ctx, pair.toIndex)
}

func finish(ctx context.Context, sender *load.Sender, pair *pairing) (roundResult, error) {
	outcome, err := sender.Finish(ctx)
	if err != nil {
		err = fmt.Errorf("write to %s: %w", pair.toIndex, err)
	}
	return roundResult{Written: outcome.Written, Existing: outcome.Existing, Refused: outcome.Refused}, err
}

// read gives each of the documents as it is on the second side, and as it is on the first; aside are those that cannot go.
func (r *round) read(ctx context.Context, pair *pairing, wanted []es.Document, each func(becomes, original es.Document) error) (aside []load.Refused, err error) {
	for part := range slices.Chunk(wanted, fetchDocuments) {
		err := fetch(ctx, r.from, pair.fromIndex, part, func(document es.Document) error {
			becomes, moves, err := pair.becomes(document)
			if err == nil && moves && pair.proven != nil {
				err = pair.proven(becomes, document)
			}
			switch {
			case errors.Is(err, load.ErrQuarantine):
				aside = append(aside, r.aside(&document, err))
				return nil
			case errors.Is(err, transform.ErrLeftOut):
				return nil
			case err != nil || !moves:
				return err
			case becomes.Source == nil:
				aside = append(aside, load.Refused{Index: document.Index, Type: document.Type, ID: document.ID, Error: "quarantine", Reason: "its index keeps no source"})
				return nil
			}
			if pair.split != nil && becomes.Index != pair.toIndex {
				if err := r.move.makePart(ctx, pair.split, becomes.Index); err != nil {
					return err
				}
			}
			return each(becomes, document)
		})
		if err != nil {
			return aside, fmt.Errorf("read documents of %s: %w", pair.fromIndex, err)
		}
	}
	return aside, nil
}

// fetch reads documents by id through a search, which finds them whatever their routing.
func fetch(ctx context.Context, client *cluster.Client, index string, documents []es.Document, each func(es.Document) error) error {
	wanted := map[documentKey]bool{}
	ids := make([]string, 0, len(documents))
	for _, document := range documents {
		wanted[keyOf(document, true)] = true
		ids = append(ids, document.ID)
	}
	return scanIDs(ctx, client, index, ids, func(document es.Document) error {
		if !wanted[keyOf(document, true)] {
			return nil // the same id under another type or routing
		}
		return each(document)
	})
}

// scanIDs reads all documents that have one of the ids, of whatever type and routing.
func scanIDs(ctx context.Context, client *cluster.Client, index string, ids []string, each func(es.Document) error) error {
	query, err := json.Marshal(map[string]any{"ids": map[string]any{"values": ids}})
	if err != nil {
		return fmt.Errorf("encode a query: %w", err)
	}
	_, err = client.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards, Query: query, Page: fetchDocuments}, each)
	return err
}

func (r *round) remove(ctx context.Context, pair *pairing, surplus map[documentKey]int64, result roundResult) (roundResult, error) {
	sender, err := load.NewSender(ctx, r.to, load.Delete)
	if err != nil {
		return result, err
	}
	for _, index := range pair.toIndices() {
		_, err = r.to.Scan(ctx, index, cluster.ScanOptions{Shard: cluster.AllShards, NoSource: true}, func(document es.Document) error {
			if _, gone := surplus[pair.key(document)]; !gone {
				return nil
			}
			document.Index = index
			return sender.Add(ctx, document)
		})
		if err != nil {
			return result, err
		}
	}
	outcome, err := sender.Finish(ctx)
	result.Deleted = outcome.Written
	result.Refused = append(result.Refused, outcome.Refused...)
	for _, index := range pair.toIndices() {
		err = errors.Join(err, r.to.Refresh(ctx, index))
	}
	return result, err
}
