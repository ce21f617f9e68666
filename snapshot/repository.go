package snapshot

// repository.go answers: which kind of repository is this, what is in it now, and is it still the one we opened?
// Next: info.go (one snapshot), index.go (one index of it), shard.go (its files).

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Layout is how a repository's root is laid out. A root of 5.x may still hold snapshots that 2.x took.
type Layout int

// The layouts, named by the version that introduced them.
const (
	Layout1 Layout = 1 // Elasticsearch 1.x: snapshot-NAME, no framing
	Layout2 Layout = 2 // Elasticsearch 2.x: snap-NAME.dat
	Layout5 Layout = 5 // Elasticsearch 5.0 and later, OpenSearch: index-N and uuids
)

// String names the versions that write this layout.
func (l Layout) String() string {
	switch l {
	case Layout1:
		return "Elasticsearch 1.x"
	case Layout2:
		return "Elasticsearch 2.x"
	}
	return "Elasticsearch 5.0 or later, or OpenSearch"
}

const (
	// rootRetries bounds how often the root is listed anew because a cluster removed the index-N we were about to
	// read. Two finalisations have to fall between one listing and one read, so a second try all but always does.
	rootRetries = 5
	// metadataParallel is how many metadata blobs are fetched at once.
	metadataParallel = 16
	indexLatestSize  = 8
	// maxGenerationDigits keeps N within 63 bits.
	maxGenerationDigits = 18
)

// Options of Open. The zero value is right for a repository at the root of its Storage.
type Options struct {
	// BasePath is the repository's base_path inside the container, without "/" at either end.
	BasePath string
	// CacheBytes bounds the memory for small Lucene files shared by snapshots; 0 means 16 MiB, less than 0 none.
	CacheBytes int64
}

// Repository is one open repository. It is safe for concurrent use and holds no connection of its own.
type Repository struct {
	storage Storage
	base    string
	cache   *fileCache

	mu         sync.Mutex
	root       *rootIndex
	shardPaths map[string][]string // by index id, where the path file had to be read
}

// Open finds out what kind of repository lies at the place and reads its table of contents.
func Open(ctx context.Context, storage Storage, options Options) (*Repository, error) {
	base := strings.Trim(options.BasePath, "/")
	if base != "" && !fs.ValidPath(base) {
		return nil, fmt.Errorf("base path %q: %w", options.BasePath, fs.ErrInvalid)
	}
	r := &Repository{storage: storage, base: base, cache: newFileCache(options.CacheBytes),
		shardPaths: make(map[string][]string)}
	root, err := r.readRoot(ctx)
	if err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	r.root = root
	return r, nil
}

// Layout says how the root is laid out.
func (r *Repository) Layout() Layout { return r.current().layout }

// Generation is N of the index-N in use; -1 in 1.x and 2.x.
func (r *Repository) Generation() int64 { return r.current().generation }

// UUID is the repository's own id (7.12 and later), else empty.
func (r *Repository) UUID() string { return r.current().uuid }

// ClusterID is the id of the cluster that writes to it (7.12 and later), else empty.
func (r *Repository) ClusterID() string { return r.current().clusterID }

// MinVersion is what the repository says a cluster must have to read it, else empty.
func (r *Repository) MinVersion() string { return r.current().minVersion }

// Entries lists the snapshots in the table of contents, sorted by name. It reads nothing.
func (r *Repository) Entries() []Entry {
	entries := slices.Clone(r.current().snapshots)
	slices.SortFunc(entries, func(a, b Entry) int {
		return strings.Compare(a.Name+"\x00"+a.UUID, b.Name+"\x00"+b.UUID)
	})
	return entries
}

func (r *Repository) current() *rootIndex {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.root
}

// Refresh reads the table of contents anew. A generation that went backwards, or another repository's id, is
// ErrRepositoryChanged: two clusters write here, or the place was wiped, and nothing read so far can be trusted to fit.
func (r *Repository) Refresh(ctx context.Context) error {
	next, err := r.readRoot(ctx)
	if err != nil {
		return fmt.Errorf("refresh repository: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.root
	switch {
	case next.layout < before.layout || next.generation < before.generation:
		return fmt.Errorf("generation %d after %d: %w", next.generation, before.generation, ErrRepositoryChanged)
	case before.uuid != "" && before.uuid != "_na_" && next.uuid != before.uuid:
		return fmt.Errorf("repository id %q after %q: %w", next.uuid, before.uuid, ErrRepositoryChanged)
	case before.clusterID != "" && before.clusterID != "_na_" && next.clusterID != "" && next.clusterID != before.clusterID:
		return fmt.Errorf("cluster id %q after %q: %w", next.clusterID, before.clusterID, ErrRepositoryChanged)
	}
	r.root = next
	return nil
}

func (r *Repository) blob(elements ...string) string {
	return path.Join(append([]string{r.base}, elements...)...)
}

// readRoot takes the highest index-N, and lists again when a cluster removed it meanwhile.
func (r *Repository) readRoot(ctx context.Context) (*rootIndex, error) {
	var last error
	for range rootRetries {
		generation, err := r.highestGeneration(ctx)
		if err != nil {
			return nil, err
		}
		if generation < 0 {
			return r.listOldRoot(ctx)
		}
		name := r.blob("index-" + strconv.FormatInt(generation, 10))
		raw, err := r.readBlob(ctx, name)
		if errors.Is(err, fs.ErrNotExist) {
			last = err
			continue
		}
		if err != nil {
			return nil, err
		}
		root, err := parseRootIndex(name, raw)
		if err != nil {
			return nil, err
		}
		root.generation = generation
		return root, nil
	}
	return nil, last
}

func (r *Repository) highestGeneration(ctx context.Context) (int64, error) {
	prefix := r.blob("index-")
	highest := int64(-1)
	for blob, err := range r.storage.List(ctx, prefix) {
		if errors.Is(err, fs.ErrPermission) {
			// Where listing is forbidden index.latest is the only way; it may lag behind by one write.
			if generation, hintErr := r.latestHint(ctx); hintErr == nil {
				return generation, nil
			}
		}
		if err != nil {
			return 0, err
		}
		digits := blob.Name[len(prefix):]
		if len(digits) == 0 || len(digits) > maxGenerationDigits || strings.Trim(digits, "0123456789") != "" {
			continue
		}
		generation, err := strconv.ParseInt(digits, 10, 64)
		if err == nil {
			highest = max(highest, generation)
		}
	}
	return highest, nil
}

func (r *Repository) latestHint(ctx context.Context) (int64, error) {
	name := r.blob("index.latest")
	raw, err := r.readBlob(ctx, name)
	if err != nil {
		return 0, err
	}
	if len(raw) != indexLatestSize {
		return 0, corrupt(name, -1, "%d bytes instead of %d", len(raw), indexLatestSize)
	}
	generation := int64(binary.BigEndian.Uint64(raw))
	if generation < 0 {
		return 0, corrupt(name, 0, "generation %d", generation)
	}
	return generation, nil
}

// listOldRoot makes the table of contents of a repository of 1.x or 2.x from the names in its root.
func (r *Repository) listOldRoot(ctx context.Context) (*rootIndex, error) {
	root := &rootIndex{generation: -1}
	for _, form := range []struct {
		layout         Layout
		prefix, suffix string
	}{{Layout2, "snap-", ".dat"}, {Layout1, "snapshot-", ""}} {
		prefix := r.blob(form.prefix)
		for blob, err := range r.storage.List(ctx, prefix) {
			if err != nil {
				return nil, err
			}
			name, matches := strings.CutSuffix(blob.Name[len(prefix):], form.suffix)
			if !matches || !validPart(name) {
				continue
			}
			root.layout = max(root.layout, form.layout)
			root.snapshots = append(root.snapshots, Entry{Name: name, UUID: name, layout: form.layout})
		}
	}
	if len(root.snapshots) > 0 {
		return root, nil
	}
	// No snapshot left, or never a repository? The lists of names stay behind when the last snapshot is deleted.
	raw, err := r.readBlob(ctx, r.blob("index"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%q: %w (neither index-N nor snap-*.dat nor snapshot-*): name the folder that holds these, "+
			"for S3 with its base path", r.base, ErrNoRepository)
	}
	if err != nil {
		return nil, err
	}
	if _, err := toJSON(r.blob("index"), raw); err != nil {
		return nil, err
	}
	root.layout = Layout2
	return root, nil
}

// readBlob reads a whole metadata blob.
func (r *Repository) readBlob(ctx context.Context, name string) ([]byte, error) {
	body, err := r.storage.Read(ctx, name, 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxMetadata+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(raw) > maxMetadata {
		return nil, corrupt(name, maxMetadata, "more than %d bytes of metadata", maxMetadata)
	}
	return raw, nil
}

// readFramed reads a metadata blob as JSON. A blob that looks damaged is read once more: an object store may have served
// a half-written one, and 1.x overwrites in place.
func (r *Repository) readFramed(ctx context.Context, name, codec string, layout Layout) ([]byte, error) {
	var last error
	for range 2 {
		raw, err := r.readBlob(ctx, name)
		if err != nil {
			return nil, err
		}
		var body []byte
		if layout == Layout1 {
			body, err = toJSON(name, raw)
		} else {
			body, err = unframe(name, raw, codec)
		}
		if err == nil {
			return body, nil
		}
		last = err
	}
	return nil, last
}

// explainMissing tells why a blob that the snapshot names is not there: the snapshot was deleted under us, or it is damaged.
func (r *Repository) explainMissing(ctx context.Context, snapshot Entry, blob string, missing error) error {
	if !errors.Is(missing, fs.ErrNotExist) {
		return missing
	}
	if err := r.Refresh(ctx); err != nil {
		return errors.Join(missing, err)
	}
	if _, found := r.current().find(snapshot.UUID); !found {
		return fmt.Errorf("%s: %w: take a new one and keep retention from deleting it", snapshot.Name, ErrSnapshotDeleted)
	}
	return &CorruptError{Blob: blob, Offset: -1, Reason: "missing, but the snapshot names it", Cause: missing}
}
