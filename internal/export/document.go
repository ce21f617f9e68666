package export

// document.go answers: what is one document out of a snapshot, whichever version wrote it? Next: line.go.

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hikkoshi/hikkoshi/internal/binaryjson"
	"github.com/hikkoshi/hikkoshi/internal/es"
	"github.com/hikkoshi/hikkoshi/lucene"
	"github.com/hikkoshi/hikkoshi/snapshot"
)

// Origin says where a document's source comes from.
type Origin int

// The origins.
const (
	// Original: the bytes the client sent.
	Original Origin = iota
	// Recovered: the whole original, out of the copy Elasticsearch keeps for a while where _source is off or filtered.
	Recovered
	// Rebuilt: put together from stored fields and doc values; order, duplicates and text may be lost.
	Rebuilt
	// Absent: the index keeps no source and nothing could be rebuilt.
	Absent
)

// String is the word used in output.
func (o Origin) String() string { return [...]string{"original", "recovered", "rebuilt", "absent"}[o] }

// Document is one live document. Its memory is reused: it is valid until the visitor returns.
type Document struct {
	Index string
	Shard int
	// Number is its place in its segment.
	Number int
	// Type is empty where the product that wrote the snapshot shows none (Elasticsearch 8, OpenSearch 2 and later).
	Type, ID, Routing, Parent []byte
	Version, SeqNo            int64 // -1 where there is none
	PrimaryTerm               int64
	Timestamp, Expiry         int64 // _timestamp, and when _ttl ends, in milliseconds
	HasTimestamp, HasExpiry   bool
	// Source is JSON, but perhaps with line breaks: AppendSource gives it on one line. nil when Absent.
	Source []byte
	Origin Origin

	compact bool
	buffer  []byte
}

// AppendSource appends the source on one line, its tokens untouched.
func (d *Document) AppendSource(out []byte) ([]byte, error) {
	if d.compact {
		return append(out, d.Source...), nil
	}
	return binaryjson.Compact(out, d.Source)
}

// ES copies the document into the vocabulary of the other packages.
func (d *Document) ES() (es.Document, error) {
	document := es.Document{Index: d.Index, Type: string(d.Type), ID: string(d.ID), Routing: string(d.Routing),
		Parent: string(d.Parent), Version: d.Version, SeqNo: d.SeqNo, PrimaryTerm: d.PrimaryTerm,
		Timestamp: d.Timestamp, HasTimestamp: d.HasTimestamp, Expiry: d.Expiry, HasExpiry: d.HasExpiry}
	if d.Source == nil {
		return document, nil
	}
	source, err := d.AppendSource(nil)
	document.Source = json.RawMessage(source)
	return document, err
}

// byteOrderMark may precede JSON; inside a line it has no place.
var byteOrderMark = []byte("\xEF\xBB\xBF")

// take fills the document from Lucene's. The error names what in the source can't be turned into JSON.
func (d *Document) take(from *lucene.Document, defaultType []byte) error {
	d.Number, d.Type, d.ID, d.Routing, d.Parent = from.DocID, from.Type, from.ID, from.Routing, from.Parent
	if d.Type == nil {
		d.Type = defaultType
	}
	d.Version, d.SeqNo, d.PrimaryTerm = from.Version, from.SeqNo, from.PrimaryTerm
	d.Timestamp, d.HasTimestamp = from.Timestamp, from.HasTimestamp
	d.Expiry, d.HasExpiry = from.Expiry, from.HasExpiry
	d.Source, d.Origin, d.compact = from.Source, Original, false
	switch {
	case from.Source == nil:
		d.Origin = Absent
		return nil
	case from.Recovery:
		d.Origin = Recovered
	case from.Rebuilt:
		d.Origin = Rebuilt
	}
	if from.SourceKind == lucene.SourceJSON {
		d.Source = bytes.TrimPrefix(d.Source, byteOrderMark)
		return nil
	}
	converted, err := binaryjson.ToJSON(d.buffer[:0], from.Source)
	if err != nil {
		return fmt.Errorf("source of document %q: %w", d.ID, err)
	}
	d.buffer, d.Source, d.compact = converted, converted, true
	return nil
}

// defaultType is the type of documents that store none: since 6.0 the index has exactly one, in its mapping, and from
// Elasticsearch 8 and OpenSearch 2 on none is shown.
func defaultType(info *snapshot.Info, index *snapshot.Index) []byte {
	writer, err := es.VersionFromID(int(info.VersionID))
	if err != nil || writer.Lineage() > lastTypedLineage {
		return nil
	}
	for name := range index.Mappings {
		if name != "_default_" {
			return []byte(name)
		}
	}
	return []byte("_doc")
}

// lastTypedLineage is Elasticsearch 7 and OpenSearch 1.
const lastTypedLineage = 7
