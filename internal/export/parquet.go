package export

// parquet.go answers: how do documents look as columns? The metadata have columns of their own, the source is one column of
// JSON, since documents of one index need not agree on a schema.

import (
	"io"

	"github.com/parquet-go/parquet-go"
)

// rowGroupBytes is when a row group is closed: it is held in memory until then.
const rowGroupBytes = 32 << 20

// row is one document. Absent values are null.
type row struct {
	Index        string  `parquet:"_index,dict"`
	Type         *string `parquet:"_type,dict"`
	ID           string  `parquet:"_id"`
	Routing      *string `parquet:"_routing"`
	Parent       *string `parquet:"_parent"`
	Version      *int64  `parquet:"_version"`
	SeqNo        *int64  `parquet:"_seq_no"`
	PrimaryTerm  *int64  `parquet:"_primary_term"`
	Timestamp    *int64  `parquet:"_timestamp"`
	Expiry       *int64  `parquet:"_expiry"`
	SourceOrigin string  `parquet:"_source_origin,dict"`
	// Source is JSON, marked as text: parquet-go 0.32 panics on optional columns of the logical type JSON.
	Source *string `parquet:"_source"`
}

func newRow(d *Document, options *Options) (row, error) {
	text := func(value []byte) *string {
		if value == nil {
			return nil
		}
		copied := string(value)
		return &copied
	}
	number := func(value int64, known bool) *int64 {
		if !known {
			return nil
		}
		return &value
	}
	one := row{Index: d.Index, Type: text(d.Type), ID: string(d.ID), Routing: text(d.Routing), Parent: text(d.Parent),
		Version: number(d.Version, d.Version >= 0), SeqNo: number(d.SeqNo, d.SeqNo >= 0),
		PrimaryTerm: number(d.PrimaryTerm, d.SeqNo >= 0), Timestamp: number(d.Timestamp, d.HasTimestamp),
		Expiry: number(d.Expiry, d.HasExpiry), SourceOrigin: d.Origin.String()}
	if d.Source == nil {
		return one, nil
	}
	source, err := d.Source, error(nil)
	if len(options.Fields) > 0 {
		source = projection(options.Fields).append(nil, d.Source)
	} else {
		source, err = d.AppendSource(nil)
	}
	one.Source = text(source)
	return one, err
}

// size is about what a row takes in memory.
func (r *row) size() int {
	size := len(r.ID)
	if r.Source != nil {
		size += len(*r.Source)
	}
	return size
}

// parquetFile writes one file; its owner sees to it that one goroutine does at a time.
type parquetFile struct {
	writer  *parquet.GenericWriter[row]
	pending int
}

func newParquetFile(out io.Writer) *parquetFile {
	return &parquetFile{writer: parquet.NewGenericWriter[row](out, parquet.Compression(&parquet.Zstd))}
}

func (p *parquetFile) write(rows []row) error {
	if _, err := p.writer.Write(rows); err != nil {
		return err
	}
	for i := range rows {
		p.pending += rows[i].size()
	}
	if p.pending < rowGroupBytes {
		return nil
	}
	p.pending = 0
	return p.writer.Flush()
}

func (p *parquetFile) close() error { return p.writer.Close() }
