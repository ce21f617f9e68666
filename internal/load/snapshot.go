package load

// snapshot.go answers: how do documents get from a snapshot to the target, past the old cluster? The road reads from top
// to bottom in Snapshot: source (export.Each), rewrite, pack, send, record. Next: limiter.go.

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// underWayMost is how many bodies may be under way at the most, whatever the target answers.
const underWayMost = 16

// Rewrite turns one document of the source into what the target shall hold. It is called by one worker at a time.
// ErrQuarantine, wrapped with the reason, sets a document aside; any other error stops the load.
type Rewrite func(es.Document) (es.Document, error)

// ErrQuarantine says that a document cannot be sent as it is.
var ErrQuarantine = errors.New("cannot be sent as it is")

// SnapshotOptions say what is read and how it is sent.
type SnapshotOptions struct {
	Repository *snapshot.Repository
	Snapshot   *snapshot.Info
	Index      string
	Target     *cluster.Client
	// NewRewrite makes a worker's Rewrite; nil sends everything as it is to the index of the same name.
	NewRewrite func() Rewrite
	// MaxRate is documents a second at the most; 0 is no limit.
	MaxRate float64
	// Workers read at once; 0 is one per processor.
	Workers  int
	Progress func(Progress)
}

// Progress is how far a load is.
type Progress struct {
	Documents, Bytes int64
	// UnderWay is how many bodies the target takes at once just now.
	UnderWay int
}

// loading is one run.
type loading struct {
	options SnapshotOptions
	dialect cluster.Dialect
	courier courier
	limiter *limiter
	rate    *rate.Limiter
	group   *errgroup.Group

	mutex   sync.Mutex
	outcome Outcome
}

// Snapshot loads one index. Documents that are refused or set aside are in the outcome, each with its bytes.
func Snapshot(ctx context.Context, options SnapshotOptions) (Outcome, error) {
	dialect, err := options.Target.Dialect(ctx)
	if err != nil {
		return Outcome{}, err
	}
	run := &loading{options: options, dialect: dialect, limiter: newLimiter(underWayMost)}
	run.courier = courier{client: options.Target, gzip: dialect.GzipRequests, busy: run.limiter.slow}
	if options.MaxRate > 0 {
		run.rate = rate.NewLimiter(rate.Limit(options.MaxRate), max(1, int(options.MaxRate)))
	}
	var inner context.Context
	run.group, inner = errgroup.WithContext(ctx)
	var packers []*packer
	_, readErr := export.Each(inner, options.Repository, options.Snapshot, export.Selection{Indices: []string{options.Index}},
		export.ScanOptions{Workers: options.Workers}, func() func(*export.Document) error {
			worker := run.newPacker(inner)
			run.mutex.Lock()
			packers = append(packers, worker)
			run.mutex.Unlock()
			return worker.take
		})
	for _, worker := range packers {
		if readErr == nil {
			readErr = worker.send()
		}
	}
	sendErr := run.group.Wait()
	if sendErr != nil {
		return run.outcome, sendErr
	}
	if readErr != nil {
		return run.outcome, fmt.Errorf("read %s out of the snapshot: %w", options.Index, readErr)
	}
	return run.outcome, nil
}

// packer is one worker's hand: it rewrites and packs what the worker reads.
type packer struct {
	run     *loading
	ctx     context.Context // of the run; a packer lives no longer than Snapshot
	rewrite Rewrite
	packed  *batch
}

func (l *loading) newPacker(ctx context.Context) *packer {
	worker := &packer{run: l, ctx: ctx, packed: &batch{}}
	if l.options.NewRewrite != nil {
		worker.rewrite = l.options.NewRewrite()
	}
	return worker
}

func (p *packer) take(read *export.Document) error {
	document := es.Document{Index: read.Index, Type: string(read.Type), ID: string(read.ID), Routing: string(read.Routing), Parent: string(read.Parent),
		Version: read.Version, SeqNo: read.SeqNo, PrimaryTerm: read.PrimaryTerm, Source: read.Source,
		Timestamp: read.Timestamp, HasTimestamp: read.HasTimestamp, Expiry: read.Expiry, HasExpiry: read.HasExpiry}
	original := document
	if p.rewrite != nil {
		rewritten, err := p.rewrite(document)
		if errors.Is(err, ErrQuarantine) {
			return p.setAside(original, err)
		}
		if err != nil {
			return err
		}
		document = rewritten
	}
	document.Type = p.run.dialect.DocumentType(document.Type)
	if err := p.packed.add(Index, document, p.run.dialect); err != nil {
		return p.setAside(original, err)
	}
	if p.packed.full() {
		return p.send()
	}
	return nil
}

// setAside books a document that is not sent.
func (p *packer) setAside(document es.Document, reason error) error {
	action, err := AppendAction(nil, Index, document, p.run.dialect)
	if err != nil {
		action = nil // no source at all: id and reason are all there is
	}
	p.run.record(Outcome{Sent: 1, Refused: []Refused{{Index: document.Index, Type: document.Type, ID: document.ID, Error: "quarantine", Reason: reason.Error(), Action: string(action)}}})
	return nil
}

// send hands a full body to a goroutine of its own, as many at once as the target takes.
func (p *packer) send() error {
	body := p.packed
	if body.documents() == 0 {
		return nil
	}
	p.packed = &batch{body: make([]byte, 0, cap(body.body)), starts: make([]int, 0, cap(body.starts))}
	run := p.run
	if run.rate != nil {
		if err := waitRate(p.ctx, run.rate, body.documents()); err != nil {
			return err
		}
	}
	if err := run.limiter.acquire(p.ctx); err != nil {
		return err
	}
	run.group.Go(func() error {
		outcome, err := run.courier.deliver(p.ctx, body)
		run.limiter.release(err == nil && outcome.Busy == 0)
		run.record(outcome)
		return err
	})
	return nil
}

// waitRate takes tokens in portions, since a body may hold more documents than a second allows.
func waitRate(ctx context.Context, limit *rate.Limiter, documents int) error {
	for documents > 0 {
		portion := min(documents, limit.Burst())
		if err := limit.WaitN(ctx, portion); err != nil {
			return fmt.Errorf("wait for the allowed rate: %w", err)
		}
		documents -= portion
	}
	return nil
}

func (l *loading) record(outcome Outcome) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.outcome.add(outcome)
	if l.options.Progress != nil {
		l.options.Progress(Progress{Documents: l.outcome.Sent, Bytes: l.outcome.Bytes, UnderWay: l.limiter.now()})
	}
}
