package load

// outcome.go answers: what became of the documents, and what is kept of those that the target does not take? Next:
// deliver.go.

import (
	"unicode/utf8"

	"github.com/hikkoshi/hikkoshi/internal/es"
)

// Refused is a document that the target does not take, with its bytes, so that nothing is lost.
type Refused struct {
	Index  string `json:"index"`
	Type   string `json:"type,omitempty"`
	ID     string `json:"id"`
	Status int    `json:"status"`
	Error  string `json:"error"`
	Reason string `json:"reason"`
	// Place is where in the snapshot the document was read, as far as the unit tells.
	Place string `json:"place,omitempty"`
	// Repair is what can be done about it.
	Repair *Repair `json:"repair,omitempty"`
	// Action are the lines that were sent; only the first where the second is the document's own source.
	Action string `json:"action"`
	// Document is what the source holds, before any rule. SourceDigest is that of its source, so that an edit shows.
	Document     *Original `json:"document,omitempty"`
	SourceDigest string    `json:"source_digest,omitempty"`
}

// Original is a document as its source holds it.
type Original struct {
	Index   string `json:"index"`
	Type    string `json:"type,omitempty"`
	ID      string `json:"id"`
	Routing string `json:"routing,omitempty"`
	Parent  string `json:"parent,omitempty"`
	Version int64  `json:"version,omitempty"`
	// Timestamp and Expiry are _timestamp and the end of _ttl in milliseconds, where there are any.
	Timestamp *int64 `json:"timestamp,omitempty"`
	Expiry    *int64 `json:"expiry,omitempty"`
	// Source are the document's own bytes. Bytes holds them where they are no UTF-8.
	Source string `json:"source,omitempty"`
	Bytes  []byte `json:"bytes,omitempty"`
}

// NewRefused copies a document.
func NewRefused(document *es.Document, status int, kind, why, action string) Refused {
	original := &Original{Index: document.Index, Type: document.Type, ID: document.ID, Routing: document.Routing, Parent: document.Parent, Version: document.Version}
	if document.HasTimestamp {
		at := document.Timestamp // the document's memory is reused
		original.Timestamp = &at
	}
	if document.HasExpiry {
		at := document.Expiry
		original.Expiry = &at
	}
	if utf8.Valid(document.Source) {
		original.Source = string(document.Source)
	} else {
		original.Bytes = append([]byte(nil), document.Source...)
	}
	return Refused{Index: document.Index, Type: document.Type, ID: document.ID, Status: status, Error: kind, Reason: why, Action: action, Document: original}
}

// ES gives the document in the vocabulary of the other packages.
func (o *Original) ES() es.Document {
	document := es.Document{Index: o.Index, Type: o.Type, ID: o.ID, Routing: o.Routing, Parent: o.Parent, Version: o.Version, SeqNo: -1}
	if o.Timestamp != nil {
		document.Timestamp, document.HasTimestamp = *o.Timestamp, true
	}
	if o.Expiry != nil {
		document.Expiry, document.HasExpiry = *o.Expiry, true
	}
	switch {
	case o.Bytes != nil:
		document.Source = o.Bytes
	case o.Source != "":
		document.Source = []byte(o.Source)
	}
	return document
}

// size is about what it takes in memory.
func (r *Refused) size() int {
	size := len(r.Action) + len(r.Reason)
	if r.Document != nil {
		size += len(r.Document.Source) + len(r.Document.Bytes)
	}
	return size
}

// Outcome is what became of documents: Sent = Written + Existing + Aside.
type Outcome struct {
	Sent    int64 `json:"sent"`
	Written int64 `json:"written"`
	// Existing counts documents that the target held already in the same or a newer version.
	Existing int64 `json:"existing"`
	// Aside counts those that were refused. Refused are they, unless a checkpoint took them.
	Aside   int64     `json:"aside,omitempty"`
	Refused []Refused `json:"refused,omitempty"`
	// LeftOut counts those that a rule of migration.yaml leaves out; they are not among the sent.
	LeftOut int64 `json:"left_out,omitempty"`
	// Busy counts how often the target turned something away for now.
	Busy  int64 `json:"busy,omitempty"`
	Bytes int64 `json:"bytes"`
}

// Add books another outcome.
func (o *Outcome) Add(other Outcome) {
	o.Sent += other.Sent
	o.Written += other.Written
	o.Existing += other.Existing
	o.Aside += other.Aside
	o.Refused = append(o.Refused, other.Refused...)
	o.LeftOut += other.LeftOut
	o.Busy += other.Busy
	o.Bytes += other.Bytes
}

func (o *Outcome) setAside(refused Refused) {
	o.Sent++
	o.Aside++
	o.Refused = append(o.Refused, refused)
}
