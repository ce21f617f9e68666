package export

// diff.go answers: which documents differ between two snapshots? Only what changed is read: a segment that both share
// differs at most in which of its documents live. Memory follows the number of documents that are not shared.

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Change is what happened to a document between two snapshots.
type Change string

// The changes.
const (
	Added   Change = "added"
	Removed Change = "removed"
	Changed Change = "changed"
	// Rewritten documents have another version but the same content.
	Rewritten Change = "rewritten"
)

// ChangedDocument is one difference.
type ChangedDocument struct {
	Index             string
	Change            Change
	Type, ID, Routing string
	OldVersion        int64 // -1 where there is none
	NewVersion        int64
}

// ChangedIndex counts the differences of one index.
type ChangedIndex struct {
	Index string
	// Change is Added or Removed where only one snapshot has the index, or else empty.
	Change Change
	// Recreated says that another index has the same name now: every document was compared by its content.
	Recreated                          bool
	Added, Removed, Changed, Rewritten int64
	// SharedSegments did not need to be read, or only where their deletions differ.
	SharedSegments, ReadSegments int
}

// Same says whether the index has the same content in both.
func (c *ChangedIndex) Same() bool {
	return c.Change == "" && !c.Recreated && c.Added+c.Removed+c.Changed == 0
}

// Side is one of two snapshots to compare.
type Side struct {
	Repository *snapshot.Repository
	Info       *snapshot.Info
}

// Diff compares the chosen indices of two snapshots, which may lie in different repositories, and calls report with each
// difference, which may be nil. Anything unreadable is an error: a difference that can't be seen is no equality.
func Diff(ctx context.Context, before, after Side, selection Selection, report func(ChangedDocument) error) ([]ChangedIndex, error) {
	names := append(selection.indices(before.Info), selection.indices(after.Info)...)
	slices.Sort(names)
	var all []ChangedIndex
	for _, name := range slices.Compact(names) {
		d := diff{ctx: ctx, selection: selection, report: report, counted: ChangedIndex{Index: name}}
		if err := d.index(before, after); err != nil {
			return all, fmt.Errorf("compare index %s: %w", name, err)
		}
		all = append(all, d.counted)
	}
	return all, nil
}

// diff compares one index.
type diff struct {
	ctx       context.Context
	selection Selection
	report    func(ChangedDocument) error
	counted   ChangedIndex
}

// content is what is remembered of a document.
type content struct {
	version int64
	hash    xxh3.Uint128
}

// contents are documents by type, id and routing.
type contents map[[3]string]content

func (d *diff) index(before, after Side) error {
	old, err := d.open(before)
	if err != nil {
		return err
	}
	recent, err := d.open(after)
	if err != nil {
		return err
	}
	switch {
	case old == nil:
		d.counted.Change = Added
	case recent == nil:
		d.counted.Change = Removed
	case old.index.UUID != recent.index.UUID || old.index.Shards != recent.index.Shards || old.index.UUID == "":
		d.counted.Recreated = true
	default:
		for number := range old.index.Shards {
			if err := d.shards(old.shards[number:number+1], recent.shards[number:number+1], true); err != nil {
				return err
			}
		}
		return nil
	}
	return d.shards(old.list(), recent.list(), false)
}

// openedIndex is an index of one side with its shards.
type openedIndex struct {
	index  *snapshot.Index
	shards []*openedShard
}

func (o *openedIndex) list() []*openedShard {
	if o == nil {
		return nil
	}
	return o.shards
}

// open gives nil where the side has no such index.
func (d *diff) open(side Side) (*openedIndex, error) {
	if !slices.Contains(side.Info.Indices, d.counted.Index) {
		return nil, nil
	}
	index, err := side.Repository.Index(d.ctx, side.Info, d.counted.Index)
	if err != nil {
		return nil, err
	}
	opened := &openedIndex{index: index}
	reader := &scan{repository: side.Repository, info: side.Info}
	for number := range index.Shards {
		one := reader.openShard(d.ctx, index, number)
		if len(one.losses) > 0 {
			return nil, &one.losses[0]
		}
		opened.shards = append(opened.shards, one)
	}
	return opened, nil
}

// shards compares the documents of some shards of both sides. Segments are matched only within the same shard of the same index.
func (d *diff) shards(old, recent []*openedShard, sameShard bool) error {
	was, is := make(contents), make(contents)
	partners := make(map[*lucene.Segment]*lucene.Segment)
	if sameShard {
		partners = shared(old[0], recent[0])
	}
	for _, side := range []struct {
		shards []*openedShard
		into   contents
	}{{old, was}, {recent, is}} {
		for _, one := range side.shards {
			for _, segment := range one.segments {
				if err := d.segment(one, segment, partners[segment], side.into); err != nil {
					return err
				}
			}
		}
	}
	return d.compare(was, is)
}

// shared pairs the segments that both shards have, in both directions.
func shared(old, recent *openedShard) map[*lucene.Segment]*lucene.Segment {
	partners := make(map[*lucene.Segment]*lucene.Segment)
	for _, a := range old.segments {
		for _, b := range recent.segments {
			if a.Name() == b.Name() && a.ID() == b.ID() && coreFiles(old.shard, a) == coreFiles(recent.shard, b) {
				partners[a], partners[b] = b, a
			}
		}
	}
	return partners
}

// coreFiles identifies the files of a segment that never change while it lives: not its deletions and updated columns.
func coreFiles(shard *snapshot.Shard, segment *lucene.Segment) string {
	var identity strings.Builder
	for i := range shard.Files {
		file := &shard.Files[i]
		for _, extension := range []string{".si", ".cfs", ".cfe", ".fdt", ".fdx", ".fdm"} {
			if file.Name == segment.Name()+extension {
				fmt.Fprintf(&identity, "%s %d %s;", file.Name, file.Length, file.Checksum)
			}
		}
	}
	return identity.String()
}

func (d *diff) segment(one *openedShard, segment, partner *lucene.Segment, into contents) error {
	options := lucene.ScanOptions{}
	if partner != nil {
		d.counted.SharedSegments++ // counted from both sides
		differ := false
		for doc := range segment.MaxDoc() {
			if segment.Live(doc) && !partner.Live(doc) {
				differ = true
				break
			}
		}
		if !differ {
			return nil
		}
		options.Want = func(doc int) bool { return !partner.Live(doc) }
	}
	d.counted.ReadSegments++
	document := &Document{Index: d.counted.Index, Shard: one.number}
	var line []byte
	err := segment.Scan(d.ctx, options, func(from *lucene.Document) error {
		if err := document.take(from, one.defaultType); err != nil {
			return err
		}
		if !d.selection.matches(document) {
			return nil
		}
		var err error
		if line, err = document.AppendSource(line[:0]); err != nil {
			return err
		}
		key := [3]string{string(document.Type), string(document.ID), string(document.Routing)}
		into[key] = content{version: document.Version, hash: xxh3.Hash128(line)}
		return nil
	})
	if err != nil {
		return &Loss{Index: d.counted.Index, Shard: one.number, Segment: segment.Name(), Documents: -1, Err: err}
	}
	return nil
}

// compare tells what is in one of both or differs, sorted by id.
func (d *diff) compare(was, is contents) error {
	keys := make([][3]string, 0, len(was)+len(is))
	for key := range was {
		keys = append(keys, key)
	}
	for key := range is {
		if _, both := was[key]; !both {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	for _, key := range keys {
		old, hasOld := was[key]
		recent, hasRecent := is[key]
		one := ChangedDocument{Index: d.counted.Index, Type: key[0], ID: key[1], Routing: key[2], OldVersion: -1, NewVersion: -1}
		if hasOld {
			one.OldVersion = old.version
		}
		if hasRecent {
			one.NewVersion = recent.version
		}
		switch {
		case !hasOld:
			one.Change = Added
			d.counted.Added++
		case !hasRecent:
			one.Change = Removed
			d.counted.Removed++
		case old.hash != recent.hash:
			one.Change = Changed
			d.counted.Changed++
		case old.version != recent.version:
			one.Change = Rewritten
			d.counted.Rewritten++
		default:
			continue // moved by a merge
		}
		if d.report != nil {
			if err := d.report(one); err != nil {
				return err
			}
		}
	}
	return nil
}
