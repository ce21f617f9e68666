package snapshot

// check_files.go answers: are the blobs of one shard's directory there, whole and right? A file that several snapshots
// share is looked at once, and its damage is told of all of them.

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// sharedFile is one file with everyone who needs it.
type sharedFile struct {
	shard *Shard // the first that lists it
	info  *FileInfo
	users []Entry
}

// fileKey tells files in one directory apart. The blob's name alone would not do: under __N another snapshot may have
// expected other bytes, and then one of the two is damaged.
type fileKey struct {
	blob, name, checksum string
	length, partSize     int64
}

func (c *checker) allShards(ctx context.Context) error {
	files := make(map[string][]*sharedFile, len(c.shards))
	for directory, shards := range c.shards {
		slices.SortFunc(shards, func(a, b *Shard) int { return strings.Compare(a.Index.Snapshot.Name, b.Index.Snapshot.Name) })
		files[directory] = shareFiles(shards)
		for _, file := range files[directory] {
			c.report.Files++
			c.report.Bytes += file.info.Length
			if !file.info.hasFooter() {
				c.report.Unverifiable++
			}
		}
	}
	c.progress.TotalShards, c.progress.TotalBytes = len(c.shards), c.report.Bytes
	group, groupContext := errgroup.WithContext(ctx)
	group.SetLimit(checkParallel)
	for directory, shards := range c.shards {
		group.Go(func() error {
			if err := c.directory(groupContext, directory, shards, files[directory]); err != nil {
				return err
			}
			c.advance(1, 0)
			return nil
		})
	}
	return group.Wait()
}

func (c *checker) advance(shards int, bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.progress.Shards += shards
	c.progress.Bytes += bytes
	if c.options.Progress != nil {
		c.options.Progress(c.progress)
	}
}

func shareFiles(shards []*Shard) []*sharedFile {
	byKey := make(map[fileKey]*sharedFile)
	var ordered []*sharedFile
	for _, shard := range shards {
		for i := range shard.Files {
			info := &shard.Files[i]
			key := fileKey{info.Blob, info.Name, info.Checksum, info.Length, info.PartSize}
			if info.Inline != nil {
				key.blob += "@" + shard.Index.Snapshot.UUID // each listing has a copy of its own
			}
			file, found := byKey[key]
			if !found {
				file = &sharedFile{shard: shard, info: info}
				byKey[key] = file
				ordered = append(ordered, file)
			}
			file.users = append(file.users, shard.Index.Snapshot)
		}
	}
	return ordered
}

func (c *checker) directory(ctx context.Context, directory string, shards []*Shard, files []*sharedFile) error {
	var present map[string]int64
	if c.options.Level >= LevelListing || shards[0].Index.Snapshot.layout != Layout1 {
		present = make(map[string]int64)
		for blob, err := range c.repository.storage.List(ctx, directory+"/") {
			if err != nil {
				return err
			}
			present[blob.Name] = blob.Size
		}
	}
	if err := c.shardListings(ctx, directory, shards, present); err != nil {
		return err
	}
	for _, file := range files {
		err := c.file(ctx, file, present)
		if err == nil {
			continue
		}
		err = c.add(Problem{Snapshots: userNames(file.users), Index: file.shard.Index.Name, Shard: file.shard.Number,
			Blob: path.Join(directory, file.info.Blob), File: file.info.Name, Loss: LossOf(file.info.Name), Err: err})
		if err != nil {
			return err
		}
	}
	return nil
}

func userNames(users []Entry) []string {
	names := make([]string, len(users))
	for i, user := range users {
		names[i] = user.Name
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// shardListings checks the frames of the shard's index-* blobs. Readers don't need them, clusters do.
func (c *checker) shardListings(ctx context.Context, directory string, shards []*Shard, present map[string]int64) error {
	prefix := path.Join(directory, "index-")
	names := make([]string, 0, 1)
	for name := range present {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	expected := c.expectedListing(shards[0])
	if _, found := present[expected]; expected != "" && !found {
		names = append(names, expected)
	}
	slices.Sort(names)
	for _, name := range names {
		_, err := c.repository.readFramed(ctx, name, codecShardIndex, Layout2)
		if errors.Is(err, fs.ErrNotExist) {
			if name != c.expectedListing(shards[0]) {
				continue // replaced by the next one meanwhile
			}
			err = c.repository.explainMissing(ctx, shards[0].Index.Snapshot, name, err)
		}
		if err == nil {
			continue
		}
		users := make([]Entry, len(shards))
		for i, shard := range shards {
			users[i] = shard.Index.Snapshot
		}
		err = c.add(Problem{Snapshots: userNames(users), Index: shards[0].Index.Name, Shard: shards[0].Number, Blob: name,
			Loss: LossNone, Err: err})
		if err != nil {
			return err
		}
	}
	return nil
}

// expectedListing is the shard's index-* that the repository's table names, where it names one (7.6 and later). Of the
// special generations _new means that nothing valid was ever written, _deleted that the shard is gone.
func (c *checker) expectedListing(shard *Shard) string {
	generations := c.repository.current().indices[shard.Index.Name].shardGenerations
	if shard.Number >= len(generations) {
		return ""
	}
	generation := generations[shard.Number]
	if generation == "_new" || generation == "_deleted" || !validIdentifier(generation) {
		return ""
	}
	return shard.BlobName("index-" + generation)
}

// file goes up the levels as far as it is told, and stops at the first that finds damage.
func (c *checker) file(ctx context.Context, file *sharedFile, present map[string]int64) error {
	if file.info.Inline != nil {
		if err := verifyContent(file.info, file.info.Inline); err != nil {
			return c.damaged(file, file.info.Blob, -1, "inlined content", err)
		}
		return nil
	}
	if c.options.Level >= LevelListing {
		for _, part := range file.info.Parts() {
			name := file.shard.BlobName(part.Name)
			size, found := present[name]
			if !found {
				return c.repository.explainMissing(ctx, file.users[0], name, fs.ErrNotExist)
			}
			if size != part.Size {
				return c.damaged(file, part.Name, min(size, part.Size), fmt.Sprintf("%d bytes instead of %d", size, part.Size), nil)
			}
		}
	}
	if !file.info.hasFooter() && c.options.Level < LevelContent {
		return nil
	}
	var err error
	for range 2 { // an object store may serve a torn read; twice the same is damage
		switch {
		case c.options.Level >= LevelContent:
			err = c.reader(ctx, file).verify(func(n int64) { c.advance(0, n) })
		case c.options.Level >= LevelFooters:
			_, err = c.reader(ctx, file).footer()
		}
		if !errors.Is(err, ErrCorrupt) {
			break
		}
	}
	return err
}

func (c *checker) reader(ctx context.Context, file *sharedFile) *File {
	return &File{ctx: ctx, shard: file.shard, info: file.info}
}

func (c *checker) damaged(file *sharedFile, base string, offset int64, reason string, cause error) error {
	return &CorruptError{Blob: file.shard.BlobName(base), File: file.info.Name, Offset: offset, Reason: reason, Cause: cause}
}
