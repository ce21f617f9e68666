package preflight

// run.go answers: how is a whole snapshot looked at? Its documents are read once, by all processors, each with a checker of
// its own; memory is a tally per worker and index, whatever the size of the snapshot.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/transform"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Index is one index of the source and what it becomes.
type Index struct {
	Name string
	// Schemas gives a fresh schema for a target index; the first one takes what belongs to none by name (split by value).
	Schemas map[string]SchemaInput
	First   string
	// NewRewrite gives a worker's rewriting. An error sets the document aside; its text is the reason. transform.ErrLeftOut
	// passes it over.
	NewRewrite func() func(es.Document) (es.Document, error)
}

// Options say what is looked at.
type Options struct {
	Repository *snapshot.Repository
	Snapshot   *snapshot.Info
	Indices    []Index
	// Largest is the target's http.max_content_length; 0 is unknown.
	Largest int64
	// Accept says what a person has decided about.
	Accept func(Kind, string) bool
	// Workers read at once; 0 is one per processor.
	Workers  int
	Progress func(documents, bytes int64)
}

// inspector is one worker.
type inspector struct {
	options *Options
	tallies map[string]*inspected
}

// inspected is one worker's view of one index.
type inspected struct {
	index    *Index
	rewrite  func(es.Document) (es.Document, error)
	checkers map[string]*Checker
	tally    *tally
}

// Run looks at every document of the indices.
func Run(ctx context.Context, options Options) (*Report, error) {
	began := time.Now()
	if options.Accept == nil {
		options.Accept = func(Kind, string) bool { return false }
	}
	var names []string
	for i := range options.Indices {
		names = append(names, options.Indices[i].Name)
	}
	report := &Report{At: began.UTC(), Snapshot: options.Snapshot.Name}
	if len(names) == 0 {
		return report, nil
	}
	var mutex sync.Mutex
	var workers []*inspector
	scan := export.ScanOptions{Workers: options.Workers}
	if options.Progress != nil {
		scan.Progress = func(progress export.Progress) { options.Progress(progress.Documents, progress.Bytes) }
	}
	_, err := export.Each(ctx, options.Repository, options.Snapshot, export.Selection{Indices: names}, scan, func() func(*export.Document) error {
		worker := &inspector{options: &options, tallies: map[string]*inspected{}}
		mutex.Lock()
		workers = append(workers, worker)
		mutex.Unlock()
		return worker.visit
	})
	if err != nil {
		return nil, fmt.Errorf("read snapshot %s: %w", options.Snapshot.Name, err)
	}
	for i := range options.Indices {
		one, err := gather(&options.Indices[i], workers, options.Accept)
		if err != nil {
			return nil, err
		}
		report.Indices = append(report.Indices, one.report)
		report.Documents += one.report.Documents
		report.Refused += one.report.Refused
		report.Repaired += one.report.Repaired
		report.Bytes += one.bytes
	}
	report.Took = time.Since(began)
	return report, nil
}

// visit looks at one document.
func (w *inspector) visit(read *export.Document) error {
	of := w.tallies[read.Index]
	if of == nil {
		place := slices.IndexFunc(w.options.Indices, func(one Index) bool { return one.Name == read.Index })
		if place < 0 {
			return fmt.Errorf("index %s was not asked for", read.Index)
		}
		index := &w.options.Indices[place]
		of = &inspected{index: index, tally: newTally(), checkers: map[string]*Checker{}}
		if index.NewRewrite != nil {
			of.rewrite = index.NewRewrite()
		}
		w.tallies[read.Index] = of
	}
	return of.look(es.Document{Index: read.Index, Type: string(read.Type), ID: string(read.ID), Routing: string(read.Routing), Parent: string(read.Parent),
		Version: read.Version, SeqNo: read.SeqNo, PrimaryTerm: read.PrimaryTerm, Source: read.Source}, w.options.Largest)
}

// look judges one document as it is and as it would be sent.
func (i *inspected) look(before es.Document, largest int64) error {
	i.tally.documents++
	i.tally.bytes += int64(len(before.Source))
	after, aside := before, error(nil)
	if i.rewrite != nil {
		after, aside = i.rewrite(before)
		if errors.Is(aside, transform.ErrLeftOut) {
			return nil
		}
		if errors.Is(aside, context.Canceled) || errors.Is(aside, context.DeadlineExceeded) {
			return aside
		}
	}
	checker, err := i.checker(after.Index, largest)
	if err != nil {
		return err
	}
	if aside != nil {
		found := checker.check(&before, false)
		if len(found) == 0 {
			found = []problem{{SetAside, "", reasonOnly(aside)}}
		}
		i.bookAll(found, before.ID)
		return nil
	}
	found := checker.check(&after, true)
	if !untouched(before, after) {
		i.tally.changed++
		still := slices.Clone(found)
		mended := false
		for _, one := range checker.check(&before, false) {
			// What was wrong before and is not wrong any more was mended. Names of fields may have changed with it.
			if one.kind == DateMoves || slices.ContainsFunc(still, func(other problem) bool { return other.kind == one.kind }) {
				continue
			}
			i.tally.book(one, before.ID, true)
			mended = true
		}
		if mended {
			i.tally.repaired++
		}
		found = still
	}
	i.bookAll(found, before.ID)
	return nil
}

func (i *inspected) bookAll(found []problem, id string) {
	refused := false
	for _, one := range found {
		i.tally.book(one, id, false)
		refused = refused || one.kind != DateMoves
	}
	if refused {
		i.tally.refused++
	}
}

// untouched says that a rewriting left a document as it came, its index and type aside.
func untouched(before, after es.Document) bool {
	same := len(before.Source) == len(after.Source) && (len(before.Source) == 0 || &before.Source[0] == &after.Source[0])
	return same && before.ID == after.ID && before.Routing == after.Routing
}

// reasonOnly takes numbers out of a reason, so that documents with the same one are counted together.
func reasonOnly(err error) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return '#'
		}
		return r
	}, err.Error())
}

func (i *inspected) checker(target string, largest int64) (*Checker, error) {
	if known := i.checkers[target]; known != nil {
		return known, nil
	}
	input, known := i.index.Schemas[target]
	if !known {
		if target != i.index.First {
			return i.checker(i.index.First, largest)
		}
		return nil, fmt.Errorf("%s becomes no index", i.index.Name)
	}
	schema, err := NewSchema(input)
	if err != nil {
		return nil, err
	}
	i.checkers[target] = NewChecker(schema, largest)
	return i.checkers[target], nil
}

// gathered is what all workers found in one index.
type gathered struct {
	report IndexReport
	bytes  int64
}

func gather(index *Index, workers []*inspector, accept func(Kind, string) bool) (gathered, error) {
	sum := newTally()
	fresh := map[string]map[string]*observed{}
	mapped, most := map[string]int64{}, map[string]int64{}
	unchecked := map[string]bool{}
	for _, worker := range workers {
		of := worker.tallies[index.Name]
		if of == nil {
			continue
		}
		sum.merge(of.tally)
		for target, checker := range of.checkers {
			schema := checker.schema
			mapped[target], most[target] = schema.fieldsNow(), schema.limits.fields
			for _, typ := range schema.Unchecked() {
				unchecked[typ] = true
			}
			if fresh[target] == nil {
				fresh[target] = map[string]*observed{}
			}
			for _, n := range schema.fresh {
				if known := fresh[target][n.path]; known != nil {
					known.merge(n.seen)
				} else {
					fresh[target][n.path] = n.seen
				}
			}
		}
	}
	for target, fields := range fresh {
		sum.judge(fields, mapped[target], most[target])
	}
	report := sum.report(index.Name, accept)
	for typ := range unchecked {
		report.Unchecked = append(report.Unchecked, typ)
	}
	slices.Sort(report.Unchecked)
	return gathered{report: report, bytes: sum.bytes}, nil
}

// judge looks at the fields that no mapping names, once all documents are seen.
func (t *tally) judge(fields map[string]*observed, mapped, most int64) {
	paths := make([]string, 0, len(fields))
	for path := range fields {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		o := fields[path]
		if refused, seen, conflict := o.conflicts(); conflict {
			parts := make([]string, 0, len(seen))
			var ids []string
			for _, one := range seen {
				parts = append(parts, fmt.Sprintf("%d with %s", o.documents[one], one))
				ids = append(ids, o.examples[one][:1]...)
			}
			key := rowKey{DynamicConflict, path, false}
			if known := t.rows[key]; known != nil { // single documents with both were counted already
				t.refused -= min(known.documents, refused)
				refused = max(refused, known.documents)
			}
			t.rows[key] = &row{documents: refused, examples: ids, value: strings.Join(parts, ", ")}
			t.refused += refused
		}
		if mapped += o.weight(); mapped > most && o.total() > 0 {
			key := rowKey{TooManyFields, path, false}
			if len(t.rows) < mostRows {
				var ids []string
				for one := range classes {
					ids = append(ids, o.examples[one]...)
				}
				t.rows[key] = &row{documents: o.total(), examples: ids[:min(len(ids), mostExamples)], value: fmt.Sprintf("field %d of %d", mapped, most)}
			}
			t.refused += o.total()
		}
	}
}
