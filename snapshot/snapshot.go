// Package snapshot reads Elasticsearch and OpenSearch snapshot repositories without a cluster: Elasticsearch 1.x to 9.x,
// OpenSearch 1 to 3, in a folder, in S3, or behind any Storage. It lists snapshots, indices and global metadata, and
// hands out every Lucene file of a shard as an io.ReaderAt. It never writes, needs only listing and ranged reads, and is
// safe while a cluster writes to or deletes from the repository.
//
// Read storage.go first, then repository.go.
package snapshot
