// Package load sends documents to a target's _bulk, looks at the answer to each, and says what became of every one:
// written, there already, or refused with its bytes and the reason.
//
// Read action.go (what one document becomes in a body), batch.go (bodies), deliver.go (one body and its answers),
// send.go (one body after the other), then snapshot.go (out of a snapshot, many bodies at once) with limiter.go.
package load
