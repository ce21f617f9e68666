// Package load sends documents to a target's _bulk, looks at the answer to each, and says what became of every one.
//
// Read action.go (what one document becomes in a body), then send.go.
package load
