// header.go answers: is this file what its name says, of this segment, and whole? Next: commit.go.
//
// Plain header (all files of 4.x)          Index header (since 5.0)           Footer (since 4.8)
//
//	be u32  magic 3F D7 6C 17               plain header                       be u32  magic C0 28 93 E8
//	str     codec name (ASCII)              16 bytes  segment id               be u32  algorithm 0
//	be i32  version                         u8        suffix length            be u64  CRC-32 of all bytes before it
//	                                        suffix
//
// Big-endian for ever, also in files of Lucene 9 and later.

package lucene

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

const (
	codecMagic   = 0x3FD76C17
	footerMagic  = 0xC02893E8
	footerLength = 16
	idLength     = 16
	// maxHeaderLength is the longest honest index header: magic, name of at most 127 bytes, version, id, suffix.
	maxHeaderLength = 4 + 1 + 127 + 4 + idLength + 1 + 255
)

// SegmentID is the random identity Lucene 5.0 and later give every segment; the zero value for older ones.
type SegmentID [idLength]byte

// String gives the id as hexadecimal.
func (id SegmentID) String() string { return fmt.Sprintf("%x", id[:]) }

// header reads a plain header.
func (in *input) header() (codec string, version int32) {
	if magic := in.beU32(); in.err == nil && magic != codecMagic {
		in.pos -= 4
		in.fail("codec magic %08x, want %08x", magic, codecMagic)
		return "", 0
	}
	codec = in.str()
	version = in.beI32()
	if in.err == nil && (codec == "" || len(codec) > 127) {
		in.fail("codec name of %d bytes", len(codec))
	}
	return codec, version
}

// headerSuffix reads what an index header adds, and demands that it is of this segment and suffix.
func (in *input) headerSuffix(id SegmentID, suffix string) {
	got := in.take(idLength)
	if got != nil && SegmentID(got) != id {
		in.pos -= idLength
		in.fail("segment id %x, want %x", got, id[:])
		return
	}
	in.demandSuffix(suffix)
}

func (in *input) demandSuffix(suffix string) {
	got := in.take(int(in.u8()))
	if in.err == nil && string(got) != suffix {
		in.fail("file suffix %q, want %q", clip(string(got)), suffix)
	}
}

// checkFooter verifies the checksum of the whole file and hides the footer from later reads.
func (in *input) checkFooter() {
	if in.err != nil {
		return
	}
	body := len(in.buf) - footerLength
	if body < in.pos {
		in.fail("no room for a footer in %d bytes", len(in.buf))
		return
	}
	want, err := parseFooter(in.name, in.buf[body:], int64(body))
	if err != nil {
		in.err = err
		return
	}
	if got := crc32.ChecksumIEEE(in.buf[:body+footerLength-8]); got != want {
		in.err = corruptf(in.name, int64(body), "checksum %08x, footer says %08x", got, want)
		return
	}
	in.buf = in.buf[:body]
}

// parseFooter gives the checksum that a footer holds; it covers all bytes before the checksum itself.
func parseFooter(name string, b []byte, off int64) (uint32, error) {
	magic, algorithm := binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:])
	sum := binary.BigEndian.Uint64(b[8:])
	if magic != footerMagic || algorithm != 0 || sum>>32 != 0 {
		return 0, corruptf(name, off, "no footer: % x", b[:footerLength])
	}
	return uint32(sum), nil
}

// readFooter reads the footer of a file that isn't read whole: it proves the file complete, not its bytes.
func readFooter(f File, name string) (uint32, error) {
	var b [footerLength]byte
	off := f.Size() - footerLength
	if off < 0 {
		return 0, corruptf(name, 0, "no room for a footer in %d bytes", f.Size())
	}
	if err := readFull(f, name, b[:], off); err != nil {
		return 0, err
	}
	return parseFooter(name, b[:], off)
}

// openHeader reads just the head of a large file; the caller goes on with header and headerSuffix.
func openHeader(f File, name string) (*input, error) {
	head := make([]byte, min(f.Size(), maxHeaderLength))
	if err := readFull(f, name, head, 0); err != nil {
		return nil, err
	}
	return &input{name: name, buf: head}, nil
}
