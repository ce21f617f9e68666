// commit.go answers: which segments make up the index at this commit? Next: segments.go.
//
// segments_N, big-endian in every version. f is the header's version:
//
//	f  Lucene
//	0  4.0     header "segments"; no footer, the last 8 bytes are a CRC-32 of those before
//	1  4.6     + field infos generation, + update files by generation
//	2  4.8     footer
//	3  4.9     + doc values generation, + field infos files, update files by field
//	4  5.0     + id and suffix in the header, + u8 has-id and id per segment
//	5  5.1     sets and maps count by vint
//	6  5.3     + Lucene version, + oldest segment version
//	7  7.0     + major version the index was created with; has-id byte gone
//	8  7.2     counter is a vlong
//	9  7.4     + soft deletes per segment
//	10 8.6     + u8 flag and id per segment commit
//
//	header [id, suffix] [3 vint version] [vint created] i64 version, i32|vlong counter, i32 segments, [3 vint oldest]
//	per segment: str name [id] str codec i64 delGen i32 delCount [i64 fieldInfosGen] [i64 dvGen] [i32 softDelCount] [u8 id] files...
//	map user data, footer

package lucene

import (
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

const (
	commitLucene40 = iota
	commitLucene46
	commitLucene48
	commitLucene49
	commitLucene50
	commitLucene51
	commitLucene53
	commitLucene70
	commitLucene72
	commitLucene74
	commitLucene86
	commitHighest = commitLucene86
)

const (
	// maxDocs is Lucene's limit on the documents of an index.
	maxDocs = 2147483519
	// minCommitSegment is the least a segment takes in segments_N.
	minCommitSegment = 1 + 1 + 8 + 4
	noGeneration     = -1
)

// Commit is one commit point: the segments of a shard at one instant.
type Commit struct {
	Name          string            // segments_N
	Generation    int64             // N, in base 36 in the name
	ID            SegmentID         // since Lucene 5.0
	Lucene        Version           // that wrote it; since Lucene 5.3
	CreatedMajor  int               // Lucene major version the index was created with; since 7.0
	Segments      []SegmentCommit   // in the index's order
	UserData      map[string]string // Elasticsearch keeps max_seq_no, history_uuid, ... here
	dir           Directory
	files         map[string]bool
	changeCounter int64
}

// SegmentCommit is what the commit point says of one segment. Two commits hold the same documents in a segment when ID (or,
// before Lucene 5.0, the files' checksums) are equal; the same ones live when DelGen and DocValuesGen are equal too.
type SegmentCommit struct {
	Name            string
	Codec           string
	ID              SegmentID // since Lucene 5.0
	CommitID        SegmentID // since Lucene 8.6; changes with every change of deletions or doc values
	DelGen          int64     // generation of the live docs file, -1 without
	DelCount        int       // hard deletions
	SoftDelCount    int       // soft deletions among the rest, since Lucene 7.4
	FieldInfosGen   int64     // generation of the field infos, -1 for the segment's own
	DocValuesGen    int64     // generation of the doc values, -1 for the segment's own
	fieldInfosFiles []string
	updateFiles     []string
}

// Version is a Lucene version.
type Version struct{ Major, Minor, Bugfix int }

// String gives the version as Lucene writes it.
func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Bugfix) }

func (v Version) atLeast(major, minor int) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// OpenCommit reads the newest commit point of a directory.
func OpenCommit(ctx context.Context, dir Directory) (*Commit, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	const prefix = "segments_"
	files := make(map[string]bool)
	best, newest := "", int64(-1)
	for _, name := range dir.Names() {
		files[name] = true
		if gen, ok := parseGeneration(strings.TrimPrefix(name, prefix)); ok && strings.HasPrefix(name, prefix) && gen > newest {
			best, newest = name, gen
		}
	}
	if best == "" {
		return nil, corruptf("segments_N", -1, "no commit point among %d files", len(files))
	}
	in, err := loadInput(dir, best)
	if err != nil {
		return nil, err
	}
	c := &Commit{Name: best, Generation: newest, dir: dir, files: files}
	if err := c.read(in); err != nil {
		return nil, fmt.Errorf("read commit point: %w", err)
	}
	return c, nil
}

// parseGeneration reads a base 36 generation of a file name.
func parseGeneration(s string) (int64, bool) {
	gen, err := strconv.ParseInt(s, 36, 64)
	return gen, err == nil && gen >= 0 && s == strconv.FormatInt(gen, 36)
}

func (c *Commit) read(in *input) error {
	const oldestLucene3, newestLucene3 = -11, -1
	if first := in.beI32(); in.err == nil && first >= oldestLucene3 && first <= newestLucene3 {
		return &FileError{Kind: ErrTooOld, File: in.name, Offset: 0,
			Detail: "commit of Lucene 3 or older; let Elasticsearch 1.x upgrade the index (_optimize) first"}
	}
	in.pos = 0
	codec, f := in.header()
	if in.err == nil && codec != "segments" {
		in.fail("codec %q, want segments", clip(codec))
	}
	if in.err != nil {
		return in.err
	}
	if f < 0 || f > commitHighest {
		return versionError(in.name, codec, f, 0, commitHighest)
	}
	c.checkTail(in, f)
	if f >= commitLucene50 {
		copy(c.ID[:], in.take(idLength))
		in.demandSuffix(strconv.FormatInt(c.Generation, 36))
	}
	if f >= commitLucene53 {
		c.Lucene = in.vintVersion()
	}
	if f >= commitLucene70 {
		c.CreatedMajor = int(in.vint())
	}
	c.changeCounter = in.i64()
	if f >= commitLucene72 {
		in.vlong()
	} else {
		in.i32()
	}
	n := in.count(int64(in.i32()), minCommitSegment)
	if f >= commitLucene53 && n > 0 {
		in.vintVersion()
	}
	seen := make(map[string]bool)
	for i := 0; i < n && in.err == nil; i++ {
		s := readSegmentCommit(in, f)
		if in.err == nil && (!validSegmentName(s.Name) || seen[s.Name]) {
			in.fail("segment name %q invalid or repeated", clip(s.Name))
		}
		seen[s.Name] = true
		c.Segments = append(c.Segments, s)
	}
	c.UserData = in.pairs(f < commitLucene51)
	if in.err == nil && in.remaining() != 0 {
		in.fail("%d bytes left behind the user data", in.remaining())
	}
	return in.err
}

// checkTail verifies the checksum: a footer since Lucene 4.8, a bare CRC-32 as i64 before.
func (c *Commit) checkTail(in *input, f int32) {
	if f >= commitLucene48 {
		in.checkFooter()
		return
	}
	const sumLength = 8
	body := len(in.buf) - sumLength
	if body < in.pos {
		in.fail("no room for a checksum in %d bytes", len(in.buf))
		return
	}
	tail := input{name: in.name, buf: in.buf, pos: body}
	if want, got := tail.u64(), uint64(crc32.ChecksumIEEE(in.buf[:body])); got != want {
		in.err = corruptf(in.name, int64(body), "checksum %08x, file says %08x", got, want)
		return
	}
	in.buf = in.buf[:body]
}

func (in *input) vintVersion() Version {
	return Version{int(in.vint()), int(in.vint()), int(in.vint())}
}

func readSegmentCommit(in *input, f int32) SegmentCommit {
	s := SegmentCommit{FieldInfosGen: noGeneration, DocValuesGen: noGeneration}
	s.Name = in.str()
	hasID := f >= commitLucene70
	if f >= commitLucene50 && f < commitLucene70 {
		hasID = in.u8() == 1
	}
	if hasID {
		copy(s.ID[:], in.take(idLength))
	}
	s.Codec = in.str()
	s.DelGen = in.generation()
	s.DelCount = in.docCount()
	if f >= commitLucene46 {
		s.FieldInfosGen = in.generation()
		s.DocValuesGen = s.FieldInfosGen
	}
	if f >= commitLucene49 {
		s.DocValuesGen = in.generation()
	}
	if f >= commitLucene74 {
		s.SoftDelCount = in.docCount()
	}
	if f >= commitLucene86 {
		switch flag := in.u8(); {
		case flag == 1:
			copy(s.CommitID[:], in.take(idLength))
		case flag != 0:
			in.fail("segment commit id flag %d", flag)
		}
	}
	readUpdateFiles(in, f, &s)
	return s
}

func readUpdateFiles(in *input, f int32, s *SegmentCommit) {
	old := f < commitLucene51
	if f >= commitLucene49 {
		s.fieldInfosFiles = in.strs(old)
	}
	if f < commitLucene46 {
		return
	}
	const minEntry = 4 + 1
	n := in.count(int64(in.i32()), minEntry)
	for i := 0; i < n && in.err == nil; i++ {
		if f >= commitLucene49 {
			in.i32() // field number
		} else {
			in.i64() // generation
		}
		s.updateFiles = append(s.updateFiles, in.strs(old)...)
	}
}

// generation reads an i64 that is -1 for none.
func (in *input) generation() int64 {
	g := in.i64()
	if in.err == nil && g < noGeneration {
		in.fail("generation %d", g)
	}
	return g
}

func (in *input) docCount() int {
	n := in.i32()
	if in.err == nil && (n < 0 || n > maxDocs) {
		in.fail("%d documents", n)
	}
	return int(n)
}

// validSegmentName accepts _ and base 36 digits.
func validSegmentName(name string) bool {
	const maxLength = 16
	if len(name) < 2 || len(name) > maxLength || name[0] != '_' {
		return false
	}
	_, err := strconv.ParseUint(name[1:], 36, 63)
	return err == nil && strings.ToLower(name) == name && !strings.ContainsAny(name[1:], "+_")
}

// MaxSeqNo is the highest sequence number of the commit; ok since Elasticsearch 6.0.
func (c *Commit) MaxSeqNo() (n int64, ok bool) {
	n, err := strconv.ParseInt(c.UserData["max_seq_no"], 10, 64)
	return n, err == nil
}

// HistoryUUID identifies the history the sequence numbers belong to; empty before Elasticsearch 6.0.
func (c *Commit) HistoryUUID() string { return c.UserData["history_uuid"] }
