package steps

// redrive.go answers: how do documents that were set aside get to the target after all? Their originals go through the rules
// of migration.yaml as it is now, and are sent again with their versions. Those still refused stay, with the new reason; the
// others leave the file in one atomic step. Next: mended.go.

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/export"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/plan"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// RedriveOptions choose documents of the quarantine. The zero value is all.
type RedriveOptions struct {
	// Indices are patterns over source indices, IDs are document ids.
	Indices, IDs []string
	// DryRun only says what the rules make of the documents.
	DryRun bool
}

// Redriven is what became of the chosen documents.
type Redriven struct {
	Chosen   int   `json:"chosen"`
	Written  int64 `json:"written"`
	Existing int64 `json:"existing"`
	// Mended of them had another source than the documents on the source, as a person wrote it.
	Mended int `json:"mended,omitempty"`
	// Refused are still set aside, Left is how many documents the quarantine holds in all.
	Refused int `json:"refused"`
	Left    int `json:"left"`
}

// Redrive sends documents of the quarantine again. Whoever calls it holds the migration's journal, so that no load writes
// to the quarantine meanwhile.
func (m *Move) Redrive(ctx context.Context, options RedriveOptions) (Redriven, error) {
	feed := &quarantineFeed{move: m, options: options, lines: map[string]int{}, digests: map[int]string{}, edited: map[int]*load.Original{}}
	target, err := m.Sides.Target(ctx)
	if err != nil {
		return Redriven{}, err
	}
	job := m.job(target, func() load.Rewrite { return m.rewriteAny(ctx) })
	if options.DryRun {
		return m.tryRules(ctx, feed)
	}
	fates := map[int]*load.Refused{} // by line: nil is gone, else the new reason
	last := 0
	result := Redriven{}
	checkpoint := func(position int64, outcome load.Outcome) error {
		feed.mutex.Lock()
		defer feed.mutex.Unlock()
		for _, line := range feed.order[last:] {
			if int64(line) >= position {
				break
			}
			fates[line] = nil
			last++
		}
		for i := range outcome.Refused {
			one := &outcome.Refused[i]
			repair := load.Propose(one)
			one.Repair = &repair
			line := feed.lines[quarantineKey(one)]
			one.SourceDigest = feed.digests[line]
			fates[line] = one
			result.Refused++
		}
		result.Written += outcome.Written
		result.Existing += outcome.Existing
		return nil
	}
	err = m.withoutPipelines(ctx, target, targets(m.Plan.Moving(plan.Restore, plan.Backfill, plan.Scroll)), func() error {
		_, err := job.Run(ctx, feed, 0, checkpoint)
		return err
	})
	result.Chosen = len(feed.order)
	var mended []*load.Original
	for _, line := range feed.order {
		if fate, known := fates[line]; known && fate == nil && feed.edited[line] != nil {
			mended = append(mended, feed.edited[line])
		}
	}
	if keepErr := m.keepMended(mended); keepErr != nil {
		return result, errors.Join(err, keepErr) // they stay where they are, and can be sent again
	}
	// What arrived before an error leaves the file all the same.
	left, rewriteErr := m.rewriteQuarantine(fates)
	result.Left, result.Mended = left, len(mended)
	return result, errors.Join(err, rewriteErr)
}

// rewriteAny applies the rules of whichever index a document came from. To a restored index documents go as they are, as in
// the rounds.
func (m *Move) rewriteAny(ctx context.Context) load.Rewrite {
	byIndex := map[string]load.Rewrite{}
	return func(document es.Document) (es.Document, error) {
		rewrite, known := byIndex[document.Index]
		if !known {
			var err error
			if rewrite, err = m.rewriteOf(ctx, document.Index); err != nil {
				return document, err
			}
			byIndex[document.Index] = rewrite
		}
		return rewrite(document)
	}
}

func (m *Move) rewriteOf(ctx context.Context, index string) (load.Rewrite, error) {
	for _, route := range m.Plan.Moving(plan.Restore) {
		if route.Source == index {
			return func(document es.Document) (es.Document, error) {
				document.Index = route.Target
				return document, nil
			}, nil
		}
	}
	makeRewrite, err := m.rewriteFor(ctx, index)
	if err != nil {
		return nil, err
	}
	return makeRewrite(), nil
}

// tryRules says what the rules make of the documents, and sends nothing.
func (m *Move) tryRules(ctx context.Context, feed *quarantineFeed) (Redriven, error) {
	var result Redriven
	rewrite := m.rewriteAny(ctx)
	err := feed.Each(ctx, 0, func(_ int64, document *es.Document) error {
		_, err := rewrite(*document)
		if errors.Is(err, load.ErrQuarantine) {
			result.Refused++
			return nil
		}
		if errors.Is(err, transform.ErrLeftOut) {
			return nil
		}
		return err
	})
	if err != nil {
		return result, err
	}
	result.Chosen = len(feed.order)
	result.Left, err = Quarantined(m)
	return result, err
}

// quarantineFeed reads the originals of the chosen lines; positions are line numbers from 1.
type quarantineFeed struct {
	move    *Move
	options RedriveOptions

	mutex sync.Mutex     // checkpoints look while the feed still reads
	order []int          // the chosen lines
	lines map[string]int // line of each document
	// digests are those of the sources when they were set aside; edited are lines whose source a person changed since.
	digests map[int]string
	edited  map[int]*load.Original
}

// Each reads the quarantine once.
func (f *quarantineFeed) Each(_ context.Context, _ int64, visit func(position int64, document *es.Document) error) error {
	ids := map[string]bool{}
	for _, id := range f.options.IDs {
		ids[id] = true
	}
	return f.move.EachQuarantined(func(number int, _ []byte, one *load.Refused) error {
		if one == nil || one.Document == nil || len(ids) > 0 && !ids[one.ID] || !export.MatchName(f.options.Indices, one.Index) {
			return nil
		}
		document := one.Document.ES()
		if document.Source == nil {
			return nil // nothing to send: its index keeps no source
		}
		f.mutex.Lock()
		f.order = append(f.order, number)
		f.lines[quarantineKey(one)] = number
		f.digests[number] = one.SourceDigest
		if one.SourceDigest != "" && one.SourceDigest != sourceDigest(one.Document) {
			f.edited[number] = one.Document
		}
		f.mutex.Unlock()
		return visit(int64(number)+1, &document)
	})
}

// rewriteQuarantine makes the file anew without what arrived, and puts it in place of the old one.
func (m *Move) rewriteQuarantine(fates map[int]*load.Refused) (left int, err error) {
	path := m.Wanted.StateFile(QuarantineFile)
	if len(fates) == 0 {
		return Quarantined(m)
	}
	file, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, fmt.Errorf("write the quarantine: %w", err)
	}
	out := bufio.NewWriter(file)
	err = m.EachQuarantined(func(number int, line []byte, _ *load.Refused) error {
		refused, known := fates[number]
		if known && refused == nil {
			return nil
		}
		left++
		if refused != nil {
			var encoded bytes.Buffer
			encoder := json.NewEncoder(&encoded)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(refused); err != nil {
				return err
			}
			line = bytes.TrimSuffix(encoded.Bytes(), []byte("\n"))
		}
		if _, err := out.Write(line); err != nil {
			return err
		}
		return out.WriteByte('\n')
	})
	err = errors.Join(err, out.Flush(), file.Sync(), file.Close())
	if err == nil && left == 0 {
		err = errors.Join(os.Remove(path+".new"), os.Remove(path))
	} else if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return left, fmt.Errorf("write the quarantine: %w", err)
	}
	m.mutex.Lock()
	m.aside = nil // what left the file may come back
	m.mutex.Unlock()
	return left, nil
}
