package steps

// pairing.go answers: which documents of two indices are the same one, and what does one become on the other side? Next: reborn.go.

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/zeebo/xxh3"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// documentKey is 128 bits of a document's identity: an index of a hundred million takes about 4 GB of it, which is why
// large moves take their rounds from snapshots.
type documentKey [2]uint64

// pairing is how two indices are compared in one direction.
type pairing struct {
	fromIndex, toIndex string
	// create makes the second side's index, where no step made it: it appeared after the plan.
	create []byte
	// typed says that types count: both sides have them.
	typed bool
	// types are those of the second side that take part, on the way back; empty means all.
	types []string
	// toType is the type of every document on the second side, where it has one and the first has none.
	toType  string
	dialect cluster.Dialect // of the second side
	rewrite func(es.Document) (es.Document, bool, error)
	// sameKeys says that a document has the same key on both sides although it is rewritten.
	sameKeys bool
	// proven says whether a document that was rewritten may be written; nil where all may.
	proven func(becomes, original es.Document) error
	// split is the index of the target whose documents a rule spreads over parts; nil where there is no such rule.
	split *transform.TargetIndex
	parts []string
	// rules say which ids are hashed; nil where documents are found by other ids than these. long has the source's ids by their hashes, as far as they were read.
	rules *transform.DocumentRules
	long  map[string]string
}

// toIndices are all indices of the second side that documents of the first may lie in.
func (p *pairing) toIndices() []string { return append([]string{p.toIndex}, p.parts...) }

// key identifies a document of either side; where documents are spread, the index it lies in counts too. A long id of
// the source counts as the hash that the target has; a hash is short and counts as itself.
func (p *pairing) key(document es.Document) documentKey {
	if p.rules != nil {
		if hashed := p.rules.TargetID(document.ID); hashed != document.ID {
			p.long[hashed] = document.ID
			document.ID = hashed
		}
	}
	if p.split != nil {
		document.Type = document.Index
	}
	return keyOf(document, p.typed || p.split != nil)
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

// errNoWayBack says that documents cannot be brought back into an index whose documents a person's rules rewrote.
var errNoWayBack = errors.New("its documents were rewritten by rules of migration.yaml, so what was written since cannot be brought back")

// stays is why a document of the target is not brought back.
const stays = "no-way-back"

// back pairs an index of the target with the types of the source whose documents it joined. Each document says by itself
// what it was; it goes back if the rules make the same of it again.
func (p *pairing) back(rules *transform.DocumentRules, forward func(es.Document) (es.Document, bool, error)) {
	p.typed = true
	p.rewrite = func(document es.Document) (es.Document, bool, error) {
		was, ok, err := rules.Back(document)
		if err != nil || !ok {
			return document, false, errors.Join(fmt.Errorf("%w: it does not say what it would be on the source", load.ErrQuarantine), err)
		}
		was.Index = p.toIndex
		return was, true, nil
	}
	p.proven = func(was, document es.Document) error {
		again, _, err := forward(was)
		if err == nil && (again.ID != document.ID || document.Routing != "" && again.Routing != document.Routing || !sameContent(again.Source, document.Source)) {
			err = errors.New("the rules would make another document of it")
		}
		if err != nil {
			return fmt.Errorf("%w: %w", load.ErrQuarantine, err)
		}
		return nil
	}
}

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
		if r.reversed && !fromDialect.TypesInURL {
			pair.toType = route.Type
		}
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
	if r.reversed {
		pair.types = target.Types
	}
	if target.Documents != nil && target.Documents.KeepsIdentity() {
		pair.rules, pair.long = target.Documents, map[string]string{}
	}
	switch {
	case r.reversed && target.Documents != nil && !target.Documents.HasWayBack():
		return nil, fmt.Errorf("%s: %w", route.Target, errNoWayBack)
	case r.reversed && target.Documents != nil && !target.Documents.KeepsIdentity():
		forward, err := r.move.compared(ctx, route)
		if err != nil {
			return nil, err
		}
		pair.back(target.Documents, forward)
	case r.reversed && len(target.Types) > 0 && !pair.typed:
		pair.toType = target.Types[0]
	case r.reversed:
	case target.Documents == nil && len(made.Targets) == 1:
		pair.toType = target.Type
	default:
		pair.sameKeys = len(made.Targets) == 1 && target.Documents.KeepsIdentity() && !target.Documents.LeavesOut() && !pair.typed
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
