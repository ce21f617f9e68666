package steps

// catchup.go answers: how does what was written to one side since the snapshot reach the other? Through the search API:
// ids and versions of both sides are compared, and only the documents that differ are read. A restored index keeps its
// documents' versions, and a loaded one gets them, so equal versions mean equal documents; the proof that follows
// compares contents. Next: reborn.go.

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/zeebo/xxh3"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
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
	// NoWayBack are indices from which nothing could be brought back.
	NoWayBack []string `json:"no_way_back,omitempty"`
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
				aside = append(aside, load.NewRefused(&document, 0, "quarantine", err.Error(), ""))
				return nil
			}
			if err != nil || !moves {
				return err
			}
			becomes = rewritten
		}
		key := pair.key(becomes)
		if idsAlone && !r.reversed {
			key = pair.sourceKey(becomes)
		}
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
	return result, nil
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
		if r.reversed {
			versions[pair.sourceKey(document)] = document.Version
		} else {
			versions[pair.key(document)] = document.Version
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read the ids of %s: %w", index, err)
	}
	return nil
}

// makeIndex makes the second side's index with its aliases, where no step made it.
func (r *round) makeIndex(ctx context.Context, route plan.Route, pair *pairing) error {
	exists, err := r.to.IndexExists(ctx, pair.toIndex)
	if err != nil || exists {
		return err
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

// pairing is how two indices are compared in one direction.
type pairing struct {
	fromIndex, toIndex string
	// create makes the second side's index, where no step made it: it appeared after the plan.
	create []byte
	// typed says that types count: both sides have them.
	typed bool
	// toType is the type of every document on the second side, where it has one and the first has none.
	toType  string
	dialect cluster.Dialect // of the second side
	rewrite func(es.Document) (es.Document, bool, error)
	// sameKeys says that a document has the same key on both sides although it is rewritten.
	sameKeys bool
	// split is the index of the target whose documents a rule spreads over parts; nil where there is no such rule.
	split *transform.TargetIndex
	parts []string
	// rules say which ids are hashed; nil where none is. long has the source's ids by their hashes, as far as they were read.
	rules *transform.DocumentRules
	long  map[string]string
}

// toIndices are all indices of the second side that documents of the first may lie in.
func (p *pairing) toIndices() []string { return append([]string{p.toIndex}, p.parts...) }

// key identifies a document of either side; where documents are spread, the index it lies in counts too.
func (p *pairing) key(document es.Document) documentKey {
	if p.split != nil {
		document.Type = document.Index
	}
	return keyOf(document, p.typed || p.split != nil)
}

// sourceKey is the key of a document of the source whose rules keep its identity.
func (p *pairing) sourceKey(document es.Document) documentKey {
	if p.rules != nil {
		if hashed := p.rules.TargetID(document.ID); hashed != document.ID {
			p.long[hashed] = document.ID
			document.ID = hashed
		}
	}
	return p.key(document)
}

// becomes says what a document is on the second side, and whether it goes there at all.
func (p *pairing) becomes(document es.Document) (es.Document, bool, error) {
	if p.rewrite != nil {
		return p.rewrite(document)
	}
	document.Index = p.toIndex
	// Only the way back meets hashes here.
	if id, hashed := p.long[document.ID]; hashed {
		source, err := p.rules.WithoutLongID(document.Source)
		if err != nil {
			return document, false, err
		}
		document.ID, document.Source = id, source
	}
	if p.toType != "" {
		document.Type = p.toType
	}
	document.Type = p.dialect.DocumentType(document.Type)
	return document, true, nil
}

// errNoWayBack says that documents cannot be brought back into an index whose documents a rule rewrote.
var errNoWayBack = errors.New("its documents were rewritten for the new version, so what was written since cannot be brought back")

func (r *round) pairOf(ctx context.Context, route plan.Route) (*pairing, error) {
	toDialect, err := r.to.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	fromDialect, err := r.from.Dialect(ctx)
	if err != nil {
		return nil, err
	}
	// Also 6.x, which makes no index of several types, keeps those of one that it restored from 5.x apart.
	pair := &pairing{fromIndex: route.Source, toIndex: route.Target, typed: fromDialect.TypesInURL && toDialect.TypesInURL, dialect: toDialect}
	if r.reversed {
		pair.fromIndex, pair.toIndex = route.Target, route.Source
	}
	if !route.Kind.Loads() {
		return pair, nil
	}
	made, err := r.move.indexPlan(ctx, route.Source)
	if err != nil {
		return nil, err
	}
	target := targetNamed(made, route.Target)
	if target == nil {
		return nil, fmt.Errorf("the rules know no index %s", route.Target)
	}
	// Several types that stay several: the same id in two of them is two documents.
	pair.typed = pair.typed && target.Type == ""
	if route.Late && !r.reversed {
		pair.create = target.Body
	}
	if target.Documents != nil && target.Documents.KeepsIdentity() {
		pair.rules, pair.long = target.Documents, map[string]string{}
	}
	switch {
	case r.reversed && target.Documents != nil && !target.Documents.KeepsIdentity():
		return nil, fmt.Errorf("%s: %w", route.Target, errNoWayBack)
	case r.reversed && len(target.Types) > 0 && !pair.typed:
		pair.toType = target.Types[0]
	case r.reversed:
	case target.Documents == nil && len(made.Targets) == 1:
		pair.toType = target.Type
	default:
		pair.sameKeys = len(made.Targets) == 1 && target.Documents.KeepsIdentity() && !pair.typed
		if pair.rewrite, err = r.move.compared(ctx, route); err != nil {
			return nil, err
		}
		if target.Split {
			pair.split = target
			if pair.parts, err = r.move.partsOfRoute(ctx, route); err != nil {
				return nil, err
			}
		}
	}
	return pair, nil
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
			switch {
			case errors.Is(err, load.ErrQuarantine):
				aside = append(aside, load.NewRefused(&document, 0, "quarantine", err.Error(), ""))
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

// catchUpID is the step's name in the phase in which the rounds begin.
const catchUpID = "catch-up"

// catchUp is the step that brings the target up to the source.
type catchUp struct {
	id, title      string
	source, target opener
	move           *Move
	// settled says that the writers have moved: then nothing on the target may be deleted.
	settled bool
}

// ID is the step's name in the journal.
func (s *catchUp) ID() string { return s.id }

// Title is the step in a person's words.
func (s *catchUp) Title() string { return s.title }

// Check says how many indices will be compared.
func (s *catchUp) Check(ctx context.Context) (engine.Status, error) {
	pairs, err := s.move.Pairs(ctx)
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
	gone, err := s.move.Gone(ctx)
	if err != nil {
		return err
	}
	for _, route := range gone {
		rec.Note("%s was deleted on the source since the plan was made; its copy %s on the target stays", route.Source, route.Target)
	}
	for number := 1; number <= roundsMost; number++ {
		result, err := runRound(ctx, &round{from: source, to: target, deletes: !s.settled, move: s.move}, rec.Progress)
		if err != nil {
			return err
		}
		if len(result.Refused) > 0 {
			first := result.Refused[0]
			rec.Note("%d more documents cannot go to the target and are set aside; the first, %s of %s: %s", len(result.Refused), first.ID, first.Index, first.Reason)
		}
		if result.Written+result.Deleted == 0 {
			break
		}
		rec.Note("round %d: %d documents brought over, %d deletions", number, result.Written, result.Deleted)
	}
	return nil
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

// Verify is left to the proof that follows: while a writer runs, the next look always finds something.
func (s *catchUp) Verify(context.Context) error { return nil }

// Undo deletes the indices that the rounds made, unless writers write to them; what was brought over into others goes with
// them.
func (s *catchUp) Undo(ctx context.Context, _ *engine.Recorder) error {
	target, err := s.target(ctx)
	if s.id != catchUpID || errors.Is(err, ErrNoDomain) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.move.deleteLate(ctx, target)
}
