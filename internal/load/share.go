package load

// share.go answers: who reads a chosen part of an index for a rehearsal, out of a snapshot or through the search API? Next:
// job.go.

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
)

// ShareFeed reads stretches of an index, as a SnapshotUnit's feed reads all of it.
type ShareFeed struct {
	Reader    *export.Reader
	Index     string
	Stretches []export.Stretch
	// Read is told behind each stretch what it held: documents and bytes of their sources. It may be nil.
	Read func(documents, bytes int64)
}

// Each reads the stretches; positions number the documents.
func (f *ShareFeed) Each(ctx context.Context, from int64, visit func(position int64, document *es.Document) error) error {
	var texts texts
	var position int64
	for _, stretch := range f.Stretches {
		var documents, bytes int64
		err := f.Reader.ReadStretch(ctx, f.Index, stretch, func(one *export.Sampled) error {
			document := texts.document(one.Document)
			position++
			documents++
			bytes += int64(len(document.Source))
			if position <= from {
				return nil
			}
			return visit(position, &document)
		})
		if err != nil {
			return err
		}
		if f.Read != nil {
			f.Read(documents, bytes)
		}
	}
	return nil
}

// mostKept bounds what a share that was read through the search API takes of memory.
const mostKept = 64 << 20

// errShareRead ends the reading of a unit.
var errShareRead = errors.New("the share is read")

// ScrollShare reads about a share of an index (0 to 1), and at least about so many documents, through the search API, and
// keeps it: a second reading would burden the source again and find other documents. It holds no more than 64 MB. whole says
// that it is all of the index.
func ScrollShare(ctx context.Context, source *Source, index string, share float64, least int) (documents []es.Document, whole bool, err error) {
	units, err := source.client.ReadUnits(ctx, index)
	if err != nil {
		return nil, false, err
	}
	var living int64
	for _, unit := range units {
		living += unit.Documents
	}
	wanted := int64(math.Ceil(max(share*float64(living), float64(least))))
	if whole = wanted >= living; !whole {
		if units, err = source.client.ShareUnits(ctx, index, int(living/wanted)); err != nil {
			return nil, false, err
		}
	}
	kept := 0
	for i, unit := range units {
		// What earlier units lacked, later ones give.
		quota := (wanted - int64(len(documents)) + int64(len(units)-i) - 1) / int64(len(units)-i)
		bytes := kept + (mostKept-kept)/(len(units)-i)
		var taken int64
		err := source.client.Read(ctx, cluster.ReadUnit(unit), 0, cluster.ReadOptions{AfterPage: source.paid, Busy: source.waits}, func(_ int64, document es.Document) error {
			if !whole && taken >= quota || kept >= bytes {
				whole = false
				return errShareRead
			}
			document.Source = slices.Clone(document.Source)
			documents = append(documents, document)
			kept += len(document.Source)
			taken++
			return nil
		})
		if err != nil && !errors.Is(err, errShareRead) {
			return nil, false, err
		}
	}
	return documents, whole, nil
}

// KeptFeed gives documents that are in memory.
type KeptFeed []es.Document

// Each gives them; positions number them.
func (f KeptFeed) Each(_ context.Context, from int64, visit func(position int64, document *es.Document) error) error {
	for i := from; i < int64(len(f)); i++ {
		document := f[i]
		if err := visit(i+1, &document); err != nil {
			return err
		}
	}
	return nil
}
