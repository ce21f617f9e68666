package snapshot

// shardpath.go answers: in which directory does a shard lie? Everywhere indices/ID/SHARD under the base path, but
// OpenSearch 2.17 and later can spread shards over an object store's partitions by a hash H of shard number and index id:
//
//	type 0  BASE/indices/ID/S
//	type 1  H/BASE/indices/ID/S      before the base path, so outside it
//	type 2  BASE/H/indices/ID/S
//
// H is FNV-1a-64: one base64url character for its top 6 bits, then the next 14 bits written as 0 and 1. A node setting may
// put a fixed prefix before H that nobody tells us; then snapshot_shard_paths/snapshot_path_ID.… lists the directories.

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"path"
	"strconv"
	"strings"
)

const (
	pathFixed        = 0
	pathHashedPrefix = 1
	pathHashedInfix  = 2

	pathHashBits     = 14
	pathHashAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// shardDirectory computes where the shard should be.
func (r *Repository) shardDirectory(index *Index, shard int) (string, error) {
	inside := path.Join("indices", index.ID, strconv.Itoa(shard))
	switch index.pathType {
	case pathFixed:
		return path.Join(r.base, inside), nil
	case pathHashedPrefix:
		return path.Join(shardPathHash(index.ID, shard), r.base, inside), nil
	case pathHashedInfix:
		return path.Join(r.base, shardPathHash(index.ID, shard), inside), nil
	}
	return "", fmt.Errorf("shard path type %d of index %s: %w", index.pathType, index.Name, ErrTooNew)
}

func shardPathHash(indexID string, shard int) string {
	hasher := fnv.New64a()
	hasher.Write([]byte(strconv.Itoa(shard) + indexID))
	hash := hasher.Sum64()
	text := []byte{pathHashAlphabet[hash>>58]}
	for bit := range pathHashBits {
		text = append(text, '0'+byte(hash>>(57-bit)&1))
	}
	return string(text)
}

// listedDirectory reads the shard's directory out of the index's path file, which rules where it exists. The second result
// is false where there is none.
func (r *Repository) listedDirectory(ctx context.Context, index *Index, shard int) (string, bool, error) {
	if index.pathType == pathFixed {
		return "", false, nil
	}
	r.mu.Lock()
	paths, known := r.shardPaths[index.ID]
	r.mu.Unlock()
	if !known {
		var err error
		if paths, err = r.readShardPaths(ctx, index); err != nil {
			return "", false, err
		}
		r.mu.Lock()
		r.shardPaths[index.ID] = paths
		r.mu.Unlock()
	}
	if shard >= len(paths) {
		return "", false, nil
	}
	return paths[shard], true, nil
}

func (r *Repository) readShardPaths(ctx context.Context, index *Index) ([]string, error) {
	// The trailing dot keeps ids apart that begin alike. An index may have several files, with ever more shards.
	prefix := r.blob("snapshot_shard_paths", "snapshot_path_"+index.ID+".")
	var longest []string
	for blob, err := range r.storage.List(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		raw, err := r.readBlob(ctx, blob.Name)
		if err != nil {
			return nil, err
		}
		var parsed struct {
			IndexID string   `json:"indexId"`
			Paths   []string `json:"paths"`
		}
		if err := json.Unmarshal(raw, &parsed); err != nil {
			return nil, &CorruptError{Blob: blob.Name, Offset: -1, Reason: "JSON", Cause: err}
		}
		if parsed.IndexID != index.ID {
			return nil, corrupt(blob.Name, -1, "describes index id %q", parsed.IndexID)
		}
		for shard, listed := range parsed.Paths {
			listed = strings.TrimSuffix(listed, "/")
			if !validShardPath(listed, path.Join("indices", index.ID, strconv.Itoa(shard))) {
				return nil, corrupt(blob.Name, -1, "path %q of shard %d", listed, shard)
			}
			parsed.Paths[shard] = listed
		}
		if len(parsed.Paths) > len(longest) {
			longest = parsed.Paths
		}
	}
	return longest, nil
}
