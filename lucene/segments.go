// segments.go answers: what is in one segment, and which of its documents live? Next: scan.go.
//
// A document is dead when its bit in the live docs is clear, or when it has any value in the soft deletes field. The latter
// is a doc values column that a later generation replaces as a whole: the newest field infos say which.

package lucene

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
)

// Segment is one opened segment. It may be used by several goroutines, each with a [Reader] of its own.
type Segment struct {
	dir     Directory
	files   map[string]bool
	commit  SegmentCommit
	info    *segmentInfo
	cfs     *compound // nil when the files stand alone
	fields  *fieldInfos
	roles   []role // by field number
	live    bitset // nil when all live
	lives   int
	columns *docValues

	mu     sync.Mutex
	stored *storedFields // opened with the first reader
}

// Segment opens segment i of the commit.
func (c *Commit) Segment(ctx context.Context, i int) (*Segment, error) {
	if i < 0 || i >= len(c.Segments) {
		return nil, fmt.Errorf("segment %d of %d: %w", i, len(c.Segments), ErrNoDocument)
	}
	s := &Segment{dir: c.dir, files: c.files, commit: c.Segments[i]}
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("open segment %s: %w", s.commit.Name, err)
	}
	return s, nil
}

func (s *Segment) load(ctx context.Context) (err error) {
	if slices.Contains(tooOldCodecs, s.commit.Codec) {
		return &FileError{Kind: ErrTooOld, File: s.commit.Name, Offset: -1,
			Detail: s.commit.Codec + " segment; let Elasticsearch 1.x upgrade the index (_upgrade or _optimize) first"}
	}
	if s.info, err = readSegmentInfo(s.dir, &s.commit); err != nil {
		return err
	}
	if s.commit.DelCount > s.info.maxDoc {
		return corruptf(s.commit.Name+".si", -1, "%d documents, the commit says %d are deleted", s.info.maxDoc, s.commit.DelCount)
	}
	if s.info.compound {
		if s.cfs, err = readCompound(s.dir, &s.commit); err != nil {
			return err
		}
	}
	if err = s.checkMaxDoc(); err != nil {
		return err
	}
	if err = ctx.Err(); err != nil {
		return err
	}
	if s.fields, err = s.loadFieldInfos(); err != nil {
		return err
	}
	s.roles = assignRoles(s.fields)
	if err = ctx.Err(); err != nil {
		return err
	}
	return s.loadLive()
}

// checkMaxDoc refuses a number of documents that the stored fields have no room for, before any memory depends on it.
func (s *Segment) checkMaxDoc() error {
	f, err := s.open(s.commit.Name + ".fdt")
	if err != nil {
		return nil // not there: a reader will say so, while deletions can still be told
	}
	if most := f.Size() / minChunk * maxChunkDocs; int64(s.info.maxDoc) > most {
		return corruptf(s.commit.Name+".si", -1, "%d documents in %d bytes of stored fields", s.info.maxDoc, f.Size())
	}
	return nil
}

func (s *Segment) loadFieldInfos() (*fieldInfos, error) {
	name := s.commit.Name + ".fnm"
	open := s.open
	if s.commit.FieldInfosGen != noGeneration {
		name = s.commit.Name + "_" + strconv.FormatInt(s.commit.FieldInfosGen, 36) + ".fnm"
		open = s.openOuter
	}
	f, err := open(name)
	if err != nil {
		return nil, err
	}
	return readFieldInfos(f, name, &s.commit)
}

// loadLive makes the set of living documents out of hard and soft deletions.
func (s *Segment) loadLive() error {
	hard, err := readLiveDocs(s.dir, s.files, &s.commit, s.info.maxDoc)
	if err != nil {
		return err
	}
	s.live, s.lives = hard, s.info.maxDoc-s.commit.DelCount
	s.columns = newDocValues(s)
	field := s.fields.softDeletes()
	if field == nil {
		return nil
	}
	dead, err := s.columns.having(field.name)
	if err != nil {
		return fmt.Errorf("read soft deletes: %w", err)
	}
	if s.live == nil {
		s.live = allLive(s.info.maxDoc)
	}
	for i := range s.live {
		s.live[i] &^= dead[i]
	}
	soft := s.lives - s.live.count()
	if soft != s.commit.SoftDelCount {
		return corruptf(s.commit.Name, -1, "%d documents soft-deleted, the commit says %d", soft, s.commit.SoftDelCount)
	}
	s.lives -= soft
	return nil
}

// open gives a file of the segment: out of the compound file if there is one.
func (s *Segment) open(name string) (File, error) {
	if s.cfs == nil {
		return s.openOuter(name)
	}
	f, ok := s.cfs.file(s.commit.Name, name)
	if !ok {
		return nil, corruptf(s.commit.Name+".cfe", -1, "lists no %s", name)
	}
	return f, nil
}

// openOuter gives a file that never is in the compound file: generations of live docs, field infos and doc values.
func (s *Segment) openOuter(name string) (File, error) {
	f, err := s.dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return f, nil
}

// Name is the segment's name, like _0.
func (s *Segment) Name() string { return s.commit.Name }

// ID is the segment's identity: two segments with the same one hold the same documents. Zero before Lucene 5.0.
func (s *Segment) ID() SegmentID { return s.commit.ID }

// Commit is what the commit point says of the segment.
func (s *Segment) Commit() SegmentCommit { return s.commit }

// Lucene is the version of Lucene that wrote the segment.
func (s *Segment) Lucene() Version { return s.info.lucene }

// MaxDoc is the number of documents, dead ones and nested children included; document numbers are below it.
func (s *Segment) MaxDoc() int { return s.info.maxDoc }

// LiveDocs is the number of living documents, nested children included.
func (s *Segment) LiveDocs() int { return s.lives }

// Live says whether a document lives.
func (s *Segment) Live(doc int) bool {
	return doc >= 0 && doc < s.info.maxDoc && (s.live == nil || s.live.has(doc))
}

// FieldNames lists the segment's fields, those of nested documents and Elasticsearch's own included.
func (s *Segment) FieldNames() []string {
	names := make([]string, len(s.fields.list))
	for i := range s.fields.list {
		names[i] = s.fields.list[i].name
	}
	return names
}

// storedFields opens the stored fields once.
func (s *Segment) storedFields(ctx context.Context) (*storedFields, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored != nil {
		return s.stored, nil
	}
	st, err := openStoredFields(ctx, s)
	if err != nil {
		return nil, fmt.Errorf("open stored fields of %s: %w", s.commit.Name, err)
	}
	s.stored = st
	return st, nil
}

// Format names the stored fields format, as its file does.
func (s *Segment) Format(ctx context.Context) (string, error) {
	st, err := s.storedFields(ctx)
	if err != nil {
		return "", err
	}
	return st.codec, nil
}
