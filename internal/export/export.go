// Package export takes documents out of snapshots without a cluster: chosen by index, type and simple conditions, written
// as NDJSON, in elasticdump's form or as Parquet, in parallel, with every loss named. It also compares two snapshots and
// finds which documents a damaged one has lost.
//
// Read export.go first, then scan.go (how documents are read in parallel), document.go (what one is), line.go (how it
// is written), sink.go (where to).
package export

// export.go answers: how does a selection of a snapshot get written? Next: scan.go.

import (
	"context"
	"fmt"

	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Options of Run. The zero value writes everything as NDJSON, as fast as it can, in no promised order.
type Options struct {
	Selection
	Format Format
	// Compression of what is written; Parquet compresses by itself.
	Compression Compression
	// Fields keeps only these fields of the source; none means all.
	Fields []string
	// AllMetadata adds _seq_no, _primary_term, _timestamp and _expiry where a document has them.
	AllMetadata bool
	ScanOptions
}

// Run writes the selected documents to a sink. With KeepGoing it writes what can be read and names the losses in the
// summary, otherwise the first loss is the error. The summary is valid beside an error.
func Run(ctx context.Context, repository *snapshot.Repository, info *snapshot.Info, options Options, sink Sink) (*Summary, error) {
	if options.Format == Parquet && options.Compression != Plain {
		return &Summary{}, fmt.Errorf("compression %v: Parquet compresses by itself", options.Compression)
	}
	run := &scan{repository: repository, info: info, selection: options.Selection, options: options.ScanOptions}
	run.newVisitor = func() visitor { return newWriter(options, sink) }
	run.indexDone, run.writeChunk = sink.finish, sink.write
	if describing, wants := sink.(describer); wants {
		run.indexFound = func(index *snapshot.Index) error { return describing.describe(info, index) }
	}
	err := run.run(ctx)
	if closeErr := sink.close(err == nil); err == nil {
		err = closeErr
	}
	return &run.summary, err
}

// Each calls visit with every selected document. Each worker has a visit of its own, made by newVisit; a Document is valid
// until visit returns.
func Each(ctx context.Context, repository *snapshot.Repository, info *snapshot.Info, selection Selection, options ScanOptions,
	newVisit func() func(*Document) error) (*Summary, error) {
	run := &scan{repository: repository, info: info, selection: selection, options: options}
	run.newVisitor = func() visitor { return visitFunc(newVisit()) }
	err := run.run(ctx)
	return &run.summary, err
}

// visitFunc is a visitor that keeps nothing between documents.
type visitFunc func(*Document) error

func (f visitFunc) begin(context.Context, *unit) {}

func (f visitFunc) document(d *Document) error { return f(d) }

func (f visitFunc) end() error { return nil }
