// Package es holds the vocabulary that every other package speaks: versions of the two products, index and
// shard names, documents with their metadata, order-free digests of documents, and how a long value is told. It does no I/O.
//
// Read version.go first, then document.go, digest.go, clip.go, pattern.go.
package es
