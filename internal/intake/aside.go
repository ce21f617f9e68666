package intake

// aside.go answers: where are lines and documents that were not taken, and what became of everything? Next: intake.go again.

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/hikkoshi/hikkoshi/internal/engine"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/internal/load"
	"github.com/hikkoshi/hikkoshi/internal/transform"
)

// The files of what was not taken, one JSON object a line: documents that the target or a rule refuses, and lines that are
// no documents.
const (
	QuarantineFile = "quarantine.ndjson"
	BadLinesFile   = "bad-lines.ndjson"
)

// longestAside bounds a line of both files: a document of 100 MB, escaped.
const longestAside = 1 << 30

// aside writes what was not taken into files of the load's folder. A document that an earlier run wrote down is not
// written again.
type aside struct {
	folder string

	mutex sync.Mutex
	known map[string]bool // nil until it is needed
}

// identity tells one entry from another, in both files.
type identity struct {
	File  string `json:"file"`
	Line  int64  `json:"line"`
	Index string `json:"index"`
	Type  string `json:"type"`
	ID    string `json:"id"`
}

func (i identity) key() string {
	return fmt.Sprintf("%s\t%d\t%s\t%s\t%s", i.File, i.Line, i.Index, i.Type, i.ID)
}

func (a *aside) line(line load.BadLine) error {
	return a.write(BadLinesFile, identity{File: line.File, Line: line.Line}, line)
}

func (a *aside) refused(refused []load.Refused) error {
	for _, one := range refused {
		repair := load.Propose(&one)
		one.Repair = &repair
		if err := a.write(QuarantineFile, identity{Index: one.Index, Type: one.Type, ID: one.ID}, one); err != nil {
			return err
		}
	}
	return nil
}

func (a *aside) write(name string, who identity, entry any) error {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if err := a.read(); err != nil {
		return err
	}
	if a.known[who.key()] {
		return nil
	}
	encoded, err := json.Marshal(entry)
	if err != nil {
		return fmt.Errorf("encode what was set aside: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(a.folder, name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	// What a crash cut off stays on a line of its own.
	_, err = file.Write(append(append([]byte("\n"), encoded...), '\n'))
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	a.known[who.key()] = true
	return nil
}

// read learns what earlier runs wrote.
func (a *aside) read() error {
	if a.known != nil {
		return nil
	}
	known := map[string]bool{}
	for _, name := range []string{QuarantineFile, BadLinesFile} {
		if err := eachEntry(filepath.Join(a.folder, name), func(entry []byte) {
			var who identity
			if json.Unmarshal(entry, &who) == nil { // what a crash cut off is written again
				known[who.key()] = true
			}
		}); err != nil {
			return err
		}
	}
	a.known = known
	return nil
}

func eachEntry(file string, visit func(entry []byte)) error {
	opened, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read what was set aside: %w", err)
	}
	defer func() { _ = opened.Close() }() // only read
	lines := bufio.NewScanner(opened)
	lines.Buffer(nil, longestAside)
	for lines.Scan() {
		if len(lines.Bytes()) > 0 {
			visit(lines.Bytes())
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read what was set aside: %w", err)
	}
	return nil
}

// Summary is what became of everything.
type Summary struct {
	Sent    int64 `json:"documents"`
	Written int64 `json:"written"`
	// Existing counts documents that the target held already in the same or a newer version.
	Existing int64 `json:"existing"`
	// Aside counts documents that the target or a rule refuses, BadLines lines that are none.
	Aside    int64 `json:"aside"`
	BadLines int64 `json:"bad_lines"`
	// LeftOut are indices that begin with a dot and that nobody asked for, with their documents; Unkept counts documents that
	// a rule leaves out.
	LeftOut map[string]int64 `json:"left_out,omitempty"`
	Unkept  int64            `json:"unkept,omitempty"`
	// Untimed counts documents whose index keeps _timestamp or _ttl, and whose lines do not carry them.
	Untimed map[string]int64 `json:"untimed,omitempty"`
	// Examples are the first lines and documents that were not taken.
	Examples []string `json:"examples,omitempty"`
	// Folder holds the journal and what was not taken.
	Folder string `json:"state,omitempty"`
}

// tally adds up.
type tally struct {
	mutex   sync.Mutex
	summary Summary
}

func (t *tally) begin() {
	t.summary.LeftOut, t.summary.Untimed = map[string]int64{}, map[string]int64{}
}

func (t *tally) file(far reached) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.summary.Sent += far.Outcome.Sent
	t.summary.Written += far.Outcome.Written
	t.summary.Existing += far.Outcome.Existing
	t.summary.Aside += far.Outcome.Aside
	t.summary.Unkept += far.Outcome.LeftOut
}

func (t *tally) leaveOut(index string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.summary.LeftOut[index]++
}

func (t *tally) untimed(index string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.summary.Untimed[index]++
}

// examplesMost is how many lines and documents a summary names.
const examplesMost = 5

// Summary gives what became of everything, once the steps are done. What was left out is counted by this run alone.
func (t *Intake) Summary(journal *engine.Journal) (Summary, error) {
	t.tally.mutex.Lock()
	defer t.tally.mutex.Unlock()
	summary := t.tally.summary
	summary.Folder = t.aside.folder
	if summary.Sent == 0 {
		// The documents were sent by an earlier run.
		for _, unit := range t.units {
			var far reached
			if _, err := journal.Saved(Phase, (&sendLines{}).ID(), savedReached+unit.File, &far); err != nil {
				return summary, err
			}
			summary.Sent += far.Outcome.Sent
			summary.Written += far.Outcome.Written
			summary.Existing += far.Outcome.Existing
			summary.Aside += far.Outcome.Aside
		}
	}
	err := eachEntry(filepath.Join(t.aside.folder, BadLinesFile), func(entry []byte) {
		var line load.BadLine
		if json.Unmarshal(entry, &line) != nil {
			return // cut off by a crash, and written again behind it
		}
		if summary.BadLines++; len(summary.Examples) < examplesMost {
			summary.Examples = append(summary.Examples, fmt.Sprintf("%s, line %d: %s", line.File, line.Line, line.Reason))
		}
	})
	if err != nil {
		return summary, err
	}
	return summary, eachEntry(filepath.Join(t.aside.folder, QuarantineFile), func(entry []byte) {
		var one load.Refused
		if json.Unmarshal(entry, &one) == nil && len(summary.Examples) < examplesMost {
			summary.Examples = append(summary.Examples, fmt.Sprintf("%.80s of %s: %s", one.ID, one.Index, one.Reason))
		}
	})
}

// Rehearsal is what a load would do, without a word to the target but what it is.
type Rehearsal struct {
	// Documents are by the index they would go to.
	Documents map[string]int64 `json:"documents"`
	BadLines  []load.BadLine   `json:"bad_lines,omitempty"`
	// Bad counts all bad lines, of which only some are listed; Aside documents that a rule refuses.
	Bad     int64            `json:"bad"`
	Aside   int64            `json:"aside"`
	Reasons []string         `json:"reasons,omitempty"`
	LeftOut map[string]int64 `json:"left_out,omitempty"`
	Unkept  int64            `json:"unkept,omitempty"`
	// Undescribed are indices of which nothing is known, with their documents.
	Undescribed map[string]int64 `json:"undescribed,omitempty"`
}

// Rehearse reads every line and asks the rules about each, and sends nothing.
func (t *Intake) Rehearse(ctx context.Context, progress func(documents int64)) (Rehearsal, error) {
	seen := Rehearsal{Documents: map[string]int64{}, Undescribed: map[string]int64{}}
	var documents int64
	var scratch transform.Scratch
	for _, unit := range t.units {
		feed := unit.Feed(load.LineOptions{Wanted: t.take, Bad: func(line load.BadLine) error {
			if seen.Bad++; len(seen.BadLines) < examplesMost {
				line.Text = "" // it is in the file
				seen.BadLines = append(seen.BadLines, line)
			}
			return nil
		}})
		err := feed.Each(ctx, 0, func(_ int64, document *es.Document) error {
			if documents++; documents%1000 == 0 {
				progress(documents)
			}
			made := t.plans[document.Index]
			if made == nil {
				seen.Undescribed[document.Index]++
				return nil
			}
			becomes, _, err := load.Becomes(&scratch, made, *document)
			if errors.Is(err, load.ErrQuarantine) {
				if seen.Aside++; len(seen.Reasons) < examplesMost {
					seen.Reasons = append(seen.Reasons, fmt.Sprintf("%s of %s: %v", document.ID, document.Index, err))
				}
				return nil
			}
			if errors.Is(err, transform.ErrLeftOut) {
				seen.Unkept++
				return nil
			}
			seen.Documents[becomes.Index]++
			return err
		})
		if err != nil {
			return seen, err
		}
	}
	seen.LeftOut = t.tally.summary.LeftOut
	return seen, nil
}
