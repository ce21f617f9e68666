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
	// Timestamp and Expiry are _timestamp and the moment at which _ttl ends, in milliseconds: up to 5.x indices may keep
	// them beside the source. 0 may be a real moment, so whether they are there is said apart.
	Timestamp, Expiry       int64
	HasTimestamp, HasExpiry bool
	// Source is the document's own bytes as JSON; nil where the index keeps none.
	Source json.RawMessage
}
