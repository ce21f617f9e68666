package main

// feed.go answers: what is sent? Documents made up in memory, so that neither a disk nor an object store is measured.

import (
	"context"
	"fmt"
	"strings"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// smallSize is how many bytes a document of a small unit has.
const smallSize = 300

// piece is one unit.
type piece struct {
	Number    int   `json:"number"`
	Documents int64 `json:"documents"`
	Size      int   `json:"size"`
}

func (p piece) id() string { return fmt.Sprint("unit ", p.Number) }

// Each gives the documents of the unit behind a position.
func (p piece) Each(_ context.Context, from int64, visit func(position int64, document *es.Document) error) error {
	filler := strings.Repeat("0123456789abcdef", p.Size/16+1)
	for i := from; i < p.Documents; i++ {
		source := fmt.Appendf(nil, `{"number":%d,"text":"`, i)
		source = append(source, filler[:max(0, p.Size-len(source)-2)]...)
		source = append(source, `"}`...)
		document := es.Document{Index: "bench", Type: "doc", ID: fmt.Sprintf("%d-%d", p.Number, i), Version: 1, Source: source}
		if err := visit(i+1, &document); err != nil {
			return err
		}
	}
	return nil
}
