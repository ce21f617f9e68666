package export

// scan.go answers: how are the documents of a snapshot read in parallel, and what happens when a part can't be read? One
// goroutine opens shards ahead and cuts them into units; workers read units; in ordered mode what they make is put back
// into order by writer.go. Next: unit.go.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

const (
	// shardsAhead is how many shards are opened before workers need them: over an object store opening is waiting.
	shardsAhead = 8
	// largeSegment is from which size on a segment is shared among workers.
	largeSegment = 64 << 20
	// orderedSegment is smaller, since finished units wait in memory for their turn.
	orderedSegment = 8 << 20
)

// ScanOptions say how documents are read. The zero value reads with all processors and stops at the first loss.
type ScanOptions struct {
	// Workers is how many read at once; 0 means one per processor.
	Workers int
	// Ordered gives documents by index, shard, segment and number, always the same.
	Ordered bool
	// KeepGoing reads on behind a loss and lists it.
	KeepGoing bool
	// AllowPartial reads a PARTIAL snapshot, whose failed shards count as losses.
	AllowPartial bool
	// unitBytes is from which size on a segment is shared among workers; 0 means 64 MiB, 8 MiB when Ordered.
	unitBytes int64
	// Progress is told now and then how far the work is, never from two goroutines at once. It may be nil.
	Progress func(Progress)
}

// Progress is how far a scan is. TotalBytes grows while shards are opened.
type Progress struct {
	Documents         int64
	Bytes, TotalBytes int64
}

// Loss is something that could not be read.
type Loss struct {
	Index   string
	Shard   int    // -1 where the whole index is meant
	Segment string // empty where the whole shard is meant
	// From and To are document numbers of the segment, To not included. Both are 0 where the whole segment is meant.
	From, To int
	// Documents is how many may be missing, nested children and deleted ones included; -1 where it is not known.
	Documents int
	Err       error
}

// Error names the place and the cause.
func (l *Loss) Error() string {
	where := "index " + l.Index
	if l.Shard >= 0 {
		where += fmt.Sprintf(", shard %d", l.Shard)
	}
	if l.Segment != "" {
		where += ", segment " + l.Segment
	}
	switch {
	case l.Documents > 0 && l.To > l.From:
		where += fmt.Sprintf(", documents %d to %d", l.From, l.To-1)
	case l.Documents > 0:
		where += fmt.Sprintf(", all %d documents", l.Documents)
	}
	return where + ": " + l.Err.Error()
}

// Unwrap gives the cause.
func (l *Loss) Unwrap() error { return l.Err }

// Summary is what a scan did.
type Summary struct {
	Indices, Shards, Segments int
	// Documents were delivered; Recovered, Rebuilt and Absent of them have no original source.
	Documents, Recovered, Rebuilt, Absent int64
	// SourceBytes is the size of their sources.
	SourceBytes int64
	Losses      []Loss
}

// visitor takes the documents of one worker.
type visitor interface {
	begin(ctx context.Context, u *unit)
	document(d *Document) error
	end() error
}

// scan is one run over a snapshot.
type scan struct {
	repository *snapshot.Repository
	info       *snapshot.Info
	selection  Selection
	options    ScanOptions
	newVisitor func() visitor
	// indexFound and indexDone are told of each index before its first and after its last unit. Both may be nil.
	indexFound func(index *snapshot.Index) error
	indexDone  func(index string) error
	// writeChunk is where chunks go once they are in order; without it a single worker keeps the order.
	writeChunk func(chunk) error
	// order receives every unit before a worker does, in ordered mode.
	order chan *unit

	mu       sync.Mutex
	summary  Summary
	progress Progress
	left     atomic.Int64 // documents still wanted, with a limit
}

// errLimit ends a scan that has enough.
var errLimit = errors.New("limit reached")

func (s *scan) run(ctx context.Context) error {
	if err := s.info.Complete(); err != nil {
		if s.info.State != snapshot.Partial || !s.options.AllowPartial {
			return err
		}
	}
	names := s.selection.indices(s.info)
	if len(names) == 0 && len(s.info.Indices) > 0 {
		return fmt.Errorf("%v in snapshot %s: %w", s.selection.Indices, s.info.Name, snapshot.ErrNoIndex)
	}
	workers := s.options.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	ordering := s.options.Ordered && s.writeChunk != nil && s.selection.Limit == 0
	if s.selection.Limit > 0 || s.options.Ordered && !ordering {
		workers = 1
		s.left.Store(s.selection.Limit)
	}
	group, groupContext := errgroup.WithContext(ctx)
	shards := make(chan chan *openedShard, shardsAhead)
	units := make(chan *unit)
	if ordering { // before anyone looks at it
		s.order = make(chan *unit, workers*unitsAhead)
		group.Go(func() error { return s.putInOrder(groupContext) })
	}
	group.Go(func() error { defer close(shards); return s.openShards(groupContext, group, names, shards) })
	group.Go(func() error { defer close(units); return s.cutUnits(groupContext, shards, units) })
	for range workers {
		group.Go(func() error { return s.work(groupContext, units) })
	}
	err := group.Wait()
	if errors.Is(err, errLimit) {
		return nil
	}
	return err
}

// openedShard is a shard with its segments, or what kept it from being opened.
type openedShard struct {
	index    *snapshot.Index
	number   int
	last     bool // of its index
	shard    *snapshot.Shard
	segments []*lucene.Segment
	losses   []Loss

	defaultType []byte
}

// openShards opens the shards of all indices, some ahead, and delivers them in order.
func (s *scan) openShards(ctx context.Context, group *errgroup.Group, names []string, shards chan<- chan *openedShard) error {
	for _, name := range names {
		index, err := s.repository.Index(ctx, s.info, name)
		if err == nil {
			err = index.Readable()
		}
		if err != nil {
			if err := s.lose(Loss{Index: name, Shard: -1, Documents: -1, Err: err}); err != nil {
				return err
			}
			continue
		}
		s.count(func(summary *Summary) { summary.Indices++ })
		if s.indexFound != nil {
			if err := s.indexFound(index); err != nil {
				return err
			}
		}
		for number := range index.Shards {
			opened := make(chan *openedShard, 1)
			select {
			case shards <- opened:
			case <-ctx.Done():
				return ctx.Err()
			}
			group.Go(func() error {
				one := s.openShard(ctx, index, number)
				one.last = number == index.Shards-1
				opened <- one
				return nil
			})
		}
	}
	return nil
}

// shardFiles makes a lucene.Directory of a snapshot's shard.
type shardFiles struct{ *snapshot.Directory }

// Open gives a file of the shard.
func (f shardFiles) Open(name string) (lucene.File, error) { return f.Directory.Open(name) }

// OpenShard opens the commit of a shard for package lucene.
func OpenShard(ctx context.Context, shard *snapshot.Shard) (*lucene.Commit, error) {
	return lucene.OpenCommit(ctx, shardFiles{shard.Directory(ctx)})
}

func (s *scan) openShard(ctx context.Context, index *snapshot.Index, number int) *openedShard {
	one := &openedShard{index: index, number: number, defaultType: defaultType(s.info, index)}
	shard, err := s.repository.Shard(ctx, s.info, index, number)
	if err != nil {
		one.losses = append(one.losses, Loss{Index: index.Name, Shard: number, Documents: -1, Err: err})
		return one
	}
	one.shard = shard
	if len(shard.Files) == 0 {
		return one
	}
	commit, err := OpenShard(ctx, shard)
	if err != nil {
		one.losses = append(one.losses, Loss{Index: index.Name, Shard: number, Documents: -1, Err: err})
		return one
	}
	for i := range commit.Segments {
		segment, err := commit.Segment(ctx, i)
		if err != nil {
			one.losses = append(one.losses, Loss{Index: index.Name, Shard: number, Segment: commit.Segments[i].Name, Documents: -1, Err: err})
			continue
		}
		one.segments = append(one.segments, segment)
	}
	return one
}

// lose takes a loss: nil means the scan goes on. What is no damage (no network, no permission, canceled) always ends it.
func (s *scan) lose(loss Loss) error {
	if !s.options.KeepGoing || !isLoss(loss.Err) {
		return &loss
	}
	s.count(func(summary *Summary) { summary.Losses = append(summary.Losses, loss) })
	return nil
}

func isLoss(err error) bool {
	for _, kind := range []error{snapshot.ErrCorrupt, snapshot.ErrTooNew, snapshot.ErrShardFailed, snapshot.ErrUnsupported,
		lucene.ErrCorrupt, lucene.ErrTooOld, lucene.ErrTooNew, errUnreadableSource} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}

// errUnreadableSource marks a source that is in none of the forms servers keep.
var errUnreadableSource = errors.New("can't be turned into JSON")

func (s *scan) count(change func(*Summary)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.summary)
}
