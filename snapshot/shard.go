package snapshot

// shard.go answers: of which files does one shard of a snapshot consist, and in which blobs do they lie? The shard's own
// snap-ID.dat says so, never changes, and is all that is needed: one read per shard. Next: directory.go.

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

const (
	maxFiles = 1 << 20 // files of one shard; real ones have hundreds
	maxParts = 1 << 20 // parts of one file
	// inlinePrefix marks names without a blob: meta_hash holds the content.
	inlinePrefix = "v__"
)

// FileInfo is one Lucene file of a shard as the snapshot lists it.
type FileInfo struct {
	Name   string // Lucene's name, like _0.cfs
	Blob   string // base name of its blob or blobs in the shard's directory
	Length int64
	// Checksum is the CRC-32 out of the file's own footer in base 36; empty in the oldest snapshots.
	Checksum string
	// PartSize is the size of each part but the last; 0 where the file lies in one blob.
	PartSize  int64
	WrittenBy string // version of Lucene
	// Inline is the content where no blob holds it (7.9 and later, tiny files); else nil.
	Inline []byte
}

// Identity tells files apart whatever their blobs are called. Blob names of the form __N come back with other bytes after a
// snapshot was deleted, so nothing may be remembered by them.
type Identity struct {
	IndexUUID string
	Shard     int
	Name      string
	Length    int64
	Checksum  string
}

// Shard is one shard of one snapshot.
type Shard struct {
	Index  *Index
	Number int
	Files  []FileInfo // sorted by name; exactly one is a segments_N

	repository *Repository
	directory  string
}

// Parts gives the blobs of a file in order, with their sizes. It is nil for inlined files.
func (f *FileInfo) Parts() []Blob {
	if f.Inline != nil {
		return nil
	}
	count := f.partCount()
	if count == 1 {
		return []Blob{{Name: f.Blob, Size: f.Length}}
	}
	parts := make([]Blob, count)
	for i := range parts {
		size := min(f.PartSize, f.Length-int64(i)*f.PartSize)
		parts[i] = Blob{Name: f.Blob + ".part" + strconv.Itoa(i), Size: size}
	}
	return parts
}

func (f *FileInfo) partCount() int64 {
	if f.PartSize <= 0 || f.Length <= f.PartSize {
		return 1
	}
	return (f.Length-1)/f.PartSize + 1
}

// Identity gives the key under which bytes of a file of this shard may be kept. The second result is false where the
// snapshot does not say enough to be sure.
func (s *Shard) Identity(f *FileInfo) (Identity, bool) {
	known := s.Index.UUID != "" && s.Index.UUID != "_na_" && f.Checksum != ""
	return Identity{IndexUUID: s.Index.UUID, Shard: s.Number, Name: f.Name, Length: f.Length, Checksum: f.Checksum}, known
}

// Size is the sum of the lengths of the shard's files.
func (s *Shard) Size() int64 {
	var total int64
	for i := range s.Files {
		total += s.Files[i].Length
	}
	return total
}

// BlobName gives the full name of a blob of this shard in the Storage.
func (s *Shard) BlobName(base string) string { return path.Join(s.directory, base) }

// Shard reads the list of files of one shard. It refuses, with the reason, a shard that is not in the snapshot, not
// finished, or whose files lie elsewhere.
func (r *Repository) Shard(ctx context.Context, snapshot *Info, index *Index, number int) (*Shard, error) {
	shard, err := r.readShard(ctx, snapshot, index, number)
	if err != nil {
		return nil, fmt.Errorf("shard %d of %s in snapshot %s: %w", number, index.Name, snapshot.Name, err)
	}
	return shard, nil
}

func (r *Repository) readShard(ctx context.Context, snapshot *Info, index *Index, number int) (*Shard, error) {
	if number < 0 || number >= index.Shards {
		return nil, fmt.Errorf("the index has %d shards: %w", index.Shards, fs.ErrNotExist)
	}
	if err := snapshot.readableShard(index, number); err != nil {
		return nil, err
	}
	directory, err := r.shardDirectory(index, number)
	if err != nil {
		return nil, err
	}
	body, blob, err := r.readShardBlob(ctx, snapshot, directory)
	if errors.Is(err, fs.ErrNotExist) {
		listed, found, listErr := r.listedDirectory(ctx, index, number)
		if listErr != nil {
			return nil, listErr
		}
		if found && listed != directory {
			directory = listed
			body, blob, err = r.readShardBlob(ctx, snapshot, directory)
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		shallow := path.Join(directory, "shallow-snap-"+snapshot.UUID+".dat")
		if _, shallowErr := r.readBlob(ctx, shallow); shallowErr == nil {
			return nil, errShallow
		}
		return nil, r.explainMissing(ctx, snapshot.Entry, blob, err)
	}
	if err != nil {
		return nil, err
	}
	files, err := parseShardFiles(blob, body)
	if err != nil {
		return nil, err
	}
	return &Shard{Index: index, Number: number, Files: files, repository: r, directory: directory}, nil
}

var errShallow = fmt.Errorf("a shallow snapshot: its segments lie in OpenSearch's remote store: %w: take one with "+
	"remote_store_index_shallow_copy off in the repository's settings", ErrUnsupported)

// readableShard says why a shard's files can't be had, before anything is read.
func (i *Info) readableShard(index *Index, number int) error {
	if err := index.Readable(); err != nil {
		return err
	}
	if i.PinnedTimestamp != 0 {
		return errShallow
	}
	for _, failure := range i.Failures {
		if failure.Index == index.Name && failure.Shard == number {
			return fmt.Errorf("%s: %w: its documents are not in this snapshot", firstLine(failure.Reason), ErrShardFailed)
		}
	}
	if i.State != Success && i.State != Partial {
		return i.Complete()
	}
	return nil
}

func firstLine(text string) string {
	const enough = 200
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > enough {
		text = strings.ToValidUTF8(text[:enough], "") + "…"
	}
	return text
}

func shardSnapshotBlob(entry Entry, directory string) string {
	if entry.layout == Layout1 {
		return path.Join(directory, "snapshot-"+entry.UUID)
	}
	return path.Join(directory, "snap-"+entry.UUID+".dat")
}

func (r *Repository) readShardBlob(ctx context.Context, snapshot *Info, directory string) (body []byte, blob string, err error) {
	blob = shardSnapshotBlob(snapshot.Entry, directory)
	body, err = r.readFramed(ctx, blob, codecSnapshot, snapshot.layout)
	return body, blob, err
}

type fileJSON struct {
	Name         string `json:"name"`
	PhysicalName string `json:"physical_name"`
	Length       int64  `json:"length"`
	Checksum     string `json:"checksum"`
	PartSize     int64  `json:"part_size"`
	WrittenBy    string `json:"written_by"`
	MetaHash     string `json:"meta_hash"` // base64
}

func parseShardFiles(blob string, body []byte) ([]FileInfo, error) {
	var parsed struct {
		Files []fileJSON `json:"files"`
	}
	if err := json.Unmarshal(body, &parsed); err != nil {
		return nil, &CorruptError{Blob: blob, Offset: -1, Reason: "JSON", Cause: err}
	}
	if len(parsed.Files) > maxFiles {
		return nil, corrupt(blob, -1, "%d files", len(parsed.Files))
	}
	files := make([]FileInfo, 0, len(parsed.Files))
	for _, one := range parsed.Files {
		file, err := one.toFile(blob)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	slices.SortFunc(files, func(a, b FileInfo) int { return strings.Compare(a.Name, b.Name) })
	commits := 0
	for i := range files {
		if i > 0 && files[i].Name == files[i-1].Name {
			return nil, corrupt(blob, -1, "lists %s twice", files[i].Name)
		}
		if strings.HasPrefix(files[i].Name, "segments_") {
			commits++
		}
	}
	if commits == 0 && len(files) > 0 {
		return nil, corrupt(blob, -1, "lists no segments_N")
	}
	return files, nil
}

func (f *fileJSON) toFile(blob string) (FileInfo, error) {
	file := FileInfo{Name: f.PhysicalName, Blob: f.Name, Length: f.Length, Checksum: f.Checksum, PartSize: f.PartSize,
		WrittenBy: f.WrittenBy}
	switch {
	case !validLucene(file.Name):
		return file, corrupt(blob, -1, "file name %q", file.Name)
	case !validDataBlob(file.Blob):
		return file, corrupt(blob, -1, "blob name %q", file.Blob)
	case file.Length < 0 || file.Length == math.MaxInt64 || file.PartSize < 0:
		return file, corrupt(blob, -1, "%s has length %d in parts of %d", file.Name, file.Length, file.PartSize)
	case file.partCount() > maxParts:
		return file, corrupt(blob, -1, "%s has %d parts", file.Name, file.partCount())
	}
	if strings.HasPrefix(file.Blob, inlinePrefix) {
		content, err := base64.StdEncoding.DecodeString(f.MetaHash)
		if err != nil || int64(len(content)) != file.Length {
			return file, corrupt(blob, -1, "%s is inlined with %d bytes, its length is %d", file.Name, len(content), file.Length)
		}
		// Not nil even when empty: nil means that a blob holds the content.
		file.Inline = append(make([]byte, 0, len(content)), content...)
	}
	return file, nil
}
