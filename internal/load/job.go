package load

// job.go answers: how do the documents of one unit get to the target? The road reads from top to bottom in Run: source (a
// Feed), rewrite, pack, send, record. Bodies of one unit are numbered in the order of reading, several are under way at
// once, and the checkpoint is the position behind the last body before which every one is answered for. Next: ledger.go.

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// Rewrite turns one document of the source into what the target shall hold. It is called by one worker at a time.
// ErrQuarantine, wrapped with the reason, sets a document aside, transform.ErrLeftOut leaves it out; any other error stops the load.
type Rewrite func(es.Document) (es.Document, error)

// ErrQuarantine says that a document cannot be sent as it is.
var ErrQuarantine = errors.New("cannot be sent as it is")

// Job is what all units of one index share. Only Target is needed. A Job must not be copied once it runs.
type Job struct {
	Target *cluster.Client
	// Operation is Index when empty.
	Operation Operation
	// NewRewrite makes a unit's Rewrite; nil sends everything as it is to the index of the same name.
	NewRewrite func() Rewrite
	// Valve is shared by all jobs of a process; nil gives the job one of its own.
	Valve *Valve
	// Patience is how long a target that takes nothing is waited for; 0 is DefaultPatience.
	Patience time.Duration
	// Gzip says whether bodies are compressed; the zero value decides by the target's address.
	Gzip Gzip

	once    sync.Once
	dialect cluster.Dialect
	courier courier
	// most is the largest body that the target takes; 0 is not known.
	most  int64
	ready error
}

// start asks once what the target is.
func (j *Job) start(ctx context.Context) error {
	j.once.Do(func() {
		if j.Operation == "" {
			j.Operation = Index
		}
		if j.Valve == nil {
			j.Valve = NewValve(Limits{})
		}
		if j.Patience == 0 {
			j.Patience = DefaultPatience
		}
		if j.dialect, j.ready = j.Target.Dialect(ctx); j.ready != nil {
			return
		}
		j.most = j.Target.MaxRequest(ctx)
		j.courier.client, j.courier.valve, j.courier.patience = j.Target, j.Valve, j.Patience
		j.courier.gzip, j.courier.filter, j.courier.floodPasses = j.Gzip.pays(j.Target.URL(), &j.dialect), j.dialect.FilterBulk, j.dialect.FloodPasses
		if j.dialect.PipelineNone {
			j.courier.query = url.Values{"pipeline": {"_none"}} // the documents went through the source's pipelines already
		}
	})
	return j.ready
}

// Run sends one unit, beginning behind position from. checkpoint is called with the highest position up to which
// everything is answered for, and what became of the documents since its last call, so that a later Run may begin there;
// it is called from one goroutine at a time, now and then, and before Run returns, also when Run fails. The outcome is
// that of the whole run; documents refused are in it only when checkpoint is nil.
func (j *Job) Run(ctx context.Context, feed Feed, from int64, checkpoint func(position int64, outcome Outcome) error) (Outcome, error) {
	if err := j.start(ctx); err != nil {
		return Outcome{}, err
	}
	group, inner := errgroup.WithContext(ctx)
	if placed, tells := feed.(interface{ Place() string }); tells && checkpoint != nil {
		booked := checkpoint
		checkpoint = func(position int64, outcome Outcome) error {
			for i := range outcome.Refused {
				outcome.Refused[i].Place = placed.Place()
			}
			return booked(position, outcome)
		}
	}
	run := &unitRun{job: j, group: group, ctx: inner, packed: j.Valve.body(), ledger: newLedger(from, checkpoint)}
	if j.NewRewrite != nil {
		run.rewrite = j.NewRewrite()
	}
	readErr := feed.Each(inner, from, run.take)
	if readErr == nil {
		readErr = run.send()
	}
	sendErr := group.Wait()
	flushErr := run.ledger.flush()
	outcome := run.ledger.total
	switch {
	case ctx.Err() != nil:
		return outcome, errors.Join(context.Cause(ctx), flushErr)
	case sendErr != nil:
		return outcome, errors.Join(sendErr, flushErr)
	case readErr != nil:
		return outcome, errors.Join(fmt.Errorf("read documents: %w", readErr), flushErr)
	}
	return outcome, flushErr
}

// unitRun is one run of a unit: it rewrites and packs what the feed reads.
type unitRun struct {
	job     *Job
	ctx     context.Context // of the run
	group   *errgroup.Group
	rewrite Rewrite
	packed  *batch
	// aside is what became of documents that were read after the last body began and are not in it.
	aside    Outcome
	position int64
	ledger   *ledger
}

// take packs one document.
func (r *unitRun) take(position int64, read *es.Document) error {
	r.position = position
	document, original := read, (*es.Document)(nil)
	var rewritten es.Document
	if r.rewrite != nil {
		var err error
		rewritten, err = r.rewrite(*read)
		if errors.Is(err, ErrQuarantine) {
			return r.setAside(read, "quarantine", err)
		}
		if errors.Is(err, transform.ErrLeftOut) {
			r.aside.LeftOut++
			return nil
		}
		if err != nil {
			return err
		}
		document, original = &rewritten, read
	} else {
		rewritten = *read
		document = &rewritten
	}
	rewritten.Type = r.job.dialect.DocumentType(rewritten.Type)
	if original == nil {
		original = read
	}
	if most := r.job.most; most > 0 && int64(len(document.Source)) > most {
		return r.setAside(read, "too_large", fmt.Errorf("the document takes %d bytes, and the target's http.max_content_length is %d", len(document.Source), most))
	}
	// A huge document goes alone, so that what is before it does not wait with it.
	if len(document.Source) > batchBytes {
		if err := r.send(); err != nil {
			return err
		}
	}
	if err := r.packed.add(r.job.Operation, document, original, &r.job.dialect); err != nil {
		return r.setAside(read, "quarantine", err)
	}
	if r.packed.full() || int64(r.packed.count()) >= r.job.Valve.portion.Load() {
		return r.send()
	}
	return nil
}

// setAside books a document that is not sent.
func (r *unitRun) setAside(document *es.Document, kind string, why error) error {
	var outcome Outcome
	if err := r.job.courier.setAside(&outcome, NewRefused(document, 0, kind, why.Error(), "")); err != nil {
		return err
	}
	r.aside.Add(outcome)
	if r.packed.count()+int(r.aside.Sent) >= batchDocuments || outcome.Refused[0].size() >= batchBytes {
		return r.send()
	}
	return nil
}

// send hands a body to a goroutine of its own, as many at once as the valve allows.
func (r *unitRun) send() error {
	body, aside, position := r.packed, r.aside, r.position
	if body.count() == 0 && aside.Sent == 0 && aside.LeftOut == 0 {
		return nil
	}
	r.aside = Outcome{}
	number, err := r.ledger.begin(r.ctx)
	if err != nil {
		return err
	}
	if body.count() == 0 {
		return r.ledger.answer(number, position, aside)
	}
	r.packed = r.job.Valve.body()
	size := int64(len(body.body) + len(body.originals))
	if err := r.job.Valve.enter(r.ctx, body.count(), size); err != nil {
		return err
	}
	r.group.Go(func() error {
		outcome, err := r.job.courier.deliver(r.ctx, body)
		if err != nil {
			r.job.Valve.leave(size)
			return err
		}
		outcome.Add(aside)
		r.job.Valve.meter.add(outcome)
		r.job.Valve.leave(size) // counted before: who sees nothing under way has seen all the documents
		r.job.Valve.giveBack(body)
		return r.ledger.answer(number, position, outcome)
	})
	return nil
}
