package snapshot

// check.go answers: is the repository whole, and if not, exactly what is damaged and what does that cost? Each level costs
// more and sees more; the decoding of documents is not known here and comes on top. Next: check_files.go.

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Level is how deep a check goes. Each includes those before it.
type Level int

// The levels, with what they cost.
const (
	LevelMetadata Level = 0 // reads every metadata blob
	LevelListing  Level = 1 // lists every shard: is each blob there, with its exact length?
	LevelFooters  Level = 2 // reads 16 bytes of each file: is it the right one, uploaded to its end?
	LevelContent  Level = 3 // reads everything: is every byte right?
)

// checkParallel is how many shards are checked at once.
const checkParallel = 8

// CheckOptions of Check. The zero value checks the metadata of everything.
type CheckOptions struct {
	Level Level
	// Snapshots are names or uuids; none means all.
	Snapshots []string
	// Index chooses indices by name; nil means all.
	Index func(name string) bool
	// Progress is told now and then how far the check is, never from two goroutines at once. It may be nil.
	Progress func(CheckProgress)
}

// CheckProgress is how far a check is.
type CheckProgress struct {
	Shards, TotalShards int
	Bytes, TotalBytes   int64
}

// Problem is one thing that is damaged, missing or not as it should be.
type Problem struct {
	Snapshots []string // the names of the snapshots that need it, sorted
	Index     string   // empty where it is about no index
	Shard     int      // -1 where it is about no shard
	Blob      string   // in the Storage
	File      string   // Lucene's name, empty where the blob holds none
	Loss      Loss
	Err       error
}

// String is one line for a person.
func (p *Problem) String() string {
	var where []string
	if p.Index != "" {
		where = append(where, "index "+p.Index)
	}
	if p.Shard >= 0 {
		where = append(where, fmt.Sprintf("shard %d", p.Shard))
	}
	if segment := SegmentOf(p.File); segment != "" {
		where = append(where, "segment "+segment)
	}
	text := fmt.Sprintf("snapshot %s", strings.Join(p.Snapshots, ", "))
	if len(where) > 0 {
		text += ", " + strings.Join(where, " ")
	}
	return fmt.Sprintf("%s: %v; lost: %v", text, p.Err, p.Loss)
}

// CheckReport is what a check saw.
type CheckReport struct {
	Snapshots, Indices, Shards int
	// Files and Bytes count each distinct file once, however many snapshots share it.
	Files int
	Bytes int64
	// Unverifiable counts files without a checksum of their own (indices made before Elasticsearch 1.2).
	Unverifiable int
	Problems     []Problem
}

// checker collects while shards are checked in parallel.
type checker struct {
	repository *Repository
	options    CheckOptions

	mu       sync.Mutex
	report   CheckReport
	progress CheckProgress
	shards   map[string][]*Shard // by directory
}

// Check goes through the repository. Damage is no error: it is in the report. The error says that the check itself could
// not be done, for example because the storage does not answer.
func (r *Repository) Check(ctx context.Context, options CheckOptions) (*CheckReport, error) {
	c := &checker{repository: r, options: options, shards: make(map[string][]*Shard)}
	if err := c.metadata(ctx); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	if err := c.allShards(ctx); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	slices.SortFunc(c.report.Problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Index, b.Index), cmp.Compare(a.Shard, b.Shard), strings.Compare(a.Blob, b.Blob),
			strings.Compare(a.File, b.File), slices.Compare(a.Snapshots, b.Snapshots))
	})
	return &c.report, nil
}

// damage says whether an error tells of the repository's state rather than of the way to it.
func damage(err error) bool {
	for _, kind := range []error{ErrCorrupt, ErrTooNew, ErrShardFailed, ErrUnfinished, ErrUnsupported, ErrSnapshotDeleted,
		ErrNoIndex, fs.ErrNotExist} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// add takes a problem, or passes on an error that is none.
func (c *checker) add(problem Problem) error {
	if !damage(problem.Err) {
		return problem.Err
	}
	if damaged := (*CorruptError)(nil); errors.As(problem.Err, &damaged) {
		problem.Blob = cmp.Or(problem.Blob, damaged.Blob)
		problem.File = cmp.Or(problem.File, damaged.File)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Problems = append(c.report.Problems, problem)
	return nil
}

// metadata reads what describes the snapshots, and gathers their shards by directory.
func (c *checker) metadata(ctx context.Context) error {
	if err := c.latest(ctx); err != nil {
		return err
	}
	entries := c.repository.Entries()
	if len(c.options.Snapshots) > 0 {
		entries = nil
		for _, name := range c.options.Snapshots {
			entry, found := c.repository.current().find(name)
			if !found {
				return fmt.Errorf("%q: %w: %s", name, ErrNoSnapshot, c.repository.nameSome())
			}
			entries = append(entries, entry)
		}
	}
	for _, entry := range entries {
		c.report.Snapshots++
		info, err := c.repository.readInfo(ctx, entry)
		if err != nil {
			problem := Problem{Snapshots: []string{entry.Name}, Shard: -1, Loss: LossSnapshot, Err: err}
			if err := c.add(problem); err != nil {
				return err
			}
			continue
		}
		if err := c.snapshot(ctx, info); err != nil {
			return err
		}
	}
	return nil
}

// latest compares index.latest, which is written last, with the newest index-N: if it is ahead, an index-N got lost.
func (c *checker) latest(ctx context.Context) error {
	root := c.repository.current()
	if root.layout != Layout5 {
		return c.oldList(ctx, root)
	}
	hint, err := c.repository.latestHint(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // may be switched off
	}
	if err == nil && hint > root.generation {
		if err := c.repository.Refresh(ctx); err != nil { // unless a cluster is just writing
			return err
		}
		root = c.repository.current()
	}
	loss := LossNone
	if err == nil && hint > root.generation {
		loss = LossSnapshot
		err = corrupt(c.repository.blob("index-"+fmt.Sprint(hint)), -1, "missing: index.latest names it, the newest is index-%d",
			root.generation)
	}
	if err != nil {
		return c.add(Problem{Shard: -1, Blob: c.repository.blob("index.latest"), Loss: loss, Err: err})
	}
	return nil
}

// oldList compares the list of names that 1.x and 2.x keep beside the snapshots with what is there.
func (c *checker) oldList(ctx context.Context, root *rootIndex) error {
	blob := c.repository.blob("index")
	body, err := c.repository.readFramed(ctx, blob, "", Layout1)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // while a cluster replaces it
	}
	var list struct {
		Snapshots []string `json:"snapshots"`
	}
	if err == nil {
		if err = json.Unmarshal(body, &list); err != nil {
			err = &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
		}
	}
	if err != nil {
		return c.add(Problem{Shard: -1, Blob: blob, Loss: LossNone, Err: err})
	}
	for _, name := range list.Snapshots {
		if _, found := root.find(name); found || !validPart(name) {
			continue
		}
		missing := c.repository.infoBlob(Entry{UUID: name, layout: root.layout})
		err := corrupt(missing, -1, "missing, but %s names the snapshot", blob)
		if err := c.add(Problem{Snapshots: []string{name}, Shard: -1, Loss: LossSnapshot, Err: err}); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) snapshot(ctx context.Context, info *Info) error {
	names := []string{info.Name}
	if _, err := c.repository.Global(ctx, info); err != nil {
		if err := c.add(Problem{Snapshots: names, Shard: -1, Loss: LossGlobal, Err: err}); err != nil {
			return err
		}
	}
	if info.State != Success && info.State != Partial {
		return c.add(Problem{Snapshots: names, Shard: -1, Blob: c.repository.infoBlob(info.Entry), Loss: LossSnapshot, Err: info.Complete()})
	}
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(metadataParallel)
	for _, name := range info.Indices {
		if c.options.Index != nil && !c.options.Index(name) {
			continue
		}
		group.Go(func() error { return c.index(groupContext, info, name) })
	}
	return group.Wait()
}

func (c *checker) index(ctx context.Context, info *Info, name string) error {
	names := []string{info.Name}
	index, err := c.repository.Index(ctx, info, name)
	if err != nil {
		return c.add(Problem{Snapshots: names, Index: name, Shard: -1, Loss: LossIndex, Err: err})
	}
	c.mu.Lock()
	c.report.Indices++
	c.mu.Unlock()
	for number := range index.Shards {
		shard, err := c.repository.Shard(ctx, info, index, number)
		if err != nil {
			if err := c.add(Problem{Snapshots: names, Index: name, Shard: number, Loss: LossShard, Err: err}); err != nil {
				return err
			}
			continue
		}
		c.mu.Lock()
		c.report.Shards++
		c.shards[shard.directory] = append(c.shards[shard.directory], shard)
		c.mu.Unlock()
	}
	return nil
}
