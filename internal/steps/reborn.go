package steps

// reborn.go answers: what of a document that the second side has in a newer version than the first? It was deleted on the
// first and written anew: once a deletion is older than index.gc_deletes, an id's versions begin at 1 again. No version can
// tell its new content from the old, so contents are compared; so are those of one that was deleted on the second side
// alone. Next: writers.go.

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/verify"
)

// replace writes those of the documents whose content differs over what the second side has, whatever its versions: only
// for as long as nobody else writes to it.
func (r *round) replace(ctx context.Context, pair *pairing, reborn []es.Document) (roundResult, error) {
	var total roundResult
	for part := range slices.Chunk(reborn, fetchDocuments) {
		result, err := r.replacePart(ctx, pair, part)
		total.add(result)
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

func (r *round) replacePart(ctx context.Context, pair *pairing, reborn []es.Document) (roundResult, error) {
	type document struct{ becomes, original es.Document }
	wanted := map[documentKey]document{}
	var ids []string
	aside, err := r.read(ctx, pair, reborn, func(becomes, original es.Document) error {
		wanted[pair.key(becomes)] = document{becomes, original}
		ids = append(ids, becomes.ID)
		return nil
	})
	if err != nil || len(ids) == 0 {
		return roundResult{Refused: aside}, err
	}
	for _, index := range pair.toIndices() {
		err := scanIDs(ctx, r.to, index, ids, func(there es.Document) error {
			key := pair.key(there)
			if one, known := wanted[key]; known && sameContent(one.becomes.Source, there.Source) {
				delete(wanted, key)
			}
			return nil
		})
		if err != nil {
			return roundResult{}, fmt.Errorf("read documents of %s: %w", index, err)
		}
	}
	sender, err := load.NewSender(ctx, r.to, load.Index)
	if err != nil {
		return roundResult{}, err
	}
	for _, one := range wanted {
		one.becomes.Version = 0 // without a version it is written over whatever is there
		if err := sender.AddRewritten(ctx, one.becomes, one.original); err != nil {
			return roundResult{}, err
		}
	}
	result, err := finish(ctx, sender, pair)
	result.Refused = append(aside, result.Refused...)
	return result, err
}

// sameContent compares as the proof does: the order of keys and white space do not count.
func sameContent(one, other []byte) bool {
	var left, right verify.Canonicaliser
	first, err := left.Canonical(one)
	if err != nil {
		return bytes.Equal(one, other)
	}
	second, err := right.Canonical(other)
	return err == nil && bytes.Equal(first, second)
}
