// Package es holds the vocabulary that every other package speaks: versions of the two products, index and
// shard names, documents with their metadata, and order-free digests of documents. It does no I/O.
//
// Read version.go first, then document.go, digest.go.
package es
