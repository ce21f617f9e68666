package load

// batch.go answers: what goes into one body? Next: deliver.go.

import (
	"github.com/hikkoshi/hikkoshi/internal/cluster"
	"github.com/hikkoshi/hikkoshi/internal/es"
)

const (
	// batchBytes is when a body is sent: large enough for the server to amortise the request, small enough for its heap.
	batchBytes = 5 << 20
	// batchDocuments bounds the number of answers to keep apart.
	batchDocuments = 5000
)

// batch is a body with the places of its actions, so that any part of it can be sent again without its documents.
type batch struct {
	body   []byte
	starts []int
}

func (b *batch) add(operation Operation, document es.Document, dialect cluster.Dialect) error {
	start := len(b.body)
	body, err := AppendAction(b.body, operation, document, dialect)
	if err != nil {
		return err
	}
	b.body, b.starts = body, append(b.starts, start)
	return nil
}

func (b *batch) documents() int { return len(b.starts) }

func (b *batch) full() bool { return len(b.body) >= batchBytes || len(b.starts) >= batchDocuments }

// action gives the lines of one action.
func (b *batch) action(i int) []byte {
	if i+1 < len(b.starts) {
		return b.body[b.starts[i]:b.starts[i+1]]
	}
	return b.body[b.starts[i]:]
}

// pick makes a batch of some of this one's actions.
func (b *batch) pick(numbers []int) *batch {
	picked := &batch{}
	for _, i := range numbers {
		picked.starts = append(picked.starts, len(picked.body))
		picked.body = append(picked.body, b.action(i)...)
	}
	return picked
}

// halves cuts a batch in two.
func (b *batch) halves() (first, second *batch) {
	numbers := make([]int, b.documents())
	for i := range numbers {
		numbers[i] = i
	}
	middle := len(numbers) / 2
	return b.pick(numbers[:middle]), b.pick(numbers[middle:])
}
