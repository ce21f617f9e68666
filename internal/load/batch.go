package load

// batch.go answers: what goes into one body, and what must be remembered of its documents until the target has answered?
// Next: deliver.go.

import (
	"bytes"

	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// batchBytes is when a body is sent: large enough for the server to amortise the request, small enough for its heap.
	batchBytes = 5 << 20
	// batchDocuments bounds the number of answers to keep apart.
	batchDocuments = 20000
)

// batch is a body with the places of its actions, so that any part of it can be sent again without its documents.
type batch struct {
	body []byte
	// starts are where each action begins, sources where its source does.
	starts, sources []int
	// documents are as their source has them, before any rule, without the source's bytes; those that a rule changed lie
	// in originals, from the first to the second number.
	documents []es.Document
	originals []byte
	kept      [][2]int
}

// add packs a document. original is what it was before any rule; nil says that no rule changed it.
func (b *batch) add(operation Operation, document, original *es.Document, dialect *cluster.Dialect) error {
	start := len(b.body)
	body, err := AppendAction(b.body, operation, document, dialect)
	if err != nil {
		return err
	}
	b.body, b.starts = body, append(b.starts, start)
	source := len(b.body)
	if operation != Delete {
		source = start + bytes.IndexByte(b.body[start:], '\n') + 1
	}
	b.sources = append(b.sources, source)
	if original == nil {
		original = document
	}
	kept := [2]int{-1, -1}
	if !sameBytes(original.Source, document.Source) {
		kept[0] = len(b.originals)
		b.originals = append(b.originals, original.Source...)
		kept[1] = len(b.originals)
	}
	b.kept = append(b.kept, kept)
	remembered := *original
	remembered.Source = nil
	b.documents = append(b.documents, remembered)
	return nil
}

// sameBytes says whether two sources are the same memory, so that nothing need be compared.
func sameBytes(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (b *batch) count() int { return len(b.starts) }

func (b *batch) full() bool {
	return len(b.body)+len(b.originals) >= batchBytes || len(b.starts) >= batchDocuments
}

// reset empties a batch and keeps its memory, unless a huge document made it large.
func (b *batch) reset() {
	clear(b.documents)
	if cap(b.body)+cap(b.originals) > 3*batchBytes {
		*b = batch{}
		return
	}
	*b = batch{body: b.body[:0], starts: b.starts[:0], sources: b.sources[:0], documents: b.documents[:0], originals: b.originals[:0], kept: b.kept[:0]}
}

// action gives the lines of one action.
func (b *batch) action(i int) []byte {
	if i+1 < len(b.starts) {
		return b.body[b.starts[i]:b.starts[i+1]]
	}
	return b.body[b.starts[i]:]
}

// refused gives one document back, with the bytes it had at its source.
func (b *batch) refused(i int, status int, kind, why string) Refused {
	meta := b.body[b.starts[i]:b.sources[i]]
	document := b.documents[i]
	source := b.action(i)[b.sources[i]-b.starts[i]:]
	if kept := b.kept[i]; kept[0] >= 0 {
		document.Source = b.originals[kept[0]:kept[1]]
		return NewRefused(&document, status, kind, why, string(b.action(i)))
	}
	document.Source = bytes.TrimSuffix(source, []byte("\n"))
	return NewRefused(&document, status, kind, why, string(meta))
}

// pick makes a batch of some of this one's actions.
func (b *batch) pick(numbers []int) *batch {
	picked := &batch{}
	for _, i := range numbers {
		start := len(picked.body)
		picked.starts = append(picked.starts, start)
		picked.sources = append(picked.sources, start+b.sources[i]-b.starts[i])
		picked.body = append(picked.body, b.action(i)...)
		picked.documents = append(picked.documents, b.documents[i])
		kept := b.kept[i]
		if kept[0] >= 0 {
			from := len(picked.originals)
			picked.originals = append(picked.originals, b.originals[kept[0]:kept[1]]...)
			kept = [2]int{from, len(picked.originals)}
		}
		picked.kept = append(picked.kept, kept)
	}
	return picked
}

// halves cuts a batch in two.
func (b *batch) halves() (first, second *batch) {
	numbers := make([]int, b.count())
	for i := range numbers {
		numbers[i] = i
	}
	middle := len(numbers) / 2
	return b.pick(numbers[:middle]), b.pick(numbers[middle:])
}
