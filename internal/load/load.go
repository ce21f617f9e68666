// Package load sends documents to a target's _bulk, looks at the answer to each, and says what became of every one:
// written, there already, or refused with its bytes and the reason.
//
// Read feed.go (units of work and who reads them), job.go (one unit's road to the target) with ledger.go (checkpoints) and
// valve.go (how much at once); then action.go and batch.go (what a body is), deliver.go and judge.go (one body and its
// answers), send.go (a few documents without units).
package load
