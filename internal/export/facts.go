package export

// facts.go answers: how large is an index in a snapshot, and how many documents live in it? Segment infos and deletions are
// read, documents are not.

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// factsParallel is how many shards are opened at once.
const factsParallel = 8

// IndexFacts is what the files of an index tell without reading its documents.
type IndexFacts struct {
	Name  string
	Index *snapshot.Index // nil where its metadata can't be read
	// Live and Deleted count as _cat/indices does: nested documents on their own.
	Live, Deleted   int64
	Segments, Files int
	Bytes           int64
	// Lucene are the versions that wrote its segments.
	Lucene []string
	// Losses are what could not be read.
	Losses []Loss
}

// Describe reads the facts of the chosen indices of a snapshot, sorted by name. What can't be read is in the facts.
func Describe(ctx context.Context, repository *snapshot.Repository, info *snapshot.Info, selection Selection) ([]IndexFacts, error) {
	names := selection.indices(info)
	all := make([]IndexFacts, len(names))
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(factsParallel)
	reader := &scan{repository: repository, info: info}
	for i, name := range names {
		group.Go(func() error {
			facts := &all[i]
			facts.Name = name
			index, err := repository.Index(groupContext, info, name)
			if err != nil {
				facts.Losses = append(facts.Losses, Loss{Index: name, Shard: -1, Documents: -1, Err: err})
				return lossOnly(err)
			}
			facts.Index = index
			for number := range index.Shards {
				one := reader.openShard(groupContext, index, number)
				facts.Losses = append(facts.Losses, one.losses...)
				for j := range one.losses {
					if err := lossOnly(one.losses[j].Err); err != nil {
						return err
					}
				}
				facts.add(one)
			}
			slices.Sort(facts.Lucene)
			facts.Lucene = slices.Compact(facts.Lucene)
			return nil
		})
	}
	return all, group.Wait()
}

// lossOnly passes on what is not about the repository's state.
func lossOnly(err error) error {
	if isLoss(err) {
		return nil
	}
	return err
}

func (f *IndexFacts) add(one *openedShard) {
	if one.shard == nil {
		return
	}
	f.Files += len(one.shard.Files)
	f.Bytes += one.shard.Size()
	f.Segments += len(one.segments)
	for _, segment := range one.segments {
		f.Live += int64(segment.LiveDocs())
		f.Deleted += int64(segment.MaxDoc() - segment.LiveDocs())
		f.Lucene = append(f.Lucene, segment.Lucene().String())
	}
}
