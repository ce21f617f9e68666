package es

// document.go answers: what is one document, whoever read it? Next: digest.go.

import "encoding/json"

// Document is one live document with the metadata that must survive the move. Absent texts are empty: neither product
// accepts an empty id, type, routing or parent.
type Document struct {
	Index   string
	Type    string // empty where the product has no types
	ID      string
	Routing string
	Parent  string // id of the parent, up to 5.x
	Version int64
	// SeqNo and PrimaryTerm exist since 6.0; SeqNo is -1 where the server has none.
	SeqNo       int64
	PrimaryTerm int64
	// Source is the document's own bytes as JSON; nil where the index keeps none.
	Source json.RawMessage
}
